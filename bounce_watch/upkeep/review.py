"""A person's say about what the program set aside: accept, dismiss, and take either back.

What was decided are facts with an actor and an instant; the list follows from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bounce_watch.errors import GuardStopped, UsageError
from bounce_watch.examine import examine_all
from bounce_watch.flow import trusted
from bounce_watch.mailboxes.parse import parse_message
from bounce_watch.notices.catalogue import Catalogue
from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action, By, Decision
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Message, MessageRef, RawMessage
from bounce_watch.records.notice import Evidence, Finding, Notice, NoticeKind, Outcome
from bounce_watch.records.opt_out import SuppressionList
from bounce_watch.reports.review import Group, ReviewItem
from bounce_watch.reports.wording import name_text
from bounce_watch.store.ledger import Ledger
from bounce_watch.upkeep.one_run import one_run
from bounce_watch.upkeep.review_items import every_item, find

COMMAND = "review"
"""What the run is called under which a review files what a mail is taken for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a person adds when accepting: an order, its alias, and that even a forged mail may count."""

    order_id: OrderId | None = None
    alias: Alias | None = None
    forged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of an item, in a sentence; `decision` is None when it was so before."""

    item: ReviewItem
    said: str
    decision: Decision | None = None
    finding: Finding | None = None


def waiting(ledger: Ledger, account: Account) -> list[ReviewItem]:
    """What waits for a person, group by group, the newest first."""
    return [item for item in every_item(ledger, account) if item.decision is None]


def decided(ledger: Ledger, account: Account) -> list[ReviewItem]:
    """What a person decided and did not take back, in the same order."""
    return [item for item in every_item(ledger, account) if item.decision is not None]


def accept(
    ledger: Ledger,
    account: Account,
    *,
    handles: Sequence[str],
    catalogue: Catalogue,
    by: By,
    named: Named,
) -> list[Settled]:
    """Let each of these count, or settle its alias; nothing is written unless all of them can be.

    UsageError for an unknown or ambiguous handle, and where an order or alias is missing or too much; GuardStopped
    for a forged mail without `named.forged`.
    """
    items = find(ledger, account, handles)
    if len(items) > 1 and (named.order_id or named.alias):
        raise UsageError(
            "--order and --alias are about one mail or order.", "Accept the others by themselves."
        )
    if named.alias and named.alias.is_shared:
        raise UsageError(f"Many buyers share {named.alias}.", "Leave --alias out: the order id is enough.")
    done = [_accept(ledger, account, item, catalogue=catalogue, by=by, named=named) for item in items]
    return _write(ledger, account, done, at=by.at)


def dismiss(ledger: Ledger, account: Account, *, handles: Sequence[str], by: By) -> list[Settled]:
    """Never count these mails, or leave the alias of these orders open; UsageError for a wrong handle."""
    return dismiss_items(ledger, account, items=find(ledger, account, handles), by=by)


def dismiss_all(ledger: Ledger, account: Account, *, group: Group, by: By) -> list[Settled]:
    """Dismiss all that waits in a group."""
    items = [item for item in waiting(ledger, account) if item.group is group]
    return dismiss_items(ledger, account, items=items, by=by)


def dismiss_items(ledger: Ledger, account: Account, *, items: Iterable[ReviewItem], by: By) -> list[Settled]:
    """Dismiss these."""
    done = []
    for item in items:
        if item.group is Group.CONFLICTING:
            said = "stays on the list by its order id alone"
            done.append(_chosen(ledger, account, item, alias=None, by=by, said=said))
        else:
            done.append(_about_mail(account, item, Action.DISMISS, by=by, said="dismissed: it never counts"))
    return _write(ledger, account, done, at=by.at)


def reopen(ledger: Ledger, account: Account, *, handles: Sequence[str], by: By) -> list[Settled]:
    """Take back what was decided about these, so that they wait again; UsageError for a wrong handle."""
    done = []
    for item in find(ledger, account, handles):
        if item.decision is None:
            done.append(Settled(item=item, said="it waits already"))
            continue
        subject = item.decision.subject
        decision = _decision(account, Action.REOPEN, subject, by=by)
        done.append(
            Settled(item=item, said="open again: what was decided no longer holds", decision=decision)
        )
    return _write(ledger, account, done, at=by.at)


def _accept(
    ledger: Ledger, account: Account, item: ReviewItem, *, catalogue: Catalogue, by: By, named: Named
) -> Settled:
    if item.group is Group.CONFLICTING:
        return _choose(ledger, account, item, by=by, named=named)
    if item.decision and item.decision.action is Action.ACCEPT and not named.order_id:
        return _already(item, item.decision)
    if named.alias and not named.order_id:
        raise UsageError("--alias needs --order here.", "Name the order whose buyer has this alias.")
    finding = None
    if named.order_id:
        if item.is_notice and item.group is not Group.UNRECOGNISED:
            raise UsageError(f"{item.handle} names its order itself.", "Leave --order out.")
        finding = _by_person(account, item, named)
    elif not item.is_notice:
        finding = _read_anew(ledger, account, item, catalogue)
    _guard(item, finding, named)
    said = "accepted: " + (_means(finding) if finding else f"it counts as an opt-out of order {item.about}")
    return _about_mail(account, item, Action.ACCEPT, by=by, said=said, finding=finding)


def _guard(item: ReviewItem, finding: Finding | None, named: Named) -> None:
    verdicts = (item.verdict, finding.verdict if finding else None)
    if not named.forged and any(each and each.outcome is Outcome.FORGED for each in verdicts):
        raise GuardStopped(
            f"Your own receiver says that {item.handle} is forged; nothing was accepted.",
            "If you know that Amazon wrote it, say so with --forged.",
        )


def _means(finding: Finding) -> str:
    notice = finding.result
    if isinstance(notice, Notice) and notice.kind is NoticeKind.OPT_OUT and notice.order_id:
        return f"it counts as an opt-out of order {name_text(notice.order_id)}"
    kind = notice.kind.value.replace("_", " ") if isinstance(notice, Notice) else "no notice"
    return f"it is no opt-out ({kind}), so nobody comes onto the list"


def _by_person(account: Account, item: ReviewItem, named: Named) -> Finding:
    """The mail as an opt-out notice of the order that a person names."""
    notice = Notice(
        kind=NoticeKind.OPT_OUT,
        language=None,
        wording=None,
        evidence=Evidence.PERSON,
        order_id=named.order_id,
        alias=named.alias,
        marketplace=named.alias.marketplace if named.alias else None,
        blocked_on=None,
        noticed_at=item.noticed_at,
        fingerprint=item.fingerprint or "",
        body_digest=item.fingerprint or "",
        recipients=(),
    )
    return Finding(
        ref=item.place or MessageRef(account=account.name, folder="?"),
        message_id=None,
        from_address=item.sender,
        subject="",
        result=notice,
        verdict=None,
    )


def _read_anew(ledger: Ledger, account: Account, item: ReviewItem, catalogue: Catalogue) -> Finding:
    """A misdirected mail as if it were addressed to us; UsageError where that, or the octets, say no notice."""
    aside = next(ledger.set_aside(account.name, fingerprint=item.fingerprint), None)
    if aside and item.group is Group.MISDIRECTED:
        anywhere = replace(trusted(ledger, account), addresses=())
        (finding,) = examine_all([aside.raw], anywhere, catalogue)
        if isinstance(finding.result, Notice):
            result = replace(finding.result, evidence=Evidence.PERSON, fingerprint=aside.fingerprint)
            return replace(finding, result=result)
    hint = "Name the order that it is about: --order ORDER."
    if aside and len(orders := _orders_in(aside.raw)) == 1:
        hint = f"It names one order. If it is an opt-out of it: --order {orders.pop()}."
    raise UsageError(f"The program can't tell what {item.handle} is about.", hint)


def _orders_in(raw: RawMessage) -> set[OrderId]:
    message = parse_message(raw)
    if isinstance(message, Message):
        return set(OrderId.find_all(f"{message.subject}\n{message.text}"))
    return set(OrderId.find_all(raw.octets.decode("latin-1")))


def _choose(ledger: Ledger, account: Account, item: ReviewItem, *, by: By, named: Named) -> Settled:
    if named.order_id:
        raise UsageError("A conflict names its order itself.", "Leave --order out.")
    known = {ledger.hash_of(alias): alias for alias in item.aliases}
    choices = f"Name one of them: --alias {' or '.join(name_text(alias) for alias in item.aliases)}."
    if named.alias is None:
        raise UsageError(f"Which alias is the buyer's of order {item.handle}?", choices)
    if ledger.hash_of(named.alias) not in known:
        raise UsageError(f"Neither a notice nor your logs tie {named.alias} to this order.", choices)
    said = f"its buyer is {named.alias} from now on"
    return _chosen(ledger, account, item, alias=named.alias, by=by, said=said)


def _chosen(
    ledger: Ledger, account: Account, item: ReviewItem, *, alias: Alias | None, by: By, said: str
) -> Settled:
    before = item.decision
    if before and _hash(ledger, before.alias) == _hash(ledger, alias):
        return _already(item, before)
    if item.order_id is None:
        raise ValueError("a conflict is about an order")
    subject = ledger.hash_of(item.order_id)
    decision = replace(
        _decision(account, Action.CHOOSE_ALIAS, subject, by=by), order_id=item.order_id, alias=alias
    )
    return Settled(item=item, said=said, decision=decision)


def _hash(ledger: Ledger, alias: Alias | None) -> str | None:
    return ledger.hash_of(alias) if alias else None


def _about_mail(
    account: Account,
    item: ReviewItem,
    action: Action,
    *,
    by: By,
    said: str,
    finding: Finding | None = None,
) -> Settled:
    if item.decision and item.decision.action is action and finding is None:
        return _already(item, item.decision)
    decision = _decision(account, action, item.fingerprint or "", by=by)
    return Settled(item=item, said=said, decision=decision, finding=finding)


def _already(item: ReviewItem, before: Decision) -> Settled:
    what = before.action.value.replace("_", " ")
    return Settled(item=item, said=f"nothing to do: {what} by {before.actor} on {before.decided_at:%Y-%m-%d}")


def _decision(account: Account, action: Action, subject: str, *, by: By) -> Decision:
    return Decision(
        account=account.name, action=action, subject=subject, actor=by.actor, decided_at=by.at, note=by.note
    )


def _write(ledger: Ledger, account: Account, done: list[Settled], *, at: datetime) -> list[Settled]:
    """First what the mails are taken for, then the decisions: a notice of a person's counts only with one."""
    findings = [each.finding for each in done if each.finding and each.decision]
    if findings:
        with one_run(ledger, account.name, COMMAND, at=at) as run:
            ledger.file_anew(run, findings)
    for each in done:
        if each.decision:
            ledger.decide(each.decision)
    return done


def list_changes(before: SuppressionList, after: SuppressionList) -> tuple[list[str], list[str]]:
    """The names that come onto the list and those that leave it: aliases and order ids."""
    old, new = _names(before), _names(after)
    return sorted(new - old), sorted(old - new)


def _names(listing: SuppressionList) -> set[str]:
    aliases = {name_text(entry.alias) for entry in listing.entries if entry.alias}
    return aliases | {name_text(order_id) for entry in listing.entries for order_id in entry.order_ids}
