"""The runs of an account, and the history of a buyer or order, in their two forms for people and programs.

The JSON is one object on one line for each run or event; instants are ISO 8601, what is not known is null.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from bounce_watch.records.filed import Event, Run
from bounce_watch.reports import wording as say
from bounce_watch.reports.layout import Cell, Grid, Look, Section, cell, cells, paragraph
from bounce_watch.text.inert import json_text

ROOMY, NARROW = 120, 74
"""From the first width on the table of runs has what they said as well; below the second, days and fewer figures."""

_GAP = 2
_WHEN = 17 + _GAP


def runs_section(account: str, runs: Sequence[Run], width: int, zone: tzinfo) -> Section:
    """The runs as a table, in the order given."""
    title = f"Runs of {account}"
    if not runs:
        return Section(title=title, grids=(paragraph(width, ("None yet.", Look.PLAIN)),))
    table = [_run_row(run, width, zone) for run in runs]
    heads = list(table[0])
    widths = [max(len(head), *(len(row[head][0]) for row in table)) + _GAP for head in heads]
    wide = heads.index("said" if "said" in heads else "command")
    widths[wide] = max(4, width - sum(widths) + widths[wide])
    rows = [cells(*(head.strip() for head in heads), look=Look.QUIET)]
    rows += [[cell(*row[head]) for head in heads] for row in table]
    grid = Grid(widths=tuple(widths), rows=rows, right_from=heads.index("read"), gap=_GAP)
    return Section(title=title, grids=(grid,))


def _run_row(run: Run, width: int, zone: tzinfo) -> dict[str, tuple[str, Look]]:
    """What stands in a run's row, by the head of its column."""
    when = say.moment(run.started_at, zone)
    mark = ("undone", Look.CHECK) if run.undone else ("", Look.PLAIN)
    texts = {
        "run": str(run.id),
        "when": say.day_text(run.started_at.astimezone(zone).date()) if width < NARROW else when,
        "command": run.command,
        "state": run.state.value,
        " ": "",
        **({"said": run.message} if width >= ROOMY else {}),
        "read": f"{run.read:,}",
        "new": f"{run.filed.new:,}",
        **({"known": f"{run.filed.duplicates:,}"} if width >= NARROW else {}),
    }
    return {head: (text, Look.PLAIN) for head, text in texts.items()} | {" ": mark}


def runs_json(runs: Sequence[Run]) -> Iterator[str]:
    """One line for each run."""
    for run in runs:
        yield json_text(
            {
                "account": run.account,
                "run": run.id,
                "command": run.command,
                "state": run.state.value,
                "undone": run.undone,
                "started_at": run.started_at.isoformat(),
                "finished_at": run.finished_at.isoformat() if run.finished_at else None,
                "read": run.read,
                "new": run.filed.new,
                "duplicates": run.filed.duplicates,
                "not_amazon": run.filed.not_amazon,
                "message": run.message,
            },
            sort_keys=True,
        )


def history_section(account: str, name: str, events: Sequence[Event], width: int, zone: tzinfo) -> Section:
    """Every event with its time and run, in the order given; an undone one says so."""
    run = max(len("run"), *(len(str(event.run or "")) for event in events)) + _GAP
    rows = [cells("when", "run", "what", look=Look.QUIET)]
    for event in events:
        mark: Cell = (("undone: ", Look.CHECK),) if event.undone else ()
        what: Cell = (*mark, (say.names_shortened(event.what), Look.PLAIN))
        rows.append([cell(say.moment(event.at, zone)), cell(str(event.run or "")), what])
    grid = Grid(widths=(_WHEN, run, width - _WHEN - run), rows=rows, wraps=True)
    return Section(title=f"{name}, account {account}", grids=(grid,))


def history_json(account: str, events: Sequence[Event]) -> Iterator[str]:
    """One line for each event."""
    for event in events:
        yield json_text(
            {
                "account": account,
                "at": event.at.isoformat(),
                "kind": event.kind,
                "what": event.what,
                "run": event.run,
                "undone": event.undone,
            },
            sort_keys=True,
        )
