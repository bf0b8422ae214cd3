"""What is still known of buyers on days 29, 30 and 31, in every file and every word.

As a figure: `python -m tests.retention.figures --identities 10000`.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bounce_watch.cli.export import Wanted, write_list
from bounce_watch.cli.purge import _tell
from bounce_watch.cli.report import drawn
from bounce_watch.cli.talk import out
from bounce_watch.records.account import Account
from bounce_watch.reports.render import Form
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.suppression.preset import load_preset
from bounce_watch.suppression.scrub import ScrubOptions
from bounce_watch.suppression.scrub_columns import ScrubColumns
from bounce_watch.upkeep.report import asked, report_contents
from bounce_watch.upkeep.retention import purge
from bounce_watch.upkeep.scrub import scrub

from . import world as worlds
from .world import DAY, START, World

SECOND = timedelta(seconds=1)
MOMENTS = {
    "day 29": 29 * DAY,
    "day 30": 30 * DAY,
    "day 30 and a second": 30 * DAY + SECOND,
    "day 31": 31 * DAY,
}
KEPT_AT = {"day 29", "day 30"}
"""Kept for 30 days, gone when older."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One moment: in which places how many inactive buyers stand in clear; how many active ones scrub caught."""

    places: dict[str, int]
    caught: int
    active: int
    spared: int
    report: dict[str, object]


class _Output(io.TextIOWrapper):
    """A stream as the program's own, which is kept."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="")

    def text(self) -> str:
        self.flush()
        raw = self.buffer
        assert isinstance(raw, io.BytesIO)
        return raw.getvalue().decode()


@contextmanager
def _heard() -> Iterator[list[_Output]]:
    out, err = _Output(), _Output()
    with redirect_stdout(out), redirect_stderr(err):
        yield [out, err]


def look(folder: Path, world: World, *, strict: bool) -> dict[str, Seen]:
    """Fill a ledger, then purge, export, report and scrub at every moment, and search all files for names."""
    seen = {}
    with open_ledger(f"sqlite:///{folder}/ledger.sqlite") as ledger:
        worlds.fill(ledger, world)
        ledger.sweep_out()
        ledger.back_up(None, at=START)
        for name, later in MOMENTS.items():
            seen[name] = _at(ledger, folder, world, START + later, strict=strict)
    return seen


def _at(ledger: Ledger, folder: Path, world: World, now: datetime, *, strict: bool) -> Seen:
    # Strict: the entry is a hash from its 30th day on, the shortest that the settings take.
    account = worlds.account(list_days=30 if strict else None)
    work = folder / "work"
    work.mkdir(exist_ok=True)
    with _heard() as streams:
        _tell(account, purge(ledger, account, now=now), as_json=True)
        for preset in ("addresses", "orders", "csv"):
            target = work / f"list.{preset}"
            wanted = Wanted(preset, target)
            write_list([account], ledger, load_preset(preset), wanted, at=now, zone=ZoneInfo("UTC"))
        month = asked("month", None, ZoneInfo("UTC"), now=now)
        out(drawn(report_contents(ledger, [account], month, now=now, polled=())))
        source = worlds.outgoing(folder / "outgoing.csv", world)
        done = scrub(
            ledger,
            account,
            source,
            clean_path=folder / "clean.csv",
            dropped_path=folder / "dropped.csv",
            options=ScrubOptions(columns=ScrubColumns(alias=("Email",), order_id=("Order",))),
            clock=lambda: now,
        ).result
        purge(ledger, account, now=now)
    json_text = _report(ledger, account, now)
    files = [*folder.glob("ledger*"), *(folder / "backups").iterdir(), *work.iterdir()]
    said = "".join(stream.text() for stream in streams) + json_text
    places = {place: len(numbers) for place, numbers in worlds.held(files, said, world).items()}
    return Seen(
        places=places,
        caught=done.dropped,
        active=len(world.active),
        spared=done.kept,
        report=worlds.facts_of_report(json_text),
    )


def _report(ledger: Ledger, account: Account, now: datetime) -> str:
    """The report of the month of the sends, whatever the moment."""
    wanted = asked("month", START.date(), ZoneInfo("UTC"), now=now)
    return drawn(report_contents(ledger, [account], wanted, now=now, polled=()), Form.JSON)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--identities", type=int, default=10_000)
    parser.add_argument("--active", type=int, default=200)
    given = parser.parse_args()
    world = worlds.make_world(given.identities, given.active)
    for strict in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            seen = look(Path(folder), world, strict=strict)
        print("list_days = 30" if strict else "list_days left out")  # noqa: T201
        for moment, one in seen.items():
            places = ", ".join(f"{place}: {count:,}" for place, count in sorted(one.places.items()))
            caught = f"caught {one.caught} of {one.active}, spared {one.spared:,}"
            print(f"  {moment}: {caught}; in clear: {places}")  # noqa: T201
        reports = [one.report for one in seen.values()]
        same = all(each == reports[0] for each in reports)
        print(f"  the report is the same at every moment: {same}; its rates: {reports[0]['rates']}")  # noqa: T201


if __name__ == "__main__":
    main()
