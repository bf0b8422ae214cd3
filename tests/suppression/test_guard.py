from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bounce_watch.errors import GuardStopped
from bounce_watch.suppression.guard import Surge, check_foreign, check_shrinkage, check_surge, find_surge

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _notices(today: int, a_day: int, *, days: int = 28) -> list[datetime | None]:
    before = [NOW - timedelta(days=day, hours=1) for day in range(1, days + 1) for _ in range(a_day)]
    return [*before, *[NOW - HOUR] * today]


@pytest.mark.parametrize(
    ("today", "a_day", "surges"),
    [
        (20, 0, False),  # Twenty are never a surge.
        (21, 0, True),
        (21, 2, True),
        (20, 2, False),
        (30, 3, False),  # Ten times the usual three.
        (31, 3, True),
        (0, 50, False),
    ],
)
def test_a_surge_is_more_than_twenty_and_ten_times_the_usual(today: int, a_day: int, surges: bool) -> None:
    found = find_surge(_notices(today, a_day), now=NOW)
    assert found == (Surge(notices=today, usual=a_day) if surges else None)


def test_the_median_forgives_one_loud_day() -> None:
    loud = [NOW - timedelta(days=3, hours=2)] * 500
    assert find_surge([*_notices(21, 1), *loud], now=NOW) == Surge(notices=21, usual=1)


def test_what_is_not_dated_lies_ahead_or_long_ago_is_left_out() -> None:
    odd: list[datetime | None] = [None, NOW + HOUR, NOW - timedelta(days=29)] * 30
    assert find_surge(odd, now=NOW) is None
    assert find_surge([NOW] * 21, now=NOW) == Surge(notices=21, usual=0)
    assert find_surge([NOW - timedelta(days=1)] * 21, now=NOW) is None


def test_a_surge_stops_and_names_the_flag() -> None:
    check_surge(None, account="uk")
    with pytest.raises(GuardStopped) as caught:
        check_surge(Surge(notices=63, usual=4.5), account="uk")
    assert "63 unproven opt-outs in 24 hours, where 4.5 a day are usual" in caught.value.message
    assert "--allow-surge" in caught.value.advice


def test_shrinkage_needs_a_reason() -> None:
    check_shrinkage({})
    with pytest.raises(GuardStopped, match=r"1 entry of the last export would disappear \(a\)"):
        check_shrinkage({"h1": "a"})
    with pytest.raises(GuardStopped, match="2 entries"):
        check_shrinkage({"h1": "a", "h2": "b"})


@pytest.mark.parametrize(
    ("lines", "rows", "stops"), [(0, 0, False), (1, 0, True), (1, 1, False), (4, 1, False), (5, 1, True)]
)
def test_a_longer_list_of_somebody_else_is_left_alone(
    tmp_path: Path, lines: int, rows: int, stops: bool
) -> None:
    path = tmp_path / "list.txt"
    check_foreign(path, rows=0)  # There is none.
    path.write_text("somebody@marketplace.amazon.co.uk\n" * lines)
    if not stops:
        check_foreign(path, rows=rows)
        return
    with pytest.raises(GuardStopped, match="holds a longer list") as caught:
        check_foreign(path, rows=rows)
    assert "--allow-shrink" in caught.value.advice


def test_a_forgotten_name_is_not_shown_as_one() -> None:
    hashed = f"#{32 * 'a'}"
    with pytest.raises(GuardStopped, match=r"2 entries .* \(a@b\)"):
        check_shrinkage({"h1": hashed, "h2": "a@b"})
    with pytest.raises(GuardStopped, match="forgotten by now"):
        check_shrinkage({"h1": hashed})
