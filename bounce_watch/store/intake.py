"""Files findings: every row of a chunk, the run's counters and the cursor, on one connection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from bounce_watch.records.filed import Filed
from bounce_watch.records.mail import Cursor, Fingerprint
from bounce_watch.records.notice import Finding, Notice, NotOurs, WhyNotOurs
from bounce_watch.store import runs
from bounce_watch.store.rows import (
    Values,
    cursor_from,
    cursor_values,
    mail_values,
    notice_values,
    set_aside_values,
    sighting_values,
    verdict_values,
)
from bounce_watch.store.tables import CURSOR, MAIL, NOTICE, SET_ASIDE, SIGHTING, VERDICT
from bounce_watch.store.writing import chunks, insert_or_ignore, insert_or_replace

_KEYS = 500
"""How many keys stand in one IN list."""


def file_findings(
    connection: Connection,
    run_id: int,
    *,
    findings: Sequence[Finding],
    cursor: Cursor | None,
    read: int,
    passed: int,
) -> Filed:
    """File a chunk; the caller owns the transaction.

    Whether a mail is new is told by the UNIQUE constraints alone, so that two runs at once file it once.
    """
    account = runs.account_of(connection, run_id)
    _check(account, findings, cursor, read - passed)
    kept = sorted((finding for finding in findings if not _is_foreign(finding)), key=_fingerprint)
    new = _file_mails(connection, account, run_id, kept)
    filed = Filed(new=new, duplicates=len(kept) - new, not_amazon=len(findings) - len(kept) + passed)
    runs.progress(connection, run_id, read=read, filed=filed)
    runs.add_mails(connection, run_id, read=read, filed=filed)
    if cursor is not None:
        insert_or_replace(connection, CURSOR, cursor_values(cursor))
    return filed


def _check(account: str, findings: Sequence[Finding], cursor: Cursor | None, looked_at: int) -> None:
    if looked_at != len(findings):
        raise ValueError(
            f"{looked_at} mails were read and not passed over, but {len(findings)} findings came"
        )
    if {finding.ref.account for finding in findings} - {account}:
        raise ValueError(f"a finding of another account than {account!r}")
    if cursor is not None and cursor.account != account:
        raise ValueError(f"a cursor of another account than {account!r}")


def _is_foreign(finding: Finding) -> bool:
    return isinstance(finding.result, NotOurs) and finding.result.reason is WhyNotOurs.NOT_AMAZON


def _fingerprint(finding: Finding) -> Fingerprint:
    return finding.result.fingerprint


def _file_mails(connection: Connection, account: str, run_id: int, kept: Sequence[Finding]) -> int:
    """Every row of the findings, which come sorted by fingerprint; how many mails are new."""
    mails = [mail_values(finding, account, run_id) for finding in _first_each(kept)]
    new = insert_or_ignore(connection, MAIL, mails)
    ids = _mail_ids(connection, account, [mail["fingerprint"] for mail in mails])
    known = [(finding, ids[_fingerprint(finding)]) for finding in kept]
    insert_or_ignore(connection, SIGHTING, _sightings(known, run_id))
    insert_or_ignore(connection, VERDICT, _verdicts(known, run_id))
    insert_or_ignore(connection, NOTICE, _notices(known, account))
    insert_or_ignore(connection, SET_ASIDE, _set_aside(known))
    return new


def _first_each(kept: Iterable[Finding]) -> Iterable[Finding]:
    first: dict[Fingerprint, Finding] = {}
    for finding in kept:
        first.setdefault(_fingerprint(finding), finding)
    return first.values()


def _mail_ids(connection: Connection, account: str, fingerprints: Sequence[str]) -> dict[str, int]:
    ids: dict[str, int] = {}
    for chunk in chunks(fingerprints, _KEYS):
        query = select(MAIL.c.fingerprint, MAIL.c.id).where(
            MAIL.c.account == account, MAIL.c.fingerprint.in_(chunk)
        )
        ids.update((fingerprint, mail_id) for fingerprint, mail_id in connection.execute(query))
    return ids


def _sightings(known: Iterable[tuple[Finding, int]], run_id: int) -> list[Values]:
    rows = (sighting_values(finding, mail_id, run_id) for finding, mail_id in known)
    return sorted(rows, key=lambda row: (row["mail_id"], row["place"]))


def _verdicts(known: Iterable[tuple[Finding, int]], run_id: int) -> list[Values]:
    rows = (verdict_values(found.verdict, mail_id, run_id) for found, mail_id in known if found.verdict)
    return sorted(rows, key=lambda row: (row["mail_id"], row["digest"]))


def _notices(known: Iterable[tuple[Finding, int]], account: str) -> list[Values]:
    """The notices, those of duplicates too: a mail that was misdirected or not understood may be read better today."""
    pairs = ((finding.result, mail_id) for finding, mail_id in known)
    rows = (
        notice_values(result, account, mail_id) for result, mail_id in pairs if isinstance(result, Notice)
    )
    return sorted(rows, key=lambda row: row["mail_id"])


def _set_aside(known: Iterable[tuple[Finding, int]]) -> list[Values]:
    rows = (set_aside_values(found.octets, mail_id) for found, mail_id in known if found.octets is not None)
    return sorted(rows, key=lambda row: row["mail_id"])


def cursors(connection: Connection, account: str) -> dict[str, Cursor]:
    """How far each folder of an account has been read."""
    query = select(CURSOR).where(CURSOR.c.account == account).order_by(CURSOR.c.folder)
    return {row["folder"]: cursor_from(row) for row in connection.execute(query).mappings()}
