"""What examining set-aside mails again would change, and its two forms for people and programs.

Format 1 of the JSON: what is not known is null, keys sorted. A new key keeps the number; a changed meaning raises it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Fingerprint
from bounce_watch.records.notice import Finding, NoticeKind, Outcome
from bounce_watch.reports import wording as say
from bounce_watch.reports.layout import Cell, Grid, Look, Section, cell, cells, paragraph
from bounce_watch.text.inert import json_text

FORMAT = 1

SHOWN = 20
"""Changes of one kind in the table; the JSON has all."""

ROOMY = 110


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a mail is taken for: a notice kind, or why it is none (`reason`), and the verdict that holds.

    Order id and alias are those of an opt-out notice.
    """

    result: str
    reason: str = ""
    order_id: OrderId | None = None
    alias: Alias | None = None
    outcome: Outcome | None = None

    def __str__(self) -> str:
        result = "opt-out" if self.result == NoticeKind.OPT_OUT.value else self.result.replace("_", " ")
        reason = f" ({self.reason.replace('_', ' ')})" if self.reason not in {"", self.result} else ""
        names = [say.name_text(name) for name in (self.order_id, self.alias) if name]
        return ", ".join([f"{result}{reason}", *([self.outcome.value] if self.outcome else []), *names])


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A mail that would be taken for something else, or be judged in another way; `finding` is what would be filed.

    `same_order` says that both name the same order, in clear or as a hash.
    """

    fingerprint: Fingerprint
    about: str
    before: Taken
    after: Taken
    counted_before: bool
    counted_after: bool
    same_order: bool
    finding: Finding

    @property
    def is_new(self) -> bool:
        """An order counts that this mail did not opt out before."""
        return self.counted_after and not (self.counted_before and self.same_order)

    @property
    def is_dropped(self) -> bool:
        """An order that this mail opted out does so no longer."""
        return self.counted_before and not (self.counted_after and self.same_order)

    @property
    def is_judged_anew(self) -> bool:
        """Another verdict holds."""
        return self.before.outcome is not self.after.outcome

    @property
    def kind(self) -> str:
        """The weightiest word for it."""
        words = {"dropped": self.is_dropped, "new": self.is_new, "verdict": self.is_judged_anew}
        return next((word for word, holds in words.items() if holds), "changed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many opt-outs would come and go, how many mails get another verdict, and how many change otherwise."""

    new: int
    dropped: int
    verdicts: int
    changed: int


def tally(changes: Sequence[Change]) -> Tally:
    """The sums; an opt-out of one order that turns into one of another both comes and goes."""
    return Tally(
        new=sum(change.is_new for change in changes),
        dropped=sum(change.is_dropped for change in changes),
        verdicts=sum(change.is_judged_anew for change in changes),
        changed=sum(change.kind == "changed" for change in changes),
    )


def reprocess_json(account: str, changes: Sequence[Change], *, past: int, run: int | None) -> str:
    """One JSON object as text with a line end; `past`: mails without octets, `run`: which filed it (None: nothing)."""
    sums = tally(changes)
    content = {
        "format": FORMAT,
        "account": account,
        "new": sums.new,
        "dropped": sums.dropped,
        "verdicts": sums.verdicts,
        "changed": sums.changed,
        "not_looked_at": past,
        "run": run,
        "changes": [_change(change) for change in changes],
    }
    return json_text(content, indent=2, sort_keys=True)


def _change(change: Change) -> dict[str, object]:
    return {
        "fingerprint": change.fingerprint,
        "about": change.about,
        "kind": change.kind,
        "before": _taken(change.before, counted=change.counted_before),
        "after": _taken(change.after, counted=change.counted_after),
    }


def _taken(taken: Taken, *, counted: bool) -> dict[str, object]:
    return {
        "result": taken.result,
        "reason": taken.reason or None,
        "order_id": say.name_text(taken.order_id) if taken.order_id else None,
        "alias": say.name_text(taken.alias) if taken.alias else None,
        "verdict": taken.outcome.value if taken.outcome else None,
        "counts": counted,
    }


def reprocess_sections(changes: Sequence[Change], *, past: int, width: int) -> Iterator[Section]:
    """The sums in one line, then each kind of change with its mails, the weightiest first."""
    grids = [paragraph(width, (f"Examined again: {sums_text(changes)}", Look.STRONG))]
    if past:
        text = f"{say.counted(past, 'mail')} could not be looked at: the octets have passed their retention."
        advice = "`bounce-watch rebuild` reads them from the mailbox."
        grids.append(paragraph(width, (f"{text} {advice}", Look.QUIET)))
    yield Section(title="", grids=tuple(grids))
    for kind, title in _TITLES.items():
        members = [change for change in changes if change.kind == kind]
        if members:
            yield _table(members, title, width)


_TITLES = {
    "dropped": "Opt-outs that would go",
    "new": "Opt-outs that would come",
    "verdict": "Other verdicts",
    "changed": "Other changes",
}


def sums_text(changes: Sequence[Change]) -> str:
    """The sums in words."""
    if not changes:
        return "nothing would change."
    sums = tally(changes)
    opt_outs = say.counted(sums.new, "new opt-out")
    verdicts = say.counted(sums.verdicts, "verdict")
    return f"{opt_outs}, {sums.dropped:,} dropped, {verdicts} changed, {sums.changed:,} read in another way."


def _table(members: Sequence[Change], title: str, width: int) -> Section:
    if width < ROOMY:
        widths = (10, 8, width - 18)
        rows = [row for change in members[:SHOWN] for row in _narrow(change)]
        grids = [Grid(widths=widths, rows=rows, wraps=True)]
    else:
        half = (width - 10) // 2
        head = cells("mail", "today", "then", look=Look.QUIET)
        rows = [head, *(_roomy(change) for change in members[:SHOWN])]
        grids = [Grid(widths=(10, half, width - 10 - half), rows=rows, gap=2, wraps=True)]
    if len(members) > SHOWN:
        grids.append(paragraph(width, (f"and {len(members) - SHOWN:,} more: --json shows all.", Look.QUIET)))
    return Section(title=f"{title} ({len(members):,})", grids=tuple(grids))


def _narrow(change: Change) -> Iterator[list[Cell]]:
    yield [
        cell(change.fingerprint[:8]),
        cell("today", Look.QUIET),
        cell(_state(change.before, change.counted_before)),
    ]
    yield [cell(""), cell("then", Look.QUIET), cell(_state(change.after, change.counted_after))]


def _roomy(change: Change) -> list[Cell]:
    states = (_state(change.before, change.counted_before), _state(change.after, change.counted_after))
    return cells(change.fingerprint[:8], *states)


def _state(taken: Taken, counted: bool) -> str:  # noqa: FBT001  (it is told, not switched)
    is_opt_out = taken.result == NoticeKind.OPT_OUT.value
    return f"{'counts: ' if counted else 'does not count: ' if is_opt_out else ''}{taken}"
