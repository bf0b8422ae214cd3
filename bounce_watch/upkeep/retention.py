"""What may still be known of a buyer, when the rest is forgotten, and what happens when a person asks for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bounce_watch.listed import each_counted, entries, lookup, rulings
from bounce_watch.mailboxes.parse import parse_message
from bounce_watch.records.account import Account, RequireProof, Trust
from bounce_watch.records.decision import Action, Decision
from bounce_watch.records.filed import Purged, SetAside
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Message
from bounce_watch.records.opt_out import SuppressionEntry
from bounce_watch.store.backup_purge import BackupsPurged
from bounce_watch.store.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was forgotten in the ledger and in its backups.

    `swept` is False when another process held the write-ahead log, so that it keeps old values until the next
    purge. `listed`: the erased buyer is on the list, and `scrub` still takes the rows out.
    """

    purged: Purged
    backups: BackupsPurged
    swept: bool = True
    listed: bool = False


SETTING_UP = timedelta(days=7)
RUNS_OF_A_WEEK = 1_000
"""More than anybody has in the week in which an account is set up."""


def purge(ledger: Ledger, account: Account, *, now: datetime) -> Forgotten:
    """Forget whatever has passed its retention; the names that the list lives from stay in clear."""
    purged = ledger.purge(account.name, listed=lambda: names_in_use(ledger, account, now=now), now=now)
    forgot = purged != Purged()
    swept = ledger.sweep_out() if forgot else True
    return Forgotten(purged=purged, backups=ledger.purge_backups(now=now, forgot=forgot), swept=swept)


def purge_unless_new(ledger: Ledger, account: Account, *, now: datetime) -> None:
    """The same, but for an account in its first week of which no mail was read yet.

    What it sent must not be forgotten before the notices say whose orders it is about, whichever is read first.
    """
    runs = ledger.runs(account.name, limit=RUNS_OF_A_WEEK)
    is_new = all(now - run.started_at < SETTING_UP for run in runs)
    if not is_new or ledger.has_read_mail(account.name):
        purge(ledger, account, now=now)


def every_account(configured: Iterable[Account], ledger: Ledger) -> list[Account]:
    """The accounts of the settings, and those that only the ledger knows: their buyers age, too.

    Of the latter nobody says here which notices count (they may stand in other settings), so all that could
    count is kept in clear.
    """
    known = {account.name: account for account in configured}
    widest = Trust(require_proof=RequireProof.NEVER)
    others = (Account(name=name, trust=widest) for name in ledger.accounts() if name not in known)
    return [*known.values(), *others]


def names_in_use(ledger: Ledger, account: Account, *, now: datetime) -> set[OrderId | Alias]:
    """The orders and aliases of the list, but for entries past `list_days`, and aliases that a review may need.

    So are those that will be on it when a release or an allowance expires.
    """
    names: set[OrderId | Alias] = set()
    # Who is released or allowed for a time comes back to the list, where a hash would help no tool.
    for entry in entries(ledger, account, at=now, ruled=rulings(ledger, account, at=now, lasting=True)):
        if not _is_past(entry, account, now):
            names.update(entry.order_ids, (entry.alias,) if entry.alias else ())
    for filed, _ in each_counted(ledger, account):
        if filed.notice.order_id in names:
            named = (filed.notice.alias, filed.linked_alias, filed.conflicting_alias)
            names |= {alias for alias in named if alias}
    return names


def _is_past(entry: SuppressionEntry, account: Account, now: datetime) -> bool:
    """True for an entry that `list_days` turns into hashes: its last notice is longer ago than that."""
    if account.list_days is None:
        return False
    return (entry.last_noticed_at or now) < now - timedelta(days=account.list_days)


def erase(
    ledger: Ledger, account: Account, name: OrderId | Alias, *, actor: str, note: str, now: datetime
) -> Forgotten:
    """Forget a buyer, named by an alias or one order, at once and for ever; a decision says who wanted it.

    An entry on the list stays one, as a hash: `scrub` and `check` still know it.
    """
    entry = lookup(ledger, account, [name], at=now)[name].entry
    also: set[OrderId | Alias] = {*entry.order_ids, *entry.allowed_orders} if entry else set()
    also |= {entry.alias} if entry and entry.alias else set()
    names = {
        name_ for each in (name, *also) for name_ in (*ledger.names_of_buyer(account.name, each), str(each))
    }
    mails = {each.fingerprint for each in ledger.set_aside(account.name) if any(_holds(each, names))}
    purged = ledger.erase(account.name, name, at=now, also=also, mails=mails)
    ledger.decide(
        Decision(
            account=account.name,
            action=Action.ERASE,
            subject=ledger.hash_of(name),
            actor=actor,
            decided_at=now,
            note=note,
        )
    )
    swept = ledger.sweep_out()
    backups = ledger.purge_backups(now=now, forgot=True, erased=True)
    return Forgotten(purged=purged, backups=backups, swept=swept, listed=entry is not None)


def _holds(kept: SetAside, names: Collection[str]) -> Iterator[bool]:
    """For each text of a mail that was set aside whether one of the names stands in it."""
    message = parse_message(kept.raw)
    texts = [kept.raw.octets.decode("latin-1")]
    if isinstance(message, Message):
        for each in (message, *message.embedded):
            texts += [each.subject, each.text, each.from_address or "", *each.recipients, *each.links]
    for text in texts:
        lowered = text.lower()
        yield any(name.lower() in lowered for name in names)
