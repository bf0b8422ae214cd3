"""A report's content made by hand, for a Monday morning in London; small enough to check by eye.

CONTENT is an ordinary week, NO_LOG one without a sent log; the others are in examples.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bounce_watch.records.change import Change, Difference, Silence, SilenceState, Slope
from bounce_watch.records.rate import Basis, CohortRates, Period, Rate, RateState, SendTally
from bounce_watch.reports.content import (
    Attention,
    AttentionKind,
    Counts,
    GroupRow,
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
    *,
    design_effect: float = 1.0,
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
        design_effect=design_effect,
    )


def rates(
    period: Period,
    messages: Rate,
    buyers: Rate,
    group: str | None = None,
    *,
    share: Rate | None = None,
    sent: SendTally | None = None,
    covered: float = 1.0,
) -> CohortRates:
    """Both rates of sends; left out, nothing was withheld, and a buyer with more than one message had two."""
    return CohortRates(
        period=period,
        group=group,
        messages=messages,
        buyers=buyers,
        share=share or buyers,
        sent=sent or tally(messages.contacted, buyers.contacted),
        covered=covered,
    )


def tally(messages: int, buyers: int, *, withheld: int = 0, unknown_purpose: int = 0) -> SendTally:
    """Sends where a buyer with more than one message had two: two buyers' worth of squares for one more."""
    return SendTally(
        messages=messages,
        buyers=buyers,
        squares=messages + 2 * max(0, messages - buyers),
        unknown_purpose=unknown_purpose,
        withheld=withheld,
        withheld_buyers=withheld,
        share_buyers=buyers + withheld,
    )


def no_rates(period: Period, group: str | None = None) -> CohortRates:
    return rates(period, rate(Basis.MESSAGES, 0, 0), rate(Basis.BUYERS, 0, 0), group, covered=0.0)


WEEK = span(date(2026, 11, 16), 7)
WEEK_BEFORE = span(date(2026, 11, 9), 7)

# notices | blocked, messages, low, high | opted out, buyers, low, high. The intervals are Wilson's, 95 %; that
# of messages with the number sent divided by squares / messages of `tally`.
Figures = tuple[int, tuple[int, int, float, float], tuple[int, int, float, float]]
TREND: tuple[Figures, ...] = (
    (24, (25, 2300, 0.0073, 0.0163), (22, 2200, 0.0066, 0.0151)),
    (26, (26, 2350, 0.0074, 0.0164), (24, 2240, 0.0072, 0.0159)),
    (25, (25, 2280, 0.0073, 0.0164), (23, 2180, 0.0070, 0.0158)),
    (29, (30, 2410, 0.0086, 0.0180), (28, 2300, 0.0084, 0.0175)),
    (33, (32, 2400, 0.0093, 0.0190), (30, 2290, 0.0092, 0.0186)),
    (31, (33, 2460, 0.0094, 0.0191), (31, 2350, 0.0093, 0.0187)),
    (36, (35, 2480, 0.0100, 0.0199), (33, 2360, 0.0100, 0.0196)),
    (38, (39, 2500, 0.0113, 0.0215), (36, 2390, 0.0109, 0.0208)),
    (40, (40, 2530, 0.0115, 0.0218), (37, 2400, 0.0112, 0.0212)),
    (44, (43, 2590, 0.0122, 0.0226), (40, 2450, 0.0120, 0.0222)),
    (45, (46, 2620, 0.0130, 0.0237), (43, 2480, 0.0129, 0.0233)),
    (48, (47, 2640, 0.0132, 0.0239), (44, 2500, 0.0131, 0.0235)),
    (57, (57, 2710, 0.0160, 0.0276), (49, 2540, 0.0146, 0.0254)),
)

# Scrub took 96 buyers out this week, 84 in the week before, and wrote to none of them.
SHARE = rate(Basis.BUYERS, 49 + 96, 2540 + 96, (0.0469, 0.0644), RateState.MATURING)

SHARE_BEFORE = rate(Basis.BUYERS, 44 + 84, 2500 + 84, (0.0418, 0.0586))


def bucket(number: int, figures: Figures) -> TrendBucket:
    """One of thirteen weeks, of which the last is WEEK."""
    notices, messages, buyers = figures
    period = span(WEEK.first_day - timedelta(weeks=12 - number), 7)
    state = RateState.MATURING if number == 12 else RateState.MEASURED
    effect = 1 + 2 * (messages[1] - buyers[1]) / messages[1]
    return TrendBucket(
        notices=notices,
        rates=rates(
            period,
            rate(Basis.MESSAGES, *messages[:2], messages[2:], state, design_effect=effect),
            rate(Basis.BUYERS, *buyers[:2], buyers[2:], state),
        ),
    )


def group(
    name: str | None, messages: tuple[int, int, float, float], buyers: tuple[int, int, float, float]
) -> GroupRow:
    """The rates of a label or an age of orders in WEEK."""
    of_messages = rate(Basis.MESSAGES, *messages[:2], messages[2:], RateState.MATURING)
    of_buyers = rate(Basis.BUYERS, *buyers[:2], buyers[2:], RateState.MATURING)
    return GroupRow(name=name, rates=rates(WEEK, of_messages, of_buyers, name))


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
                rate(Basis.MESSAGES, 43, 1900, (0.0165, 0.0309), RateState.MATURING),
                rate(Basis.BUYERS, 36, 1780, (0.0146, 0.0279), RateState.MATURING),
                "amazon.co.uk",
            ),
        ),
        MarketplaceRow(
            marketplace="amazon.com.au",
            counts=Counts(notices=13, orders=12, buyers=12),
            rates=rates(
                WEEK,
                rate(Basis.MESSAGES, 14, 810, (0.0100, 0.0297), RateState.MATURING),
                rate(Basis.BUYERS, 13, 760, (0.0100, 0.0290), RateState.MATURING),
                "amazon.com.au",
            ),
        ),
        MarketplaceRow(marketplace=None, counts=Counts(notices=1, orders=1, buyers=1), rates=no_rates(WEEK)),
    ),
    rates=replace(BUCKETS[-1].rates, share=SHARE, sent=tally(2710, 2540, withheld=96, unknown_purpose=140)),
    rates_before=replace(BUCKETS[-2].rates, share=SHARE_BEFORE, sent=tally(2640, 2500, withheld=84)),
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
    # 49/2540 = 1.92913 %, 44/2500 = 1.76 %; the interval of the difference is Newcombe's.
    change=Change(
        difference=Difference(points=0.1691, low=-0.5866, high=0.9266),
        slope=Slope(points_a_month=0.3237, low=0.1531, high=0.4943, periods=13),
        point=None,
        enough_for_point=True,
    ),
    silences=(
        Silence(
            marketplace="amazon.co.uk",
            state=SilenceState.HEARD,
            notices=1102,
            expected=0.4,
            last_notice_at=at(2026, 11, 22, 21, 14),
        ),
        Silence(
            marketplace="amazon.com.au",
            state=SilenceState.HEARD,
            notices=99,
            expected=1.9,
            last_notice_at=at(2026, 11, 21, 19, 3),
        ),
    ),
    labels=(
        group("review-request", (40, 1490, 0.0197, 0.0366), (34, 1460, 0.0167, 0.0324)),
        group("how-to-use", (9, 700, 0.0067, 0.0245), (8, 690, 0.0059, 0.0227)),
        group("thank-you", (5, 380, 0.0056, 0.0304), (5, 380, 0.0056, 0.0304)),
        group(None, (3, 140, 0.0072, 0.0619), (3, 138, 0.0074, 0.0620)),
    ),
    order_ages=(
        group("0 to 3", (6, 420, 0.0065, 0.0311), (6, 415, 0.0066, 0.0312)),
        group("4 to 7", (9, 610, 0.0077, 0.0281), (8, 600, 0.0068, 0.0261)),
        group("8 to 14", (18, 900, 0.0125, 0.0318), (15, 870, 0.0105, 0.0283)),
        group("15 to 30", (19, 640, 0.0187, 0.0468), (15, 610, 0.0150, 0.0402)),
        group("over 30", (5, 140, 0.0153, 0.0809), (5, 140, 0.0153, 0.0809)),
    ),
)

NO_CHANGE = Change(difference=None, slope=None, point=None, enough_for_point=False)

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
    change=NO_CHANGE,
    silences=(),
    labels=(),
    order_ages=(),
)
