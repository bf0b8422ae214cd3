"""Reading a folder, decided without a server: where to begin, what to ask for, in which chunks, when to move on."""

from __future__ import annotations

import email.header
import hashlib
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email.errors import HeaderParseError
from enum import Enum, auto

from bounce_watch.mailboxes.octets import BATCH_MAILS, BATCH_OCTETS, OCTETS_KEPT, OCTETS_LIMIT
from bounce_watch.records.mail import Cursor, Wanted

Criteria = list["str | date | Criteria"]
"""A search as imapclient takes it; a nested list stands in parentheses."""

WINDOW = 500
"""How many headers are asked for at once."""

LISTED_AT_ONCE = 50_000
"""How many UIDs one SEARCH may list: imaplib gives up on a line of more than 1,000,000 octets."""

SWEEP_EVERY = timedelta(days=7)


class Pass(Enum):
    """What is read, and how it is judged.

    FIRST: everything, by its header. NEW: what came since, by SEARCH. AGAIN: what only SEARCH has
    judged, by its header. DUE: what did not come whole last time.
    """

    FIRST = auto()
    NEW = auto()
    AGAIN = auto()
    DUE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What EXAMINE said. `uidnext` is None when the server did not tell."""

    uidvalidity: int
    uidnext: int | None
    exists: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What is known of a mail before its body is fetched.

    `size` is RFC822.SIZE; `address_fields` the decoded fields by which it is wanted or not.
    """

    uid: int
    size: int
    received_at: datetime | None
    address_fields: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """UIDs of a folder, ascending, and those of them whose headers must be looked at."""

    uids: tuple[int, ...]
    candidates: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A chunk of bodies to fetch, and the UIDs that are settled once it is filed."""

    headers: tuple[Header, ...]
    settled: tuple[int, ...]


def scope_of(wanted: Wanted, since: date | None) -> str:
    """A digest of what is looked for: when it changes, mail that was passed over is looked at again."""
    to = (f"to {fragment}" for fragment in sorted(wanted.recipients))
    text = "\n".join((*sorted(wanted.senders), *to, since.isoformat() if since else ""))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def starting_cursor(
    known: Cursor | None, examined: Examined, *, account: str, folder: str, scope: str
) -> Cursor:
    """`known` if it still speaks of this folder and this search, else one at the very beginning.

    A UIDNEXT below ours means that the folder was made anew although its UIDVALIDITY is the same.
    """
    if (
        known is not None
        and (known.uidvalidity, known.scope) == (examined.uidvalidity, scope)
        and (examined.uidnext is None or known.next_uid <= examined.uidnext)
    ):
        return known
    return Cursor(account=account, folder=folder, uidvalidity=examined.uidvalidity, next_uid=1, scope=scope)


def sweep_is_due(cursor: Cursor, now: datetime) -> bool:
    """True when a week has gone by since the last sweep; also when the clock was set back beyond it."""
    return cursor.swept_at is not None and abs(now - cursor.swept_at) >= SWEEP_EVERY


def uid_ranges(low: int, high: int | None, examined: Examined) -> Iterator[tuple[int, int | None]]:
    """Ranges of UIDs from `low` to `high` (both included; None: whatever is there), few enough UIDs each."""
    last = high if high is not None else (examined.uidnext or 1) - 1
    if examined.exists > LISTED_AT_ONCE:
        while last - low >= LISTED_AT_ONCE:
            yield low, low + LISTED_AT_ONCE - 1
            low += LISTED_AT_ONCE
    yield low, high


def range_criteria(low: int, high: int | None, since: date | None) -> Criteria:
    """The search for every mail in a range of UIDs."""
    uids: Criteria = ["UID", f"{low}:{'*' if high is None else high}"]
    return [*uids, "SINCE", since] if since else uids


def wanted_criteria(wanted: Wanted) -> Criteria:
    """The search for any of these senders, or of these recipients.

    They are cut to whole words (`marketplace.amazon`), because servers with a word index find nothing else.
    """
    return _any_of([[field, each.strip("@.")] for each in wanted.fragments for field in wanted.fields])


def _any_of(terms: Sequence[Criteria]) -> Criteria:
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    return ["OR", _any_of(terms[:middle]), _any_of(terms[middle:])]


def windows(uids: Sequence[int], candidates: Sequence[int]) -> Iterator[Window]:
    """Cuts `uids` behind every WINDOW candidates; nothing at all for no UIDs."""
    begin = 0
    for part in _parts(candidates, WINDOW):
        end = bisect_right(uids, part[-1]) if part[-1] != candidates[-1] else len(uids)
        yield Window(uids=tuple(uids[begin:end]), candidates=tuple(part))
        begin = end
    if uids and not candidates:
        yield Window(uids=tuple(uids), candidates=())


def steps(uids: Sequence[int], headers: Sequence[Header]) -> Iterator[Step]:
    """The headers of a window in chunks of bounded count and size; the last one settles the rest of `uids`."""
    chunks = list(chunked(headers)) or [()]
    ends = [*(bisect_right(uids, chunk[-1].uid) for chunk in chunks[:-1]), len(uids)]
    for chunk, begin, end in zip(chunks, [0, *ends], ends, strict=False):
        yield Step(headers=chunk, settled=tuple(uids[begin:end]))


def chunked(headers: Iterable[Header]) -> Iterator[tuple[Header, ...]]:
    """At most BATCH_MAILS mails and BATCH_OCTETS octets in each chunk (a larger mail comes alone)."""
    chunk: tuple[Header, ...] = ()
    size = 0
    for header in headers:
        if chunk and (len(chunk) == BATCH_MAILS or size + octets_of(header) > BATCH_OCTETS):
            yield chunk
            chunk, size = (), 0
        chunk, size = (*chunk, header), size + octets_of(header)
    if chunk:
        yield chunk


def octets_of(header: Header) -> int:
    """How many octets of this mail will be fetched."""
    return header.size if header.size <= OCTETS_LIMIT else OCTETS_KEPT


def advanced(cursor: Cursor, which: Pass, *, settled: Collection[int], lost: Collection[int]) -> Cursor:
    """The cursor that is true once everything in `settled` is filed, passed over, gone, or one of `lost`."""
    due = tuple(sorted((set(cursor.due) - set(settled)) | set(lost)))
    if which is Pass.DUE or not settled:
        return replace(cursor, due=due)
    through = max(settled) + 1
    if which is Pass.NEW:
        return replace(cursor, due=due, next_uid=through)
    if which is Pass.AGAIN:
        return replace(cursor, due=due, swept_uid=through)
    return replace(cursor, due=due, next_uid=through, swept_uid=through)


def decoded_addresses(field: bytes) -> str:
    """Address fields as text to look in: as they stand and with RFC 2047 words decoded, bad ones tolerated."""
    raw = " ".join(field.decode("utf-8", "replace").split())
    try:
        parts = email.header.decode_header(raw)
    except (HeaderParseError, ValueError):
        return raw
    return raw + "\n" + "".join(_decoded(*part) for part in parts)


def _decoded(text: str | bytes, charset: str | None) -> str:
    if isinstance(text, str):
        return text
    try:
        return text.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return text.decode("latin-1")


def _parts(items: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]
