"""The report's sections in words: which number stands where. Knows widths, but nothing that draws."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo

from bounce_watch.records.change import Silence, SilenceState
from bounce_watch.reports import wording as say
from bounce_watch.reports.content import (
    WAITING_SHOWN,
    PeriodName,
    Reconciliation,
    ReportContent,
    SentLogState,
    Severity,
    WaitingRow,
)
from bounce_watch.reports.layout import Cell, Grid, Look, Part, Section, cell, cells, lines, table

_LONG_WORDS = 60
"""From this width on, tables spell out what they show."""

_SENDERS = 110
"""From this width on, the waiting mails have their time of day and their sender as well."""

_LABELS = {
    Severity.STOP: ("STOP", Look.STOP),
    Severity.CHECK: ("CHECK", Look.CHECK),
    Severity.NOTE: ("NOTE", Look.NOTE),
    Severity.CALM: ("OK", Look.CALM),
}
_UNHEARD = {
    SilenceState.SILENT: "missing from",
    SilenceState.CANNOT_TELL: "too few yet to tell for",
}
_LABEL_WIDTH = 11


def headline(content: ReportContent, width: int) -> Section:
    """What matters and what to do, the weightiest in the first line; the same advice is given once."""
    rows: list[list[Cell]] = []
    given: set[str] = set()
    for one in content.attention:
        advice = "" if one.advice in given else one.advice
        given.add(advice)
        said = lines(width - 7, (one.text, Look.STRONG), (advice, Look.PLAIN))
        labels: list[Cell] = [(severity_label(one.kind.severity),), ()]
        rows += [[label, line] for label, line in zip(labels, said, strict=False)]
    return Section(title="", grids=(Grid(widths=(7, width - 7), rows=rows, wraps=True),))


def severity_label(severity: Severity) -> Part:
    """The word that stands for how loudly something is said."""
    return _LABELS[severity]


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
    name, roomy = content.period_name.value, width >= _LONG_WORDS
    now, before, change, ever = content.counts, content.before, content.counts_change, content.ever
    long = ("Messages blocked", "Orders opted out", "Buyers opted out")
    labels = long if roomy else ("Blocked", "Orders", "Buyers")
    figures = (
        (now.notices, before.notices, change.notices, ever.notices),
        (now.orders, before.orders, change.orders, ever.orders),
        (now.buyers, before.buyers, change.buyers, ever.buyers),
    )
    heads = (
        (f"this {name}", f"{name} before", "change", "ever") if roomy else ("now", "before", "+/-", "ever")
    )
    rows = [cells("", *heads, look=Look.QUIET)]
    for label, (this, last, difference, total) in zip(labels, figures, strict=True):
        shown = cells(f"{last:,}", say.signed(difference), f"{total:,}")
        rows.append([cell(label), cell(f"{this:,}", Look.STRONG), *shown])
    over = content.made_at >= content.period.end
    new = f"  new on {say.weekday(content.period.last_day)}" if over else "  new in 24 hours"
    rows.insert(3, cells(new if roomy else "  new", f"{content.new_since_yesterday:,}", "", "", ""))
    return Section(title="Notices that came", grids=(table(width, rows, names=8, drop=(3, 2)),))


def housekeeping(content: ReportContent, width: int) -> Section:
    """How far the mailbox was read, what is on the list, and whether every mail is accounted for."""
    zone = ZoneInfo(content.time_zone)
    size = say.counted(content.list_size, "entry", "entries")
    by_order = (
        f", {content.list_without_alias:,} of them by order id only" if content.list_without_alias else ""
    )
    facts = (
        ("Read to end", say.moment(content.last_read_to_end_at, zone)),
        ("Last notice", f"{say.moment(content.last_notice_at, zone)}{_heard(content.silences)}"),
        ("List", f"{size}{by_order}"),
        ("Sent log", sent_log_text(content.sent_log)),
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
    roomy, narrow = width >= _SENDERS, width < _LONG_WORDS
    when, sender = (20, 34) if roomy else (0 if narrow else 13, 0)
    about = max(21, (width - when - sender) * 2 // 5)
    widths = (when, about, width - when - about - sender, *([sender] if roomy else []))
    rows = [cells("noticed", "order or subject", "why it waits", "from", look=Look.QUIET)]
    rows += [_waiting_row(row, zone, with_time=roomy) for row in content.waiting[:WAITING_SHOWN]]
    kept = slice(1 if narrow else 0, len(widths))
    grid = Grid(widths=widths[kept], rows=[row[kept] for row in rows], gap=2)
    shown, total = min(len(content.waiting), WAITING_SHOWN), len(content.waiting)
    count = f"{shown} of {total:,}" if shown < total else f"{total:,}"
    return Section(title=f"Waiting for you: {count}", grids=(grid,))


def _heard(silences: tuple[Silence, ...]) -> str:
    """Whether the notices come as they should, in the few words that fit behind the last one's time."""
    if not silences:
        return ""
    said = [
        f"{words} {say.listed([one.marketplace or 'an unnamed marketplace' for one in found])}"
        for state, words in _UNHEARD.items()
        if (found := [one for one in silences if one.state is state])
    ]
    return f"; {'; '.join(said or ['they come as expected'])}"


def sent_log_text(log: SentLogState) -> str:
    """The days for which the sent log is whole."""
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
