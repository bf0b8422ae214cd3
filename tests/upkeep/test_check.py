"""Questions and answers: who is meant, what is said, and how lines come out of a pipe."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounce_watch import listed
from bounce_watch.outgoing.rules import may_still_send
from bounce_watch.records.account import Account
from bounce_watch.records.facts import Facts, FactsWithAge
from bounce_watch.records.filed import Run
from bounce_watch.records.ids import MARKETPLACES, Alias, OrderId
from bounce_watch.records.opt_out import Answer, EntrySource, SuppressionEntry
from bounce_watch.reports.attention import STALE_AFTER
from bounce_watch.text.inert import json_text
from bounce_watch.upkeep.check import (
    ALLOWED,
    AT_ONCE,
    BLANK,
    LINE_LIMIT,
    MAX_AGE,
    NO_NAME,
    OUTSIDE,
    SHARED,
    TOO_LONG,
    Checked,
    ListCheck,
    State,
    as_item,
    as_line,
    in_words,
    may_send,
    questions_in,
)
from tests.upkeep.samples import HOUR, NOW, READ

ORDER = OrderId("203-1234567-7654321")
OTHER_ORDER = OrderId("203-1111111-2222222")
ALIAS = Alias("abcdefghijklm01", "amazon.co.uk")
SINCE = datetime(2026, 9, 30, 8, tzinfo=UTC)
ENTRY = SuppressionEntry(
    account="uk",
    alias=ALIAS,
    order_ids=(ORDER,),
    marketplace="amazon.co.uk",
    since=SINCE,
    last_noticed_at=SINCE,
    notices=1,
    source=EntrySource.OPT_OUT,
    reason="opted out",
)
BY_HAND = replace(
    ENTRY,
    alias=None,
    order_ids=(OTHER_ORDER,),
    source=EntrySource.MANUAL,
    reason="wrote a\tletter \x1b[31m",
    expires_at=NOW + timedelta(days=8),
)
ALLOWED_ORDER = OrderId("203-3333333-4444444")


@dataclass
class FakeLedger:
    """Knows when it was last polled, whether a mail was ever read, and of nothing else."""

    last: Run | None = READ
    read_mail: bool = True

    def last_complete_poll(self, account: str) -> Run | None:
        assert account == "uk"
        return self.last

    def has_read_mail(self, account: str) -> bool:
        assert account == "uk"
        return self.read_mail


@pytest.fixture(autouse=True)
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[set[OrderId | Alias]]:
    """The names of each look at the list."""
    asked: list[set[OrderId | Alias]] = []

    def lookup(
        ledger: Facts, account: Account, names: Collection[OrderId | Alias], *, at: datetime
    ) -> dict[OrderId | Alias, Answer]:
        asked.append(set(names))
        listed = {ALIAS: ENTRY, ORDER: ENTRY, OTHER_ORDER: BY_HAND}
        return {
            name: Answer(name=name, entry=listed.get(name), allowed=name == ALLOWED_ORDER) for name in names
        }

    monkeypatch.setattr(listed, "lookup", lookup)
    return asked


def list_check(last: Run | None = READ, **changes: Any) -> ListCheck:
    made = ListCheck(
        ledger=cast("FactsWithAge", FakeLedger(last)),
        account=Account(name="uk"),
        marketplaces=MARKETPLACES,
        has_mailbox=True,
    )
    return replace(made, **changes)


def ask(*questions: str, last: Run | None = READ, **changes: Any) -> list[Checked]:
    return list_check(last, **changes).answers(questions, at=NOW)


@pytest.mark.parametrize(
    "question",
    [
        "203-1234567-7654321",
        " [203-1234567-7654321] \r",
        "abcdefghijklm01@marketplace.amazon.co.uk",
        "ABCDEFGHIJKLM01+tag@Marketplace.Amazon.co.uk",
        '"Doe, Jane" <abcdefghijklm01@marketplace.amazon.co.uk>',
        "order 203-1234567-7654321 of jane@friend.example",
    ],
)
def test_somebody_on_the_list(question: str) -> None:
    (answer,) = ask(question)
    assert answer == Checked(
        asked=question,
        state=State.LISTED,
        name=ALIAS if "marketplace" in question.lower() else ORDER,
        reason="opted out",
        since=SINCE,
        source=EntrySource.OPT_OUT,
        last_complete_poll_at=NOW - HOUR,
        stale=False,
    )
    assert answer.listed


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("", BLANK),
        (" \t\r", BLANK),
        ("hello", NO_NAME),
        ("203-1234567-76543210", NO_NAME),
        ("\ud800\udcff\0", NO_NAME),
        ("jane@friend.example", OUTSIDE),
        ("abcdefghijklm01@amazon.co.uk", OUTSIDE),
        ("abcdefghijklm01@marketplace.amazon.co.uk.evil.example", OUTSIDE),
        ("no-reply-amazon-iba-buyer@marketplace.amazon.co.uk", SHARED),
        (f"{ORDER} {'x' * LINE_LIMIT}", TOO_LONG),
    ],
)
def test_a_question_that_names_nobody(
    question: str, reason: str, looked_up: list[set[OrderId | Alias]]
) -> None:
    (answer,) = ask(question)
    assert (answer.state, answer.reason, answer.name) == (State.UNKNOWN, reason, None)
    assert not answer.listed
    assert looked_up == []


def test_the_longest_question_and_one_octet_more() -> None:
    fits = str(ORDER).rjust(LINE_LIMIT)
    states = [answer.state for answer in ask(fits, f" {fits}", fits.replace(" ", "\u20ac", 1))]
    assert states == [State.LISTED, State.UNKNOWN, State.UNKNOWN]


def test_answers_come_in_order_after_one_look(looked_up: list[set[OrderId | Alias]]) -> None:
    answers = ask("203-9999999-9999999", "", str(ORDER), "no", str(ALIAS), str(ALLOWED_ORDER), str(ORDER))
    assert "".join(answer.state.value[0] for answer in answers) == "cululcl"
    assert looked_up == [{OrderId("203-9999999-9999999"), ORDER, ALIAS, ALLOWED_ORDER}]
    allowed = answers[5]
    assert (allowed.allowed, allowed.reason, allowed.source) == (True, ALLOWED, None)
    assert (answers[0].allowed, answers[0].reason) == (False, "")
    assert ask() == []


def test_of_several_names_the_one_on_the_list_answers() -> None:
    (answer,) = ask(f"no-reply-amazon-iba-buyer@marketplace.amazon.co.uk, 203-9999999-9999999, {OTHER_ORDER}")
    assert (answer.name, answer.source) == (OTHER_ORDER, EntrySource.MANUAL)
    assert answer.expires_at == NOW + timedelta(days=8)


@pytest.mark.parametrize(
    ("last", "changes", "stale"),
    [
        (READ, {}, False),
        (READ, {"max_age": HOUR}, False),
        (READ, {"max_age": HOUR - timedelta(seconds=1)}, True),
        (None, {}, True),
        (None, {"has_mailbox": False}, False),
    ],
)
def test_when_an_answer_can_be_trusted(last: Run | None, changes: dict[str, Any], stale: bool) -> None:
    for answer in ask(str(ORDER), str(ALLOWED_ORDER), "?", last=last, **changes):
        assert answer.stale is stale
        assert answer.last_complete_poll_at == (last.finished_at if last else None)


def test_an_account_of_which_no_mail_was_ever_read_can_t_be_trusted() -> None:
    """Its list is empty for no reason of its buyers: nobody polls it, and nobody imported anything."""
    empty = cast("FactsWithAge", FakeLedger(None, read_mail=False))
    (answer,) = ask("203-9999999-9999999", ledger=empty, has_mailbox=False)
    assert (answer.state, answer.stale, answer.may_go) == (State.CLEAR, True, False)


@pytest.mark.parametrize(
    ("question", "may_go"), [("203-9999999-9999999", True), (str(ORDER), False), ("?", False)]
)
def test_what_may_go(question: str, may_go: bool) -> None:
    assert ask(question)[0].may_go is may_go
    assert not ask(question, last=None)[0].may_go


def test_the_age_is_that_of_the_report() -> None:
    assert MAX_AGE == STALE_AFTER


def test_what_may_go_is_told_of_opt_outs_only() -> None:
    by_notice, by_hand, clear = ask(str(ORDER), str(OTHER_ORDER), "203-9999999-9999999")
    assert may_send(by_notice) == may_still_send()
    assert may_still_send()
    assert may_send(by_hand) == may_send(clear) == ()


def test_a_line_for_a_script() -> None:
    lines = [as_line(answer) for answer in ask(str(ORDER), f"\t{OTHER_ORDER} ", "a\tb\x1b", last=None)]
    assert lines == [
        "203-1234567-7654321\tlisted\t2026-09-30T08:00:00Z\topted out\t\n",
        "203-1111111-2222222\tlisted\t2026-09-30T08:00:00Z\twrote a\\u{9}letter \\u{1b}[31m\t\n",
        f"a\\u{{9}}b\\u{{1b}}\tunknown\t\t{NO_NAME}\t\n",
    ]
    (clear,) = ask("203-9999999-9999999")
    assert as_line(clear) == "203-9999999-9999999\tclear\t\t\t2026-11-23T05:30:00Z\n"
    (long,) = ask("x" * 5000)
    assert as_line(long).split("\t")[0] == f"{'x' * 80}..."


def test_an_object_for_a_program() -> None:
    by_hand, nobody = (as_item(answer, account="uk") for answer in ask(str(OTHER_ORDER), "?"))
    assert by_hand == {
        "asked": "203-1111111-2222222",
        "account": "uk",
        "name": "203-1111111-2222222",
        "state": "listed",
        "listed": True,
        "allowed": False,
        "reason": BY_HAND.reason,
        "since": "2026-09-30T08:00:00Z",
        "source": "manual",
        "expires_at": "2026-12-01T06:30:00Z",
        "may_send": [],
        "last_complete_poll_at": "2026-11-23T05:30:00Z",
        "stale": False,
    }
    assert json.loads(json_text(nobody))["name"] is None
    assert (nobody["state"], nobody["since"], nobody["source"]) == ("unknown", None, None)
    assert as_item(ask(str(ORDER))[0], account="uk")["may_send"] == list(may_still_send())


def test_words_for_a_person() -> None:
    answers = ask(str(ORDER), str(OTHER_ORDER), str(ALLOWED_ORDER), "203-9999999-9999999", "?")
    lines = list(in_words(answers, at=NOW, zone=ZoneInfo("Europe/London")))
    assert lines[:5] == [
        "203-1234567-7654321: on the list since 30 Sep 2026 09:00: opted out",
        f"203-1111111-2222222: on the list since 30 Sep 2026 09:00, until 1 Dec 2026 06:30: {BY_HAND.reason}",
        f"203-3333333-4444444: {ALLOWED}",
        "203-9999999-9999999: not on the list",
        f"?: can't be answered: {NO_NAME}",
    ]
    assert lines[6:-1] == [f"  {each}" for each in may_still_send()]
    assert lines[-1] == "Last complete poll: 23 Nov 2026 05:30, 60 minutes ago."


def test_words_where_little_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    (answer,) = ask("203-9999999-9999999", last=None)
    unknown_since = replace(answer, state=State.LISTED, reason="added")
    lines = list(in_words([unknown_since], at=NOW, zone=ZoneInfo("UTC")))
    assert lines == ["203-9999999-9999999: on the list: added", "Last complete poll: never."]


def test_times_are_utc() -> None:
    with pytest.raises(ValueError, match="last_complete_poll_at"):
        Checked(asked="", state=State.CLEAR, last_complete_poll_at=datetime(2026, 1, 1), stale=False)


def pipe(*blocks: bytes) -> Iterator[list[str]]:
    waiting = iter(blocks)
    return questions_in(lambda size: next(waiting, b""))


def test_lines_that_wait_are_one_batch() -> None:
    assert list(pipe(b"a\nb\nc\n", b"d\n")) == [["a", "b", "c"], ["d"]]
    many = b"".join(b"%d\n" % number for number in range(AT_ONCE + 1))
    assert [len(batch) for batch in pipe(many)] == [AT_ONCE, 1]


def test_a_line_comes_when_it_is_whole() -> None:
    assert list(pipe(b"ab", b"c", b"\nd")) == [["abc"], ["d"]]
    assert list(pipe(b"\xef\xbb\xbfa\r\n\n")) == [["a\r", ""]]
    assert list(pipe()) == []


def test_an_endless_line_is_told_at_once_and_passed_over() -> None:
    block = b"x" * 65_536
    asked: list[bytes] = []

    def read(size: int) -> bytes:
        asked.append(block if len(asked) < 100 else b"\nnext\n" if len(asked) == 100 else b"")
        return asked[-1]

    batches = questions_in(read)
    (first,) = next(batches)
    assert len(asked) == 1
    assert LINE_LIMIT < len(first) < LINE_LIMIT + 10
    assert list(batches) == [["next"]]
    assert len(asked) == 102


def test_a_name_that_was_cut_is_no_name() -> None:
    """`amazon.com.be` cut off behind `com` would be another marketplace."""
    line = str(Alias("abcdefghijklm01", "amazon.com.be")).rjust(LINE_LIMIT + 7).encode()
    (question,) = next(pipe(line + b"\n"))
    assert question.rstrip().endswith("amazon.com")
    (answer,) = ask(question)
    assert answer.reason == TOO_LONG


@given(st.binary(max_size=200), st.lists(st.integers(min_value=1, max_value=7), min_size=1), st.booleans())
def test_every_line_is_asked_once_however_it_comes(octets: bytes, sizes: list[int], endless: bool) -> None:
    if endless:
        octets = octets.replace(b"a", b"a" * (LINE_LIMIT + 1))
    at, turn = 0, 0

    def read(size: int) -> bytes:
        nonlocal at, turn
        step = sizes[turn % len(sizes)] * (300 if endless else 1)
        at, turn = at + step, turn + 1
        return octets[at - step : at]

    asked = [question for batch in questions_in(read) for question in batch]
    lines = octets.split(b"\n")
    whole = lines if lines[-1] else lines[:-1]
    assert len(asked) == len(whole)
    for question, line in zip(asked, whole, strict=True):
        if len(line) <= LINE_LIMIT:
            assert question == line.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
        else:
            assert LINE_LIMIT < len(question.encode("utf-8", "surrogatepass")) < 4 * LINE_LIMIT
