"""How fast `scrub` is, beside a bare copy of the same file with the csv module, and how much memory it takes.

`python -m tests.bench.scrub [--rows 1000000] [--entries 20000]`: whole processes, alternating, the best of three each. Every
run of scrub has a fresh copy of the ledger, since it files what it withholds.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from bounce_watch.records.account import Account
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.store.ledger import open_ledger
from bounce_watch.upkeep.retention import purge
from tests.store import makers

RUNS = 3
FLOORS = {"in clear": 1 / 3, "hashed": 1 / 5}
MOST_MB = 150
_CHUNK = 500
_COPY = """
import csv, sys
with open(sys.argv[1], newline="", encoding="utf-8") as source, open(sys.argv[2], "w", newline="", encoding="utf-8") as copy:
    csv.writer(copy).writerows(csv.reader(source))
"""
_SETTINGS = """
[ledger]
url = "sqlite:///ledger.sqlite"
[accounts.uk]
marketplaces = ["amazon.co.uk"]
{more}
"""


def buyer(number: int) -> Alias:
    return Alias(f"b{number * 7919 % 10**9:09d}{number % 97:02d}qx", "amazon.co.uk")


def order(number: int) -> OrderId:
    return OrderId(f"203-{number:07d}-{number * 31337 % 10**7:07d}")


def make_ledger(folder: Path, entries: int, *, hashed: bool) -> None:
    """A ledger of so many opt-outs, sixty days old, and settings that keep their names in clear or don't."""
    now = datetime.now(UTC)
    folder.mkdir()
    (folder / "settings.toml").write_text(_SETTINGS.format(more="list_days = 30" if hashed else ""))
    with open_ledger(f"sqlite:///{folder}/ledger.sqlite") as ledger:
        run = ledger.start_run("uk", "poll", at=now - timedelta(days=60))
        for start in range(0, entries, _CHUNK):
            notices = [
                makers.notice(
                    number, order_id=order(number), alias=buyer(number), noticed_at=now - timedelta(days=60)
                )
                for number in range(start, min(start + _CHUNK, entries))
            ]
            ledger.file(run, list(map(makers.finding, notices)), cursor=None, read=len(notices), passed=0)
        ledger.finish_run(
            run, at=now - timedelta(days=60), state=RunState.COMPLETE, read=entries, filed=Filed()
        )
        purge(ledger, Account(name="uk", list_days=30 if hashed else None), now=now)


def make_rows(path: Path, rows: int, entries: int) -> None:
    """Six columns; every fiftieth row is for somebody on the list."""
    chance = random.Random(4)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Order ID", "Name", "Email", "Address", "Tracking", "Shipped"])
        for number in range(rows):
            whom = chance.randrange(entries) if number % 50 == 0 else entries + number
            street = f"{number % 300} High Street" + (", Flat 2" if number % 20 == 0 else "")
            writer.writerow(
                [order(whom), f"Buyer {number}", buyer(whom), street, f"TRK{number:010d}", "2026-11-23"]
            )


class Run(NamedTuple):
    """What a process took: processor seconds first, since other programs share the machine."""

    cpu_s: float
    seconds: float
    peak_mb: float


def run(arguments: Sequence[str], folder: Path) -> Run:
    """Run Python with these arguments to its end."""
    start = time.perf_counter()
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, *arguments],
        {**os.environ, "HOME": str(folder), "BOUNCE_WATCH_CONFIG": str(folder / "settings.toml")},
    )
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{arguments} ended with {os.waitstatus_to_exitcode(status)}")
    seconds = time.perf_counter() - start
    return Run(usage.ru_utime + usage.ru_stime, seconds, usage.ru_maxrss / 1024)


def measure(folder: Path, source: Path, entries: int, *, kind: str, runs: int) -> bool:
    """Print the figures of one kind; whether they hold."""
    made, used = folder / f"made-{kind}", folder / f"used-{kind}"
    make_ledger(made, entries, hashed=kind == "hashed")
    copies, scrubs = list[Run](), list[Run]()
    outputs = ["-o", str(folder / "clean.csv"), "--dropped", str(folder / "dropped.csv")]
    for _ in range(runs):
        copies.append(run(["-c", _COPY, str(source), str(folder / "copy.csv")], folder))
        shutil.rmtree(used, ignore_errors=True)
        shutil.copytree(made, used)
        scrubs.append(run(["-m", "bounce_watch", "scrub", str(source), *outputs], used))
    copy, scrub = min(copies), min(scrubs)
    memory = max(each.peak_mb for each in scrubs)
    ratio = min(each.seconds for each in copies) / min(each.seconds for each in scrubs)
    holds = ratio >= FLOORS[kind] and memory < MOST_MB
    print(
        f"{kind}: ratio {ratio:.2f} (floor {FLOORS[kind]:.2f}), of processor time {copy.cpu_s / scrub.cpu_s:.2f}"
        f" ({copy.cpu_s:.1f} s and {scrub.cpu_s:.1f} s); {memory:.0f} MB (limit {MOST_MB}):"
        f" {'holds' if holds else 'TOO LITTLE'}",
        flush=True,
    )
    return holds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=RUNS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "outgoing.csv"
        make_rows(source, asked.rows, asked.entries)
        held = [measure(Path(name), source, asked.entries, kind=kind, runs=asked.runs) for kind in FLOORS]
    raise SystemExit(not all(held))


if __name__ == "__main__":
    main()
