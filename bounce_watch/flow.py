"""READ THIS FIRST: the whole journey, from a mailbox to the list and the report.

    mailbox -> parse -> unwrap a forward -> recognise -> judge -> ledger        `intake` (a mail: examine.py)
    sent log, order reports                              -> ledger              `import_sent`
    ledger -> counted notices -> opt-outs -> suppression list -> file           `counted` ... `export`, `scrub`
    ledger -> figures -> report                                                 figures/content.py

Stages never import each other: they meet here and speak in the values of `records/`. Facts are stored,
conclusions are derived: what counts, who is opted out and every rate is worked out anew each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from bounce_watch.authenticity.judge import counts
from bounce_watch.errors import BounceWatchError
from bounce_watch.examine import examine_all
from bounce_watch.mailboxes.specs import Mailbox
from bounce_watch.notices.catalogue import Catalogue
from bounce_watch.notices.copies import count_events
from bounce_watch.records.account import Account
from bounce_watch.records.filed import ExportRecord, Filed, FiledNotice, Run, RunState
from bounce_watch.records.mail import Wanted
from bounce_watch.records.notice import Unreadable
from bounce_watch.records.opt_out import OptOut, SuppressionList
from bounce_watch.records.sent import SentLog
from bounce_watch.store.ledger import Ledger
from bounce_watch.suppression.build import build_list
from bounce_watch.suppression.export import members, render_export
from bounce_watch.suppression.files import write_atomically
from bounce_watch.suppression.guard import check_shrinkage
from bounce_watch.suppression.opt_outs import derive_opt_outs
from bounce_watch.suppression.preset import Preset
from bounce_watch.suppression.scrub import ScrubColumns, ScrubResult, scrub_file

Clock = Callable[[], datetime]


def wanted(account: Account, catalogue: Catalogue) -> Wanted:
    """What to look for in a mailbox: the senders of the wordings, buyers' relay mail, trusted forwarders."""
    return Wanted(
        senders=(*catalogue.senders(), "@marketplace.amazon.", *sorted(account.trust.trusted_forwarders))
    )


def intake(
    mailbox: Mailbox, ledger: Ledger, *, account: Account, catalogue: Catalogue, clock: Clock, command: str
) -> Run:
    """Read the mailbox to its end. Each batch and its cursor are filed in one transaction, then the next is asked for.

    An error closes the run as FAILED and is raised; what was filed before it stays.
    """
    run = ledger.start_run(account.name, command, at=clock())
    read, filed, failures, due, unreadable = 0, Filed(), list[str](), dict[str, int](), 0
    try:
        for batch in mailbox.batches(ledger.cursors(account.name)):
            findings = list(examine_all(batch.messages, account, catalogue))
            handled = len(findings) + batch.passed
            filed += ledger.file(run, findings, cursor=batch.cursor, read=handled, passed=batch.passed)
            read += handled
            unreadable += sum(isinstance(finding.result, Unreadable) for finding in findings)
            failures.extend(batch.failures)
            due |= {batch.cursor.folder: len(batch.cursor.due)} if batch.cursor else {}
    except BounceWatchError as error:
        ledger.finish_run(
            run, at=clock(), state=RunState.FAILED, read=read, filed=filed, message=error.message
        )
        raise
    failures.extend(
        f"{count} mails of {folder} could not be fetched" for folder, count in due.items() if count
    )
    state = RunState.PARTLY if failures else RunState.COMPLETE
    notes = [f"{unreadable} of the mails could not be read at all"] if unreadable else []
    message = "; ".join([*failures[:5], *notes])
    ledger.finish_run(run, at=clock(), state=state, read=read, filed=filed, message=message)
    # Not simply the newest: another process may have begun one meanwhile.
    return next(each for each in ledger.runs(account.name, limit=1_000) if each.id == run)


def import_sent(log: SentLog, ledger: Ledger, *, account: Account, clock: Clock) -> Filed:
    """File what was sent, and which alias belongs to which order."""
    run = ledger.start_run(account.name, "sent import", at=clock())
    filed = ledger.file_sent_log(run, log)
    ledger.finish_run(run, at=clock(), state=RunState.COMPLETE, read=log.rows, filed=filed)
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


def export(
    ledger: Ledger,
    accounts: Sequence[Account],
    preset: Preset,
    path: Path,
    *,
    at: datetime,
    allow_shrink: bool = False,
) -> SuppressionList:
    """Write the list of `accounts` to `path` in the shape of `preset`, and record it; the list that was written.

    GuardStopped, with the old file as it was, when somebody of the last export there would be missing.
    """
    listing = merged_list(ledger, accounts, at=at)
    keys = members(listing, preset)
    last = ledger.last_export(listing.account, preset=preset.name, path=str(path))
    if last and not allow_shrink:
        check_shrinkage(last.members, keys)
    write_atomically(path, render_export(listing, preset), encoding=preset.encoding)
    ledger.record_export(
        ExportRecord(
            account=listing.account,
            preset=preset.name,
            path=str(path),
            revision=listing.revision,
            made_at=at,
            members=keys,
        )
    )
    return listing


def scrub(
    ledger: Ledger,
    account: Account,
    source: Path,
    *,
    clean_path: Path,
    dropped_path: Path,
    columns: ScrubColumns,
    marketplaces: frozenset[str],
    clock: Clock,
) -> ScrubResult:
    """Split an outgoing file by the list of `account`; what is taken out is filed as withheld sends."""
    done = scrub_file(
        source,
        clean_path=clean_path,
        dropped_path=dropped_path,
        listing=suppression_list(ledger, account, at=clock()),
        columns=columns,
        at=clock(),
        marketplaces=marketplaces,
    )
    if done.withheld:
        withheld = SentLog(sends=done.withheld, links=(), coverage=None, rows=done.read)
        import_sent(withheld, ledger, account=account, clock=clock)
    return done
