"""Coverage only under the tests that it is asked of: `pytest --cov -p tests.traced`.

Tracing makes every test half again as long, and the rules are tested to their last branch by tests of their own. So
only tests under TRACED run with it. What the others reach besides is not counted, so the figures of such a run are
never more than the truth.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Generator
from pathlib import Path

import pytest
from coverage import Coverage

TRACED = (
    "alerts",
    "authenticity",
    "cli",
    "figures",
    "mailboxes",
    "notices",
    "outgoing",
    "rates",
    "records",
    "reports",
    "resolver",
    "sent_log",
    "settings",
    "store",
    "suppression",
    "text",
    "trust",
)
"""Folders of tests."""

TRACED_TOO = ("flow/test_links",)
"""Files of other folders that are about the core alone."""

NOT_TRACED = (
    "cli/test_check_list",
    "cli/test_daily",
    "cli/test_db",
    "cli/test_decide",
    "cli/test_errors",
    "cli/test_incomplete",
    "cli/test_report",
    "cli/test_scrub",
    "cli/test_terminal",
    "figures/test_leak",
    "mailboxes/test_imap_poll",
    "mailboxes/test_parse",
    "reports/test_terminal",
    "store/test_check",
    "store/test_ledgers_of_old",
    "store/test_on_postgres",
    "store/test_on_sqlite",
    "trust/test_export",
    "trust/test_forgeries",
)
"""Files in them that do the same very often, or in other processes."""

_PACKAGE = "bounce_watch"
_NOT_BY_NAME = ("__main__", "migrations")
"""What is run, or loaded by alembic."""


class Tracing:
    """The coverage of this process, at work or not."""

    def __init__(self, coverage: Coverage) -> None:
        self._coverage = coverage
        self._on = True

    def switch(self, *, on: bool) -> None:
        if on != self._on:
            self._on = on
            (self._coverage.start if on else self._coverage.stop)()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Fixtures included."""
        self.switch(on=is_traced(item.path))
        return (yield)


def is_traced(path: Path) -> bool:
    place = path.relative_to(Path(__file__).parent)
    name = place.with_suffix("").as_posix()
    return name in TRACED_TOO or (place.parts[0] in TRACED and name not in NOT_TRACED)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Collection is not traced, so the modules that the tests import are imported before it: that counts, too."""
    coverage = Coverage.current()
    if coverage is not None:
        tracing = Tracing(coverage)
        if session.config.getoption("dist", "no") == "no" or hasattr(session.config, "workerinput"):
            import_all()
            session.config.pluginmanager.register(tracing)
        tracing.switch(on=False)
    return (yield)


def import_all() -> None:
    package = importlib.import_module(_PACKAGE)
    for module in pkgutil.walk_packages(package.__path__, f"{_PACKAGE}."):
        if not any(part in _NOT_BY_NAME for part in module.name.split(".")):
            importlib.import_module(module.name)
