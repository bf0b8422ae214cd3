"""Generated forgeries never count, generated genuine notices always do. The long run is tests/trust/figures.py."""

from __future__ import annotations

from random import Random

import pytest

from bounce_watch.authenticity.learn import learn_receivers
from bounce_watch.mailboxes.parse import parse_message
from bounce_watch.notices.catalogue import load_catalogue
from bounce_watch.records.account import RequireProof
from bounce_watch.records.mail import Message, MessageRef, RawMessage
from bounce_watch.records.notice import Notice, NoticeKind

from .figures import of_forgeries, of_genuines
from .forge import (
    AMAZON,
    DOMAINS,
    FROM_FORMS,
    TABLES,
    forgeries,
    forgery,
    found_in,
    genuine_notice,
    is_counted,
)
from .letters import LETTERS
from .providers import STYLES


@pytest.mark.parametrize("seed", range(4))
def test_no_forgery_counts(seed: int) -> None:
    assert of_forgeries(seed, 500).wrong == []


def test_every_genuine_notice_counts() -> None:
    assert of_genuines(1, 360).wrong == []


def test_the_generator_repeats_itself_and_covers_everything() -> None:
    made = list(forgeries(1, 1_500))
    assert [mail.octets for mail in made[:50]] == [mail.octets for mail in forgeries(1, 50)]
    used = [set(part) for part in zip(*(mail.how.split(" / ") for mail in made), strict=True)]
    assert used == [TABLES.keys(), set(DOMAINS), FROM_FORMS.keys(), LETTERS.keys()]


def test_every_language_of_an_opt_out_wording_is_forged() -> None:
    wordings = load_catalogue().wordings
    languages = {wording.language for wording in wordings if wording.kind is NoticeKind.OPT_OUT}
    assert languages <= {letter.language for letter in LETTERS.values()}


@pytest.mark.parametrize("letter", LETTERS)
def test_forgeries_are_good_ones(letter: str) -> None:
    """But for the proof they are notices: at an account that asks for none, they count."""
    made = forgery(Random(1), TABLES["no field"], AMAZON[0], "name", LETTERS[letter], how=letter)
    found = found_in(made.octets, made.authserv_ids)
    assert isinstance(found.result, Notice)
    assert str(found.result.order_id) == made.order
    assert is_counted(found, RequireProof.NEVER)
    assert not is_counted(found, RequireProof.AUTO)


@pytest.mark.parametrize("name", STYLES)
def test_what_is_learnt_and_confirmed_makes_notices_count(name: str) -> None:
    """From fifty mails to the id, from the id to the verdict on others of the same receiver."""
    random = Random(11)
    traces = [parsed(genuine_notice(random, name).octets).trace for _ in range(50)]
    proposal = learn_receivers(traces).proposals[0]
    assert (proposal.authserv_id, proposal.needs) == (STYLES[name][1], (STYLES[name][1],))
    for _ in range(20):
        found = found_in(genuine_notice(random, name).octets, proposal.needs)
        assert is_counted(found, RequireProof.ALWAYS)
    before = found_in(genuine_notice(random, name).octets, ())
    assert not is_counted(before, RequireProof.AUTO)


def parsed(octets: bytes) -> Message:
    message = parse_message(RawMessage(ref=MessageRef(account="uk", folder="INBOX"), octets=octets))
    assert isinstance(message, Message)
    return message
