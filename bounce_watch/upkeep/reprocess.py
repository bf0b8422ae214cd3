"""Examines set-aside mails again after a change of wordings, addresses or receivers: first shown, then filed.

Only mails whose octets are kept can be looked at. What a person decided about, or made a notice of, stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import assert_never

from bounce_watch.examine import examine_all
from bounce_watch.flow import trusted
from bounce_watch.listed import does_count
from bounce_watch.notices.catalogue import Catalogue
from bounce_watch.records.account import Account
from bounce_watch.records.decision import ABOUT_MAIL, Action
from bounce_watch.records.filed import FiledNotice, MailFacts
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Fingerprint
from bounce_watch.records.notice import (
    Evidence,
    Finding,
    Method,
    Notice,
    NoticeKind,
    NotOurs,
    Outcome,
    Unreadable,
    Unrecognised,
    Verdict,
)
from bounce_watch.records.opt_out import AliasFrom
from bounce_watch.reports.reprocess import Change, Taken
from bounce_watch.reports.wording import name_text
from bounce_watch.store.ledger import Ledger
from bounce_watch.upkeep.one_run import one_run

COMMAND = "reprocess"
"""What the run is called under which it files."""

_AT_ONCE = 100
_BEST_FIRST = (Outcome.GENUINE, Outcome.FORGED, Outcome.UNPROVEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Today:
    """What a mail is held for; `filed` for an opt-out notice."""

    facts: MailFacts
    filed: FiledNotice | None


def preview(ledger: Ledger, account: Account, catalogue: Catalogue, *, now: datetime) -> list[Change]:
    """What would change if every mail with kept octets were examined today; nothing is filed.

    By the wordings, the addresses and the receivers of `account` (those that a person confirmed are believed, too)
    and by what was decided up to `now`. Of a mail's verdicts, old and new, the best holds: GENUINE, then FORGED.
    """
    account = trusted(ledger, account)
    today = _today(ledger, account, now=now)
    changes: list[Change] = []
    findings = _findings(ledger, account, catalogue, today)
    while chunk := list(islice(findings, _AT_ONCE)):
        changes.extend(_changes(ledger, account, today, chunk))
    return changes


def write(ledger: Ledger, account: Account, changes: Sequence[Change], *, at: datetime) -> int | None:
    """File what was shown, in one transaction and under one run, which `undo` can take back; its number."""
    if not changes:
        return None
    with one_run(ledger, account.name, COMMAND, at=at) as run:
        ledger.file_anew(run, [change.finding for change in changes])
    return run


def past_retention(ledger: Ledger, account: Account) -> int:
    """How many mails might be read in another way today, had their octets not passed their retention."""
    unsure = {mail.fingerprint for mail in ledger.waiting(account.name)}
    for filed in ledger.opt_out_notices(account.name):
        by_person = filed.decided or filed.notice.evidence is Evidence.PERSON
        if not by_person and filed.outcome is not Outcome.GENUINE:
            unsure.add(filed.notice.fingerprint)
    return len(unsure - ledger.kept(account.name))


def _today(ledger: Ledger, account: Account, *, now: datetime) -> Mapping[Fingerprint, _Today]:
    """The mails to look at: those of undone runs, and those that a person decided about, are left alone."""
    kept = ledger.kept(account.name)
    notices = {
        filed.notice.fingerprint: filed
        for filed in ledger.opt_out_notices(account.name, as_of=now)
        if filed.notice.fingerprint in kept
    }
    waiting = {mail.fingerprint for mail in ledger.waiting(account.name)}
    decisions = {each.subject: each for each in ledger.decisions(account.name, *ABOUT_MAIL)}
    decided = {subject for subject, each in decisions.items() if each.action is not Action.REOPEN}
    return {
        fingerprint: _Today(facts=facts, filed=notices.get(fingerprint))
        for fingerprint, facts in ledger.mail_facts(account.name, kept).items()
        if facts.evidence is not Evidence.PERSON and (fingerprint in waiting or fingerprint not in decided)
    }


def _findings(
    ledger: Ledger, account: Account, catalogue: Catalogue, today: Mapping[Fingerprint, _Today]
) -> Iterator[Finding]:
    """Each mail as it is read today. It stays the mail that it was, even if more of it can be read now."""
    for aside in ledger.set_aside(account.name):
        if aside.fingerprint in today:
            (finding,) = examine_all([aside.raw], account, catalogue)
            result = replace(finding.result, fingerprint=aside.fingerprint)
            yield replace(finding, result=result, octets=None)


def _changes(
    ledger: Ledger, account: Account, today: Mapping[Fingerprint, _Today], findings: Sequence[Finding]
) -> Iterator[Change]:
    differing = ledger.differing(account.name, findings)
    known = ledger.known(account.name, {name for finding in findings for name in _names(finding)})
    for finding in findings:
        before = today[finding.result.fingerprint]
        verdict = _best(before.facts.verdict, finding.verdict)
        is_judged_anew = _outcome(verdict) is not _outcome(before.facts.verdict)
        if finding.result.fingerprint in differing or is_judged_anew:
            is_known = any(name in known for name in _names(finding))
            yield _change(ledger, account, before, finding, verdict=verdict, known_to_us=is_known)


def _names(finding: Finding) -> Iterator[OrderId | Alias]:
    """By which our own records can know an opt-out."""
    if order_id := _order_of(finding):
        yield order_id
    if isinstance(notice := finding.result, Notice) and notice.alias and not notice.alias.is_shared:
        yield notice.alias


def _order_of(finding: Finding) -> OrderId | None:
    notice = finding.result
    return notice.order_id if isinstance(notice, Notice) and notice.kind is NoticeKind.OPT_OUT else None


def _best(*verdicts: Verdict | None) -> Verdict | None:
    """The verdict that holds; of equal ones the first."""
    said = [verdict for verdict in verdicts if verdict]
    return min(said, key=lambda verdict: _BEST_FIRST.index(verdict.outcome), default=None)


def _outcome(verdict: Verdict | None) -> Outcome | None:
    return verdict.outcome if verdict else None


def _change(
    ledger: Ledger,
    account: Account,
    today: _Today,
    finding: Finding,
    *,
    verdict: Verdict | None,
    known_to_us: bool,
) -> Change:
    facts, filed = today.facts, today.filed
    order_before, order_after = filed.notice.order_id if filed else None, _order_of(finding)
    named = order_after or order_before
    then = _as_filed(finding, verdict, known_to_us=known_to_us)
    hashes = [ledger.hash_of(order) if order else None for order in (order_before, order_after)]
    return Change(
        fingerprint=facts.fingerprint,
        about=name_text(named) if named else facts.subject,
        before=Taken(
            result=facts.result,
            reason=facts.reason,
            order_id=order_before,
            alias=filed.notice.alias if filed else None,
            outcome=_outcome(facts.verdict),
        ),
        after=_taken(finding, verdict),
        counted_before=filed is not None and does_count(filed, account),
        counted_after=then is not None and does_count(then, account),
        same_order=hashes[0] == hashes[1],
        finding=finding,
    )


def _as_filed(finding: Finding, verdict: Verdict | None, *, known_to_us: bool) -> FiledNotice | None:
    """The opt-out notice as the ledger would give it back; None for all else."""
    if not isinstance(finding.result, Notice) or finding.result.kind is not NoticeKind.OPT_OUT:
        return None
    return FiledNotice(
        notice=finding.result,
        outcome=verdict.outcome if verdict else Outcome.UNPROVEN,
        method=verdict.method if verdict else Method.NONE,
        reason=verdict.reason if verdict else "",
        known_to_us=known_to_us,
        linked_alias=None,
        linked_from=AliasFrom.NONE,
    )


def _taken(finding: Finding, verdict: Verdict | None) -> Taken:
    result, outcome = finding.result, _outcome(verdict)
    match result:
        case Notice():
            is_opt_out = result.kind is NoticeKind.OPT_OUT
            alias = result.alias if is_opt_out else None
            order = _order_of(finding)
            return Taken(result=result.kind.value, order_id=order, alias=alias, outcome=outcome)
        case Unrecognised():
            return Taken(result="unrecognised", reason=result.reason.value, outcome=outcome)
        case NotOurs():
            return Taken(result="misdirected", reason=result.reason.value, outcome=outcome)
        case Unreadable():
            return Taken(result="unreadable", reason=result.reason, outcome=outcome)
        case _:
            assert_never(result)
