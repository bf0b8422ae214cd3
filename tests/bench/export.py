"""`suppressions export` of many opt-outs, from the ledger to the file, against csv.writer writing the same rows.

    python -m tests.bench.export FOLDER [OPT_OUTS]

FOLDER lies outside the repository and is that of `tests.bench.check`, whose ledger is used. Processor seconds of whole
processes, once for the first export and once for one that finds nothing new. What the shape of the rows costs alone is
measured by `tests.bench.render`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.check import OPT_OUTS, SETTINGS, make_ledger
from tests.bench.scrub import run

_WRITE = """
import csv, sys
with open(sys.argv[1], newline="") as rows, open(sys.argv[2], "w", newline="") as target:
    listed = list(csv.reader(rows))
    csv.writer(target).writerows(listed)
"""


def main() -> None:
    folder = Path(sys.argv[1])
    opt_outs = int(sys.argv[2]) if len(sys.argv) > 2 else OPT_OUTS
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.toml").write_text(SETTINGS, "utf-8")
    make_ledger(folder, opt_outs)
    target = folder / f"list-{opt_outs}.csv"
    export = ["-m", "bounce_watch", "suppressions", "export", "--preset", "csv", "-o", str(target)]
    target.unlink(missing_ok=True)
    first, again = run([*export, "--allow-surge"], folder), run([*export, "--allow-surge"], folder)
    with_rows = run(["-c", _WRITE, str(target), str(folder / "floor.csv")], folder)
    read_only = run(["-c", _READ, str(target)], folder)
    floor = with_rows.cpu_s - read_only.cpu_s
    print(f"csv.writer of the same {opt_outs:,} rows  {floor:7.1f} s")
    for name, done in (("first export", first), ("again, nothing new", again)):
        print(
            f"{name:20} {done.cpu_s:7.1f} s, {floor / done.cpu_s:.3f} of its speed, {done.peak_mb:.0f} MB,"
            f" {done.cpu_s / opt_outs * 1e6:.0f} microseconds an entry"
        )


_READ = """
import csv, sys
with open(sys.argv[1], newline="") as rows:
    listed = list(csv.reader(rows))
"""

if __name__ == "__main__":
    main()
