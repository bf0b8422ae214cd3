"""Horizontal bars made of characters: geometry only, no colour and no library.

A rate's bar is solid up to the low end of its interval, shaded from there to the high end, and has a mark
at the rate itself. A long shade says "few messages, little known" without a word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from itertools import groupby
from math import floor, log10
from statistics import median

from bounce_watch.records.rate import Rate


class BarPart(Enum):
    """What a piece of a bar stands for."""

    SOLID = auto()
    BAND = auto()
    MARK = auto()
    EMPTY = auto()


Piece = tuple[BarPart, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """The characters that draw. `steps` are parts of a cell, thinnest first; `over` says "goes on"."""

    solid: str
    band: str
    mark: str
    over: str
    steps: str
    rule: str
    ellipsis: str


BLOCKS = Glyphs(solid="█", band="░", mark="┃", over="▸", steps="▏▎▍▌▋▊▉", rule="─", ellipsis="…")
ASCII = Glyphs(solid="#", band="=", mark="|", over=">", steps="", rule="-", ellipsis="...")

_ROUND = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Ends of a scale whose half is easy to read as well."""


def rate_scale(rates: Iterable[Rate]) -> float:
    """The right end of a scale for these rates, a round share.

    It holds every interval, unless a long one would press the others flat: a bucket with less than a tenth
    of the usual number contacted has no say, and nothing reaches beyond 2.5 times the largest rate.
    """
    known = [rate for rate in rates if rate.value is not None]
    usual = median([rate.contacted for rate in known] or [0])
    heard = [rate for rate in known if rate.contacted * 10 >= usual]
    highest = max((rate.high or 0.0 for rate in heard), default=0.0)
    largest = max((rate.value or 0.0 for rate in heard), default=0.0)
    wanted = max(min(highest, 2.5 * largest) if largest else highest, 0.001)
    return min(1.0, next(end for end in _round_ends(wanted) if end >= wanted * (1 - 1e-9)))


def shared_scale(*charts: Iterable[Rate]) -> float:
    """One right end for several charts that are read side by side: the largest of theirs; charts without a rate have no say."""
    known = [[rate for rate in rates if rate.value is not None] for rates in charts]
    return max((rate_scale(rates) for rates in known if rates), default=rate_scale(()))


def is_beyond(value: float, top: float) -> bool:
    """True when a scale that ends at `top` has no room for the value."""
    return value > top * 1.000001


def count_scale(numbers: Iterable[int]) -> int:
    """The right end of a scale for these counts: even, so that its middle is a count too."""
    wanted = max([2, *numbers])
    return next(int(end) for end in _round_ends(wanted) if end >= wanted and end % 2 == 0)


def rate_bar(rate: Rate, top: float, cells: int, glyphs: Glyphs) -> list[Piece]:
    """The pieces of a rate's bar, `cells` wide in all; nothing but blanks without a rate."""
    if rate.value is None or rate.low is None or rate.high is None:
        return [(BarPart.EMPTY, " " * cells)]
    low, high = (round(min(end / top, 1) * cells) for end in (rate.low, rate.high))
    parts = [BarPart.SOLID] * low + [BarPart.BAND] * (high - low) + [BarPart.EMPTY] * (cells - high)
    parts[min(int(rate.value / top * cells), cells - 1)] = BarPart.MARK
    drawn = [(part, _glyph(part, glyphs)) for part in parts]
    if is_beyond(rate.high, top):
        drawn[-1] = (drawn[-1][0], glyphs.over)
    return [(part, "".join(char for _, char in run)) for part, run in groupby(drawn, key=lambda one: one[0])]


def count_bar(number: int, top: int, cells: int, glyphs: Glyphs) -> list[Piece]:
    """The pieces of a count's bar, `cells` wide in all; anything above zero shows at least a sliver."""
    fine = len(glyphs.steps) + 1
    length = min(max(round(number / top * cells * fine), 1 if number > 0 else 0), cells * fine)
    whole, rest = divmod(length, fine)
    bar = glyphs.solid * whole + (glyphs.steps[rest - 1] if rest else "")
    return [(BarPart.SOLID, bar), (BarPart.EMPTY, " " * (cells - len(bar)))]


def axis(left: str, middle: str, right: str, cells: int) -> str:
    """The labels of a scale above its bars: at the start, the middle and the end."""
    line = left.ljust(cells // 2 - len(middle) // 2) + middle
    return line + right.rjust(cells - len(line))


def _glyph(part: BarPart, glyphs: Glyphs) -> str:
    return {BarPart.SOLID: glyphs.solid, BarPart.BAND: glyphs.band, BarPart.MARK: glyphs.mark}.get(part, " ")


def _round_ends(number: float) -> list[float]:
    """Round numbers of this size, rising; the last is above it."""
    unit: float = 10.0 ** floor(log10(number) + 1e-9)
    return [step * unit for step in _ROUND]
