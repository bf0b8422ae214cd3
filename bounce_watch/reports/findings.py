"""What the rates say that a person has to act on, in sentences: a leak, a silence, a change, a high rate.

Nothing is tested here: whether there is one of them was decided before (rates, the ledger).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo

from bounce_watch.records.change import ChangePoint, Leak, Silence, SilenceState
from bounce_watch.records.rate import Rate
from bounce_watch.reports.content import Attention, AttentionKind
from bounce_watch.reports.wording import counted, day_text, interval, listed, percent

NEWS_FOR = timedelta(days=70)
"""How old a change may be and is news: a fall is found up to five weeks after it began, and told for four."""

_LABELS_NAMED = 3

_STANDARD_OUTPUT = ("", "-")


def leak_found(leak: Leak, zone: tzinfo) -> Attention:
    """Who was written to in spite of the list, since when, and which export does not arrive."""
    stood = "buyer who already stood" if leak.buyers == 1 else "buyers who already stood"
    file = [] if leak.path in _STANDARD_OUTPUT else [leak.path]
    return Attention(
        kind=AttentionKind.LEAK,
        text=(
            f"Amazon blocked {counted(leak.messages, 'message')} to {leak.buyers:,} {stood} on your exported list,"
            f" the first on {_day(leak.first_at, zone)}. The export of {_day(leak.exported_at, zone)}"
            f" ({', '.join([leak.preset, *file])}) does not reach the sender{_still_sending(leak)}."
        ),
        advice=(
            "Check that your tool loads that file, and send nothing until it does."
            " A new file: bounce-watch suppressions export"
        ),
    )


def silences_found(silences: Iterable[Silence], zone: tzinfo) -> Iterator[Attention]:
    """Each marketplace whose notices are missing, and the three things that can be the cause."""
    for silence in silences:
        if silence.state is not SilenceState.SILENT:
            continue
        where = f" from {silence.marketplace}" if silence.marketplace else ""
        since = f" since {_day(silence.last_notice_at, zone)}" if silence.last_notice_at else ""
        due = "" if silence.expected is None else f", where about {silence.expected:,.0f} were due"
        due += " if you sent as before, which no sent log says" if silence.by_days else ""
        yield Attention(
            kind=AttentionKind.SILENCE,
            text=f"No notice came{where}{since}{due}.",
            advice=(
                "Check 1. in Seller Central for that marketplace: Notification Preferences > Messaging > Buyer Opt-Out;"
                " 2. the spam folder; 3. the forwarding rule or filter."
            ),
        )


def change_found(point: ChangePoint | None, *, now: datetime, zone: tzinfo) -> Iterator[Attention]:
    """Since when another share of buyers opts out, while that is news."""
    if point is None or now.astimezone(zone).date() - point.since > NEWS_FOR:
        return
    text = (
        f"Since {day_text(point.since)} {percent(point.after)} of buyers opt out,"
        f" {percent(point.before)} before."
    )
    rose = "See in the tables below which marketplace, template or age of orders it comes from."
    fell = "It can be the list at work (the opt-out share then stays), or notices are missing: check the spam folder."
    yield Attention(
        kind=AttentionKind.RATE_CHANGED, text=text, advice=rose if point.after > point.before else fell
    )


def high_rate_found(rate: Rate | None, limit: float | None) -> Iterator[Attention]:
    """A rate that is surely above the seller's own limit: the low end of its interval is."""
    if rate is None or limit is None or rate.value is None or rate.low is None or rate.high is None:
        return
    if rate.low > limit:
        yield Attention(
            kind=AttentionKind.RATE_HIGH,
            text=(
                f"{percent(rate.value)} of buyers opt out ({interval(rate.low, rate.high)}),"
                f" more than your limit of {percent(limit)}."
            ),
            advice="Write to fewer buyers, or less often; the tables below say where it comes from.",
        )


def _still_sending(leak: Leak) -> str:
    named = [one for one in leak.labels if one.label is not None][:_LABELS_NAMED]
    if not named:
        return ""
    names = [f"{one.label} ({one.messages:,})" for one in named]
    return f"; still sending: {listed(names)}"


def _day(instant: datetime, zone: tzinfo) -> str:
    return day_text(instant.astimezone(zone).date())
