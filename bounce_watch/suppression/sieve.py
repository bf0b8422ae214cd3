"""The suppression list as a sieve for rows: which of them name somebody who stands on it.

Most rows name nobody on the list, in the usual spelling of a name. So a row is judged exactly only if a quick look
can't rule it out; the quick look may be wrong in one direction only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.opt_out import SuppressionEntry

KnownAs = Callable[[OrderId | Alias], str]
"""What an order id or alias is known as, in clear or hashed: the ledger's hash, so that forgotten ones are found."""

_ORDER = re.compile(
    r"((?:[0-9]{3}|[A-Z][0-9]{2})-[0-9]{7}-[0-9]{7})"
    # Too few digits for an order id (ORDER_DIGITS of spellings.py), and not a number that a spreadsheet rounded.
    r"|(?![ -~]*[0-9][eE]\+?1[5-7])[ -/:-~]*+(?:[0-9][ -/:-~]*+){0,13}+"
)
_PREFIX = "@marketplace."


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What is kept of an entry: as much as a dropped row shows, and a send that did not go out."""

    alias: Alias | None
    marketplace: str | None
    since: datetime | None
    reason: str
    allowed: frozenset[str]
    """What the orders about which mail may go are known as."""


class Sieve:
    """The list by its names. Those of which only a hash is left are looked for by what `known_as` makes of a name."""

    def __init__(
        self, entries: Iterable[SuppressionEntry], *, known_as: KnownAs, marketplaces: frozenset[str]
    ) -> None:
        self._known_as = known_as
        self._clear: dict[str, Listed] = {}
        self._hashed: dict[str, Listed] = {}
        known = "|".join(re.escape(each) for each in sorted(marketplaces))
        self._alias = re.compile(
            rf"([a-z0-9]{{8,32}}@marketplace\.(?:{known}))|(?![ -~]*(?i:marketplace))[ -~]*"
        )
        reasons: dict[str, str] = {}
        for entry in entries:
            self._add(entry, reasons.setdefault(entry.reason, entry.reason))

    def _add(self, entry: SuppressionEntry, reason: str) -> None:
        listed = Listed(
            alias=entry.alias,
            marketplace=entry.alias.marketplace if entry.alias else entry.marketplace,
            since=entry.since,
            reason=reason,
            allowed=frozenset(map(self._known_as, entry.allowed_orders)),
        )
        names: tuple[OrderId | Alias, ...] = (*((entry.alias,) if entry.alias else ()), *entry.order_ids)
        for name in names:
            if name.is_hashed:
                self._hashed.setdefault(self._known_as(name), listed)
            else:
                self._clear.setdefault(str(name), listed)

    def find(self, aliases: Sequence[Alias], orders: Sequence[OrderId]) -> Listed | None:
        """The first entry that one of a row's names stands in, and that keeps the row from going.

        What an alias stands for doesn't, where a person allowed every order of the row.
        """
        for alias in aliases:
            listed = self._entry(alias)
            if listed is not None and not self._is_allowed(listed, orders):
                return listed
        return next(filter(None, map(self._entry, orders)), None)

    def _entry(self, name: OrderId | Alias) -> Listed | None:
        listed = self._clear.get(str(name))
        return self._hashed.get(self._known_as(name)) if listed is None and self._hashed else listed

    def _is_allowed(self, listed: Listed, orders: Sequence[OrderId]) -> bool:
        return bool(listed.allowed and orders) and listed.allowed.issuperset(map(self._known_as, orders))

    def suspect_aliases(self, cells: Sequence[str]) -> Iterator[int]:
        """The positions of cells that may hold an alias on the list; no other does. Cells are views (see Coding)."""
        return self._suspects(cells, self._alias, _to_alias)

    def suspect_orders(self, cells: Sequence[str]) -> Iterator[int]:
        """The same for order ids."""
        return self._suspects(cells, _ORDER, OrderId)

    def _suspects(
        self, cells: Sequence[str], usual: re.Pattern[str], name: Callable[[str], OrderId | Alias]
    ) -> Iterator[int]:
        clear, hashed, known_as, fullmatch = self._clear, self._hashed, self._known_as, usual.fullmatch
        if not hashed:
            return (at for at, cell in enumerate(cells) if cell in clear or not fullmatch(cell))
        return (
            at
            for at, cell in enumerate(cells)
            if not (match := fullmatch(cell))
            or (match[1] and (cell in clear or known_as(name(cell)) in hashed))
        )


def _to_alias(address: str) -> Alias:
    local, _, marketplace = address.partition(_PREFIX)
    return Alias(local, marketplace)
