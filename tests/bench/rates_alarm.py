"""False alarms of the change point, and how soon a doubled rate is found: `python -m tests.bench.rates_alarm [SELLERS]`.

Simulated sellers, looked at every morning. A false alarm is one that is raised in the thirty mornings after twelve
stable weeks (`month`), or in the first thirty that have enough data (`first`), by a rise or by a fall. Found: of the
sellers without an alarm in twelve stable weeks, those told within fourteen mornings of another rate. The thresholds of
`bounce_watch.rates.alarm` are looked for with arrays here; a few hundred sellers are asked by `find_change` itself.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bounce_watch.rates.alarm import RULES, DayCount, Rule, find_change

Counts = NDArray[np.int32]
Found = NDArray[np.bool_]

STABLE, MONTH, SOON = 84, 30, 14
FIRST = 42
"""Mornings before this one have too little to say."""

SHARES = (0.013, 0.02, 0.05, 0.1)
WEEKLY = (300, 1000, 5000)
CYCLES = {
    "even": (1, 1, 1, 1, 1, 1, 1),
    "cycle": (1.3, 1.2, 1.1, 1.1, 1.0, 0.7, 0.6),
    "weekdays": (1, 1, 1, 1, 1, 0, 0),
}
BEGIN = date(2026, 1, 5)


def volumes(days: int, weekly: int, cycle: Sequence[float]) -> Counts:
    """Whole buyers a day that add up to the week's."""
    shape = np.resize(np.array(cycle, float) / sum(cycle), days)
    sums = np.floor(np.cumsum(shape * weekly) + 1e-6)
    return np.diff(sums, prepend=0).astype(np.int32)


def draw(
    chance: Generator, sellers: int, contacted: Counts, shares: Sequence[float], scatter: float
) -> Counts:
    """Opted out of each seller and day; with a scatter the days' rates differ (log-normal)."""
    columns = []
    for day, share in zip(contacted, shares, strict=True):
        real = share * np.exp(chance.normal(0, scatter, sellers) - scatter**2 / 2) if scatter else share
        columns.append(chance.binomial(day, real, size=sellers))
    return np.stack(columns, axis=1).astype(np.int32)


def fit(opted_out: NDArray[np.float64], contacted: float) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return sum(
            (
                np.where(part > 0, part * np.log(part / contacted), 0.0)
                for part in (opted_out, contacted - opted_out)
            ),
            np.zeros(()),
        )


def alarms(contacted: Counts, opted_out: Counts, rule: Rule) -> Found:
    """Which sellers are told on which morning (how many days are known), were it the first time."""
    sent = np.concatenate([[0], np.cumsum(contacted)]).astype(float)
    gone = np.pad(np.cumsum(opted_out, axis=1), ((0, 0), (1, 0))).astype(float)
    found = np.zeros((opted_out.shape[0], len(contacted) + 1), dtype=np.bool_)
    for known in range(28 + max(rule.windows) + rule.behind, len(contacted) + 1):
        until, enough, evidence = known - rule.behind, found[:, 0], np.zeros(len(found))
        for window in rule.windows:
            since = until - window
            begin = max(0, since - 182)
            n, m = sent[until] - sent[since], sent[since] - sent[begin]
            x, y = gone[:, until] - gone[:, since], gone[:, since] - gone[:, begin]
            moved = (3 * x * m >= 4 * y * n) if rule.rising else (3 * y * n >= 4 * x * m)
            evidence = evidence + np.where(moved, fit(x, n) + fit(y, m) - fit(x + y, n + m), 0.0)
            enough = (x + y) * n / (n + m) >= 5  # what counts is the longest window, which comes last
        found[:, known] = enough & (evidence / len(rule.windows) >= rule.threshold)
    return found


def told(contacted: Counts, opted_out: Counts) -> tuple[Found, Found]:
    rises, falls = (alarms(contacted, opted_out, rule) for rule in RULES)
    return rises, falls


def share_new(found: Found, start: int, length: int) -> float:
    """Of all sellers, those first told on one of these mornings."""
    before = found[:, :start].any(axis=1)
    return float((~before & found[:, start : start + length].any(axis=1)).mean())


def stable(
    chance: Generator, sellers: int, weekly: int, share: float, cycle: str, scatter: float = 0.0
) -> None:
    days = STABLE + MONTH
    contacted = volumes(days, weekly, CYCLES[cycle])
    rises, falls = told(contacted, draw(chance, sellers, contacted, [share] * days, scatter))
    month = [100 * share_new(found, STABLE + 1, MONTH) for found in (rises, falls, rises | falls)]
    first = 100 * share_new(rises | falls, FIRST, MONTH)
    name = f"{weekly} a week, {share:.1%}, {cycle}" + (f", days differ by {scatter:.0%}" if scatter else "")
    print(f"{name:45} {month[0]:6.2f} {month[1]:6.2f} {month[2]:6.2f} {first:6.2f}", flush=True)


def moved(
    chance: Generator, sellers: int, weekly: int, share: float, factor: float, late: float = 0.0
) -> None:
    """`late`: so many of a day's notices come a day later, and again as many of those a day after that."""
    days = STABLE + 5 * SOON
    contacted = volumes(days, weekly, CYCLES["even"])
    opted_out = draw(chance, sellers, contacted, [share] * STABLE + [factor * share] * 5 * SOON, 0.0)
    if late:
        rises, falls = seen_late(chance, contacted, opted_out, late)
    else:
        rises, falls = told(contacted, opted_out)
    found = rises | falls
    clean = ~found[:, : STABLE + 1].any(axis=1)
    soon = [
        100 * float(found[clean, STABLE + 1 : STABLE + 1 + n].any(axis=1).mean()) for n in (7, 14, 28, 42)
    ]
    name = f"{weekly} a week, {share:.1%}, times {factor:g}" + (f", {late:.0%} a day late" if late else "")
    print(f"{name:45} " + " ".join(f"{one:6.1f}" for one in soon), flush=True)


def seen_late(chance: Generator, contacted: Counts, opted_out: Counts, late: float) -> tuple[Found, Found]:
    rises = np.zeros((opted_out.shape[0], len(contacted) + 1), dtype=np.bool_)
    for known in range(STABLE + 1, STABLE + SOON + 1):
        seen = opted_out[:, :known].copy()
        for age in range(3):
            seen[:, known - 1 - age] = chance.binomial(seen[:, known - 1 - age], 1 - late ** (age + 1))
        rises[:, known] = alarms(contacted[:known], seen, RULES[0])[:, known]
    return rises, np.zeros_like(rises)


def as_told(chance: Generator, sellers: int) -> None:
    """The arrays against the program itself, and how far from the truth its day is."""
    days = STABLE + SOON
    contacted = volumes(days, 1000, CYCLES["cycle"])
    opted_out = draw(chance, sellers, contacted, [0.02] * STABLE + [0.04] * SOON, 0.0)
    rises, falls = told(contacted, opted_out)
    off = []
    for seller in range(sellers):
        rows = [
            DayCount(day=BEGIN + timedelta(days=day), contacted=int(n), opted_out=int(x))
            for day, (n, x) in enumerate(zip(contacted, opted_out[seller], strict=True))
        ]
        point, _ = find_change(rows)
        expected = (rises | falls)[seller, days - 27 :].any()
        if not (rises | falls)[seller, : days - 27].any() and (point is not None) != expected:
            raise AssertionError("the arrays and the program differ")
        if point is not None:
            off.append((point.since - BEGIN).days - STABLE)
    spread = [int(one) for one in np.percentile(off, [5, 25, 50, 75, 95])]
    print(f"{sellers} asked by the program: the same. `since` is off by (5, 25, 50, 75, 95 %): {spread} days")


def main(sellers: int) -> None:
    chance = np.random.default_rng(20261123)
    as_told(chance, 400)
    print(f"\nfound, % of {sellers} sellers, after".ljust(46) + "      7     14     28     42 days")
    for share in SHARES:
        moved(chance, sellers, 1000, share, 2.0)
        for factor in (1.5, 3.0, 0.5, 0.25):
            moved(chance, sellers // 5, 1000, share, factor)
    for share in SHARES[:2]:
        moved(chance, sellers // 5, 1000, share, 2.0, late=0.15)
    print(f"\nfalse alarms, % of {sellers} sellers".ljust(46) + " rises  falls   both  first")
    for cycle in CYCLES:
        for weekly in WEEKLY:
            for share in SHARES:
                stable(chance, sellers, weekly, share, cycle)
    for weekly, share in ((1000, 0.02), (1000, 0.1), (5000, 0.05), (5000, 0.1)):
        stable(chance, sellers // 4, weekly, share, "cycle", scatter=0.2)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:2] or ["60000"]))
