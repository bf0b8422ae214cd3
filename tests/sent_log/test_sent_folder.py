from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch.mailboxes.parse import parse_message
from bounce_watch.records.ids import OrderId
from bounce_watch.records.mail import Message, MessageRef, RawMessage
from bounce_watch.records.sent import OrderLink, Origin, Purpose, SendOutcome, SentCoverage
from bounce_watch.sent_log.purpose import ORDER_CRITICAL_WORDS, own_id, purpose_of, thread_ids
from bounce_watch.sent_log.quotes import split_quotes
from bounce_watch.sent_log.sent_folder import (
    FIRST_NOTICES,
    SentMail,
    folder_coverage,
    read_sent_mail,
    sent_at_of,
)
from tests.sent_log.samples import ALIAS, FIXTURES, HOUR, MINUTE, NOON, ORDER, OTHER_ALIAS, OTHER_ORDER

FOLDER = FIXTURES / "folder"
SAMPLES = sorted(FOLDER.glob("*.eml"))
RULES = Path(__file__).parents[2] / "bounce_watch" / "outgoing" / "rules.toml"
OWN = "<first@shop.example>"
BUYERS = "<0102@eu-west-1.amazonses.com>"


def parsed(octets: bytes, received_at: datetime | None = NOON) -> Message:
    ref = MessageRef(account="uk", folder="Sent", uidvalidity=1, uid=1)
    message = parse_message(RawMessage(ref=ref, octets=octets, received_at=received_at))
    assert isinstance(message, Message)
    return message


def sent(text: str = "Hello.\n", *, received_at: datetime | None = NOON, **fields: str) -> Message:
    """A mail of ours to a buyer; fields by name, `_` for `-`, an empty one left out."""
    usual = {
        "From": "post@shop.example",
        "To": str(ALIAS),
        "Subject": "Hello",
        "Date": "Thu, 10 Sep 2026 11:59:00 +0000",
        "Message_ID": OWN,
    }
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in (usual | fields).items() if value]
    return parsed("\n".join([*lines, "", text]).encode(), received_at)


def read(message: Message, known: Mapping[str, OrderId | None] | None = None) -> SentMail:
    return read_sent_mail(message, account="uk", known=known or {})


def order_of(message: Message, known: Mapping[str, OrderId | None] | None = None) -> OrderId | None:
    (send,) = read(message, known).sends
    return send.order_id


def purpose(message: Message, *, quotes: bool = False, own: set[str] | None = None) -> Purpose:
    return purpose_of(message, quotes=quotes, own=own or set())


class TestSamples:
    @pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
    def test_every_sample_is_read_as_its_twin_says(self, path: Path) -> None:
        twin: dict[str, Any] = json.loads(path.with_suffix(".json").read_text("utf-8"))
        mail = read(parsed(path.read_bytes(), datetime.fromisoformat(twin["received_at"]).astimezone(UTC)))
        linked = {(link.order_id, link.alias) for link in mail.links}
        told = [
            {
                "order_id": str(send.order_id) if send.order_id else None,
                "alias": str(send.alias) if send.alias else None,
                "marketplace": send.marketplace,
                "sent_at": send.sent_at.isoformat(),
                "purpose": send.purpose.value,
                "label": send.label,
                "link": (send.order_id, send.alias) in linked,
            }
            for send in mail.sends
        ]
        assert told == twin["sends"]
        assert mail.skipped is None

    def test_every_sample_has_its_twin(self) -> None:
        assert len(SAMPLES) >= 15
        assert {path.stem for path in FOLDER.glob("*.json")} == {path.stem for path in SAMPLES}

    def test_line_ends_do_not_matter(self) -> None:
        octets = (FOLDER / "outlook-html-quote.fr.eml").read_bytes()
        assert read(parsed(octets.replace(b"\n", b"\r\n"))) == read(parsed(octets))


class TestWhatAMailIs:
    def test_a_send_and_the_link_that_follows(self) -> None:
        mail = read(sent(Subject=f"Order {ORDER}"))
        (send,) = mail.sends
        assert (send.account, send.origin, send.outcome) == ("uk", Origin.SENT_FOLDER, SendOutcome.SENT)
        assert (send.message_id, send.label) == (OWN, None)
        assert mail.links == (
            OrderLink(
                account="uk",
                order_id=ORDER,
                alias=ALIAS,
                marketplace="amazon.co.uk",
                origin=Origin.SENT_FOLDER,
                seen_at=NOON - MINUTE,
            ),
        )

    def test_a_mail_to_nobody_of_amazons_is_nothing(self) -> None:
        assert read(sent(To="friend@firm.example", Date="")) == SentMail()

    def test_a_mail_of_no_time_is_said_to_be_unusable(self) -> None:
        mail = read(sent(Date="", received_at=None))
        assert mail.sends == ()
        assert mail.skipped == "neither the mail nor the server says when it was sent"

    def test_the_same_buyer_in_two_fields_is_written_to_once(self) -> None:
        assert len(read(sent(Cc=f"Buyer <{ALIAS}>", Bcc=str(ALIAS).upper())).sends) == 1

    def test_more_buyers_than_are_read_are_told(self) -> None:
        many = ", ".join(f"a{number:09}@marketplace.amazon.de" for number in range(400))
        mail = read(sent(To="", Bcc=many))
        assert 100 < len(mail.sends) < 400
        assert mail.skipped == "it has more recipients than are read"

    def test_a_shared_alias_without_an_order_stays(self) -> None:
        shared = "no-reply-amazon-iba-buyer@marketplace.amazon.es"
        mail = read(sent(To=shared))
        (send,) = mail.sends
        assert (str(send.alias), send.order_id, send.marketplace, mail.links) == (
            shared,
            None,
            "amazon.es",
            (),
        )

    def test_marketplaces_of_the_settings_count(self) -> None:
        message = sent(To="aaaaaaaaaaaaaa1@marketplace.amazon.co.za")
        assert read(message).sends == ()
        mail = read_sent_mail(message, account="uk", known={}, marketplaces=frozenset({"amazon.co.za"}))
        assert [send.marketplace for send in mail.sends] == ["amazon.co.za"]

    @given(st.binary(max_size=400))
    def test_no_mail_breaks_it(self, octets: bytes) -> None:
        mail = read(parsed(f"To: {ALIAS}\n".encode() + octets))
        assert len(mail.sends) <= 400


class TestOrderIds:
    def test_subject_before_own_text_before_quote(self) -> None:
        third = OrderId("203-3333333-3333333")
        text = f"About {OTHER_ORDER}.\n> About {third}.\n"
        assert order_of(sent(text, Subject=f"{ORDER}")) == ORDER
        assert order_of(sent(text)) == OTHER_ORDER
        assert order_of(sent(f"Hello.\n> About {third}.\n")) == third

    @pytest.mark.parametrize(
        ("subject", "text"),
        [
            (f"{ORDER} {OTHER_ORDER}", f"About {ORDER}."),
            ("Hello", f"{ORDER} {OTHER_ORDER}\n> {ORDER}"),
            ("Hello", f"> {ORDER} {OTHER_ORDER}"),
        ],
    )
    def test_two_different_ones_in_the_first_place_are_none(self, subject: str, text: str) -> None:
        known = {"<other@shop.example>": ORDER}
        message = sent(text, Subject=subject, In_Reply_To="<other@shop.example>")
        assert order_of(message, known) is None

    def test_the_same_one_twice_is_one(self) -> None:
        assert order_of(sent(f"{ORDER} and [{ORDER}]")) == ORDER

    def test_that_of_the_mail_it_follows_the_nearest_first(self) -> None:
        known = {"<a@shop.example>": OTHER_ORDER, "<b@shop.example>": ORDER, "<c@shop.example>": None}
        message = sent(References="<a@shop.example> <b@shop.example>", In_Reply_To="<c@shop.example>")
        assert order_of(message, known) == ORDER
        assert order_of(message) is None

    def test_with_several_buyers_nobody_knows_whose_it_is(self) -> None:
        mail = read(sent(Subject=f"Order {ORDER}", Cc=str(OTHER_ALIAS)))
        assert [(send.order_id, send.alias) for send in mail.sends] == [(None, ALIAS), (None, OTHER_ALIAS)]
        assert mail.links == ()


class TestTimes:
    @pytest.mark.parametrize(
        ("said", "holds"),
        [
            (NOON, True),
            (NOON - 48 * HOUR, True),
            (NOON - 48 * HOUR - MINUTE, False),
            (NOON + 2 * HOUR, True),
            (NOON + 2 * HOUR + MINUTE, False),
            (datetime(1970, 1, 1, tzinfo=UTC), False),
            (datetime(2099, 1, 1, tzinfo=UTC), False),
        ],
    )
    def test_a_date_holds_while_the_server_bears_it_out(self, said: datetime, *, holds: bool) -> None:
        message = sent(Date=f"{said:%d %b %Y %H:%M:%S} +0000")
        assert sent_at_of(message) == (said if holds else NOON)

    def test_one_of_the_two_is_enough(self) -> None:
        assert sent_at_of(sent(Date="")) == NOON
        assert sent_at_of(sent(received_at=None)) == NOON - MINUTE


class TestPurpose:
    def test_a_mail_of_its_own_accord_is_unsolicited(self) -> None:
        assert purpose(sent()) is Purpose.UNSOLICITED
        assert purpose(sent(), quotes=True) is Purpose.UNSOLICITED

    @pytest.mark.parametrize(
        "answered",
        [
            BUYERS,
            "<x@marketplace.amazon.co.uk>",
            "<y@email.amazon.com>",
            "<z@amazonses.com>",
            f"{OWN} (earlier) {BUYERS}",
        ],
    )
    def test_what_refers_to_a_mail_that_came_through_amazon_is_an_answer(self, answered: str) -> None:
        assert purpose(sent(References=answered)) is Purpose.REPLY
        assert purpose(sent(In_Reply_To=answered, Subject="[Important] x")) is Purpose.REPLY

    @pytest.mark.parametrize("answered", ["<x@notamazon.co.uk>", "<x@amazon.co.uk.trap.example>", "no id"])
    def test_other_ids_need_a_subject_that_says_so(self, answered: str) -> None:
        assert purpose(sent(In_Reply_To=answered)) is Purpose.UNSOLICITED
        expected = Purpose.UNKNOWN if answered == "no id" else Purpose.REPLY
        assert purpose(sent(In_Reply_To=answered, Subject="Re: x")) is expected

    @pytest.mark.parametrize(
        "subject",
        "Re: x|RE : x|Aw: x|Antw: x|SV: x|R: x|RIF: x|RES: x|Odp: x|Ynt: x|re[2]: x|Re(3): x|Re^2: x|回复：x|返信: x"
        "|[Ticket 7] [x] Re: x".split("|"),
    )
    def test_subjects_that_call_a_mail_an_answer(self, subject: str) -> None:
        assert purpose(sent(Subject=subject)) is Purpose.UNKNOWN
        assert purpose(sent(Subject=subject), quotes=True) is Purpose.REPLY

    @pytest.mark.parametrize("subject", ["Fwd: x", "WG: x", "Return: x", "Re your order", "Order: Re: x", ""])
    def test_subjects_that_do_not(self, subject: str) -> None:
        assert purpose(sent(Subject=subject), quotes=True) is Purpose.UNSOLICITED

    def test_following_up_ones_own_mail_answers_nobody(self) -> None:
        message = sent(Subject="Re: x", In_Reply_To="<own@mail.shop.example>")
        assert purpose(message, quotes=True) is Purpose.UNSOLICITED
        elsewhere = sent(Subject="Re: x", In_Reply_To=BUYERS)
        assert purpose(elsewhere, quotes=True, own={BUYERS}) is Purpose.UNSOLICITED
        assert purpose(elsewhere, quotes=True) is Purpose.REPLY

    def test_without_a_sender_no_id_is_ours(self) -> None:
        message = sent(From="", Subject="Re: x", In_Reply_To="<own@shop.example>")
        assert purpose(message) is Purpose.REPLY

    @pytest.mark.parametrize(
        "tag", ["[Important]", "[ IMPORTANTE ]", "[wichtig]", "［重要］", "[Wichtig] Re-stock"]
    )
    def test_order_critical(self, tag: str) -> None:
        assert purpose(sent(Subject=f"Your order {tag}")) is Purpose.ORDER_CRITICAL

    @pytest.mark.parametrize("subject", ["Important", "(Important)", "[Very important]", "[Importants]"])
    def test_not_order_critical(self, subject: str) -> None:
        assert purpose(sent(Subject=subject)) is Purpose.UNSOLICITED

    def test_the_words_are_those_of_the_rules(self) -> None:
        rules = tomllib.loads(RULES.read_text("utf-8"))["rule"]
        (words,) = [rule["words"] for rule in rules if rule["id"] == "override.word"]
        assert tuple(words) == ORDER_CRITICAL_WORDS

    def test_the_mail_that_is_answered_comes_first(self) -> None:
        assert thread_ids(sent(In_Reply_To="<c@x> (said)", References="<a@x> <b@x> <c@x>")) == (
            "<c@x>",
            "<b@x>",
            "<a@x>",
        )

    @pytest.mark.parametrize(
        ("said", "known_as"),
        [("<a@x>", "<a@x>"), ("junk <a@x> more", "<a@x>"), ("a@x", "a@x"), ("x" * 2000, "x" * 998)],
    )
    def test_own_ids(self, said: str, known_as: str) -> None:
        assert own_id(sent(Message_ID=said)) == known_as
        assert own_id(sent(Message_ID="")) is None


class TestQuotes:
    def test_marked_lines(self) -> None:
        assert split_quotes("own\n> quoted\n >> deeper\nown too") == ("own\nown too", "> quoted\n >> deeper")

    def test_behind_a_line_that_tells_what_a_buyer_wrote(self) -> None:
        line = f"Le 3 sept. 2026 à 10:02, Odile <{ALIAS}> a écrit :"
        assert split_quotes(f"own\n{line}\n\nunmarked") == ("own", f"{line}\n\nunmarked")
        assert split_quotes(f"own\n{line}\n\n> marked\nbelow") == (f"own\n{line}\n\nbelow", "> marked")
        assert split_quotes(f"own\n{line}\n") == (f"own\n{line}\n", "")

    def test_behind_a_head_of_at_least_three_lines(self) -> None:
        head = "*Von:* x\n*Gesendet:* heute\n*An:* y"
        assert split_quotes(f"own\n\n{head}\nrest") == ("own\n", f"{head}\nrest")
        assert split_quotes("own\nVon: x\nrest\nno label") == ("own\nVon: x\nrest\nno label", "")

    def test_a_list_of_facts_is_no_head(self) -> None:
        text = "Carrier: X\nParcel: 1\nWeight: 2 kg\nPhone: 3"
        assert split_quotes(text) == (text, "")

    def test_an_alias_in_a_sentence_is_no_attribution(self) -> None:
        text = f"We wrote to {ALIAS} about: shoes"
        assert split_quotes(text) == (text, "")


class TestCoverage:
    def test_from_the_oldest_mail_to_the_look_at_the_folder(self) -> None:
        assert folder_coverage("uk", whole_from=NOON, until=NOON + HOUR) == SentCoverage(
            account="uk", origin=Origin.SENT_FOLDER, start=NOON, end=NOON + HOUR
        )

    def test_never_before_there_were_notices(self) -> None:
        coverage = folder_coverage("uk", whole_from=datetime(1970, 1, 1, tzinfo=UTC), until=NOON)
        assert coverage is not None
        assert coverage.start == FIRST_NOTICES

    @pytest.mark.parametrize("ahead", [timedelta(0), HOUR])
    def test_none_for_no_time(self, ahead: timedelta) -> None:
        assert folder_coverage("uk", whole_from=NOON + ahead, until=NOON) is None
