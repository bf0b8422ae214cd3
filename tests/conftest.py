"""Servers for every test that wants one, and a line at the end about those that this machine lacks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.once import built_once
from tests.servers.dovecot import Dovecot, find_dovecot, start_dovecot
from tests.servers.imap import ImapServer
from tests.servers.pymap import find_pymap, start_pymap
from tests.servers.stand_ins import missing_lines


@pytest.fixture(scope="session", autouse=True)
def _built_once() -> Iterator[None]:
    with built_once():
        yield


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A real Dovecot, started once; tests take an account of their own. Skips where there is none."""
    program = find_dovecot()
    if program is None:
        pytest.skip("needs Dovecot 2.3 (apt-get install dovecot-imapd)")
    with start_dovecot(program) as server:
        yield server


@pytest.fixture(scope="session")
def imap_server(request: pytest.FixtureRequest) -> Iterator[ImapServer]:
    """Dovecot, or pymap where there is none: for what any IMAP server must do."""
    if find_dovecot() is not None:
        server: ImapServer = request.getfixturevalue("dovecot")
        yield server
        return
    program = find_pymap()
    if program is None:
        pytest.skip("needs an IMAP server: Dovecot 2.3, or pymap from pip")
    with start_pymap(program) as stand_in:
        yield stand_in


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what the run could not test here."""
    if lines := missing_lines():
        terminalreporter.section("servers that were not there")
        for line in lines:
            terminalreporter.write_line(line)
