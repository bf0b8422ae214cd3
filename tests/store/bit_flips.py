"""Flips single bits of a ledger's file and asks what the program then says.

As a figure: `python -m tests.store.bit_flips --times 1000`.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Any

from bounce_watch.errors import BounceWatchError
from bounce_watch.store.ledger import Ledger

from .dump import dump
from .makers import ACCOUNT, HOUR, NOON, sent_between
from .opening import open_ledger


class Outcome(StrEnum):
    FOUND = "db check finds it"
    REFUSED = "SQLite or the program refuses"
    EQUAL = "every fact is as it was"
    SILENT = "a silent wrong answer"


def all_facts(ledger: Ledger) -> list[Any]:
    """All that reports, lists and reviews are made of."""
    return [
        dump(ledger, ACCOUNT),
        list(ledger.opt_out_notices(ACCOUNT)),
        ledger.totals(ACCOUNT),
        ledger.waiting(ACCOUNT),
        ledger.runs(ACCOUNT, 99),
        ledger.decisions(ACCOUNT),
        sent_between(ledger, NOON - 24 * HOUR, NOON + 9_999 * HOUR),
        ledger.coverages(ACCOUNT),
        [kept.raw.octets for kept in ledger.set_aside(ACCOUNT)],
        ledger.exports(ACCOUNT, 99),
        ledger.compare_export(preset="csv", path="out.csv", hashes=[]),
    ]


def flip_and_ask(path: Path, *, times: int, seed: int) -> Counter[Outcome]:
    """One flipped bit at a time, each in a fresh copy; how often which outcome came."""
    with open_ledger(f"sqlite:///{path}") as ledger:
        facts = all_facts(ledger)
    octets = path.read_bytes()
    dice, outcomes = random.Random(seed), Counter[Outcome]()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "ledger.sqlite"
        for _ in range(times):
            bit = dice.randrange(len(octets) * 8)
            flipped = bytearray(octets)
            flipped[bit // 8] ^= 1 << (bit % 8)
            copy.write_bytes(flipped)
            shutil.copyfile(f"{path}.key", f"{copy}.key")
            outcome = _ask(copy, facts)
            if outcome is Outcome.SILENT:
                print(f"silent: bit {bit % 8} of octet {bit // 8}")  # noqa: T201
            outcomes[outcome] += 1
            for suffix in ("-wal", "-shm", "-journal"):
                Path(f"{copy}{suffix}").unlink(missing_ok=True)
    return outcomes


def _ask(path: Path, facts: list[Any]) -> Outcome:
    try:
        with open_ledger(f"sqlite:///{path}", create=False) as ledger:
            if list(ledger.damages()):
                return Outcome.FOUND
            return Outcome.EQUAL if all_facts(ledger) == facts else Outcome.SILENT
    except BounceWatchError:
        return Outcome.REFUSED


def main() -> None:
    from . import makers
    from .make_v2 import LATER
    from .make_v3 import fill

    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        fill(f"sqlite:///{path}")
        with open_ledger(f"sqlite:///{path}") as ledger:
            run = ledger.start_run(ACCOUNT, "import", at=LATER)
            mails = [
                makers.finding(makers.notice(number, alias=makers.buyer(number)))
                for number in range(100, 300)
            ]
            ledger.file(run, mails, cursor=None, read=200, passed=0)
            ledger.file_sent_log(run, makers.log([makers.send(number) for number in range(100, 500)]))
        print(f"{path.stat().st_size:,} octets")  # noqa: T201
        for outcome, count in flip_and_ask(path, times=given.times, seed=given.seed).most_common():
            print(f"{count:6,}  {outcome.value}")  # noqa: T201


if __name__ == "__main__":
    main()
