"""One mail's journey up to the ledger: parse, unwrap a forward, recognise, judge. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from bounce_watch.authenticity.judge import judge, judge_forward
from bounce_watch.mailboxes.fingerprint import of_octets
from bounce_watch.mailboxes.parse import parse_message
from bounce_watch.notices.addressee import is_misdirected
from bounce_watch.notices.catalogue import Catalogue
from bounce_watch.notices.forward import unwrap_forward
from bounce_watch.notices.recognise import recognise
from bounce_watch.records.account import Account
from bounce_watch.records.mail import Message, RawMessage
from bounce_watch.records.notice import (
    Finding,
    Notice,
    NoticeKind,
    NotOurs,
    Outcome,
    Recognised,
    Unreadable,
    Unrecognised,
    Verdict,
    WhyNotOurs,
)


def examine(raw: RawMessage, account: Account, *, catalogue: Catalogue) -> Finding:
    """What one mail is, and whether Amazon sent it: octets, account and catalogue in, a finding out."""
    message = parse_message(raw)
    if isinstance(message, Unreadable):
        return _unreadable(raw, message)
    forwarded = unwrap_forward(message, catalogue)
    result: Recognised = recognise(forwarded or message, catalogue)
    if not isinstance(result, NotOurs) and is_misdirected(message, account.addresses):
        result = NotOurs(fingerprint=message.fingerprint, reason=WhyNotOurs.MISDIRECTED)
    verdict = None
    if not (isinstance(result, NotOurs) and result.reason is WhyNotOurs.NOT_AMAZON):
        verdict = (judge_forward if forwarded else judge)(message, account.trust)
    return _finding(raw, message, result, verdict)


def examine_all(raws: Iterable[RawMessage], account: Account, catalogue: Catalogue) -> Iterator[Finding]:
    """Examine each mail; one that breaks us is filed as unreadable, with its octets, and the rest goes on."""
    for raw in raws:
        try:
            yield examine(raw, account, catalogue=catalogue)
        except Exception as error:  # noqa: BLE001  (one odd mail must not stop the others)
            reason = f"the program failed on it ({type(error).__name__})"
            yield _unreadable(raw, Unreadable(fingerprint=of_octets(raw.octets), reason=reason))


def _finding(raw: RawMessage, message: Message, result: Recognised, verdict: Verdict | None) -> Finding:
    return Finding(
        ref=raw.ref,
        message_id=message.message_id,
        from_address=message.from_address,
        subject=message.subject,
        result=result,
        verdict=verdict,
        cut=message.cut,
        octets=raw.octets if _must_be_kept(result, verdict) else None,
        size_bytes=message.size_bytes,
    )


def _must_be_kept(result: Recognised, verdict: Verdict | None) -> bool:
    """True for what a person may have to look at, or a later catalogue may understand."""
    match result:
        case Notice():
            proven = verdict is not None and verdict.outcome is Outcome.GENUINE
            return result.kind is NoticeKind.OPT_OUT and not proven
        case NotOurs():
            return result.reason is WhyNotOurs.MISDIRECTED
        case Unrecognised() | Unreadable():
            return True
        case _:
            assert_never(result)


def _unreadable(raw: RawMessage, why: Unreadable) -> Finding:
    return Finding(
        ref=raw.ref,
        message_id=None,
        from_address=None,
        subject="",
        result=why,
        verdict=None,
        cut=raw.cut,
        octets=raw.octets,
        size_bytes=len(raw.octets),
    )
