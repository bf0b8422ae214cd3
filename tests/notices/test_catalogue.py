"""Wordings are data: what is shipped is whole, what a seller adds is checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from bounce_watch.errors import SettingsError
from bounce_watch.mailboxes.parse import parse_message
from bounce_watch.notices.body import own_text
from bounce_watch.notices.catalogue import load_catalogue
from bounce_watch.notices.explain import explain
from bounce_watch.notices.recognise import ask, recognise
from bounce_watch.records.mail import Message
from bounce_watch.records.notice import Notice, NoticeKind, Unrecognised, WhyUnrecognised
from tests.flow.samples import SAMPLES, raw, twin
from tests.notices.makers import ORDER, message

CATALOGUE = load_catalogue()

GERMAN = """
[[wording]]
id = "opt_out.de.2026"
kind = "opt_out"
language = "de"
verified = {verified}
source = "a notice of our own"
first_seen = 2026-10-01
last_seen = 2026-10-01
senders = ["auto-communication@"]
scope = "sentence"
all_of = ["nachricht zu bestellung", "wünscht keine werbung"]
none_of = ["probelauf"]
subject = "nicht zugestellt"
"""
TEXT = f"Ihre Nachricht zu Bestellung {ORDER} kam nicht an: Der Käufer wünscht keine Werbung."


def with_own(folder: Path, text: str) -> Path:
    (folder / "mine.toml").write_text(text, "utf-8")
    return folder


def test_a_sellers_own_wording_counts(tmp_path: Path) -> None:
    own = load_catalogue(with_own(tmp_path, GERMAN.format(verified="true")))
    mail = message(text=TEXT, subject="Nicht zugestellt!", from_address="auto-communication@amazon.de")
    found = recognise(mail, own)
    assert isinstance(found, Notice)
    assert (found.kind, found.language, str(found.order_id)) == (NoticeKind.OPT_OUT, "de", ORDER)
    assert isinstance(recognise(mail, CATALOGUE), Unrecognised)
    assert own.digest != CATALOGUE.digest


def test_subject_and_none_of_rule_a_wording_out(tmp_path: Path) -> None:
    own = load_catalogue(with_own(tmp_path, GERMAN.format(verified="true")))
    for mail in (
        message(text=TEXT, subject="Hallo"),
        message(text=TEXT.replace("kam", "(Probelauf) kam"), subject="Nicht zugestellt"),
    ):
        assert isinstance(recognise(mail, own), Unrecognised)
        assert "opt_out.de.2026: is ruled out by its subject or by a phrase of none_of" in explain(mail, own)


def test_an_unverified_wording_never_counts(tmp_path: Path) -> None:
    own = load_catalogue(with_own(tmp_path, GERMAN.format(verified="false")))
    mail = message(text=TEXT, subject="nicht zugestellt")
    found = recognise(mail, own)
    assert isinstance(found, Unrecognised)
    assert (found.reason, found.candidates) == (WhyUnrecognised.NO_WORDING, ("opt_out.de.2026",))
    assert "opt_out.de.2026: answers, but is not verified" in explain(mail, own)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "opt_out"', 'kind = "opted_out"', "opted_out"),
        ('kind = "opt_out"', "", "'kind' is missing"),
        ('all_of = ["nachricht zu bestellung", "wünscht keine werbung"]', "all_of = []", "all_of"),
        ('"wünscht keine werbung"', '" "', "all_of"),
        ('senders = ["auto-communication@"]', "senders = []", "senders"),
        ('senders = ["auto-communication@"]', 'senders = ["auto-communication"]', "senders"),
        ('senders = ["auto-communication@"]', 'senders = ["donotreply@"]', "auto-communication@ only"),
        ('scope = "sentence"', 'scope = "mail"', "one sentence"),
        ('scope = "sentence"', 'scope = "page"', "page"),
        ('language = "de"', 'langauge = "de"', "langauge"),
        ("opt_out.de.2026", "opt_out.en.2017", "taken already"),
        ("[[wording]]", "[[wording]", "not valid TOML"),
    ],
)
def test_a_faulty_wording_is_refused_with_its_reason(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = GERMAN.format(verified="true")
    assert old in text
    with pytest.raises(SettingsError, match="can't be used") as caught:
        load_catalogue(with_own(tmp_path, text.replace(old, new)))
    assert said in caught.value.message


def test_a_folder_that_is_not_there_adds_nothing(tmp_path: Path) -> None:
    assert load_catalogue(tmp_path / "none").digest == CATALOGUE.digest
    (tmp_path / "notes.txt").write_text("not a wording", "utf-8")
    assert load_catalogue(tmp_path).digest == CATALOGUE.digest


def test_a_marketplace_can_be_added() -> None:
    mail = message(from_address="auto-communication@amazon.co.za", from_name="Amazon.co.za")
    refused = recognise(mail, CATALOGUE)
    assert isinstance(refused, Unrecognised)
    assert refused.reason is WhyUnrecognised.UNKNOWN_MARKETPLACE
    found = recognise(mail, load_catalogue(marketplaces=("amazon.co.za",)))
    assert isinstance(found, Notice)
    assert found.marketplace == "amazon.co.za"


def test_every_shipped_wording_has_a_sample_that_it_answers_to() -> None:
    answered = set[str]()
    for sample in SAMPLES:
        parsed = parse_message(raw(sample.read_bytes()))
        assert isinstance(parsed, Message)
        text = own_text(parsed, CATALOGUE)
        answered |= {wording.id for wording in CATALOGUE.wordings if ask(wording, parsed, text)}
    assert {wording.id for wording in CATALOGUE.wordings} <= answered


def test_every_known_header_value_has_a_sample() -> None:
    found = {
        parsed.space_type
        for sample in SAMPLES
        if isinstance(parsed := parse_message(raw(sample.read_bytes())), Message)
    }
    assert set(CATALOGUE.space_types) <= found


def test_what_the_mailbox_is_asked_for_are_whole_words() -> None:
    senders = CATALOGUE.senders()
    assert "auto-communication@" in senders
    assert "@amazon." in senders  # who sends the notice of a restriction is not known
    assert all(sender.strip("@.") and "*" not in sender for sender in senders)


def test_each_sample_has_a_reason() -> None:
    assert all(len(twin(sample)["why"]) > 20 for sample in SAMPLES)
