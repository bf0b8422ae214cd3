"""What a log is beside those loaded before: of the same days, the same messages in another form, less than the folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import chain, groupby, islice

from bounce_watch.rates.coverage import denominator_spans, is_in_force
from bounce_watch.records.account import Account
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.rate import Period
from bounce_watch.records.sent import LogSpan, Origin, SentMessage
from bounce_watch.sent_log.csv_log import sends_in_chunks
from bounce_watch.store.ledger import Ledger
from bounce_watch.text.names import names_replaced
from bounce_watch.upkeep.sent_import import Looked, LookedLog

SAMPLE = 500
"""Messages that are held against what is known."""

FEW = 50
"""The same where names were forgotten, so that each takes a look-up of its own."""

_Form = tuple[object, ...]


def was_covered(ledger: Ledger, account: Account, looked: Looked) -> bool:
    """True when other logs were whole for all the days of this one: it may be one of them, read in another way."""
    if not isinstance(looked, LookedLog) or looked.coverage is None:
        return False
    whole = looked.coverage
    return any(span.start <= whole.start and whole.end <= span.end for span in _logged(ledger, account))


def known_in_another_form(ledger: Ledger, account: Account, looked: Looked) -> tuple[int, int]:
    """Of how many messages on days that a log covered before the ledger knows another form, and how many these are.

    Asked before the log is filed, of SAMPLE messages at most. Another form is a message of a log to the same order
    (or alias, where one of the two names no order) on the same day that is none of this log's messages as it stands.
    """
    if not isinstance(looked, LookedLog) or looked.coverage is None:
        return 0, 0
    whole = looked.coverage
    spans = [each for each in _logged(ledger, account) if each.start < whole.end and whole.start < each.end]
    sends = list(islice(_within(looked, spans), SAMPLE)) if spans else []
    held = _held(ledger, account, sends)
    forgotten = any(
        name is not None and name.is_hashed for each in held for name in (each.order_id, each.alias)
    )
    if forgotten:
        sends = sends[:FEW]
    groups = [list(group) for _, group in groupby(sorted(sends, key=_named), key=_named)]
    known = (
        _known(_held(ledger, account, group) if forgotten else _of(group, held), group, looked.plan.zone)
        for group in groups
    )
    return sum(known), len(sends)


def folder_and_logs(ledger: Ledger, account: Account, looked: Looked) -> tuple[int, int]:
    """How many messages the sent folder, and how many the loaded logs hold on a log's days, of what can be blocked.

    Asked after the log was filed; zeros where it does not count, because the run that filed it first is undone.
    """
    if (
        not isinstance(looked, LookedLog)
        or looked.coverage is None
        or not was_covered(ledger, account, looked)
    ):
        return 0, 0
    start, end, zone = looked.coverage.start, looked.coverage.end, looked.plan.zone
    first, last = (at.astimezone(zone).date() for at in (start, end - timedelta(seconds=1)))
    period = Period(first_day=first, last_day=last, start=start, end=end)
    held = [
        ledger.tally_sends(account.name, [period], [LogSpan(start=start, end=end, origin=origin)])
        for origin in (Origin.SENT_FOLDER, Origin.CSV_LOG)
    ]
    folder, logs = (tally[None].messages if None in tally else 0 for (tally,) in held)
    return folder, logs


def _logged(ledger: Ledger, account: Account) -> Sequence[LogSpan]:
    return denominator_spans(each for each in ledger.coverages(account.name) if each.origin is Origin.CSV_LOG)


def _within(looked: LookedLog, spans: Sequence[LogSpan]) -> Iterator[SentMessage]:
    """The log's sends on days of these spans; an address of many buyers alone tells nothing."""
    pieces = sends_in_chunks(looked.file, looked.plan, repeated=frozenset(), size=SAMPLE)
    for send in chain.from_iterable(pieces):
        alone = send.order_id is None and send.alias is not None and send.alias.is_shared
        if not alone and is_in_force(spans, send.sent_at, Origin.CSV_LOG):
            yield send


def _named(send: SentMessage) -> str:
    return str(send.order_id or send.alias)


def _held(ledger: Ledger, account: Account, sends: Sequence[SentMessage]) -> list[SentMessage]:
    """What the ledger's logs hold of the orders and aliases of these sends.

    An old name comes back as its hash; then only what was asked for one order (or alias) alone is known to be its.
    """
    found = (each.send for each in ledger.sends_for(account.name, _orders(sends), _aliases(sends)))
    held = [each for each in found if each.origin is Origin.CSV_LOG]
    return _of(sends, held)


def _of(sends: Sequence[SentMessage], held: Iterable[SentMessage]) -> list[SentMessage]:
    """Those of the held that have an order of these sends; an alias tells only where one of the two names no order."""
    orders, aliases, bare = _orders(sends), _aliases(sends), any(each.order_id is None for each in sends)
    return [
        each
        for each in held
        if each.order_id in orders
        or (each.order_id is not None and each.order_id.is_hashed)
        or (
            ((bare or each.order_id is None) and each.alias is not None)
            and (each.alias in aliases or each.alias.is_hashed)
        )
    ]


def _orders(sends: Sequence[SentMessage]) -> set[OrderId]:
    return {each.order_id for each in sends if each.order_id}


def _aliases(sends: Sequence[SentMessage]) -> set[Alias]:
    return {each.alias for each in sends if each.alias and not each.alias.is_shared}


def _known(held: Sequence[SentMessage], sends: Sequence[SentMessage], zone: tzinfo) -> int:
    """How many of these sends are held in another form; what is held as one of them stands is no other form."""
    ours, theirs = {_form(each) for each in sends}, {_form(each) for each in held}
    days = {_day(each.sent_at, zone) for each in held if _form(each) not in ours}
    return sum(_form(each) not in theirs and _day(each.sent_at, zone) in days for each in sends)


def _form(send: SentMessage) -> _Form:
    """What makes a send another one in the ledger, but for the names themselves: those may have been forgotten."""
    label = None if send.label is None else names_replaced(send.label, "–")
    names = (send.order_id is None, send.alias is None)
    return (*names, send.sent_at.astimezone(UTC), send.message_id, label, send.purpose, send.outcome)


def _day(at: datetime, zone: tzinfo) -> object:
    return at.astimezone(zone).date()
