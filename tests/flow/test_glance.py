"""A glance says what the whole ledger says, whatever the facts are, and never opens what it does not know."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bounce_watch.errors import LedgerError, TryLater
from bounce_watch.listed import lookup
from bounce_watch.records.account import Account, RequireProof, Trust
from bounce_watch.records.decision import Action, Decision
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.store.glance import REVISION, Glance, open_glance
from bounce_watch.store.ledger import Ledger, open_ledger
from bounce_watch.store.schema import REVISIONS
from tests.flow.test_lookup import BUYERS, DECISIONS, EXAMPLES, LATER, LINKS, NOTICES, ORDERS, SENDS, _fill
from tests.store.glance_statements import PATH, file_text
from tests.store.makers import GENUINE, HOUR, NOON, SHARED, buyer, order, print_of

NAMES: list[OrderId | Alias] = [*ORDERS, *BUYERS, order(99), buyer(99), SHARED]
REVIEWED = st.lists(
    st.tuples(st.sampled_from([Action.ACCEPT, Action.DISMISS, Action.REOPEN]), st.integers(100, 105)),
    max_size=4,
)
CHOSEN = st.lists(
    st.tuples(st.sampled_from(ORDERS), st.one_of(st.none(), st.sampled_from(BUYERS)), st.booleans()),
    max_size=3,
)


def review(ledger: Ledger, reviewed: Any, chosen: Any) -> None:
    for action, number in reviewed:
        ledger.decide(decision(action, print_of(number)))
    for order_id, alias, taken_back in chosen:
        subject = ledger.hash_of(order_id)
        ledger.decide(decision(Action.CHOOSE_ALIAS, subject, order_id=order_id, alias=alias))
        if taken_back:
            ledger.decide(decision(Action.REOPEN, subject, order_id=order_id))


def decision(action: Action, subject: str, **names: Any) -> Decision:
    return Decision(
        account="uk", action=action, subject=subject, actor="ann", decided_at=NOON + 31 * HOUR, **names
    )


def opened(path: Path) -> Glance:
    found = open_glance(f"sqlite:///{path}", key_file=None)
    assert found is not None
    return found


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    notices=NOTICES,
    links=LINKS,
    sends=SENDS,
    decisions=DECISIONS,
    reviewed=REVIEWED,
    chosen=CHOSEN,
    undone=st.booleans(),
    purged=st.booleans(),
)
def test_it_reads_what_the_ledger_reads(
    notices: Any,
    links: Any,
    sends: Any,
    decisions: Any,
    reviewed: Any,
    chosen: Any,
    undone: bool,
    purged: bool,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "l"
        with open_ledger(f"sqlite:///{path}") as ledger:
            _fill(ledger, notices, links, sends, decisions)
            _fill(ledger, notices[:2], links[:1], sends[:1], [])
            review(ledger, reviewed, chosen)
            if undone:
                ledger.decide(decision(Action.UNDO, "1"))
            if purged:
                ledger.purge("uk", listed=(), now=NOON + 1000 * HOUR)
            with closing(opened(path)) as glance:
                compare(glance, ledger)


def compare(glance: Glance, ledger: Ledger) -> None:
    for account in ("uk", "de"):
        hashes = ledger.related(account, NAMES)
        assert glance.related(account, NAMES) == hashes
        assert glance.related(account, NAMES[:1]) == ledger.related(account, NAMES[:1])
        asked = sorted(hashes)
        notices = list(ledger.opt_out_notices(account, orders=asked))
        assert list(glance.opt_out_notices(account, orders=asked)) == notices
        assert glance.list_decisions(account, hashes=asked) == ledger.list_decisions(account, hashes=asked)
        assert glance.linked_aliases(account, ORDERS) == ledger.linked_aliases(account, ORDERS)
        aliases = [*BUYERS, buyer(99)]
        assert glance.orders_of_aliases(account, aliases) == ledger.orders_of_aliases(account, aliases)
        for proof in RequireProof:
            who = Account(name=account, trust=Trust(require_proof=proof))
            assert lookup(glance, who, NAMES, at=LATER) == lookup(ledger, who, NAMES, at=LATER)
    assert [glance.hash_of(name) for name in NAMES] == [ledger.hash_of(name) for name in NAMES]


def test_the_last_complete_poll(tmp_path: Path) -> None:
    with open_ledger(f"sqlite:///{tmp_path / 'l'}") as ledger, closing(opened(tmp_path / "l")) as glance:
        assert glance.last_complete_poll("uk") is None
        for hours, state in ((1, RunState.COMPLETE), (2, RunState.COMPLETE), (3, RunState.PARTLY)):
            run = ledger.start_run("uk", "poll", at=NOON)
            ledger.finish_run(run, at=NOON + hours * HOUR, state=state, read=hours, filed=Filed(new=1))
        last = glance.last_complete_poll("uk")
        assert last == ledger.last_complete_poll("uk")
        assert last
        assert last.finished_at == NOON + 2 * HOUR


def test_whether_a_mail_was_ever_read(tmp_path: Path) -> None:
    with open_ledger(f"sqlite:///{tmp_path / 'l'}") as ledger, closing(opened(tmp_path / "l")) as glance:
        assert not glance.has_read_mail("uk")
        run = ledger.start_run("uk", "import", at=NOON)
        ledger.file(run, [], cursor=None, read=1, passed=1)
        assert glance.has_read_mail("uk")
        assert not glance.has_read_mail("de")


def test_the_statements_are_those_of_the_store() -> None:
    """After a change of the store: python -m tests.store.glance_statements."""
    assert PATH.read_text("utf-8") == file_text()
    assert REVISIONS[-1] == REVISION


@pytest.mark.parametrize(
    "url", ["postgresql://db/x", "sqlite://", "sqlite:///:memory:", "sqlite:///none", "nonsense"]
)
def test_what_is_no_file_is_left_to_others(url: str) -> None:
    assert open_glance(url, key_file=None) is None


def test_only_a_whole_ledger_of_today_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "l"
    url = f"sqlite:///{path}"
    open_ledger(url).close()
    opened(path).close()
    key = Path(f"{path}.key")
    words = key.read_text()
    key.write_text(words.replace("0", "1"))
    assert open_glance(url, key_file=None) is None
    key.write_text("no key")
    assert open_glance(url, key_file=None) is None
    elsewhere = tmp_path / "elsewhere.key"
    elsewhere.write_text(words)
    found = open_glance(url, key_file=elsewhere)
    assert found
    found.close()
    key.write_text(words)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
        connection.commit()
    assert open_glance(url, key_file=None) is None
    key.unlink()
    assert open_glance(url, key_file=None) is None
    path.write_bytes(b"no ledger at all" * 100)
    assert open_glance(url, key_file=None) is None


def test_it_can_t_write(tmp_path: Path) -> None:
    open_ledger(f"sqlite:///{tmp_path / 'l'}").close()
    with closing(opened(tmp_path / "l")) as glance, pytest.raises(sqlite3.OperationalError, match="readonly"):
        glance._connection.execute("DELETE FROM meta")


class Refusing:
    """A connection to a file that another process holds."""

    def execute(self, *_: object) -> None:
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise error


def test_what_the_file_refuses_is_told(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with open_ledger(f"sqlite:///{path}") as ledger:
        _fill(ledger, [(order(1), buyer(1), GENUINE, 1)], [], [], [])
    with closing(opened(path)) as glance:
        busy = Glance(cast("sqlite3.Connection", Refusing()), name="l", key=glance._key)
    with pytest.raises(TryLater):
        busy.related("uk", NAMES)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE recognition SET noticed_at = 'yesterday'",
        "UPDATE recognition SET language = CAST(X'ff' AS TEXT)",
        "UPDATE recognition SET recipients = '{'",
        "UPDATE verdict SET outcome = 'splendid'",
        "UPDATE identity SET clear = 'nobody' WHERE marketplace IS NULL",
        "DROP TABLE verdict",
    ],
)
def test_damage_is_told(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "l"
    account = Account(name="uk", trust=Trust(require_proof=RequireProof.NEVER))
    with open_ledger(f"sqlite:///{path}") as ledger:
        _fill(ledger, [(order(1), buyer(1), GENUINE, 1)], [], [], [])
        ledger.decide(decision(Action.ACCEPT, print_of(100)))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(damage)
        connection.commit()
    with closing(opened(path)) as glance, pytest.raises(LedgerError, match=str(path)):
        lookup(glance, account, [order(1)], at=LATER)
