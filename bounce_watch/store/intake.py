"""Files findings: every row of a chunk, the run's counters and the cursor, on one connection."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import filterfalse

from sqlalchemy import Connection, and_, func, not_, select

from bounce_watch.records.filed import Filed, SetAside
from bounce_watch.records.mail import Cursor, Fingerprint
from bounce_watch.records.notice import Evidence, Finding, Notice, NotOurs, WhyNotOurs
from bounce_watch.store import runs
from bounce_watch.store.digests import with_digest
from bounce_watch.store.erased import without_erased
from bounce_watch.store.identities import Event, remember
from bounce_watch.store.key import Key
from bounce_watch.store.mail_links import file_links, without_words
from bounce_watch.store.mend import find_again, mend_mails
from bounce_watch.store.rows import (
    WAITING,
    Values,
    cursor_from,
    cursor_values,
    digest,
    mail_values,
    recognition_values,
    set_aside_from,
    set_aside_values,
    sighting_values,
    verdict_values,
)
from bounce_watch.store.scope import scope_of
from bounce_watch.store.tables import CURSOR, MAIL, RECOGNITION, SET_ASIDE, SIGHTING, VERDICT
from bounce_watch.store.undone import mails_met_again
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
    key: Key,
    mend: bool = False,
) -> Filed:
    """File a chunk; the caller owns the transaction.

    Whether a mail is new is told by the UNIQUE constraints alone, so that two runs at once file it once.
    With `mend` (a rebuild) damaged rows of these mails are written anew, what they are taken for today
    replaces what they were taken for, and their names come back in clear.
    """
    account, started_at = runs.head_of(connection, run_id)
    _check(account, findings, cursor, read - passed)
    kept = sorted(map(without_words, filterfalse(_is_foreign, findings)), key=_fingerprint)
    kept = without_erased(connection, account, kept, key=key)
    remember(connection, account, _events(kept, started_at), key=key, now=started_at, mend=mend)
    batch = _Batch(account=account, run_id=run_id, key=key, mend=mend)
    new = _file_mails(connection, batch, kept)
    file_links(connection, account, run_id, kept, key=key, mend=mend)
    filed = Filed(
        new=new,
        duplicates=len(kept) - new,
        not_amazon=len(findings) - len(kept) + passed,
        undone=mails_met_again(connection, account, kept, key=key),
    )
    runs.progress(connection, run_id, read=read, filed=filed)
    runs.add_mails(connection, run_id, read=read, filed=filed)
    if cursor is not None:
        insert_or_replace(connection, CURSOR, cursor_values(cursor))
    return filed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """What every row of a chunk has in common."""

    account: str
    run_id: int
    key: Key
    mend: bool


def _events(kept: Iterable[Finding], started_at: datetime) -> Iterator[Event]:
    for finding in kept:
        if isinstance(notice := finding.result, Notice):
            at = notice.noticed_at or started_at
            yield from ((name, at) for name in (notice.order_id, notice.alias) if name is not None)
        if (link := finding.link) is not None:
            yield from ((name, link.seen_at) for name in (link.order_id, link.alias))


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


def _file_mails(connection: Connection, batch: _Batch, kept: Sequence[Finding]) -> int:
    """Every row of the findings, which come sorted by fingerprint; how many mails are new."""
    if batch.mend:
        places = {_fingerprint(each): sighting_values(each, 0, 0) for each in _first_each(kept)}
        find_again(connection, batch.account, places)
    mails = [mail_values(finding, batch.account, batch.run_id) for finding in _first_each(kept)]
    known_before = _mail_ids(connection, batch.account, [mail["fingerprint"] for mail in mails])
    new = insert_or_ignore(connection, MAIL, mails)
    ids = _mail_ids(connection, batch.account, [mail["fingerprint"] for mail in mails])
    known = [(finding, ids[_fingerprint(finding)]) for finding in kept]
    mended = mend_mails(connection, {ids[mail["fingerprint"]]: mail for mail in mails}) if batch.mend else {}
    for table, rows in (
        (SIGHTING, _sightings(known, batch.run_id)),
        (VERDICT, _verdicts(known, batch.run_id)),
        (RECOGNITION, _recognitions(connection, known, batch)),
    ):
        # What takes the place of a damaged row is of the run that first filed the mail.
        of_run = [
            with_digest(table, row | {"run_id": mended.get(row["mail_id"], row["run_id"])}) for row in rows
        ]
        insert_or_ignore(connection, table, of_run)
    # Octets of a known mail were kept when it came; where they are gone, they were to go, or are being mended.
    fresh = (pair for pair in known if _fingerprint(pair[0]) not in known_before or pair[1] in mended)
    insert_or_ignore(connection, SET_ASIDE, _set_aside(fresh))
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


def _recognitions(
    connection: Connection, known: Sequence[tuple[Finding, int]], batch: _Batch
) -> list[Values]:
    """What is new about mails: what they are, where nobody knew, and a notice where there was none.

    A mail that was misdirected or not understood may be read better today; what was a notice stays one, for
    only `reprocess` and a rebuild change what a mail was taken for. Of several copies in one chunk the one
    that is a notice speaks.
    """
    best: dict[int, Finding] = {}
    for finding, mail_id in known:
        if mail_id not in best or not isinstance(best[mail_id].result, Notice):
            best[mail_id] = finding
    undone = scope_of(connection, batch.account).undone
    before = last_recognitions(connection, sorted(best), by_person_undone=undone)
    rows = []
    for mail_id, finding in sorted(best.items()):
        row = recognition_values(
            finding.result, batch.account, mail_id=mail_id, run_id=batch.run_id, key=batch.key
        )
        if _is_news(row, before.get(mail_id), mend=batch.mend):
            rows.append(row)
    return rows


def file_anew(connection: Connection, run_id: int, findings: Sequence[Finding], *, key: Key) -> int:
    """File what known mails are taken for today, where it differs, and their verdicts; how many differ.

    For a review or `reprocess`: no place and no counter changes. ValueError for a mail the ledger does not know.
    """
    account, started_at = runs.head_of(connection, run_id)
    remember(connection, account, _events(findings, started_at), key=key, now=started_at)
    ids = _mail_ids(connection, account, sorted({_fingerprint(finding) for finding in findings}))
    known = [(finding, ids.get(_fingerprint(finding))) for finding in findings]
    if any(mail_id is None for _, mail_id in known):
        raise ValueError("a mail that the ledger does not know")
    mails = [(finding, mail_id) for finding, mail_id in known if mail_id is not None]
    undone = scope_of(connection, account).undone
    before = last_recognitions(connection, sorted(mail_id for _, mail_id in mails), undone=undone)
    rows = [
        recognition_values(finding.result, account, mail_id=mail_id, run_id=run_id, key=key)
        for finding, mail_id in mails
    ]
    new = [row for row in rows if _differs(row, before.get(row["mail_id"]))]
    insert_or_ignore(connection, RECOGNITION, sorted(new, key=lambda row: row["mail_id"]))
    insert_or_ignore(connection, VERDICT, _said_again(connection, _verdicts(mails, run_id), undone))
    file_links(connection, account, run_id, findings, key=key)
    return len(new)


def differing(
    connection: Connection, account: str, findings: Sequence[Finding], *, key: Key
) -> set[Fingerprint]:
    """Those of these mails that `file_anew` would take for something else; unknown mails are not among them."""
    ids = _mail_ids(connection, account, sorted({_fingerprint(finding) for finding in findings}))
    undone = scope_of(connection, account).undone
    before = last_recognitions(connection, sorted(ids.values()), undone=undone)
    found: set[Fingerprint] = set()
    for finding in findings:
        if mail_id := ids.get(_fingerprint(finding)):
            row = recognition_values(finding.result, account, mail_id=mail_id, run_id=0, key=key)
            if _differs(row, before.get(mail_id)):
                found.add(_fingerprint(finding))
    return found


def _differs(row: Values, before: Before | None) -> bool:
    return before is None or before.digest != row["digest"]


def _said_again(connection: Connection, rows: Sequence[Values], undone: Collection[int]) -> list[Values]:
    """The verdicts, where an undone run has said the same under an identity of this run, so that they hold now."""
    gone: set[tuple[int, str]] = set()
    for chunk in chunks(rows, _KEYS):
        said = select(VERDICT.c.mail_id, VERDICT.c.digest).where(
            VERDICT.c.mail_id.in_([row["mail_id"] for row in chunk]), VERDICT.c.run_id.in_(undone)
        )
        gone.update((mail_id, said_digest) for mail_id, said_digest in connection.execute(said))
    return [
        with_digest(VERDICT, row | {"digest": digest(row["digest"], row["run_id"])})
        if (row["mail_id"], row["digest"]) in gone
        else row
        for row in rows
    ]


def set_aside(
    connection: Connection, account: str, *, fingerprint: Fingerprint | None = None
) -> Iterator[SetAside]:
    """Every mail of an account whose octets are kept (or the one with this fingerprint), oldest first."""
    query = (
        select(SET_ASIDE.c.mail_id, SET_ASIDE.c.octets, MAIL.c.fingerprint, MAIL.c.cut)
        .join(MAIL, MAIL.c.id == SET_ASIDE.c.mail_id)
        .where(MAIL.c.account == account)
        .order_by(MAIL.c.id)
    )
    if fingerprint is not None:
        query = query.where(MAIL.c.fingerprint == fingerprint)
    for row in connection.execute(query, execution_options={"yield_per": 50}).mappings():
        place = (
            connection.execute(
                select(SIGHTING).where(SIGHTING.c.mail_id == row["mail_id"]).order_by(SIGHTING.c.id).limit(1)
            )
            .mappings()
            .first()
        )
        came = connection.scalar(
            select(func.max(RECOGNITION.c.noticed_at)).where(RECOGNITION.c.mail_id == row["mail_id"])
        )
        yield set_aside_from(account, row, place, came)


def _is_news(row: Values, before: Before | None, *, mend: bool) -> bool:
    if before is None:
        return True
    if mend:  # What a person made of a mail stays.
        return before.digest != row["digest"] and before.evidence != Evidence.PERSON.value
    return before.result in WAITING and row["result"] not in WAITING


@dataclass(frozen=True, slots=True)
class Before:
    """What a mail was last taken for, whether the run of that is undone or not."""

    result: str
    digest: str
    evidence: str | None


def last_recognitions(
    connection: Connection,
    mail_ids: Sequence[int],
    *,
    undone: Collection[int] = (),
    by_person_undone: Collection[int] = (),
) -> dict[int, Before]:
    """What each of these mails was last taken for, but for what `undone` runs took it for.

    `by_person_undone` leaves out only what a person made of a mail in these runs: that was taken back, and
    must not keep the mail from being understood later.
    """
    by_person = and_(
        func.coalesce(RECOGNITION.c.evidence, "") == Evidence.PERSON.value,
        RECOGNITION.c.run_id.in_(by_person_undone),
    )
    found: dict[int, Before] = {}
    for chunk in chunks(mail_ids, _KEYS):
        query = (
            select(RECOGNITION.c.mail_id, RECOGNITION.c.result, RECOGNITION.c.digest, RECOGNITION.c.evidence)
            .where(RECOGNITION.c.mail_id.in_(chunk), RECOGNITION.c.run_id.not_in(undone), not_(by_person))
            .order_by(RECOGNITION.c.run_id, RECOGNITION.c.id)
        )
        found.update((row.mail_id, Before(*row[1:])) for row in connection.execute(query))
    return found


def _set_aside(known: Iterable[tuple[Finding, int]]) -> list[Values]:
    rows = (set_aside_values(found.octets, mail_id) for found, mail_id in known if found.octets is not None)
    return sorted(rows, key=lambda row: row["mail_id"])


def cursors(connection: Connection, account: str) -> dict[str, Cursor]:
    """How far each folder of an account has been read."""
    query = select(CURSOR).where(CURSOR.c.account == account).order_by(CURSOR.c.folder)
    return {row["folder"]: cursor_from(row) for row in connection.execute(query).mappings()}
