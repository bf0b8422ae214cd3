"""Octets to messages: hostile ones are cut and still recognised, never an exception."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bounce_watch.examine import examine
from bounce_watch.mailboxes import limits, parse
from bounce_watch.mailboxes.fingerprint import fingerprint
from bounce_watch.mailboxes.parse import parse_message
from bounce_watch.notices.catalogue import load_catalogue
from bounce_watch.records.account import Account
from bounce_watch.records.mail import Message
from bounce_watch.records.notice import Finding, Notice, NoticeKind, Unreadable
from tests.flow.samples import FIXTURES, SAMPLES, raw, read, twin

CATALOGUE = load_catalogue()
ACCOUNT = Account(name="uk")
HEAD = b"From: Amazon <auto-communication@amazon.com>\nSubject: x\n"
ORDER = "026-1234567-7654321"
SENTENCE = (
    f"We could not deliver the message you sent for order [{ORDER}] because the buyer has chosen to opt out of"
    " receiving unsolicited messages from sellers."
).encode()
PLAIN = b"Content-Type: text/plain\n\n"


def parsed(octets: bytes) -> Message:
    found = parse_message(raw(octets))
    assert isinstance(found, Message)
    return found


def order_of(octets: bytes) -> str | None:
    result = examine(raw(octets), ACCOUNT, catalogue=CATALOGUE).result
    is_opt_out = isinstance(result, Notice) and result.kind is NoticeKind.OPT_OUT
    return str(result.order_id) if is_opt_out and isinstance(result, Notice) else None


def deep(inner: bytes, levels: int) -> bytes:
    for level in range(levels):
        inner = multipart(inner, boundary=b"b%d" % level)
    return inner


def multipart(*parts: bytes, boundary: bytes = b"b") -> bytes:
    body = b"".join(b"--" + boundary + b"\n" + part + b"\n" for part in parts)
    return b"Content-Type: multipart/mixed; boundary=" + boundary + b"\n\n" + body


# Each is a genuine notice with something hostile in or behind it: octets, and what has to be noted as cut.
HOSTILE: dict[str, tuple[bytes, str | None]] = {
    "subject of encoded words": (
        b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\n" + HEAD + PLAIN + SENTENCE,
        "field",
    ),
    "folded encoded words": (HEAD + b"X: a\n" + b" =?utf-8?q?a?=\n" * 900 + PLAIN + SENTENCE, None),
    "parameters": (HEAD + b"Content-Type: text/plain" + b"; a=b" * 200_000 + b"\n\n" + SENTENCE, "field"),
    "100,000 fields": (
        HEAD + b"Content-Type: text/plain\n" + b"X-A: b\n" * 100_000 + b"\n" + SENTENCE,
        "header",
    ),
    "20,000 recipients": (HEAD + b"To: " + b"a@b.example, " * 20_000 + b"\n" + PLAIN + SENTENCE, "field"),
    "many recipient fields": (HEAD + b"To: a@b.example\n" * 900 + PLAIN + SENTENCE, "recipients"),
    "header of 3 MB": (HEAD + (b"X-A: " + b"b" * 30_000 + b"\n") * 100 + PLAIN + SENTENCE, "header"),
    "nested comments": (HEAD + b"To: " + b"(" * 30_000 + b"\n" + PLAIN + SENTENCE, "recipients"),
    "shorter nested comments": (HEAD + b"To: " + b"(" * 8_000 + b"\n" + PLAIN + SENTENCE, None),
    "open quotes": (HEAD + b"Cc: " + b'"' * 30_000 + b"\n" + PLAIN + SENTENCE, "recipients"),
    "fewer open quotes": (HEAD + b"Cc: " + b'"' * 8_000 + b"\n" + PLAIN + SENTENCE, None),
    "2,000 Received": (
        HEAD + b"Content-Type: text/plain\n" + b"Received: from a by b; x\n" * 2000 + b"\n" + SENTENCE,
        "header",
    ),
    "deep multiparts": (HEAD + multipart(PLAIN + SENTENCE, deep(b"", 1000)), "depth"),
    "many multiparts": (
        HEAD + multipart(PLAIN + SENTENCE, *(multipart(b"", boundary=b"b%d" % n) for n in range(3000))),
        "parts",
    ),
    "equal boundaries": (HEAD + multipart(PLAIN + SENTENCE, *[multipart(b"")] * 3000), "parts"),
    "parts behind a boundary in RFC 2231": (
        HEAD + (multipart(PLAIN + SENTENCE, *[b"\n"] * 3000)).replace(b"boundary=b", b"boundary*0=b"),
        "parts",
    ),
    "parts behind a boundary with a space": (
        HEAD + multipart(PLAIN + SENTENCE, *[b"\n"] * 3000, boundary=b"b b"),
        "parts",
    ),
    "parts behind a long boundary": (
        HEAD + multipart(PLAIN + SENTENCE, *[b"\n"] * 3000, boundary=b"b" * 300),
        "parts",
    ),
    "a part with 200,000 fields": (HEAD + multipart(PLAIN + SENTENCE, b"X-A: b\n" * 200_000), "header"),
    "a part with 200,000 folds": (
        HEAD + multipart(PLAIN + SENTENCE, b"X-A:\n" + b" b\n" * 200_000),
        "header",
    ),
    "a part with 200,000 parameters": (
        HEAD + multipart(PLAIN + SENTENCE, b"Content-Type: text/plain" + b"; a=b" * 200_000 + b"\n\nx"),
        "field",
    ),
    "500,000 empty lines": (HEAD + PLAIN + SENTENCE + b"\n" * 500_000, "text"),
    "tag with 100,000 attributes": (
        HEAD
        + b"Content-Type: text/html\n\n<p>"
        + SENTENCE
        + b"</p><a "
        + b"".join(b"a%d " % number for number in range(40_000)),
        None,
    ),
    "60,000 paragraphs of HTML": (
        HEAD + b"Content-Type: text/html\n\n<p>" + SENTENCE + b"</p>" + b"<p>a" * 60_000,
        "text",
    ),
    "1 MB of HTML": (
        HEAD + b"Content-Type: text/html\n\n<p>" + SENTENCE + b"</p>" + b"<p>" + b"a " * 500_000,
        "text",
    ),
    "400 originals": (
        HEAD + multipart(PLAIN + SENTENCE, *[b"Content-Type: message/rfc822\n\nTo: a@b.example\n\n"] * 400),
        "originals",
    ),
    "400 originals in a digest": (
        HEAD
        + multipart(
            PLAIN + SENTENCE,
            multipart(*[b"\nTo: a@b.example\n\nx"] * 400, boundary=b"d").replace(b"mixed", b"digest"),
        ),
        "originals",
    ),
    "broken uuencode": (
        HEAD
        + multipart(PLAIN + SENTENCE, b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n\xff\xff\n"),
        None,
    ),
    "chain of originals": (
        HEAD + multipart(PLAIN + SENTENCE, b"Content-Type: message/rfc822\n\n" * 50_000),
        "originals",
    ),
    "50,000 parts": (HEAD + multipart(PLAIN + SENTENCE, *[b"\nx"] * 50_000), "parts"),
    "6 MB of base64": (
        HEAD + multipart(PLAIN + SENTENCE, b"Content-Transfer-Encoding: base64\n\n" + b"QUJD" * 1_600_000),
        "octets",
    ),
    "4 MB of text": (HEAD + multipart(PLAIN + SENTENCE, b"\n" + b"word " * 800_000), "text"),
    "one line of 4 MB": (HEAD + PLAIN + SENTENCE + b"a" * 4_000_000, "text"),
    "a flood of dashes": (HEAD + multipart(PLAIN + SENTENCE, b"\n" + b"--" * 500_000), "text"),
    "NUL": (HEAD + b"X-\0: a\nY: \0\n" + PLAIN + b"\0" + SENTENCE, None),
    "charset with NUL": (HEAD + b"Content-Type: text/plain; charset==?x\0?\n\n" + SENTENCE, None),
    "charset of another kind": (HEAD + b"Content-Type: text/plain; charset=zlib\n\n" + SENTENCE, None),
    "broken RFC 2231": (HEAD + b"Content-Type: text/plain; charset*=x'y'%ZZ\n\n" + SENTENCE, None),
    "RFC 2231 without a number": (
        HEAD + b"Content-Type: text/plain; charset*1*=';*1\"\n\n" + SENTENCE,
        None,
    ),
    "boundary in RFC 2231 without a number": (
        HEAD + b"Content-Type: multipart/mixed; boundary*1*=a;boundary*=b;*1=\n\n" + SENTENCE,
        None,
    ),
    "two fields of many folds": (
        HEAD + (b"X-A: b\n" + b" " + b"c" * 20_000 + b"\n " + b"c" * 20_000 + b"\n") * 2 + PLAIN + SENTENCE,
        "field",
    ),
    "unknown transfer encoding": (HEAD + b"Content-Transfer-Encoding: x\n" + PLAIN + SENTENCE, None),
    "multipart without a boundary": (HEAD + b"Content-Type: multipart/mixed\n\n" + SENTENCE, None),
    "boundary that never comes": (HEAD + b"Content-Type: multipart/mixed; boundary=zz\n\n" + SENTENCE, None),
    "end missing": (HEAD + multipart(PLAIN + SENTENCE), None),
    "broken base64 original": (
        HEAD
        + multipart(
            PLAIN + SENTENCE, b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n!!"
        ),
        None,
    ),
    "empty original": (HEAD + multipart(PLAIN + SENTENCE, b"Content-Type: message/rfc822\n\n"), None),
    "mbox line": (b"From x@y Thu Sep 10 12:00:00 2026\n" + HEAD + PLAIN + SENTENCE, None),
    "blank lines in front": (b"\n\r\n\n" + HEAD + PLAIN + SENTENCE, None),
    "no empty line": (HEAD + SENTENCE, None),
    "8-bit header": (HEAD.replace(b": x", b": f\xfcr Sie") + PLAIN + SENTENCE, None),
    "absurd date": (HEAD + b"Date: Thu, 99 Foo 99999 99:99:99 +9999\n" + PLAIN + SENTENCE, None),
    "attached archive": (
        HEAD
        + multipart(
            PLAIN + SENTENCE,
            b"Content-Type: application/zip\nContent-Disposition: attachment; filename=../../x\n\nPK",
        ),
        None,
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_notice_with_something_hostile_is_still_a_notice(case: str) -> None:
    octets, cut = HOSTILE[case]
    assert order_of(octets) == ORDER
    noted = parsed(octets).cut
    assert (cut in noted) if cut else not noted


@pytest.mark.parametrize("octets", [b"", b"\n\n", b"\0\1\2", b"no header here", bytes(range(256)) * 50])
def test_unreadable_only_when_no_field_is_left(octets: bytes) -> None:
    found = parse_message(raw(octets))
    assert isinstance(found, Unreadable)
    assert found.reason in {"the mail is empty", "the mail has no header"}


def test_text_in_an_attachment_is_not_the_notices() -> None:
    attached = b"Content-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\n" + SENTENCE
    assert order_of(HEAD + multipart(PLAIN + b"see there", attached)) is None


@pytest.mark.parametrize(
    "original",
    [
        b"Content-Type: message/rfc822\n\nTo: abcdefgh12345@marketplace.amazon.it\n\nhi",
        b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(b"To: abcdefgh12345@marketplace.amazon.it\n\nhi"),
        b"Content-Type: text/rfc822-headers\n\nTo: abcdefgh12345@marketplace.amazon.it\n",
        b'Content-Type: application/octet-stream\nContent-Disposition: attachment; filename="a.eml"\n'
        b"Content-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(b"To: abcdefgh12345@marketplace.amazon.it\n\nhi"),
    ],
)
def test_the_recipient_of_an_attached_original_is_found(original: bytes) -> None:
    found = parsed(HEAD + multipart(PLAIN + SENTENCE, original))
    assert found.embedded[0].recipients == ("abcdefgh12345@marketplace.amazon.it",)
    assert ORDER not in found.embedded[0].text


def test_originals_in_originals_are_followed_three_deep() -> None:
    octets = b"To: x@y.example\n\ndeepest"
    for _ in range(6):
        octets = b"From: a@b.example\nContent-Type: message/rfc822\n\n" + octets
    depth, found = 0, parsed(octets)
    while found.embedded:
        depth, found = depth + 1, found.embedded[0]
    assert depth == parse.EMBEDDED_DEPTH


@pytest.mark.parametrize(
    ("field", "address"),
    [
        (b"Amazon <auto-communication@amazon.com>", "auto-communication@amazon.com"),
        (b"auto-communication@AMAZON.com (Amazon)", "auto-communication@amazon.com"),
        (b'"auto-communication@amazon.com" <x@evil.example>', "x@evil.example"),
        (b"=?utf-8?q?auto-communication=40amazon.com?= <x@evil.example>", "x@evil.example"),
        (b"auto-communication@amazon.com, x@evil.example", None),
        (b"Group: auto-communication@amazon.com;", None),
        (b"<@evil.example:auto-communication@amazon.com>", None),
        (b"x@evil.example\nFrom: auto-communication@amazon.com", None),
        (b"", None),
        (b"Amazon", None),
    ],
)
def test_the_from_address_is_one_mailbox_or_none(field: bytes, address: str | None) -> None:
    assert parsed(b"X: y\nFrom: " + field + b"\n\nx").from_address == address


def test_encodings_and_line_ends_do_not_change_the_fingerprint() -> None:
    first = parsed(HEAD + PLAIN + SENTENCE + b"\n\nFrom here on\n")
    encoded = (
        HEAD
        + b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(SENTENCE + b"\n\nFrom here on\n")
    )
    for octets in (
        encoded,
        encoded.replace(b"\n", b"\r\n"),
        HEAD + PLAIN + SENTENCE + b"\n\n>From here on",
        HEAD.replace(b"Subject: x", b"Subject:\n  x") + PLAIN + SENTENCE + b"\nFrom here on",
    ):
        assert parsed(octets).fingerprint == first.fingerprint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject: x", b"Subject: y"),
        (b"auto-communication@amazon.com", b"auto-communication@amazon.de"),
        (b"7654321", b"7654322"),
        (b"Subject: x", b"Subject: x\nX-Space-Notification-Type: NEW"),
        (b"Subject: x", b"Subject: x\nMessage-ID: <1@example>"),
    ],
)
def test_what_recognition_reads_is_part_of_the_fingerprint(old: bytes, new: bytes) -> None:
    octets = HEAD + PLAIN + SENTENCE
    assert parsed(octets.replace(old, new)).fingerprint != parsed(octets).fingerprint


def test_an_html_link_is_part_of_the_fingerprint() -> None:
    html = b'Content-Type: text/html\n\n<a href="mailto:%s@marketplace.amazon.it">write</a>'
    first, second = (
        parsed(HEAD + html % local).fingerprint for local in (b"abcdefgh12345", b"zyxwvuts98765")
    )
    assert first != second
    assert fingerprint([], ["a"]) != fingerprint([], ["b"])


def _breaks(*_: Any) -> None:
    raise AttributeError("'NoneType' object has no attribute 'index'")


def test_where_mail_parser_fails_the_standard_library_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {sample: _result(sample) for sample in SAMPLES}
    monkeypatch.setattr("mailparser.MailParser.parse", _breaks)
    for sample, finding in expected.items():
        assert _result(sample) == finding, sample


def test_where_the_standard_library_gives_up_nobody_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def gives_up(_: list[str]) -> list[tuple[str, str]]:
        raise RecursionError

    monkeypatch.setattr(parse, "getaddresses", gives_up)
    monkeypatch.setattr("mailparser.MailParser.parse", _breaks)
    found = parsed(HEAD + b"To: a@b.example\n" + PLAIN + SENTENCE)
    assert (found.from_address, found.from_name, found.recipients) == (None, "", ())


def test_a_name_in_an_unknown_charset_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    octets = b"From: =?x-unknown?q?Amazon?= <a@b.example>\nSubject: =?x-unknown?q?hi?=\n\nx"
    monkeypatch.setattr("mailparser.MailParser.parse", _breaks)
    found = parsed(octets)
    assert (found.from_name, found.from_address) == ("=?x-unknown?q?Amazon?=", "a@b.example")
    assert found.subject == "=?x-unknown?q?hi?="


def _result(sample: Path) -> tuple[Any, ...]:
    finding = read(sample.read_bytes(), twin(sample).get("settings", {}), CATALOGUE)
    return finding.result, finding.verdict, finding.from_address


def test_a_notice_cut_off_anywhere_is_no_exception() -> None:
    sample = FIXTURES / "notices" / "opt_out.it" / "form_of_2026.eml"
    octets = sample.read_bytes()
    for end in range(0, len(octets), 97):
        assert isinstance(examine(raw(octets[:end]), ACCOUNT, catalogue=CATALOGUE), Finding)


MUTATED = int(os.environ.get("BOUNCE_WATCH_EXAMPLES", "1000"))


def test_mutated_samples_are_no_exception() -> None:
    random = Random(11)
    samples = [sample.read_bytes() for sample in SAMPLES]
    for _ in range(MUTATED):
        octets = _mutated(random, random.choice(samples), random.choice(samples))
        assert isinstance(examine(raw(octets), ACCOUNT, catalogue=CATALOGUE), Finding)


def _mutated(random: Random, octets: bytes, other: bytes) -> bytes:
    lines = octets.split(b"\n")
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(lines))
        match random.randrange(6):
            case 0:
                del lines[at : at + random.randint(1, 5)]
            case 1:
                lines[at:at] = other.split(b"\n")[: random.randint(1, 40)]
            case 2:
                lines[at] = bytes(random.randrange(256) for _ in range(random.randint(0, 30)))
            case 3:
                lines[at] = lines[at].replace(
                    b"utf-8", random.choice([b"utf-16", b"hz", b"rot13", b"x", b"\0"])
                )
            case 4:
                lines[at] = lines[at].replace(b"boundary", b"boundar").replace(b"quoted-printable", b"base64")
            case _:
                lines[at] += random.choice([b";", b"(", b'"', b"=?utf-8?q?", b"<", b"\x1b[2J", b"\xff"])
        lines = lines or [b""]
    return b"\n".join(lines)


def test_the_limits_are_what_the_docs_say() -> None:
    assert (limits.OCTETS, limits.HEADER_OCTETS, limits.FIELD_OCTETS) == (5 << 20, 256 << 10, 32 << 10)
    assert (limits.HEADER_LINES, limits.PARTS, limits.DEPTH) == (1000, 500, 30)
    assert (limits.PART_TEXT, limits.TOTAL_TEXT) == (2 << 20, 8 << 20)
    assert (limits.SEARCHED_TEXT, limits.SEARCHED_HTML) == (64 << 10, 512 << 10)
    assert (limits.SEARCHED_LINES, limits.ORIGINALS) == (4000, 20)


def test_a_boundary_may_be_written_in_many_ways() -> None:
    for field in (
        b"boundary=b",
        b'boundary="b"',
        b"boundary*=us-ascii''%62",
        b"BOUNDARY=b ; x=y",
        b"x=y;\n boundary=b",
    ):
        octets = HEAD + multipart(PLAIN + SENTENCE, b"\nother").replace(b"boundary=b", field)
        assert parsed(octets).text.split("\n") == [SENTENCE.decode(), "", "other", ""]


def test_what_stands_around_the_parts_is_no_text() -> None:
    octets = (
        HEAD + b"Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\nfirst\n--bc\n--b--\nepilogue\n"
    )
    assert parsed(octets).text == "first\n--bc"


def test_a_part_ends_where_the_outer_boundary_comes() -> None:
    inner = multipart(b"\ninside", boundary=b"i")
    assert parsed(HEAD + multipart(inner, b"\noutside", boundary=b"o")).text.split() == ["inside", "outside"]


def test_two_values_of_the_notice_type_are_not_the_first_one() -> None:
    field = b"X-Space-Notification-Type: "
    opt_out = field + b"BUYER_OPTED_OUT_BSM_MESSAGES\n"
    assert order_of(HEAD + opt_out + opt_out + PLAIN + SENTENCE) == ORDER
    assert order_of(HEAD + opt_out + field + b"REFUND_ISSUED\n" + PLAIN + SENTENCE) is None


def test_a_long_from_field_is_nobody() -> None:
    long = b"From: " + b"a " * 1000 + b"<auto-communication@amazon.com>\nSubject: x\n"
    assert parsed(long + PLAIN + SENTENCE).from_address is None


def test_recipients_behind_the_limit_are_not_read() -> None:
    found = parsed(HEAD + b"To: " + b"a@b.example, " * 300 + b"\nTo: " + b"c@d.example, " * 600 + b"\n\nx")
    assert found.recipients == ("a@b.example", "c@d.example")
    assert "recipients" in found.cut


def test_a_long_subject_is_cut() -> None:
    found = parsed(b"From: a@b.example\nSubject: " + b"a " * 4000 + b"end\n\nx")
    assert found.subject == ("a " * 2000).strip()
    assert found.cut == ("field",)


def test_a_library_that_complains_about_a_mail_does_not_show_it() -> None:
    """In a process of its own: under pytest every log record has a handler."""
    code = (
        "from bounce_watch.mailboxes.parse import parse_message\n"
        "from bounce_watch.records.mail import MessageRef, RawMessage\n"
        "octets = b'From: a@b.example\\nSubject: \\x1b]0;title\\x07 =?utf-8?b?delsp?=(\\n\\nx'\n"
        "ref = MessageRef(account='uk', folder='INBOX')\n"
        "print(len(parse_message(RawMessage(ref=ref, octets=octets)).subject) > 5)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert (done.stdout.strip(), done.stderr) == (b"True", b"")


@pytest.mark.parametrize(
    "head",
    [
        b'Content-Type: application/octet-stream\nContent-Disposition: attachment; filename="a.eml"; size=1234',
        b'Content-Type: application/octet-stream; name="A.EML"',
        b"Content-Type: application/eml\nContent-Disposition: attachment; filename*=utf-8''a%2Eeml",
        b'Content-Type: text/plain; name="a.eml"\nContent-Disposition: attachment',
    ],
)
def test_an_original_is_known_by_its_file_name(head: bytes) -> None:
    original = b"\n\nTo: abcdefgh12345@marketplace.amazon.it\n\nhi"
    found = parsed(HEAD + multipart(PLAIN + SENTENCE, head + original))
    assert found.embedded[0].recipients == ("abcdefgh12345@marketplace.amazon.it",)


def test_a_file_name_that_can_not_be_read_is_none() -> None:
    broken = (
        b"Content-Type: application/octet-stream\nContent-Disposition: attachment; filename*1*=';*1\"\n\nx"
    )
    assert parsed(HEAD + multipart(PLAIN + SENTENCE, broken)).embedded == ()


def test_a_byte_order_mark_in_front_of_a_mail_is_nothing() -> None:
    assert order_of(b"\xef\xbb\xbf" + HEAD + PLAIN + SENTENCE) == ORDER
