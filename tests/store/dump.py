"""The facts of an account without ids, runs and wall-clock times, so that two ledgers can be compared."""

from __future__ import annotations

import zlib
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, select

from bounce_watch.store import tables
from bounce_watch.store.ledger import Ledger

Facts = dict[str, Any]
_LEFT_OUT = {
    "id",
    "row_digest",
    "digest",
    "identity",  # Keyed, as the next: every ledger has a key of its own.
    "body_digest",
    "account",
    "run_id",
    "mail_id",
    "seen_at",
    "swept_at",
    "checked_at",
    "made_at",
    "series",
    "since_export",
    "until_export",
}


class _Facts:
    """Reads rows, with names for hashes."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        names = select(tables.IDENTITY.c.hash, tables.IDENTITY.c.clear)
        self._clear = {row.hash: row.clear for row in connection.execute(names)}

    def rows(self, table: Table, **where: object) -> list[Facts]:
        query = select(table).where(*(table.c[name] == value for name, value in where.items()))
        return sorted((self._named(row) for row in self.connection.execute(query).mappings()), key=repr)

    def _named(self, row: RowMapping) -> Facts:
        return {
            name.removesuffix("_hash"): self._clear.get(value) if name.endswith("_hash") else value
            for name, value in row.items()
            if name not in _LEFT_OUT
        }


def _mail(facts: _Facts, mail_id: int) -> Facts:
    (mail,) = facts.rows(tables.MAIL, id=mail_id)
    newest = select(tables.RECOGNITION.c.id).where(tables.RECOGNITION.c.mail_id == mail_id)
    newest = newest.order_by(tables.RECOGNITION.c.run_id.desc(), tables.RECOGNITION.c.id.desc()).limit(1)
    octets = facts.rows(tables.SET_ASIDE, mail_id=mail_id)
    return mail | {
        # What the mail was taken for before is no longer of interest.
        "recognition": facts.rows(tables.RECOGNITION, id=facts.connection.scalar(newest)),
        "sightings": facts.rows(tables.SIGHTING, mail_id=mail_id),
        "verdicts": facts.rows(tables.VERDICT, mail_id=mail_id),
        "octets": [zlib.decompress(row["octets"]) for row in octets],
    }


def dump(ledger: Ledger, account: str) -> Facts:
    """Every fact of the account, in an order that does not depend on how it was filed."""
    with ledger._reading() as connection:
        facts = _Facts(connection)
        query = select(tables.MAIL.c.id).where(tables.MAIL.c.account == account)
        ids = connection.scalars(query.order_by(tables.MAIL.c.fingerprint))
        found: Facts = {"mails": [_mail(facts, mail_id) for mail_id in ids.all()]}
        for table in (tables.SEND, tables.ORDER_LINK, tables.COVERAGE, tables.CURSOR, tables.EXPORT):
            found[table.name] = facts.rows(table, account=account)
    return found


def assert_reconciled(ledger: Ledger, account: str) -> None:
    """Every mail that was read is a row, a duplicate or not Amazon's; said by the runs and by the totals."""
    totals = ledger.totals(account)
    rows = sum(result.mails for result in totals.results)
    assert totals.read == rows + totals.duplicates + totals.not_amazon
    runs = [
        run for run in ledger.runs(account, 1000) if run.command != "sent import"
    ]  # Its rows are no mails.
    assert sum(run.read for run in runs) == rows + sum(
        run.filed.duplicates + run.filed.not_amazon for run in runs
    )
