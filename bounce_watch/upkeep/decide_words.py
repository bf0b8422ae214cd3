"""What a decision about the list changed, in a sentence for a person and as data for a program."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo

from bounce_watch.records.decision import Action, DecisionScope
from bounce_watch.records.ids import Alias
from bounce_watch.records.opt_out import Answer, EntrySource, SuppressionEntry
from bounce_watch.reports.wording import counted, day_text, moment, name_text
from bounce_watch.upkeep.decide import Decided


def told(done: Decided, *, zone: tzinfo) -> str:
    """What a decision changed, as a sentence."""
    wish, before, after = done.wish, done.before, done.after
    return f"{name_text(wish.name)}: {_TELLERS[wish.action](done, before, after, zone)}."


def _told_add(done: Decided, before: Answer, after: Answer, zone: tzinfo) -> str:
    until = _until(after.entry.expires_at if after.entry else None, zone)
    if before.entry is None:
        again = done.ruled is not None and done.ruled.action is not Action.ADD
        return f"is on the list {'again' if again else 'now'}{_with(done, after.entry)}{until}"
    if done.decision is None:
        return f"is on the list already{_since(before.entry, zone)}{until}: nothing to add"
    by_import = done.ruled is not None and done.ruled.run_id is not None
    if before.entry.source is EntrySource.OPT_OUT or by_import:
        meant = _until(done.wish.expires_at, zone)
        return f"was on the list already{_since(before.entry, zone)}, and stays there{meant} whatever becomes of that"
    return f"was on the list{_until(before.entry.expires_at, zone)}, is on it now{until or ' for good'}"


def _told_release(done: Decided, before: Answer, after: Answer, zone: tzinfo) -> str:
    if done.decision is None:
        return "was not on the list: nothing to release"
    # When a release ends, what it took off the list counts again.
    unless = f", at most{_until(done.wish.expires_at, zone)}" if done.wish.expires_at else ""
    if before.entry is None:
        if done.ruled is not None and done.ruled.action is Action.RELEASE:
            alone = done.ruled.scope is DecisionScope.ORDER and done.wish.scope is DecisionScope.BUYER
            before_that = f"{' alone' if alone else ''}{_until(done.ruled.expires_at, zone)}"
            with_buyer = " with its buyer" if alone else ""
            return f"was released already{before_that}, is off the list{with_buyer} until a new notice comes{unless}"
        return f"was allowed; from now on a new notice puts it on the list{unless}"
    return _told_off(done, before.entry, after, f"is off it until a new notice comes{unless}", zone)


def _told_allow(done: Decided, before: Answer, after: Answer, zone: tzinfo) -> str:
    if done.decision is None:
        return "is allowed already: nothing to allow"
    until = _until(done.wish.expires_at, zone)
    if before.entry is None:
        return f"is kept off the list whatever notices come{until}"
    return _told_off(done, before.entry, after, f"is kept off it whatever notices come{until}", zone)


def _told_off(done: Decided, entry: SuppressionEntry, after: Answer, now: str, zone: tzinfo) -> str:
    was = f"was on the list{_since(entry, zone)}{_with(done, entry)}"
    if after.is_listed:
        return f"{was}, and still is: a notice of later keeps it there"
    return f"{was}, {now}{_buyer(done, entry)}"


def _buyer(done: Decided, entry: SuppressionEntry) -> str:
    """What became of the buyer of an order that went alone."""
    goes_alone = done.wish.scope is DecisionScope.ORDER and entry.alias is not None
    return "; its buyer stays on it" if goes_alone else ""


_TELLERS = {Action.ADD: _told_add, Action.RELEASE: _told_release, Action.ALLOW: _told_allow}


def _since(entry: SuppressionEntry, zone: tzinfo) -> str:
    """` since 30 Sep 2026 10:00 (2 notices)`, as far as it is known."""
    since = f" since {moment(entry.since, zone)}" if entry.since else ""
    return since + (f" ({counted(entry.notices, 'notice')})" if entry.notices else " (by hand)")


def _with(done: Decided, entry: SuppressionEntry | None) -> str:
    """Who else goes with an order: its buyer, and how many orders of the buyer."""
    if entry is None or entry.alias is None or done.wish.scope is DecisionScope.ORDER:
        return ""
    orders = counted(len(entry.order_ids), "order")
    if isinstance(done.wish.name, Alias):
        return f" with {orders}" if entry.order_ids else ""
    return f" with its buyer {name_text(entry.alias)} ({orders})"


def _until(instant: datetime | None, zone: tzinfo) -> str:
    """` until the end of 31 Dec 2026`; with its time where it is no end of a day."""
    if instant is None:
        return ""
    local = instant.astimezone(zone)
    if local.time() == time():
        return f" until the end of {day_text(local.date() - timedelta(days=1))}"
    return f" until {moment(instant, zone)}"


def as_data(done: Decided) -> dict[str, object]:
    """One decision for a program."""
    entry = done.after.entry
    return {
        "name": str(done.wish.name),
        "action": done.wish.action.value,
        "scope": done.wish.scope.value,
        "expires_at": instant_text(done.wish.expires_at),
        "filed": done.decision is not None,
        "was_listed": done.before.is_listed,
        "is_listed": done.after.is_listed,
        "since": instant_text(entry.since if entry else None),
        "leaves_at": instant_text(entry.expires_at if entry else None),
    }


def instant_text(instant: datetime | None) -> str | None:
    """An instant as JSON has it."""
    return instant.isoformat() if instant else None
