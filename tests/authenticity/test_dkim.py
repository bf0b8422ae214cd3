"""Our own DKIM check: mails that are signed here, and everything a forger may try with a genuine one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import dkim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounce_watch.authenticity.dkim import (
    DkimResult,
    Signature,
    check_signatures,
    require_library,
)
from bounce_watch.authenticity.dkim_mail import BODY_OCTETS, COVERED, HEADER_LINES, HEADER_OCTETS
from bounce_watch.authenticity.judge import judge, judge_forward
from bounce_watch.errors import SettingsError
from bounce_watch.examine import examine, examine_all
from bounce_watch.mailboxes.parse import parse_message
from bounce_watch.notices.catalogue import load_catalogue
from bounce_watch.records.account import Account, Trust
from bounce_watch.records.mail import Message, MessageRef, RawMessage
from bounce_watch.records.notice import Method, Notice, NotOurs, Outcome

from .signing import key, signed

PASS, FAIL, NONE, TEMPORARY, POLICY = (
    DkimResult.PASS,
    DkimResult.FAIL,
    DkimResult.NONE,
    DkimResult.TEMPORARY,
    DkimResult.POLICY,
)
AMAZON = frozenset({"amazon.com", "amazon.it", "marketplace.amazon.it"})
KEY = key(1024)
NAME = "s1._domainkey.amazon.com"
CATALOGUE = load_catalogue()
FIXTURES = Path(__file__).parents[2] / "fixtures"

MAIL = (
    b'From: "Amazon.com" <auto-communication@amazon.com>\r\n'
    b"To: support@seller.example\r\n"
    b"Subject: Your message could not be sent\r\n"
    b"Date: Thu, 10 Sep 2026 10:00:00 +0000\r\n"
    b"Message-ID: <1@eu-west-1.amazonses.com>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 7bit\r\n"
    b"\r\n"
    b"Your message  for order 250-4272081-9046785 was not sent. \r\n"
    b"The buyer has chosen to opt out.\r\n"
    b"\r\n\r\n"
)
BODY = MAIL.partition(b"\r\n\r\n")[2]


class Zone:
    """DNS in memory, which remembers what it was asked for."""

    def __init__(self, records: dict[str, bytes] | None = None) -> None:
        self.records = {NAME: KEY.record()} if records is None else records
        self.asked = list[str]()

    def __call__(self, name: str) -> bytes | None:
        self.asked.append(name)
        return self.records.get(name)


def raw(octets: bytes) -> RawMessage:
    return RawMessage(ref=MessageRef(account="uk", folder="INBOX"), octets=octets)


def parsed(octets: bytes) -> Message:
    message = parse_message(raw(octets))
    assert isinstance(message, Message)
    return message


def checked(octets: bytes, zone: Callable[[str], bytes | None]) -> tuple[Signature, ...]:
    return check_signatures(raw(octets), parsed(octets), domains=AMAZON, resolver=zone)


def results(octets: bytes, zone: Callable[[str], bytes | None] | None = None) -> list[DkimResult]:
    return [signature.result for signature in checked(octets, zone or Zone())]


def by_library(
    mail: bytes = MAIL, form: str = "relaxed/simple", *, bits: int = 1024, length: bool = False
) -> bytes:
    """`mail` signed by dkimpy."""
    header, _, body = form.encode().partition(b"/")
    names = [name.encode() for name in (*COVERED, "to", "mime-version")]
    signature: bytes = dkim.sign(
        mail,
        b"s1",
        b"amazon.com",
        key(bits).pem(),
        canonicalize=(header, body),
        include_headers=names,
        length=length,
    )
    return signature + mail


SIGNED = signed(MAIL, KEY)


# What passes


@pytest.mark.parametrize("form", ["relaxed/simple", "relaxed/relaxed", "simple/simple", "simple/relaxed"])
@pytest.mark.parametrize("bits", [1024, 2048])
def test_a_mail_that_the_library_signed_passes(bits: int, form: str) -> None:
    zone = Zone({NAME: key(bits).record()})
    (signature,) = checked(by_library(form=form, bits=bits), zone)
    assert (signature.result, signature.domain, signature.selector) == (PASS, "amazon.com", "s1")
    assert zone.asked == [NAME]


def test_a_mail_that_our_own_signer_signed_passes() -> None:
    assert results(SIGNED) == [PASS]


@pytest.mark.parametrize(
    "body", [b"", b"\r\n", b"\r\n\r\n\r\n", b"no end of line", b" \t \r\n \r\n", b"a \t\tb\t \r\n"]
)
@pytest.mark.parametrize("form", ["relaxed/simple", "relaxed/relaxed"])
def test_odd_bodies_pass_as_the_library_signed_them(body: bytes, form: str) -> None:
    mail = MAIL.removesuffix(BODY) + body
    assert results(by_library(mail, form)) == [PASS]


def test_the_relaxed_form_forgives_white_space_and_the_simple_form_does_not() -> None:
    gentle, strict = by_library(form="relaxed/relaxed"), by_library(form="simple/simple")
    for old, new in (
        (b"message  for", b"message\t for"),
        (b"sent. \r\n", b"sent.\r\n"),
        (b"out.\r\n\r\n", b"out.\r\n"),
    ):
        assert results(gentle.replace(old, new)) == [PASS]
    assert results(strict.replace(b"message  for", b"message for")) == [FAIL]
    assert results(gentle.replace(b"Subject: Your", b"SUBJECT:  Your")) == [PASS]
    assert results(strict.replace(b"Subject: Your", b"Subject:  Your")) == [FAIL]


def test_a_signature_of_a_name_below_the_from_domain_passes() -> None:
    name = "s1._domainkey.mail.amazon.com"
    zone = Zone({name: KEY.record()})
    assert results(signed(MAIL, KEY, {"d": "mail.amazon.com"}), zone) == [PASS]
    assert zone.asked == [name]


def test_fields_that_a_server_adds_above_do_no_harm() -> None:
    above = b"Return-Path: <x@bounces.amazon.com>\r\nReceived: from a by b;\r\n\tThu, 10 Sep 2026 10:00:01 +0000\r\n"
    assert results(above + SIGNED) == [PASS]


def test_a_file_with_unix_line_ends_passes() -> None:
    assert results(SIGNED.replace(b"\r\n", b"\n")) == [PASS]


def test_the_first_signature_that_passes_ends_the_check() -> None:
    zone = Zone()
    assert results(signed(SIGNED, KEY), zone) == [PASS]
    assert zone.asked == [NAME]


def test_an_ed25519_signature_is_checked_where_its_library_is_installed() -> None:
    nacl = pytest.importorskip("nacl.signing")
    encoder = pytest.importorskip("nacl.encoding").Base64Encoder
    private = nacl.SigningKey.generate()
    names = [name.encode() for name in COVERED]
    signature = dkim.sign(
        MAIL,
        b"s1",
        b"amazon.com",
        private.encode(encoder=encoder),
        signature_algorithm=b"ed25519-sha256",
        include_headers=names,
    )
    record = b"v=DKIM1; k=ed25519; p=" + private.verify_key.encode(encoder=encoder)
    assert results(signature + MAIL, Zone({NAME: record})) == [PASS]
    assert results(signature + MAIL.replace(b"opt out", b"opt in"), Zone({NAME: record})) == [FAIL]


# What was changed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"9046785", b"9046786"),
        (b"Subject: Your message", b"Subject: Your last message"),
        (b'"Amazon.com"', b'"Amazon.it"'),
        (b"10 Sep 2026", b"11 Sep 2026"),
        (b"<1@eu", b"<2@eu"),
        (b"charset=utf-8", b"charset=utf-7"),
        (b"7bit", b"base64"),
        (b"out.\r\n", b"out.\r\nand more\r\n"),
    ],
)
def test_a_change_of_anything_that_counts_fails(old: bytes, new: bytes) -> None:
    assert old in SIGNED
    assert results(SIGNED.replace(old, new)) == [FAIL]
    assert results(by_library().replace(old, new)) == [FAIL]


def test_a_signature_by_another_key_fails() -> None:
    assert results(signed(MAIL, key(1024, seed=2))) == [FAIL]


@pytest.mark.parametrize("name", [name.encode() for name in COVERED])
def test_a_second_field_of_a_kind_that_counts_is_not_checked(name: bytes) -> None:
    added = name + b": x\r\n"
    assert results(added + SIGNED) == []
    assert results(SIGNED.replace(b"\r\n\r\n", b"\r\n" + added + b"\r\n", 1)) == []


def test_a_second_from_is_refused_whatever_the_signature_says_of_it() -> None:
    forged = b"From: auto-communication@amazon.com\r\n" + MAIL
    octets = signed(forged, KEY, {"h": "from:from:" + ":".join(COVERED[1:])})
    message = replace(parsed(SIGNED), ref=MessageRef(account="uk", folder="x"))
    assert check_signatures(raw(octets), message, domains=AMAZON, resolver=Zone()) == ()
    assert results(octets) == []


@pytest.mark.parametrize("name", COVERED)
def test_a_field_that_counts_must_be_signed(name: str) -> None:
    zone = Zone()
    octets = signed(MAIL, KEY, {"h": ":".join(each for each in COVERED if each != name)})
    (signature,) = checked(octets, zone)
    assert (signature.result, signature.reason) == (POLICY, f"it leaves the field {name} unsigned")
    assert zone.asked == []


def test_a_field_that_is_absent_need_not_be_signed() -> None:
    mail = MAIL.replace(b"Content-Transfer-Encoding: 7bit\r\n", b"")
    octets = signed(mail, KEY)
    assert b"content-transfer-encoding" not in octets
    assert results(octets) == [PASS]
    added = octets.replace(b"MIME-Version", b"Content-Transfer-Encoding: base64\r\nMIME-Version")
    assert results(added) == [POLICY]


def test_text_behind_the_signed_length_never_passes() -> None:
    octets = by_library(length=True)
    assert results(octets) == [PASS]
    (signature,) = checked(octets + b"The buyer of 111-1111111-1111111 too.\r\n", Zone())
    assert (signature.result, signature.reason) == (POLICY, "it does not cover the whole body")


@pytest.mark.parametrize("length", ["0", "5", "9999", "-1", "", "1e3", "9" * 70])
def test_a_length_that_is_not_that_of_the_body_never_passes(length: str) -> None:
    zone = Zone()
    assert results(signed(MAIL, KEY, {"l": length}), zone) == [POLICY]
    assert zone.asked == []


# Whose signature it is


@pytest.mark.parametrize(
    "domain",
    [
        "amazonses.com",
        "amazon.com.evil.example",
        "evil.example",
        "notamazon.com",
        "com",
        "amazon.co",
        "amazon.it",
        "xn--mazon-3ve.com",
    ],
)
def test_a_valid_signature_of_somebody_else_proves_nothing_and_dns_is_not_asked(domain: str) -> None:
    zone = Zone({f"s1._domainkey.{domain}": KEY.record()})
    assert results(signed(MAIL, KEY, {"d": domain}), zone) == [POLICY]
    assert zone.asked == []


@pytest.mark.parametrize(
    "sender", ["auto-communication@amazon.com.evil.example", "x@evil.example", "a@amazon.de"]
)
def test_a_from_domain_that_is_not_allowed_is_not_checked(sender: str) -> None:
    zone = Zone({f"s1._domainkey.{sender.rpartition('@')[2]}": KEY.record()})
    mail = MAIL.replace(b"auto-communication@amazon.com", sender.encode())
    assert results(signed(mail, KEY, {"d": sender.rpartition("@")[2]}), zone) == []
    assert zone.asked == []


@pytest.mark.parametrize(
    "selector",
    [
        "",
        ".",
        "a..b",
        "-a",
        "a-",
        "ü",
        "a b",
        "../x",
        "a@b",
        "s1._domainkey.evil.example.",
        "a" * 61,
        "x\0",
        "*",
    ],
)
def test_a_selector_that_is_no_name_is_never_looked_up(selector: str) -> None:
    zone = Zone()
    assert results(signed(MAIL, KEY, {"s": selector}), zone) == [POLICY]
    assert zone.asked == []


@pytest.mark.parametrize("selector", ["s1", "S1", "jvxsykglqiaiibkijmhy37vqxh4mzqr6", "2026.eu-west-1", "_x"])
def test_selectors_as_they_are_used(selector: str) -> None:
    zone = Zone({f"{selector.lower()}._domainkey.amazon.com": KEY.record()})
    assert results(signed(MAIL, KEY, {"s": selector}), zone) == [PASS]


# Form and time

MALFORMED: list[dict[str, str | None]] = [
    {"v": "2"},
    {"v": None},
    {"a": "rsa-sha1"},
    {"a": "rsa-md5"},
    {"a": None},
    {"d": None},
    {"d": ""},
    {"d": "amazon.com."},
    {"d": "amazon com"},
    {"d": "amäzon.com"},
    {"s": None},
    {"h": None},
    {"h": ""},
    {"bh": None},
    {"bh": "***"},
    {"q": "dns/other"},
    {"i": "amazon.com"},
    {"i": "@evil.example"},
    {"t": "tomorrow"},
    {"t": "99999999999"},
    {"x": "1000000000"},
    {"x": "yesterday"},
    {"x": "9" * 5000},
    {"x": "1700000001", "t": "1700000002"},
    {"c": "plain/plain"},
    {"c": "relaxed/simple/x"},
    {"z": "x" * 4096},
    {"z": " " * 25},
    {"1z": "x"},
    {"c=relaxed/simple; c": "relaxed/simple"},
    {"h": ":".join([*COVERED, *(f"x-{number}" for number in range(100))])},
]


@pytest.mark.parametrize("tags", MALFORMED, ids=str)
def test_a_malformed_or_expired_signature_is_neither_pass_nor_fail(tags: dict[str, str | None]) -> None:
    assert results(signed(MAIL, KEY, tags)) == [POLICY]


@pytest.mark.parametrize(
    "tags", [{"x": "99999999999"}, {"t": "1700000000"}, {"i": "@amazon.com"}, {"i": "x@eu.amazon.com"}]
)
def test_times_and_identities_that_fit_pass(tags: dict[str, str | None]) -> None:
    assert results(signed(MAIL, KEY, tags)) == [PASS]


def test_a_field_without_tags_is_malformed() -> None:
    octets = b"DKIM-Signature: hello\r\nDKIM-Signature:\r\n" + SIGNED
    assert results(octets) == [POLICY, POLICY, PASS]


# Exact octets


def test_octets_that_are_not_exact_or_not_whole_are_not_checked() -> None:
    zone, message = Zone(), parsed(SIGNED)
    for changed in (replace(raw(SIGNED), exact=False), replace(raw(SIGNED), cut=("octets",))):
        assert check_signatures(changed, message, domains=AMAZON, resolver=zone) == ()
    cut = replace(message, cut=("text",))
    assert check_signatures(raw(SIGNED), cut, domains=AMAZON, resolver=zone) == ()
    assert zone.asked == []


def test_a_bare_line_end_can_not_smuggle_another_mail_in() -> None:
    # Our parser takes a CR for a line end, so it reads the mail before the signed one; dkimpy reads the signed one.
    forged = b"X: y\rFrom: auto-communication@amazon.com\rSubject: forged\r\rorder 111-1111111-1111111\r\n"
    octets = forged + SIGNED
    assert parsed(octets).subject == "forged"
    assert dkim.verify(octets, dnsfunc=lambda name, timeout: KEY.record())
    assert results(octets) == []


SMUGGLED: dict[str, Callable[[bytes], bytes]] = {
    "a bare CR in the body": lambda octets: octets + b"x\rx\r\n",
    "a bare LF in the body": lambda octets: octets + b"x\nx\r\n",
    "one LF among CRLF": lambda octets: octets.replace(b"\r\nTo:", b"\nTo:"),
    "the separator of an mbox": lambda octets: b"From a@b.example Thu Sep 10 10:00:00 2026\r\n" + octets,
    "such a line among the fields": lambda octets: octets.replace(b"To:", b"From here on\r\nTo:", 1),
    "a space before the colon": lambda octets: octets.replace(b"To:", b"From : x@y.example\r\nTo:", 1),
    "a fold at the top": lambda octets: b" folded\r\n" + octets,
    "an empty line at the top": lambda octets: b"\r\n" + octets,
    "a byte order mark": lambda octets: b"\xef\xbb\xbf" + octets,
    "no empty line": lambda octets: octets.replace(b"\r\n\r\n", b"\r\n"),
    "a huge header": lambda octets: (
        b"X: y\r\n" * 100 + (b"X: " + b"y" * 1000 + b"\r\n") * (HEADER_OCTETS // 1000) + octets
    ),
    "many header lines": lambda octets: b"X: y\r\n" * HEADER_LINES + octets,
    "a huge body": lambda octets: octets + b"x" * BODY_OCTETS,
}


@pytest.mark.parametrize("change", SMUGGLED.values(), ids=SMUGGLED.keys())
def test_octets_that_could_be_read_in_two_ways_are_not_checked(change: Callable[[bytes], bytes]) -> None:
    octets, zone = change(SIGNED), Zone()
    message = parsed(SIGNED)  # as if our parser had read the signed mail all the same
    assert check_signatures(raw(octets), message, domains=AMAZON, resolver=zone) == ()
    assert zone.asked == []


# Keys

SMALL = key(512)


@pytest.mark.parametrize(
    ("record", "result"),
    [
        (b"", NONE),
        (b"v=DKIM1; p=", NONE),
        (b"v=DKIM1; k=rsa; p=;", NONE),
        (b"v=DKIM1; k=rsa", NONE),
        (b"v=DKIM1; k=rsa; p=AAAA", NONE),
        (b"v=DKIM1; k=rsa; p=AAA", NONE),
        (b"v=DKIM2; k=rsa; p=AAAA", NONE),
        (b"v=DKIM1; k=dsa; p=AAAA", NONE),
        (b"v=DKIM1; k=ed25519; p=AAAA", NONE),
        (b"\xff\xfe\0garbage", NONE),
        (b"v=spf1 -all", NONE),
        (b"x" * 2000, NONE),
        (KEY.record() + b" " * 1024, NONE),
        (KEY.record(b"; s=other"), NONE),
        (KEY.record(b"; s=tlsrpt"), POLICY),
        (KEY.record(b"; t=y"), POLICY),
        (KEY.record(b"; t=s:y"), POLICY),
        (KEY.record(b"; h=sha1"), POLICY),
        (KEY.record(b"; h=sha1:sha256"), PASS),
        (KEY.record(b"; s=email"), PASS),
        (KEY.record(b"; s=*; t=s"), PASS),
        (KEY.record(b"; n=a note"), PASS),
        (KEY.record().removeprefix(b"v=DKIM1; k=rsa; "), PASS),
        (key(1024, seed=2).record(), FAIL),
    ],
)
def test_key_records(record: bytes, result: DkimResult) -> None:
    assert results(SIGNED, Zone({NAME: record})) == [result]


def test_a_key_that_is_absent_is_no_failure() -> None:
    assert results(SIGNED, Zone({})) == [NONE]


def test_a_key_below_1024_bits_proves_nothing() -> None:
    (signature,) = checked(signed(MAIL, SMALL), Zone({NAME: SMALL.record()}))
    assert (signature.result, signature.reason) == (POLICY, "its key has 512 bits")


def test_a_key_of_another_kind_than_the_signature_names_proves_nothing() -> None:
    assert results(signed(MAIL, KEY, {"a": "ed25519-sha256"})) == [POLICY]


def test_a_key_for_its_own_domain_only_does_not_sign_for_names_below() -> None:
    octets = signed(MAIL, KEY, {"i": "x@eu.amazon.com"})
    assert results(octets, Zone({NAME: KEY.record(b"; t=s")})) == [POLICY]


# Trouble with DNS

TROUBLES = [
    TimeoutError("slow"),
    OSError("SERVFAIL"),
    ConnectionResetError("gone"),
    ValueError("odd name"),
    UnicodeDecodeError("ascii", b"\xff", 0, 1, "odd"),
    KeyError("x"),
    IndexError("x"),
    RuntimeError("no name servers"),
    TypeError("x"),
    AttributeError("x"),
    AssertionError("x"),
    OverflowError("x"),
    RecursionError("x"),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: type(trouble).__name__)
def test_trouble_of_the_resolver_is_never_a_failure(trouble: Exception) -> None:
    def broken(name: str) -> bytes | None:
        raise trouble

    (signature,) = checked(SIGNED, broken)
    assert (signature.result, signature.reason) == (TEMPORARY, "DNS gave no answer about its key")


def test_one_mail_asks_for_three_names_at_most() -> None:
    octets = MAIL
    for number in range(1, 5):
        octets = signed(MAIL, KEY, {"s": f"s{number}"}).removesuffix(MAIL) + octets
    zone = Zone({"s1._domainkey.amazon.com": KEY.record()})
    assert results(octets, zone) == [NONE, NONE, NONE, TEMPORARY]
    assert zone.asked == [f"s{number}._domainkey.amazon.com" for number in (4, 3, 2)]


def test_a_name_is_asked_for_once() -> None:
    zone = Zone({})
    assert results(signed(SIGNED, KEY), zone) == [NONE, NONE]
    assert zone.asked == [NAME]


def test_at_most_five_signatures_are_looked_at() -> None:
    other = signed(MAIL, KEY, {"d": "evil.example"}).removesuffix(MAIL)
    assert results(other * 4 + SIGNED) == [POLICY] * 4 + [PASS]
    assert results(other * 5 + SIGNED) == [POLICY] * 5


def test_two_failures_are_enough() -> None:
    wrong = signed(MAIL, key(1024, seed=2)).removesuffix(MAIL)
    assert results(wrong + SIGNED) == [FAIL, PASS]
    assert results(wrong * 2 + SIGNED) == [FAIL, FAIL]


# Anything at all


@settings(max_examples=300, deadline=None)
@given(value=st.binary(max_size=300))
def test_no_octets_in_a_signature_raise_or_pass(value: bytes) -> None:
    octets = b"DKIM-Signature: d=amazon.com; s=s1; " + value + b"\r\n" + MAIL
    assert PASS not in results(octets)


@settings(max_examples=300, deadline=None)
@given(record=st.binary(max_size=300) | st.binary(max_size=60).map(lambda tail: KEY.record()[:-40] + tail))
def test_no_octets_in_a_key_record_raise_or_fail_as_forged(record: bytes) -> None:
    mail = SIGNED.replace(b"opt out", b"opt-out")
    assert set(results(mail, Zone({NAME: record}))) <= {FAIL, NONE, POLICY}


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, len(SIGNED) - 1), octet=st.integers(0, 255))
def test_a_changed_octet_never_changes_what_a_passing_mail_says(at: int, octet: int) -> None:
    octets = SIGNED[:at] + bytes([octet]) + SIGNED[at + 1 :]
    message = parse_message(raw(octets))
    if not isinstance(message, Message):
        return
    found = check_signatures(raw(octets), message, domains=AMAZON, resolver=Zone())
    if PASS in [signature.result for signature in found]:
        genuine = parsed(SIGNED)
        assert message.text.split() == genuine.text.split()
        assert message.subject.split() == genuine.subject.split()
        assert (message.from_address, message.sent_at) == (genuine.from_address, genuine.sent_at)


# The verdict

OURS = "mx.seller.example"
HOP = ("received", f"from a.amazonses.com (a.amazonses.com [54.240.13.17]) by {OURS} with ESMTPS; x")


def found(result: DkimResult, domain: str = "amazon.com") -> Signature:
    return Signature(domain=domain, selector="s1", result=result, reason="it is so")


def own(*signatures: Signature) -> Callable[[Message], Sequence[Signature]]:
    return lambda message: signatures


def message_with(*fields: str) -> Message:
    return replace(parsed(SIGNED), trace=(HOP, *(("authentication-results", field) for field in fields)))


TRUST = Trust(authserv_ids=(OURS,), own_dkim=True)


@pytest.mark.parametrize(
    "field", [None, "dmarc=none", "dkim=temperror header.d=amazon.com", "dkim=pass header.d=amazonses.com"]
)
def test_a_pass_makes_an_unproven_mail_genuine(field: str | None) -> None:
    message = message_with(*([f"{OURS}; {field}"] if field else []))
    verdict = judge(message, TRUST, own_check=own(found(PASS)))
    assert (verdict.outcome, verdict.method) == (Outcome.GENUINE, Method.DKIM)
    assert (verdict.signing_domain, verdict.aligned) == ("amazon.com", True)
    assert judge(message, Trust(), own_check=own(found(PASS))).outcome is Outcome.GENUINE


@pytest.mark.parametrize("result", [FAIL, NONE, TEMPORARY, POLICY])
@pytest.mark.parametrize(
    "field", [None, "dmarc=none", "dmarc=fail", "dkim=fail header.d=amazon.com", "spf=fail"]
)
def test_anything_but_a_pass_leaves_the_verdict_as_it_was(field: str | None, result: DkimResult) -> None:
    message = message_with(*([f"{OURS}; {field}"] if field else []))
    before = judge(message, TRUST)
    after = judge(message, TRUST, own_check=own(found(result)))
    assert after.reason == f"{before.reason}; our own check of the signature of amazon.com: it is so"
    assert replace(after, reason=before.reason) == before
    assert before.outcome is not Outcome.GENUINE


@pytest.mark.parametrize(
    "field", ["dmarc=fail header.from=amazon.com", "dkim=fail header.d=amazon.com", "spf=fail"]
)
def test_what_our_receiver_calls_forged_stays_forged_and_says_what_we_found(field: str) -> None:
    message = message_with(f"{OURS}; {field}")
    verdict = judge(message, TRUST, own_check=own(found(PASS)))
    assert (verdict.outcome, verdict.method) == (Outcome.FORGED, Method.AUTHENTICATION_RESULTS)
    assert verdict.reason.endswith("; our own check of the signature of amazon.com: it is so")


def test_what_our_receiver_proved_is_not_checked_again() -> None:
    def never(message: Message) -> Sequence[Signature]:
        raise AssertionError("asked")

    message = message_with(f"{OURS}; dmarc=pass header.from=amazon.com")
    assert judge(message, TRUST, own_check=never).method is Method.AUTHENTICATION_RESULTS


@pytest.mark.parametrize("signatures", [(), (found(PASS, "amazonses.com"),), (found(POLICY, ""),)])
def test_signatures_of_others_are_not_even_mentioned(signatures: tuple[Signature, ...]) -> None:
    message = message_with()
    assert judge(message, TRUST, own_check=own(*signatures)) == judge(message, TRUST)


def test_the_signature_that_passes_counts_wherever_it_stands() -> None:
    verdict = judge(message_with(), TRUST, own_check=own(found(FAIL), found(PASS, "eu.amazon.com")))
    assert (verdict.outcome, verdict.signing_domain) == (Outcome.GENUINE, "eu.amazon.com")


def test_a_trusted_forwarder_may_prove_itself_and_nobody_else() -> None:
    message = replace(message_with(), from_address="owner@seller.example")
    trust = replace(TRUST, trusted_forwarders=("Owner@seller.example",))
    passes = own(found(PASS, "seller.example"))
    verdict = judge_forward(message, trust, own_check=passes)
    assert (verdict.outcome, verdict.method) == (Outcome.GENUINE, Method.FORWARD)
    assert verdict.reason == "forwarded: our own check of the signature of seller.example passes"
    stranger = judge_forward(replace(message, from_address="x@seller.example"), trust, own_check=passes)
    assert stranger.outcome is Outcome.UNPROVEN


# The whole journey of a mail

SAMPLE = FIXTURES / "notices" / "opt_out.fr" / "latin1_8bit.eml"


def notice() -> bytes:
    """A sample as it left Amazon: without what servers put on top, CRLF, fields on one line each."""
    octets = SAMPLE.read_bytes().replace(b"\r\n", b"\n").replace(b"\n\t", b" ")
    head, _, body = octets.partition(b"\n\n")
    added = (b"return-path", b"delivered-to", b"received", b"authentication-results", b"dkim-signature", b" ")
    lines = [line for line in head.split(b"\n") if not line.lower().startswith(added)]
    return b"\r\n".join([*lines, b"", *body.split(b"\n")])


NOTICE = signed(notice(), KEY, {"d": "amazon.fr"})
NOTICE_ZONE = {"s1._domainkey.amazon.fr": KEY.record()}


def account(
    *, own_dkim: bool = True, addresses: tuple[str, ...] = (), forwarders: tuple[str, ...] = ()
) -> Account:
    trust = Trust(authserv_ids=(OURS,), own_dkim=own_dkim, trusted_forwarders=forwarders)
    return Account(name="uk", addresses=addresses, trust=trust)


def test_a_signed_notice_without_results_is_genuine() -> None:
    zone = Zone(NOTICE_ZONE)
    (finding,) = examine_all([raw(NOTICE)], account(), CATALOGUE, resolver=zone)
    assert isinstance(finding.result, Notice)
    assert finding.verdict is not None
    assert (finding.verdict.outcome, finding.verdict.method) == (Outcome.GENUINE, Method.DKIM)
    assert finding.verdict.signing_domain == "amazon.fr"
    assert finding.octets is None
    assert zone.asked == ["s1._domainkey.amazon.fr"]


def test_without_the_setting_or_without_a_resolver_nothing_is_asked() -> None:
    zone = Zone(NOTICE_ZONE)
    off = examine(raw(NOTICE), account(own_dkim=False), catalogue=CATALOGUE, resolver=zone)
    bare = examine(raw(NOTICE), account(), catalogue=CATALOGUE)
    assert off == bare
    assert off.verdict is not None
    assert off.verdict.outcome is Outcome.UNPROVEN
    assert zone.asked == []


def test_a_misdirected_notice_and_strangers_mail_ask_nothing() -> None:
    zone = Zone({name: KEY.record() for name in ("s1._domainkey.amazon.fr", "s1._domainkey.evil.example")})
    misdirected = examine(
        raw(NOTICE), account(addresses=("other@seller.example",)), catalogue=CATALOGUE, resolver=zone
    )
    strange = notice().replace(b"@amazon.fr", b"@evil.example")
    stranger = examine(
        raw(signed(strange, KEY, {"d": "evil.example"})), account(), catalogue=CATALOGUE, resolver=zone
    )
    assert isinstance(misdirected.result, NotOurs)
    assert isinstance(stranger.result, NotOurs)
    assert zone.asked == []


def test_a_changed_notice_waits_as_before_and_says_why() -> None:
    changed = NOTICE.replace(b"Subject: ", b"Subject: Re: ")
    finding = examine(raw(changed), account(), catalogue=CATALOGUE, resolver=Zone(NOTICE_ZONE))
    assert finding.verdict is not None
    assert (finding.verdict.outcome, finding.verdict.method) == (Outcome.UNPROVEN, Method.NONE)
    assert finding.verdict.reason.endswith("the signature of amazon.fr: a signed field was changed")
    assert finding.octets == changed


def forward(sender: str) -> bytes:
    mail = (
        f"From: {sender}\r\nTo: support@seller.example\r\nSubject: Fwd\r\n"
        "Date: Thu, 10 Sep 2026 10:00:00 +0000\r\nMessage-ID: <2@seller.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
        "--x\r\nContent-Type: text/plain\r\n\r\nsee below\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
    ).encode()
    return mail + notice() + b"\r\n--x--\r\n"


@pytest.mark.parametrize(
    ("sender", "outcome", "asked"),
    [
        ("owner@office.example", Outcome.GENUINE, ["s1._domainkey.office.example"]),
        ("other@office.example", Outcome.UNPROVEN, []),
    ],
)
def test_a_signed_forward_of_a_trusted_person_is_genuine(
    sender: str, outcome: Outcome, asked: list[str]
) -> None:
    zone = Zone({"s1._domainkey.office.example": KEY.record()})
    octets = signed(forward(sender), KEY, {"d": "office.example"})
    seller = account(forwarders=("owner@office.example",))
    finding = examine(raw(octets), seller, catalogue=CATALOGUE, resolver=zone)
    assert isinstance(finding.result, Notice)
    assert finding.verdict is not None
    assert (finding.verdict.outcome, finding.verdict.method) == (outcome, Method.FORWARD)
    assert zone.asked == asked


def test_a_resolver_that_breaks_leaves_the_notice_readable() -> None:
    def broken(name: str) -> bytes | None:
        raise TimeoutError

    (finding,) = examine_all([raw(NOTICE)], account(), CATALOGUE, resolver=broken)
    assert isinstance(finding.result, Notice)
    assert finding.verdict is not None
    assert finding.verdict.outcome is Outcome.UNPROVEN


# The library


def test_with_the_library_nothing_is_said() -> None:
    require_library()
    assert "dkim" in sys.modules


def test_a_missing_library_is_a_fault_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dkim", None)
    with pytest.raises(SettingsError, match="dkimpy") as caught:
        require_library()
    assert "extra dkim" in caught.value.advice


def test_what_the_library_logs_of_a_mail_goes_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    results(SIGNED.replace(b"opt out", b"opt in"))
    assert caplog.records == []
