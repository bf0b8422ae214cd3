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
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bounce_watch.authenticity.dkim import Resolver
from bounce_watch.authenticity.judge import counts
from bounce_watch.errors import BounceWatchError
from bounce_watch.examine import examine_all
from bounce_watch.mailboxes.specs import Mailbox
from bounce_watch.notices.catalogue import Catalogue
from bounce_watch.notices.copies import count_events
from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action
from bounce_watch.records.filed import ExportRecord, Filed, FiledNotice, Run, RunState
from bounce_watch.records.mail import Fingerprint, Wanted
from bounce_watch.records.notice import Evidence, Outcome, Unreadable
from bounce_watch.records.opt_out import OptOut, SuppressionList
from bounce_watch.records.sent import SentLog
from bounce_watch.store.ledger import Ledger
from bounce_watch.suppression.build import build_list
from bounce_watch.suppression.export import members, render_export
from bounce_watch.suppression.files import write_atomically
from bounce_watch.suppression.guard import Surge, check_shrinkage, check_surge, find_surge
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
) -> tuple[list[tuple[FiledNotice, int]], list[FiledNotice]]:
    """The opt-out notices that count, each with how many blocked messages it stands for, and those set aside.

    What a person accepted counts whatever its verdict; what a person dismissed is neither. `as_of` leaves out
    decisions after that instant.
    """
    kept, aside = list[FiledNotice](), list[FiledNotice]()
    for filed in ledger.opt_out_notices(account.name, as_of=as_of):
        if filed.decided is not Action.DISMISS:
            (kept if does_count(filed, account) else aside).append(filed)
    return count_events(kept), aside


def does_count(filed: FiledNotice, account: Account) -> bool:
    """True for a notice that a person accepted, or that the account's policy lets count.

    What only a person took for an opt-out counts as long as it is accepted, whatever the policy.
    """
    if filed.decided is Action.ACCEPT or filed.notice.evidence is Evidence.PERSON:
        return filed.decided is Action.ACCEPT
    return counts(filed.outcome, account.trust.require_proof, known_to_us=filed.known_to_us)


def opt_outs(ledger: Ledger, account: Account, *, as_of: datetime | None = None) -> list[OptOut]:
    """Every order whose buyer opted out, with its alias as far as it is known today."""
    return list(derive_opt_outs(account.name, counted(ledger, account, as_of=as_of)[0]))


def suppression_list(
    ledger: Ledger, account: Account, *, at: datetime, as_of: datetime | None = None
) -> SuppressionList:
    """Whom not to write to, as of the facts in the ledger (and the decisions up to `as_of`)."""
    found = opt_outs(ledger, account, as_of=as_of)
    aliases = {opt_out.alias for opt_out in found if opt_out.alias}
    orders = ledger.orders_of_aliases(account.name, aliases, as_of=as_of)
    return build_list(found, account=account.name, orders_of=orders, made_at=at)


def merged_list(
    ledger: Ledger, accounts: Sequence[Account], *, at: datetime, as_of: datetime | None = None
) -> SuppressionList:
    """The list of one account, or of several side by side; the name of several is their names with `+`."""
    lists = [suppression_list(ledger, account, at=at, as_of=as_of) for account in accounts]
    if len(lists) == 1:
        return lists[0]
    revisions = "\n".join(listing.revision for listing in lists)
    return SuppressionList(
        account="+".join(listing.account for listing in lists),
        entries=tuple(entry for listing in lists for entry in listing.entries),
        made_at=at,
        revision=hashlib.sha256(revisions.encode()).hexdigest(),
    )


def surge(events: Iterable[tuple[FiledNotice, int]], *, at: datetime) -> Surge | None:
    """Whether far more notices of the last 24 hours count than usual that neither proof nor a person stands behind.

    Proven ones never stop an export: whoever writes to many buyers on one day gets many.
    """
    weak = (filed for filed, messages in events if messages and filed.outcome is not Outcome.GENUINE)
    return find_surge(
        (filed.notice.noticed_at for filed in weak if filed.decided is not Action.ACCEPT), now=at
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The list that was written, and the keys that came and went since the export before (`since`, None: none)."""

    listing: SuppressionList
    since: datetime | None = None
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()


def export(
    ledger: Ledger,
    accounts: Sequence[Account],
    preset: Preset,
    path: Path,
    *,
    at: datetime,
    allow_shrink: bool = False,
    allow_surge: bool = False,
) -> Exported:
    """Write the list of `accounts` to `path` in the shape of `preset`, and record it.

    GuardStopped, with the old file as it was, when somebody of the last export there would be missing whom no
    decision since then took off the list, and when far more buyers opted out in a day than usual.
    """
    for account in () if allow_surge else accounts:
        check_surge(surge(counted(ledger, account)[0], at=at), account=account.name)
    listing = merged_list(ledger, accounts, at=at)
    keys = {ledger.hash_of_key(key): key for key in members(listing, preset)}
    last = ledger.last_export(preset=preset.name, path=str(path))
    before = dict(zip(last.hashes, last.members, strict=True)) if last else {}
    went = {hash_: name for hash_, name in before.items() if hash_ not in keys}
    if last and went and not allow_shrink:
        undecided = members(merged_list(ledger, accounts, at=at, as_of=last.made_at), preset)
        check_shrinkage(went, explained=map(ledger.hash_of_key, undecided))
    write_atomically(path, render_export(listing, preset), encoding=preset.encoding)
    ledger.record_export(
        ExportRecord(
            account=listing.account,
            preset=preset.name,
            path=str(path),
            revision=listing.revision,
            made_at=at,
            members=tuple(keys.values()),
        )
    )
    came = (name for hash_, name in keys.items() if last and hash_ not in before)
    return Exported(
        listing=listing,
        since=last.made_at if last else None,
        came=tuple(name for name in came if not name.startswith("#")),
        went=tuple(went.values()),
    )


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
        known_as=ledger.hash_of,
    )
    if done.withheld:
        withheld = SentLog(sends=done.withheld, links=(), coverage=None, rows=done.read)
        import_sent(withheld, ledger, account=account, clock=clock)
    return done
