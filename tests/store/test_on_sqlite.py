from __future__ import annotations

import pytest

from .contract import FilingContract
from .contract_alerts import AlertContract
from .contract_crashes import CrashContract
from .contract_decisions import DecisionContract, ListDecisionContract
from .contract_leaks import LeakContract
from .contract_notices import NoticeContract
from .contract_retention import RetentionContract
from .contract_sends import SendContract


class OnSqlite:
    @pytest.fixture
    def url(self, sqlite_url: str) -> str:
        return sqlite_url


class TestFiling(OnSqlite, FilingContract):
    pass


class TestCrashes(OnSqlite, CrashContract):
    pass


class TestNotices(OnSqlite, NoticeContract):
    pass


class TestSends(OnSqlite, SendContract):
    pass


class TestRetention(OnSqlite, RetentionContract):
    pass


class TestDecisions(OnSqlite, DecisionContract):
    pass


class TestListDecisions(OnSqlite, ListDecisionContract):
    pass


class TestLeaks(OnSqlite, LeakContract):
    pass


class TestAlerts(OnSqlite, AlertContract):
    pass
