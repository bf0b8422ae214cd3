"""Notices that reach us by a detour: forwarded by hand, or played back to somebody else. Rows T7 and T10."""

from __future__ import annotations

from random import Random

import pytest

from bounce_watch.examine import examine
from bounce_watch.records.account import Account, RequireProof, Trust
from bounce_watch.records.mail import MessageRef, RawMessage
from bounce_watch.records.notice import Finding, Method, Notice, NotOurs, Outcome, WhyNotOurs
from tests.flow.samples import FIXTURES

from .forge import CATALOGUE, US, found_in, genuine_notice, is_counted
from .letters import octets
from .providers import STYLES, TO
from .test_receivers import BORDER, EN, ORDER, results

WRAPPERS = "gmail_en gmail_de outlook_en outlook_fr apple_en thunderbird_de attached attached_base64".split()
OWN = b"""Authentication-Results: mx.seller.example;
	dkim=pass (2048-bit key) header.d=seller.example header.i=@seller.example;
	spf=pass smtp.mailfrom=seller.example;
	dmarc=pass (p=reject dis=none) header.from=seller.example
"""
SPOOFED = b"Authentication-Results: mx.seller.example; dkim=none; dmarc=fail header.from=seller.example\n"
STRANGER = b"Authentication-Results: mx.seller.example; dmarc=pass header.from=stranger.example\n"
EXPECTED = {"trusted": Outcome.GENUINE, "stranger": Outcome.UNPROVEN, "spoofed": Outcome.FORGED}


def brought_by(wrapper: str, who: str) -> Finding:
    """The sample of a forward by the owner, as it is, or as another would have sent it."""
    mail = (FIXTURES / "lookalikes" / f"forward_{wrapper}.eml").read_bytes().replace(b"\r\n", b"\n")
    assert mail.count(OWN) == 1
    if who == "stranger":
        mail = mail.replace(OWN, STRANGER).replace(b"<owner@seller.example>", b"<x@stranger.example>")
    elif who == "spoofed":
        mail = mail.replace(OWN, SPOOFED)
    trust = Trust(authserv_ids=(US,), trusted_forwarders=("owner@seller.example",))
    raw = RawMessage(ref=MessageRef(account="uk", folder="INBOX"), octets=mail)
    return examine(raw, Account(name="uk", trust=trust), catalogue=CATALOGUE)


@pytest.mark.parametrize("who", EXPECTED)
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_forward_counts_by_who_brought_it(wrapper: str, who: str) -> None:
    """T10: eight wrappers, three senders. The notice is read from all of them; only one of them is believed."""
    found = brought_by(wrapper, who)
    assert isinstance(found.result, Notice)
    assert found.verdict is not None
    assert (found.verdict.outcome, found.verdict.method) == (EXPECTED[who], Method.FORWARD)
    for proof in (RequireProof.ALWAYS, RequireProof.AUTO):
        assert is_counted(found, proof) is (who == "trusted")


SHOWS_NO_ADDRESSEE = [name for name in STYLES if name in {"Microsoft 365", "Fastmail", "GMX"}]
"""Styles without a Delivered-To field, so that To alone says whom Amazon wrote to."""


@pytest.mark.parametrize("name", SHOWS_NO_ADDRESSEE)
def test_a_notice_to_another_seller_played_back_to_us(name: str) -> None:
    """T7: 34 notices of each style, all genuine, none of them for us."""
    random = Random(5)
    for _ in range(34):
        made = genuine_notice(random, name)
        other = made.octets.replace(f"\r\nTo: {TO}\r\n".encode(), b"\r\nTo: someone@other.example\r\n")
        assert other != made.octets
        trust = Trust(authserv_ids=made.authserv_ids)
        raw = RawMessage(ref=MessageRef(account="uk", folder="INBOX"), octets=other)
        found = examine(raw, Account(name="uk", addresses=(TO,), trust=trust), catalogue=CATALOGUE)
        assert isinstance(found.result, NotOurs)
        assert found.result.reason is WhyNotOurs.MISDIRECTED
        assert not any(is_counted(found, proof, known_to_us=True) for proof in RequireProof)


def test_an_own_notice_played_back_is_the_same_mail() -> None:
    """T7: a year later, on another way, it has the fingerprint that we know, so it is filed but once."""
    for seed in range(100):
        name = list(STYLES)[seed % len(STYLES)]
        made = genuine_notice(Random(seed), name)
        later = (
            b"Received: from x.example by relay.example; Fri, 10 Sep 2027 07:12:07 +0000\r\n" + made.octets
        )
        first, again = found_in(made.octets, made.authserv_ids), found_in(later, made.authserv_ids)
        assert isinstance(first.result, Notice)
        assert isinstance(again.result, Notice)
        assert again.result.fingerprint == first.result.fingerprint


def test_a_forged_mail_under_a_genuine_ones_message_id_is_another_mail() -> None:
    genuine, forged = (
        octets(
            [BORDER, results(f"{US}; dmarc={said} header.from=amazon.com")],
            ["From: auto-communication@amazon.com"],
            EN,
            order=order,
            unique="1",
        )
        for said, order in (("pass", ORDER), ("fail", "999-9999999-9999999"))
    )
    first, second = found_in(genuine, (US,)), found_in(forged, (US,))
    assert first.message_id == second.message_id
    assert first.result.fingerprint != second.result.fingerprint
    assert is_counted(first, RequireProof.ALWAYS)
    assert not is_counted(second, RequireProof.NEVER)
