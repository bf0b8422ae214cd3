"""`suppressions check` in a ledger of many opt-outs: one alias against `python -c pass`, and answers a second by stdin.

    python -m tests.bench.check FOLDER [OPT_OUTS]

FOLDER lies outside the repository and keeps the ledger for the next time. Each figure is the best of three whole
processes, taken in turns with its floor.
"""

from __future__ import annotations

import compileall
import os
import random
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any

from bounce_watch.records.filed import Filed, RunState
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.store.key import Key, read_key
from bounce_watch.store.ledger import open_ledger

ROOT = Path(__file__).parents[2]
OPT_OUTS = 1_000_000
QUESTIONS = 50_000
ONE_BY_ONE = 500
ROUNDS = 3
SETTINGS = """\
[ledger]
url = "sqlite:///ledger.sqlite"

[accounts.uk]
authserv_ids = ["mx.seller.example"]
"""
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)

Row = tuple[Any, ...]


def order_of(number: int) -> OrderId:
    """The order of opt-out `number`; numbers from OPT_OUTS on are orders that nobody knows."""
    return OrderId(f"203-{number // 10_000_000:07}-{number % 10_000_000:07}")


def alias_of(number: int) -> Alias:
    """Its buyer."""
    return Alias(f"buyer{number:010}", "amazon.co.uk")


def make_ledger(folder: Path, opt_outs: int) -> None:
    """A ledger in which so many buyers opted out, each for one order, by proven notices in clear."""
    path = folder / "ledger.sqlite"
    if path.exists():
        return
    draft = folder / "draft.sqlite"
    for old in folder.glob("draft.sqlite*"):
        old.unlink()
    with open_ledger(f"sqlite:///{draft}") as ledger:
        run = ledger.start_run("uk", "poll", at=BEGIN)
        ledger.finish_run(run, at=datetime.now(UTC), state=RunState.COMPLETE, read=opt_outs, filed=Filed())
    key = read_key(Path(f"{draft}.key"))
    assert key is not None
    connection = sqlite3.connect(draft, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    for table, columns, rows in _tables(opt_outs, run, key):
        marks = ", ".join("?" * len(columns.split()))
        names = ", ".join(columns.split())
        connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
    connection.execute("UPDATE run SET mails_read = ?", [opt_outs])
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    Path(f"{draft}.key").rename(f"{path}.key")
    draft.rename(path)


def _tables(opt_outs: int, run: int, key: Key) -> Iterator[tuple[str, str, Iterator[Row]]]:
    """The rows of each table, in the order that foreign keys ask for."""

    def rows(make: Callable[[int], Row]) -> Iterator[Row]:
        return (make(number) for number in range(1, opt_outs + 1))

    def at(number: int) -> str:
        return f"{BEGIN + timedelta(minutes=number):%Y-%m-%d %H:%M:%S.%f}"

    def hash_of(name: OrderId | Alias) -> str:
        return key.of(name)

    yield (
        "mail",
        "id account fingerprint run_id subject cut size_bytes row_digest",
        rows(lambda n: (n, "uk", f"{n:064x}", run, "", "[]", 4000, f"{n:064x}")),
    )
    yield (
        "verdict",
        "mail_id run_id digest outcome method reason authserv_id signing_domain aligned row_digest",
        rows(
            lambda n: (
                *(n, run, f"{n:064x}", "genuine", "authentication_results", "our receiver says dmarc=pass"),
                *("mx.seller.example", "amazon.co.uk", 1, f"{n:064x}"),
            )
        ),
    )
    yield (
        "recognition",
        (
            "mail_id run_id digest account result reason candidates language wording evidence order_id_hash "
            "alias_hash alias_shared marketplace noticed_at body_digest recipients row_digest"
        ),
        rows(
            lambda n: (
                *(n, run, f"{n:064x}", "uk", "opt_out", "", "[]", "en", "opt_out.en.2017", "header"),
                *(hash_of(order_of(n)), hash_of(alias_of(n)), 0, "amazon.co.uk", at(n), f"{n:032x}"),
                *('["support@seller.example"]', f"{n:064x}"),
            )
        ),
    )
    identity = "hash account clear marketplace shared last_at row_digest"
    names: Sequence[tuple[Callable[[int], OrderId | Alias], str | None]]
    names = ((order_of, None), (alias_of, "amazon.co.uk"))
    for make, market in names:
        yield (
            "identity",
            identity,
            rows(
                lambda n, make=make, market=market: (  # type: ignore[misc]  # defaults bind the loop's values
                    *(hash_of(make(n)), "uk", str(make(n)), market, 0, at(n), f"{n:064x}"),
                )
            ),
        )


def questions(number: int, opt_outs: int) -> list[str]:
    """Distinct names, every tenth of them on the list, one half orders and one half aliases."""
    chance = random.Random(4)
    listed = chance.sample(range(1, opt_outs + 1), number // 10)
    unknown = islice(count(opt_outs + 1), number - len(listed))
    asked = [str((order_of, alias_of)[each % 2](each)) for each in (*listed, *unknown)]
    chance.shuffle(asked)
    return asked


def run_once(
    words: Sequence[str], folder: Path, given: bytes = b"", codes: Iterable[int] = (0,)
) -> tuple[float, bytes]:
    """Seconds of a whole process, and what it said."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": str(ROOT), "BOUNCE_WATCH_CONFIG": str(folder / "settings.toml")}
    begin = time.perf_counter()
    done = subprocess.run(words, input=given, env=environment, cwd=folder, capture_output=True, check=False)
    took = time.perf_counter() - begin
    assert done.returncode in codes, done.stderr.decode()
    return took, done.stdout


def in_turns(folder: Path, *runs: tuple[Sequence[str], bytes, int]) -> list[float]:
    """The best time of each, all of them run in turns."""
    times = [
        [run_once(words, folder, given, (code,))[0] for words, given, code in runs] for _ in range(ROUNDS)
    ]
    return [min(column) for column in zip(*times, strict=True)]


def one_by_one(words: Sequence[str], folder: Path, asked: Sequence[str]) -> float:
    """Answers a second for a tool that writes one line and waits for its answer."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT), BOUNCE_WATCH_CONFIG=str(folder / "settings.toml"))
    with subprocess.Popen(
        words, env=environment, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        begin = 0.0
        for number, name in enumerate(asked):
            begin = time.perf_counter() if number == 1 else begin  # The first answer waits for the start.
            process.stdin.write(f"{name}\n".encode())
            process.stdin.flush()
            assert process.stdout.readline().startswith(name.encode())
        took = time.perf_counter() - begin
        process.stdin.close()
    return (len(asked) - 1) / took


def main() -> None:
    folder = Path(sys.argv[1])
    opt_outs = int(sys.argv[2]) if len(sys.argv) > 2 else OPT_OUTS
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.toml").write_text(SETTINGS, "utf-8")
    make_ledger(folder, opt_outs)
    compileall.compile_dir(ROOT / "bounce_watch", quiet=2)
    check = [sys.executable, "-m", "bounce_watch", "suppressions", "check"]
    floor = [sys.executable, "-c", "pass"]
    listed, clear = str(alias_of(opt_outs // 2)), str(alias_of(opt_outs + 1))
    nothing, on_the_list, off_it = in_turns(
        folder, (floor, b"", 0), ([*check, listed], b"", 10), ([*check, clear], b"", 0)
    )
    print(f"python -c pass             {nothing * 1000:6.0f} ms")
    print(
        f"one alias on the list      {on_the_list * 1000:6.0f} ms, {on_the_list / nothing:.1f} times as much"
    )
    print(f"one alias not on the list  {off_it * 1000:6.0f} ms, {off_it / nothing:.1f} times as much")
    asked = questions(QUESTIONS, opt_outs)
    given = "".join(f"{name}\n" for name in asked).encode()
    took, out = min(run_once([*check, "-"], folder, given) for _ in range(ROUNDS))
    assert out.count(b"\tlisted\t") == QUESTIONS // 10
    assert out.count(b"\n") == QUESTIONS
    print(f"by stdin                   {QUESTIONS / took:6.0f} answers a second, whole process")
    print(
        f"line by line, each waited for {one_by_one([*check, '-'], folder, asked[:ONE_BY_ONE]):6.0f} a second"
    )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"largest process            {peak / 1024:6.0f} MB")


if __name__ == "__main__":
    main()
