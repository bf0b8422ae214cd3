"""Order ids and buyer aliases: parsed once, trusted afterwards.

The lists below are data of Amazon's, not rules of ours: a seller can add marketplaces in the settings
(`[amazon] marketplaces`), because Amazon opens new ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MARKETPLACES: frozenset[str] = frozenset(
    "amazon." + tld
    for tld in (
        "ae ca co.jp co.uk com com.au com.be com.br com.mx com.tr de eg es fr ie in it nl pl sa se sg"
    ).split()
)
"""Domains of the marketplaces whose alias domains had mail servers on 14 August 2026."""

_ORDER = r"(?:[0-9]{3}|[A-Z][0-9]{2})-[0-9]{7}-[0-9]{7}"
_ORDER_ID = re.compile(_ORDER)
_ORDER_ID_IN_TEXT = re.compile(rf"(?<![0-9A-Za-z])(?<![0-9]-){_ORDER}(?!-?[0-9])", re.IGNORECASE)

_HASH = re.compile(r"#[0-9a-f]{32}")
_HASHED_LOCAL = re.compile(r"#[0-9a-f]{32}s?")
"""In the place of a name that has passed its retention; `s` marks an address that many buyers share."""

_LOCAL = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_BUYER_LOCAL = re.compile(r"[a-z0-9]{8,32}")
_SYSTEM_LOCAL = re.compile(r"no-?reply|do-?not-?reply|nao-?responda|nobody")
_DISABLED = "blacklisted-"
"""magnalister writes this in front of an alias to disable it; the alias behind it is meant."""


@dataclass(frozen=True, slots=True, order=True)
class OrderId:
    """Amazon's order id, `DDD-DDDDDDD-DDDDDDD`; the first group may be a letter and two digits (`S01`).

    The ledger gives one that has passed its retention as `#` and its keyed hash. Within one ledger an id is
    in clear everywhere or nowhere, so that the two forms never stand for the same order side by side.
    """

    value: str

    def __post_init__(self) -> None:
        if not _ORDER_ID.fullmatch(self.value) and not self.is_hashed:
            raise ValueError(f"not an order id: {self.value!r}")

    @property
    def is_hashed(self) -> bool:
        """True when only the keyed hash is left."""
        return _HASH.fullmatch(self.value) is not None

    def __str__(self) -> str:
        return self.value

    @classmethod
    def parse(cls, text: str) -> OrderId | None:
        """The order id that `text` is (white space and square brackets around it allowed), or None."""
        stripped = text.strip().strip("[]").strip().upper()
        return cls(stripped) if _ORDER_ID.fullmatch(stripped) else None

    @classmethod
    def find_all(cls, text: str) -> Iterator[OrderId]:
        """Every order id in running text, in order, repeats included; none that is glued to more digits."""
        for match in _ORDER_ID_IN_TEXT.finditer(text):
            yield cls(match[0].upper())


@dataclass(frozen=True, slots=True, order=True)
class Alias:
    """A buyer's anonymised address at a marketplace: lower case, without its `+tag`.

    The ledger gives one that has passed its retention with `#` and its keyed hash for a local part.
    """

    local: str
    marketplace: str

    def __post_init__(self) -> None:
        known = _LOCAL.fullmatch(self.local) or self.is_hashed
        if not known or not self.marketplace.startswith("amazon."):
            raise ValueError(f"not an alias: {self.local!r} at {self.marketplace!r}")

    @property
    def is_hashed(self) -> bool:
        """True when only the keyed hash is left."""
        return _HASHED_LOCAL.fullmatch(self.local) is not None

    def __str__(self) -> str:
        return f"{self.local}@marketplace.{self.marketplace}"

    @property
    def is_shared(self) -> bool:
        """True for an address that stands for many buyers or for Amazon itself; never a key of the list.

        Seen: `no-reply-amazon-iba-buyer@` for every Amazon Business order. Real aliases in all public
        samples are letters and digits only, so anything else counts as shared.
        """
        if self.is_hashed:
            return self.local.endswith("s")
        return (
            not _BUYER_LOCAL.fullmatch(self.local)
            or "amazon" in self.local
            or _SYSTEM_LOCAL.match(self.local) is not None
        )

    @classmethod
    def parse(cls, text: str, marketplaces: frozenset[str] = MARKETPLACES) -> Alias | None:
        """The alias that the address `text` is, or None when its domain is not exactly a marketplace's."""
        local, at, domain = text.strip().lower().rpartition("@")
        prefix, _, marketplace = domain.partition(".")
        if not at or prefix != "marketplace" or marketplace not in marketplaces:
            return None
        base = local.partition("+")[0].removeprefix(_DISABLED)
        return cls(base, marketplace) if _LOCAL.fullmatch(base) else None
