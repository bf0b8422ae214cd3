"""READ THIS FIRST: the whole journey, from a mailbox to the list and the report.

    mailbox -> parse -> unwrap a forward -> recognise -> judge -> ledger        `examine`, `intake`
    sent log, order reports                              -> ledger              `import_sent`
    ledger -> counted notices -> opt-outs -> suppression list -> export, scrub  `counted`, `suppression_list`
    ledger -> figures -> report                                                 figures.py

Stages never import each other: they meet here and speak in the values of `records/`. Facts are stored,
conclusions are derived: what counts, who is opted out and every rate is worked out anew each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import assert_never

from bounce_watch.authenticity.judge import counts, judge, judge_forward
from bounce_watch.errors import BounceWatchError
from bounce_watch.mailboxes.fingerprint import of_octets
from bounce_watch.mailboxes.parse import parse_message
from bounce_watch.mailboxes.specs import Mailbox
from bounce_watch.notices.addressee import is_misdirected
from bounce_watch.notices.catalogue import Catalogue
from bounce_watch.notices.copies import count_events
from bounce_watch.notices.forward import unwrap_forward
from bounce_watch.notices.recognise import recognise
from bounce_watch.records.account import Account
from bounce_watch.records.filed import ExportRecord, Filed, FiledNotice, Run, RunState
from bounce_watch.records.mail import Batch, Message, RawMessage, Wanted
from bounce_watch.records.notice import (
    Finding,
    Notice,
    NoticeKind,
    NotOurs,
    Outcome,
    Recognised,
    Unreadable,
    Unrecognised,
    Verdict,
    WhyNotOurs,
)
from bounce_watch.records.opt_out import OptOut, SuppressionList
from bounce_watch.records.sent import SentLog, SentMessage
from bounce_watch.store.ledger import Ledger
from bounce_watch.suppression.build import build_list
from bounce_watch.suppression.opt_outs import derive_opt_outs

Clock = Callable[[], datetime]


def wanted(account: Account, catalogue: Catalogue) -> Wanted:
    """What to look for in a mailbox: the senders of the wordings, buyers' relay mail, trusted forwarders."""
    return Wanted(
        senders=(*catalogue.senders(), "@marketplace.amazon.", *sorted(account.trust.trusted_forwarders))
    )


def examine(raw: RawMessage, account: Account, *, catalogue: Catalogue) -> Finding:
    """One mail's journey up to the ledger. Pure: octets, account and catalogue in, a finding out."""
    message = parse_message(raw)
    if isinstance(message, Unreadable):
        return _unreadable(raw, message)
    forwarded = unwrap_forward(message, catalogue)
    result: Recognised = recognise(forwarded or message, catalogue)
    if not isinstance(result, NotOurs) and is_misdirected(message, account.addresses):
        result = NotOurs(fingerprint=message.fingerprint, reason=WhyNotOurs.MISDIRECTED)
    verdict = None
    if not (isinstance(result, NotOurs) and result.reason is WhyNotOurs.NOT_AMAZON):
        verdict = (judge_forward if forwarded else judge)(message, account.trust)
    return _finding(raw, message, result, verdict)


def examine_all(raws: Iterable[RawMessage], account: Account, catalogue: Catalogue) -> Iterator[Finding]:
    """Examine each mail; one that breaks us is filed as unreadable, with its octets, and the rest goes on."""
    for raw in raws:
        try:
            yield examine(raw, account, catalogue=catalogue)
        except Exception as error:  # noqa: BLE001  (one odd mail must not stop the others)
            reason = f"the program failed on it ({type(error).__name__})"
            yield _unreadable(raw, Unreadable(fingerprint=of_octets(raw.octets), reason=reason))


def intake(
    mailbox: Mailbox, ledger: Ledger, *, account: Account, catalogue: Catalogue, clock: Clock, command: str
) -> Run:
    """Read the mailbox to its end. Each batch and its cursor are filed in one transaction, then the next is asked for.

    An error closes the run as FAILED and is raised; what was filed before it stays.
    """
    run = ledger.start_run(account.name, command, at=clock())
    read, filed, failures = 0, Filed(), list[str]()
    due = dict[str, int]()
    try:
        for batch in mailbox.batches(ledger.cursors(account.name)):
            findings = list(examine_all(batch.messages, account, catalogue))
            handled = len(findings) + batch.passed
            filed += ledger.file(run, findings, cursor=batch.cursor, read=handled, passed=batch.passed)
            read += handled
            failures.extend(batch.failures)
            due |= _due(batch)
    except BounceWatchError as error:
        ledger.finish_run(
            run, at=clock(), state=RunState.FAILED, read=read, filed=filed, message=error.message
        )
        raise
    failures.extend(f"{count} mails of {folder} could not be fetched" for folder, count in due.items() if count)
    state = RunState.PARTLY if failures else RunState.COMPLETE
    message = "; ".join(failures[:5])
    ledger.finish_run(run, at=clock(), state=state, read=read, filed=filed, message=message)
    return ledger.runs(account.name, limit=1)[0]


def import_sent(log: SentLog, ledger: Ledger, *, account: Account, clock: Clock) -> Filed:
    """File what was sent, and which alias belongs to which order."""
    run = ledger.start_run(account.name, "sent import", at=clock())
    filed = ledger.file_sent_log(run, log)
    ledger.finish_run(run, at=clock(), state=RunState.COMPLETE, read=0, filed=Filed())
    return filed


def counted(ledger: Ledger, account: Account) -> tuple[list[tuple[FiledNotice, int]], list[FiledNotice]]:
    """The opt-out notices that count, each with how many blocked messages it stands for, and those set aside."""
    kept, aside = list[FiledNotice](), list[FiledNotice]()
    for filed in ledger.opt_out_notices(account.name):
        proof = account.trust.require_proof
        (kept if counts(filed.outcome, proof, known_to_us=filed.known_to_us) else aside).append(filed)
    return count_events(kept), aside


def opt_outs(ledger: Ledger, account: Account) -> list[OptOut]:
    """Every order whose buyer opted out, with its alias as far as it is known today."""
    return list(derive_opt_outs(account.name, counted(ledger, account)[0]))


def suppression_list(ledger: Ledger, account: Account, *, at: datetime) -> SuppressionList:
    """Whom not to write to, as of the facts in the ledger."""
    found = opt_outs(ledger, account)
    aliases = {opt_out.alias for opt_out in found if opt_out.alias}
    orders = ledger.orders_of_aliases(account.name, aliases)
    return build_list(found, account=account.name, orders_of=orders, made_at=at)


def merged_list(ledger: Ledger, accounts: Sequence[Account], *, at: datetime) -> SuppressionList:
    """The list of one account, or of several side by side; the name of several is their names with `+`."""
    lists = [suppression_list(ledger, account, at=at) for account in accounts]
    if len(lists) == 1:
        return lists[0]
    revisions = "\n".join(listing.revision for listing in lists)
    return SuppressionList(
        account="+".join(listing.account for listing in lists),
        entries=tuple(entry for listing in lists for entry in listing.entries),
        made_at=at,
        revision=hashlib.sha256(revisions.encode()).hexdigest(),
    )


def record_of(listing: SuppressionList, *, preset: str, path: Path, members: Sequence[str]) -> ExportRecord:
    """What the ledger keeps of an export."""
    return ExportRecord(
        account=listing.account,
        preset=preset,
        path=str(path),
        revision=listing.revision,
        made_at=listing.made_at,
        members=tuple(members),
    )


def withheld_log(withheld: Sequence[SentMessage]) -> SentLog:
    """What scrub took out, as a sent log."""
    return SentLog(sends=tuple(withheld), links=(), coverage=None, rows=len(withheld))


def _due(batch: Batch) -> dict[str, int]:
    return {batch.cursor.folder: len(batch.cursor.due)} if batch.cursor else {}


def _finding(raw: RawMessage, message: Message, result: Recognised, verdict: Verdict | None) -> Finding:
    return Finding(
        ref=raw.ref,
        message_id=message.message_id,
        from_address=message.from_address,
        subject=message.subject,
        result=result,
        verdict=verdict,
        cut=message.cut,
        octets=raw.octets if _must_be_kept(result, verdict) else None,
        size_bytes=message.size_bytes,
    )


def _must_be_kept(result: Recognised, verdict: Verdict | None) -> bool:
    """True for what a person may have to look at, or a later catalogue may understand."""
    match result:
        case Notice():
            proven = verdict is not None and verdict.outcome is Outcome.GENUINE
            return result.kind is NoticeKind.OPT_OUT and not proven
        case NotOurs():
            return result.reason is WhyNotOurs.MISDIRECTED
        case Unrecognised() | Unreadable():
            return True
        case _:
            assert_never(result)


def _unreadable(raw: RawMessage, why: Unreadable) -> Finding:
    return Finding(
        ref=raw.ref,
        message_id=None,
        from_address=None,
        subject="",
        result=why,
        verdict=None,
        cut=raw.cut,
        octets=raw.octets,
        size_bytes=len(raw.octets),
    )
