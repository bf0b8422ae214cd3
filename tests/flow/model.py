"""What the ledger should say, kept in plain dictionaries: the other half of test_machine.py."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

BEST = ("genuine", "forged", "unproven")
"""Over all copies of exactly one mail the first of these wins."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that was put into the mailbox. `number` makes its content its own; `verdict` does not."""

    number: int
    kind: str
    order: str = ""
    alias: str | None = None
    verdict: str = "genuine"


@dataclass
class Model:
    """Facts as they were read, and what follows from them."""

    read: list[Letter] = field(default_factory=list)
    sends: set[tuple[str, str | None]] = field(default_factory=set)
    reported: set[tuple[str, str]] = field(default_factory=set)

    def notices(self) -> dict[int, tuple[Letter, str]]:
        """Each opt-out notice once, with the best verdict of its copies."""
        verdicts = defaultdict[Letter, set[str]](set)
        found: dict[int, tuple[Letter, str]] = {}
        by_number: dict[int, Letter] = {}
        for letter in self.read:
            if letter.kind == "opt_out":
                first = by_number.setdefault(letter.number, letter)
                verdicts[first].add(letter.verdict)
        for letter, seen in verdicts.items():
            found[letter.number] = (letter, next(each for each in BEST if each in seen))
        return found

    def is_known(self, letter: Letter) -> bool:
        orders = {order for order, _ in self.sends} | {order for order, _ in self.reported}
        aliases = {alias for _, alias in self.sends if alias} | {alias for _, alias in self.reported}
        return letter.order in orders or letter.alias in aliases

    def counting(self) -> list[Letter]:
        return [
            letter
            for letter, verdict in self.notices().values()
            if verdict == "genuine" or (verdict == "unproven" and self.is_known(letter))
        ]

    def aside(self) -> int:
        return len(self.notices()) - len(self.counting())

    def opted_out(self) -> set[str]:
        return {letter.order for letter in self.counting()}

    def alias_of(self, order: str) -> str | None:
        """A proven notice's alias, else the order report's, else the sent log's, else an unproven notice's.

        Two different ones of a kind are none; of proven notices and of what both logs say, that is the end.
        """
        proven, unproven = self._named(order, proven=True), self._named(order, proven=False)
        if proven:
            return proven.pop() if len(proven) == 1 else None
        reported = {alias for each, alias in self.reported if each == order}
        logged = {alias for each, alias in self.sends if each == order and alias}
        for known in (reported, logged, unproven):
            if len(known) == 1:
                return known.pop()
        return None

    def _named(self, order: str, *, proven: bool) -> set[str]:
        return {
            letter.alias
            for letter, verdict in self.notices().values()
            if letter in self.counting()
            and letter.order == order
            and letter.alias
            and (verdict == "genuine") is proven
        }

    def listed(self) -> set[tuple[str | None, frozenset[str]]]:
        """The list: an alias with every order known for it, or an order alone."""
        groups = defaultdict[str, set[str]](set)
        alone = set[tuple[str | None, frozenset[str]]]()
        for order in self.opted_out():
            alias = self.alias_of(order)
            if alias:
                groups[alias].add(order)
            else:
                alone.add((None, frozenset({order})))
        return alone | {
            (alias, frozenset(orders | self.orders_of(alias))) for alias, orders in groups.items()
        }

    def orders_of(self, alias: str) -> set[str]:
        """Orders of a buyer from our own logs and from genuine notices."""
        genuine = {
            letter.order
            for letter, verdict in self.notices().values()
            if verdict == "genuine" and letter.alias == alias
        }
        return genuine | {order for order, each in self.sends | self.reported if each == alias}
