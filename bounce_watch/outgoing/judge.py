"""Judges one outgoing mail by what is known of Amazon's rules. It says what it can't know."""

from __future__ import annotations

from datetime import datetime, timedelta

from bounce_watch.outgoing.contents import judge_contents
from bounce_watch.outgoing.draft import Draft, InLedger, Known
from bounce_watch.outgoing.heading import judge_heading
from bounce_watch.outgoing.links import judge_links
from bounce_watch.outgoing.notes import Judgement, NotChecked, Notes, Place
from bounce_watch.outgoing.rules import Rules

WRITE_WITHIN = timedelta(days=30)
"""Amazon's limit, counted from the order's completion."""

_NOT_WHOLE = NotChecked(
    rule="mail.whole",
    why="The mail is larger than what is looked through, so a part of it was not.",
    how="Look at that part by eye: long texts at their end, large attachments.",
)

_LIST_TOO_OLD = NotChecked(
    rule="buyer.listed",
    why="The buyer is not on the list, but no poll was complete lately, so newer opt-outs may be missing.",
    how="Poll the mailbox, or import the newest notices where nothing is polled; then check again.",
)


def judge(draft: Draft, known: Known, rules: Rules, *, at: datetime) -> Judgement:
    """What the mail breaks, what to think of, and which checks could not be made, as of the instant `at`."""
    notes = Notes(rules=rules)
    judge_heading(draft, known, notes)
    judge_links(draft, known, notes)
    judge_contents(draft, known, notes)
    _judge_buyer(draft, known, notes)
    _judge_age(draft, known.ledger, notes, at=at)
    if notes.has("review.words"):
        _judge_second(known.ledger, notes)
    if draft.cut or not all(elements.whole for elements in draft.html):
        notes.missing(_NOT_WHOLE)
    return notes.judgement()


def _judge_buyer(draft: Draft, known: Known, notes: Notes) -> None:
    named = [*draft.orders(), *(each for each in draft.aliases(known.marketplaces) if not each.is_shared)]
    if known.ledger is None or not named:
        notes.cannot("buyer.listed")
        return
    rule = "buyer.listed_exception" if draft.is_reply or known.critical else "buyer.listed"
    for name in known.ledger.listed:
        notes.find(rule, Place.LEDGER, str(name))
    if known.ledger.is_stale and not known.ledger.listed:
        notes.missing(_LIST_TOO_OLD)


def _judge_age(draft: Draft, ledger: InLedger | None, notes: Notes, *, at: datetime) -> None:
    """The limit is for messages that nobody asked for.

    An order is completed after it was placed, so one that was placed lately is within it. One that was only seen lately,
    in a sent log or by scrub, may be as old as it likes; but it is no younger than that.
    """
    if draft.is_reply:
        return
    instants = (ledger.known_since, ledger.ordered_at) if ledger else ()
    oldest = min((each for each in instants if each), default=at)
    if at - oldest > WRITE_WITHIN:
        example = f"the order is at least {(at - oldest).days} days old"
        notes.find("time.over_30_days", Place.LEDGER, example)
    elif ledger is None or ledger.ordered_at is None:
        notes.cannot("time.over_30_days")


def _judge_second(ledger: InLedger | None, notes: Notes) -> None:
    """Only what earlier messages are called can say that they were requests, too."""
    if ledger is None or ledger.messages == 0 or len(ledger.labels) < ledger.messages:
        notes.cannot("review.second")
    for label, sent_at in ledger.labels if ledger else ():
        if notes.names("review.words", label):
            notes.find("review.second", Place.LEDGER, f"{label}, {sent_at.date().isoformat()}")
