"""What every ledger must say of the exported lists on which names stood."""

from __future__ import annotations

from bounce_watch.records.filed import ExportForm
from bounce_watch.store.leaks import OnExport
from bounce_watch.store.ledger import Ledger

from .contract import LedgerFixtures
from .makers import ACCOUNT, HOUR, NOON, buyer, exported, order


def spans(ledger: Ledger, number: int, account: str = ACCOUNT) -> list[tuple[int, int | None, str]]:
    """From which hour until which one a buyer stood on a list, and where it lay; the order says the same."""
    found = ledger.on_exports(account, [buyer(number), order(number)])
    assert found.get(buyer(number)) == found.get(order(number))
    return [
        ((each.since - NOON) // HOUR, (each.until - NOON) // HOUR if each.until else None, each.path)
        for each in found.get(buyer(number), [])
    ]


class LeakContract(LedgerFixtures):
    def test_who_was_never_exported_is_absent(self, ledger: Ledger) -> None:
        assert ledger.on_exports(ACCOUNT, [buyer(1), order(1)]) == {}
        exported(ledger, [1])
        assert ledger.on_exports(ACCOUNT, [buyer(2), order(2)]) == {}
        assert ledger.on_exports(ACCOUNT, []) == {}

    def test_from_which_export_on_and_until_which(self, ledger: Ledger) -> None:
        exported(ledger, [1, 2])
        exported(ledger, [2, 3], hours=1, form=ExportForm.DELTA)
        exported(ledger, [2, 3], hours=2)
        exported(ledger, [1, 3], hours=3)
        assert spans(ledger, 1) == [(0, 1, "out.csv"), (3, None, "out.csv")]
        assert spans(ledger, 2) == [(0, 3, "out.csv")]
        assert spans(ledger, 3) == [(1, None, "out.csv")]

    def test_which_export_it_was(self, ledger: Ledger) -> None:
        exported(ledger, [1])
        exported(ledger, [1, 2], hours=1)
        (found,) = ledger.on_exports(ACCOUNT, [buyer(2)])[buyer(2)]
        last = ledger.last_export(preset="csv", path="out.csv")
        assert last is not None
        assert last.id is not None
        assert found == OnExport(
            export_id=last.id, since=NOON + HOUR, until=None, preset="csv", path="out.csv"
        )

    def test_several_lists_the_first_export_first(self, ledger: Ledger) -> None:
        exported(ledger, [1], path="late.csv", hours=5)
        exported(ledger, [1], path="early.csv", hours=2)
        exported(ledger, [1], path="early.csv", preset="orders", hours=2)
        assert spans(ledger, 1) == [(2, None, "early.csv")] * 2 + [(5, None, "late.csv")]

    def test_a_list_of_several_accounts_is_each_one_s(self, ledger: Ledger) -> None:
        exported(ledger, [1], account="de+uk")
        exported(ledger, [1, 2], account="de", hours=1)
        exported(ledger, [2], account="de", hours=2)
        assert spans(ledger, 1) == [(0, 2, "out.csv")]
        assert spans(ledger, 2) == []
        assert spans(ledger, 2, "de") == [(1, None, "out.csv")]

    def test_more_names_than_are_asked_for_at_once(self, ledger: Ledger) -> None:
        exported(ledger, range(1, 700))
        found = ledger.on_exports(ACCOUNT, [buyer(number) for number in range(1, 1_400)])
        assert set(found) == {buyer(number) for number in range(1, 700)}

    def test_a_list_holds_from_after_its_export_to_the_one_without(self, ledger: Ledger) -> None:
        exported(ledger, [1])
        exported(ledger, [2], hours=4)
        (first,) = ledger.on_exports(ACCOUNT, [buyer(1)])[buyer(1)]
        (second,) = ledger.on_exports(ACCOUNT, [buyer(2)])[buyer(2)]
        assert first.held(NOON + HOUR, NOON + 4 * HOUR)
        assert not first.held(NOON, NOON + HOUR)
        assert not first.held(NOON + HOUR, NOON + 5 * HOUR)
        assert second.held(NOON + 5 * HOUR, NOON + 500 * HOUR)
