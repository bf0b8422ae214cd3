"""Remembers which names were met, exactly and in little memory: an export may hold millions of them."""

from __future__ import annotations

from array import array

from bounce_watch.records.ids import Alias, OrderId

_WORD = 64
_LOW = (1 << _WORD) - 1


_TABLED = 22
"""Letters of the longest local part that has a number of at most 128 bits."""


class Once:
    """Tells names that are met for the first time from those that were met before; names in clear, of one kind.

    A name is a number of at most 128 bits, in a hash table of two arrays: 24 to 48 octets each, where a set of texts takes 150.
    Aliases that do not fit, which Amazon has not been seen to make, stand in a set.
    """

    def __init__(self) -> None:
        self._mask = (1 << 10) - 1
        self._high, self._low = _empty(self._mask), _empty(self._mask)
        self._count = 0
        self._marketplaces: dict[str, int] = {}
        self._others: set[Alias] = set()

    def is_new(self, name: OrderId | Alias) -> bool:
        """True the first time that it is asked for this name."""
        if isinstance(name, OrderId):
            number = int(f"1{name.value.replace('-', '')}", 36)
        elif len(name.local) <= _TABLED and name.local.isalnum():
            number = self._alias_number(name)
        else:
            new = name not in self._others
            self._others.add(name)
            return new
        if not self._put(number >> _WORD, number & _LOW):
            return False
        self._count += 1
        if self._count * 3 > self._mask * 2:
            self._grow()
        return True

    def _alias_number(self, alias: Alias) -> int:
        """The 1 in front keeps zeros that lead, as for an order; there are fewer than 256 marketplaces."""
        marketplace = self._marketplaces.setdefault(alias.marketplace, len(self._marketplaces))
        return int(f"1{alias.local}", 36) << 8 | marketplace

    def _put(self, high: int, low: int) -> bool:
        """Write the number where it belongs; False if it stands there. No number is 0, which means an empty place."""
        mask, highs, lows = self._mask, self._high, self._low
        at = hash((high, low)) & mask
        while lows[at] or highs[at]:
            if lows[at] == low and highs[at] == high:
                return False
            at = (at + 1) & mask
        highs[at], lows[at] = high, low
        return True

    def _grow(self) -> None:
        highs, lows = self._high, self._low
        self._mask = self._mask * 2 + 1
        self._high, self._low = _empty(self._mask), _empty(self._mask)
        for high, low in zip(highs, lows, strict=True):
            if low or high:
                self._put(high, low)


def _empty(mask: int) -> array[int]:
    return array("Q", bytes(8 * (mask + 1)))
