"""Buyers' messages and copies of ours say whose order one is: read from samples, filed, joined and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bounce_watch.flow import import_sent, intake
from bounce_watch.listed import opt_outs
from bounce_watch.notices.catalogue import Catalogue, load_catalogue
from bounce_watch.records.account import Account, Trust
from bounce_watch.records.decision import Action, Decision
from bounce_watch.records.filed import Filed
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import RawMessage
from bounce_watch.records.notice import Finding, Verdict
from bounce_watch.records.opt_out import AliasFrom
from bounce_watch.records.sent import Origin
from bounce_watch.store import tables
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.upkeep.reprocess import preview, write
from tests.architecture.test_samples import is_allowed, texts
from tests.flow.line import CATALOGUE, InOrder, Ticking, poll
from tests.flow.samples import DEFAULT_RECEIVER, FIXTURES, raw, read, twin
from tests.store import makers
from tests.store.dump import assert_reconciled, dump
from tests.store.makers import GENUINE, UNPROVEN, link, log

ROOM = FIXTURES / "links"
SAMPLES = sorted(ROOM.glob("*.eml"))
UK = Account(name="uk", trust=Trust(authserv_ids=tuple(DEFAULT_RECEIVER)))
MARY = "buyer_en_order_in_subject"
ORDER = OrderId("202-4417730-9026158")
ALIAS = Alias("7k2mtq90xw4zrbn", "amazon.co.uk")
"""Whose message MARY is, and about which order."""
NOW = datetime(2026, 9, 16, 8, tzinfo=UTC)


def octets(name: str) -> bytes:
    return (ROOM / f"{name}.eml").read_bytes()


def from_somebody_else() -> bytes:
    """The same words and order from another buyer."""
    return octets(MARY).replace(b"7k2mtq90xw4zrbn", b"zzz1111yyy2222x")


def opt_out(verdict: Verdict = GENUINE) -> Finding:
    """A notice about ORDER that names no alias."""
    return makers.finding(makers.notice(1, order_id=ORDER, noticed_at=NOW), verdict=verdict)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as opened:
        yield opened


def file(ledger: Ledger, *findings: Finding) -> int:
    run = ledger.start_run("uk", "poll", at=NOW)
    ledger.file(run, findings, cursor=None, read=len(findings), passed=0)
    return run


def receive(ledger: Ledger, *mails: bytes, account: Account = UK) -> int:
    """A poll that finds these mails; its run."""
    return poll(InOrder([raw(each) for each in mails]), ledger, account, Ticking(NOW)).id


def rebuilt(ledger: Ledger, mails: Sequence[RawMessage]) -> int:
    run = intake(
        InOrder(mails),
        ledger,
        account=UK,
        catalogue=CATALOGUE,
        clock=Ticking(NOW),
        command="rebuild",
        reread=set(),
    )
    return run.id


def alias_of(ledger: Ledger) -> tuple[Alias | None, AliasFrom]:
    (found,) = opt_outs(ledger, UK)
    return found.alias, found.alias_from


def decide(ledger: Ledger, action: Action, run: int) -> None:
    ledger.decide(
        Decision(account="uk", action=action, subject=str(run), actor="ann", decided_at=NOW + timedelta(1))
    )


class TestSamples:
    def test_every_sample_has_a_twin(self) -> None:
        assert SAMPLES
        assert {path.stem for path in ROOM.iterdir()} == {path.stem for path in SAMPLES}
        assert {path.suffix for path in ROOM.iterdir()} == {".eml", ".json"}

    @pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: str(sample.stem))
    def test_sample_ties_what_its_twin_says(self, sample: Path, catalogue: Catalogue) -> None:
        expected = twin(sample)
        assert set(expected) - {"settings"} == {"expect", "why"}
        found = read(sample.read_bytes(), expected.get("settings", {}), catalogue)
        said = found.link and {"alias": str(found.link.alias), "order_id": str(found.link.order_id)}
        assert said == expected["expect"], expected["why"]
        if found.link:
            assert found.link.origin is Origin.BUYER_MESSAGE
            assert found.link.account == "uk"

    @pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: str(sample.stem))
    def test_sample_names_no_real_domain(self, sample: Path) -> None:
        text = " ".join(texts(message_from_bytes(sample.read_bytes())))
        assert not {
            domain for domain in re.findall(r"@([\w-]+(?:\.[\w-]+)+)", text) if not is_allowed(domain)
        }

    @pytest.mark.parametrize("missing", [b"Date: ", b"Received: "])
    def test_a_mail_of_unknown_time_ties_nothing(self, missing: bytes, catalogue: Catalogue) -> None:
        one = octets(MARY).replace(missing, b"X-Was: ")
        assert read(one, {}, catalogue).link is not None
        neither = octets(MARY).replace(b"Date: ", b"X-Was: ").replace(b"Received: ", b"X-Was: ")
        assert read(neither, {}, catalogue).link is None


class TestJoin:
    @pytest.mark.parametrize("first", ["message", "notice"])
    def test_a_notice_gets_its_alias_whichever_comes_first(self, ledger: Ledger, first: str) -> None:
        steps = {"message": lambda: receive(ledger, octets(MARY)), "notice": lambda: file(ledger, opt_out())}
        for name in sorted(steps, key=lambda name: name != first):
            steps[name]()
        assert alias_of(ledger) == (ALIAS, AliasFrom.BUYER_MESSAGE)
        assert ledger.orders_of_aliases("uk", [ALIAS]) == {ALIAS: [ORDER]}
        assert_reconciled(ledger, "uk")

    def test_both_in_one_chunk(self, ledger: Ledger) -> None:
        (notice,) = sorted((FIXTURES / "notices/opt_out.en").glob("*2017*.eml"))[:1]
        about = twin(notice)["expect"]["order_id"]
        message = octets(MARY).replace(str(ORDER).encode(), about.encode())
        receive(ledger, message, notice.read_bytes())
        assert alias_of(ledger) == (ALIAS, AliasFrom.BUYER_MESSAGE)

    def test_an_order_report_stands_above(self, ledger: Ledger) -> None:
        receive(ledger, octets(MARY))
        file(ledger, opt_out())
        import_sent(log(links=[link(ORDER, makers.buyer(5))]), ledger, account=UK, clock=lambda: NOW)
        assert alias_of(ledger) == (makers.buyer(5), AliasFrom.ORDER_REPORT)

    def test_no_order_of_somebody_else_comes_to_the_list_with_who_wrote_it(self, ledger: Ledger) -> None:
        receive(ledger, octets(MARY))
        assert ledger.orders_of_aliases("uk", [ALIAS]) == {ALIAS: [ORDER]}
        known = log(links=[link(ORDER, makers.buyer(5))])
        import_sent(known, ledger, account=UK, clock=lambda: NOW)
        orders = ledger.orders_of_aliases("uk", [ALIAS, makers.buyer(5)])
        assert orders == {ALIAS: [], makers.buyer(5): [ORDER]}
        decide(ledger, Action.UNDO, ledger.runs("uk", 1)[0].id)
        assert ledger.orders_of_aliases("uk", [ALIAS]) == {ALIAS: [ORDER]}

    def test_two_buyers_who_name_one_order_give_none(self, ledger: Ledger) -> None:
        file(ledger, opt_out())
        for mails in permutations([octets(MARY), from_somebody_else()]):
            receive(ledger, *mails)
            assert alias_of(ledger) == (None, AliasFrom.NONE)
        assert ledger.orders_of_aliases("uk", [ALIAS]) == {ALIAS: []}

    def test_a_buyers_word_proves_no_notice(self, ledger: Ledger) -> None:
        """A forger could be a buyer, and write the order id that the forged notice names."""
        receive(ledger, octets(MARY))
        file(ledger, opt_out(verdict=UNPROVEN))
        (filed,) = ledger.opt_out_notices("uk")
        assert filed.known_to_us is False
        assert ledger.known("uk", [ORDER, ALIAS]) == set()
        assert list(opt_outs(ledger, UK)) == []

    def test_a_copy_is_no_send(self, ledger: Ledger) -> None:
        receive(ledger, octets("copy_2016_names_the_alias"))
        filed = dump(ledger, "uk")
        assert (len(filed["order_link"]), filed["send"], ledger.coverages("uk")) == (1, [], [])

    def test_twice_read_is_one_link(self, ledger: Ledger) -> None:
        for _ in range(2):
            receive(ledger, octets(MARY), octets(MARY).replace(b"Mary\n\nEnd", b"Your Mary\n\nEnd"))
        assert len(dump(ledger, "uk")["order_link"]) == 1


class TestPrivacy:
    def test_nothing_that_the_buyer_wrote_is_kept(self, ledger: Ledger) -> None:
        receive(ledger, octets(MARY), octets("buyer_fr_only_in_own_words"))
        rows = str(dump(ledger, "uk"))
        for words in ("Question about", "charger", "Mary", "boutique", "commande"):
            assert words not in rows
        assert {mail["from_address"] for mail in dump(ledger, "uk")["mails"]} == {None}
        assert ledger.kept("uk") == set()

    def test_after_thirty_days_the_names_are_hashes_and_still_tie(self, ledger: Ledger) -> None:
        receive(ledger, octets(MARY))
        assert ledger.purge("uk", listed=set, now=NOW + timedelta(days=28)).names == 0
        assert ledger.purge("uk", listed=set, now=NOW + timedelta(days=31)).names == 2
        file(ledger, opt_out())
        found, source = alias_of(ledger)
        assert source is AliasFrom.BUYER_MESSAGE
        assert found is not None
        assert found.is_hashed

    def test_who_is_erased_does_not_come_back_in_clear(self, ledger: Ledger) -> None:
        ledger.erase("uk", ALIAS, at=NOW)
        receive(ledger, octets(MARY))
        rows = str(dump(ledger, "uk"))
        assert ALIAS.local not in rows
        assert "amazonses" not in rows  # The Message-ID, too.


class TestTakenBack:
    def test_an_undone_poll_ties_nothing_and_tells_who_meets_it(self, ledger: Ledger) -> None:
        file(ledger, opt_out())
        run = receive(ledger, octets(MARY))
        decide(ledger, Action.UNDO, run)
        assert alias_of(ledger) == (None, AliasFrom.NONE)
        again = poll(InOrder([raw(octets(MARY))]), ledger, UK, Ticking(NOW))
        assert again.filed == Filed(duplicates=1, undone=((run, 1),))
        other = octets(MARY).replace(b"Mary\n\nEnd", b"Your Mary\n\nEnd")
        assert poll(InOrder([raw(other)]), ledger, UK, Ticking(NOW)).filed == Filed(new=1, undone=((run, 1),))
        assert alias_of(ledger) == (None, AliasFrom.NONE)
        decide(ledger, Action.REDO, run)
        assert alias_of(ledger) == (ALIAS, AliasFrom.BUYER_MESSAGE)

    def test_a_rebuild_learns_what_was_read_before(self, ledger: Ledger) -> None:
        """As in a ledger that is older than this reading of mails; but not from an undone mail."""
        file(ledger, opt_out())
        run = receive(ledger, octets(MARY))
        with ledger._writing() as connection:
            connection.execute(tables.ORDER_LINK.delete())
        assert alias_of(ledger) == (None, AliasFrom.NONE)
        receive(ledger, octets("buyer_names_no_order"))
        decide(ledger, Action.UNDO, run)
        rebuilt(ledger, [raw(octets(MARY))])
        assert alias_of(ledger) == (None, AliasFrom.NONE)
        decide(ledger, Action.REDO, run)
        assert alias_of(ledger) == (ALIAS, AliasFrom.BUYER_MESSAGE)

    def test_a_rebuild_mends_a_damaged_link(self, ledger: Ledger) -> None:
        file(ledger, opt_out())
        receive(ledger, octets(MARY))
        with ledger._writing() as connection:
            connection.execute(update(tables.ORDER_LINK).values(marketplace="amazon.xx"))
        assert [damage.table for damage in ledger.damages()] == ["order_link"]
        rebuilt(ledger, [raw(octets(MARY))])
        assert list(ledger.damages()) == []
        with ledger._reading() as connection:
            assert connection.scalar(select(tables.ORDER_LINK.c.marketplace)) == "amazon.co.uk"
        assert alias_of(ledger) == (ALIAS, AliasFrom.BUYER_MESSAGE)

    def test_reprocess_reads_what_waited_and_no_more(self, ledger: Ledger) -> None:
        file(ledger, opt_out())
        elsewhere = replace(UK, addresses=("shop@seller.example",))
        receive(ledger, octets(MARY), account=elsewhere)
        assert alias_of(ledger) == (None, AliasFrom.NONE)
        changes = preview(ledger, UK, CATALOGUE, now=NOW)
        assert len(changes) == 1
        run = write(ledger, UK, changes, at=NOW)
        assert run is not None
        assert alias_of(ledger) == (ALIAS, AliasFrom.BUYER_MESSAGE)
        decide(ledger, Action.UNDO, run)
        assert alias_of(ledger) == (None, AliasFrom.NONE)
