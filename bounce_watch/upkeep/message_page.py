"""What `check-message` says of a mail: for a person, and as JSON (docs/reference/json.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bounce_watch.outgoing.notes import Found, Judgement, NotChecked, Place
from bounce_watch.outgoing.rules import Severity
from bounce_watch.reports.layout import Cell, Grid, Look, Section, cell, paragraph
from bounce_watch.reports.wording import counted
from bounce_watch.upkeep.check_message import CheckedMail

FORMAT = 1

_LABEL_WIDTH = 11
_LABELS = {
    Severity.FORBIDDEN: ("FORBIDDEN", Look.STOP),
    Severity.ADVICE: ("ADVICE", Look.NOTE),
    Severity.CANNOT_TELL: ("LOOK", Look.CHECK),
    Severity.FACT: ("FACT", Look.QUIET),
}
_PLACES = {
    Place.HEADER: "in the header",
    Place.SUBJECT: "in the subject",
    Place.BODY: "in the text",
    Place.ATTACHMENT: "attached",
    Place.LEDGER: "by the ledger",
}


def message_json(checked: CheckedMail) -> dict[str, Any]:
    """The JSON object of one mail."""
    item: dict[str, Any] = {"format": FORMAT, "path": checked.path}
    if checked.judgement is None or checked.draft is None:
        return item | {"error": checked.problem}
    return item | {
        "broken": checked.judgement.is_broken,
        "stale": checked.stale,
        "recipients": list(checked.draft.recipients),
        "order_ids": [str(order) for order in checked.draft.orders()],
        "findings": [_finding_json(found) for found in checked.judgement.found],
        "not_checked": [
            {"rule": each.rule, "why": each.why, "how": each.how} for each in checked.judgement.not_checked
        ],
    }


def _finding_json(found: Found) -> dict[str, Any]:
    return {
        "rule": found.rule.id,
        "severity": found.rule.severity.value,
        "grade": found.rule.grade.value,
        "says": found.rule.says,
        "source": found.rule.source,
        "place": found.place.value,
        "count": found.count,
        "examples": list(found.examples),
        "to_do": found.rule.to_do,
    }


def message_sections(checked: CheckedMail, judgement: Judgement, width: int) -> Iterator[Section]:
    """A heading, each finding with what to do, and the checks that could not be made."""
    found = [row for each in judgement.found for row in _found(each)]
    summary = paragraph(width, (_summary(judgement), Look.STRONG))
    yield Section(title=checked.path, grids=(summary, _grid(found, width)))
    rows = [row for each in judgement.not_checked for row in _not_checked(each)]
    yield Section(title="Not checked", grids=(_grid(rows, width),))


def _summary(judgement: Judgement) -> str:
    broken, advice = judgement.count(Severity.FORBIDDEN), judgement.count(Severity.ADVICE)
    look = judgement.count(Severity.CANNOT_TELL)
    said = [
        f"Breaks {counted(broken, 'rule')}" if broken else "Breaks no rule that can be checked",
        *([counted(advice, "piece of advice", "pieces of advice")] if advice else []),
        *([f"{look} to look at"] if look else []),
    ]
    return f"{', '.join(said)}."


def _grid(rows: list[list[Cell]], width: int) -> Grid:
    return Grid(widths=(_LABEL_WIDTH, width - _LABEL_WIDTH), rows=rows, wraps=True)


def _found(found: Found) -> list[list[Cell]]:
    label, look = _LABELS[found.rule.severity]
    more = found.count - len(found.examples) if found.examples else 0
    quoted = [*(f'"{example}"' for example in found.examples), *([f"{more} more"] if more > 0 else [])]
    where = f"{_PLACES[found.place]}{': ' if quoted else ''}{', '.join(quoted)}"
    return [
        [cell(label, look), cell(found.rule.says, Look.STRONG)],
        [(), cell(where)],
        [(), cell(found.rule.to_do)],
        [(), cell(f"{found.rule.id}, {found.rule.grade.value}: {found.rule.source}", Look.QUIET)],
    ]


def _not_checked(each: NotChecked) -> list[list[Cell]]:
    return [
        [cell("", Look.QUIET), cell(each.why)],
        [(), ((each.how, Look.PLAIN), (f"  {each.rule}", Look.QUIET))],
    ]
