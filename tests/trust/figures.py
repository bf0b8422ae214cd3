"""The long run behind docs/explanation/trust-figures.md: forgeries that count, genuine notices that do not.

python -m tests.trust.figures --forgeries 100000 --genuine 10000 --seed 1
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from bounce_watch.records.account import RequireProof
from bounce_watch.records.notice import Finding, Notice

from .forge import forgeries, found_in, genuines, is_counted

_CHUNK = 2_500


@dataclass(slots=True)
class Figures:
    """What a chunk of mails came to; `wrong` names each mail that went the wrong way."""

    made: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Figures) -> None:
        self.made += other.made
        self.wrong += other.wrong


def of_forgeries(seed: int, count: int) -> Figures:
    """Forgeries that count under `always`, or under `auto` for an order that is in nobody's books."""
    figures = Figures()
    for made in forgeries(seed, count):
        found = found_in(made.octets, made.authserv_ids)
        figures.made[_answer(found)] += 1
        if any(is_counted(found, proof) for proof in (RequireProof.ALWAYS, RequireProof.AUTO)):
            figures.wrong.append(made.how)
    return figures


def of_genuines(seed: int, count: int) -> Figures:
    """Genuine notices that do not count under `always`, or are read with another order id."""
    figures = Figures()
    for made in genuines(seed, count):
        found = found_in(made.octets, made.authserv_ids)
        is_right = is_counted(found, RequireProof.ALWAYS) and isinstance(found.result, Notice)
        figures.made[made.how.partition(" / ")[0]] += 1
        if not is_right or f"order_id=OrderId(value='{made.order}')" not in repr(found.result):
            figures.wrong.append(made.how)
    return figures


def _answer(found: Finding) -> str:
    verdict = found.verdict.outcome.value if found.verdict else "no verdict"
    return f"{type(found.result).__name__}, {verdict}"


def measured(kind: str, seed: int, count: int, *, processes: int) -> tuple[Figures, float]:
    """All chunks of one kind, each with a seed of its own, and how many seconds they took together."""
    run = of_forgeries if kind == "forgeries" else of_genuines
    began, total = time.perf_counter(), Figures()
    sizes = [min(_CHUNK, count - start) for start in range(0, count, _CHUNK)]
    seeds = [seed * 1_000_000 + number for number in range(len(sizes))]
    with ProcessPoolExecutor(processes) as pool:
        for figures in pool.map(run, seeds, sizes):
            total.add(figures)
    return total, time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forgeries", type=int, default=100_000)
    parser.add_argument("--genuine", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    wrong = 0
    for kind, count in (("forgeries", given.forgeries), ("genuine", given.genuine)):
        figures, seconds = measured(kind, given.seed, count, processes=given.processes)
        wrong += len(figures.wrong)
        said = "counted" if kind == "forgeries" else "not counted"
        lines = [f"{kind}: {count:,} made, {len(figures.wrong):,} {said}, {seconds:.0f} s, seed {given.seed}"]
        lines += [f"    {number:>7,}  {name}" for name, number in figures.made.most_common()]
        lines += [f"    WRONG  {how}" for how in figures.wrong[:20]]
        sys.stdout.write("\n".join(lines) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
