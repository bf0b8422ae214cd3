from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from bounce_watch.flow import counted
from bounce_watch.listed import opt_outs
from bounce_watch.notices.catalogue import Catalogue, Scope, Wording
from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action, Decision
from bounce_watch.records.ids import OrderId
from bounce_watch.records.notice import NoticeKind
from bounce_watch.reports.reprocess import Change, reprocess_json, reprocess_sections, sums_text, tally
from bounce_watch.reports.review import Group
from bounce_watch.reports.terminal import render_sections
from bounce_watch.store.ledger import Ledger
from bounce_watch.upkeep.reprocess import past_retention, preview, write
from bounce_watch.upkeep.retention import purge
from bounce_watch.upkeep.review import Named, accept, dismiss, waiting
from tests.cli.mails import notice, unknown
from tests.flow.line import CATALOGUE
from tests.store.dump import dump

from .review_mails import (
    ACCOUNT,
    BY,
    FIRST,
    GENUINE,
    HOUR,
    MISDIRECTED,
    NAMED,
    NOW,
    UNPROVEN,
    item,
    ledger_of,
    misdirected,
    report,
)

LEARNT, PROVABLE, PROVABLY_FORGED = (f"203-{n}000000-{n}000001" for n in (7, 8, 9))


def by_other(order: str, *, number: int, dmarc: str) -> bytes:
    """A notice with the field of a receiver that is not named in the settings."""
    return notice(order, alias=None, number=number, dmarc=dmarc).replace(b"mx.seller", b"mx.other")


MAILS = (
    notice(GENUINE, alias=None, number=1),
    notice(UNPROVEN, alias=None, number=2, dmarc=None),
    misdirected(),
    unknown(number=5).replace(b"203-1234567-7654321", LEARNT.encode()),
    by_other(PROVABLE, number=6, dmarc="pass"),
    by_other(PROVABLY_FORGED, number=7, dmarc="fail"),
)


def own_wording(kind: NoticeKind = NoticeKind.OPT_OUT, identity: str = "own.1") -> Wording:
    """It understands the mail in words that nobody has seen."""
    return Wording(
        id=identity,
        kind=kind,
        language="en",
        verified=True,
        source="this test",
        first_seen=date(2026, 9, 30),
        last_seen=date(2026, 9, 30),
        senders=("auto-communication@",),
        scope=Scope.SENTENCE,
        all_of=("left a letter out of",),
    )


def with_wordings(*own: Wording, shipped: bool = True) -> Catalogue:
    return replace(CATALOGUE, wordings=(*own, *(CATALOGUE.wordings if shipped else ())))


LEARNING = with_wordings(own_wording())
BOTH_RECEIVERS = replace(
    ACCOUNT, trust=replace(ACCOUNT.trust, authserv_ids=("mx.seller.example", "mx.other.example"))
)


@contextmanager
def polled(path: Path) -> Iterator[Ledger]:
    """After a poll of MAILS; two of the unproven orders stand in an order report, so they count."""
    with ledger_of(path, MAILS) as ledger:
        for order in (UNPROVEN, PROVABLY_FORGED):
            report(ledger, ACCOUNT, order, FIRST)
        yield ledger


def on_list(ledger: Ledger, account: Account = ACCOUNT) -> set[str]:
    return {str(opt_out.order_id) for opt_out in opt_outs(ledger, account)}


def shown(ledger: Ledger, account: Account = ACCOUNT, catalogue: Catalogue = CATALOGUE) -> dict[str, Change]:
    return {change.about: change for change in preview(ledger, account, catalogue, now=NOW)}


def done(ledger: Ledger, account: Account = ACCOUNT, catalogue: Catalogue = CATALOGUE) -> int | None:
    changes = preview(ledger, account, catalogue, now=NOW)
    return write(ledger, account, changes, at=NOW + HOUR)


def undo(ledger: Ledger, run: int | None, action: Action = Action.UNDO) -> None:
    at = NOW + 2 * HOUR
    ledger.decide(Decision(account="uk", action=action, subject=str(run), actor="kim", decided_at=at))


def test_nothing_changes_without_a_reason(tmp_path: Path) -> None:
    with polled(tmp_path) as ledger:
        assert shown(ledger) == {}
        assert done(ledger) is None
        assert [run.command for run in ledger.runs("uk", 9)][-1] == "poll"
        assert "reprocess" not in {run.command for run in ledger.runs("uk", 9)}


def test_a_new_wording(tmp_path: Path) -> None:
    """Shown, not filed; filed; shown no more; undone; filed again."""
    with polled(tmp_path) as ledger:
        before = on_list(ledger)
        assert before == {GENUINE, UNPROVEN, PROVABLY_FORGED}
        (change,) = shown(ledger, catalogue=LEARNING).values()
        assert change.about == LEARNT
        assert (change.before.result, change.before.reason) == ("unrecognised", "no_wording")
        assert (change.after.result, str(change.after.order_id)) == ("opt_out", LEARNT)
        assert (change.counted_before, change.counted_after, change.kind) == (False, True, "new")
        assert sums_text([change]) == "1 new opt-out, 0 dropped, 0 verdicts changed, 0 read in another way."
        assert on_list(ledger) == before

        run = done(ledger, catalogue=LEARNING)
        assert run is not None
        assert on_list(ledger) == before | {LEARNT}
        assert shown(ledger, catalogue=LEARNING) == {}
        undo(ledger, run)
        assert on_list(ledger) == before
        assert list(shown(ledger, catalogue=LEARNING)) == [LEARNT]
        again = done(ledger, catalogue=LEARNING)
        assert on_list(ledger) == before | {LEARNT}
        undo(ledger, again)
        undo(ledger, run, Action.REDO)
        assert on_list(ledger) == before | {LEARNT}


def test_a_wording_that_is_gone(tmp_path: Path) -> None:
    with polled(tmp_path) as ledger:
        found = shown(ledger, catalogue=with_wordings(shipped=False))
        assert found[UNPROVEN].is_dropped
        assert found[PROVABLY_FORGED].is_dropped
        assert GENUINE not in found  # its octets are not kept: it was proven
        assert tally(list(found.values())).dropped == 2
        done(ledger, catalogue=with_wordings(shipped=False))
        assert on_list(ledger) == {GENUINE}


@pytest.mark.parametrize(
    "second",
    [
        LEARNING,
        with_wordings(shipped=False),
        with_wordings(own_wording(NoticeKind.REFUND)),
        with_wordings(own_wording(), own_wording(NoticeKind.CLAIM, "own.2")),
    ],
    ids=["learnt", "none", "another kind", "ambiguous"],
)
def test_there_and_back(second: Catalogue, tmp_path: Path) -> None:
    """Wordings of version 1, 2, 1: every fact is what it was."""
    with polled(tmp_path) as ledger:
        facts, listed, waits = dump(ledger, "uk"), on_list(ledger), waiting(ledger, ACCOUNT)
        assert done(ledger, catalogue=second) is not None
        assert dump(ledger, "uk") != facts
        assert done(ledger) is not None
        assert dump(ledger, "uk") == facts
        assert on_list(ledger) == listed
        assert waiting(ledger, ACCOUNT) == waits


def test_another_receiver(tmp_path: Path) -> None:
    with polled(tmp_path) as ledger:
        found = shown(ledger, BOTH_RECEIVERS)
        assert set(found) == {PROVABLE, PROVABLY_FORGED}
        new, dropped = found[PROVABLE], found[PROVABLY_FORGED]
        assert (str(new.before.outcome), str(new.after.outcome), new.kind) == ("unproven", "genuine", "new")
        assert (str(dropped.after.outcome), dropped.kind) == ("forged", "dropped")
        assert tally([new, dropped]).verdicts == 2
        run = done(ledger, BOTH_RECEIVERS)
        assert on_list(ledger, BOTH_RECEIVERS) == {GENUINE, UNPROVEN, PROVABLE}
        assert shown(ledger, BOTH_RECEIVERS) == {}
        # The better verdict stays when the receiver is believed no longer: nothing that counted is lost.
        assert shown(ledger) == {}
        undo(ledger, run)
        assert on_list(ledger) == {GENUINE, UNPROVEN, PROVABLY_FORGED}
        assert set(shown(ledger, BOTH_RECEIVERS)) == {PROVABLE, PROVABLY_FORGED}
        done(ledger, BOTH_RECEIVERS)
        assert on_list(ledger) == {GENUINE, UNPROVEN, PROVABLE}


def test_a_confirmed_receiver_is_believed(tmp_path: Path) -> None:
    with polled(tmp_path) as ledger:
        decision = Decision(
            account="uk", action=Action.CONFIRM, subject="mx.other.example", actor="kim", decided_at=NOW
        )
        ledger.decide(decision)
        assert set(shown(ledger)) == {PROVABLE, PROVABLY_FORGED}


def test_other_addresses(tmp_path: Path) -> None:
    anybody = replace(ACCOUNT, addresses=())
    with polled(tmp_path) as ledger:
        (change,) = shown(ledger, anybody).values()
        assert (change.about, change.kind, change.before.result) == (MISDIRECTED, "new", "misdirected")
        done(ledger, anybody)
        assert MISDIRECTED in on_list(ledger, anybody)
        (back,) = shown(ledger).values()
        assert (back.about, back.kind, back.after.result) == (MISDIRECTED, "dropped", "misdirected")


def test_decisions_are_left_alone(tmp_path: Path) -> None:
    with polled(tmp_path) as ledger:
        handle = item(ledger, Group.UNRECOGNISED).handle
        accept(
            ledger,
            ACCOUNT,
            handles=[handle],
            catalogue=CATALOGUE,
            by=BY,
            named=Named(order_id=OrderId(NAMED)),
        )
        dismiss(ledger, ACCOUNT, handles=[item(ledger, Group.MISDIRECTED).handle], by=BY)
        assert preview(ledger, replace(ACCOUNT, addresses=()), LEARNING, now=NOW + 9 * HOUR) == []


def test_undone_mails_are_left_alone(tmp_path: Path) -> None:
    with polled(tmp_path) as ledger:
        undo(ledger, min(run.id for run in ledger.runs("uk", 9)))
        assert preview(ledger, BOTH_RECEIVERS, LEARNING, now=NOW) == []


def test_past_retention(tmp_path: Path) -> None:
    """Unproven ones, the misdirected and the unknown one; not the genuine one."""
    with polled(tmp_path) as ledger:
        assert past_retention(ledger, ACCOUNT) == 0
        purge(ledger, ACCOUNT, now=NOW + timedelta(days=40))
        assert past_retention(ledger, ACCOUNT) == 5
        assert preview(ledger, BOTH_RECEIVERS, LEARNING, now=NOW + timedelta(days=40)) == []


def test_a_mail_that_broke_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was filed under its octets; read by a mended program it stays the same mail."""

    def broken(*arguments: object) -> object:
        raise RuntimeError("an odd mail")

    monkeypatch.setattr("bounce_watch.examine.recognise", broken)
    with ledger_of(tmp_path, [notice(GENUINE, alias=None)]) as ledger:
        monkeypatch.undo()
        assert on_list(ledger) == set()
        done(ledger)
        assert on_list(ledger) == {GENUINE}
        assert waiting(ledger, ACCOUNT) == []
        assert shown(ledger) == {}


CATALOGUES = (
    CATALOGUE,
    LEARNING,
    with_wordings(shipped=False),
    with_wordings(own_wording(NoticeKind.REFUND)),
    with_wordings(own_wording(), own_wording(NoticeKind.CLAIM, "own.2")),
)
ADDRESSES = (("support@seller.example",), (), ("somebody@seller.example",), ("nobody@seller.example",))
RECEIVERS = (("mx.seller.example",), (), ("mx.other.example",), ("*.example",))


@pytest.mark.parametrize("seed", range(3))
def test_no_counted_opt_out_is_lost_silently(seed: int, tmp_path: Path) -> None:
    """Through any changes of settings: what was shown is what happens, and after it nothing more does."""
    random = Random(seed)
    with polled(tmp_path) as ledger:
        for _ in range(12):
            trust = replace(ACCOUNT.trust, authserv_ids=random.choice(RECEIVERS))
            account = replace(ACCOUNT, addresses=random.choice(ADDRESSES), trust=trust)
            catalogue = random.choice(CATALOGUES)
            before = on_list(ledger, account)
            changes = preview(ledger, account, catalogue, now=NOW)
            told_gone = {str(change.before.order_id) for change in changes if change.is_dropped}
            told_new = {str(change.after.order_id) for change in changes if change.is_new}
            assert on_list(ledger, account) == before
            write(ledger, account, changes, at=NOW)
            after = on_list(ledger, account)
            assert (before - after, after - before) == (told_gone, told_new)
            assert preview(ledger, account, catalogue, now=NOW) == []
            for change in changes:
                events, aside = counted(ledger, account)
                counts = {filed.notice.fingerprint for filed, _ in events}
                assert (change.fingerprint in counts) is change.counted_after
                assert len(events) + len(aside) <= len(MAILS)


def test_forms(tmp_path: Path) -> None:
    with polled(tmp_path) as ledger:
        changes = preview(ledger, BOTH_RECEIVERS, LEARNING, now=NOW)
        for width in (60, 80, 160):
            text = render_sections(
                lambda columns: reprocess_sections(changes, past=2, width=columns), width=width, colour=False
            )
            assert all(len(line) <= width for line in text.splitlines())
            words = " ".join(text.split())
            assert "2 new opt-outs, 1 dropped, 2 verdicts changed, 0 read in another way." in words
            assert "Opt-outs that would go (1)" in words
            assert PROVABLY_FORGED in words
            assert "2 mails could not be looked at" in words
            assert "bounce-watch rebuild" in words
        data = json.loads(reprocess_json("uk", changes, past=2, run=None))
        assert (data["new"], data["dropped"], data["verdicts"], data["changed"]) == (2, 1, 2, 0)
        assert (data["not_looked_at"], data["run"], len(data["changes"])) == (2, None, 3)
        (gone,) = [each for each in data["changes"] if each["kind"] == "dropped"]
        assert gone["before"]["counts"] is True
        assert gone["after"] == {
            "result": "opt_out",
            "reason": None,
            "order_id": PROVABLY_FORGED,
            "alias": None,
            "verdict": "forged",
            "counts": False,
        }
