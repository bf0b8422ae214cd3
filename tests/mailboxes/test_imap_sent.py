"""The folder of sent mail: found, searched by recipients, and since when it is whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bounce_watch.errors import SettingsError
from bounce_watch.mailboxes.base import ImapSpec, Security, open_sent_folder
from bounce_watch.mailboxes.imap_plan import scope_of, wanted_criteria
from bounce_watch.mailboxes.imap_sent import TO_BUYERS, SentMailbox
from bounce_watch.mailboxes.imap_server import Server
from bounce_watch.mailboxes.specs import NoSentFolder, SentFolder
from bounce_watch.records.mail import Batch, Cursor, Wanted
from bounce_watch.records.secret import Secret
from tests.mailboxes.fake_imap import FakeImap, last_cursor, passed_in, uids_of
from tests.mailboxes.samples import NOW
from tests.servers.dovecot import ALSO_SENT, PASSWORD, SENT, Dovecot
from tests.servers.imap import ImapAccount
from tests.servers.proxy import start_proxy

ALIAS = "aaaaaaaaaaaaaa1@marketplace.amazon.co.uk"
SEPTEMBER = datetime(2025, 9, 1, 12, tzinfo=UTC)
"""Dovecot takes no time that is still to come."""
DAY = timedelta(days=1)
SPEC = ImapSpec(host="imap.shop.example", user="seller")


def mail(number: int, *recipients: str) -> bytes:
    lines = [
        *(recipients or (f"To: Buyer <{ALIAS}>",)),
        "From: post@shop.example",
        f"Subject: number {number}",
    ]
    return "\r\n".join([*lines, f"Message-ID: <{number}@shop.example>", "", "Hello.", ""]).encode()


def stranger(number: int) -> bytes:
    return mail(number, "To: friend@firm.example")


def put(account: ImapAccount, folder: str, mails: Sequence[bytes], *, at: datetime = SEPTEMBER) -> None:
    """Puts mails into the folder, one a day."""
    with account.client() as client:
        if not client.folder_exists(folder):
            client.create_folder(folder)
        for day, octets in enumerate(mails):
            client.append(folder, octets, flags=[b"\\Seen"] if day % 2 else [], msg_time=at + day * DAY)


def spec_of(account: ImapAccount, **changes: object) -> ImapSpec:
    spec = ImapSpec(host=account.host, port=account.port, user=account.user, security=Security.NONE)
    return replace(spec, **changes)  # type: ignore[arg-type]  # any field, by name


def polled(spec: ImapSpec, cursors: Mapping[str, Cursor] | None = None, *, days: int = 0) -> list[Batch]:
    with open_sent_folder(spec, Secret(PASSWORD), account="uk", now=lambda: NOW + days * DAY) as mailbox:
        return list(mailbox.batches(cursors or {}))


def again(spec: ImapSpec, batches: Sequence[Batch], *, days: int = 1) -> list[Batch]:
    """A poll that goes on where another one ended."""
    cursor = last_cursor(batches)
    return polled(spec, {cursor.folder: cursor}, days=days)


def folder_of(spec: ImapSpec) -> SentFolder | NoSentFolder:
    with open_sent_folder(spec, Secret(PASSWORD), account="uk", now=lambda: NOW) as mailbox:
        return mailbox.folder()


def of_fake(fake: FakeImap) -> SentMailbox:
    secret = Secret(PASSWORD)
    server = Server(fake, SPEC.place, secret)
    spec = replace(SPEC, sent_folder="Sent")
    return SentMailbox(server, spec, secret=secret, account="uk", now=lambda: NOW)


class TestWhichFolder:
    def test_the_one_that_the_server_marks_whatever_its_name(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        put(account, "Sent", [mail(1)])
        put(account, SENT, [mail(2)])
        assert folder_of(spec_of(account)) == (SENT, "which the server marks so")

    def test_of_two_marked_ones_the_one_with_mail(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        put(account, SENT, [])
        put(account, ALSO_SENT, [mail(1)])
        assert folder_of(spec_of(account))[0] == ALSO_SENT
        put(account, SENT, [mail(2)])
        with pytest.raises(SettingsError) as caught:
            polled(spec_of(account))
        assert repr(SENT) in caught.value.message
        assert repr(ALSO_SENT) in caught.value.message
        assert "sent_folder" in caught.value.advice
        assert folder_of(spec_of(account, sent_folder=SENT)) == (SENT, "as the settings say")

    @pytest.mark.parametrize("name", ["Gesendete Elemente", "INBOX.SENT", "送信済み"])
    def test_one_with_a_usual_name_where_none_is_marked(self, dovecot: Dovecot, name: str) -> None:
        account = dovecot.new_account()
        put(account, name, [mail(1)])
        put(account, "Archive.2019.Sent", [mail(2)])
        assert folder_of(spec_of(account)) == (name, "by its usual name")

    def test_none_is_said_and_nothing_is_read(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        put(account, "Outgoing", [mail(1)])
        found = folder_of(spec_of(account))
        assert isinstance(found, NoSentFolder)
        assert "marks no folder of sent mail" in found.message

    def test_a_wrong_name_is_told_with_those_that_there_are(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        put(account, "Outgoing", [mail(1)])
        with pytest.raises(SettingsError, match="'Outgoin'") as caught:
            folder_of(spec_of(account, sent_folder="Outgoin"))
        assert "'Outgoing'" in caught.value.advice

    def test_switched_off(self) -> None:
        assert not replace(SPEC, sent_folder="None").reads_sent
        assert SPEC.reads_sent


class TestReading:
    def test_mails_to_buyers_in_any_field_and_nothing_is_changed(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        copies = [
            mail(2, f"To: a@b.example\r\nCc: {ALIAS}"),
            mail(3, f"Bcc: c@d.example,\r\n {ALIAS.upper()}"),
        ]
        put(account, SENT, [mail(1), stranger(4), *copies, stranger(5)])
        before = flags_of(account)
        with start_proxy(account.port) as proxy:
            spec = spec_of(account, port=proxy.port)
            batches = polled(spec)
            octets = [message.octets for batch in batches for message in batch.messages]
            assert octets == [mail(1), *copies]
            assert passed_in(batches) == 2
            put(account, SENT, [stranger(6), mail(7, f"Cc: {ALIAS}")])
            rest = again(spec, batches)
            assert (uids_of(rest), passed_in(rest)) == ([7], 1)
            asked = bytes(proxy.sent).replace(b'"', b"")
            assert b"TO marketplace.amazon" in asked, asked[-700:]
            for verb in (
                "SELECT",
                "STORE",
                "UID STORE",
                "APPEND",
                "EXPUNGE",
                "UID COPY",
                "UID MOVE",
                "CLOSE",
            ):
                assert verb not in proxy.commands
        assert {uid: flags for uid, flags in flags_of(account).items() if uid < 6} == before

    def test_its_cursor_is_not_that_of_the_same_folder_read_as_incoming_mail(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        put(account, SENT, [mail(1)])
        cursor = last_cursor(polled(spec_of(account)))
        assert (cursor.folder, cursor.next_uid, cursor.checked_at) == (f"sent:{SENT}", 2, NOW)

    def test_where_the_server_refuses_to_search_the_headers_decide(self) -> None:
        fake = FakeImap({1: mail(1)})
        first = list(of_fake(fake).batches({}))
        fake.refuses_to_search = True
        fake.add(2, stranger(2))
        fake.add(3, mail(3))
        cursor = last_cursor(first)
        rest = list(of_fake(fake).batches({cursor.folder: cursor}))
        assert (uids_of(first), uids_of(rest), passed_in(rest)) == ([1], [3], 1)

    def test_a_mail_without_any_recipient_is_passed_over(self) -> None:
        fake = FakeImap({1: mail(1, "X-Draft: yes"), 2: mail(2)})
        fake.tells_nil = True
        batches = list(of_fake(fake).batches({}))
        assert (uids_of(batches), passed_in(batches), last_cursor(batches).due) == ([2], 1, ())

    def test_what_is_looked_for(self) -> None:
        assert wanted_criteria(TO_BUYERS) == [
            "OR",
            ["TO", "marketplace.amazon"],
            ["OR", ["CC", "marketplace.amazon"], ["BCC", "marketplace.amazon"]],
        ]
        assert scope_of(TO_BUYERS, None) != scope_of(Wanted(senders=TO_BUYERS.recipients), None)
        with pytest.raises(ValueError, match="not for both"):
            Wanted(senders=("a",), recipients=("b",))


class TestSinceWhenItIsWhole:
    def whole_from(self, batches: Sequence[Batch]) -> datetime | None:
        assert {batch.whole_from for batch in batches[:-1]} <= {None}
        return batches[-1].whole_from

    def test_first_since_its_oldest_mail_whoever_it_went_to(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        put(account, SENT, [mail(1), mail(2)], at=SEPTEMBER + 3 * DAY)
        put(account, SENT, [stranger(3)])  # moved there later, as old as it is
        assert self.whole_from(polled(spec_of(account))) == SEPTEMBER

    def test_then_since_the_last_look_as_long_as_old_mail_is_left(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        put(account, SENT, [mail(1), mail(2)])
        first = polled(spec_of(account))
        second = again(spec_of(account), first)
        assert self.whole_from(second) == NOW
        put(account, SENT, [mail(3)], at=SEPTEMBER + 9 * DAY)
        empty(account, SENT, [1])
        third = again(spec_of(account), second, days=2)
        assert self.whole_from(third) == NOW + DAY

    def test_emptied_with_nothing_new_it_is_whole_since_the_last_look(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        put(account, SENT, [mail(1)])
        first = polled(spec_of(account))
        empty(account, SENT, [1])
        assert self.whole_from(again(spec_of(account), first)) == NOW

    def test_emptied_and_written_to_nobody_knows_what_went_with_it(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        put(account, SENT, [mail(1)])
        first = polled(spec_of(account), days=-600)
        put(account, SENT, [mail(2), mail(3)], at=SEPTEMBER + 60 * DAY)
        empty(account, SENT, [1, 2])
        assert self.whole_from(again(spec_of(account), first)) == SEPTEMBER + 61 * DAY
        empty(account, SENT, [3])
        assert self.whole_from(again(spec_of(account), first)) is None

    def test_of_an_empty_folder_nothing_is_known_at_first(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        put(account, SENT, [])
        first = polled(spec_of(account))
        assert self.whole_from(first) is None
        assert self.whole_from(again(spec_of(account), first)) == NOW

    def test_a_new_uidvalidity_reads_all_again_and_leaves_no_gap(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        put(account, SENT, [mail(1), mail(2)])
        first = polled(spec_of(account))
        cursor = replace(last_cursor(first), uidvalidity=1)
        second = polled(spec_of(account), {cursor.folder: cursor}, days=1)
        assert (uids_of(second), self.whole_from(second)) == ([1, 2], NOW)

    def test_not_before_the_day_of_the_settings(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        put(account, SENT, [mail(number) for number in range(5)])
        batches = polled(spec_of(account, since=date(2025, 9, 4)))
        assert self.whole_from(batches) == datetime(2025, 9, 4, tzinfo=UTC)
        assert uids_of(batches) == [4, 5]

    @pytest.mark.parametrize("at", [None, datetime(9999, 12, 31, tzinfo=UTC)])
    def test_odd_times_of_a_server(self, at: datetime | None) -> None:
        fake = FakeImap({1: mail(1)})
        fake.received_at = at
        assert self.whole_from(list(of_fake(fake).batches({}))) == at


def empty(account: ImapAccount, folder: str, uids: Sequence[int]) -> None:
    with account.client() as client:
        client.select_folder(folder)
        client.delete_messages(uids)
        client.expunge()


def flags_of(account: ImapAccount) -> dict[int, tuple[bytes, ...]]:
    with account.client() as client:
        client.select_folder(SENT, readonly=True)
        return {uid: tuple(sorted(flags)) for uid, flags in client.get_flags(client.search()).items()}
