"""READ THIS FIRST: the whole journey, from a mailbox to the list and the report.

    mailbox -> parse -> unwrap a forward -> recognise -> judge -> ledger        `intake` (a mail: examine.py)
    sent log, order reports                              -> ledger              `import_sent`
    ledger -> counted notices -> opt-outs, decisions -> suppression list        `counted` ... `entries`, `lookup`
    suppression list -> a tool's file, its outgoing mail, an answer             upkeep/{export,scrub,check}.py
    ledger -> figures -> report                                                 figures/content.py

Stages never import each other: they meet here and speak in the values of `records/`. Facts are stored,
conclusions are derived: what counts, who is opted out and every rate is worked out anew each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from bounce_watch.authenticity.dkim import Resolver
from bounce_watch.errors import BounceWatchError
from bounce_watch.examine import examine_all
from bounce_watch.listed import each_counted, entries
from bounce_watch.mailboxes.specs import Mailbox
from bounce_watch.notices.catalogue import Catalogue
from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action
from bounce_watch.records.filed import Filed, FiledNotice, Run, RunState
from bounce_watch.records.mail import Fingerprint, Wanted
from bounce_watch.records.notice import Outcome, Unreadable
from bounce_watch.records.opt_out import SuppressionEntry, SuppressionList
from bounce_watch.records.sent import SentLog
from bounce_watch.store.ledger import Ledger
from bounce_watch.suppression.build import Revision
from bounce_watch.suppression.guard import Surge, find_surge
from bounce_watch.suppression.opt_outs import Counted

Clock = Callable[[], datetime]


def wanted(account: Account, catalogue: Catalogue) -> Wanted:
    """What to look for in a mailbox: the senders of the wordings, buyers' relay mail, trusted forwarders."""
    return Wanted(
        senders=(*catalogue.senders(), "@marketplace.amazon.", *sorted(account.trust.trusted_forwarders))
    )


def intake(
    mailbox: Mailbox,
    ledger: Ledger,
    *,
    account: Account,
    catalogue: Catalogue,
    clock: Clock,
    command: str,
    resolver: Resolver | None = None,
    reread: set[Fingerprint] | None = None,
) -> Run:
    """Read the mailbox to its end. Each batch and its cursor are filed in one transaction, then the next is asked for.

    An error, or a signal, closes the run as FAILED and is raised; what was filed before it stays. With `reread`
    (a rebuild) it is read from its beginning, damaged rows are mended, and the set takes the mails that it holds.
    """
    run = ledger.start_run(account.name, command, at=clock())
    account = trusted(ledger, account)
    read, filed, failures, due, unreadable = 0, Filed(), list[str](), dict[str, int](), 0
    try:
        for batch in mailbox.batches(ledger.cursors(account.name) if reread is None else {}):
            findings = list(examine_all(batch.messages, account, catalogue, resolver=resolver))
            handled, passed = len(findings) + batch.passed, batch.passed
            filed += ledger.file(
                run, findings, cursor=batch.cursor, read=handled, passed=passed, mend=reread is not None
            )
            if reread is not None:
                reread.update(finding.result.fingerprint for finding in findings)
            read += handled
            unreadable += sum(isinstance(finding.result, Unreadable) for finding in findings)
            failures.extend(batch.failures)
            due |= {batch.cursor.folder: len(batch.cursor.due)} if batch.cursor else {}
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        said = error.message if isinstance(error, BounceWatchError) else "It was stopped before its end"
        # Where the ledger is what failed, the run stays RUNNING, and reports speak of it after an hour.
        with suppress(BounceWatchError):
            ledger.finish_run(run, at=clock(), state=RunState.FAILED, read=read, filed=filed, message=said)
        raise
    failures.extend(
        f"{count} mails of {folder} could not be fetched" for folder, count in due.items() if count
    )
    state = RunState.PARTLY if failures else RunState.COMPLETE
    notes = [f"{unreadable} of the mails could not be read at all"] if unreadable else []
    message = "; ".join([*failures[:5], *notes])
    ledger.finish_run(run, at=clock(), state=state, read=read, filed=filed, message=message)
    # Not simply the newest: another process may have begun one meanwhile.
    done = next(each for each in ledger.runs(account.name, limit=1_000) if each.id == run)
    return replace(done, filed=filed)  # which also knows what was met again of undone runs


def import_sent(log: SentLog, ledger: Ledger, *, account: Account, clock: Clock) -> Filed:
    """File what was sent, and which alias belongs to which order."""
    run = ledger.start_run(account.name, "sent import", at=clock())
    filed = ledger.file_sent_log(run, log)
    ledger.finish_run(run, at=clock(), state=RunState.COMPLETE, read=log.rows, filed=filed)
    return filed


def trusted(ledger: Ledger, account: Account) -> Account:
    """The account with the receivers that a person confirmed beside those of the settings."""
    confirmed = set(ledger.confirmed_receivers(account.name)) - set(account.trust.authserv_ids)
    ids = (*account.trust.authserv_ids, *sorted(confirmed))
    return replace(account, trust=replace(account.trust, authserv_ids=ids))


def counted(
    ledger: Ledger, account: Account, *, as_of: datetime | None = None
) -> tuple[list[Counted], list[FiledNotice]]:
    """The opt-out notices that count, each with how many blocked messages it stands for, and those set aside.

    What a person accepted counts whatever its verdict; what a person dismissed is neither. `as_of` leaves out
    decisions after that instant.
    """
    aside = list[FiledNotice]()
    return list(each_counted(ledger, account, as_of=as_of, aside=aside)), aside


def suppression_list(
    ledger: Ledger, account: Account, *, at: datetime, as_of: datetime | None = None
) -> SuppressionList:
    """The same as one value, for who has room for all of it."""
    listed, revision = list[SuppressionEntry](), Revision(account.name)
    for entry in entries(ledger, account, at=at, as_of=as_of):
        revision.add(entry)
        listed.append(entry)
    return SuppressionList(account=account.name, entries=tuple(listed), made_at=at, revision=str(revision))


def surge(events: Iterable[tuple[FiledNotice, int]], *, at: datetime) -> Surge | None:
    """Whether far more notices of the last 24 hours count than usual that neither proof nor a person stands behind.

    Proven ones never stop an export: whoever writes to many buyers on one day gets many.
    """
    weak = (filed for filed, messages in events if messages and filed.outcome is not Outcome.GENUINE)
    return find_surge(
        (filed.notice.noticed_at for filed in weak if filed.decided is not Action.ACCEPT), now=at
    )
