from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace
from pathlib import Path

from bounce_watch.reports.content import ReportContent
from bounce_watch.reports.csv import COLUMNS, render_csv
from tests.output.evil import EVIL, is_formula

from .example import CONTENT, NO_LOG
from .examples import LOUD, ODD, SILENT
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


Shown = tuple[str, str, str, str, str, str]


def told(rows: list[dict[str, str]], *kinds: str) -> list[Shown]:
    """Kind, group, measure, unit, value and state of the rows of some kinds."""
    columns = ("group_kind", "group", "measure", "unit", "value", "state")
    return [
        (cells[0], cells[1], cells[2], cells[3], cells[4], cells[5])
        for row in rows
        if row["group_kind"] in kinds and (cells := [row[column] for column in columns])
    ]


def test_leak_by_hand() -> None:
    rows = read(LOUD)
    assert told(rows, "leak", "leak_label") == [
        ("leak", "", "messages", "count", "12", ""),
        ("leak", "", "buyers", "count", "9", ""),
        ("leak", "", "export", "number", "31", ""),
        ("leak_label", "review-request", "messages", "count", "9", ""),
        ("leak_label", "how-to-use", "messages", "count", "2", ""),
        ("leak_label", "", "messages", "count", "1", ""),
    ]
    days = {(row["first_day"], row["last_day"]) for row in rows if row["group_kind"].startswith("leak")}
    assert days == {("2026-11-16", "2026-11-22")}
    assert told(read(CONTENT), "leak", "leak_label") == [
        ("leak", "", "messages", "count", "0", ""),
        ("leak", "", "buyers", "count", "0", ""),
    ]


def test_silences_by_hand() -> None:
    by_days = replace(SILENT, marketplace=None, by_days=True)
    rows = read(replace(LOUD, silences=(*LOUD.silences[1:], by_days)))
    assert told(rows, "silence") == [
        ("silence", "amazon.com.au", "notices", "count", "99", "heard"),
        ("silence", "amazon.com.au", "expected", "count", "1.9", "heard"),
        ("silence", "amazon.de", "notices", "count", "212", "silent"),
        ("silence", "amazon.de", "expected", "count", "14.3", "silent"),
        ("silence", "amazon.com", "notices", "count", "12", "cannot_tell"),
        ("silence", "amazon.com", "expected", "count", "", "cannot_tell"),
        ("silence", "", "notices", "count", "212", "silent"),
        ("silence", "", "expected", "count", "14.3", "silent"),
    ]
    bases = [row["basis"] for row in rows if row["group_kind"] == "silence"]
    assert bases == ["", "buyers"] * 3 + ["", "days"]


def test_a_change_point_by_hand() -> None:
    rows = read(LOUD)
    assert told(rows, "change_point") == [
        ("change_point", "2026-11-02", "rate_before", "share", "0.0148", ""),
        ("change_point", "2026-11-02", "rate_after", "share", "0.0313", ""),
    ]
    assert {row["basis"] for row in rows if row["group_kind"] == "change_point"} == {"buyers"}
    assert one(rows, group_kind="period", measure="slope_periods")["value"] == "13"
    assert not told(read(CONTENT), "change_point")


def test_list_and_mails_by_hand() -> None:
    line = replace(CONTENT.reconciliation, read=8319, dismissed=4, undone=5)
    rows = read(replace(LOUD, reconciliation=line))
    parts = ("opt_outs", "other_kinds", "not_amazon", "duplicates", "set_aside", "unrecognised", "unreadable")
    counts = (8319, 1204, 310, 6512, 281, 1, 1, 1, 4, 5)
    assert told(rows, "suppression_list", "reconciliation", "waiting", "ever") == [
        ("ever", "", "notices", "count", "1204", ""),
        ("ever", "", "orders", "count", "1007", ""),
        ("ever", "", "buyers", "count", "981", ""),
        ("suppression_list", "", "entries", "count", "981", ""),
        ("suppression_list", "", "without_alias", "count", "12", ""),
        *(
            ("reconciliation", "", measure, "count", str(count), "")
            for measure, count in zip(("read", *parts, "dismissed", "undone"), counts, strict=True)
        ),
        ("waiting", "", "mails", "count", "3", ""),
    ]
    # What is told as it stands has no days.
    standing = {"ever", "silence", "suppression_list", "reconciliation", "waiting"}
    for row in rows:
        assert bool(row["first_day"] or row["last_day"]) is (row["group_kind"] not in standing)
    now = [row["value"] for row in rows if row["measure"] in {"unmatched", "new_since_yesterday"}]
    assert now == ["8", "7"]


def test_there_is_no_buyer_in_it() -> None:
    made = render_csv([personal()])
    for each in (ORDER, ALIAS, PERSON, SUBJECT, "qwertzuiop", "jane"):
        assert each not in made


def test_no_cell_is_a_formula() -> None:
    rows = read(hostile(*EVIL))
    kinds = Counter(row["group_kind"] for row in rows)
    assert (kinds["label"], kinds["leak_label"], kinds["silence"]) == (3 * len(EVIL), 1, 2)
    for row in rows:
        foreign = (row["account"], row["group"])
        assert not [cell for cell in foreign if is_formula(cell) or "\n" in cell]
