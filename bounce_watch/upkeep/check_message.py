"""Judges outgoing mails: reads them, asks settings and ledger what they know, and lets the rules look."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import getaddresses
from pathlib import Path
from typing import BinaryIO

from bounce_watch import listed
from bounce_watch.errors import DataError
from bounce_watch.mailboxes import limits
from bounce_watch.mailboxes.parse import parse_message
from bounce_watch.mailboxes.parts import Part, leaves
from bounce_watch.outgoing.draft import Attachment, Draft, InLedger, Known
from bounce_watch.outgoing.judge import judge
from bounce_watch.outgoing.notes import Judgement
from bounce_watch.outgoing.rules import load_rules
from bounce_watch.records.account import Account
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Message, MessageRef, RawMessage
from bounce_watch.records.opt_out import Answer
from bounce_watch.records.sent import Origin, SendOutcome
from bounce_watch.store.ledger import Ledger
from bounce_watch.text.charsets import decode_text
from bounce_watch.text.html_elements import HtmlElements, html_elements

LARGEST = 32 * 1024 * 1024
"""Octets of a mail that are read: more than Amazon's limit for attachments, once they are encoded."""

_PROVE_THE_ORDER = frozenset({"send", "order_link", "recognition"})
"""Kinds of events in an order's history before which the order was placed."""

_ENDING = 12
"""Characters of a file's ending at the most; what is longer is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedMail:
    """One mail and what became of it: `judgement`, or `problem` where it can't be read.

    `stale`: the account has a mailbox, and it was never read to its end, or too long ago to trust the list.
    """

    path: str
    stale: bool = False
    draft: Draft | None = None
    judgement: Judgement | None = None
    problem: str = ""


def check_mail(
    path: Path,
    octets: bytes,
    account: Account,
    *,
    marketplaces: frozenset[str],
    at: datetime,
    max_age: timedelta | None,
    ledger: Ledger | None = None,
    critical: bool = False,
) -> CheckedMail:
    """One mail's octets, judged; `ledger` is None where there is none, `critical` the seller's own word.

    `max_age` is how old the last complete poll may be for a buyer to count as not listed; None for an account without a
    mailbox: nobody can tell how old its list is.
    """
    is_current = ledger is not None and max_age is not None and _is_current(ledger, account, at - max_age)
    stale = max_age is not None and not is_current
    draft = read_draft(octets)
    if isinstance(draft, str):
        return CheckedMail(path=str(path), stale=stale, problem=draft)
    in_ledger = _in_ledger(draft, ledger, account, marketplaces=marketplaces, at=at) if ledger else None
    known = Known(
        marketplaces=marketplaces,
        own_addresses=account.addresses,
        ledger=replace(in_ledger, is_stale=not is_current) if in_ledger else None,
        critical=critical,
    )
    judgement = judge(draft, known, load_rules(), at=at)
    return CheckedMail(path=str(path), stale=stale, draft=draft, judgement=judgement)


def _is_current(ledger: Ledger, account: Account, since: datetime) -> bool:
    run = ledger.last_complete_poll(account.name)
    return run is not None and run.finished_at is not None and run.finished_at >= since


def read_octets(path: Path, standard_input: BinaryIO) -> bytes:
    """The octets of one file, or of standard input for `-`; DataError when there is nothing that can be read."""
    try:
        octets = standard_input.read(LARGEST + 1) if str(path) == "-" else _read(path)
    except OSError as problem:
        raise DataError(
            f"{path} can't be read: {problem.strerror or type(problem).__name__}.",
            "Check the path, and that this user may read the file.",
        ) from problem
    if not octets.strip():
        raise DataError(f"{path} is empty.", "Save the mail as a file (.eml), or pipe it into the command.")
    return octets


def _read(path: Path) -> bytes:
    # Without waiting: a named pipe that nobody writes to would otherwise hold us for ever.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        return stream.read(LARGEST + 1)


def read_draft(octets: bytes) -> Draft | str:
    """The mail as the rules look at it, or why it is none. Raises nothing, whatever the octets."""
    plain = (
        octets[:LARGEST]
        .removeprefix(b"\xef\xbb\xbf")
        .replace(b"\r\n", b"\n")
        .replace(b"\r", b"\n")
        .lstrip(b"\n")
    )
    message = parse_message(RawMessage(ref=MessageRef(account="", folder="-"), octets=plain))
    if not isinstance(message, Message):
        return message.reason
    cut = ["octets"] if len(octets) > LARGEST else []
    fields, body = limits.split(plain, cut)
    parts = _Parts(cut=cut)
    for part in leaves(fields, body, cut):
        parts.take(part)
    return _draft(message, fields, parts)


@dataclass(slots=True)
class _Parts:
    """What the parts of a mail hold beside its text; `cut` is told which limit took something away."""

    cut: list[str]
    html: list[HtmlElements] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    room: int = limits.SEARCHED_HTML
    passed: int = 0

    def take(self, part: Part) -> None:
        self.passed += len(part.body)
        if not _is_shown(part):
            self.attachments.append(_attachment(part))
            return
        if self.passed > limits.OCTETS:  # parse_message did not come this far
            self.cut.append("octets")
        if part.kind == "text/html":
            source = decode_text(part.decoded(), part.parameter("charset"))
            if len(source) > self.room:
                self.cut.append("html")
            self.html.append(html_elements(source[: self.room]))
            self.room = max(0, self.room - len(source))


def _draft(message: Message, fields: limits.Fields, parts: _Parts) -> Draft:
    names = {name.lower() for name, _ in fields}
    # What parse_message cut of a large mail beyond its text was looked at here.
    of_text = set(message.cut) & {"text", "field", "header", "recipients"}
    return Draft(
        from_address=message.from_address,
        recipients=_recipients(fields),
        subject=message.subject,
        text=message.text,
        html=tuple(parts.html),
        attachments=tuple(parts.attachments),
        has_opt_out_field="list-unsubscribe" in names,
        is_reply="in-reply-to" in names,
        cut=tuple(dict.fromkeys([*parts.cut, *sorted(of_text)])),
    )


def _recipients(fields: limits.Fields) -> tuple[str, ...]:
    """The addresses of To, Cc and Bcc: Delivered-To and the like are no recipients of a mail that is yet to go."""
    values = [
        decode_text(value[: limits.RECIPIENT_CHARACTERS], None).strip(" ,")
        for name, value in fields
        if name.lower() in {"to", "cc", "bcc"}
    ]
    try:
        found = [
            address for value in values[: limits.RECIPIENT_FIELDS] for _, address in getaddresses([value])
        ]
    except RecursionError:  # comments inside comments
        return ()
    return tuple(dict.fromkeys(address.strip().lower() for address in found if "@" in address))


def _is_shown(part: Part) -> bool:
    """True for the texts of the mail itself; a multipart whose boundary never comes is one of them."""
    is_text = part.kind in {"text/plain", "text/html"} or part.kind.startswith("multipart/")
    return is_text and not part.field("content-disposition").startswith("attachment") and not part.filename()


def _attachment(part: Part) -> Attachment:
    ending = part.filename().rpartition(".")[2] if "." in part.filename() else ""
    is_picture = part.kind.startswith("image/") and bool(part.field("content-id"))
    return Attachment(
        kind=part.kind,
        ending=ending if len(ending) <= _ENDING else "",
        size_bytes=len(part.decoded()),
        is_inside=is_picture and not part.field("content-disposition").startswith("attachment"),
    )


def _in_ledger(
    draft: Draft, ledger: Ledger, account: Account, *, marketplaces: frozenset[str], at: datetime
) -> InLedger:
    aliases = [each for each in draft.aliases(marketplaces) if not each.is_shared]
    orders = draft.orders()
    sends = [
        filed.send
        for filed in ledger.sends_for(account.name, orders, [] if orders else aliases)
        if filed.send.outcome is SendOutcome.SENT
    ]
    events = [
        event.at
        for order in orders
        for event in ledger.history(account.name, order)
        if event.kind in _PROVE_THE_ORDER and not event.undone
    ]
    placed = ledger.ordered_at(account.name, orders)
    return InLedger(
        listed=_listed(listed.lookup(ledger, account, [*aliases, *orders], at=at)),
        known_since=min([*events, *placed.values()], default=None),
        ordered_at=min(placed.values(), default=None) if len(placed) == len(orders) else None,
        messages=len(sends),
        labels=tuple(
            (send.label, send.sent_at)
            for send in sends
            if send.label and send.origin is not Origin.SCRUB  # which calls a message by its row
        ),
    )


def _listed(answers: Mapping[OrderId | Alias, Answer]) -> tuple[OrderId | Alias, ...]:
    """The names on the list; nobody where a person allowed mail about every order that the mail names."""
    orders = [answer for name, answer in answers.items() if isinstance(name, OrderId)]
    if orders and all(answer.allowed for answer in orders):
        return ()
    return tuple(name for name, answer in answers.items() if answer.is_listed)
