"""First poll, next polls, interrupted polls: against a real Dovecot."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bounce_watch.errors import BounceWatchError, SettingsError
from bounce_watch.mailboxes.base import ImapSpec, Security, open_mailbox
from bounce_watch.records.mail import Batch, Cursor, Wanted
from bounce_watch.records.secret import Secret
from tests.mailboxes.fake_imap import last_cursor, passed_in, uids_of
from tests.mailboxes.samples import NOW, WANTED, mail, ordinary
from tests.servers.dovecot import ALL, JUNK, PASSWORD, Dovecot
from tests.servers.imap import ImapAccount
from tests.servers.proxy import start_proxy

MAILS = 5_000
WANTED_SHARE = 50
"""One in so many is wanted: two per cent."""


def spec_of(account: ImapAccount, **changes: object) -> ImapSpec:
    """A mailbox on the plain loopback port, its inbox only."""
    spec = ImapSpec(
        host=account.host, port=account.port, user=account.user, security=Security.NONE, junk=False
    )
    return replace(spec, **changes)  # type: ignore[arg-type]  # any field, by name


def polled(
    spec: ImapSpec, cursors: Mapping[str, Cursor] | None = None, *, days: int = 0, wanted: Wanted = WANTED
) -> Iterator[Batch]:
    """The batches of one poll, `days` after NOW."""
    with open_mailbox(
        spec, Secret(PASSWORD), account="uk", wanted=wanted, now=lambda: NOW + timedelta(days=days)
    ) as mailbox:
        yield from mailbox.batches(cursors or {})


def polled_until_cut(spec: ImapSpec) -> tuple[list[Batch], int]:
    """What a poll gave before the connection was lost, and the exit code of the error (0: none)."""
    filed: list[Batch] = []
    try:
        filed.extend(polled(spec))
    except BounceWatchError as error:
        return filed, error.exit_code
    return filed, 0


def inbox(cursor: Cursor | None) -> dict[str, Cursor]:
    assert cursor is not None
    return {"INBOX": cursor}


def messages_in(batches: Sequence[Batch]) -> list[bytes]:
    return [message.octets for batch in batches for message in batch.messages]


@pytest.fixture(scope="module")
def big(dovecot: Dovecot) -> ImapAccount:
    """5,000 mails, 2 % of them wanted, some of them read already."""
    account = dovecot.new_account()
    mails = [mail(n) if n % WANTED_SHARE == 7 else ordinary(n) for n in range(1, MAILS + 1)]
    dovecot.fill(account, mails[:4000], flags="S")
    dovecot.fill(account, mails[4000:])
    return account


@pytest.fixture(scope="module")
def first_poll(big: ImapAccount) -> list[Batch]:
    """All batches of the first poll of it."""
    return list(polled(spec_of(big)))


@pytest.fixture(scope="module")
def medium(dovecot: Dovecot) -> ImapAccount:
    """1,200 mails, one in three wanted: several windows of headers and several chunks of bodies."""
    account = dovecot.new_account()
    dovecot.fill(account, [mail(n) if n % 3 == 0 else ordinary(n) for n in range(1, 1201)])
    return account


def flags_of(account: ImapAccount) -> dict[int, tuple[bytes, ...]]:
    with account.client() as client:
        client.select_folder("INBOX", readonly=True)
        return {uid: tuple(sorted(flags)) for uid, flags in client.get_flags(client.search()).items()}


class TestFiveThousandMails:
    def test_first_poll_brings_the_wanted_ones_and_counts_the_rest(self, first_poll: list[Batch]) -> None:
        assert len(messages_in(first_poll)) == MAILS // WANTED_SHARE
        assert set(messages_in(first_poll)) == {mail(n) for n in range(7, MAILS + 1, WANTED_SHARE)}
        assert passed_in(first_poll) == MAILS - MAILS // WANTED_SHARE

    def test_first_cursor_is_at_the_end(self, first_poll: list[Batch]) -> None:
        cursor = last_cursor(first_poll)
        assert (cursor.next_uid, cursor.swept_uid, cursor.due) == (MAILS + 1, MAILS + 1, ())
        assert (cursor.swept_at, cursor.checked_at) == (NOW, NOW)

    def test_next_poll_fetches_nothing_and_only_looked(
        self, big: ImapAccount, first_poll: list[Batch]
    ) -> None:
        cursor = last_cursor(first_poll)
        with start_proxy(big.port) as proxy:
            (again,) = polled(spec_of(big, port=proxy.port), inbox(cursor), days=1)
            assert not [verb for verb in proxy.commands if "FETCH" in verb]
        assert (again.messages, again.passed) == ((), 0)
        assert again.cursor == replace(cursor, checked_at=NOW + timedelta(days=1))

    def test_flags_are_as_they_were(self, big: ImapAccount) -> None:
        before = flags_of(big)
        assert sum(b"\\Seen" in flags for flags in before.values()) == 4000
        assert messages_in(list(polled(spec_of(big))))
        assert flags_of(big) == before

    def test_only_reading_commands_go_over_the_wire(self, big: ImapAccount) -> None:
        with start_proxy(big.port) as proxy:
            cursor = last_cursor(list(polled(spec_of(big, port=proxy.port, junk=True))))
            list(polled(spec_of(big, port=proxy.port), inbox(replace(cursor, next_uid=4000)), days=8))
            verbs = {verb.upper() for verb in proxy.commands}
            octets = bytes(proxy.sent)
        reading = {
            "CAPABILITY",
            "LOGIN",
            "AUTHENTICATE",
            "LIST",
            "EXAMINE",
            "UID SEARCH",
            "UID FETCH",
            "LOGOUT",
        }
        assert {"EXAMINE", "UID SEARCH", "UID FETCH"} <= verbs <= reading
        assert octets.count(b"BODY[") == 0
        assert octets.count(b"BODY.PEEK[]") > 0


class TestInterrupted:
    def test_from_each_cursor_on_the_rest_comes(self, medium: ImapAccount) -> None:
        whole = list(polled(spec_of(medium)))
        for stop in range(len(whole)):
            rest = list(polled(spec_of(medium), inbox(whole[stop].cursor)))
            assert uids_of(whole[: stop + 1]) + uids_of(rest) == uids_of(whole)
            assert passed_in(whole[: stop + 1]) + passed_in(rest) == passed_in(whole)

    def test_cut_anywhere_and_polled_again_the_same_mails_come(self, medium: ImapAccount) -> None:
        with start_proxy(medium.port) as proxy:
            whole = list(polled(spec_of(medium, port=proxy.port)))
            length = proxy.received
        cuts = random.Random(5).sample(range(1, length), 8)
        for cut in cuts:
            with start_proxy(medium.port, cut_after=cut) as proxy:
                filed, exit_code = polled_until_cut(spec_of(medium, port=proxy.port))
            # 0 only where nothing but the answer to LOGOUT was lost.
            assert exit_code == 69 or filed[-1].cursor == last_cursor(whole)
            filed += polled(spec_of(medium), inbox(filed[-1].cursor) if filed else None)
            assert uids_of(filed) == uids_of(whole)
            assert passed_in(filed) == passed_in(whole)


class TestNewMail:
    def test_only_new_wanted_mail_comes_and_the_rest_is_counted(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        account.deliver([mail(1), ordinary(2)])
        cursor = last_cursor(list(polled(spec_of(account))))
        account.deliver([ordinary(3), mail(4), mail(5, sender="a <b@marketplace.amazon.co.uk>"), ordinary(6)])
        batches = list(polled(spec_of(account), inbox(cursor)))
        assert uids_of(batches) == [4, 5]
        assert passed_in(batches) == 2
        assert last_cursor(batches).next_uid == 7
        assert last_cursor(batches).swept_uid == 3

    def test_mail_delivered_during_a_poll_comes_in_the_next(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        account.deliver([mail(1), mail(2)])
        first: list[Batch] = []
        for batch in polled(spec_of(account)):
            first.append(batch)
            account.deliver([mail(10 + len(first))])
        second = list(polled(spec_of(account), inbox(first[-1].cursor)))
        assert len(first) == 2
        assert sorted(messages_in(first) + messages_in(second)) == sorted(map(mail, (1, 2, 11, 12)))

    def test_mail_that_is_gone_is_no_matter(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        account.deliver([mail(1), mail(2), mail(3)])
        cursor = last_cursor(list(polled(spec_of(account))))
        with account.client() as client:
            client.select_folder("INBOX")
            client.delete_messages([2, 3])
            client.expunge()
        (batch,) = polled(spec_of(account), inbox(cursor))
        assert batch.messages == ()
        account.deliver([mail(4)])
        assert uids_of(list(polled(spec_of(account), inbox(batch.cursor)))) == [4]

    def test_since_leaves_older_mail_out_for_good(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        with account.client() as client:
            client.append("INBOX", mail(1), msg_time=NOW - timedelta(days=30))
            client.append("INBOX", mail(2), msg_time=NOW - timedelta(days=3))
        spec = spec_of(account, since=date(2026, 11, 10))
        first = list(polled(spec))
        assert messages_in(first) == [mail(2)]
        assert messages_in(list(polled(spec, inbox(last_cursor(first))))) == []

    def test_received_at_is_the_servers_time_in_utc(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        with account.client() as client:
            client.append("INBOX", mail(1), msg_time=NOW)
        (message,) = (m for batch in polled(spec_of(account)) for m in batch.messages)
        assert message.received_at == NOW


class TestStartingOver:
    def test_other_uidvalidity_reads_everything_again(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        spec = spec_of(account, folders=("Notices",))
        account.deliver([mail(1), mail(2)], folder="Notices")
        old = last_cursor(list(polled(spec)))
        with account.client() as client:
            client.delete_folder("Notices")
        account.deliver([mail(3)], folder="Notices")
        batches = list(polled(spec, {"Notices": old}))
        assert messages_in(batches) == [mail(3)]
        assert last_cursor(batches).uidvalidity != old.uidvalidity

    def test_wider_search_looks_again_at_what_was_passed_over(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        account.deliver([mail(1), mail(2, sender="boss@shop.example")])
        cursor = last_cursor(list(polled(spec_of(account))))
        wider = Wanted(senders=(*WANTED.senders, "boss@shop.example"))
        assert uids_of(list(polled(spec_of(account), inbox(cursor), wanted=wider))) == [1, 2]

    def test_a_sender_with_other_letters_than_ascii(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        wanted = Wanted(senders=("auto-communication", "käufer"))
        cursor = last_cursor(list(polled(spec_of(account), wanted=wanted)))
        account.deliver([mail(1), mail(2, sender="=?utf-8?q?K=C3=A4ufer?= <a@b.example>"), ordinary(3)])
        batches = list(polled(spec_of(account), inbox(cursor), wanted=wanted))
        assert (uids_of(batches), passed_in(batches)) == ([1, 2], 1)

    def test_encoded_display_name_of_a_wanted_sender(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        account.deliver([mail(1, sender="=?utf-8?q?K=C3=A4ufer?= <x9@marketplace.amazon.de>")])
        assert uids_of(list(polled(spec_of(account)))) == [1]


class TestFolders:
    def test_junk_is_found_by_its_mark_not_by_its_name(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        account.deliver([mail(1)])
        account.deliver([mail(2)], folder=JUNK)
        account.deliver([mail(3)], folder="Spam")
        batches = list(polled(spec_of(account, junk=True)))
        assert messages_in(batches) == [mail(1), mail(2)]
        assert {batch.cursor.folder for batch in batches if batch.cursor} == {"INBOX", JUNK}

    def test_no_junk_folder_is_no_error(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        account.deliver([mail(1)])
        assert messages_in(list(polled(spec_of(account, junk=True)))) == [mail(1)]

    def test_each_folder_has_its_own_cursor_and_end(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        account.deliver([mail(1)])
        account.deliver([mail(2), mail(3)], folder="注文")
        batches = list(polled(spec_of(account, folders=("inbox", "注文"))))
        ends = {b.cursor.folder: b.cursor.next_uid for b in batches if b.cursor and b.cursor.checked_at}
        assert ends == {"INBOX": 2, "注文": 3}

    def test_a_folder_named_twice_is_read_once(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        account.deliver([mail(2)], folder=JUNK)
        spec = spec_of(account, folders=("INBOX", JUNK, "Inbox"), junk=True)
        assert messages_in(list(polled(spec))) == [mail(2)]

    def test_all_mail_is_found_by_its_mark(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        account.deliver([mail(1)], folder=ALL)
        assert messages_in(list(polled(spec_of(account, all_mail=True)))) == [mail(1)]

    def test_all_mail_where_there_is_none(self, dovecot: Dovecot) -> None:
        with pytest.raises(SettingsError, match="holding all mail"):
            list(polled(spec_of(dovecot.new_account(), all_mail=True)))

    def test_missing_folder_names_up_to_eight_that_exist(self, dovecot: Dovecot) -> None:
        account = dovecot.new_account()
        with account.client() as client:
            for number in range(10):
                client.create_folder(f"F{number}")
        with pytest.raises(SettingsError) as caught:
            list(polled(spec_of(account, folders=("Notises",))))
        assert "'Notises'" in caught.value.message
        assert caught.value.exit_code == 78
        assert caught.value.advice.count("'F") + caught.value.advice.count("'INBOX'") == 8
        assert "and 3 more" in caught.value.advice

    @pytest.mark.parametrize("name", ["a\r\nA1 LOGOUT", "a\x00b", "a\tb", "a\x85b", ""])
    def test_no_command_hides_in_a_folder_name(self, dovecot: Dovecot, name: str) -> None:
        account = dovecot.new_account()
        with start_proxy(account.port) as proxy, pytest.raises(SettingsError):
            list(polled(spec_of(account, port=proxy.port, folders=(name,))))
        assert bytes(proxy.sent) == b""
