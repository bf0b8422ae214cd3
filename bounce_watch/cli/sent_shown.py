"""How `sent import` understood a file: as a page for a person, as JSON, and in one line for a log file."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from bounce_watch.records.filed import Filed
    from bounce_watch.reports.layout import Section
    from bounce_watch.sent_log.csv_log import Tally
    from bounce_watch.sent_log.plan import LogPlan
    from bounce_watch.upkeep.sent_import import Looked, LookedLog, LookedReport

_EXAMPLE = 34


def sections(path: str, looked: Looked, width: int) -> Iterator[Section]:
    """The columns with an example and the reason, and below what the rows are."""
    from bounce_watch.reports.layout import Grid, Look, Section, cells, paragraph

    rows = [cells("", "column", "for example", "why", look=Look.QUIET)]
    rows += [cells(*row) for row in _columns(looked)]
    first, second = (max(len(row[at]) for row in _columns(looked)) + 2 for at in (0, 1))
    second = min(28, max(second, 8))
    third = min(_EXAMPLE, max(12, width - first - second - 24))
    grid = Grid(
        widths=(first, second, third, max(8, width - first - second - third)),
        rows=rows,
        gap=2,
        wraps=width < 100,
    )
    yield Section(
        title=path,
        grids=(grid, *(paragraph(width, (line, Look.PLAIN)) for line in told(looked))),
    )


def _columns(looked: Looked) -> list[tuple[str, str, str, str]]:
    from bounce_watch.sent_log.mapping import WORDS
    from bounce_watch.upkeep.sent_import import LookedReport

    if isinstance(looked, LookedReport):
        return [(what, title, "", "its title") for what, title in _report_columns(looked)]
    plan = looked.plan
    return [
        (
            WORDS[each.field],
            plan.mapping.called(each.field),
            _short(plan.examples.get(each.field, "")),
            f"a guess: {each.why}" if each in plan.mapping.guesses else each.why,
        )
        for each in plan.mapping.found
    ]


def _short(example: str) -> str:
    return example if len(example) < _EXAMPLE else f"{example[: _EXAMPLE - 4]}..."


def _report_columns(looked: LookedReport) -> Iterator[tuple[str, str]]:
    from bounce_watch.text.headers import called

    plan = looked.plan
    places = (("order id", plan.order_at), ("buyer's address", plan.alias_at), ("ordered on", plan.bought_at))
    return ((what, called(place, plan.titles)) for what, place in places if place is not None)


def told(looked: Looked) -> Iterator[str]:
    """What the file is and what its rows are, in sentences."""
    from bounce_watch.upkeep.sent_import import LookedReport

    if isinstance(looked, LookedReport):
        yield "An order report."
        yield report_result(looked)
        return
    plan = looked.plan
    yield f"{plan.table.dialect}; times: {plan.times_said}, without an offset in {plan.times.zone}."
    yield from _statuses(plan)
    if looked.tally is not None:
        yield from _rows(plan, looked.tally)
        yield _covered(looked)
    for question in plan.questions:
        yield f"Open: {question.what} {question.answer}"


def _statuses(plan: LogPlan) -> Iterator[str]:
    from bounce_watch.reports.wording import listed

    for is_sent, says in ((True, "sent"), (False, "not sent")):
        words = [
            f"{each.word or '(empty)'} ({each.rows:,})" for each in plan.statuses if each.is_sent is is_sent
        ]
        if words:
            yield f"Counts as {says}: {listed(words)}."


def _rows(plan: LogPlan, tally: Tally) -> Iterator[str]:
    from bounce_watch.reports.wording import counted, listed

    days = tally.days(plan.zone)
    span = f", {_span(*days)}" if days else ""
    yield f"{counted(tally.rows, 'row')}: {counted(tally.sends, 'message')}{span}."
    purposes = [
        f"{number:,} {purpose.value.replace('_', '-')}" for purpose, number in tally.purposes.most_common()
    ]
    if purposes:
        yield f"Purpose: {listed(purposes)}."
    if left := left_out(tally):
        yield f"Left out: {left}."
    yield from (f"  {reason}" for reason in tally.reasons)


def left_out(tally: Tally) -> str:
    """Which rows are no sends, in numbers; "" if all are."""
    from bounce_watch.reports.wording import listed
    from bounce_watch.sent_log.rows import LeftOut

    kinds = (
        (tally.left_out[LeftOut.NOT_SENT], "not sent"),
        (tally.left_out[LeftOut.NOT_AMAZON], "not Amazon's"),
        (tally.skipped, "that can't be used"),
    )
    return listed([f"{number:,} {what}" for number, what in kinds if number])


def _span(first: date, last: date) -> str:
    from bounce_watch.reports.wording import day_text

    return f"on {day_text(first)}" if first == last else f"from {day_text(first)} to {day_text(last)}"


def _covered(looked: LookedLog) -> str:
    days = covered_days(looked)
    if days is None:
        return "No day is covered: say for which the log is whole, --from-day and --to-day."
    return f"The log is whole {_span(*days)}."


def covered_days(looked: LookedLog) -> tuple[date, date] | None:
    """The first and last day for which the log is whole."""
    from datetime import timedelta

    covers, zone = looked.coverage, looked.plan.zone
    if covers is None:
        return None
    last = covers.end.astimezone(zone).date() - timedelta(days=1)
    return covers.start.astimezone(zone).date(), last


def read_as(looked: Looked) -> str:
    """One line: how the file is read."""
    from bounce_watch.reports.wording import listed
    from bounce_watch.upkeep.sent_import import LookedReport

    columns = listed([f"{what} in column {title}" for what, title, _, _ in _columns(looked)])
    if isinstance(looked, LookedReport):
        return f"an order report; {columns}."
    return f"read as {looked.plan.table.dialect}; {columns}; times: {looked.plan.times_said}."


def options(looked: LookedLog) -> str:
    """The options by which the same file is read in the same way without a guess."""
    from bounce_watch.sent_log.mapping import option_of

    plan = looked.plan
    titles = plan.mapping.titles
    words = [
        word
        for each in plan.mapping.guesses
        for word in (option_of(each.field), titles[each.place].strip() if titles else str(each.place + 1))
    ]
    return shlex.join(words)


def as_data(path: str, looked: Looked, *, account: str, filed: tuple[int, Filed] | None) -> dict[str, object]:
    """The same for JSON, without any row's content; `filed` is the run and what it filed, None: nothing was."""
    from bounce_watch.upkeep.sent_import import LookedReport

    run, figures = filed or (None, None)
    head: dict[str, object] = {
        "format": 1,
        "path": path,
        "account": account,
        "run": run,
        "new": figures.new if figures else None,
        "duplicates": figures.duplicates if figures else None,
    }
    if isinstance(looked, LookedReport):
        columns = {what: {"column": title, "why": "title"} for what, title in _report_columns(looked)}
        log = looked.log
        return head | {
            "kind": "order_report",
            "columns": columns,
            "rows": log.rows,
            "orders": len(log.links),
            "skipped": len(log.skipped),
        }
    return head | {"kind": "log"} | _log_data(looked)


def _log_data(looked: LookedLog) -> dict[str, object]:
    plan, tally = looked.plan, looked.tally
    titles = plan.mapping.titles
    days = covered_days(looked)
    return {
        "columns": {
            each.field.value: {
                "number": each.place + 1,
                "title": titles[each.place].strip() if titles else None,
                "certainty": each.certainty.value,
                "why": each.why,
            }
            for each in plan.mapping.found
        },
        "encoding": plan.table.dialect.coding.codec,
        "delimiter": plan.table.dialect.delimiter,
        "header": plan.has_header,
        "times": plan.times_said,
        "time_zone": str(plan.times.zone),
        "sure": plan.is_sure,
        "questions": [f"{each.what} {each.answer}" for each in plan.questions],
        "statuses": [{"word": each.word, "rows": each.rows, "sent": each.is_sent} for each in plan.statuses],
        "rows": plan.rows,
        "sends": tally.sends if tally else None,
        "purposes": {each.value: number for each, number in tally.purposes.items()} if tally else None,
        "left_out": {each.value: number for each, number in tally.left_out.items()} if tally else None,
        "skipped": tally.skipped if tally else None,
        "first_covered_day": days[0].isoformat() if days else None,
        "last_covered_day": days[1].isoformat() if days else None,
    }


def result(looked: LookedLog, filed: Filed) -> str:
    """What became of the rows of a log, in one line."""
    from bounce_watch.reports.wording import counted

    tally = looked.tally
    if tally is None:
        return ""
    counts = f"{counted(filed.new, 'new send')}, {filed.duplicates:,} known already"
    left = f"; left out: {left_out(tally)}" if left_out(tally) else ""
    return f"{counted(tally.rows, 'row')}: {counts}{left}."


def counted_twice(run: int, filed: Filed, *, covered: bool, alike: tuple[int, int]) -> Iterator[str]:
    """A warning when a log may be one that was loaded before and is read in another way; see upkeep.sent_again."""
    known, looked_at = alike
    if covered and filed.new and not filed.duplicates:
        yield "All its days were covered by a log before, and none of its messages was known."
        yield f"If it is the same log read in another way, each counts twice now: bounce-watch undo {run}"
    elif filed.new and known * 2 > looked_at:
        yield (
            f"On days that a log covered before, {known:,} of {looked_at:,} messages looked at were known with"
            " another time, purpose, template or the like."
        )
        yield f"If it is the same log read in another way, these count twice now: bounce-watch undo {run}"


def less_than_the_folder(run: int, folder: int, logs: int) -> Iterator[str]:
    """A warning when a log takes the place of a sent folder that holds more."""
    from bounce_watch.reports.wording import counted

    if folder > logs:
        yield (
            f"For these days the sent folder holds {counted(folder, 'message')}, your logs {logs:,}."
            " The logs count now."
        )
        yield f"If they are not all that you sent: bounce-watch undo {run}"


def report_result(looked: LookedReport) -> str:
    """What stands in an order report, in one line."""
    from bounce_watch.reports.wording import counted

    log = looked.log
    left = f"; left out: {len(log.skipped):,} that can't be used" if log.skipped else ""
    return f"{counted(log.rows, 'row')}: {counted(len(log.links), 'order')} with an alias{left}."


def reasons(looked: Looked) -> Sequence[str]:
    """The first rows that can't be used, by number and reason."""
    from bounce_watch.sent_log.csv_log import NAMED
    from bounce_watch.upkeep.sent_import import LookedReport

    if isinstance(looked, LookedReport):
        return looked.log.skipped[:NAMED]
    return looked.tally.reasons if looked.tally else ()


def faults(looked: Looked) -> int:
    """How many rows can't be used."""
    from bounce_watch.upkeep.sent_import import LookedReport

    if isinstance(looked, LookedReport):
        return len(looked.log.skipped)
    return looked.tally.skipped if looked.tally else 0
