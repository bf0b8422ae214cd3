"""What a run filed, and what a later run met again of runs that a person has undone.

A fact belongs to the run that filed it first. Met again it is not filed anew, so while that run is undone it stays
away; whoever meets it is told (`Filed.undone`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, func, select

from bounce_watch.records.filed import RunContents
from bounce_watch.records.mail import Fingerprint
from bounce_watch.records.notice import Finding
from bounce_watch.records.sent import OrderLink, SentCoverage
from bounce_watch.store.key import Key
from bounce_watch.store.rows import coverage_from, link_values, recognition_values, verdict_values
from bounce_watch.store.scope import scope_of
from bounce_watch.store.tables import COVERAGE, DECISION, MAIL, ORDER_LINK, RECOGNITION, SEND, VERDICT
from bounce_watch.store.writing import chunks

_KEYS = 500

MetAgain = tuple[tuple[int, int], ...]
"""Undone runs, and how much of each was met again."""


def contents_of(connection: Connection, run_id: int) -> RunContents:
    """How many facts a run filed."""
    counts = {
        table.name: connection.scalar(select(func.count()).select_from(table).where(table.c.run_id == run_id))
        for table in (MAIL, RECOGNITION, VERDICT, SEND, ORDER_LINK, DECISION)
    }
    query = select(COVERAGE).where(COVERAGE.c.run_id == run_id).order_by(COVERAGE.c.start_at, COVERAGE.c.id)
    return RunContents(
        mails=counts["mail"] or 0,
        readings=counts["recognition"] or 0,
        verdicts=counts["verdict"] or 0,
        sends=counts["send"] or 0,
        links=counts["order_link"] or 0,
        decisions=counts["decision"] or 0,
        coverages=tuple(coverage_from(row) for row in connection.execute(query).mappings()),
    )


def mails_met_again(
    connection: Connection, account: str, findings: Sequence[Finding], *, key: Key
) -> MetAgain:
    """Of these findings, which are filed by now, those whose mail, verdict, reading or link an undone run filed first."""
    undone = scope_of(connection, account).undone
    if not undone or not findings:
        return ()
    filed = defaultdict[Fingerprint, set[tuple[int, str | None]]](set)
    for chunk in chunks(sorted({finding.result.fingerprint for finding in findings}), _KEYS):
        for fingerprint, run_id, digest in _of_undone(connection, account, chunk, undone):
            filed[fingerprint].add((run_id, digest))
    said = [finding.link for finding in findings if finding.link]
    linked = dict(_links_of_undone(connection, account, said, undone, key))
    met: Counter[int] = Counter()
    for finding in findings:
        known = filed.get(finding.result.fingerprint, set())
        same = _digests(finding, account, key) if known else set()
        runs = {run_id for run_id, digest in known if digest in same}
        if finding.link and (link := _names(finding.link, key)) in linked:
            runs.add(linked[link])
        met.update(runs)
    return tuple(sorted(met.items()))


def _of_undone(
    connection: Connection, account: str, fingerprints: Sequence[Fingerprint], undone: Sequence[int]
) -> Iterator[tuple[Fingerprint, int, str | None]]:
    """What undone runs filed of these mails: fingerprint, run and digest (None: of the mail itself)."""
    mine = (MAIL.c.account == account, MAIL.c.fingerprint.in_(fingerprints))
    mails = select(MAIL.c.fingerprint, MAIL.c.run_id).where(*mine, MAIL.c.run_id.in_(undone))
    for fingerprint, run_id in connection.execute(mails):
        yield fingerprint, run_id, None
    for table in (VERDICT, RECOGNITION):
        query = (
            select(MAIL.c.fingerprint, table.c.run_id, table.c.digest)
            .select_from(table.join(MAIL, MAIL.c.id == table.c.mail_id))
            .where(*mine, table.c.run_id.in_(undone))
        )
        for fingerprint, run_id, digest in connection.execute(query):
            yield fingerprint, run_id, digest


def _digests(finding: Finding, account: str, key: Key) -> set[str | None]:
    """By which the mail, the verdict and the reading of a finding are known."""
    reading = recognition_values(finding.result, account, mail_id=0, run_id=0, key=key)
    verdict = verdict_values(finding.verdict, 0, 0) if finding.verdict else {"digest": None}
    return {None, reading["digest"], verdict["digest"]}


def log_met_again(
    connection: Connection,
    account: str,
    *,
    identities: Iterable[str],
    links: Iterable[OrderLink],
    coverage: SentCoverage | None,
    key: Key,
) -> MetAgain:
    """Of these sends (by identity), links and coverage, which are filed by now, those that an undone run filed first."""
    undone = scope_of(connection, account).undone
    if not undone:
        return ()
    met: Counter[int] = Counter()
    for chunk in chunks(identities, _KEYS):
        query = select(SEND.c.run_id).where(
            SEND.c.account == account, SEND.c.identity.in_(chunk), SEND.c.run_id.in_(undone)
        )
        met.update(connection.scalars(query))
    met.update(run_id for _, run_id in _links_of_undone(connection, account, links, undone, key))
    if coverage is not None:
        query = select(COVERAGE.c.run_id).where(
            COVERAGE.c.account == account,
            COVERAGE.c.origin == coverage.origin.value,
            COVERAGE.c.start_at == coverage.start,
            COVERAGE.c.end_at == coverage.end,
            COVERAGE.c.run_id.in_(undone),
        )
        met.update(connection.scalars(query))
    return tuple(sorted(met.items()))


_LINK = ("order_id_hash", "alias_hash", "origin")
"""By which a link is known."""

_Link = tuple[str, ...]


def _names(link: OrderLink, key: Key) -> _Link:
    row = link_values(link, 0, key=key)
    return tuple(row[name] for name in _LINK)


def _links_of_undone(
    connection: Connection, account: str, links: Iterable[OrderLink], undone: Sequence[int], key: Key
) -> Iterator[tuple[_Link, int]]:
    """Those of these links that an undone run filed first, each once, and its run."""
    found = {_names(link, key) for link in links}
    for chunk in chunks(sorted({order for order, _, _ in found}), _KEYS):
        query = select(*(ORDER_LINK.c[name] for name in _LINK), ORDER_LINK.c.run_id).where(
            ORDER_LINK.c.account == account,
            ORDER_LINK.c.order_id_hash.in_(chunk),
            ORDER_LINK.c.run_id.in_(undone),
        )
        for *link, run_id in connection.execute(query):
            if tuple(link) in found:
                yield tuple(link), run_id
