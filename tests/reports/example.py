"""A report's content made by hand, for a Monday morning in London; small enough to check by eye."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bounce_watch.records.rate import Basis, CohortRates, Period, Rate, RateState
from bounce_watch.reports.content import (
    Attention,
    AttentionKind,
    Counts,
    MarketplaceRow,
    PeriodName,
    Reconciliation,
    ReportContent,
    SentLogState,
    TrendBucket,
    WaitingRow,
)


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def span(first: date, days: int) -> Period:
    """Days in UTC: London's winter time."""
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    end = start + timedelta(days=days)
    return Period(first_day=first, last_day=first + timedelta(days=days - 1), start=start, end=end)


def rate(
    basis: Basis,
    opted_out: int,
    contacted: int,
    band: tuple[float, float] | None = None,
    state: RateState = RateState.MEASURED,
) -> Rate:
    """A rate whose interval is given by hand; without one there is no value."""
    return Rate(
        basis=basis,
        contacted=contacted,
        opted_out=opted_out,
        value=opted_out / contacted if band else None,
        low=band[0] if band else None,
        high=band[1] if band else None,
        state=state if band else (RateState.NO_DENOMINATOR if state is RateState.MEASURED else state),
    )


def rates(period: Period, messages: Rate, buyers: Rate, group: str | None = None) -> CohortRates:
    return CohortRates(period=period, group=group, messages=messages, buyers=buyers)


def no_rates(period: Period, group: str | None = None) -> CohortRates:
    return rates(period, rate(Basis.MESSAGES, 0, 0), rate(Basis.BUYERS, 0, 0), group)


WEEK = span(date(2026, 11, 16), 7)
WEEK_BEFORE = span(date(2026, 11, 9), 7)

# notices | blocked, messages, low, high | opted out, buyers, low, high; intervals are Wilson's, 95 %.
_Figures = tuple[int, tuple[int, int, float, float], tuple[int, int, float, float]]
TREND: tuple[_Figures, ...] = (
    (24, (25, 2300, 0.0074, 0.0160), (22, 2200, 0.0066, 0.0151)),
    (26, (26, 2350, 0.0076, 0.0162), (24, 2240, 0.0072, 0.0159)),
    (25, (25, 2280, 0.0074, 0.0161), (23, 2180, 0.0070, 0.0158)),
    (29, (30, 2410, 0.0087, 0.0177), (28, 2300, 0.0084, 0.0175)),
    (33, (32, 2400, 0.0095, 0.0188), (30, 2290, 0.0092, 0.0186)),
    (31, (33, 2460, 0.0096, 0.0188), (31, 2350, 0.0093, 0.0187)),
    (36, (35, 2480, 0.0102, 0.0196), (33, 2360, 0.0100, 0.0196)),
    (38, (39, 2500, 0.0114, 0.0213), (36, 2390, 0.0109, 0.0208)),
    (40, (40, 2530, 0.0116, 0.0215), (37, 2400, 0.0112, 0.0212)),
    (44, (43, 2590, 0.0123, 0.0223), (40, 2450, 0.0120, 0.0222)),
    (45, (46, 2620, 0.0132, 0.0233), (43, 2480, 0.0129, 0.0233)),
    (48, (47, 2640, 0.0134, 0.0236), (44, 2500, 0.0131, 0.0235)),
    (57, (57, 2710, 0.0163, 0.0272), (49, 2540, 0.0146, 0.0254)),
)


def bucket(number: int, figures: _Figures) -> TrendBucket:
    notices, messages, buyers = figures
    period = span(WEEK.first_day - timedelta(weeks=12 - number), 7)
    state = RateState.MATURING if number == 12 else RateState.MEASURED
    return TrendBucket(
        notices=notices,
        rates=rates(
            period,
            rate(Basis.MESSAGES, *messages[:2], messages[2:], state),
            rate(Basis.BUYERS, *buyers[:2], buyers[2:], state),
        ),
    )


BUCKETS = tuple(bucket(number, figures) for number, figures in enumerate(TREND))

WAITING = (
    WaitingRow(
        reason="unproven: no field of a receiver that is known as ours",
        about="206-5550123-9876543",
        noticed_at=at(2026, 11, 22, 21, 14),
        sender="auto-communication@amazon.com",
    ),
    WaitingRow(
        reason="unrecognised: no_wording",
        about="Ihre Nachricht an einen Käufer konnte nicht zugestellt werden",
        noticed_at=at(2026, 11, 21, 8, 2),
        sender="auto-communication@amazon.de",
    ),
    WaitingRow(reason="unreadable: empty", about="", noticed_at=None, sender=None),
)

ATTENTION = (
    Attention(
        kind=AttentionKind.SET_ASIDE,
        text="1 notice set aside and not counted: 1 unproven.",
        advice="See why, and decide: bounce-watch review",
    ),
    Attention(
        kind=AttentionKind.UNRECOGNISED,
        text="1 mail from Amazon's notice address not understood.",
        advice="See why, and decide: bounce-watch review",
    ),
    Attention(
        kind=AttentionKind.UNREADABLE,
        text="1 mail could not be read at all.",
        advice="See why, and decide: bounce-watch review",
    ),
    Attention(
        kind=AttentionKind.NO_ALIAS,
        text="12 opt-outs known by order id only: no alias to suppress.",
        advice="Load an order report (sent import ORDERS.txt), or use the preset orders.",
    ),
)

CONTENT = ReportContent(
    accounts=("uk",),
    made_at=at(2026, 11, 23, 6, 30),
    time_zone="Europe/London",
    period=WEEK,
    period_name=PeriodName.WEEK,
    attention=ATTENTION,
    counts=Counts(notices=57, orders=51, buyers=49),
    before=Counts(notices=48, orders=46, buyers=46),
    ever=Counts(notices=1204, orders=1007, buyers=981),
    new_since_yesterday=8,
    marketplaces=(
        MarketplaceRow(
            marketplace="amazon.co.uk",
            counts=Counts(notices=43, orders=38, buyers=36),
            rates=rates(
                WEEK,
                rate(Basis.MESSAGES, 43, 1900, (0.0168, 0.0303)),
                rate(Basis.BUYERS, 36, 1780, (0.0146, 0.0279)),
                "amazon.co.uk",
            ),
        ),
        MarketplaceRow(
            marketplace="amazon.com.au",
            counts=Counts(notices=13, orders=12, buyers=12),
            rates=rates(
                WEEK,
                rate(Basis.MESSAGES, 14, 810, (0.0103, 0.0288)),
                rate(Basis.BUYERS, 13, 760, (0.0100, 0.0290)),
                "amazon.com.au",
            ),
        ),
        MarketplaceRow(marketplace=None, counts=Counts(notices=1, orders=1, buyers=1), rates=no_rates(WEEK)),
    ),
    rates=BUCKETS[-1].rates,
    rates_before=BUCKETS[-2].rates,
    trend=BUCKETS,
    last_read_to_end_at=at(2026, 11, 23, 6, 29),
    last_notice_at=at(2026, 11, 22, 21, 14),
    list_size=981,
    list_without_alias=12,
    reconciliation=Reconciliation(
        read=8310,
        opt_outs=1204,
        other_kinds=310,
        not_amazon=6512,
        duplicates=281,
        set_aside=1,
        unrecognised=1,
        unreadable=1,
    ),
    waiting=WAITING,
    sent_log=SentLogState(first_day=date(2026, 8, 24), last_day=date(2026, 11, 22), covers_period=True),
)

NO_LOG = replace(
    CONTENT,
    attention=(
        Attention(
            kind=AttentionKind.NOTHING,
            text="Nothing needs you: 9 messages blocked, 8 new opt-outs since yesterday.",
        ),
    ),
    marketplaces=tuple(replace(row, rates=no_rates(WEEK)) for row in CONTENT.marketplaces),
    rates=no_rates(WEEK),
    rates_before=no_rates(WEEK_BEFORE),
    trend=tuple(replace(one, rates=no_rates(one.rates.period)) for one in BUCKETS),
    waiting=(),
    sent_log=SentLogState(first_day=None, last_day=None, covers_period=False),
)
