"""Asks the list whether mail may go to a buyer or about an order, and words the answer. It writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.opt_out import Answer, EntrySource
from bounce_watch.records.times import require_utc
from bounce_watch.reports.wording import ago, moment
from bounce_watch.text.inert import inert
from bounce_watch.text.tables import aliases_in, order_ids_in

if TYPE_CHECKING:
    from bounce_watch.records.account import Account
    from bounce_watch.records.facts import FactsWithAge

MAX_AGE = timedelta(hours=26)
"""How old the last complete poll may be: as in a report; a test compares the two."""

LINE_LIMIT = 1024
"""Octets of one question; an address with a name in front of it has a tenth of them."""

AT_ONCE = 500
"""Questions that are looked up together."""

_BLOCK = 64 * 1024
"""Octets taken from a pipe at once, which is what one holds."""

_SHOWN = 80
"""Characters that are repeated of a question that is too long."""

Name = OrderId | Alias


class State(StrEnum):
    """LISTED: unsolicited mail must not go. CLEAR: not on the list. UNKNOWN: the question names nobody."""

    LISTED = "listed"
    CLEAR = "clear"
    UNKNOWN = "unknown"


BLANK = "nothing was asked"
TOO_LONG = f"more than {LINE_LIMIT} octets"
SHARED = "an address of many buyers, which is never on the list: ask by the order id"
OUTSIDE = "an address outside Amazon's marketplaces, by which no opt-out is known"
NO_NAME = "neither an order id nor a buyer's address"
ALLOWED = "not on the list by a person's decision"
"""The reasons that are ours; that of an entry is the entry's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The answer to one question.

    `asked` is the question as it came. `name` is the order id or alias it was answered by: the one on the list if it
    names several, None if it names nobody. `reason` says why it is listed, why nobody can tell, or that a person took
    it off or allowed it (then `allowed` is True); else it is empty. `since`, `source` and `expires_at` are those of the
    entry. `last_complete_poll_at` is how far the answer knows, `stale` that this is too long ago to trust it.
    """

    asked: str
    state: State
    name: Name | None = None
    reason: str = ""
    allowed: bool = False
    since: datetime | None = None
    source: EntrySource | None = None
    expires_at: datetime | None = None
    last_complete_poll_at: datetime | None
    stale: bool

    def __post_init__(self) -> None:
        require_utc(
            since=self.since, expires_at=self.expires_at, last_complete_poll_at=self.last_complete_poll_at
        )

    @property
    def listed(self) -> bool:
        """True when unsolicited mail must not go. False is no leave to send: see `may_go`."""
        return self.state is State.LISTED

    @property
    def may_go(self) -> bool:
        """True when the question was understood, nobody it names is on the list, and the list is not too old."""
        return self.state is State.CLEAR and not self.stale


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCheck:
    """The list of one account, to be asked. It holds nothing but what it was given, so threads may share it.

    `marketplaces` are the domains of aliases. An answer is stale when no poll was complete within `max_age`; without a
    mailbox, only as long as no mail was ever read.
    """

    ledger: FactsWithAge
    account: Account
    marketplaces: frozenset[str]
    has_mailbox: bool
    max_age: timedelta = MAX_AGE

    def answers(self, questions: Iterable[str], *, at: datetime) -> list[Checked]:
        """One answer for each question, in their order: a look at the ledger as it is at this moment.

        A question is an order id, an alias, or a text that holds some (`Name <alias>`); in whatever case, with or
        without a `+tag`. Raises LedgerError and TryLater.
        """
        asked = [(question, *self._understood(question)) for question in questions]
        last = self.last_complete_poll_at()
        stale = self.is_stale(last, at=at)
        found = self._look_up({name for _, names, _ in asked for name in names}, at=at)
        return [
            _answer(question, [found[name] for name in names], why_not=why_not, last=last, stale=stale)
            for question, names, why_not in asked
        ]

    def last_complete_poll_at(self) -> datetime | None:
        """When the mailbox was last read to its end."""
        last = self.ledger.last_complete_poll(self.account.name)
        return last.finished_at if last else None

    def is_stale(self, last: datetime | None, *, at: datetime) -> bool:
        """True when the last complete poll is too long ago, or there was none; without a mailbox, when no mail was ever read."""
        if not self.has_mailbox:
            return not self.ledger.has_read_mail(self.account.name)
        return last is None or at - last > self.max_age

    def _understood(self, question: str) -> tuple[tuple[Name, ...], str]:
        """Whom a question names, and why nobody can tell if it names nobody that can be on the list."""
        if len(question.encode("utf-8", "surrogatepass")) > LINE_LIMIT:
            return (), TOO_LONG
        aliases = aliases_in(question, self.marketplaces)
        buyers = [alias for alias in aliases if not alias.is_shared]
        names: tuple[Name, ...] = (*buyers, *order_ids_in(question))
        if names:
            return names, ""
        if aliases:
            return (), SHARED
        if not question.strip():
            return (), BLANK
        return (), OUTSIDE if "@" in question else NO_NAME

    def _look_up(self, names: Collection[Name], *, at: datetime) -> dict[Name, Answer]:
        from bounce_watch.listed import lookup

        return lookup(self.ledger, self.account, names, at=at) if names else {}


def _answer(
    question: str, found: Sequence[Answer], *, why_not: str, last: datetime | None, stale: bool
) -> Checked:
    if why_not:
        return Checked(
            asked=question, state=State.UNKNOWN, reason=why_not, last_complete_poll_at=last, stale=stale
        )
    answer = next((each for each in found if each.is_listed), found[0])
    entry = answer.entry
    if entry is None:
        return Checked(
            asked=question,
            state=State.CLEAR,
            name=answer.name,
            reason=ALLOWED if answer.allowed else "",
            allowed=answer.allowed,
            last_complete_poll_at=last,
            stale=stale,
        )
    return Checked(
        asked=question,
        state=State.LISTED,
        name=answer.name,
        reason=entry.reason,
        since=entry.since,
        source=entry.source,
        expires_at=entry.expires_at,
        last_complete_poll_at=last,
        stale=stale,
    )


def may_send(checked: Checked) -> tuple[str, ...]:
    """What may go in spite of an opt-out; nothing is said of those whom a person put on the list."""
    if checked.source is not EntrySource.OPT_OUT:
        return ()
    from bounce_watch.outgoing.rules import may_still_send

    return may_still_send()


def questions_in(read: Callable[[int], bytes]) -> Iterator[list[str]]:
    """The lines of a pipe, those that wait there together, at most AT_ONCE; `read` waits for some octets, b"" is the end.

    A line that is too long comes as its beginning, as soon as that is sure, and the rest of it never: it takes no
    more memory than one that is not. A last line without its end counts.
    """
    rest, passing_over = b"", False
    while block := read(_BLOCK):
        *lines, rest = (rest + block).split(b"\n")
        if passing_over and lines:
            del lines[0]
            passing_over = False
        if passing_over:
            rest = b""
        elif len(rest) > LINE_LIMIT:
            lines.append(rest)
            rest, passing_over = b"", True
        yield from _together(lines)
    if rest:
        yield [_text(rest)]


def _together(lines: Sequence[bytes]) -> Iterator[list[str]]:
    for start in range(0, len(lines), AT_ONCE):
        yield [_text(line) for line in lines[start : start + AT_ONCE]]


def _text(line: bytes) -> str:
    """The octets too many stay countable, so that no name that was cut off is taken for a whole one."""
    return line[: LINE_LIMIT + 4].decode("utf-8", "surrogateescape").removeprefix("\ufeff")


def as_line(checked: Checked) -> str:
    """The answer for a script: question, state, since, reason and last complete poll, with tabs between; one inert line.

    Instants are UTC, as `2026-09-30T17:05:00Z`; one that is not known is empty.
    """
    cells = (
        _shown(checked.asked),
        checked.state.value,
        _instant(checked.since),
        checked.reason,
        _instant(checked.last_complete_poll_at),
    )
    return "\t".join(map(inert, cells)) + "\n"


def as_item(checked: Checked, *, account: str) -> dict[str, Any]:
    """The JSON object of one answer (docs/reference/json.md)."""
    return {
        "asked": _shown(checked.asked),
        "account": account,
        "name": None if checked.name is None else str(checked.name),
        "state": checked.state.value,
        "listed": checked.listed,
        "allowed": checked.allowed,
        "reason": checked.reason,
        "since": _instant(checked.since) or None,
        "source": checked.source,
        "expires_at": _instant(checked.expires_at) or None,
        "may_send": list(may_send(checked)),
        "last_complete_poll_at": _instant(checked.last_complete_poll_at) or None,
        "stale": checked.stale,
    }


def _shown(question: str) -> str:
    return question.strip() if len(question) <= LINE_LIMIT else f"{question[:_SHOWN].strip()}..."


def _instant(instant: datetime | None) -> str:
    return "" if instant is None else f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def in_words(answers: Sequence[Checked], *, at: datetime, zone: tzinfo) -> Iterator[str]:
    """Lines for a person: each answer, what may go all the same, and how far the answers know."""
    for answer in answers:
        yield f"{_shown(answer.asked)}: {_said(answer, zone)}"
    if may := next((sent for answer in answers if (sent := may_send(answer))), ()):
        yield "What may go to a buyer who opted out:"
        yield from (f"  {each}" for each in may)
    last = answers[0].last_complete_poll_at
    when = f"{moment(last, zone)}, {ago(at - last)}" if last else "never"
    yield f"Last complete poll: {when}."


def _said(answer: Checked, zone: tzinfo) -> str:
    match answer.state:
        case State.LISTED:
            since = f" since {moment(answer.since, zone)}" if answer.since else ""
            until = f", until {moment(answer.expires_at, zone)}" if answer.expires_at else ""
            return f"on the list{since}{until}: {answer.reason}"
        case State.CLEAR:
            return answer.reason or "not on the list"
        case State.UNKNOWN:
            return f"can't be answered: {answer.reason}"
