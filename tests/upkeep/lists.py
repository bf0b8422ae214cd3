"""A small ledger with opt-outs, to decide about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bounce_watch.listed import lookup
from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action, By, DecisionScope
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.records.opt_out import Answer
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.upkeep.decide import Decided, Name, Wish, decide
from tests.store.makers import ACCOUNT, NOON, buyer, finding, link, log, notice, order

UK = Account(name=ACCOUNT)
AT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
"""Nine days after the notices."""
KIM = By(actor="kim", at=AT)


@contextmanager
def filled(folder: Path) -> Iterator[Ledger]:
    """Buyers 1 and 2 opted out with orders 1 and 2, and of order 3 nobody knows the buyer. Order 11 is buyer 1's, too."""
    path = folder / "ledger.sqlite"
    for file, octets in zip((path, Path(f"{path}.key")), _filled_once(), strict=True):
        file.write_bytes(octets)
    with open_ledger(f"sqlite:///{path}") as ledger:
        yield ledger


@cache
def _filled_once() -> tuple[bytes, bytes]:
    with TemporaryDirectory(prefix="bounce-watch-lists-") as folder:
        path = Path(folder) / "ledger.sqlite"
        with open_ledger(f"sqlite:///{path}") as ledger:
            file_notice(ledger, 1, buyer_number=1)
            file_notice(ledger, 2, buyer_number=2)
            file_notice(ledger, 3, buyer_number=None)
            run = ledger.start_run(ACCOUNT, "sent import", at=NOON)
            ledger.file_sent_log(run, log(links=[link(order(11), buyer(1))]))
            ledger.finish_run(run, at=NOON, state=RunState.COMPLETE, read=1, filed=Filed(new=1))
        return path.read_bytes(), Path(f"{path}.key").read_bytes()


def file_notice(
    ledger: Ledger, number: int, *, buyer_number: int | None, about: int | None = None, at: datetime = NOON
) -> None:
    """A proven notice about the order of the same number, or of `about`."""
    alias = None if buyer_number is None else buyer(buyer_number)
    found = notice(number, order_id=order(about or number), alias=alias, noticed_at=at)
    run = ledger.start_run(ACCOUNT, "poll", at=at)
    ledger.file(run, [finding(found)], cursor=None, read=1, passed=0)
    ledger.finish_run(run, at=at, state=RunState.COMPLETE, read=1, filed=Filed(new=1))


def want(
    ledger: Ledger,
    action: Action,
    name: Name,
    *,
    scope: DecisionScope = DecisionScope.BUYER,
    expires_at: datetime | None = None,
    by: By = KIM,
    account: Account = UK,
) -> Decided:
    """Decide one thing."""
    wish = Wish(action=action, name=name, scope=scope, expires_at=expires_at)
    return decide(ledger, account, [wish], by=by)[0]


def state(ledger: Ledger, name: Name, *, at: datetime = AT) -> Answer:
    """Whether mail may go."""
    return lookup(ledger, UK, [name], at=at)[name]
