"""Takes a run back, and brings it back: a decision, after which the facts of that run hold no more, or again.

Nothing is deleted. What a run filed stays in the ledger, and every list, rate and report is derived without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from bounce_watch.errors import UsageError
from bounce_watch.flow import counted, suppression_list
from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action, Decision
from bounce_watch.records.filed import Filed, Run, RunContents
from bounce_watch.records.mail import Fingerprint
from bounce_watch.records.opt_out import SuppressionList
from bounce_watch.records.sent import SentCoverage
from bounce_watch.reports import wording as say
from bounce_watch.store.ledger import Ledger
from bounce_watch.upkeep.sent_poll import SENT_POLL


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an UNDO or REDO of a run changes, as of now.

    `contents` are the facts that the run filed. Not only its own notices may count or not: a run that filed
    sends makes known orders of unproven notices, one that filed a verdict proves a notice of another run. So
    `notices_less` and `notices_more` are over the whole account. `went` and `came` are the aliases and order ids
    that leave or enter the list.
    """

    action: Action
    run: Run
    contents: RunContents
    covered_days: int
    notices_less: int
    notices_more: int
    went: tuple[str, ...]
    came: tuple[str, ...]


def undo(
    ledger: Ledger,
    account: Account,
    run_id: int,
    *,
    actor: str,
    note: str,
    at: datetime,
    dry_run: bool = False,
) -> Change:
    """Take a run back: its facts hold no more until `redo`, whoever meets them again. What that changes.

    With `dry_run` nothing is decided. UsageError for a run that the account does not have, or that is undone.
    """
    return _decide(ledger, account, run_id, Action.UNDO, actor=actor, note=note, at=at, dry_run=dry_run)


def redo(
    ledger: Ledger,
    account: Account,
    run_id: int,
    *,
    actor: str,
    note: str,
    at: datetime,
    dry_run: bool = False,
) -> Change:
    """Bring an undone run back. UsageError for a run that the account does not have, or that is not undone."""
    return _decide(ledger, account, run_id, Action.REDO, actor=actor, note=note, at=at, dry_run=dry_run)


def met_again(filed: Filed) -> Iterator[str]:
    """One sentence for each undone run that filed some of what a run or an import met again."""
    for run, number in filed.undone:
        belongs = "belongs" if number == 1 else "belong"
        brings = f"`bounce-watch redo {run}` brings {'it' if number == 1 else 'them'} back"
        yield f"Known already: {number:,} of it {belongs} to run {run}, which is undone; {brings}."


def _decide(
    ledger: Ledger,
    account: Account,
    run_id: int,
    action: Action,
    *,
    actor: str,
    note: str,
    at: datetime,
    dry_run: bool,
) -> Change:
    run = _run_to(action, ledger, account, run_id)
    change = _change(ledger, account, run, action, at=at)
    if not dry_run:
        ledger.decide(
            Decision(
                account=account.name,
                action=action,
                subject=str(run_id),
                actor=actor,
                decided_at=at,
                note=note,
            )
        )
    return change


def _run_to(action: Action, ledger: Ledger, account: Account, run_id: int) -> Run:
    """The run, if it can be undone or redone."""
    advice = "See which runs there are: bounce-watch runs"
    run = ledger.run(account.name, run_id)
    if run is None:
        raise UsageError(f"The account {account.name} has no run {run_id}.", advice)
    if action is Action.UNDO and run.undone:
        raise UsageError(f"The run {run_id} is undone already.", advice)
    if action is Action.REDO and not run.undone:
        raise UsageError(f"The run {run_id} is not undone.", advice)
    return run


def _change(ledger: Ledger, account: Account, run: Run, action: Action, *, at: datetime) -> Change:
    then = ledger.supposing(run.id, undone=action is Action.UNDO)
    before, after = _counting(ledger, account), _counting(then, account)
    names = _names(suppression_list(ledger, account, at=at))
    new_names = _names(suppression_list(then, account, at=at))
    contents = ledger.contents_of(run.id)
    return Change(
        action=action,
        run=run,
        contents=contents,
        covered_days=_days(contents.coverages),
        notices_less=len(before - after),
        notices_more=len(after - before),
        went=tuple(name for name in names if name not in new_names),
        came=tuple(name for name in new_names if name not in names),
    )


def _counting(ledger: Ledger, account: Account) -> set[Fingerprint]:
    return {filed.notice.fingerprint for filed, _ in counted(ledger, account)[0]}


def _names(listing: SuppressionList) -> dict[str, None]:
    """Every alias and order id of a list, in its order."""
    names = dict[str, None]()
    for entry in listing.entries:
        names |= {str(entry.alias): None} if entry.alias else {}
        names |= dict.fromkeys(map(str, entry.order_ids))
    return names


def _days(coverages: Sequence[SentCoverage]) -> int:
    """For how many days these coverages are whole; one that overlaps another counts once."""
    whole, reached = timedelta(), None
    for each in sorted(coverages, key=lambda each: each.start):
        start = each.start if reached is None else max(each.start, reached)
        if start < each.end:
            whole += each.end - start
            reached = each.end
    return round(whole / timedelta(days=1))


def told(change: Change, *, zone: tzinfo, dry_run: bool) -> Iterator[str]:
    """What a change does, in sentences; the names that leave or enter the list stand in the change."""
    run, undone = change.run, change.action is Action.UNDO
    when = f"{run.command} of {say.moment(run.started_at, zone)}"
    verb = f"{'would be' if dry_run else 'is'} {'undone' if undone else 'redone'}"
    yield f"{run.account}: run {run.id} ({when}) {verb}."
    facts = list(_facts(change))
    yield f"With it {'go' if undone else 'come'} {say.listed(facts)}." if facts else "It filed nothing new."
    yield (
        f"Notices: {change.notices_less:,} count no more, {change.notices_more:,} count now."
        f" The list: {say.counted(len(change.went), 'name')} off it, {len(change.came):,} onto it."
    )
    if undone:
        reads_on = change.contents.mails or run.command == SENT_POLL
        cursor = " Nothing is read again: the cursor stays as it is." if reads_on else ""
        yield (
            f"Whatever meets the same again, a poll, an import or a rebuild, does not bring it back;"
            f" `bounce-watch redo {run.id}` does.{cursor}"
        )
        if change.went:
            yield (
                "Who leaves the list and was named by nothing for 30 days is forgotten by the next poll;"
                " a redo after that knows them by their hash only."
            )
    if dry_run:
        yield "Nothing was changed."


def _facts(change: Change) -> Iterator[str]:
    """What the run filed: `12 mails`, `30 days of coverage`."""
    held = change.contents
    numbers = (
        (held.mails, "mail", "mails"),
        (held.readings - held.mails, "new reading of a known mail", "new readings of known mails"),
        (held.verdicts, "verdict", "verdicts"),
        (held.sends, "send", "sends"),
        (held.links, "link", "links"),
        (held.decisions, "decision about the list", "decisions about the list"),
        (change.covered_days, "day of coverage", "days of coverage"),
    )
    return (say.counted(number, one, many) for number, one, many in numbers if number > 0)
