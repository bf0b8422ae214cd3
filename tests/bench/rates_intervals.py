"""How often the 95 % interval of a rate holds the truth: `python -m tests.bench.rates_intervals [SELLERS]`.

Each cell has SELLERS (10,000) simulated sellers of one size, rate and habit of writing. A buyer is one coin: of those
who opted out every message is blocked. Each seller's interval is what `measure_rates` gives for its counts. The aim is
94 to 96 % over all cells, and no cell with ten expected notices (of the basis) under 93 %. Cells with fewer are shown
in a line of their own. The comparison: what the MESSAGES would hold without the design effect.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from functools import cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bounce_watch.rates.measure import design_effect
from bounce_watch.rates.wilson import wilson
from bounce_watch.records.rate import Basis, SendTally

SHARES = (0.013, 0.02, 0.05, 0.1)
BUYERS = (300, 500, 800, 1000, 1500, 2000, 5000, 10_000, 20_000)
HABITS = {
    "1 mail": (1.0, 0.0, 0.0),
    "2 mails": (0.0, 1.0, 0.0),
    "3 mails": (0.0, 0.0, 1.0),
    "1 to 3": (0.5, 0.3, 0.2),
}
"""For which part of the buyers there are one, two and three mails."""

LEAST_EXPECTED = 10
interval = cache(wilson)


def cover(
    chance: Generator, sellers: int, buyers: int, share: float, habit: tuple[float, ...]
) -> dict[str, float]:
    """The part of the sellers whose interval holds the true share, by basis, and for messages taken as single."""
    sizes = chance.multinomial(buyers, habit, size=sellers)
    gone = chance.binomial(sizes, share)
    mails = np.array([1, 2, 3])
    hits: dict[str, int] = defaultdict(int)
    for size, out in zip(sizes, gone, strict=True):
        messages, blocked = int(size @ mails), int(out @ mails)
        tally = SendTally(messages=messages, buyers=buyers, squares=int(size @ mails**2))
        hits[Basis.BUYERS] += holds(share, int(out.sum()), buyers, 1.0)
        hits[Basis.MESSAGES] += holds(share, blocked, messages, design_effect(tally))
        hits["single"] += holds(share, blocked, messages, 1.0)
    return {name: count / sellers for name, count in hits.items()}


def holds(share: float, opted_out: int, contacted: int, effect: float) -> bool:
    low, high = interval(opted_out, contacted, design_effect=effect)
    return low <= share <= high


def summary(name: str, shares: NDArray[np.float64]) -> str:
    return f"{name:40} pooled {shares.mean():6.2%}, worst cell {shares.min():6.2%}, best {shares.max():6.2%}"


def main(sellers: int) -> None:
    chance = np.random.default_rng(20261123)
    print(
        f"{sellers} sellers a cell; % that hold the truth\nhabit, rate, buyers{'':14}buyers messages single"
    )
    cells: dict[tuple[str, bool], list[float]] = defaultdict(list)
    for habit, parts in HABITS.items():
        for share in SHARES:
            for buyers in BUYERS:
                found = cover(chance, sellers, buyers, share, parts)
                print(
                    f"{habit}, {share:.1%}, {buyers:6}".ljust(32),
                    *(f"{100 * found[name]:7.2f}" for name in (Basis.BUYERS, Basis.MESSAGES, "single")),
                    flush=True,
                )
                for name, value in found.items():
                    cells[name, buyers * share >= LEAST_EXPECTED].append(value)
    for (name, enough), values in sorted(cells.items()):
        print(summary(f"{name}, {'at least' if enough else 'under'} ten expected", np.array(values)))
    for name in (Basis.BUYERS, Basis.MESSAGES):
        print(summary(f"{name}, all", np.array(cells[name, True] + cells[name, False])))


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:2] or ["10000"]))
