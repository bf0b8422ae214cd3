"""Why a mail to a buyer was sent, as far as the mail itself tells. See docs/decisions/0024-the-sent-folder.md."""

from __future__ import annotations

import re
from collections.abc import Container

from bounce_watch.records.mail import Message
from bounce_watch.records.sent import Purpose
from bounce_watch.text.fold import fold

ORDER_CRITICAL_WORDS = ("important", "importante", "wichtig", "重要")
"""In square brackets in the subject, in any case: Amazon passes such a mail on (facts of `outgoing/rules.toml`)."""

_MESSAGE_ID = re.compile(r"<[^<>\s]{1,996}>")
_LONGEST_ID = 998
_REPLY = re.compile(
    r"(?:\[[^\]]{0,60}\] ?){0,5}(?:re|aw|antw|antwort|sv|vs|odp|ynt|yan|r|rif|res|回复|答复|回覆|返信)"
    r" ?(?:\[[0-9]{1,3}\]|\([0-9]{1,3}\)|\^[0-9]{1,3})? ?:"
)
_AMAZON = re.compile(r"(?:.*\.)?(?:amazonses\.com|amazon\.[a-z]{2,3}(?:\.[a-z]{2})?)")
"""Where ids of buyers' messages come from: their alias domains, or the service by which Amazon sends mail."""


def own_id(message: Message) -> str | None:
    """The Message-ID of a mail, without whatever a broken program wrote beside it."""
    said = message.message_id or ""
    found = _MESSAGE_ID.search(said)
    return found[0] if found else said[:_LONGEST_ID].strip() or None


def thread_ids(message: Message) -> tuple[str, ...]:
    """The Message-IDs that a mail refers to, the one it answers first."""
    fields = (message.in_reply_to or "", *reversed(message.references))
    return tuple(dict.fromkeys(found for each in fields for found in _MESSAGE_ID.findall(each)))


def purpose_of(message: Message, *, quotes: bool, own: Container[str]) -> Purpose:
    """REPLY, ORDER_CRITICAL, UNSOLICITED, or UNKNOWN for a mail that only its subject calls an answer.

    `quotes` says that the mail quotes something, `own` holds Message-IDs of mails that we sent ourselves: to
    follow up one's own mail answers nobody, whatever the subject says.
    """
    thread = thread_ids(message)
    answered = [each for each in thread if each not in own and not _is_ours(each, message)]
    calls_itself = _REPLY.match(fold(message.subject)) is not None and not (thread and not answered)
    if any(_AMAZON.fullmatch(_domain(each)) for each in answered):
        return Purpose.REPLY
    if calls_itself and (answered or quotes):
        return Purpose.REPLY
    if _is_order_critical(message.subject):
        return Purpose.ORDER_CRITICAL
    return Purpose.UNKNOWN if calls_itself else Purpose.UNSOLICITED


def _is_ours(message_id: str, message: Message) -> bool:
    """True for an id with the domain that our own mail comes from."""
    domain, own = _domain(message_id), message.from_domain
    return own is not None and (domain == own or domain.endswith(f".{own}"))


def _domain(message_id: str) -> str:
    return message_id.rpartition("@")[2].rstrip(">").lower()


def _is_order_critical(subject: str) -> bool:
    bare = fold(subject).replace("[ ", "[").replace(" ]", "]")
    return any(f"[{fold(word)}]" in bare for word in ORDER_CRITICAL_WORDS)
