"""Decisions of the recogniser that no sample shows, and how little a genuine notice's form matters."""

from __future__ import annotations

import base64
import quopri
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from bounce_watch.mailboxes.parse import parse_message
from bounce_watch.notices.addressee import is_misdirected
from bounce_watch.notices.body import aliases, blocked_date, own_text, windows
from bounce_watch.notices.catalogue import load_catalogue
from bounce_watch.notices.explain import explain
from bounce_watch.notices.forward import unwrap_forward
from bounce_watch.notices.recognise import recognise
from bounce_watch.notices.when import noticed_at
from bounce_watch.records.ids import MARKETPLACES
from bounce_watch.records.mail import Message
from bounce_watch.records.notice import Notice, NoticeKind, NotOurs, Unrecognised, WhyUnrecognised
from tests.flow.samples import FIXTURES, raw
from tests.notices.makers import NOON, ORDER, SENTENCE, message

CATALOGUE = load_catalogue()


def order_of(mail: Message) -> str | None:
    found = recognise(mail, CATALOGUE)
    return str(found.order_id) if isinstance(found, Notice) and found.kind is NoticeKind.OPT_OUT else None


def test_the_order_of_the_key_sentence_wins_over_others_in_the_mail() -> None:
    text = f"About 111-1111111-1111111. {SENTENCE} Parcel 4123-45678901-1234567.\n\nSee also 222-2222222-2222222."
    assert order_of(message(text=text)) == ORDER


def test_sentences_of_two_kinds_are_for_a_person() -> None:
    mail = parse_message(raw((FIXTURES / "lookalikes/two_kinds_answer.eml").read_bytes()))
    assert isinstance(mail, Message)
    found = recognise(mail, CATALOGUE)
    assert isinstance(found, Unrecognised)
    assert found.reason is WhyUnrecognised.AMBIGUOUS


def test_a_full_stop_in_a_name_does_not_cut_the_sentence() -> None:
    text = SENTENCE.replace("for order", "to J. R. Doe for order")
    assert order_of(message(text=text)) == ORDER


def test_phrases_in_two_paragraphs_are_no_sentence() -> None:
    text = f"This is the message you sent for order {ORDER}.\n\nThe buyer has chosen to opt out of receiving unsolicited messages from sellers."
    found = recognise(message(text=text), CATALOGUE)
    assert isinstance(found, Unrecognised)
    assert "opt_out.en.2017: has all phrases, but not in one sentence" in explain(
        message(text=text), CATALOGUE
    )


def test_phrases_too_far_apart_in_a_paragraph_are_no_sentence() -> None:
    between = "One. Two. Three. Four."
    text = f"The message you sent. {between} The buyer has chosen to opt out of receiving unsolicited messages from sellers {ORDER}."
    own = own_text(message(text=text), CATALOGUE)
    assert windows(own, ("message you sent", "buyer has chosen to opt out of receiving")) == []
    assert order_of(message(text=text)) is None


@pytest.mark.parametrize(
    "mark", ["Begin message", "------------- Begin message -------------", "Inizio messaggio", "*Message:*"]
)
def test_a_copied_block_is_nobodys_proof(mark: str) -> None:
    assert order_of(message(text=f"{mark}\n\n{SENTENCE}")) is None
    assert order_of(message(text=f"{mark}\nfree text\nEnd message\n\n{SENTENCE}")) == ORDER


def test_explain_says_what_the_header_means_and_what_is_missing() -> None:
    lines = list(explain(message(space_type="SOMETHING_NEW", text="x"), CATALOGUE))
    assert lines[0] == "X-Space-Notification-Type: SOMETHING_NEW means nothing known"
    known = list(explain(message(space_type="REFUND_ISSUED"), CATALOGUE))
    assert known[0].endswith("means refund")
    assert "opt_out.en.2017: answers" in known
    assert any(line.startswith("opt_out.it.2026: lacks") for line in known)


def test_a_header_of_another_kind_is_a_veto_and_an_unknown_one_too() -> None:
    refund = recognise(message(space_type="REFUND_ISSUED"), CATALOGUE)
    assert isinstance(refund, Notice)
    assert (refund.kind, refund.wording) == (NoticeKind.REFUND, "space_type.REFUND_ISSUED")
    assert isinstance(recognise(message(space_type="NEW"), CATALOGUE), Unrecognised)
    elsewhere = recognise(message(space_type="NEW", from_address="order-update@amazon.com"), CATALOGUE)
    assert isinstance(elsewhere, Notice)
    assert elsewhere.kind is NoticeKind.OTHER


def test_an_opt_out_header_counts_from_the_notice_address_only() -> None:
    header = "BUYER_OPTED_OUT_BSM_MESSAGES"
    assert order_of(message(space_type=header, text=f"Bestellung {ORDER}")) == ORDER
    other = recognise(message(space_type=header, from_address="donotreply@amazon.com"), CATALOGUE)
    assert isinstance(other, Unrecognised)
    relay = recognise(
        message(space_type=header, from_address="abcdefgh12345@marketplace.amazon.de"), CATALOGUE
    )
    assert isinstance(relay, Notice)
    assert relay.kind is NoticeKind.OTHER


def test_nobody_and_strangers_are_not_amazon() -> None:
    for address in (
        None,
        "auto-communication@amazon.com.evil.example",
        "x@notamazon.com",
        "auto-communication@",
    ):
        assert isinstance(recognise(message(from_address=address), CATALOGUE), NotOurs)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"marketplace_id": "APJ6JRA9NG5V4"}, "amazon.it"),
        ({"links": ("mailto:abcdefgh12345@marketplace.amazon.fr",)}, "amazon.fr"),
        ({"links": ("mailto:no-reply-amazon-iba-buyer@marketplace.amazon.es",)}, "amazon.es"),
        ({}, "amazon.co.uk"),
        ({"from_name": "Amazon", "from_address": "auto-communication@amazon.de"}, "amazon.de"),
        ({"from_name": "Amazon"}, None),
        ({"marketplace_id": "UNKNOWN", "from_name": "Amazon.com"}, "amazon.com"),
    ],
)
def test_the_marketplace_comes_from_the_best_source(changes: dict[str, object], expected: str | None) -> None:
    found = recognise(message(**changes), CATALOGUE)
    assert isinstance(found, Notice)
    assert found.marketplace == expected


@pytest.mark.parametrize(
    ("text", "links", "expected"),
    [
        ("", ("mailto:ABCDEFGH12345+tag@Marketplace.Amazon.co.uk?subject= [Importante]",), 1),
        ("", ("mailto:abcdefgh12345%40marketplace.amazon.co.uk",), 1),
        ("write to <abcdefgh12345@marketplace.amazon.co.uk>.", (), 1),
        ("mailto:abcdefgh12345%40marketplace.amazon.co.uk", (), 1),
        ("abcdefgh12345@marketplace.amazon.co.uk", ("mailto:abcdefgh12345@marketplace.amazon.co.uk",), 1),
        ("abcdefgh12345@marketplace.amazon.co.uk and zyxwvuts98765@marketplace.amazon.co.uk", (), 2),
        ("abcdefgh12345@marketplace.amazon.com.evil.example x@marketplace.amazon.xx", (), 0),
        ("abcdefgh12345@notmarketplace.amazon.com", ("https://amazon.com",), 0),
    ],
)
def test_aliases_are_found_wherever_they_stand(text: str, links: tuple[str, ...], expected: int) -> None:
    assert len(aliases(message(text=text, links=links), MARKETPLACES)) == expected


def test_the_date_of_the_blocked_message() -> None:
    assert str(blocked_date(["sent on 2026-09-08 for"])) == "2026-09-08"
    assert blocked_date(["2026-09-08 and 2026-09-09"]) is None
    assert blocked_date(["2026-13-45"]) is None
    assert blocked_date(["12026-09-08-1"]) is None


RECEIVED = "from a by mx.seller.example; Thu, 10 Sep 2026 12:05:00 +0000"


@pytest.mark.parametrize(
    ("sent", "received", "hop", "expected"),
    [
        (NOON, NOON + timedelta(minutes=1), None, NOON),
        (NOON, NOON + timedelta(days=400), RECEIVED, NOON),
        (NOON + timedelta(days=900), NOON, None, NOON),
        (datetime(1970, 1, 1, tzinfo=UTC), None, RECEIVED, NOON + timedelta(minutes=5)),
        (None, NOON, None, NOON),
        (None, None, RECEIVED, NOON + timedelta(minutes=5)),
        (None, NOON, "from a by b; no date", NOON),
        (NOON, None, "from a by b; no date", NOON),
        (None, None, None, None),
        (NOON + timedelta(hours=3), NOON, None, NOON),
        (NOON - timedelta(hours=47), NOON, None, NOON - timedelta(hours=47)),
    ],
)
def test_when_a_notice_came(
    sent: datetime | None, received: datetime | None, hop: str | None, expected: datetime | None
) -> None:
    trace = (("authentication-results", "mx; none"), ("received", hop)) if hop else ()
    assert noticed_at(message(sent_at=sent, received_at=received, trace=trace)) == expected


@pytest.mark.parametrize(
    ("addresses", "recipients", "expected"),
    [
        ((), ("x@y.example",), False),
        (("support@seller.example",), (), False),
        (("support@seller.example",), ("support+amazon@seller.example",), False),
        (("Support+a@Seller.example",), ("support@seller.example", "x@y.example"), False),
        (("support@seller.example",), ("xsupport@seller.example",), True),
    ],
)
def test_misdirected(addresses: tuple[str, ...], recipients: tuple[str, ...], expected: bool) -> None:
    assert is_misdirected(message(recipients=recipients), addresses) is expected


FORWARD = """Please see below.

---------- Forwarded message ---------
From: Amazon.co.uk <auto-communication@amazon.com>
Date: Thu, 10 Sep 2026 at 12:00
Subject: Your message to a buyer could not be delivered
To: <owner@seller.example>

"""


def test_a_forward_is_taken_out_and_a_quote_is_not() -> None:
    stranger = message(from_address="owner@seller.example", from_name="Owner", text=FORWARD + SENTENCE)
    inner = unwrap_forward(stranger, CATALOGUE)
    assert inner is not None
    assert (inner.from_address, inner.from_name) == ("auto-communication@amazon.com", "Amazon.co.uk")
    assert order_of(inner) == ORDER
    quoted = "\n".join(f"> {line}" for line in (FORWARD + SENTENCE).split("\n"))
    assert unwrap_forward(message(from_address="owner@seller.example", text=quoted), CATALOGUE) is None


@pytest.mark.parametrize(
    "text",
    [
        FORWARD.replace("auto-communication@amazon.com", "news@blog.example") + SENTENCE,
        FORWARD.replace("Subject: ", "Topic: ") + SENTENCE,
        FORWARD.replace(">\nDate", "> <auto-communication@amazon.de>\nDate") + SENTENCE,
        FORWARD.replace("From: Amazon.co.uk <auto-communication@amazon.com>", "From: Amazon.co.uk")
        + SENTENCE,
        FORWARD.replace("---------- Forwarded message ---------", "---------- My notes ---------") + SENTENCE,
        "---------- Forwarded message ---------",
    ],
)
def test_what_is_no_forward_of_a_notice(text: str) -> None:
    assert unwrap_forward(message(from_address="owner@seller.example", text=text), CATALOGUE) is None


def test_outlooks_header_lines_count_under_a_forwarding_subject_only() -> None:
    text = FORWARD.replace("---------- Forwarded message ---------", "-----Original Message-----") + SENTENCE
    for subject, taken in (("FW: Your message", True), ("WG: Nachricht", True), ("RE: Your message", False)):
        mail = message(from_address="owner@seller.example", subject=subject, text=text)
        assert (unwrap_forward(mail, CATALOGUE) is not None) is taken


def test_several_attached_notices_wait_for_a_person_together() -> None:
    one, same = message(), message(text="You sent nothing.")
    other = message(text=SENTENCE.replace(ORDER, "026-0000000-0000001"))
    buyer = message(from_address="abcdefgh12345@marketplace.amazon.de")
    owner = "owner@seller.example"
    alone = unwrap_forward(message(from_address=owner, embedded=(buyer, one, same), text=""), CATALOGUE)
    assert alone is not None
    assert order_of(alone) == ORDER
    both = unwrap_forward(message(from_address=owner, embedded=(one, other), text=""), CATALOGUE)
    assert both is not None
    found = recognise(both, CATALOGUE)
    assert isinstance(found, Unrecognised)
    assert found.reason is WhyUnrecognised.AMBIGUOUS
    assert unwrap_forward(message(from_address=owner, embedded=(buyer,), text=""), CATALOGUE) is None


def test_a_forward_below_many_paragraphs_and_other_forwards() -> None:
    """A thread of Outlook's: an empty line may open each mail in it, and so may every paragraph."""
    thread = "A paragraph.\n\n" * 300 + "From: Owner <x@seller.example>\nSent: today\nSubject: FW\n\n" * 30
    marked = "\n" + FORWARD.partition("---\n")[2]
    mail = message(from_address="owner@seller.example", subject="FW: FW: it", text=thread + marked + SENTENCE)
    inner = unwrap_forward(mail, CATALOGUE)
    assert inner is not None
    assert order_of(inner) == ORDER
    flood = message(
        from_address="owner@seller.example", subject="FW: it", text=thread * 10 + marked + SENTENCE
    )
    assert unwrap_forward(flood, CATALOGUE) is None


def test_a_notice_itself_is_never_unwrapped() -> None:
    assert unwrap_forward(message(text=FORWARD + SENTENCE), CATALOGUE) is None


def test_values_on_the_next_line_and_a_role_twice() -> None:
    text = FORWARD.replace("Subject: ", "Subject:\n\n").replace("To: ", "From: Somebody <x@y.example>\nTo: ")
    inner = unwrap_forward(message(from_address="owner@seller.example", text=text + SENTENCE), CATALOGUE)
    assert inner is not None
    assert inner.subject == "Your message to a buyer could not be delivered"


def test_a_paragraph_of_only_quote_marks_is_nothing() -> None:
    assert own_text(message(text="> a\n>\nb"), CATALOGUE).paragraphs == ("b",)


# What may happen to a notice on its way and must not change what it says.

Form = Callable[[str], str]
IN_TEXT: dict[str, Form] = {
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "zero width space in the id": lambda text: text.replace("026-", "02\u200b6-"),
    "full-width digits": lambda text: text.translate({ord(str(d)): chr(0xFF10 + d) for d in range(10)}),
    "hyphen": lambda text: text.replace("-", "\u2010"),
    "no-break hyphen": lambda text: text.replace("-", "\u2011"),
    "minus": lambda text: text.replace("-", "\u2212"),
    "full-width hyphen": lambda text: text.replace("-", "\uff0d"),
    "soft hyphen in a word": lambda text: text.replace("receiving", "re\u00adceiving"),
    "upper case": str.upper,
    "wrapped": lambda text: text.replace(" ", "\n"),
    "wrapped with spaces": lambda text: text.replace(" ", " \n  "),
    "wrapped behind a hyphen": lambda text: text.replace("1234567-", "1234567-\n"),
    "wrapped inside the id": lambda text: text.replace("1234567", "123\n4567"),
    "bare id": lambda text: text.replace("[", "").replace("]", ""),
    "text around it": lambda text: f"Dear Seller,\n\n{text}\n\nManage your orders in Seller Central.",
    "twice": lambda text: f"{text}\n\n{text}",
}


def _base64(octets: bytes, kind: str) -> bytes:
    head = f"Content-Type: {kind}\nContent-Transfer-Encoding: base64\n\n".encode()
    return head + base64.encodebytes(octets)


def _html(text: str) -> bytes:
    blocks = "".join(f"<p>{block}</p>" for block in re.split(r"\n\n", text))
    return b"Content-Type: text/html; charset=utf-8\n\n<html><body>" + blocks.encode() + b"</body></html>"


IN_MAIL: dict[str, Callable[[str], bytes]] = {
    "plain": lambda text: b"Content-Type: text/plain; charset=utf-8\n\n" + text.encode(),
    "no MIME": lambda text: b"\n" + text.encode(),
    "utf-16": lambda text: _base64(text.encode("utf-16"), "text/plain; charset=utf-16"),
    "wrong charset": lambda text: b"Content-Type: text/plain; charset=x-unknown\n\n" + text.encode(),
    "quoted-printable": lambda text: (
        b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
        + quopri.encodestring(text.encode())
    ),
    "html": _html,
    "html with tags in the id": lambda text: _html(text).replace(b"7654321", b"76<wbr><b>543</b><i>21</i>"),
    "alternative with a stub": lambda text: (
        b'Content-Type: multipart/alternative; boundary="=b"\n\n--=b\n\nThis mail is HTML.\n--=b\n'
        + _html(text)
        + b"\n--=b--\n"
    ),
    "end missing": lambda text: b'Content-Type: multipart/alternative; boundary="=b"\n\n--=b\n' + _html(text),
    "flowed": lambda text: (
        b"Content-Type: text/plain; charset=utf-8; format=flowed\n\n" + text.replace("\n", " \n").encode()
    ),
}


HEAD = b"From: Amazon <auto-communication@amazon.com>\nSubject: x\nMIME-Version: 1.0\n"


def parsed(octets: bytes) -> Message:
    found = parse_message(raw(octets))
    assert isinstance(found, Message)
    return found


INSIDE = "wrapped inside the id"
AS_SPACE = {"flowed", "html", "html with tags in the id", "alternative with a stub", "end missing"}
"""Where a line end is a space by rule, so that an id that is cut between two digits is two numbers."""


@pytest.mark.parametrize("mail", IN_MAIL)
@pytest.mark.parametrize("form", IN_TEXT)
def test_the_form_of_a_notice_does_not_matter(form: str, mail: str) -> None:
    if form == INSIDE and mail in AS_SPACE:
        assert order_of(parsed(HEAD + IN_MAIL[mail](IN_TEXT[form](SENTENCE)))) is None
        return
    assert order_of(parsed(HEAD + IN_MAIL[mail](IN_TEXT[form](SENTENCE)))) == ORDER


def test_forms_composed_do_not_matter_either() -> None:
    random = Random(7)
    exclusive = {"wrapped", "wrapped with spaces", "wrapped behind a hyphen", INSIDE}
    for _ in range(1500):
        names = random.sample(sorted(IN_TEXT), 3)
        if len(exclusive & set(names)) > 1:  # two wraps inside one id are beyond any mail program
            continue
        text = SENTENCE
        for name in sorted(names, key=lambda name: name in exclusive):
            text = IN_TEXT[name](text)
        mail = random.choice(sorted(set(IN_MAIL) - (AS_SPACE if INSIDE in names else set())))
        octets = HEAD + IN_MAIL[mail](text)
        octets = octets.replace(b"\n", random.choice([b"\n", b"\r\n", b"\r"])) if mail != "utf-16" else octets
        assert order_of(parsed(octets)) == ORDER, (names, mail)


def test_a_changed_word_may_hide_a_notice_but_never_makes_another() -> None:
    words = SENTENCE.split(" ")
    for number in range(len(words)):
        for other in ("xyz", "", "refund", "claim"):
            changed = " ".join([*words[:number], other, *words[number + 1 :]])
            found = recognise(message(text=changed), CATALOGUE)
            if isinstance(found, Notice):
                assert (found.kind, str(found.order_id)) == (NoticeKind.OPT_OUT, ORDER)
            else:
                assert isinstance(found, Unrecognised)
                assert found.reason in {WhyUnrecognised.NO_WORDING, WhyUnrecognised.NO_ORDER_ID}


def test_a_forward_may_begin_with_its_header_lines() -> None:
    text = FORWARD.partition("---------- Forwarded message ---------\n")[2] + SENTENCE
    mail = message(from_address="owner@seller.example", subject="FW: Your message", text=text)
    inner = unwrap_forward(mail, CATALOGUE)
    assert inner is not None
    assert order_of(inner) == ORDER


def test_attached_notices_of_two_types_are_never_one_of_them() -> None:
    first = message(space_type="BRC_SELLER_NOTIFICATION")
    second = message(space_type="BUYER_OPTED_OUT_BSM_MESSAGES")
    outer = message(from_address="owner@seller.example", text="", embedded=(first, second))
    inner = unwrap_forward(outer, CATALOGUE)
    assert inner is not None
    assert isinstance(recognise(inner, CATALOGUE), Unrecognised)


def test_under_the_opt_out_header_the_sentence_need_not_hold_the_id() -> None:
    text = f"Order: [{ORDER}]\n\n" + SENTENCE.replace(f" for order [{ORDER}]", "")
    assert order_of(message(text=text, space_type="BUYER_OPTED_OUT_BSM_MESSAGES")) == ORDER
    assert order_of(message(text=text)) is None


@pytest.mark.parametrize(
    "link",
    [
        "mailto: abcdefgh12345@marketplace.amazon.it",
        "MAILTO:%3Cabcdefgh12345@MARKETPLACE.AMAZON.IT%3E",
        "mailto:Anna <abcdefgh12345@marketplace.amazon.it>?body=zyxwvuts98765@marketplace.amazon.it",
        "mailto://abcdefgh12345@marketplace.amazon.it",
    ],
)
def test_odd_links_name_the_alias_too(link: str) -> None:
    (alias,) = aliases(message(text="", links=(link,)), MARKETPLACES)
    assert str(alias) == "abcdefgh12345@marketplace.amazon.it"
