"""Anything may happen to a mailbox and to us, in any order: the list stays what a simple model says.

Mails come new, twice, in another folder's copy, with another verdict; sent logs and order reports come late; the
server renumbers the folder; we are killed between any two steps. The mailbox is a fake that keeps the contract of
the real ones; mails, recognition, verdict and ledger are real.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bounce_watch.figures.content import _reconciliation
from bounce_watch.figures.facts import Facts, read_facts
from bounce_watch.flow import import_sent, suppression_list
from bounce_watch.records.account import Account, Trust
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.mail import Batch, Cursor, Cursors, MessageRef, RawMessage
from bounce_watch.records.notice import Outcome
from bounce_watch.records.sent import OrderLink, Origin, SentLog, SentMessage
from bounce_watch.store.ledger import Ledger, open_ledger
from tests.flow.line import Ticking, poll
from tests.flow.model import Letter, Model
from tests.store.dump import assert_reconciled

START = datetime(2026, 9, 30, 8, 0, tzinfo=UTC)
UK = Account(name="uk", trust=Trust(authserv_ids=("mx.seller.example",)))
ORDERS = [f"203-{number}{'1' * 6}-{number}{'2' * 6}" for number in range(1, 5)]
ALIASES = [f"{letter * 12}@marketplace.amazon.co.uk" for letter in "abc"]
RESULTS = {
    "genuine": "dkim=pass header.d=amazon.co.uk; dmarc=pass header.from=amazon.co.uk",
    "forged": "dkim=none; dmarc=fail header.from=amazon.co.uk",
    "unproven": None,
}
BATCH = 2

orders = st.sampled_from(ORDERS)
aliases = st.sampled_from(ALIASES)
verdicts = st.sampled_from(sorted(RESULTS))


class KilledError(BaseException):
    """What SIGKILL does to us, as far as a test in the same process can do it."""


def octets_of(letter: Letter) -> bytes:
    """The mail: its verdict stands in our receiver's field, which is no part of its content."""
    results = RESULTS[letter.verdict]
    fields = [f"Authentication-Results: mx.seller.example; {results}"] if results else []
    sender = "auto-communication@amazon.co.uk" if letter.kind != "ordinary" else "somebody@firm.example"
    fields += [
        "Received: from out.example by mx.seller.example; Wed, 30 Sep 2026 08:00:02 +0000",
        "Date: Wed, 30 Sep 2026 08:00:00 +0000",
        f"From: Amazon.co.uk <{sender}>",
        "To: support@seller.example",
        f"Message-ID: <{letter.number}@eu-west-1.amazonses.com>",
        "Subject: About your message",
    ]
    text = f"Something new about order {letter.order}."
    if letter.kind == "opt_out":
        text = (
            f"We did not deliver the message you sent for order [{letter.order}] because the buyer has chosen"
            " to opt out of receiving unsolicited messages from sellers."
        )
        text += f" Write to {letter.alias} only if you must." if letter.alias else ""
    return "\r\n".join((*fields, "", text, "")).encode()


class FakeMailbox:
    """A folder that numbers its mails, and tells them in batches with a cursor that is true once they are filed."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.uidvalidity = 1
        self.given: list[Letter] = []

    def batches(self, cursors: Cursors) -> Iterator[Batch]:
        known = cursors.get("INBOX")
        cursor = Cursor(account="uk", folder="INBOX", uidvalidity=self.uidvalidity, next_uid=1, scope="all")
        if known is not None and known.uidvalidity == self.uidvalidity:
            cursor = known
        end = len(self.letters) + 1
        while cursor.next_uid < end:
            uids = range(cursor.next_uid, min(cursor.next_uid + BATCH, end))
            cursor = replace(cursor, next_uid=uids[-1] + 1)
            self.given = [self.letters[uid - 1] for uid in uids]
            yield Batch(messages=tuple(self._raw(uid) for uid in uids), cursor=cursor)
        self.given = []
        yield Batch(cursor=replace(cursor, checked_at=START))

    def _raw(self, uid: int) -> RawMessage:
        ref = MessageRef(account="uk", folder="INBOX", uidvalidity=self.uidvalidity, uid=uid)
        return RawMessage(ref=ref, octets=octets_of(self.letters[uid - 1]), received_at=START)


class Mortal:
    """A ledger behind which we die: before or after the `after`-th step that changes it."""

    STEPS = ("start_run", "file", "finish_run")

    def __init__(self, ledger: Ledger, mailbox: FakeMailbox, model: Model, *, after: int, done: bool) -> None:
        self._ledger = ledger
        self._mailbox = mailbox
        self._model = model
        self._left = after
        self._done = done

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._ledger, name)
        return self._step(name, method) if name in self.STEPS else method

    def _step(self, name: str, method: Any) -> Any:
        def step(*args: Any, **kwargs: Any) -> Any:
            last = self._left == 0
            self._left -= 1
            if last and not self._done:
                raise KilledError
            answer = method(*args, **kwargs)
            if name == "file":
                self._model.read += self._mailbox.given
            if last:
                raise KilledError
            return answer

        return step


@cache
def _empty_ledger() -> tuple[bytes, bytes]:
    """A ledger without anything in it, and its key, made once: migrating takes longer than ten steps."""
    with TemporaryDirectory(prefix="bounce-watch-machine-") as folder:
        path = Path(folder) / "ledger.sqlite"
        open_ledger(f"sqlite:///{path}").close()
        return path.read_bytes(), Path(f"{path}.key").read_bytes()


class Line(RuleBasedStateMachine):
    """Real ledger and recognition, a fake mailbox, and a model of what was really filed."""

    changed = False

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory(prefix="bounce-watch-machine-")
        path = Path(self.folder.name) / "ledger.sqlite"
        for file, octets in zip((path, Path(f"{path}.key")), _empty_ledger(), strict=True):
            file.write_bytes(octets)
        self.url = f"sqlite:///{path}"
        self.ledger = open_ledger(self.url)
        self.mailbox = FakeMailbox()
        self.model = Model()
        self.clock = Ticking(START)
        self.numbers = 0

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            self.ledger.close()
            self.folder.cleanup()

    @rule(order=orders, alias=st.none() | aliases, verdict=verdicts)
    def new_notice(self, order: str, alias: str | None, verdict: str) -> None:
        self._put(Letter(self._number(), "opt_out", order, alias, verdict))

    @rule(kind=st.sampled_from(["ordinary", "unknown"]), order=orders)
    def other_mail(self, kind: str, order: str) -> None:
        self._put(Letter(self._number(), kind, order))

    @precondition(lambda self: self.mailbox.letters)
    @rule(pick=st.integers(0, 10_000))
    def duplicate(self, pick: int) -> None:
        self._put(self._any(pick))

    @precondition(lambda self: self.mailbox.letters)
    @rule(pick=st.integers(0, 10_000), verdict=verdicts)
    def same_content_other_verdict(self, pick: int, verdict: str) -> None:
        self._put(replace(self._any(pick), verdict=verdict))

    @precondition(lambda self: self.mailbox.letters)
    @rule(pick=st.integers(0, 10_000))
    def copy_with_a_message_id_of_its_own(self, pick: int) -> None:
        self._put(replace(self._any(pick), number=self._number()))

    @rule(order=orders, alias=st.none() | aliases)
    def late_sent_log(self, order: str, alias: str | None) -> None:
        send = SentMessage(
            account="uk",
            order_id=OrderId(order),
            alias=Alias.parse(alias) if alias else None,
            marketplace="amazon.co.uk",
            sent_at=START - timedelta(hours=5),
            origin=Origin.CSV_LOG,
        )
        self._import(SentLog(sends=(send,), links=(), coverage=None, rows=1))
        self.model.sends.add((order, alias))

    @rule(order=orders, alias=aliases)
    def order_report(self, order: str, alias: str) -> None:
        parsed = Alias.parse(alias)
        assert parsed is not None
        link = OrderLink(
            account="uk",
            order_id=OrderId(order),
            alias=parsed,
            marketplace="amazon.co.uk",
            origin=Origin.ORDER_REPORT,
            seen_at=self.clock(),
        )
        self._import(SentLog(sends=(), links=(link,), coverage=None, rows=1))
        self.model.reported.add((order, alias))

    @rule()
    def folder_is_numbered_anew(self) -> None:
        self.mailbox.uidvalidity += 1

    @rule()
    def poll_to_the_end(self) -> None:
        self._poll(after=10_000)
        assert set(self.model.read) == set(self.mailbox.letters)

    @rule(after=st.integers(0, 6), done=st.booleans())
    def killed_while_polling(self, after: int, done: bool) -> None:
        try:
            self._poll(after=after, done=done)
        except KilledError:
            self.ledger.close()
            self.ledger = open_ledger(self.url)

    @invariant()
    def ledger_and_model_agree(self) -> None:
        if not self.changed:  # Mail that nobody has read yet changes nothing; asking costs 30 ms.
            return
        self.changed = False
        facts = read_facts(self.ledger, UK)
        self._what_counts(facts)
        self._list()
        assert_reconciled(self.ledger, "uk")
        line = _reconciliation(facts)
        assert line.adds_up
        assert line.read == len(self.model.read)
        assert line.unrecognised == len({each.number for each in self.model.read if each.kind == "unknown"})

    def _what_counts(self, facts: Facts) -> None:
        """One opt-out an order; a forged notice never counts, an unproven one only for what is known to us."""
        found = [str(opt_out.order_id) for opt_out in facts.opt_outs]
        assert sorted(found) == sorted(self.model.opted_out())
        outcomes = [(filed.outcome, filed.known_to_us) for filed, _ in facts.events]
        assert all(outcome is not Outcome.FORGED for outcome, _ in outcomes)
        assert all(known for outcome, known in outcomes if outcome is Outcome.UNPROVEN)
        assert (len(facts.events), len(facts.aside)) == (len(self.model.counting()), self.model.aside())

    def _list(self) -> None:
        listing = suppression_list(self.ledger, UK, at=START)
        found = [
            (str(entry.alias) if entry.alias else None, frozenset(map(str, entry.order_ids)))
            for entry in listing.entries
        ]
        assert len(found) == len(set(found))
        assert set(found) == self.model.listed()

    def _put(self, letter: Letter) -> None:
        self.mailbox.letters.append(letter)

    def _any(self, pick: int) -> Letter:
        return self.mailbox.letters[pick % len(self.mailbox.letters)]

    def _number(self) -> int:
        self.numbers += 1
        return self.numbers

    def _poll(self, *, after: int, done: bool = False) -> None:
        self.changed = True
        mortal: Any = Mortal(self.ledger, self.mailbox, self.model, after=after, done=done)
        poll(self.mailbox, mortal, UK, self.clock)

    def _import(self, log: SentLog) -> None:
        self.changed = True
        import_sent(log, self.ledger, account=UK, clock=self.clock)


EXAMPLES = int(os.environ.get("BOUNCE_WATCH_EXAMPLES", "12"))
"""How many lives of a ledger are tried; docs/how-to/run-the-tests.md has the long run."""

Line.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
TestLine = Line.TestCase


def test_model_itself() -> None:
    """The model on a case worked out by hand, so that both sides can't be wrong alike."""
    model = Model()
    first = Letter(1, "opt_out", ORDERS[0], None, "unproven")
    model.read = [first, Letter(2, "opt_out", ORDERS[1], ALIASES[0], "forged")]
    assert model.listed() == set()
    assert model.aside() == 2
    model.sends.add((ORDERS[0], ALIASES[1]))
    assert model.listed() == {(ALIASES[1], frozenset({ORDERS[0]}))}
    model.reported.add((ORDERS[0], ALIASES[2]))
    model.reported.add((ORDERS[3], ALIASES[2]))
    assert model.listed() == {(ALIASES[2], frozenset({ORDERS[0], ORDERS[3]}))}
    model.read.append(Letter(2, "opt_out", ORDERS[1], ALIASES[0], "genuine"))
    assert model.opted_out() == {ORDERS[0], ORDERS[1]}
    assert model.aside() == 0
