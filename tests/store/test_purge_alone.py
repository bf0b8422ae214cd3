"""While the list is looked at, nobody can file what would put a name on it: on both back ends."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from bounce_watch.records.ids import Alias, OrderId

from .makers import ACCOUNT, NOON, buyer, log, order, send
from .opening import open_ledger

LATER = NOON + timedelta(days=400)


@pytest.mark.parametrize("place", ["sqlite_url", "postgres_url"])
def test_what_is_filed_meanwhile_waits_for_the_purge(place: str, request: pytest.FixtureRequest) -> None:
    url = str(request.getfixturevalue(place))
    with open_ledger(url) as ledger, open_ledger(url) as other:
        first = ledger.start_run(ACCOUNT, "sent import", at=NOON)
        ledger.file_sent_log(first, log([send(1, order_id=order(1), alias=buyer(1))]))
        second = other.start_run(ACCOUNT, "sent import", at=LATER)
        again = log([send(1, order_id=order(1), alias=buyer(1), sent_at=NOON + timedelta(days=1))])
        writer = threading.Thread(target=other.file_sent_log, args=(second, again))

        def look() -> set[OrderId | Alias]:
            writer.start()
            writer.join(0.5)
            assert writer.is_alive()
            return set()

        assert ledger.purge(ACCOUNT, listed=look, now=LATER).names == 2
        writer.join(30)
        assert not writer.is_alive()
        # What was filed behind the purge is in clear again, until the next one.
        assert ledger.purge(ACCOUNT, listed=(), now=LATER).names == 2
