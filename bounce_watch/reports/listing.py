"""The list as a person reads it: who is on it and until when, who expired, and whom a person took off it.

The JSON is one object on one line for each; instants are ISO 8601, what is not known is null.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from bounce_watch.records.decision import Action, Decision
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.opt_out import EntrySource, SuppressionEntry
from bounce_watch.reports import wording as say
from bounce_watch.reports.layout import Grid, Look, Section, cells, paragraph
from bounce_watch.text.inert import json_text

FORMAT = 1
ROOMY = 120
"""From this width on there are columns for marketplace, orders and reason."""
_GAP, _LEAST = 2, 10
LONGEST_ACTOR = 16


class View(StrEnum):
    """Which part is shown."""

    ON = "on"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    OFF = "off"


class EndsBy(StrEnum):
    """Why somebody leaves the list without anybody's doing: a decision ends, or the account's `expire_after_days`."""

    DECISION = "decision"
    POLICY = "policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Somebody on the list or off it: what names them, and the entry or the decision that says so.

    `ends_at` is when they leave the list, or left it; of one whom a person took off it, when that ends.
    """

    account: str
    name: OrderId | Alias
    entry: SuppressionEntry | None = None
    decision: Decision | None = None
    ends_at: datetime | None = None
    ends_by: EndsBy | None = None

    @property
    def at(self) -> datetime | None:
        """When something last happened to it: what "newest first" goes by."""
        if self.entry is not None:
            return self.entry.last_noticed_at or self.entry.since
        return self.decision.decided_at if self.decision else None


_TITLES = {
    View.ON: "On the list of {}",
    View.EXPIRING: "Leaving the list of {} by themselves",
    View.EXPIRED: "Expired: no longer on the list of {}",
    View.OFF: "Kept off the list of {} by a person",
}
_NOBODY = {
    View.ON: "Nobody.",
    View.EXPIRING: "Nobody in the time asked for. Only a decision that ends, or expire_after_days, takes anybody off it.",
    View.EXPIRED: "Nobody.",
    View.OFF: "Nobody.",
}


def list_section(
    account: str, view: View, lines: Sequence[Line], total: int, width: int, zone: tzinfo
) -> Section:
    """The lines as a table in their order, and how many there are when they are not all."""
    title = _TITLES[view].format(account)
    if not lines:
        return Section(title=title, grids=(paragraph(width, (_NOBODY[view], Look.PLAIN)),))
    table = [_columns(line, view, width, zone) for line in lines]
    heads = list(table[0])
    widths = [max(len(head), *(len(row[head]) for row in table)) + _GAP for head in heads]
    wide = heads.index("why") if "why" in heads else 0
    widths[wide] = max(_LEAST, width - sum(widths) + widths[wide])
    widths[0] = max(_LEAST, widths[0] - max(0, sum(widths) - width))
    rows = [cells(*heads, look=Look.QUIET)] + [cells(*row.values()) for row in table]
    grids = [Grid(widths=tuple(widths), rows=rows, gap=_GAP)]
    if total > len(lines):
        more = f"{len(lines):,} of {total:,}; --limit and --json show more."
        grids.append(paragraph(width, (more, Look.QUIET)))
    return Section(title=title, grids=tuple(grids))


def _columns(line: Line, view: View, width: int, zone: tzinfo) -> dict[str, str]:
    """What stands in a line, by the head of its column: the same heads for every line of a view."""
    shown, roomy = {"buyer or order": say.name_text(line.name)}, width >= ROOMY
    if view is View.OFF:
        return shown | _taken_off(line, zone, roomy=roomy)
    entry = line.entry
    by_hand = entry is None or entry.source is EntrySource.MANUAL
    if roomy or view is View.ON:
        shown["since"] = _day(entry.since if entry else line.at, zone)
    if roomy:
        last = entry.last_noticed_at if entry else None
        shown["last notice"] = _day(last, zone) if last else "-"
        shown["orders"] = str(len(entry.order_ids)) if entry else "-"
    shown["notices"] = "by hand" if by_hand or entry is None else f"{entry.notices:,}"
    shown["until"] = _last_day(line.ends_at, zone)
    if view is not View.ON:
        shown["by"] = line.ends_by.value if line.ends_by else ""
    return shown | ({"why": _why(line)} if roomy else {})


def _why(line: Line) -> str:
    if line.entry is not None:
        return line.entry.reason
    return line.decision.note if line.decision else ""


def _taken_off(line: Line, zone: tzinfo, *, roomy: bool) -> dict[str, str]:
    decision = line.decision
    allowed = decision is not None and decision.action is Action.ALLOW
    shown = {"": "allowed" if allowed else "released", "on": _day(line.at, zone)}
    if roomy:
        shown["until"] = _last_day(line.ends_at, zone)
    return shown | {"by": decision.actor[:LONGEST_ACTOR] if decision else "", "why": _why(line)}


def _day(instant: datetime | None, zone: tzinfo) -> str:
    return say.day_text(instant.astimezone(zone).date()) if instant else "not known"


def _last_day(ends_at: datetime | None, zone: tzinfo) -> str:
    """The day on which it still holds: one that ends at midnight ends with the day before."""
    return _day(ends_at - timedelta(microseconds=1), zone) if ends_at else "-"


def list_json(line: Line, view: View) -> str:
    """One object on one line."""
    entry, decision = line.entry, line.decision
    content: dict[str, object] = {
        "format": FORMAT,
        "account": line.account,
        "view": view.value,
        "name": str(line.name),
        "alias": _name(entry.alias) if entry else _name(line.name if isinstance(line.name, Alias) else None),
        "order_ids": [str(order_id) for order_id in entry.order_ids] if entry else [],
        "allowed_orders": [str(order_id) for order_id in entry.allowed_orders] if entry else [],
        "marketplace": entry.marketplace if entry else None,
        "since": _instant(entry.since if entry else None),
        "last_noticed_at": _instant(entry.last_noticed_at if entry else None),
        "notices": entry.notices if entry else None,
        "source": entry.source.value if entry else None,
        "reason": entry.reason if entry else None,
        "ends_at": _instant(line.ends_at),
        "ends_by": line.ends_by.value if line.ends_by else None,
        "decision": _decision(decision) if decision else None,
    }
    return json_text(content, sort_keys=True)


def _decision(decision: Decision) -> dict[str, object]:
    return {
        "action": decision.action.value,
        "scope": decision.scope.value if decision.scope else None,
        "actor": decision.actor,
        "decided_at": _instant(decision.decided_at),
        "expires_at": _instant(decision.expires_at),
        "note": decision.note,
        "run": decision.run_id,
    }


def _name(name: OrderId | Alias | None) -> str | None:
    return str(name) if name else None


def _instant(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
