"""The report's sections in words: which number stands where. Knows widths, but nothing that draws."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from zoneinfo import ZoneInfo

from bounce_watch.records.rate import Basis, Rate, RateState
from bounce_watch.reports import wording as say
from bounce_watch.reports.content import (
    WAITING_SHOWN,
    MarketplaceRow,
    PeriodName,
    Reconciliation,
    ReportContent,
    SentLogState,
    Severity,
    WaitingRow,
    WhyNoRate,
    rate_of,
)
from bounce_watch.reports.layout import Cell, Grid, Look, Part, Section, cell, cells, lines, paragraph

ROOMY = 74
"""From this width on, tables show intervals as well."""

_SENDERS = 110
"""From this width on, the waiting mails have their time of day and their sender as well."""

_LABELS = {
    Severity.STOP: ("STOP", Look.STOP),
    Severity.CHECK: ("CHECK", Look.CHECK),
    Severity.NOTE: ("NOTE", Look.NOTE),
    Severity.CALM: ("OK", Look.CALM),
}
_NOUNS = {Basis.MESSAGES: "message", Basis.BUYERS: "buyer"}
_LABEL_WIDTH = 11


def headline(content: ReportContent, width: int) -> Section:
    """What matters and what to do, the weightiest in the first line; the same advice is given once."""
    rows: list[list[Cell]] = []
    given: set[str] = set()
    for one in content.attention:
        advice = "" if one.advice in given else one.advice
        given.add(advice)
        said = lines(width - 7, (one.text, Look.STRONG), (advice, Look.PLAIN))
        labels: list[Cell] = [(_LABELS[one.kind.severity],), ()]
        rows += [[label, line] for label, line in zip(labels, said, strict=False)]
    return Section(title="", grids=(Grid(widths=(7, width - 7), rows=rows, wraps=True),))


def opening(content: ReportContent, width: int) -> Section:
    """Which days, whose mail, and in which zone the times are."""
    preposition = "on" if content.period_name is PeriodName.DAY else f"in the {content.period_name.value}"
    title = f"Opt-outs {preposition} {say.period_text(content.period)}"
    noun = "Account" if len(content.accounts) == 1 else "Accounts"
    made = say.moment(content.made_at, ZoneInfo(content.time_zone))
    about = f"{noun} {say.listed(content.accounts)}. Made {made}, times in {content.time_zone}."
    rows = [cells(title, look=Look.STRONG), cells(about, look=Look.QUIET)]
    return Section(title="", grids=(Grid(widths=(width,), rows=rows, wraps=True),))


def numbers(content: ReportContent, width: int) -> Section:
    """Counts by when the notice came, beside the period before and all time."""
    name = content.period_name.value
    column = min(13, width // 6)
    now, before, change, ever = content.counts, content.before, content.change, content.ever
    figures = (
        ("Messages blocked", now.notices, before.notices, change.notices, ever.notices),
        ("Orders opted out", now.orders, before.orders, change.orders, ever.orders),
        ("Buyers opted out", now.buyers, before.buyers, change.buyers, ever.buyers),
    )
    earlier = f"{name} before" if width >= ROOMY else "before"
    rows = [cells("", f"this {name}", earlier, "change", "ever", look=Look.QUIET)]
    for label, this, last, difference, total in figures:
        shown = cells(f"{last:,}", say.signed(difference), f"{total:,}")
        rows.append([cell(label), cell(f"{this:,}", Look.STRONG), *shown])
    over = content.made_at >= content.period.end
    new = f"  new on {say.weekday(content.period.last_day)}" if over else "  new in 24 hours"
    rows.insert(3, cells(new, f"{content.new_since_yesterday:,}", "", "", ""))
    grid = Grid(widths=(width - 4 * column, *[column] * 4), rows=rows, right_from=1)
    return Section(title="Notices that came", grids=(grid,))


def rates(content: ReportContent, width: int) -> Section:
    """Both rates with their intervals, or the one sentence on why there is none and what to do."""
    title = "Rates of what was sent"
    if why := content.why_no_rate:
        reason, advice = _no_rate(why, content.sent_log)
        said = lines(width, (reason, Look.PLAIN), (advice, Look.PLAIN))
        return Section(
            title=title, grids=(Grid(widths=(width,), rows=[[line] for line in said], wraps=True),)
        )
    heads = cells("", "", f"{content.period_name.value} before", "points", look=Look.QUIET)
    rows = [heads, *(_rate_row(content, basis) for basis in Basis)]
    if width < ROOMY:
        grid = Grid(widths=(10, width - 10), rows=[row[:2] for row in rows[1:]], wraps=True)
    else:
        grid = Grid(widths=(10, width - 32, 14, 8), rows=rows, right_from=2, wraps=True)
    return Section(title=title, grids=(grid, paragraph(width, (_small_print(content), Look.QUIET))))


def marketplaces(content: ReportContent, width: int) -> Section:
    """The same numbers by marketplace; rates only when at least one marketplace has one."""
    rated = any(
        rate_of(row.rates, basis).value is not None for row in content.marketplaces for basis in Basis
    )
    bases = ((Basis.BUYERS, Basis.MESSAGES) if width >= ROOMY else (Basis.BUYERS,)) if rated else ()
    heads = ["", "notices", "orders", "buyers", *(f"rate, {_NOUNS[basis]}s" for basis in bases)]
    rows = [cells(*heads, look=Look.QUIET), *(_marketplace_row(row, bases) for row in content.marketplaces)]
    numbers = (8, 7, 7, *(20 for _ in bases))
    grid = Grid(widths=(width - sum(numbers), *numbers), rows=rows, right_from=1)
    return Section(title="By marketplace", grids=(grid,))


def housekeeping(content: ReportContent, width: int) -> Section:
    """How far the mailbox was read, what is on the list, and whether every mail is accounted for."""
    zone = ZoneInfo(content.time_zone)
    size = say.counted(content.list_size, "entry").replace("entrys", "entries")
    facts = (
        ("Read to end", say.moment(content.last_read_to_end_at, zone)),
        ("Last notice", say.moment(content.last_notice_at, zone)),
        ("List", f"{size}, {content.list_without_alias:,} of them by order id only"),
        ("Sent log", _sent_log(content.sent_log)),
        ("Mails", _reconciliation(content.reconciliation)),
    )
    rows = [[cell(label, Look.QUIET), cell(value)] for label, value in facts]
    if not content.reconciliation.adds_up:
        parts = f"The parts add up to {content.reconciliation.parts:,}: a mail was lost or counted twice."
        rows.append([cell("CHECK", Look.CHECK), cell(parts)])
    grid = Grid(widths=(_LABEL_WIDTH + 2, width - _LABEL_WIDTH - 2), rows=rows, wraps=True)
    return Section(title="Mailbox and list", grids=(grid,))


def waiting(content: ReportContent, width: int) -> Section:
    """What a person has to look at, the first few of it."""
    zone = ZoneInfo(content.time_zone)
    roomy = width >= _SENDERS
    when, sender = (20, 34) if roomy else (13, 0)
    about = max(21, (width - when - sender) * 2 // 5)
    widths = (when, about, width - when - about - sender, *([sender] if roomy else []))
    rows = [cells("noticed", "order or subject", "why it waits", "from", look=Look.QUIET)]
    rows += [_waiting_row(row, zone, with_time=roomy) for row in content.waiting[:WAITING_SHOWN]]
    grid = Grid(widths=widths, rows=[row[: len(widths)] for row in rows], gap=2)
    shown, total = min(len(content.waiting), WAITING_SHOWN), len(content.waiting)
    count = f"{shown} of {total:,}" if shown < total else f"{total:,}"
    return Section(title=f"Waiting for you: {count}", grids=(grid,))


def rate_text(rate: Rate) -> Iterator[Part]:
    """`2.1 % (1.6 to 2.8 %), 57 of 2,710 messages`, or why there is no such thing."""
    contacted = say.counted(rate.contacted, _NOUNS[rate.basis])
    if rate.value is not None and rate.low is not None and rate.high is not None:
        yield say.percent(rate.value), Look.STRONG
        yield f" ({say.interval(rate.low, rate.high)}), {rate.opted_out:,} of {contacted}", Look.PLAIN
    elif rate.state is RateState.INCONSISTENT:
        yield f"{rate.opted_out:,} of {contacted}: can't be, no rate.", Look.PLAIN
    else:
        yield "No rate: nothing to hold the notices against.", Look.PLAIN


def _rate_row(content: ReportContent, basis: Basis) -> list[Cell]:
    before, change = rate_of(content.rates_before, basis).value, content.change_pp(basis)
    return [
        cell(f"{_NOUNS[basis]}s".capitalize()),
        tuple(rate_text(rate_of(content.rates, basis))),
        cell("no rate" if before is None else say.percent(before)),
        cell("" if change is None else say.points(change)),
    ]


def _small_print(content: ReportContent) -> str:
    known = [rate_of(content.rates, basis) for basis in Basis]
    rated = any(rate.value is not None for rate in known)
    text = "Counted by when the message was sent" + ("; in brackets the 95 % interval." if rated else ".")
    if any(rate.state is RateState.INCONSISTENT for rate in known):
        text += " More opted out than the sent log holds, so it misses sends."
    if any(rate.state is RateState.MATURING for rate in known):
        text += f" May still rise: notices can come until {say.day_text(content.matures_on)}."
    return text


def _no_rate(why: WhyNoRate, log: SentLogState) -> tuple[str, str]:
    command = "bounce-watch sent import FILE.csv"
    match why:
        case WhyNoRate.NO_SENT_LOG:
            return "No rate: no sent log covers this period.", f"Load one: {command}"
        case WhyNoRate.NOT_COVERED:
            return (
                f"No rate: the sent log ({_sent_log(log)}) does not cover this period.",
                f"Load them: {command}",
            )
        case WhyNoRate.NOTHING_SENT:
            return "No rate: nothing was sent in this period that an opt-out could block.", ""


def _marketplace_row(row: MarketplaceRow, bases: tuple[Basis, ...]) -> list[Cell]:
    counts = (row.counts.notices, row.counts.orders, row.counts.buyers)
    shown = [_short_rate(rate_of(row.rates, basis)) for basis in bases]
    return [*cells(row.marketplace or "not named", *(f"{number:,}" for number in counts)), *shown]


def _short_rate(rate: Rate) -> Cell:
    if rate.value is None or rate.low is None or rate.high is None:
        return cell("no rate", Look.QUIET)
    interval = f" ({say.share(rate.low)}-{say.share(rate.high)})"
    return ((say.percent(rate.value), Look.PLAIN), (interval, Look.QUIET))


def _sent_log(log: SentLogState) -> str:
    if log.first_day is None or log.last_day is None:
        return "none loaded"
    return say.span_text(log.first_day, log.last_day)


def _reconciliation(line: Reconciliation) -> str:
    parts = [
        f"{say.counted(line.opt_outs, 'opt-out')}",
        f"{line.other_kinds:,} of other kinds",
        f"{line.not_amazon:,} not Amazon's",
        f"{say.counted(line.duplicates, 'duplicate')}",
        f"{line.set_aside:,} set aside",
        f"{line.unrecognised:,} unrecognised",
        f"{line.unreadable:,} unreadable",
    ]
    by_person = {"dismissed": line.dismissed, "undone": line.undone}
    parts += [f"{number:,} {name}" for name, number in by_person.items() if number]
    return f"{line.read:,} read = {' + '.join(parts)}"


def _waiting_row(row: WaitingRow, zone: tzinfo, *, with_time: bool) -> list[Cell]:
    when = say.moment(row.noticed_at, zone) if row.noticed_at else "not known"
    if row.noticed_at and not with_time:
        when = say.day_text(row.noticed_at.astimezone(zone).date())
    return cells(when, row.about or "no subject", row.reason.replace("_", " "), row.sender or "")
