"""Makes the items of a review from what the ledger says: mails that do not count, and orders with two aliases."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bounce_watch.errors import UsageError
from bounce_watch.flow import counted
from bounce_watch.records.account import Account
from bounce_watch.records.decision import ABOUT_MAIL, Action, Decision
from bounce_watch.records.filed import FiledNotice, MailFacts
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Fingerprint
from bounce_watch.records.notice import Evidence, Method, Outcome, Verdict, WhyNotOurs
from bounce_watch.reports.review import Group, ReviewItem
from bounce_watch.reports.wording import listed, name_text
from bounce_watch.store.ledger import Ledger
from bounce_watch.suppression.opt_outs import Counted, conflicting_orders

SHORTEST = 8
"""Digits of a fingerprint that are shown; more where two begin alike."""

_DIGITS = re.compile(r"#?([0-9a-f]{4,64})")

_NEVER = datetime.min.replace(tzinfo=UTC)

_METHODS = {
    Method.AUTHENTICATION_RESULTS: "by your receiver's results",
    Method.DKIM: "by our own check of its signature",
    Method.FORWARD: "by the mail that forwarded it",
    Method.NONE: "",
}
_REASONS = {
    "no_wording": "no wording explains it",
    "ambiguous": "it can be read in two ways",
    "no_order_id": "it names no order",
    "unknown_marketplace": "its sender's marketplace is not known",
    WhyNotOurs.MISDIRECTED.value: "it is addressed to none of your addresses",
    WhyNotOurs.NOT_AMAZON.value: "its sender is no longer one of Amazon's",
}


def every_item(ledger: Ledger, account: Account) -> list[ReviewItem]:
    """What waits for a person and what a person decided (`decision`), group by group, the newest first."""
    events, aside = counted(ledger, account)
    made = [*_mails(ledger, account, aside), *_conflicts(events), *_settled(ledger, account)]
    length = _length(item.fingerprint for item in made if item.fingerprint)
    named = [replace(item, handle=_handle(item, length)) for item in made]
    order = list(Group)
    return sorted(named, key=lambda item: (order.index(item.group), -_age_key(item), item.handle))


def _age_key(item: ReviewItem) -> float:
    return ((item.noticed_at or _NEVER) - _NEVER).total_seconds()


def _length(fingerprints: Iterable[Fingerprint]) -> int:
    """How many digits tell all of these apart."""
    every = set(fingerprints)
    length = SHORTEST
    while len({each[:length] for each in every}) < len(every):
        length += 1
    return length


def _handle(item: ReviewItem, length: int) -> str:
    """Digits of the fingerprint; for a conflict the order id, or digits of its hash."""
    if item.fingerprint:
        return item.fingerprint[:length]
    order_id = str(item.order_id)
    return order_id[1 : length + 1] if order_id.startswith("#") else order_id


def _mails(ledger: Ledger, account: Account, aside: Iterable[FiledNotice]) -> Iterator[ReviewItem]:
    decided = _latest(ledger.decisions(account.name, *ABOUT_MAIL))
    notices = {filed.notice.fingerprint: filed for filed in aside}
    if decided:
        every = ledger.opt_out_notices(account.name)
        notices |= {filed.notice.fingerprint: filed for filed in every if filed.decided}
    waiting = {mail.fingerprint for mail in ledger.waiting(account.name)}
    facts = ledger.mail_facts(account.name, notices.keys() | waiting | decided.keys())
    for fingerprint, known in facts.items():
        decision = None if fingerprint in waiting else decided.get(fingerprint)
        if filed := notices.get(fingerprint):
            yield _of_notice(filed, known, decision)
        elif fingerprint in waiting or decision:
            yield _of_other(known, decision)


def _latest(decisions: Collection[Decision]) -> dict[str, Decision]:
    """What holds of each subject; nothing of what was reopened."""
    last = {decision.subject: decision for decision in decisions}
    return {subject: each for subject, each in last.items() if each.action is not Action.REOPEN}


def _of_notice(filed: FiledNotice, known: MailFacts, decision: Decision | None) -> ReviewItem:
    notice = filed.notice
    by_person = notice.evidence is Evidence.PERSON
    group = Group.FORGED if filed.outcome is Outcome.FORGED else Group.UNPROVEN
    about = name_text(notice.order_id) if notice.order_id else known.subject
    said = "a person took it for an opt-out" if by_person else ""
    return replace(
        _of_mail(known, decision),
        group=Group.UNRECOGNISED if by_person else group,
        reason=filed.reason or said or filed.outcome.value,
        about=about,
        tried=_sentence(said, _verdict_text(known.verdict)),
        accepting=f"it counts as an opt-out of order {about}"
        + (" (asks for --forged)" if filed.outcome is Outcome.FORGED else ""),
        order_id=notice.order_id,
        aliases=(notice.alias,) if notice.alias else (),
    )


def _of_other(known: MailFacts, decision: Decision | None) -> ReviewItem:
    """A mail that is no opt-out notice: it waits, or was dismissed."""
    groups = {group.value: group for group in Group}
    group = groups.get(known.result, Group.MISDIRECTED)
    accepting = "with --order ORDER it counts as an opt-out of that order"
    if group is Group.MISDIRECTED and known.kept:
        accepting = "it is read as if it were addressed to you, and counts if it is an opt-out"
    near = f"; near to it: {listed(known.candidates)}" if known.candidates else ""
    why = _REASONS.get(known.reason, known.reason or known.result)
    return replace(
        _of_mail(known, decision),
        group=group,
        reason=known.reason or known.result,
        about=known.subject,
        tried=_sentence(f"{why}{near}", _verdict_text(known.verdict)),
        accepting=accepting,
    )


def _of_mail(known: MailFacts, decision: Decision | None) -> ReviewItem:
    """What an item has from its mail alone."""
    return ReviewItem(
        handle="",
        group=Group.UNPROVEN,
        reason="",
        about="",
        sender=known.from_address,
        noticed_at=known.noticed_at,
        tried="",
        accepting="",
        kept=known.kept,
        place=known.place,
        verdict=known.verdict,
        candidates=known.candidates,
        fingerprint=known.fingerprint,
        decision=decision,
    )


def _sentence(what: str, verdict: str) -> str:
    return "; ".join(each for each in (what, verdict) if each) or "there is no verdict"


def _verdict_text(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    by = f" {_METHODS[verdict.method]}" if _METHODS[verdict.method] else ""
    return f"{verdict.outcome.value}{by}: {verdict.reason}"


def _conflicts(events: Collection[Counted]) -> Iterator[ReviewItem]:
    """Orders on the list whose alias is open: two notices differ, or a notice and our own logs."""
    open_orders = {filed.notice.order_id for filed, _ in events if filed.conflicting_alias}
    open_orders |= set(conflicting_orders(events))
    by_order: dict[OrderId, list[FiledNotice]] = {}
    for filed, _ in events:
        if filed.notice.order_id and filed.notice.order_id in open_orders:
            by_order.setdefault(filed.notice.order_id, []).append(filed)
    for order_id, filed_notices in by_order.items():
        aliases = _aliases(filed_notices)
        known = listed([name_text(alias) for alias in aliases])
        yield ReviewItem(
            handle="",
            group=Group.CONFLICTING,
            reason="two aliases for one order",
            about=f"order {name_text(order_id)}",
            sender=None,
            noticed_at=max((at for each in filed_notices if (at := each.notice.noticed_at)), default=None),
            tried=f"its notices and your own logs name {known}",
            accepting="with --alias ALIAS that one is the buyer's; dismissing keeps the order id alone",
            kept=False,
            order_id=order_id,
            aliases=aliases,
        )


def _aliases(notices: Iterable[FiledNotice]) -> tuple[Alias, ...]:
    named = ((filed.notice.alias, filed.linked_alias, filed.conflicting_alias) for filed in notices)
    return tuple(sorted({alias for each in named for alias in each if alias and not alias.is_shared}))


def _settled(ledger: Ledger, account: Account) -> Iterator[ReviewItem]:
    """The conflicts that a person settled, each with the aliases that were open before."""
    chosen = ledger.decisions(account.name, Action.CHOOSE_ALIAS, Action.REOPEN)
    settled = [each for each in _latest(chosen).values() if each.order_id]
    if not settled:
        return
    first = min(each.decided_at for each in chosen if each.action is Action.CHOOSE_ALIAS)
    before = counted(ledger, account, as_of=first - timedelta(microseconds=1))[0]
    were_open = {item.order_id: item for item in _conflicts(before)}
    for decision in settled:
        yield _settled_item(decision, were_open.get(decision.order_id))


def _settled_item(decision: Decision, was: ReviewItem | None) -> ReviewItem:
    chosen = {decision.alias} if decision.alias else set()
    order = name_text(decision.order_id) if decision.order_id else ""
    said = (
        f"{name_text(decision.alias)} was chosen"
        if decision.alias
        else "none was chosen, so the order id stands alone"
    )
    return ReviewItem(
        handle="",
        group=Group.CONFLICTING,
        reason="two aliases for one order",
        about=f"order {order}",
        sender=None,
        noticed_at=was.noticed_at if was else None,
        tried=f"{was.tried}; {said}" if was else said,
        accepting="with --alias ALIAS that one is the buyer's",
        kept=False,
        order_id=decision.order_id,
        aliases=tuple(sorted(chosen | set(was.aliases if was else ()))),
        decision=decision,
    )


def find(ledger: Ledger, account: Account, handles: Sequence[str]) -> list[ReviewItem]:
    """The items that these handles name, each once; UsageError when one names none, or several."""
    every = every_item(ledger, account)
    found = [_one(every, handle.strip()) for handle in handles]
    return [item for place, item in enumerate(found) if item not in found[:place]]


def _one(items: Collection[ReviewItem], handle: str) -> ReviewItem:
    order_id, digits = OrderId.parse(handle), _DIGITS.fullmatch(handle.lower())
    found = [item for item in items if _is_named(item, order_id, digits[1] if digits else None)]
    if not found:
        raise UsageError(
            f"Nothing in the review has the number {handle}.",
            "`bounce-watch review` shows the numbers, with --decided those of what was decided.",
        )
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} numbers begin with {handle}.",
            f"Give more digits: {listed([item.fingerprint or str(item.order_id) for item in found[:3]])}.",
        )
    return found[0]


def _is_named(item: ReviewItem, order_id: OrderId | None, digits: str | None) -> bool:
    if item.fingerprint:
        return digits is not None and item.fingerprint.startswith(digits)
    if item.order_id and item.order_id.is_hashed:
        return digits is not None and item.order_id.value[1:].startswith(digits)
    return order_id is not None and item.order_id == order_id
