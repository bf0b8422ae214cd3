"""One mail's journey up to the ledger: parse, unwrap a forward, recognise, judge. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import assert_never

from bounce_watch.authenticity.dkim import Resolver, check_signatures
from bounce_watch.authenticity.judge import OwnCheck, judge, judge_forward
from bounce_watch.mailboxes.fingerprint import of_octets
from bounce_watch.mailboxes.parse import parse_message
from bounce_watch.notices.addressee import is_misdirected
from bounce_watch.notices.catalogue import Catalogue
from bounce_watch.notices.forward import unwrap_forward
from bounce_watch.notices.links import tied
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
from bounce_watch.records.sent import OrderLink, Origin


def examine(
    raw: RawMessage, account: Account, *, catalogue: Catalogue, resolver: Resolver | None = None
) -> Finding:
    """What one mail is, and whether Amazon sent it: octets, account and catalogue in, a finding out.

    `resolver` looks up the keys of DKIM signatures; it is used only for an account with `own_dkim`.
    """
    message = parse_message(raw)
    if isinstance(message, Unreadable):
        return _unreadable(raw, message)
    forwarded = unwrap_forward(message, catalogue)
    result: Recognised = recognise(forwarded or message, catalogue)
    if not isinstance(result, NotOurs) and is_misdirected(message, account.addresses):
        result = NotOurs(fingerprint=message.fingerprint, reason=WhyNotOurs.MISDIRECTED)
    verdict = None
    if not (isinstance(result, NotOurs) and result.reason is WhyNotOurs.NOT_AMAZON):
        judged = judge_forward if forwarded else judge
        own_check = None
        if resolver and account.trust.own_dkim and not isinstance(result, NotOurs):
            own_check = _own_check(raw, account, catalogue, resolver)
        verdict = judged(message, account.trust, own_check=own_check)
    finding = _finding(raw, message, result, verdict)
    if isinstance(result, Notice):
        finding = replace(finding, link=_link(raw, forwarded or message, result, verdict, catalogue))
    return finding


def _link(
    raw: RawMessage, message: Message, notice: Notice, verdict: Verdict | None, catalogue: Catalogue
) -> OrderLink | None:
    """What a proven mail, of which we know when it came, says of whose order one is."""
    if verdict is None or verdict.outcome is not Outcome.GENUINE or notice.noticed_at is None:
        return None
    if (found := tied(message, notice, catalogue)) is None:
        return None
    order_id, alias = found
    return OrderLink(
        account=raw.ref.account,
        order_id=order_id,
        alias=alias,
        marketplace=alias.marketplace,
        origin=Origin.BUYER_MESSAGE,
        seen_at=notice.noticed_at,
    )


def examine_all(
    raws: Iterable[RawMessage], account: Account, catalogue: Catalogue, *, resolver: Resolver | None = None
) -> Iterator[Finding]:
    """Examine each mail; one that breaks us is filed as unreadable, with its octets, and the rest goes on."""
    for raw in raws:
        try:
            yield examine(raw, account, catalogue=catalogue, resolver=resolver)
        except Exception as error:  # noqa: BLE001  (one odd mail must not stop the others)
            reason = f"the program failed on it ({type(error).__name__})"
            yield _unreadable(raw, Unreadable(fingerprint=of_octets(raw.octets), reason=reason))


def _own_check(raw: RawMessage, account: Account, catalogue: Catalogue, resolver: Resolver) -> OwnCheck:
    """The check of one mail; keys are looked up for Amazon's domains and those of the trusted forwarders."""
    relays = {f"marketplace.{domain}" for domain in catalogue.marketplaces}
    forwarders = {address.rpartition("@")[2].lower() for address in account.trust.trusted_forwarders}
    domains = catalogue.marketplaces | relays | forwarders
    return partial(check_signatures, raw, domains=domains, resolver=resolver)


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
