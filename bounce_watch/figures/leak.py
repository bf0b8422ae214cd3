"""Does the export reach the sender? Messages that Amazon blocked although their buyer stood on an exported list.

A false alarm costs trust, so wherever it is not known when a message was sent, the list must have held its buyer all
the time in which it can have been sent.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from operator import itemgetter

from bounce_watch.figures.facts import Facts, came_in
from bounce_watch.listed import expire_after
from bounce_watch.records.change import Leak, LeakLabel
from bounce_watch.records.decision import Action, Decision, DecisionScope
from bounce_watch.records.filed import FiledSend
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.notice import Notice
from bounce_watch.records.opt_out import OptOut
from bounce_watch.records.rate import Period
from bounce_watch.sent_log.match import LATE_LOG
from bounce_watch.store.leaks import OnExport
from bounce_watch.store.ledger import Ledger
from bounce_watch.suppression.rulings import Rulings

NOTICE_DELAY = timedelta(days=1)
"""Within which a notice follows its message: of one whose send we don't know, this much is not held against the list."""

LOADING = timedelta(hours=23)
"""How long the tool that sends may take to load a new list: it reads it before its next run, not at once."""

_QUARTER_S = 15 * 60
"""Clocks of all time zones differ by whole quarters of an hour, so noon of a log that knows only days lies on one."""

_FIRST_ZONE, _LAST_ZONE = timedelta(hours=14), timedelta(hours=12)
"""A day begins so long before it does in UTC somewhere, and ends so long after."""

_Name = OrderId | Alias


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    """A blocked message: `at` is when it was sent, else noticed; it can have been sent from `earliest` to `latest`."""

    opt_out: OptOut
    send: FiledSend | None
    at: datetime
    earliest: datetime
    latest: datetime

    @property
    def names(self) -> tuple[_Name, ...]:
        """By which a list can have held its buyer, or this order of theirs alone; the first stands for the buyer."""
        alias, order_id = self.opt_out.alias, self.opt_out.order_id
        return (alias, order_id) if alias else (order_id,)


def find_leak(ledger: Ledger, facts: Facts, period: Period | None) -> Leak | None:
    """What leaked of the messages whose notices came (or were read late) in the period; without one, ever.

    A message leaks when an export made LOADING before it held its buyer's alias, or its order, and no export there without
    it was made until then. It does not where a person had released or allowed that buyer or order by then, or where
    the buyer had left the list by its policy, or stood there as a hash only (`list_days`). None: nothing leaked.
    """
    sent = list(_messages(facts, period))
    held = ledger.on_exports(facts.account.name, {name for message in sent for name in message.names})
    listed = [(message, spans) for message in sent if (spans := _spans(message, held))]
    if not listed:
        return None
    freed = _Freed(ledger, facts)
    leaked = [(message, spans) for message, spans in listed if not freed.holds(message)]
    return _leak(leaked) if leaked else None


def _leak(leaked: Sequence[tuple[_Message, Sequence[OnExport]]]) -> Leak:
    first = min(
        (span for _, spans in leaked for span in spans), key=lambda span: (span.since, span.export_id)
    )
    instants = [message.at for message, _ in leaked]
    labels = Counter(message.send.send.label if message.send else None for message, _ in leaked)
    ranked = sorted(labels.items(), key=lambda pair: (-pair[1], pair[0] is None, pair[0] or ""))
    return Leak(
        messages=len(leaked),
        buyers=len({message.names[0] for message, _ in leaked}),
        first_at=min(instants),
        last_at=max(instants),
        export_id=first.export_id,
        exported_at=first.since,
        preset=first.preset,
        path=first.path,
        labels=tuple(LeakLabel(label=label, messages=messages) for label, messages in ranked),
    )


def _spans(message: _Message, held: Mapping[_Name, Sequence[OnExport]]) -> list[OnExport]:
    """The lists that held the buyer, or the order, all the time in which the message can have been sent."""
    return [
        span
        for name in message.names
        for span in held.get(name, ())
        if span.held(message.earliest - LOADING, message.latest)
    ]


def _messages(facts: Facts, period: Period | None) -> Iterator[_Message]:
    """The blocked messages of whose time anything is known, and whose notices came in the period."""
    opt_outs = {opt_out.order_id: opt_out for opt_out in facts.opt_outs}
    for filed, messages in facts.events:
        send = facts.answered.get(filed.notice.fingerprint)
        span = _sent_between(filed.notice, send)
        came = period is None or came_in(filed, period)
        if messages and span and filed.notice.order_id and came:
            earliest, latest = span
            yield _Message(
                opt_out=opt_outs[filed.notice.order_id],
                send=send,
                at=send.send.sent_at if send else filed.notice.noticed_at or earliest,
                earliest=earliest,
                latest=latest,
            )


def _sent_between(notice: Notice, send: FiledSend | None) -> tuple[datetime, datetime] | None:
    """From when to when the message can have been sent: no later than its notice came. None: nobody knows."""
    noticed_at = notice.noticed_at
    if send is not None:
        earliest, latest = _by_log(send.send.sent_at)
    elif notice.blocked_on is not None:
        earliest, latest = _by_day(notice.blocked_on)
    elif noticed_at is not None:
        earliest, latest = noticed_at - NOTICE_DELAY, noticed_at
    else:
        return None
    if noticed_at is not None:
        earliest, latest = min(earliest, noticed_at), min(latest, noticed_at)
    return earliest, latest


def _by_log(sent_at: datetime) -> tuple[datetime, datetime]:
    """A log that knows only days has noon for all of them, so such an instant may mean any of its day."""
    if sent_at.microsecond or int(sent_at.timestamp()) % _QUARTER_S:
        return sent_at, sent_at
    return sent_at - LATE_LOG, sent_at + LATE_LOG


def _by_day(day: date) -> tuple[datetime, datetime]:
    begin = datetime.combine(day, time(), UTC)
    return begin - _FIRST_ZONE, begin + timedelta(days=1) + _LAST_ZONE


class _Freed:
    """Who was off the list, by a person's decision or by the policy, or no longer named, though an export held them."""

    def __init__(self, ledger: Ledger, facts: Facts) -> None:
        self._expire_after = expire_after(facts.account)
        account = facts.account.name
        # The usual case, and an import may have added a hundred thousand: nobody was ever taken off.
        has_freed = self._expire_after or ledger.decisions(account, Action.RELEASE, Action.ALLOW)
        decided = ledger.list_decisions(account) if has_freed else []
        self._alias_of = _alias_of(ledger, facts, {each.order_id for each in decided if each.order_id})
        self._about: dict[_Name | None, list[tuple[int, Decision]]] = defaultdict(list)
        for place, decision in enumerate(decided):
            self._about[self._subject(decision)].append((place, decision))
        self._heard = _heard(facts)
        days = facts.account.list_days
        self._clear_for = None if days is None else timedelta(days=days)

    def _subject(self, decision: Decision) -> _Name | None:
        """The alias or order that it is about, as Rulings takes it."""
        alias, order_id = decision.alias, decision.order_id
        if order_id and decision.scope is DecisionScope.BUYER:
            alias = self._alias_of.get(order_id)
        return alias or order_id

    def holds(self, message: _Message) -> bool:
        """True when mail to this buyer about this order was free to go when the message was sent."""
        buyer, order_id = message.names[0], message.opt_out.order_id
        about = sorted(
            (pair for name in message.names for pair in self._about.get(name, ())), key=itemgetter(0)
        )
        decided = [decision for _, decision in about if decision.decided_at <= message.latest]
        rulings = Rulings(decided, alias_of=self._alias_of, at=message.earliest)
        heard_at = _last_before(self._heard[buyer], message.earliest)
        if rulings.is_off(replace(message.opt_out, heard_at=heard_at)):
            return True
        if isinstance(buyer, OrderId):
            added = rulings.added_order(order_id)
        else:
            if rulings.allows(buyer, order_id, heard_at=heard_at):
                return True
            added = rulings.added(buyer)
        silent_for = message.latest - heard_at if heard_at else timedelta(0)
        if self._clear_for is not None and silent_for > self._clear_for:
            return True  # Hash-only: what was exported could not name him.
        return added is None and self._expire_after is not None and silent_for >= self._expire_after


def _alias_of(ledger: Ledger, facts: Facts, orders: Collection[OrderId]) -> dict[OrderId, Alias]:
    """Whose orders these are: what the notices of an order say of its buyer stands above what links say."""
    known = ledger.linked_aliases(facts.account.name, orders) if orders else {}
    for opt_out in facts.opt_outs:
        if opt_out.order_id in orders:
            known.pop(opt_out.order_id, None)
            if opt_out.alias:
                known[opt_out.order_id] = opt_out.alias
    return known


def _heard(facts: Facts) -> dict[_Name, list[datetime]]:
    """When each buyer's notices came, the first one first."""
    buyers = {opt_out.order_id: opt_out.alias or opt_out.order_id for opt_out in facts.opt_outs}
    heard: dict[_Name, list[datetime]] = defaultdict(list)
    for filed, _ in facts.events:
        came = filed.notice.noticed_at or filed.filed_at
        if came and filed.notice.order_id:
            heard[buyers[filed.notice.order_id]].append(came)
    for instants in heard.values():
        instants.sort()
    return heard


def _last_before(instants: Sequence[datetime], at: datetime) -> datetime | None:
    place = bisect_left(instants, at)
    return instants[place - 1] if place else None
