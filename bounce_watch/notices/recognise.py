"""Decides what a mail says: header first, with veto; then verified wordings; everything else is Unrecognised.

Pure: same message and catalogue, same answer. Whether Amazon really sent it is for authenticity/judge.py.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bounce_watch.notices.body import (
    OwnText,
    aliases,
    blocked_date,
    body_digest,
    order_ids,
    own_text,
    windows,
)
from bounce_watch.notices.catalogue import Catalogue, Scope, Wording
from bounce_watch.notices.senders import Sender, sender_of
from bounce_watch.notices.when import noticed_at
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Message
from bounce_watch.records.notice import (
    Evidence,
    Notice,
    NoticeKind,
    NotOurs,
    Unrecognised,
    WhyNotOurs,
    WhyUnrecognised,
)
from bounce_watch.text.fold import fold

HEADER_RULE = "space_type."
"""Prefix of the rule id of a notice that only its X-Space-Notification-Type header explains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A wording that answered, and the sentences in which it did (the whole text for scope `mail`)."""

    wording: Wording
    windows: tuple[str, ...]


def recognise(message: Message, catalogue: Catalogue) -> Notice | Unrecognised | NotOurs:
    """What `message` is. An opt-out always has exactly one order id; without one it is Unrecognised."""
    sender = sender_of(message, catalogue.marketplaces)
    if sender is Sender.STRANGER:
        return NotOurs(fingerprint=message.fingerprint, reason=WhyNotOurs.NOT_AMAZON)
    if sender is Sender.UNLISTED:
        return _unrecognised(message, WhyUnrecognised.UNKNOWN_MARKETPLACE)
    text = own_text(message, catalogue)
    answers = tuple(answer for wording in catalogue.wordings if (answer := ask(wording, message, text)))
    if message.space_type is not None:
        return _by_header(message, catalogue, sender, text, answers)
    return _by_wording(message, catalogue, sender, text, answers)


def ask(wording: Wording, message: Message, text: OwnText) -> Answer | None:
    """Ask one wording about a mail whose own text is `text`; None when it does not answer."""
    if not sent_by(wording, message) or (wording.subject and wording.subject not in text.subject):
        return None
    if wording.scope is Scope.SENTENCE:
        found = windows(text, wording.all_of)
    else:
        found = [text.whole] if all(phrase in text.whole for phrase in wording.all_of) else []
    found = [window for window in found if not any(phrase in window for phrase in wording.none_of)]
    return Answer(wording=wording, windows=tuple(found)) if found else None


def sent_by(wording: Wording, message: Message) -> bool:
    """True when the wording names the local part of the mail's From address."""
    local = (message.from_address or "").rpartition("@")[0]
    return "*@" in wording.senders or f"{local}@" in wording.senders


def _by_header(
    message: Message, catalogue: Catalogue, sender: Sender, text: OwnText, answers: tuple[Answer, ...]
) -> Notice | Unrecognised:
    """The header decides. Any value but the opt-out one is a veto, whatever the text says."""
    space_type = message.space_type or ""
    kind = catalogue.space_types.get(space_type)
    if kind is None and sender is Sender.NOTICE:
        return _unrecognised(message, WhyUnrecognised.NO_WORDING, answers)
    if kind is NoticeKind.OPT_OUT and sender is Sender.AMAZON:
        return _unrecognised(message, WhyUnrecognised.NO_WORDING, answers)
    if kind is None or (kind is NoticeKind.OPT_OUT and sender is Sender.RELAY):
        return _other(message, catalogue, text)
    same = tuple(answer for answer in answers if answer.wording.kind is kind)
    return _notice(message, catalogue, text, kind, same, header=HEADER_RULE + space_type)


def _by_wording(
    message: Message, catalogue: Catalogue, sender: Sender, text: OwnText, answers: tuple[Answer, ...]
) -> Notice | Unrecognised:
    verified = tuple(answer for answer in answers if answer.wording.verified)
    kinds = {answer.wording.kind for answer in verified}
    if sender is Sender.RELAY or (not answers and sender is not Sender.NOTICE):
        return _other(message, catalogue, text)
    if not kinds:
        return _unrecognised(message, WhyUnrecognised.NO_WORDING, answers)
    if len(kinds) > 1:
        return _unrecognised(message, WhyUnrecognised.AMBIGUOUS, answers)
    return _notice(message, catalogue, text, kinds.pop(), verified, header=None)


def _notice(
    message: Message,
    catalogue: Catalogue,
    text: OwnText,
    kind: NoticeKind,
    answers: tuple[Answer, ...],
    *,
    header: str | None,
) -> Notice | Unrecognised:
    """A notice of `kind`; an opt-out whose order can't be told is Unrecognised."""
    found = _orders(text, kind, answers, header=header)
    if kind is NoticeKind.OPT_OUT and len(found) != 1:
        why = WhyUnrecognised.AMBIGUOUS if found else WhyUnrecognised.NO_ORDER_ID
        return _unrecognised(message, why, answers)
    wording = answers[0].wording if answers else None
    named = aliases(message, catalogue.marketplaces) if kind is NoticeKind.OPT_OUT else ()
    sentences = [window for answer in answers for window in answer.windows]
    return Notice(
        kind=kind,
        language=wording.language if wording else None,
        wording=wording.id if wording else header,
        evidence=Evidence.HEADER if header else Evidence.WORDING,
        order_id=found[0] if len(found) == 1 else None,
        alias=_one_buyer(named),
        marketplace=_marketplace(message, catalogue, named),
        blocked_on=blocked_date(sentences) if kind is NoticeKind.OPT_OUT else None,
        noticed_at=noticed_at(message),
        fingerprint=message.fingerprint,
        body_digest=body_digest(text),
        recipients=message.recipients,
    )


def _orders(
    text: OwnText, kind: NoticeKind, answers: tuple[Answer, ...], *, header: str | None
) -> tuple[OrderId, ...]:
    """The order ids of the key sentence; without one, those of the whole of Amazon's own text.

    Where the header proves the kind, the sentence need not hold the id.
    """
    sentences = [
        window for answer in answers if answer.wording.scope is Scope.SENTENCE for window in answer.windows
    ]
    found = order_ids(sentences)
    if found or (sentences and not header):
        return found
    return order_ids(text.paragraphs if kind is NoticeKind.OPT_OUT else (text.whole,))


def _one_buyer(named: Collection[Alias]) -> Alias | None:
    """The alias, when the notice names exactly one buyer's; shared addresses are nobody's."""
    buyers = [alias for alias in named if not alias.is_shared]
    return buyers[0] if len(buyers) == 1 else None


def _marketplace(message: Message, catalogue: Catalogue, named: Collection[Alias]) -> str | None:
    """The header's id, else the domain of the aliases, else the display name, else a From domain but amazon.com.

    The 2026 notice of amazon.it comes from amazon.com, so that domain alone says nothing.
    """
    by_id = catalogue.marketplace_ids.get(message.marketplace_id or "")
    by_alias = {alias.marketplace for alias in named}
    by_name = fold(message.from_name)
    if by_id:
        return by_id
    if len(by_alias) == 1:
        return by_alias.pop()
    if by_name in catalogue.marketplaces:
        return by_name
    domain = (message.from_domain or "").removeprefix("marketplace.")
    return domain if domain in catalogue.marketplaces and domain != "amazon.com" else None


def _other(message: Message, catalogue: Catalogue, text: OwnText) -> Notice:
    """Mail of Amazon's, or of a buyer through Amazon, that is about something else."""
    return Notice(
        kind=NoticeKind.OTHER,
        language=None,
        wording=None,
        evidence=None,
        order_id=None,
        alias=None,
        marketplace=_marketplace(message, catalogue, ()),
        blocked_on=None,
        noticed_at=noticed_at(message),
        fingerprint=message.fingerprint,
        body_digest=body_digest(text),
        recipients=message.recipients,
    )


def _unrecognised(message: Message, why: WhyUnrecognised, answers: tuple[Answer, ...] = ()) -> Unrecognised:
    return Unrecognised(
        fingerprint=message.fingerprint,
        reason=why,
        candidates=tuple(answer.wording.id for answer in answers),
        noticed_at=noticed_at(message),
    )
