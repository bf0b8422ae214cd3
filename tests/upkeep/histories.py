"""Random histories of a ledger, and everything that is derived from it, so that two states can be compared.

A history is a list of steps: polls, rebuilds, sent logs, order reports, reviews, a reprocess, undos and redos. It is
played on a real SQLite ledger. Five mails, three orders and two buyers are few enough to meet each other all the time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from bounce_watch.figures.content import _reconciliation
from bounce_watch.figures.facts import read_facts
from bounce_watch.flow import import_sent, suppression_list
from bounce_watch.records.account import Account, Trust
from bounce_watch.records.decision import ABOUT_MAIL, ABOUT_RUN, Action, Decision
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.records.ids import Alias
from bounce_watch.records.notice import Finding, NoticeKind, Recognised, Verdict
from bounce_watch.records.rate import Dimension
from bounce_watch.records.sent import OrderLink, Origin, SentLog, SentMessage
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.suppression.export import render_export
from bounce_watch.suppression.preset import load_preset
from bounce_watch.upkeep.undo import redo, undo
from tests.flow.line import Ticking
from tests.store.dump import assert_reconciled
from tests.store.makers import (
    ACCOUNT,
    FORGED,
    GENUINE,
    NOON,
    SHARED,
    UNPROVEN,
    buyer,
    coverage,
    finding,
    foreign,
    link,
    log,
    messages_ever,
    misdirected,
    notice,
    order,
    print_of,
    send,
    sent_between,
    unreadable,
    unrecognised,
)

UK = Account(name=ACCOUNT, trust=Trust(authserv_ids=("mx.seller.example",)))
MAILS, ORDERS = 5, 3
ALIASES = (None, buyer(1), buyer(2), SHARED)
READINGS = ("opt_out", "unrecognised", "misdirected", "unreadable", "account_restricted", "foreign")
WAITING = ("unrecognised", "misdirected", "unreadable")
VERDICTS = {"genuine": GENUINE, "forged": FORGED, "unproven": UNPROVEN}
PRESETS = tuple(load_preset(name) for name in ("addresses", "csv", "orders"))
"""One key of each kind, and all fields of an entry; the other presets write the same entries in other forms."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it is met: its number is its content; reading and verdict may differ from time to time."""

    number: int
    reading: str
    alias: Alias | None
    verdict: str

    @property
    def result(self) -> Recognised:
        if self.reading == "unrecognised":
            return unrecognised(self.number)
        if self.reading == "misdirected":
            return misdirected(self.number)
        if self.reading == "unreadable":
            return unreadable(self.number)
        if self.reading == "foreign":
            return foreign(self.number)
        about = order(self.number % ORDERS)
        at = NOON + timedelta(minutes=4 * self.number)  # near enough for copies of one event
        return notice(
            self.number, kind=NoticeKind(self.reading), order_id=about, alias=self.alias, noticed_at=at
        )

    @property
    def finding(self) -> Finding:
        verdict: Verdict | None = None if self.reading == "foreign" else VERDICTS[self.verdict]
        return finding(self.result, verdict=verdict, octets=b"octets")


@dataclass(frozen=True, slots=True)
class Step:
    """`kind`, and what it needs."""

    kind: str
    mails: tuple[Mail, ...] = ()
    log: SentLog | None = None
    decision: tuple[Action, int, Alias | None] | None = None


mails = st.builds(
    Mail,
    st.integers(0, MAILS - 1),
    st.sampled_from([*["opt_out"] * 5, *READINGS[1:]]),
    st.sampled_from(ALIASES),
    st.sampled_from(["genuine", "genuine", "unproven", "unproven", "forged"]),
)
some_mails = st.lists(mails, min_size=1, max_size=4).map(tuple)


def _send(number: int, alias: Alias | None, hour: int, origin: Origin) -> SentMessage:
    at = NOON - timedelta(hours=hour)
    return send(number, order_id=order(number), alias=alias, sent_at=at, origin=origin)


sends = st.builds(
    _send,
    st.integers(0, ORDERS - 1),
    st.sampled_from(ALIASES),
    st.integers(1, 3),
    st.sampled_from([Origin.CSV_LOG, Origin.CSV_LOG, Origin.BUYER_MESSAGE]),
)


def _link(number: int, alias: Alias, origin: Origin) -> OrderLink:
    return link(order(number), alias, origin=origin)


links = st.builds(
    _link,
    st.integers(0, ORDERS - 1),
    st.sampled_from([buyer(1), buyer(2)]),
    st.sampled_from([Origin.ORDER_REPORT, Origin.ORDER_REPORT, Origin.CSV_LOG]),
)
coverages = st.integers(1, 3).map(lambda days: coverage(NOON - timedelta(days=days), NOON))

polls = st.builds(Step, st.sampled_from(["poll", "poll", "rebuild"]), some_mails)
imports = st.builds(
    lambda given, whole: Step("sent import", log=log(given, whole=whole)),
    st.lists(sends, min_size=1, max_size=3),
    st.none() | coverages,
)
reports = st.builds(
    lambda given: Step("sent import", log=log(links=given)), st.lists(links, min_size=1, max_size=2)
)
reprocesses = st.builds(Step, st.sampled_from(["reprocess", "review"]), some_mails)
reviews = st.builds(
    lambda action, number, alias: Step("decide", decision=(action, number, alias)),
    st.sampled_from([*ABOUT_MAIL, Action.CHOOSE_ALIAS]),
    st.integers(0, MAILS - 1),
    st.sampled_from([None, buyer(1), buyer(2)]),
)
undos = st.builds(
    lambda action, number: Step("decide", decision=(action, number, None)),
    st.sampled_from(ABOUT_RUN),
    st.integers(0, 9),
)
runs = polls | polls | imports | reports | reprocesses
steps = st.lists(runs | runs | runs | reviews | undos, max_size=6)


@dataclass
class Played:
    """A ledger on which steps are played. `met` is every mail that was met, `last` what each was last taken for."""

    ledger: Ledger
    folder: Path
    clock: Ticking = field(default_factory=lambda: Ticking(datetime(2026, 3, 2, tzinfo=UTC)))
    runs: list[int] = field(default_factory=list)
    met: list[Mail] = field(default_factory=list)
    last: dict[int, Mail] = field(default_factory=dict)

    def play(self, step: Step) -> int | None:
        """Play a step; its run, None if it is none."""
        if step.kind == "decide":
            self._decide(step)
            return None
        if step.log is not None:
            import_sent(step.log, self.ledger, account=UK, clock=self.clock)
            self.runs.append(self.ledger.runs(ACCOUNT, 1)[0].id)
        else:
            self.runs.append(self._mails(step))
        return self.runs[-1]

    def _mails(self, step: Step) -> int:
        run = self.ledger.start_run(ACCOUNT, step.kind, at=self.clock())
        if step.kind in {"poll", "rebuild"}:
            filed = self.meet(run, step.mails, mend=step.kind == "rebuild")
            read = len(step.mails)
        else:
            known = {each.number: each for each in step.mails if each.number in self.last}
            found = [each for each in known.values() if each.reading != "foreign"]
            self.ledger.file_anew(run, [each.finding for each in found])
            self.last |= {each.number: each for each in found}
            self.met += found
            filed, read = Filed(), 0
        self.ledger.finish_run(run, at=self.clock(), state=RunState.COMPLETE, read=read, filed=filed)
        return run

    def meet(self, run: int, given: tuple[Mail, ...], *, mend: bool) -> Filed:
        """File mails one after the other, as batches of one run."""
        filed = Filed()
        for mail in (self._as_read(each, mend=mend) for each in given):
            filed += self.ledger.file(run, [mail.finding], cursor=None, read=1, passed=0, mend=mend)
            if mail.reading != "foreign":
                self.met.append(mail)
                self.last[mail.number] = mail
        return filed

    def _as_read(self, mail: Mail, *, mend: bool) -> Mail:
        """Polls take a mail for what it was taken for before, unless nobody knew; a rebuild reads it anew."""
        known = self.last.get(mail.number)
        better = known and known.reading in WAITING and mail.reading not in WAITING
        if mend or mail.reading == "foreign" or known is None or better:
            return mail
        return replace(known, verdict=mail.verdict)

    def _decide(self, step: Step) -> None:
        assert step.decision
        action, number, alias = step.decision
        about = order(number % ORDERS)
        if action in ABOUT_RUN:
            run = self.ledger.run(ACCOUNT, self.runs[number % len(self.runs)]) if self.runs else None
            if run is None or run.undone is (action is Action.UNDO):
                return
            self.decide(action, run.id)
            return
        choice = action is Action.CHOOSE_ALIAS
        self.ledger.decide(
            Decision(
                account=ACCOUNT,
                action=action,
                subject=self.ledger.hash_of(about) if choice else print_of(number),
                actor="ann",
                decided_at=self.clock(),
                order_id=about if choice else None,
                alias=alias if choice else None,
            )
        )

    def decide(self, action: Action, run: int) -> None:
        """UNDO or REDO without asking what it changes, which takes its time."""
        self.ledger.decide(
            Decision(account=ACCOUNT, action=action, subject=str(run), actor="ann", decided_at=self.clock())
        )

    def undo(self, run: int) -> None:
        undo(self.ledger, UK, run, actor="ann", note="", at=self.clock())

    def redo(self, run: int) -> None:
        redo(self.ledger, UK, run, actor="ann", note="", at=self.clock())

    def meet_all_again(self, *, mend: bool, seed: int) -> Filed:
        """A new run that meets every mail again, with every verdict it ever had, as it was last taken for."""
        again = list({replace(self.last[mail.number], verdict=mail.verdict): None for mail in self.met})
        random.Random(seed).shuffle(again)
        run = self.ledger.start_run(ACCOUNT, "rebuild" if mend else "poll", at=self.clock())
        return self.meet(run, tuple(again), mend=mend)

    def exports(self) -> dict[str, Any]:
        """What each preset's file would hold, and the list's revision."""
        listing = suppression_list(self.ledger, UK, at=NOON)
        texts = {preset.name: b"".join(render_export(listing.entries, preset)).decode() for preset in PRESETS}
        return {"revision": listing.revision, **texts}

    def derived(self) -> dict[str, Any]:
        """The same with all else that follows from the facts, but for the counts of runs; the figures add up."""
        ledger, facts = self.ledger, read_facts(self.ledger, UK)
        assert_reconciled(ledger, ACCOUNT)
        assert _reconciliation(facts).adds_up
        return {
            **self.exports(),
            "counted": facts.events,
            "set aside": facts.aside,
            "answered": facts.answered,
            "waiting": facts.waiting,
            "urgent": facts.urgent,
            "coverages": facts.coverages,
            "orders": ledger.orders_of_aliases(ACCOUNT, [buyer(1), buyer(2)]),
            "sends": sent_between(ledger, NOON - timedelta(days=9), NOON, by=Dimension.MARKETPLACE),
            "total sends": messages_ever(ledger),
        }


@cache
def _empty_ledger() -> tuple[bytes, bytes]:
    with TemporaryDirectory(prefix="bounce-watch-undo-") as folder:
        path = Path(folder) / "ledger.sqlite"
        open_ledger(f"sqlite:///{path}").close()
        return path.read_bytes(), Path(f"{path}.key").read_bytes()


@contextmanager
def played(history: list[Step]) -> Iterator[Played]:
    """A new ledger with this history."""
    with TemporaryDirectory(prefix="bounce-watch-undo-") as folder:
        path = Path(folder) / "ledger.sqlite"
        for file, octets in zip((path, Path(f"{path}.key")), _empty_ledger(), strict=True):
            file.write_bytes(octets)
        with open_ledger(f"sqlite:///{path}") as ledger:
            one = Played(ledger, Path(folder))
            for step in history:
                one.play(step)
            yield one
