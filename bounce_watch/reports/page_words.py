"""The sentences of the page and of the Markdown form: the large figures, what moved, what to check, how it is counted."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from bounce_watch.records.change import Leak, Silence, SilenceState
from bounce_watch.records.rate import Basis, Rate, RateState
from bounce_watch.reports import wording as say
from bounce_watch.reports.content import ReportContent, Severity
from bounce_watch.reports.pieces import Box, Figure
from bounce_watch.reports.rate_section import covered_text, no_rate_text, unread_text
from bounce_watch.reports.sections import sent_log_text


def boxes(content: ReportContent) -> Iterator[Box]:
    """The leak and each silence, with the checks to make."""
    if content.leak is not None:
        yield _leak(content, content.leak)
    for silence in content.silences:
        if silence.state is SilenceState.SILENT:
            yield _silent(content, silence)


def _leak(content: ReportContent, leak: Leak) -> Box:
    zone = ZoneInfo(content.time_zone)
    first, last = (instant.astimezone(zone).date() for instant in (leak.first_at, leak.last_at))
    labels = [f"{one.label or 'not named'} ({one.messages:,})" for one in leak.labels]
    stood = "buyer who already stood" if leak.buyers == 1 else "buyers who already stood"
    file = f", file {leak.path}" if leak.path not in {"", "-"} else ""
    messages, exported = say.counted(leak.messages, "message"), say.moment(leak.exported_at, zone)
    lines = [
        f"{messages} to {leak.buyers:,} {stood} on an exported list, {say.span_text(first, last)}.",
        f"All of them after export {leak.export_id} of {exported} (preset {leak.preset}{file}).",
    ]
    return Box(
        severity=Severity.STOP,
        title="The list does not reach the sender",
        lines=(*lines, *([f"Template or campaign: {say.listed(labels)}."] if labels else [])),
        checks=(
            "Does your tool load that file, and did it load it after the export?",
            "Does every template ask the list before it sends, the newest one too?",
            "Send nothing with the others until they do: repeated messages to buyers who opted out cost accounts.",
        ),
    )


def _silent(content: ReportContent, silence: Silence) -> Box:
    since = ""
    if silence.last_notice_at is not None:
        day = silence.last_notice_at.astimezone(ZoneInfo(content.time_zone)).date()
        since = f" since {say.day_text(day)}"
    due = "" if silence.expected is None else f", where about {silence.expected:,.0f} were due"
    where = f" from {silence.marketplace}" if silence.marketplace else ""
    return Box(
        severity=Severity.CHECK,
        title=f"No notice{where}",
        lines=(
            f"None came{since}{due}; before that, {say.counted(silence.notices, 'notice')}.",
            "Silence does not mean that nobody opts out.",
        ),
        checks=(
            "Seller Central, for that marketplace: Notification Preferences > Messaging > Buyer Opt-Out.",
            "The spam folder: do they lie there?",
            "The forwarding rule or filter: does it still let them through?",
        ),
    )


def figures(content: ReportContent) -> Iterator[Figure]:
    """Both rates, and the opt-out share where the list kept buyers back; nothing without a denominator.

    Only the buyers' change has an interval, so theirs is the only one told.
    """
    if content.why_no_rate is not None:
        return
    now, before, difference = content.rates, content.rates_before, content.change.difference
    moved = ""
    if difference is not None:
        clear = "" if difference.is_clear else "no clear change: "
        moved = f"{clear}{say.points(difference.points)} points ({say.points_span(difference.low, difference.high)})"
    yield _figure(content, "Buyers who opted out", now.buyers, before.buyers, "written to", moved)
    yield _figure(content, "Messages blocked", now.messages, before.messages, "sent", "")
    if now.sent.withheld_buyers:
        yield _figure(content, "Opt-out share", now.share, before.share, "written to or withheld from", "")


def _figure(content: ReportContent, label: str, rate: Rate, before: Rate, done: str, moved: str) -> Figure:
    few = "Few: " if rate.value is not None and say.is_few(rate) else ""
    noun = "message" if rate.basis is Basis.MESSAGES else "buyer"
    lines = [f"{few}{rate.opted_out:,} of {say.counted(rate.contacted, noun)} {done}"]
    if rate.low is not None and rate.high is not None:
        lines.insert(0, f"95 % interval {say.interval(rate.low, rate.high)}")
    elif rate.state is RateState.INCONSISTENT:
        lines.append("More opted out than the sent log holds, so it misses sends.")
    if before.value is not None:
        lines.append(f"{say.percent(before.value)} in the {content.period_name.value} before")
    missing = "can't be" if rate.state is RateState.INCONSISTENT else "no rate"
    value = missing if rate.value is None else say.percent(rate.value)
    return Figure(label=label, value=value, lines=(*lines, *([moved] if moved else [])))


def no_rate(content: ReportContent) -> tuple[str, ...]:
    """Why there is no rate, and what to do; nothing where there is one."""
    why = content.why_no_rate
    return () if why is None else tuple(filter(None, no_rate_text(why, content.sent_log)))


def movement(content: ReportContent) -> Iterator[str]:
    """The trend, the change point, and what bears upon the rates; nothing without a rate."""
    if content.why_no_rate is not None:
        return
    yield from _trend(content)
    point = content.change.point
    if point is not None:
        yield (
            f"Since {say.day_text(point.since)} {say.percent(point.after)} of buyers opt out, "
            f"{say.percent(point.before)} before."
        )
    yield from _limits(content)


def _trend(content: ReportContent) -> Iterator[str]:
    slope, difference, name = content.change.slope, content.change.difference, content.period_name.value
    if slope is None and difference is None:
        yield "Not enough data yet, to compare or for a trend."
        return
    if slope is None:
        yield "Not enough data for a trend yet."
    else:
        clear = "Trend of buyers" if slope.is_clear else "No clear trend of buyers"
        steps = say.counted(slope.periods, name)
        span = say.points_span(slope.low, slope.high)
        yield f"{clear}: {say.points(slope.points_a_month)} points a month ({span}) over {steps}."
    if difference is None:
        yield f"Not enough data to compare with the {name} before."


def _limits(content: ReportContent) -> Iterator[str]:
    rates = content.rates
    if any(rate.state is RateState.MATURING for rate in (rates.messages, rates.buyers)):
        yield f"May still rise: notices can come until {say.day_text(content.matures_on)}."
    if content.unread_since is not None:
        yield f"Mail {unread_text(content, content.unread_since)}."
    elif content.misses_days:
        yield f"The sent log covers {covered_text(content)}: the rates speak of that part only."
    if content.unmatched:
        yield f"{say.counted(content.unmatched, 'blocked message')} in no sent log, and so in no rate."
    if rates.sent.unknown_purpose:
        yield f"{say.counted(rates.sent.unknown_purpose, 'message')} of unknown purpose counted as well."


def facts(content: ReportContent) -> Iterator[tuple[str, str]]:
    """How far the mailbox was read, what is on the list, and what the sent log holds."""
    zone, sent = ZoneInfo(content.time_zone), content.rates.sent
    size = say.counted(content.list_size, "entry", "entries")
    yield "Mailbox read to its end", say.moment(content.last_read_to_end_at, zone)
    yield "Last notice", say.moment(content.last_notice_at, zone)
    yield "Suppression list", f"{size}, {content.list_without_alias:,} of them by order id only"
    yield "Sent log", sent_log_text(content.sent_log)
    if sent.withheld:
        buyers = say.counted(sent.withheld_buyers, "buyer")
        yield (
            f"Withheld this {content.period_name.value}",
            f"{say.counted(sent.withheld, 'message')} to {buyers}",
        )


def counted(content: ReportContent) -> Iterator[str]:
    """The page "What is counted, and when" of the docs, in short."""
    yield "The notices are counted by the day they came, the rates by the day the message was sent."
    yield (
        "Buyers: distinct buyers of messages that a counted notice answers, of distinct buyers written to. Messages: "
        "messages that a counted notice answers, of messages sent. They answer different questions and are never mixed."
    )
    yield (
        "Opt-out share: buyers known as opted out, of buyers written to or withheld from. It does not fall because "
        "the list works, as the rates do."
    )
    yield "Only messages that an opt-out can block are counted: unsolicited ones, and those of unknown purpose."
    yield (
        "Beside each rate stands Wilson's 95 % interval: the shares that the count does not contradict. There, the "
        "messages to one buyer are one coin."
    )
    days = say.counted(content.maturing_days, "day")
    yield f"A rate may still rise for {days} after its period, because notices can still come."
    yield "Silence is not delivery: a message from an address that Amazon has not authorised can vanish without a notice."
