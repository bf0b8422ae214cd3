"""More reports made by hand: everything at once, nothing at all, too little, and what can't be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bounce_watch.records.change import (
    Change,
    ChangePoint,
    Difference,
    Leak,
    LeakLabel,
    Silence,
    SilenceState,
    Slope,
)
from bounce_watch.records.rate import Basis, RateState, SendTally
from bounce_watch.reports.content import (
    Attention,
    AttentionKind,
    Counts,
    GroupRow,
    MarketplaceRow,
    SentLogState,
)

from .example import (
    ATTENTION,
    CONTENT,
    NO_CHANGE,
    WEEK,
    WEEK_BEFORE,
    Figures,
    at,
    bucket,
    group,
    no_rates,
    rate,
    rates,
    tally,
)

# As TREND of example.py: about 1.5 % for ten weeks, from 2 November on about 3.1 %.
JUMP: tuple[Figures, ...] = (
    (31, (32, 2300, 0.0097, 0.0199), (31, 2200, 0.0099, 0.0199)),
    (35, (35, 2350, 0.0106, 0.0209), (33, 2240, 0.0105, 0.0206)),
    (30, (31, 2280, 0.0095, 0.0195), (30, 2180, 0.0097, 0.0196)),
    (36, (36, 2410, 0.0107, 0.0209), (35, 2300, 0.0110, 0.0211)),
    (33, (35, 2400, 0.0104, 0.0205), (34, 2290, 0.0106, 0.0207)),
    (37, (37, 2460, 0.0108, 0.0209), (36, 2350, 0.0111, 0.0211)),
    (34, (35, 2480, 0.0100, 0.0199), (34, 2360, 0.0103, 0.0201)),
    (38, (38, 2500, 0.0109, 0.0211), (37, 2390, 0.0113, 0.0213)),
    (35, (36, 2530, 0.0101, 0.0200), (35, 2400, 0.0105, 0.0202)),
    (40, (39, 2590, 0.0109, 0.0209), (38, 2450, 0.0113, 0.0212)),
    (77, (82, 2620, 0.0250, 0.0391), (77, 2480, 0.0249, 0.0386)),
    (84, (85, 2640, 0.0258, 0.0401), (79, 2500, 0.0254, 0.0392)),
    (61, (64, 1990, 0.0249, 0.0415), (58, 1860, 0.0242, 0.0401)),
)
JUMPING = tuple(bucket(number, figures) for number, figures in enumerate(JUMP))
PARTLY = replace(
    JUMPING[-1].rates,
    covered=5 / 7,
    share=rate(Basis.BUYERS, 58 + 70, 1860 + 70, (0.0561, 0.0783), RateState.MATURING),
    sent=tally(1990, 1860, withheld=70, unknown_purpose=310),
)

_SHARE_BEFORE = rate(Basis.BUYERS, 79 + 84, 2500 + 84, (0.0543, 0.0731))

LEAK = Leak(
    messages=12,
    buyers=9,
    first_at=at(2026, 11, 16, 9, 12),
    last_at=at(2026, 11, 21, 17, 40),
    export_id=31,
    exported_at=at(2026, 11, 1, 6, 31),
    preset="mailgun",
    path="lists/mailgun.csv",
    labels=(
        LeakLabel(label="review-request", messages=9),
        LeakLabel(label="how-to-use", messages=2),
        LeakLabel(label=None, messages=1),
    ),
)
SILENT = Silence(
    marketplace="amazon.de",
    state=SilenceState.SILENT,
    notices=212,
    expected=14.3,
    last_notice_at=at(2026, 10, 29, 14, 5),
)
CANNOT_TELL = Silence(
    marketplace="amazon.com",
    state=SilenceState.CANNOT_TELL,
    notices=12,
    expected=None,
    last_notice_at=at(2026, 11, 19, 3, 0),
)
SINCE = ChangePoint(since=date(2026, 11, 2), before=0.0148, after=0.0313)

LOUD = replace(
    CONTENT,
    attention=(
        Attention(
            kind=AttentionKind.LEAK,
            text=(
                "Amazon blocked 12 messages to 9 buyers who already stood on your exported list, the first on"
                " 16 Nov 2026. The export of 1 Nov 2026 (mailgun, lists/mailgun.csv) does not reach the sender;"
                " still sending: review-request (9) and how-to-use (2)."
            ),
            advice=(
                "Check that your tool loads that file, and send nothing until it does."
                " A new file: bounce-watch suppressions export"
            ),
        ),
        Attention(
            kind=AttentionKind.SILENCE,
            text="No notice came from amazon.de since 29 Oct 2026, where about 14 were due.",
            advice=(
                "Check 1. in Seller Central for that marketplace: Notification Preferences > Messaging > Buyer Opt-Out;"
                " 2. the spam folder; 3. the forwarding rule or filter."
            ),
        ),
        Attention(
            kind=AttentionKind.RATE_CHANGED,
            text="Since 2 Nov 2026 3.1 % of buyers opt out, 1.5 % before.",
            advice="See in the tables below which marketplace, template or age of orders it comes from.",
        ),
        *ATTENTION,
    ),
    marketplaces=(
        *CONTENT.marketplaces[:2],
        MarketplaceRow(
            marketplace="amazon.de",
            counts=Counts(notices=0, orders=0, buyers=0),
            rates=rates(
                WEEK,
                rate(Basis.MESSAGES, 0, 310, (0.0, 0.0134), RateState.MATURING),
                rate(Basis.BUYERS, 0, 295, (0.0, 0.0129), RateState.MATURING),
                "amazon.de",
            ),
        ),
        MarketplaceRow(
            marketplace="amazon.com",
            counts=Counts(notices=3, orders=3, buyers=3),
            rates=rates(
                WEEK,
                rate(Basis.MESSAGES, 3, 43, (0.0225, 0.1966), RateState.MATURING),
                rate(Basis.BUYERS, 3, 40, (0.0258, 0.1986), RateState.MATURING),
                "amazon.com",
            ),
        ),
        CONTENT.marketplaces[2],
    ),
    rates=PARTLY,
    rates_before=replace(JUMPING[-2].rates, share=_SHARE_BEFORE, sent=tally(2640, 2500, withheld=84)),
    trend=(*JUMPING[:-1], replace(JUMPING[-1], rates=PARTLY)),
    sent_log=SentLogState(first_day=date(2026, 8, 24), last_day=date(2026, 11, 20), covers_period=True),
    change=Change(
        difference=Difference(points=-0.0417, low=-1.0745, high=1.0426),
        slope=Slope(points_a_month=0.6012, low=0.2144, high=0.9880, periods=13),
        point=SINCE,
        enough_for_point=True,
    ),
    silences=(*CONTENT.silences, SILENT, CANNOT_TELL),
    leak=LEAK,
    labels=(
        *CONTENT.labels[:3],
        *(
            group(f"campaign-{number:02}", (1, 60 - number, 0.0030, 0.0900), (1, 60 - number, 0.0030, 0.0900))
            for number in range(1, 11)
        ),
    ),
    unmatched=7,
)
"""A bad week: a leak, a silence, a change, a log of five of seven days, unmatched notices, many labels."""

CALM = replace(
    CONTENT,
    attention=(
        Attention(
            kind=AttentionKind.NOTHING,
            text="Nothing needs you: 9 messages blocked, 8 new opt-outs since yesterday.",
        ),
    ),
    waiting=(),
)
"""Nothing waits, nothing changed."""

_FEW_BUYERS = rate(Basis.BUYERS, 3, 40, (0.0258, 0.1986), RateState.MATURING)
_FEW = rates(WEEK, rate(Basis.MESSAGES, 3, 43, (0.0225, 0.1966), RateState.MATURING), _FEW_BUYERS)

TINY = replace(
    CALM,
    counts=Counts(notices=3, orders=3, buyers=3),
    before=Counts(notices=0, orders=0, buyers=0),
    ever=Counts(notices=3, orders=3, buyers=3),
    new_since_yesterday=1,
    attention=(
        Attention(
            kind=AttentionKind.NOTHING,
            text="Nothing needs you: 1 message blocked, 1 new opt-out since yesterday.",
        ),
    ),
    marketplaces=(
        MarketplaceRow(marketplace="amazon.co.uk", counts=Counts(notices=3, orders=3, buyers=3), rates=_FEW),
    ),
    rates=_FEW,
    rates_before=no_rates(WEEK_BEFORE),
    trend=(replace(CONTENT.trend[-1], notices=3, rates=_FEW),),
    change=NO_CHANGE,
    silences=(replace(CANNOT_TELL, marketplace="amazon.co.uk", notices=3),),
    labels=(),
    order_ages=(),
    list_size=3,
    list_without_alias=0,
)
"""The first week of a small seller: rates of 40 buyers, and nothing to compare them with."""

_TOO_MANY = rates(
    WEEK,
    rate(Basis.MESSAGES, 57, 40, state=RateState.INCONSISTENT),
    rate(Basis.BUYERS, 49, 38, state=RateState.INCONSISTENT),
    share=rate(Basis.BUYERS, 49, 38, state=RateState.INCONSISTENT),
    sent=SendTally(messages=40, buyers=38, squares=44, share_buyers=38),
)

ODD = replace(
    CONTENT,
    rates=_TOO_MANY,
    trend=(*CONTENT.trend[:-1], replace(CONTENT.trend[-1], rates=_TOO_MANY)),
    labels=(GroupRow(name="review-request", rates=replace(_TOO_MANY, group="review-request")),),
    order_ages=(),
    change=replace(CONTENT.change, difference=None),
)
"""More opted out than were written to: a sent log with holes."""

ALL = {"week": CONTENT, "bad-week": LOUD, "calm": CALM, "tiny": TINY, "odd": ODD}
