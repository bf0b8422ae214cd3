"""A seller's account: whose mail it is and whom we believe."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class RequireProof(StrEnum):
    """Which verdicts count: only GENUINE, all but FORGED, or UNPROVEN only for an order we know ourselves."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


MICROSOFT = "microsoft"
"""Stands in `authserv_ids` for a receiver that writes no id at all (Microsoft 365)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom an account believes.

    `authserv_ids` are the ids of our own receivers (RFC 8601), patterns with `*`, or the word `microsoft`;
    `trusted_forwarders` are the mailboxes whose forwarded notices we read; `own_dkim` lets us check DKIM
    signatures ourselves where our receiver proves nothing, which asks DNS for keys.
    """

    require_proof: RequireProof = RequireProof.AUTO
    authserv_ids: tuple[str, ...] = ()
    trusted_forwarders: tuple[str, ...] = ()
    own_dkim: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One seller account. `addresses` are its own: a notice to somebody else is misdirected (empty: unchecked).

    `list_days`: how long after its last notice an entry of the list stays in clear (None: as long as it is
    on the list); after that only `scrub` can enforce it. `expire_after_days`: how long after the last notice a
    buyer leaves the list, because buyers can opt in again without a notice (None: never).
    """

    name: str
    marketplaces: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    trust: Trust = field(default_factory=Trust)
    list_days: int | None = None
    expire_after_days: int | None = None
