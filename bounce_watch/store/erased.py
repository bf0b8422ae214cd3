"""Keeps what a person asked to forget out of the ledger when a mail is read again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.notice import Finding, Notice
from bounce_watch.store.identities import erased_hashes
from bounce_watch.store.key import Key
from bounce_watch.store.tables import IDENTITY

_ALIAS = re.compile(r"[a-z0-9][a-z0-9._+-]*@marketplace\.amazon\.[a-z.]+[a-z]", re.IGNORECASE)


def without_erased(
    connection: Connection, account: str, findings: Sequence[Finding], *, key: Key
) -> list[Finding]:
    """The findings, those about somebody erased without texts and octets; `remember` keeps the name itself away.

    A mail without a notice is one of them when an erased name stands in its subject or, in plain text, in its
    octets.
    """
    any_erased = select(IDENTITY.c.hash).where(
        IDENTITY.c.account == account, IDENTITY.c.erased_at.is_not(None)
    )
    if connection.scalar(any_erased.limit(1)) is None:
        return list(findings)
    named = [{key.of(name) for name in _names(finding)} for finding in findings]
    erased = erased_hashes(connection, account, set().union(*named))
    return [
        replace(finding, message_id=None, from_address=None, subject="", octets=None)
        if names & erased
        else finding
        for finding, names in zip(findings, named, strict=True)
    ]


def _names(finding: Finding) -> Iterator[OrderId | Alias]:
    if isinstance(notice := finding.result, Notice):
        yield from (name for name in (notice.order_id, notice.alias) if name)
    if finding.link is not None:
        yield from (finding.link.order_id, finding.link.alias)
    fields = (finding.subject, finding.message_id or "", finding.from_address or "")
    text = " ".join((*fields, (finding.octets or b"").decode("latin-1")))
    yield from OrderId.find_all(text)
    for match in _ALIAS.finditer(text):
        if alias := Alias.parse(match[0]):
            yield alias
