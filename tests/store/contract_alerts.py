"""Which alerts were delivered; run on each back end."""

from __future__ import annotations

from datetime import timedelta

from bounce_watch.records.alert import AlertKind, Told
from bounce_watch.store.ledger import Ledger

from .contract import LedgerFixtures
from .makers import ACCOUNT, HOUR, NOON


def told(kind: AlertKind = AlertKind.LEAK, subject: str = "", *, hours: int = 0, target: str = "A") -> Told:
    return Told(account=ACCOUNT, target=target, kind=kind, subject=subject, told_at=NOON + hours * HOUR)


class AlertContract(LedgerFixtures):
    def test_the_newest_of_each_case_and_target_is_known(self, ledger: Ledger) -> None:
        here, later = told(), told(hours=3)
        case = told(AlertKind.SILENCE, "amazon.de", hours=1)
        ledger.file_told([here, case, told(target="B", hours=9)])
        ledger.file_told([later])
        ledger.file_told([])
        assert ledger.told_since(ACCOUNT, target="A", since=NOON) == [later, case]
        assert ledger.told_since(ACCOUNT, target="A", since=NOON + 2 * HOUR) == [later]
        assert later not in ledger.told_since(ACCOUNT, target="A", since=NOON, until=NOON + 2 * HOUR)
        assert ledger.told_since(ACCOUNT, target="C", since=NOON) == []
        assert ledger.told_since("de", target="A", since=NOON) == []
        assert list(ledger.damages()) == []

    def test_where_an_address_comes_from_is_kept_as_a_keyed_digest(self, ledger: Ledger) -> None:
        ledger.file_told([told(target="command cat Hunter2-secret")])
        with ledger._reading() as connection:
            (row,) = connection.exec_driver_sql("SELECT target FROM alert_told").all()
        assert len(row.target) == 32
        assert set(row.target) <= set("0123456789abcdef")
        since = NOON - timedelta(days=1)
        assert len(ledger.told_since(ACCOUNT, target="command cat Hunter2-secret", since=since)) == 1
