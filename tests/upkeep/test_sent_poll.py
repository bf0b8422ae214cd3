"""What a reading of the sent folder files, and that nothing is lost or doubled wherever it breaks off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bounce_watch.errors import Unreachable
from bounce_watch.records.account import Account
from bounce_watch.records.filed import Run, RunState
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Batch, Cursor, Cursors, MessageRef, RawMessage
from bounce_watch.records.sent import Origin, Purpose, SentCoverage, SentLog, SentMessage
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.upkeep.sent_poll import poll_sent
from bounce_watch.upkeep.undo import redo, undo

UK = Account(name="uk")
NOON = datetime(2026, 9, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KEY = "sent:Sent"


def alias(number: int) -> Alias:
    return Alias(f"buyer{number:09}", "amazon.co.uk")


def order(number: int) -> OrderId:
    return OrderId(f"203-{number:07}-{number:07}")


def mail(number: int, **fields: str) -> bytes:
    """A mail about an order of its own; fields by name, `_` for `-`, an empty one left out."""
    usual = {
        "From": "post@shop.example",
        "To": str(alias(number)),
        "Subject": f"Order {order(number)}",
        "Date": f"{NOON + number * timedelta(minutes=1):%d %b %Y %H:%M:%S} +0000",
        "Message_ID": f"<{number}@shop.example>",
    }
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in (usual | fields).items() if value]
    return "\r\n".join([*lines, "", "Hello."]).encode()


class Folder:
    """A mailbox that hands out `mails` from the cursor on, `size` in a batch, and breaks off before batch `breaks`."""

    def __init__(self, mails: Sequence[bytes], *, size: int = 2, uidvalidity: int = 1) -> None:
        self.mails = list(mails)
        self.size = size
        self.uidvalidity = uidvalidity
        self.breaks: int | None = None
        self.due: tuple[int, ...] = ()
        self.examined_at = NOON + DAY
        self.whole_from: datetime | None = NOON - DAY

    def batches(self, cursors: Cursors) -> Iterator[Batch]:
        cursor = cursors.get(KEY)
        if cursor is None or cursor.uidvalidity != self.uidvalidity:
            cursor = Cursor(account="uk", folder=KEY, uidvalidity=self.uidvalidity, next_uid=1, scope="s")
        uids = range(cursor.next_uid, len(self.mails) + 1)
        for number, begin in enumerate(range(0, len(uids), self.size)):
            self._check(number)
            chunk = uids[begin : begin + self.size]
            cursor = replace(cursor, next_uid=chunk[-1] + 1)
            yield Batch(messages=tuple(map(self._raw, chunk)), cursor=cursor, passed=1)
        self._check(-(-len(uids) // self.size))
        end = replace(cursor, checked_at=self.examined_at, due=self.due)
        yield Batch(cursor=end, whole_from=self.whole_from)

    def _check(self, number: int) -> None:
        if number == self.breaks:
            raise Unreachable("The server broke off.", "Again.")

    def _raw(self, uid: int) -> RawMessage:
        ref = MessageRef(account="uk", folder=KEY, uidvalidity=self.uidvalidity, uid=uid)
        return RawMessage(ref=ref, octets=self.mails[uid - 1], received_at=NOON + uid * timedelta(minutes=1))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as opened:
        yield opened


def poll(ledger: Ledger, folder: Folder) -> Run:
    return poll_sent(folder, ledger, account=UK, clock=lambda: NOON + DAY)


def sends_in(ledger: Ledger, numbers: int = 20) -> list[SentMessage]:
    orders = [order(number) for number in range(1, numbers)]
    aliases = [alias(number) for number in range(1, numbers)]
    return [filed.send for filed in ledger.sends_for("uk", orders, aliases)]


class TestFiling:
    def test_sends_links_coverage_cursor_and_run(self, ledger: Ledger) -> None:
        run = poll(ledger, Folder([mail(1), mail(2), mail(3, To="friend@firm.example")]))
        assert (run.command, run.state, run.read, run.filed.new) == ("sent poll", RunState.COMPLETE, 5, 2)
        assert [(send.order_id, send.alias, send.origin, send.purpose) for send in sends_in(ledger)] == [
            (order(1), alias(1), Origin.SENT_FOLDER, Purpose.UNSOLICITED),
            (order(2), alias(2), Origin.SENT_FOLDER, Purpose.UNSOLICITED),
        ]
        assert ledger.linked_aliases("uk", [order(1), order(3)]) == {order(1): alias(1)}
        assert ledger.coverages("uk") == [covered(NOON - DAY, NOON + DAY)]
        assert ledger.cursors("uk")[KEY].checked_at == NOON + DAY

    def test_a_next_poll_reads_what_is_new_and_covers_what_follows(self, ledger: Ledger) -> None:
        folder = Folder([mail(1)])
        poll(ledger, folder)
        folder.mails.append(mail(2, Subject="Once more", In_Reply_To="<1@shop.example>"))
        folder.whole_from, folder.examined_at = NOON + DAY, NOON + 2 * DAY
        assert poll(ledger, folder).filed.new == 1
        assert ledger.coverages("uk") == [
            covered(NOON - DAY, NOON + DAY),
            covered(NOON + DAY, NOON + 2 * DAY),
        ]

    def test_the_order_of_an_earlier_mail_of_the_same_poll(self, ledger: Ledger) -> None:
        follows = mail(1, Message_ID="<2@shop.example>", Subject="Once more", In_Reply_To="<1@shop.example>")
        poll(ledger, Folder([mail(1), follows], size=1))
        assert [send.order_id for send in sends_in(ledger)] == [order(1), order(1)]

    def test_a_csv_log_with_the_same_mail_is_a_log_of_its_own(self, ledger: Ledger) -> None:
        poll(ledger, Folder([mail(1)]))
        row = replace(sends_in(ledger)[0], origin=Origin.CSV_LOG)
        filed = ledger.file_sent_log(
            ledger.start_run("uk", "sent import", at=NOON),
            SentLog(sends=(row,), links=(), coverage=None, rows=1),
        )
        assert filed.new == 1
        assert {send.origin for send in sends_in(ledger)} == {Origin.CSV_LOG, Origin.SENT_FOLDER}

    def test_undo_takes_sends_and_coverage_back_and_redo_brings_them(self, ledger: Ledger) -> None:
        run = poll(ledger, Folder([mail(1)]))
        undo(ledger, UK, run.id, actor="ann", note="", at=NOON + DAY)
        assert (sends_in(ledger), ledger.coverages("uk")) == ([], [])
        again = poll(ledger, Folder([mail(1)], uidvalidity=2))
        assert (again.filed.new, again.filed.undone) == (0, ((run.id, 3),))
        redo(ledger, UK, run.id, actor="ann", note="", at=NOON + DAY)
        assert len(sends_in(ledger)) == 1
        assert ledger.coverages("uk") == [covered(NOON - DAY, NOON + DAY)]


class TestOneMailIsOneSend:
    def again(self, ledger: Ledger, *mails: bytes) -> tuple[int, int]:
        """How many sends there are after a reading of the folder under a new UIDVALIDITY, and how many were new."""
        filed = poll(ledger, Folder(mails, uidvalidity=2, size=1)).filed
        return len(sends_in(ledger)), filed.new

    def test_under_a_new_uidvalidity(self, ledger: Ledger) -> None:
        poll(ledger, Folder([mail(1), mail(2)]))
        assert self.again(ledger, mail(2), mail(1)) == (2, 0)

    @pytest.mark.parametrize("size", [1, 2])
    def test_twice_in_the_folder(self, ledger: Ledger, size: int) -> None:
        assert poll(ledger, Folder([mail(1), mail(1)], size=size)).filed.new == 1
        assert len(sends_in(ledger)) == 1

    def test_without_a_message_id(self, ledger: Ledger) -> None:
        nameless = mail(1, Message_ID="")
        assert poll(ledger, Folder([nameless, nameless])).filed.new == 1
        assert self.again(ledger, nameless) == (1, 0)

    @pytest.mark.parametrize(
        "change",
        [
            {"Date": ""},
            {"Subject": "Hello"},
            {"Subject": "Re: [Important]", "In_Reply_To": "<a@amazonses.com>"},
            {"X_Campaign": "autumn"},
        ],
    )
    def test_whatever_else_is_told_of_it(self, ledger: Ledger, change: dict[str, str]) -> None:
        poll(ledger, Folder([mail(1)]))
        assert self.again(ledger, mail(1, **change)) == (1, 0)

    def test_to_a_shared_alias_with_and_without_its_order(self, ledger: Ledger) -> None:
        shared = "no-reply-amazon-iba-buyer@marketplace.amazon.it"
        poll(ledger, Folder([mail(1, To=shared)]))
        assert self.again(ledger, mail(1, To=shared, Subject="Hello")) == (1, 0)

    def test_two_buyers_of_one_mail_are_two_sends(self, ledger: Ledger) -> None:
        poll(ledger, Folder([mail(1, Cc=str(alias(2)))]))
        assert {send.alias for send in sends_in(ledger)} == {alias(1), alias(2)}


class TestBreakingOff:
    @pytest.mark.parametrize("breaks", range(4))
    def test_anywhere_it_costs_a_reading_at_most(self, ledger: Ledger, breaks: int) -> None:
        folder = Folder([mail(number) for number in range(1, 6)])
        folder.breaks = breaks
        with pytest.raises(Unreachable):
            poll(ledger, folder)
        run = ledger.runs("uk", limit=1)[0]
        assert (run.state, run.message, run.filed.new) == (
            RunState.FAILED,
            "The server broke off.",
            min(5, 2 * breaks),
        )
        assert ledger.coverages("uk") == []
        folder.breaks = None
        assert poll(ledger, folder).filed.new == 5 - min(5, 2 * breaks)
        assert len(sends_in(ledger)) == 5
        assert ledger.coverages("uk") == [covered(NOON - DAY, NOON + DAY)]

    def test_before_the_cursor_is_filed_nothing_is(
        self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_space(*_: object, **__: object) -> None:
            raise OSError("no space")

        with monkeypatch.context() as patch:
            patch.setattr("bounce_watch.store.runs.progress", no_space)
            with pytest.raises(OSError, match="no space"):
                poll(ledger, Folder([mail(1)]))
        assert (sends_in(ledger), ledger.cursors("uk")) == ([], {})
        assert ledger.runs("uk", limit=1)[0].message == "It was stopped before its end"

    def test_no_cursor_of_another_account(self, ledger: Ledger) -> None:
        cursor = Cursor(account="de", folder=KEY, uidvalidity=1, next_uid=1, scope="s")
        run = ledger.start_run("uk", "sent poll", at=NOON)
        with pytest.raises(ValueError, match="a cursor of another account"):
            ledger.file_sent_log(run, SentLog(sends=(), links=(), coverage=None, rows=0), cursor=cursor)


class TestWhatIsSaid:
    def test_mails_that_could_not_be_fetched(self, ledger: Ledger) -> None:
        folder = Folder([mail(1)])
        folder.due = (7, 8)
        run = poll(ledger, folder)
        assert (run.state, run.message) == (RunState.PARTLY, "2 mails could not be fetched")

    @pytest.mark.parametrize(
        ("octets", "reason"),
        [
            (b"", "the mail is empty"),
            (mail(1, To=", ".join(str(alias(each)) for each in range(400))), "more recipients than are read"),
        ],
    )
    def test_mails_that_could_not_be_used(self, ledger: Ledger, octets: bytes, reason: str) -> None:
        run = poll(ledger, Folder([octets]))
        assert run.state is RunState.PARTLY
        assert run.message.startswith("of 1 mails to buyers not all could be used")
        assert run.message.endswith(reason)


class TestCoverage:
    def test_none_of_a_folder_that_holds_answers_only(self, ledger: Ledger) -> None:
        answer = mail(1, In_Reply_To="<q@amazonses.com>")
        poll(ledger, Folder([answer, mail(2, To="friend@firm.example")]))
        assert ledger.coverages("uk") == []

    def test_from_when_on_is_told_by_the_folder(self, ledger: Ledger) -> None:
        folder = Folder([mail(1)])
        folder.whole_from = None
        poll(ledger, folder)
        assert ledger.coverages("uk") == []

    @pytest.mark.parametrize("kind", ["broke off", "covered before"])
    def test_what_an_earlier_poll_found_counts(self, ledger: Ledger, kind: str) -> None:
        folder = Folder([mail(1)], size=1)
        folder.breaks = 1 if kind == "broke off" else None
        try:
            poll(ledger, folder)
        except Unreachable:
            assert kind == "broke off"
        folder.breaks, folder.whole_from, folder.examined_at = None, NOON, NOON + 2 * DAY
        poll(ledger, folder)
        assert ledger.coverages("uk")[-1] == covered(NOON, NOON + 2 * DAY)

    def test_none_with_a_clock_before_any_notice(self, ledger: Ledger) -> None:
        folder = Folder([])
        folder.examined_at = datetime(2001, 1, 1, tzinfo=UTC)
        poll(ledger, folder)
        assert ledger.coverages("uk") == []


def test_many_mails_are_not_all_remembered(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bounce_watch.upkeep.sent_poll._REMEMBERED", 1)
    follows: Callable[[int], bytes] = lambda number: mail(  # noqa: E731 - two of a kind
        9, Message_ID=f"<f{number}@x.example>", Subject="Once more", In_Reply_To=f"<{number}@shop.example>"
    )
    poll(ledger, Folder([mail(1), mail(2), follows(1), mail(3), follows(3)]))
    told = {send.message_id: send.order_id for send in sends_in(ledger)}
    assert (told["<f1@x.example>"], told["<f3@x.example>"]) == (None, order(3))


def covered(start: datetime, end: datetime) -> SentCoverage:
    return SentCoverage(account="uk", origin=Origin.SENT_FOLDER, start=start, end=end)
