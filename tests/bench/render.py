"""How fast the list is written beside a bare `csv.writer`, and in how much memory.

`python -m tests.bench.render [ENTRIES]` writes 1,000,000 entries with each preset below, best of three whole processes each
(processor time), in turn: `bare`, csv.writer with rows of the same texts; `made`, the same entries made and let go; and
`render`. Two ratios: all of `render` against `bare` (the entries are made in that time, too), which is held to the floor, and
without the time that making them takes.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bounce_watch.records.opt_out import SuppressionEntry

FLOOR = 1 / 6
LIMIT_MB = 150
ENTRIES = 1_000_000
ROUNDS = 3
PRESETS = ("addresses", "csv", "orders", "jsonl", "xlsx")
MEASURED = ("addresses", "csv")
"""Those with a figure; the others are shown."""

FIRST = datetime(2025, 1, 1, tzinfo=UTC)


def rows(preset: str, entries: int) -> Iterator[list[str]]:
    """The cells that the export has, as texts."""
    for number in range(entries):
        alias = f"{number * 7919:015x}@marketplace.amazon.co.uk"
        order = f"203-{number:07d}-{number % 9999991:07d}"
        if preset != "csv":
            yield [order if preset == "orders" else alias]
            continue
        at = f"2025-01-01T{number % 24:02d}:{number % 60:02d}:{number % 59:02d}Z"
        yield [
            "uk",
            alias,
            order,
            "amazon.co.uk",
            at,
            at,
            "1",
            "opt_out",
            "opted out of unsolicited messages",
            "",
        ]


def write_bare(preset: str, entries: int, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows(preset, entries))


def write_rendered(preset: str, entries: int, path: Path) -> None:
    from bounce_watch.suppression.export import render_export
    from bounce_watch.suppression.preset import load_preset

    with path.open("wb") as file:
        for block in render_export(made(entries), load_preset(preset), one_account=True):
            file.write(block)


def write_nothing(preset: str, entries: int, path: Path) -> None:
    path.write_text(str(sum(1 for _ in made(entries))), "utf-8")


def made(entries: int) -> Iterator[SuppressionEntry]:
    from bounce_watch.records.ids import Alias, OrderId
    from bounce_watch.records.opt_out import EntrySource, SuppressionEntry

    for number in range(entries):
        at = FIRST + timedelta(seconds=number)
        yield SuppressionEntry(
            account="uk",
            alias=Alias(f"{number * 7919:015x}", "amazon.co.uk"),
            order_ids=(OrderId(f"203-{number:07d}-{number % 9999991:07d}"),),
            marketplace="amazon.co.uk",
            since=at,
            last_noticed_at=at,
            notices=1,
            source=EntrySource.OPT_OUT,
            reason="opted out of unsolicited messages",
        )


WAYS = {"bare": write_bare, "made": write_nothing, "render": write_rendered}


def measure(way: str, preset: str, entries: int, path: Path) -> tuple[float, float]:
    """Seconds of processor time and peak megabytes of a whole process: others may be at work on the machine."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)"
    )
    child = [sys.executable, "-m", "tests.bench.render", str(entries), way, preset, str(path)]
    done = subprocess.run([sys.executable, "-c", code, *child], check=True, capture_output=True, text=True)
    seconds, peak = map(float, done.stdout.split())
    return seconds, peak


def main() -> int:
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    if len(sys.argv) > 2:
        WAYS[sys.argv[2]](sys.argv[3], entries, Path(sys.argv[4]))
        return 0
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for preset in PRESETS:
            rounds = range(ROUNDS if preset in MEASURED else 1)
            runs = [{way: measure(way, preset, entries, Path(folder, way)) for way in WAYS} for _ in rounds]
            best = {way: min(run[way][0] for run in runs) for way in WAYS}
            peak = max(run["render"][1] for run in runs)
            whole, own = best["bare"] / best["render"], best["bare"] / (best["render"] - best["made"])
            print(
                f"{preset:10} bare {best['bare']:.2f} s, render {best['render']:.2f} s ({best['made']:.2f} s of it"
                f" to make the entries): {whole:.2f} of its speed, {own:.2f} without making them; {peak:.0f} MB",
                flush=True,
            )
            failed |= preset in MEASURED and (whole < FLOOR or peak > LIMIT_MB)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
