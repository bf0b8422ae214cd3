"""The first lines of a report: what matters now and what to do, the weightiest first.

Plain numbers in, sentences out. Nothing here advises a way around a buyer's choice: the override word in
brackets is for order-critical mail only, and its misuse is a reason why Amazon restricts accounts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from bounce_watch.records.change import ChangePoint, Leak, Silence
from bounce_watch.records.filed import Run, RunState
from bounce_watch.records.rate import Rate
from bounce_watch.records.times import require_utc
from bounce_watch.reports.content import Attention, AttentionKind
from bounce_watch.reports.findings import change_found, high_rate_found, leak_found, silences_found
from bounce_watch.reports.wording import ago, counted, day_text, listed

STALE_AFTER = timedelta(hours=26)
"""A daily poll may be two hours late before the report says so."""

_REVIEW = "See why, and decide: bounce-watch review"
_PROVE = "Name your mail server in authserv_ids, or load what you sent: bounce-watch sent import FILE.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionFacts:
    """What the rules look at.

    `restricted`, `policy_blocks`, `not_authorised` are notices in the period. `unproven`, `forged`,
    `misdirected`, `unrecognised`, `unreadable` are mails that still wait for a person. `last_read_to_end_at`
    is the oldest among the accounts with a mailbox (None: never read to the end), which is stale after
    `stale_after`; `incomplete_poll` is the newest poll if it did not complete (reports/polls.py);
    `has_mailbox` False says that there is none to poll, `names_receiver` False that authserv_ids is empty. `conflicting` and
    `without_alias` are orders on the list: two different aliases known, none known (or one that many buyers
    share). `unmatched` are notices of the period, from days the sent log covers, that answer none of its
    messages. `not_our_orders` are those that name an order of which none of our records knows. `surge` is far
    more unproven notices that count in 24 hours than usual: how many, and the usual number a day. `mails_read` is
    how many mails the account ever read. `new_orders` and `notices` are those of the period's last day, for the
    calm line. `leak`, `silences` and `change_point` are what was found; `rate` is that of buyers in the period, and
    `rate_above` the limit of the settings, in 0..1. `zone` is the report's, for the days in the sentences. `newest` is when the newest notice of a kind came.
    `heard_until` is how far the mail was read, `speaks_until` the end of the period (None: now), for accounts without a mailbox.
    """

    now: datetime
    last_read_to_end_at: datetime | None
    incomplete_poll: Run | None = None
    stale_after: timedelta = STALE_AFTER
    has_mailbox: bool = True
    names_receiver: bool = True
    restricted: int = 0
    policy_blocks: int = 0
    not_authorised: int = 0
    newest: Mapping[AttentionKind, datetime] = field(default_factory=dict)
    heard_until: datetime | None = None
    speaks_until: datetime | None = None
    unproven: int = 0
    forged: int = 0
    misdirected: int = 0
    unrecognised: int = 0
    unreadable: int = 0
    conflicting: int = 0
    without_alias: int = 0
    unmatched: int = 0
    not_our_orders: int = 0
    surge: tuple[int, float] | None = None
    mails_read: int = 1
    unproven_accepted_for: tuple[str, ...] = ()
    new_orders: int = 0
    notices: int = 0
    leak: Leak | None = None
    silences: tuple[Silence, ...] = ()
    change_point: ChangePoint | None = None
    rate: Rate | None = None
    rate_above: float | None = None
    zone: tzinfo = UTC

    def __post_init__(self) -> None:
        require_utc(now=self.now, last_read_to_end_at=self.last_read_to_end_at)


def attention(facts: AttentionFacts) -> tuple[Attention, ...]:
    """What the report says first; one calm line when there is nothing else. Never empty."""
    found = (
        *_mailbox_unread(facts),
        *([leak_found(facts.leak, facts.zone)] if facts.leak else []),
        *_amazon(facts),
        *silences_found(facts.silences, facts.zone),
        *change_found(facts.change_point, now=facts.now, zone=facts.zone),
        *high_rate_found(facts.rate, facts.rate_above),
        *_waiting(facts),
        *_stale(facts),
        *_aliases(facts),
        *_proof(facts),
    )
    return found or (_calm(facts),)


def _mailbox_unread(facts: AttentionFacts) -> Iterator[Attention]:
    """Before all else, since all that follows is told by what was read. It does not say by itself that sending does harm."""
    run = _incomplete(facts)
    if run is None:
        return
    when = ago(facts.now - (run.finished_at or run.started_at))
    what = f"The last poll, {when}, did not complete: {run.message.rstrip('.') or 'no reason was filed'}."
    advice = "Poll again: bounce-watch poll"
    if run.state is RunState.RUNNING:
        what = f"The last poll began {when} and has not ended: it was killed, or it hangs."
        advice = "If none is at work any more: bounce-watch poll"
    last = facts.last_read_to_end_at
    since = "The mailbox was never read to its end; notices may be missing here."
    if last is not None:
        since = f"Notices since the last complete one, {ago(facts.now - last)}, may be missing here."
    yield Attention(kind=AttentionKind.POLL_INCOMPLETE, text=f"{what} {since}", advice=advice)


def _incomplete(facts: AttentionFacts) -> Run | None:
    """The poll that did not complete; a mailbox that was taken out of the settings is nobody's concern."""
    return facts.incomplete_poll if facts.has_mailbox else None


def _amazon(facts: AttentionFacts) -> Iterator[Attention]:
    if facts.restricted:
        yield Attention(
            kind=AttentionKind.ACCOUNT_RESTRICTED,
            text=f"Amazon restricted this account's messages to buyers ({_notices(facts, facts.restricted, AttentionKind.ACCOUNT_RESTRICTED)}).",
            advice="Stop sending to buyers now, and read the notice for its reason and its length.",
        )
    if facts.policy_blocks:
        yield Attention(
            kind=AttentionKind.POLICY_BLOCK,
            text=f"Amazon blocked {counted(facts.policy_blocks, 'message')} for breaking its guidelines.",
            advice="Stop that message until its text keeps to the Communication Guidelines.",
        )
    if facts.not_authorised:
        yield Attention(
            kind=AttentionKind.SENDER_NOT_AUTHORISED,
            text=f"Amazon refused {counted(facts.not_authorised, 'message')}: the sender is not authorised.",
            advice="Add the address in Seller Central, Messaging Permissions, for each marketplace; then resend.",
        )


def _notices(facts: AttentionFacts, number: int, kind: AttentionKind) -> str:
    """`1 notice of 3 Sep 2026`, `2 notices, the last of 3 Sep 2026`."""
    if (at := facts.newest.get(kind)) is None:
        return counted(number, "notice")
    last = " of" if number == 1 else ", the last of"
    return f"{counted(number, 'notice')}{last} {day_text(at.astimezone(facts.zone).date())}"


def _waiting(facts: AttentionFacts) -> Iterator[Attention]:
    aside = {"unproven": facts.unproven, "forged": facts.forged, "misdirected": facts.misdirected}
    if total := sum(aside.values()):
        kinds = listed([f"{number:,} {name}" for name, number in aside.items() if number])
        yield Attention(
            kind=AttentionKind.SET_ASIDE,
            text=f"{counted(total, 'notice')} set aside and not counted: {kinds}.",
            advice=_REVIEW if facts.names_receiver or not facts.unproven else _PROVE,
        )
    if facts.unrecognised:
        yield Attention(
            kind=AttentionKind.UNRECOGNISED,
            text=f"{counted(facts.unrecognised, 'mail')} from Amazon's notice address not understood.",
            advice=_REVIEW,
        )
    if facts.unreadable:
        yield Attention(
            kind=AttentionKind.UNREADABLE,
            text=f"{counted(facts.unreadable, 'mail')} could not be read at all.",
            advice=_REVIEW,
        )


def _stale(facts: AttentionFacts) -> Iterator[Attention]:
    if not facts.has_mailbox:
        if not facts.mails_read:
            text = "No mail was read for this account yet."
            yield Attention(
                kind=AttentionKind.STALE_POLL, text=text, advice="Read some: bounce-watch import PATH"
            )
        elif (heard := facts.heard_until) and _until(facts) - heard > facts.stale_after:
            text = f"Mail was last imported {ago(facts.now - heard)}; notices since then are not in here."
            yield Attention(
                kind=AttentionKind.STALE_POLL,
                text=text,
                advice="Read what is newer: bounce-watch import PATH",
            )
        return
    last = facts.last_read_to_end_at
    if _incomplete(facts):  # Its line says since when.
        return
    if last is None:
        text = "The mailbox was never read to its end, so notices may be missing here."
    elif facts.now - last > facts.stale_after:
        text = f"The mailbox was last read to its end {ago(facts.now - last)}; notices may be missing here."
    else:
        return
    yield Attention(kind=AttentionKind.STALE_POLL, text=text, advice="Read it now: bounce-watch poll")


def _until(facts: AttentionFacts) -> datetime:
    return min(facts.now, facts.speaks_until or facts.now)


def _aliases(facts: AttentionFacts) -> Iterator[Attention]:
    if facts.unmatched:
        yield Attention(
            kind=AttentionKind.UNMATCHED,
            text=f"{counted(facts.unmatched, 'notice')} about no message in your sent log: the rate is too low.",
            advice="Check that the log is whole for these days, then: bounce-watch sent import FILE.csv",
        )
    if facts.surge:
        notices, usual = facts.surge
        yield Attention(
            kind=AttentionKind.SURGE,
            text=f"{counted(notices, 'unproven opt-out')} in 24 hours, where {usual:g} a day are usual: exports stop.",
            advice="If you wrote to many more buyers: suppressions export --allow-surge; else look at: bounce-watch runs",
        )
    if facts.not_our_orders:
        yield Attention(
            kind=AttentionKind.NOT_OUR_ORDER,
            text=f"{counted(facts.not_our_orders, 'notice')} about an order that is in none of your order reports.",
            advice="Load the newest report (sent import ORDERS.txt); if it stays, look at: bounce-watch history ORDER",
        )
    if facts.conflicting:
        yield Attention(
            kind=AttentionKind.CONFLICTING_ALIAS,
            text=f"{counted(facts.conflicting, 'order')} with two different aliases in notice and logs.",
            advice=_REVIEW,
        )
    if facts.without_alias:
        yield Attention(
            kind=AttentionKind.NO_ALIAS,
            text=f"{counted(facts.without_alias, 'opt-out')} known by order id only: no alias to suppress.",
            advice="Load an order report (sent import ORDERS.txt), or use the preset orders.",
        )


def _proof(facts: AttentionFacts) -> Iterator[Attention]:
    if facts.unproven_accepted_for:
        accounts = listed(list(facts.unproven_accepted_for))
        yield Attention(
            kind=AttentionKind.PROOF_NOT_REQUIRED,
            text=f"Unproven notices count for {accounts}: anybody can forge one.",
            advice='Set require_proof = "auto" in the settings.',
        )


def _calm(facts: AttentionFacts) -> Attention:
    new = "no new opt-out" if not facts.new_orders else f"{counted(facts.new_orders, 'new opt-out')}"
    end = facts.speaks_until
    when = "since yesterday"
    if end is not None and end <= facts.now:
        when = f"on {day_text((end - timedelta(seconds=1)).astimezone(facts.zone).date())}"
    return Attention(
        kind=AttentionKind.NOTHING,
        text=f"Nothing needs you: {counted(facts.notices, 'message')} blocked, {new} {when}.",
    )
