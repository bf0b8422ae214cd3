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

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

from bounce_watch.authenticity.dkim import Resolver
from bounce_watch.authenticity.judge import counts
from bounce_watch.errors import BounceWatchError
from bounce_watch.examine import examine_all
from bounce_watch.mailboxes.specs import Mailbox
from bounce_watch.notices.catalogue import Catalogue
from bounce_watch.notices.copies import count_events
from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action
from bounce_watch.records.filed import Filed, FiledNotice, Run, RunState
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Fingerprint, Wanted
from bounce_watch.records.notice import Evidence, Outcome, Unreadable
from bounce_watch.records.opt_out import Answer, OptOut, SuppressionEntry, SuppressionList
from bounce_watch.records.sent import SentLog
from bounce_watch.store.ledger import Ledger
from bounce_watch.suppression.build import Revision, build_list
from bounce_watch.suppression.guard import Surge, find_surge
from bounce_watch.suppression.opt_outs import Counted, derive_opt_outs
from bounce_watch.suppression.rulings import Rulings

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


def each_counted(
    ledger: Ledger,
    account: Account,
    *,
    as_of: datetime | None = None,
    orders: Collection[str] | None = None,
    aside: list[FiledNotice] | None = None,
) -> Iterator[Counted]:
    """The same, order by order; those set aside are appended to `aside`. `orders`: only those of these hashes."""
    notices = ledger.opt_out_notices(account.name, as_of=as_of, orders=orders)
    for _, of_order in groupby(notices, key=lambda filed: filed.notice.order_id):
        kept = list[FiledNotice]()
        for filed in of_order:
            if does_count(filed, account):
                kept.append(filed)
            elif aside is not None and filed.decided is not Action.DISMISS:
                aside.append(filed)
        yield from count_events(kept)


def does_count(filed: FiledNotice, account: Account) -> bool:
    """True for a notice that a person accepted, or that the account's policy lets count and nobody dismissed.

    What only a person took for an opt-out counts as long as it is accepted, whatever the policy.
    """
    if filed.decided is Action.DISMISS:
        return False
    if filed.decided is Action.ACCEPT or filed.notice.evidence is Evidence.PERSON:
        return filed.decided is Action.ACCEPT
    return counts(filed.outcome, account.trust.require_proof, known_to_us=filed.known_to_us)


def opt_outs(
    ledger: Ledger,
    account: Account,
    *,
    as_of: datetime | None = None,
    orders: Collection[str] | None = None,
) -> Iterator[OptOut]:
    """Every order whose buyer opted out, with its alias as far as it is known today. `orders`: only these hashes."""
    return derive_opt_outs(account.name, each_counted(ledger, account, as_of=as_of, orders=orders))


def entries(
    ledger: Ledger,
    account: Account,
    *,
    at: datetime,
    as_of: datetime | None = None,
    only: Collection[str] | None = None,
) -> Iterator[SuppressionEntry]:
    """Whom not to write to at an instant, in order: from the facts in the ledger (and the decisions up to `as_of`).

    `only`: as far as these hashes of orders and aliases tell (see Ledger.related).
    """
    return build_list(
        opt_outs(ledger, account, as_of=as_of, orders=only),
        account=account.name,
        rulings=rulings(ledger, account, at=at, as_of=as_of, only=only),
        orders_of=partial(ledger.orders_of_aliases, account.name, as_of=as_of),
        at=at,
        expire_after=expire_after(account),
    )


def expire_after(account: Account) -> timedelta | None:
    """How long after the last notice a buyer leaves the list; None: never."""
    return None if account.expire_after_days is None else timedelta(days=account.expire_after_days)


def rulings(
    ledger: Ledger,
    account: Account,
    *,
    at: datetime,
    as_of: datetime | None = None,
    only: Collection[str] | None = None,
    orders: Collection[OrderId] = (),
) -> Rulings:
    """What persons decided about the list, with the aliases of the orders that they named (and of `orders`)."""
    decided = ledger.list_decisions(account.name, as_of=as_of, hashes=only)
    named = {*orders, *(decision.order_id for decision in decided if decision.order_id)}
    if not named:
        return Rulings(decided, alias_of={}, at=at)
    known = ledger.linked_aliases(account.name, named, as_of=as_of)
    hashes = {ledger.hash_of(order_id) for order_id in named}
    for each in opt_outs(ledger, account, as_of=as_of, orders=hashes):
        # What the notices of an order say of its buyer stands above what links say; they may say that it is open.
        known.pop(each.order_id, None)
        if each.alias and not each.alias.is_shared:
            known[each.order_id] = each.alias
    return Rulings(decided, alias_of=known, at=at)


def lookup(
    ledger: Ledger, account: Account, names: Collection[OrderId | Alias], *, at: datetime
) -> dict[OrderId | Alias, Answer]:
    """For each order or alias whether it is on the list, by the facts that bear on these names alone."""
    only = ledger.related(account.name, names)
    ruled = rulings(
        ledger, account, at=at, only=only, orders=[name for name in names if isinstance(name, OrderId)]
    )
    found: dict[str, SuppressionEntry] = {}
    for entry in entries(ledger, account, at=at, only=only):
        for name in (*entry.order_ids, *((entry.alias,) if entry.alias else ())):
            found.setdefault(ledger.hash_of(name), entry)
    as_known = {ledger.hash_of(name): name for name in ruled.names()}
    answers = {}
    for name in names:
        hash_ = ledger.hash_of(name)
        allowed = hash_ not in found and ruled.is_allowed(as_known.get(hash_, name))
        answers[name] = Answer(name=name, entry=found.get(hash_), allowed=allowed)
    return answers


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
