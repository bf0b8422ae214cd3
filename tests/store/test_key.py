"""The key of a ledger: made once, private, and never replaced."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bounce_watch.errors import LedgerError, SettingsError
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.store.engine import parse_url
from bounce_watch.store.key import Key, key_path, make_key, read_key
from bounce_watch.store.ledger import open_ledger

_FORK = multiprocessing.get_context("fork")


def test_a_key_is_private_and_read_again(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = make_key(tmp_path / "new" / "a.key")
    finally:
        os.umask(before)
    path = tmp_path / "new" / "a.key"
    assert read_key(path) == made
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [each.name for each in path.parent.iterdir()] == ["a.key"]
    assert path.read_text().startswith("bounce-watch key 1 ")
    assert made.octets.hex() not in repr(made)


def test_every_key_is_another_one(tmp_path: Path) -> None:
    assert len({make_key(tmp_path / str(number)).octets for number in range(20)}) == 20


def test_hashes_are_those_of_rfc_2104() -> None:
    """HMAC as the RFC writes it: two rounds of the hash over the padded key."""
    key = Key(b"Jefe")

    def by_hand(octets: bytes) -> str:
        inner, outer = (bytes(each ^ pad for each in b"Jefe".ljust(64, b"\0")) for pad in (0x36, 0x5C))
        return hashlib.sha256(outer + hashlib.sha256(inner + octets).digest()).hexdigest()[:32]

    order, alias = OrderId("026-1234567-7654321"), Alias("abcdefgh12345", "amazon.co.uk")
    assert key.of(order) == by_hand(b"order" + b"\0" + b"026-1234567-7654321")
    assert key.of(alias) == by_hand(b"alias" + b"\0" + b"abcdefgh12345@marketplace.amazon.co.uk")
    assert key.of(OrderId(f"#{key.of(order)}")) == key.of(order)
    assert key.of(Alias(f"#{key.of(alias)}s", "amazon.de")) == key.of(alias)
    assert key.digest("order", str(alias)) != key.of(alias)


@pytest.mark.parametrize(
    "words",
    ["", "bounce-watch key 1 ", "bounce-watch key 2 " + "0" * 64, "bounce-watch key 1 " + "g" * 64, "\xff"],
)
def test_a_file_that_is_no_key_is_named_and_left(tmp_path: Path, words: str) -> None:
    path = tmp_path / "ledger.sqlite.key"
    path.write_text(words, "latin-1")
    with pytest.raises(LedgerError, match="is not a key"):
        open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
    assert path.read_text("latin-1") == words


def test_a_key_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite.key").mkdir()
    with pytest.raises(LedgerError, match="can't be read"):
        open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite")


def test_a_key_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LedgerError, match="can't be"):
        open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite", key_file=tmp_path / "file" / "a.key")


def test_the_key_may_lie_elsewhere(tmp_path: Path) -> None:
    elsewhere = tmp_path / "vault" / "uk.key"
    open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite", key_file=elsewhere).close()
    assert read_key(elsewhere) is not None
    assert not (tmp_path / "ledger.sqlite.key").exists()
    with pytest.raises(LedgerError, match="is lost"):
        open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite")


def test_a_servers_key_has_a_name_of_its_own_for_each_database(tmp_path: Path) -> None:
    urls = [
        f"postgresql://{user}@{host}/{base}"
        for user in ("a", "b:secret")
        for host in ("db.example", "db.example:5433")
        for base in ("one", "two")
    ]
    urls += ["postgresql:///one?host=/run/a", "postgresql:///one?host=/run/b"]
    paths = [key_path(parse_url(url), tmp_path) for url in urls]
    assert len(set(paths)) == 6
    assert set(Counter(paths).values()) == {1, 2}
    with pytest.raises(SettingsError, match="no place for the key"):
        key_path(parse_url(urls[0]), None)


def _make(path: Path, barrier: Any, results: Any) -> None:
    barrier.wait()
    results.put(make_key(path).octets)


def test_two_processes_at_once_make_one_key(tmp_path: Path) -> None:
    for number in range(5):
        barrier, results = _FORK.Barrier(2), _FORK.Queue()
        workers = [
            _FORK.Process(target=_make, args=(tmp_path / f"{number}.key", barrier, results)) for _ in range(2)
        ]
        for worker in workers:
            worker.start()
        assert results.get(timeout=60) == results.get(timeout=60)
        for worker in workers:
            worker.join(30)


def test_without_links_a_key_is_made_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    made = make_key(tmp_path / "a.key")
    assert make_key(tmp_path / "a.key") == made
    assert [each.name for each in tmp_path.iterdir()] == ["a.key"]


def test_the_ledger_itself_does_not_hold_the_key(tmp_path: Path) -> None:
    open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite").close()
    key = read_key(tmp_path / "ledger.sqlite.key")
    assert key is not None
    octets = (tmp_path / "ledger.sqlite").read_bytes()
    assert key.octets not in octets
    assert key.octets.hex().encode() not in octets
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        assert connection.execute("SELECT name, value FROM meta").fetchall() == [("key_mark", key.mark)]
