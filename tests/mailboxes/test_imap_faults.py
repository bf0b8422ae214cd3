"""Servers that lie, lose and forget: on a client in memory."""

from __future__ import annotations

import imaplib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bounce_watch.errors import SettingsError, TryLater, Unreachable
from bounce_watch.mailboxes.imap_plan import LISTED_AT_ONCE
from bounce_watch.records.mail import Wanted
from tests.mailboxes.fake_imap import FakeImap, last_cursor, passed_in, poll, uids_of
from tests.mailboxes.samples import NOW, WANTED, mail, ordinary

MIB = 1024 * 1024


def three() -> FakeImap:
    return FakeImap({1: mail(1), 2: mail(2), 3: mail(3)})


class TestDue:
    def test_a_mail_without_a_body_is_due_and_comes_next_time(self) -> None:
        fake = three()
        fake.without_body = {2}
        first = poll(fake)
        assert (uids_of(first), last_cursor(first).due) == ([1, 3], (2,))
        assert last_cursor(first).next_uid == 4
        fake.without_body = set()
        second = poll(fake, last_cursor(first))
        assert (uids_of(second), last_cursor(second).due) == ([2], ())
        assert second[0].messages[0].cut == ()

    def test_due_mail_comes_before_new_mail(self) -> None:
        fake = three()
        fake.without_body = {1}
        cursor = last_cursor(poll(fake))
        fake.without_body = set()
        fake.add(4, mail(4))
        assert uids_of(poll(fake, cursor)) == [1, 4]

    def test_a_short_body_is_fetched_again(self) -> None:
        fake = three()
        fake.cut_bodies = {3: 50}
        first = poll(fake)
        assert (uids_of(first), last_cursor(first).due) == ([1, 2], (3,))
        fake.cut_bodies = {}
        second = poll(fake, last_cursor(first))
        assert [message.octets for message in second[0].messages] == [mail(3)]

    def test_a_body_that_is_short_twice_is_taken_and_says_so(self) -> None:
        fake = three()
        fake.sizes = {2: len(mail(2)) + 3}
        first = poll(fake)
        second = poll(fake, last_cursor(first))
        (message,) = second[0].messages
        assert (message.octets, message.cut) == (mail(2), ("literal",))
        assert last_cursor(second).due == ()
        assert uids_of(poll(fake, last_cursor(second))) == []

    def test_a_longer_body_than_announced_is_taken(self) -> None:
        fake = three()
        fake.sizes = {2: 10}
        batches = poll(fake)
        assert (uids_of(batches), last_cursor(batches).due) == ([1, 2, 3], ())

    def test_a_due_mail_that_the_server_no_longer_lists_is_dropped(self) -> None:
        fake = three()
        fake.without_body = {2}
        cursor = last_cursor(poll(fake))
        del fake.mails[2]
        batches = poll(fake, cursor)
        assert (uids_of(batches), last_cursor(batches).due) == ([], ())

    def test_a_mail_that_never_comes_stays_due_and_stops_nothing(self) -> None:
        fake = three()
        fake.without_body = {1}
        cursor = last_cursor(poll(fake))
        fake.add(4, mail(4))
        batches = poll(fake, cursor)
        assert (uids_of(batches), last_cursor(batches).due) == ([4], (1,))
        assert last_cursor(batches).checked_at == NOW

    def test_a_refused_mail_is_due_and_its_neighbours_come(self) -> None:
        fake = FakeImap({uid: mail(uid) for uid in range(1, 41)})
        fake.refused = {17}
        batches = poll(fake)
        assert uids_of(batches) == [uid for uid in range(1, 41) if uid != 17]
        assert last_cursor(batches).due == (17,)
        fake.refused = set()
        assert uids_of(poll(fake, last_cursor(batches))) == [17]

    def test_a_due_mail_that_turns_out_unwanted_is_passed(self) -> None:
        fake = FakeImap({1: ordinary(1), 2: mail(2)})
        fake.refused = {1}
        cursor = last_cursor(poll(fake))
        assert cursor.due == (1,)
        fake.refused = set()
        batches = poll(fake, cursor)
        assert (uids_of(batches), passed_in(batches), last_cursor(batches).due) == ([], 1, ())

    def test_a_server_that_refuses_everything_is_an_error_not_a_pile_of_due_mail(self) -> None:
        fake = FakeImap({uid: mail(uid) for uid in range(1, 60)})
        fake.refused = set(fake.mails)
        with pytest.raises(Unreachable):
            poll(fake)

    def test_mail_expunged_between_header_and_body_is_gone_not_due(self) -> None:
        fake = three()

        def expunge() -> None:
            fake.mails.pop(2, None)

        fake.before_bodies = expunge
        batches = poll(fake)
        assert (uids_of(batches), last_cursor(batches).due) == ([1, 3], ())
        assert passed_in(batches) == 0


class TestSweep:
    def test_the_weekly_sweep_finds_what_search_did_not(self) -> None:
        fake = FakeImap({1: mail(1)})
        cursor = last_cursor(poll(fake))
        fake.add(2, mail(2))
        fake.add(3, ordinary(3))
        fake.unsearchable = {2}
        missed = poll(fake, cursor, now=NOW + timedelta(days=6))
        assert (uids_of(missed), passed_in(missed)) == ([], 2)
        swept = poll(fake, last_cursor(missed), now=NOW + timedelta(days=7))
        assert (uids_of(swept), passed_in(swept)) == ([2], 0)
        assert last_cursor(swept).swept_uid == 4
        assert last_cursor(swept).swept_at == NOW + timedelta(days=7)

    def test_no_sweep_within_a_week(self) -> None:
        fake = FakeImap({1: mail(1)})
        cursor = last_cursor(poll(fake))
        fake.add(2, ordinary(2))
        late = last_cursor(poll(fake, cursor, now=NOW + timedelta(days=6)))
        fake.fetched.clear()
        again = poll(fake, late, now=NOW + timedelta(days=6, hours=23))
        assert (last_cursor(again).swept_uid, last_cursor(again).swept_at) == (2, NOW)
        assert sum(fake.fetched.values()) == 0

    def test_a_sweep_never_looks_at_what_an_earlier_one_judged(self) -> None:
        fake = FakeImap({uid: ordinary(uid) for uid in range(1, 101)})
        cursor = last_cursor(poll(fake))
        fake.add(101, ordinary(101))
        cursor = last_cursor(poll(fake, cursor))
        fake.fetched.clear()
        poll(fake, cursor, now=NOW + timedelta(days=8))
        assert fake.fetched["RFC822.SIZE"] == 1

    def test_an_interrupted_first_sweep_goes_on_as_a_sweep(self) -> None:
        fake = FakeImap({uid: ordinary(uid) for uid in range(1, 1301)})
        fake.mails[1200] = mail(1200)
        fake.unsearchable = {1200}
        first = poll(fake)[0]
        assert first.cursor is not None
        assert (first.cursor.next_uid, first.cursor.swept_uid, first.passed) == (501, 501, 500)
        assert (first.cursor.swept_at, first.cursor.checked_at) == (None, None)
        rest = poll(fake, first.cursor)
        assert (uids_of(rest), passed_in(rest)) == ([1200], 799)

    def test_new_mail_is_not_swept_every_time(self) -> None:
        fake = FakeImap({1: mail(1)})
        cursor = last_cursor(poll(fake))
        for uid in range(2, 102):
            fake.add(uid, mail(uid) if uid == 50 else ordinary(uid))
        fake.fetched.clear()
        batches = poll(fake, cursor)
        assert (uids_of(batches), passed_in(batches)) == ([50], 99)
        assert fake.fetched["RFC822.SIZE"] == 1


class TestStart:
    def test_uidvalidity_and_scope_start_over_but_other_order_of_senders_does_not(self) -> None:
        fake = three()
        cursor = last_cursor(poll(fake))
        assert uids_of(poll(fake, replace(cursor, uidvalidity=8))) == [1, 2, 3]
        assert uids_of(poll(fake, replace(cursor, scope="other"))) == [1, 2, 3]
        assert uids_of(poll(fake, cursor, wanted=Wanted(senders=WANTED.senders[::-1]))) == []

    def test_uidnext_that_went_back_starts_over(self) -> None:
        cursor = last_cursor(poll(FakeImap({50: mail(1)})))
        made_anew = FakeImap({1: mail(1), 2: mail(2)})
        assert uids_of(poll(made_anew, cursor)) == [1, 2]

    def test_an_empty_folder(self) -> None:
        (batch,) = poll(FakeImap())
        assert batch.messages == ()
        assert (batch.cursor and batch.cursor.next_uid, batch.cursor and batch.cursor.checked_at) == (1, NOW)

    def test_a_folder_too_large_for_one_list_is_listed_in_parts(self) -> None:
        fake = FakeImap({uid: ordinary(1) for uid in range(1, LISTED_AT_ONCE + 101)})
        fake.mails[LISTED_AT_ONCE + 50] = mail(7)
        batches = poll(fake)
        assert uids_of(batches) == [LISTED_AT_ONCE + 50]
        assert passed_in(batches) == LISTED_AT_ONCE + 99
        assert last_cursor(batches).next_uid == LISTED_AT_ONCE + 101

    def test_nobody_wanted_fetches_no_body(self) -> None:
        fake = three()
        batches = poll(fake, wanted=Wanted(senders=()))
        assert (uids_of(batches), passed_in(batches)) == ([], 3)
        fake.add(4, mail(4))
        more = poll(fake, last_cursor(batches), wanted=Wanted(senders=()))
        assert (uids_of(more), passed_in(more), fake.fetched["BODY.PEEK[]"]) == ([], 1, 0)

    @pytest.mark.parametrize(
        ("received_at", "meant"),
        [
            (None, None),
            (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))), None),
            (datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), datetime(1970, 1, 1, tzinfo=UTC)),
        ],
    )
    def test_odd_dates_of_arrival_stop_nothing(
        self, received_at: datetime | None, meant: datetime | None
    ) -> None:
        fake = three()
        fake.received_at = received_at
        batches = poll(fake)
        assert uids_of(batches) == [1, 2, 3]
        assert batches[0].messages[0].received_at == meant


class TestChunks:
    def test_bodies_come_in_chunks_of_two_hundred(self) -> None:
        fake = FakeImap({uid: mail(uid) for uid in range(1, 451)})
        assert [len(batch.messages) for batch in poll(fake)] == [200, 200, 50, 0]

    def test_bodies_come_in_chunks_of_eight_mib(self) -> None:
        fake = FakeImap({uid: mail(uid, body=b"x" * 3 * MIB) for uid in range(1, 6)})
        batches = poll(fake)
        assert [len(batch.messages) for batch in batches] == [2, 2, 1, 0]
        assert [batch.cursor.next_uid for batch in batches if batch.cursor] == [3, 5, 6, 6]

    def test_each_cursor_passes_over_only_what_its_batch_counted(self) -> None:
        mails = {uid: mail(uid) if uid % 2 else ordinary(uid) for uid in range(1, 451)}
        batches = poll(FakeImap(mails))
        # 225 wanted ones: UIDs 1, 3, ... The 200th is 399; below it lie 199 unwanted ones.
        assert [(len(b.messages), b.passed) for b in batches] == [(200, 199), (25, 26), (0, 0)]

    def test_a_large_mail_is_fetched_in_part(self) -> None:
        fake = FakeImap({1: mail(1, body=b"x" * 6 * MIB)})
        (message, *_) = (m for batch in poll(fake) for m in batch.messages)
        assert (len(message.octets), message.cut) == (2 * MIB, ("octets",))

    def test_a_mail_far_larger_than_announced_is_cut(self) -> None:
        fake = FakeImap({1: mail(1, body=b"x" * 6 * MIB)})
        fake.sizes = {1: 100}
        (message, *_) = (m for batch in poll(fake) for m in batch.messages)
        assert (len(message.octets), message.cut) == (2 * MIB, ("octets",))


class TestAnswers:
    @pytest.mark.parametrize("code", ["THROTTLED", "INUSE", "UNAVAILABLE", "OVERQUOTA", "LIMIT"])
    def test_busy_servers_are_asked_again_later(self, code: str) -> None:
        fake = three()

        def fail() -> None:
            raise imaplib.IMAP4.error(f"fetch failed: [{code}] later, please")

        fake.before_bodies = fail
        with pytest.raises(TryLater) as caught:
            poll(fake)
        assert caught.value.exit_code == 75

    @pytest.mark.parametrize(
        "problem",
        [imaplib.IMAP4.abort("socket error: EOF"), ConnectionResetError(104, "reset"), TimeoutError()],
    )
    def test_a_lost_connection(self, problem: Exception) -> None:
        fake = three()

        def fail() -> None:
            raise problem

        fake.before_bodies = fail
        with pytest.raises(Unreachable) as caught:
            poll(fake)
        assert "imap.shop.example:993" in caught.value.message
        assert caught.value.__cause__ is problem

    @pytest.mark.parametrize("sender", ["a\r\nA2 DELETE INBOX", "b\x00"])
    def test_no_command_hides_in_a_search(self, sender: str) -> None:
        fake = three()
        wanted = Wanted(senders=(sender,))
        cursor = last_cursor(poll(fake, wanted=wanted))
        fake.add(4, mail(4))
        with pytest.raises(SettingsError):
            poll(fake, cursor, wanted=wanted)
