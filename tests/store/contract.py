"""What every ledger must do with mail, runs, cursors and exports; run on each back end."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from bounce_watch.errors import LedgerError, TryLater
from bounce_watch.records.filed import ExportForm, Filed, ResultCount, RunState
from bounce_watch.records.mail import MessageRef
from bounce_watch.records.notice import NoticeKind
from bounce_watch.store import tables
from bounce_watch.store.ledger import Ledger

from . import makers
from .dump import assert_reconciled, dump
from .makers import (
    ACCOUNT,
    FORGED,
    GENUINE,
    HOUR,
    NOON,
    UNPROVEN,
    buyer,
    export_record,
    exported,
    log,
    order,
    send,
)
from .opening import open_ledger


class LedgerFixtures:
    @pytest.fixture
    def ledger(self, url: str) -> Iterator[Ledger]:
        with open_ledger(url) as ledger:
            yield ledger

    @pytest.fixture
    def run_id(self, ledger: Ledger) -> int:
        return ledger.start_run(ACCOUNT, "poll", at=NOON)


class FilingContract(LedgerFixtures):
    def test_an_empty_ledger_knows_nothing(self, ledger: Ledger) -> None:
        assert ledger.accounts() == []
        assert ledger.runs(ACCOUNT, 10) == []
        assert ledger.last_complete_poll(ACCOUNT) is None
        assert ledger.cursors(ACCOUNT) == {}
        assert ledger.waiting(ACCOUNT) == []
        assert ledger.totals(ACCOUNT).results == ()
        assert ledger.totals(ACCOUNT).read == 0
        assert ledger.last_export(preset="csv", path="a.csv") is None

    def test_each_mail_is_filed_once(self, ledger: Ledger, run_id: int) -> None:
        mails = [makers.opt_out(number) for number in range(3)]
        first = ledger.file(run_id, mails, cursor=None, read=3, passed=0)
        again = ledger.file(run_id, mails, cursor=None, read=3, passed=0)
        assert (first, again) == (Filed(new=3), Filed(duplicates=3))
        assert len(list(ledger.opt_out_notices(ACCOUNT))) == 3
        assert_reconciled(ledger, ACCOUNT)

    def test_a_mail_twice_in_one_chunk_is_new_once(self, ledger: Ledger, run_id: int) -> None:
        pair = [makers.opt_out(1, uid=10), makers.opt_out(1, uid=11)]
        assert ledger.file(run_id, pair, cursor=None, read=2, passed=0) == Filed(new=1, duplicates=1)
        (mail,) = dump(ledger, ACCOUNT)["mails"]
        assert sorted(place["uid"] for place in mail["sightings"]) == [10, 11]
        assert len(mail["verdicts"]) == 1

    def test_the_same_place_is_seen_once_whatever_is_unknown_of_it(self, ledger: Ledger, run_id: int) -> None:
        found = makers.opt_out(1)
        from_stdin = type(found)(
            ref=MessageRef(account=ACCOUNT, folder="-", position=1),
            message_id=None,
            from_address=None,
            subject="",
            result=found.result,
            verdict=None,
        )
        for _ in range(3):
            ledger.file(run_id, [from_stdin, found], cursor=None, read=2, passed=0)
        (mail,) = dump(ledger, ACCOUNT)["mails"]
        assert {place["folder"] for place in mail["sightings"]} == {"-", "INBOX"}
        assert len(mail["sightings"]) == 2

    def test_what_is_not_amazons_leaves_only_counts(self, ledger: Ledger, run_id: int) -> None:
        foreign = makers.finding(makers.foreign(1), verdict=None)
        filed = ledger.file(run_id, [foreign, makers.opt_out(2)], cursor=None, read=52, passed=50)
        assert filed == Filed(new=1, not_amazon=51)
        assert [mail["fingerprint"] for mail in dump(ledger, ACCOUNT)["mails"]] == [makers.print_of(2)]
        assert_reconciled(ledger, ACCOUNT)

    def test_every_result_is_counted(self, ledger: Ledger, run_id: int) -> None:
        findings = [
            makers.opt_out(1),
            makers.opt_out(2),
            makers.finding(makers.notice(3, kind=NoticeKind.REFUND)),
            makers.finding(makers.unrecognised(4)),
            makers.finding(makers.misdirected(5)),
            makers.finding(makers.unreadable(6), verdict=None),
        ]
        ledger.file(run_id, findings, cursor=None, read=10, passed=4)
        totals = ledger.totals(ACCOUNT)
        assert totals.results == (
            ResultCount(result="misdirected", mails=1),
            ResultCount(result="opt_out", mails=2),
            ResultCount(result="refund", mails=1),
            ResultCount(result="unreadable", mails=1),
            ResultCount(result="unrecognised", mails=1),
        )
        assert (totals.read, totals.duplicates, totals.not_amazon) == (10, 0, 4)

    def test_waiting_mails_come_newest_first(self, ledger: Ledger, run_id: int) -> None:
        findings = [
            makers.finding(makers.unrecognised(1, noticed_at=NOON)),
            makers.finding(makers.unrecognised(2, noticed_at=NOON + HOUR)),
            makers.finding(makers.misdirected(3)),
            makers.finding(makers.unreadable(4), verdict=None),
            makers.opt_out(5),
        ]
        ledger.file(run_id, findings, cursor=None, read=5, passed=0)
        waiting = ledger.waiting(ACCOUNT)
        assert [mail.fingerprint for mail in waiting[:2]] == [makers.print_of(2), makers.print_of(1)]
        assert waiting[0].noticed_at == NOON + HOUR
        assert waiting[0].candidates == ("opt_out.de.2017", "opt_out.en.2026")
        assert waiting[0].from_address == "auto-communication@amazon.com"
        said = {(mail.result, mail.reason) for mail in waiting}
        assert said == {
            ("unrecognised", "no_wording"),
            ("misdirected", "misdirected"),
            ("unreadable", "over 50 levels of parts"),
        }

    def test_a_mail_that_is_understood_later_gets_its_notice(self, ledger: Ledger, run_id: int) -> None:
        ledger.file(run_id, [makers.finding(makers.unrecognised(1))], cursor=None, read=1, passed=0)
        filed = ledger.file(run_id, [makers.opt_out(1)], cursor=None, read=1, passed=0)
        assert filed == Filed(duplicates=1)
        assert ledger.waiting(ACCOUNT) == []
        assert ledger.totals(ACCOUNT).results == (ResultCount(result="opt_out", mails=1),)
        assert_reconciled(ledger, ACCOUNT)

    def test_octets_are_kept_compressed_and_once(self, ledger: Ledger, run_id: int) -> None:
        octets = b"Subject: \xff\x00\r\n" * 1000
        found = makers.finding(makers.unrecognised(1), octets=octets)
        for _ in range(2):
            ledger.file(run_id, [found], cursor=None, read=1, passed=0)
        with ledger._reading() as connection:
            (stored,) = connection.scalars(select(tables.SET_ASIDE.c.octets)).all()
        assert len(stored) < len(octets) // 10
        assert zlib.decompress(stored) == octets

    def test_texts_of_any_unicode_are_kept(self, ledger: Ledger, run_id: int) -> None:
        subject = "a\0b 注文 \U0001f4e6 \ud800 e\u0301"
        found = makers.finding(makers.unrecognised(1), subject=subject)
        ledger.file(run_id, [found], cursor=None, read=1, passed=0)
        assert ledger.waiting(ACCOUNT)[0].subject == "ab 注文 \U0001f4e6 \ufffd e\u0301"

    def test_accounts_know_nothing_of_each_other(self, ledger: Ledger, run_id: int) -> None:
        other = ledger.start_run("de", "poll", at=NOON)
        theirs = makers.finding(makers.notice(1), account="de")
        ledger.file(run_id, [makers.opt_out(1)], cursor=makers.cursor(5), read=1, passed=0)
        filed = ledger.file(other, [theirs], cursor=makers.cursor(9, account="de"), read=1, passed=0)
        assert filed == Filed(new=1)
        assert ledger.cursors(ACCOUNT)["INBOX"].next_uid == 5
        assert ledger.cursors("de")["INBOX"].next_uid == 9
        assert ledger.accounts() == ["de", "uk"]
        assert len(list(ledger.opt_out_notices("de"))) == 1

    def test_a_mistake_of_the_caller_is_refused_whole(self, ledger: Ledger, run_id: int) -> None:
        good = makers.opt_out(1)
        with pytest.raises(ValueError, match="findings"):
            ledger.file(run_id, [good], cursor=None, read=3, passed=1)
        with pytest.raises(ValueError, match="account"):
            ledger.file(
                run_id, [makers.finding(makers.notice(2), account="de")], cursor=None, read=1, passed=0
            )
        with pytest.raises(ValueError, match="account"):
            ledger.file(run_id, [good], cursor=makers.cursor(2, account="de"), read=1, passed=0)
        with pytest.raises(ValueError, match="no run"):
            ledger.file(run_id + 1, [good], cursor=None, read=1, passed=0)
        with pytest.raises(ValueError, match="no run"):
            ledger.finish_run(run_id + 1, at=NOON, state=RunState.FAILED, read=0, filed=Filed())
        assert dump(ledger, ACCOUNT)["mails"] == []
        assert ledger.totals(ACCOUNT).read == 0

    def test_a_cursor_is_written_over_and_comes_back_whole(self, ledger: Ledger, run_id: int) -> None:
        ledger.file(run_id, [], cursor=makers.cursor(5), read=0, passed=0)
        newer = makers.cursor(4_294_967_295, due=(3, 4_294_967_294))
        ledger.file(run_id, [], cursor=newer, read=0, passed=0)
        other = makers.cursor(2, folder="Gelöscht/注文")
        ledger.file(run_id, [], cursor=other, read=0, passed=0)
        assert ledger.cursors(ACCOUNT) == {"INBOX": newer, "Gelöscht/注文": other}

    def test_a_forged_and_a_genuine_copy_leave_both_verdicts(self, ledger: Ledger, run_id: int) -> None:
        for verdict in (UNPROVEN, FORGED, GENUINE, FORGED):
            ledger.file(run_id, [makers.opt_out(1, verdict=verdict)], cursor=None, read=1, passed=0)
        (mail,) = dump(ledger, ACCOUNT)["mails"]
        assert sorted(verdict["outcome"] for verdict in mail["verdicts"]) == ["forged", "genuine", "unproven"]

    def test_a_killed_run_has_true_counts(self, ledger: Ledger, run_id: int) -> None:
        ledger.file(run_id, [makers.opt_out(1), makers.opt_out(2)], cursor=None, read=12, passed=10)
        ledger.file(run_id, [makers.opt_out(1)], cursor=None, read=1, passed=0)
        (run,) = ledger.runs(ACCOUNT, 5)
        assert (run.state, run.finished_at) == (RunState.RUNNING, None)
        assert (run.read, run.filed) == (13, Filed(new=2, duplicates=1, not_amazon=10))

    def test_runs_come_newest_first_with_what_they_said(self, ledger: Ledger, run_id: int) -> None:
        second = ledger.start_run(ACCOUNT, "import", at=NOON + HOUR)
        ledger.finish_run(
            second, at=NOON + 2 * HOUR, state=RunState.PARTLY, read=7, filed=Filed(new=4), message="2 due"
        )
        newest, oldest = ledger.runs(ACCOUNT, 10)
        assert (newest.id, newest.command, newest.state) == (second, "import", RunState.PARTLY)
        assert (newest.started_at, newest.finished_at) == (NOON + HOUR, NOON + 2 * HOUR)
        assert (newest.read, newest.filed, newest.message) == (7, Filed(new=4), "2 due")
        assert oldest.id == run_id
        assert [run.id for run in ledger.runs(ACCOUNT, 1)] == [second]

    def test_progress_adds_up(self, ledger: Ledger, run_id: int) -> None:
        for _ in range(2):
            ledger.progress_run(run_id, read=5, filed=Filed(new=1, duplicates=2, not_amazon=3))
        assert ledger.runs(ACCOUNT, 1)[0].filed == Filed(new=2, duplicates=4, not_amazon=6)
        assert ledger.totals(ACCOUNT).read == 0

    @pytest.mark.parametrize(
        ("command", "state", "counts"),
        [
            ("poll", RunState.COMPLETE, True),
            ("daily", RunState.COMPLETE, True),
            ("import", RunState.COMPLETE, False),
            ("poll", RunState.PARTLY, False),
            ("poll", RunState.FAILED, False),
        ],
    )
    def test_the_last_complete_poll(
        self, ledger: Ledger, command: str, state: RunState, counts: bool
    ) -> None:
        old, new = (ledger.start_run(ACCOUNT, name, at=NOON) for name in ("poll", command))
        ledger.finish_run(old, at=NOON + HOUR, state=RunState.COMPLETE, read=0, filed=Filed())
        ledger.finish_run(new, at=NOON + 2 * HOUR, state=state, read=0, filed=Filed())
        last = ledger.last_complete_poll(ACCOUNT)
        assert last is not None
        assert last.id == (new if counts else old)

    def test_whether_a_mail_was_ever_read(self, ledger: Ledger, run_id: int) -> None:
        ledger.file_sent_log(run_id, log([send(1)]))
        assert not ledger.has_read_mail(ACCOUNT)
        ledger.file(run_id, [], cursor=None, read=1, passed=1)
        assert ledger.has_read_mail(ACCOUNT)
        assert not ledger.has_read_mail("de")

    def test_the_last_export_of_a_preset_to_a_path(self, ledger: Ledger) -> None:
        long_path = "folder/" * 600
        # The last is the one filed last, even where the clock went back.
        for revision, hours, path in (("r2", 2, "out.csv"), ("r1", 1, "out.csv"), ("r3", 3, long_path)):
            exported(ledger, [1], revision=revision, hours=hours, path=path)
        last = ledger.last_export(preset="csv", path="out.csv")
        assert last is not None
        assert (last.revision, last.made_at, last.keys, last.files) == ("r1", NOON + HOUR, 2, 1)
        other = ledger.last_export(preset="csv", path=long_path)
        assert other is not None
        assert other.revision == "r3"
        assert ledger.last_export(preset="orders", path="out.csv") is None
        assert ledger.last_export(preset="csv", path="elsewhere.csv") is None

    def test_what_came_and_what_went_with_each_export(self, ledger: Ledger) -> None:
        both = [send(number, order_id=order(number), alias=buyer(number)) for number in range(1, 5)]
        ledger.file_sent_log(ledger.start_run(ACCOUNT, "sent import", at=NOON), log(both))
        first = exported(ledger, [1, 2, 3], revision="one")
        assert (first.last, first.came, first.went) == (None, {}, {})
        second = exported(ledger, [2, 3, 4], revision="two", hours=1)
        assert second.last is not None
        assert (second.last.revision, second.last.keys) == ("one", 6)
        assert second.came == {ledger.hash_of(name): str(name) for name in (order(4), buyer(4))}
        assert second.went == {ledger.hash_of(name): str(name) for name in (order(1), buyer(1))}
        exported(ledger, [2, 3, 4], revision="two", hours=2)  # Nothing new.
        back = exported(ledger, [1, 2], revision="three", hours=3, form=ExportForm.DELTA)
        assert sorted(back.came.values()) == sorted(map(str, (order(1), buyer(1))))
        assert list(back.went.values()) == sorted(map(str, (order(3), buyer(3), order(4), buyer(4))))
        told = [
            (each.revision, each.form, each.keys, each.came, each.went) for each in ledger.exports(ACCOUNT, 3)
        ]
        assert told == [
            ("three", ExportForm.DELTA, 4, 2, 4),
            ("two", ExportForm.FULL, 6, 0, 0),
            ("two", ExportForm.FULL, 6, 2, 2),
        ]
        assert ledger.exports(ACCOUNT, 9)[-1].came == 0
        assert ledger.exports("fr", 9) == []
        assert list(ledger.damages()) == []

    def test_thousands_of_keys_are_compared(self, ledger: Ledger) -> None:
        exported(ledger, range(1, 2_601))
        change = exported(ledger, range(1_301, 3_901))
        assert {len(change.came), len(change.went)} == {2_600}
        # A name that the ledger never saw is one that nobody can tell.
        assert all(name.startswith("#") for name in change.came.values())

    def test_an_export_that_another_one_overtook_is_not_recorded(self, ledger: Ledger) -> None:
        exported(ledger, [1], revision="one")
        change = ledger.compare_export(preset="csv", path="out.csv", hashes=[])
        exported(ledger, [2], revision="two")
        with pytest.raises(TryLater, match="same time"):
            ledger.record_export(export_record("three"), [], change)
        assert [each.revision for each in ledger.exports(ACCOUNT, 9)] == ["two", "one"]

    def test_exports_of_several_accounts_are_each_one_s(self, ledger: Ledger) -> None:
        exported(ledger, [1], account="de+uk")
        for name, number in (("uk", 1), ("de", 1), ("d", 0), ("k", 0)):
            assert len(ledger.exports(name, 9)) == number

    def test_facts_outlive_the_connection(self, url: str, ledger: Ledger, run_id: int) -> None:
        ledger.file(run_id, [makers.opt_out(1)], cursor=makers.cursor(2), read=1, passed=0)
        before = dump(ledger, ACCOUNT)
        ledger.close()
        with open_ledger(url, create=False) as again:
            assert dump(again, ACCOUNT) == before

    def test_without_create_an_empty_database_is_no_ledger(self, url: str) -> None:
        with pytest.raises(LedgerError, match="no ledger"):
            open_ledger(url, create=False)
