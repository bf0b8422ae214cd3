"""What waits for a person, item by item, and its two forms for people and programs.

Format 1 of the JSON: instants are ISO 8601 in UTC, what is not known is null, keys sorted. A new key keeps
the number; a changed meaning raises it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from bounce_watch.records.decision import Decision
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Fingerprint, MessageRef
from bounce_watch.records.notice import Verdict
from bounce_watch.records.times import require_utc
from bounce_watch.reports import wording as say
from bounce_watch.reports.layout import Cell, Grid, Look, Section, cell, cells, paragraph
from bounce_watch.text.inert import json_text

FORMAT = 1

ROOMY = 110
"""From this width on an item has a line for its sender and place; below, they share those of the reason."""


class Group(StrEnum):
    """Why something waits: five kinds of mails, and orders whose alias is open."""

    UNPROVEN = "unproven"
    FORGED = "forged"
    MISDIRECTED = "misdirected"
    UNRECOGNISED = "unrecognised"
    UNREADABLE = "unreadable"
    CONFLICTING = "conflicting"


HEADINGS = {
    Group.UNPROVEN: "Unproven: nothing says that Amazon sent it, and the order is not in what you sent",
    Group.FORGED: "Forged: your own receiver says that Amazon did not send it",
    Group.MISDIRECTED: "Misdirected: addressed to none of the account's addresses",
    Group.UNRECOGNISED: "Unrecognised: from the notice address, in words nobody knows",
    Group.UNREADABLE: "Unreadable: nothing could be made of it",
    Group.CONFLICTING: "Conflicting: two aliases for one order",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItem:
    """One thing that a person has to decide, or has decided (`decision`).

    `handle` is what names it in a command: the first digits of the mail's fingerprint, or the order id of a
    conflict. `about` is the order of a notice, else the subject; `tried` what the program went by, and
    `accepting` what accepting would do, each in a sentence. `kept`: the mail's octets are still there. `orders` are
    what a notice or conflict names, `aliases` what it, or anybody, says of the buyer.
    """

    handle: str
    group: Group
    reason: str
    about: str
    sender: str | None
    noticed_at: datetime | None
    tried: str
    accepting: str
    kept: bool
    place: MessageRef | None = None
    verdict: Verdict | None = None
    candidates: tuple[str, ...] = ()
    fingerprint: Fingerprint | None = None
    order_id: OrderId | None = None
    aliases: tuple[Alias, ...] = ()
    decision: Decision | None = None

    def __post_init__(self) -> None:
        require_utc(noticed_at=self.noticed_at)

    @property
    def is_notice(self) -> bool:
        """True when accepting needs no order from the person: the mail, or the conflict, names it."""
        return self.order_id is not None


def review_json(account: str, items: Sequence[ReviewItem], *, made_at: datetime) -> str:
    """One JSON object as text with a line end (see json_text)."""
    tally = Counter(item.group for item in items)
    content = {
        "format": FORMAT,
        "account": account,
        "made_at": _instant(made_at),
        "counts": {group.value: tally[group] for group in Group},
        "items": [_item(item) for item in items],
    }
    return json_text(content, indent=2, sort_keys=True)


def _item(item: ReviewItem) -> dict[str, object]:
    return {
        "number": item.handle,
        "group": item.group.value,
        "reason": item.reason,
        "about": item.about,
        "order_id": say.name_text(item.order_id) if item.order_id else None,
        "aliases": [say.name_text(alias) for alias in item.aliases],
        "sender": item.sender,
        "noticed_at": _instant(item.noticed_at),
        "fingerprint": item.fingerprint,
        "tried": item.tried,
        "method": item.verdict.method.value if item.verdict else None,
        "candidates": list(item.candidates),
        "kept": item.kept,
        "place": _place_data(item.place) if item.place else None,
        "accepting": item.accepting,
        "decision": _decision(item.decision) if item.decision else None,
    }


def _place_data(place: MessageRef) -> dict[str, object]:
    return {
        "folder": place.folder,
        "uidvalidity": place.uidvalidity,
        "uid": place.uid,
        "position": place.position,
    }


def _decision(decision: Decision) -> dict[str, object]:
    return {
        "action": decision.action.value,
        "by": decision.actor,
        "at": _instant(decision.decided_at),
        "note": decision.note or None,
    }


def _instant(instant: datetime | None) -> str | None:
    return instant.isoformat().replace("+00:00", "Z") if instant else None


def review_sections(
    account: str, items: Sequence[ReviewItem], width: int, zone: tzinfo, *, decided: bool = False
) -> Iterator[Section]:
    """The counts in one line, then each group with its items, the newest first."""
    yield Section(
        title="", grids=(paragraph(width, (_counts(account, items, decided=decided), Look.STRONG)),)
    )
    for group in Group:
        members = [item for item in items if item.group is group]
        if members:
            said = HEADINGS[group].partition(": ")
            head = paragraph(width, (f"{said[2][0].upper()}{said[2][1:]}.", Look.QUIET))
            title = f"{said[0]} ({len(members):,})"
            yield Section(title=title, grids=(head, *_grids(members, width, zone)))
    if items and not decided:
        yield Section(title="", grids=(paragraph(width, (_HOW, Look.QUIET)),))


_HOW = "Decide: bounce-watch review accept NUMBER, or: bounce-watch review dismiss NUMBER"


def _counts(account: str, items: Sequence[ReviewItem], *, decided: bool) -> str:
    if not items:
        return f"{account}: nothing was decided yet." if decided else f"{account}: nothing waits for you."
    tally = Counter(item.group for item in items)
    kinds = say.listed([f"{tally[group]:,} {group.value}" for group in Group if tally[group]])
    return f"{account}: {kinds} {'decided' if decided else 'to decide'}."


def _grids(members: Sequence[ReviewItem], width: int, zone: tzinfo) -> Iterator[Grid]:
    """A line for each item that is cut where it is too long, and below it what may go on for several."""
    number = max(len(item.handle) for item in members) + 2
    for item in members:
        widths = (number, 14, width - number - 14)
        yield Grid(widths=widths, rows=[_head(item, zone)], gap=2)
        rows = [
            [cell(""), cell(label, Look.QUIET), cell(text)] for label, text in _details(item, zone, width)
        ]
        yield Grid(widths=(2, 10, width - 12), rows=rows, wraps=True)


def _head(item: ReviewItem, zone: tzinfo) -> list[Cell]:
    when = say.day_text(item.noticed_at.astimezone(zone).date()) if item.noticed_at else "not known"
    about = item.about or ("no subject" if item.kept else "its subject is no longer kept")
    return [cell(item.handle, Look.STRONG), *cells(when, about)]


def _details(item: ReviewItem, zone: tzinfo, width: int) -> Iterator[tuple[str, str]]:
    yield "why", item.tried
    lies = [place_text(item.place)] if item.place else []
    lies += [] if item.kept or item.group is Group.CONFLICTING else ["its octets are no longer kept"]
    if width >= ROOMY:
        lies = [f"from {item.sender}", *lies] if item.sender else lies
    elif item.sender:
        yield "from", item.sender
    if lies:
        yield "mail", "; ".join(lies)
    if item.decision is None:
        yield "accepting", item.accepting
    else:
        note = f": {item.decision.note}" if item.decision.note else ""
        what = item.decision.action.value.replace("_", " ")
        yield (
            "decided",
            f"{what} by {item.decision.actor}, {say.moment(item.decision.decided_at, zone)}{note}",
        )


def place_text(place: MessageRef) -> str:
    """Where a mail lies, in words: `INBOX, UID 17`, `old.mbox, mail 3`."""
    if place.uid is not None:
        return f"{place.folder}, UID {place.uid}"
    return place.folder if place.position is None else f"{place.folder}, mail {place.position}"
