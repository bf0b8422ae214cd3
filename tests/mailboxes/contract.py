"""What every source of mail promises. Each door runs this class, against the real thing behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import ClassVar, Protocol

import pytest

from bounce_watch.errors import BounceWatchError
from bounce_watch.mailboxes.base import Mailbox
from bounce_watch.mailboxes.recent import recent_mails
from bounce_watch.records.mail import Batch, RawMessage
from tests.mailboxes.samples import SAMPLES, large

MIB = 1024 * 1024


class Door(Protocol):
    """One source in the hands of a test."""

    def fill(self, mails: Sequence[bytes]) -> None:
        """Puts the mails there, in this order."""
        ...

    def open(self) -> AbstractContextManager[Mailbox]:
        """The product's mailbox over it."""
        ...

    def open_broken(self) -> AbstractContextManager[Mailbox]:
        """The product's mailbox over a source of this kind that can't be read."""
        ...

    def state(self) -> object:
        """Everything about the source that reading must leave as it was."""
        ...


class MailboxContract:
    """Subclasses give the fixture `door`; `exact` and `single` say what kind of source it is."""

    exact: ClassVar[bool] = True
    single: ClassVar[bool] = False

    def test_same_octets_once_each_in_their_order(self, door: Door) -> None:
        mails = self._fill(door)
        assert [self._comparable(got.octets) for got in read(door)] == [self._comparable(m) for m in mails]

    def test_order_is_stable(self, door: Door) -> None:
        self._fill(door)
        assert [got.ref for got in read(door)] == [got.ref for got in read(door)]

    def test_every_mail_has_a_place_of_its_own(self, door: Door) -> None:
        mails = self._fill(door)
        places = {got.ref for got in read(door)}
        assert len(places) == len(mails)
        assert {place.account for place in places} == {"uk"}

    def test_exact_says_whether_octets_are_as_delivered(self, door: Door) -> None:
        self._fill(door)
        assert {got.exact for got in read(door)} == {self.exact}

    def test_nothing_is_cut_from_small_mails(self, door: Door) -> None:
        self._fill(door)
        assert {got.cut for got in read(door)} == {()}

    def test_reading_changes_nothing(self, door: Door) -> None:
        self._fill(door)
        before = door.state()
        assert read(door)
        assert door.state() == before

    def test_a_mail_of_five_mib_comes_whole(self, door: Door) -> None:
        # An mbox holds one line end less or more, so stay a little below the limit.
        mail = large(5 * MIB - 100)
        door.fill([mail])
        (got,) = read(door)
        assert got.cut == ()
        assert self._comparable(got.octets) == self._comparable(mail)

    def test_a_larger_mail_is_cut_to_two_mib_and_says_so(self, door: Door) -> None:
        door.fill([large(5 * MIB + 200_000)])
        (got,) = read(door)
        assert got.cut == ("octets",)
        assert len(got.octets) == 2 * MIB
        assert got.octets.startswith(b"From: Amazon <auto-communication@amazon.com>")

    def test_the_newest_mails_are_told_by_their_headers(self, door: Door) -> None:
        mails = self._fill(door)
        before = door.state()
        with door.open() as mailbox:
            newest = recent_mails(mailbox, 2)
        heads = [_header(self._comparable(got.octets)) for got in newest]
        assert heads == [_header(self._comparable(mail)) for mail in mails[-2:]]
        assert door.state() == before

    def test_what_cannot_be_read_is_an_error_with_advice(self, door: Door) -> None:
        with pytest.raises(BounceWatchError) as caught, door.open_broken() as mailbox:
            list(mailbox.batches({}))
        assert caught.value.message
        assert caught.value.advice
        assert caught.value.exit_code in {65, 69, 77, 78}

    def _fill(self, door: Door) -> Sequence[bytes]:
        mails = SAMPLES[2:3] if self.single else SAMPLES
        door.fill(mails)
        return mails

    def _comparable(self, octets: bytes) -> bytes:
        return octets if self.exact else octets.replace(b"\r\n", b"\n").strip(b"\n")


def _header(octets: bytes) -> bytes:
    """A mail's header without the blank line behind it."""
    return octets.replace(b"\r\n", b"\n").split(b"\n\n")[0].strip(b"\n")


def read(door: Door) -> list[RawMessage]:
    """All mails of one reading."""
    return [message for batch in batches(door) for message in batch.messages]


def batches(door: Door) -> Iterator[Batch]:
    """All batches of one reading from the beginning."""
    with door.open() as mailbox:
        yield from mailbox.batches({})
