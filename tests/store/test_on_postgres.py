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


class OnPostgres:
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url


class TestFiling(OnPostgres, FilingContract):
    pass


class TestCrashes(OnPostgres, CrashContract):
    pass


class TestNotices(OnPostgres, NoticeContract):
    pass


class TestSends(OnPostgres, SendContract):
    pass


class TestRetention(OnPostgres, RetentionContract):
    pass


class TestDecisions(OnPostgres, DecisionContract):
    pass


class TestListDecisions(OnPostgres, ListDecisionContract):
    pass


class TestLeaks(OnPostgres, LeakContract):
    pass


class TestAlerts(OnPostgres, AlertContract):
    pass
