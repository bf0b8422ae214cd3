from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

from bounce_watch.reports.content import ReportContent
from bounce_watch.reports.csv import COLUMNS, render_csv
from tests.output.evil import EVIL, is_formula

from .example import CONTENT, NO_LOG
from .examples import LOUD, ODD
from .hostile import ALIAS, ORDER, PERSON, SUBJECT, hostile, personal

GOLD = Path(__file__).parents[2] / "fixtures" / "reports"


def read(*contents: ReportContent) -> list[dict[str, str]]:
    found = list(csv.DictReader(io.StringIO(render_csv(contents), newline="")))
    assert all(None not in row and None not in row.values() for row in found)
    return found


def one(rows: list[dict[str, str]], **wanted: str) -> dict[str, str]:
    (found,) = [row for row in rows if wanted.items() <= row.items()]
    return found


def test_the_week_is_as_agreed() -> None:
    assert render_csv([CONTENT]) == (GOLD / "week.csv").read_bytes().decode("ascii")


def test_figures_by_hand() -> None:
    rows = read(CONTENT)
    now = one(rows, group_kind="period", measure="rate", basis="messages")
    assert now == {
        "account": "uk",
        "made_at": "2026-11-23T06:30:00Z",
        "time_zone": "Europe/London",
        "period": "week",
        "first_day": "2026-11-16",
        "last_day": "2026-11-22",
        "group_kind": "period",
        "group": "",
        "measure": "rate",
        "basis": "messages",
        "unit": "share",
        "value": str(57 / 2710),
        "low": "0.016",
        "high": "0.0276",
        "opted_out": "57",
        "contacted": "2710",
        "state": "maturing",
        "design_effect": str(1 + 2 * (2710 - 2540) / 2710),
        "covered": "1.0",
        "unknown_purpose": "140",
        "withheld": "96",
    }
    assert one(rows, group_kind="period", measure="notices")["value"] == "57"
    assert one(rows, group_kind="before", measure="orders")["value"] == "46"
    assert one(rows, group_kind="period", measure="share")["opted_out"] == "145"
    place = one(rows, group_kind="marketplace", group="amazon.com.au", measure="rate", basis="buyers")
    assert (place["opted_out"], place["contacted"]) == ("13", "760")
    nameless = [row for row in rows if row["group_kind"] == "marketplace" and not row["group"]]
    assert {row["value"] for row in nameless if row["measure"] == "rate"} == {""}
    assert {row["state"] for row in nameless if row["measure"] == "rate"} == {"no_denominator"}
    # A negative end of an interval is a number, not text behind an apostrophe.
    moved = one(rows, measure="difference")
    assert [float(moved[key]) for key in ("value", "low", "high")] == [0.1691, -0.5866, 0.9266]
    assert (moved["basis"], moved["unit"]) == ("buyers", "points")
    assert float(one(rows, measure="slope")["value"]) == 0.3237


def test_each_number_has_one_row() -> None:
    rows = read(LOUD, NO_LOG)
    kinds = Counter(row["group_kind"] for row in rows if row["measure"] == "rate")
    assert kinds == {"period": 4, "before": 4, "trend": 52, "marketplace": 16, "label": 26, "order_age": 10}
    assert list(rows[0]) == list(COLUMNS)
    assert one(read(ODD), group_kind="period", measure="rate", basis="buyers")["value"] == ""
    assert {row["account"] for row in rows} == {"uk"}


def test_there_is_no_buyer_in_it() -> None:
    made = render_csv([personal()])
    for each in (ORDER, ALIAS, PERSON, SUBJECT, "qwertzuiop", "jane"):
        assert each not in made


def test_no_cell_is_a_formula() -> None:
    rows = read(hostile(*EVIL))
    labels = [row["group"] for row in rows if row["group_kind"] == "label"]
    assert len(labels) == 3 * len(EVIL)
    for row in rows:
        foreign = (row["account"], row["group"])
        assert not [cell for cell in foreign if is_formula(cell) or "\n" in cell]
