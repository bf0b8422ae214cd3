"""Which column is whose: titles against contents, names that win, and what is left open."""

from __future__ import annotations

import io
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest

from bounce_watch.errors import DataError
from bounce_watch.records.sent import Purpose
from bounce_watch.sent_log.csv_log import read_csv_log
from bounce_watch.sent_log.guess import find_mapping, is_header
from bounce_watch.sent_log.mapping import WORDS, Certainty, ColumnNames, Mapping, option_of
from bounce_watch.sent_log.plan import LogOptions, LogPlan, plan_log
from bounce_watch.sent_log.titles import TITLES, Field
from bounce_watch.sent_log.words import PURPOSES, STAYED, WENT_OUT

ORDER, OTHER = "203-1111111-1111111", "203-2222222-2222222"
ALIAS = "aaaaaaaaaaaaaa1@marketplace.amazon.co.uk"
TIME = "2026-09-30 17:05"
UTC = ZoneInfo("UTC")


def mapped(titles: Sequence[str] | None, *rows: Sequence[str], named: ColumnNames | None = None) -> Mapping:
    return find_mapping(titles, rows, named=named or ColumnNames())


def planned(text: str, options: LogOptions | None = None) -> LogPlan:
    return plan_log(io.BytesIO(text.encode()), account="uk", time_zone=UTC, options=options)


def places(mapping: Mapping) -> dict[str, tuple[int, str]]:
    return {each.field.value: (each.place, each.certainty.value) for each in mapping.found}


def test_every_field_has_titles_words_an_option_and_a_name() -> None:
    assert set(TITLES) == set(WORDS) == set(Field)
    assert {field.value for field in Field} == set(ColumnNames.__slots__)
    assert option_of(Field.ORDER_ID) == "--order-column"
    assert option_of(Field.SENT_AT) == "--sent-at-column"


def test_no_title_means_two_things_for_certain() -> None:
    seen: dict[str, Field] = {}
    for field, tiers in TITLES.items():
        for key in (key for tier in tiers[:2] for key in tier if field is not Field.LABEL):
            assert seen.setdefault(key, field) is field, key
    assert not WENT_OUT & STAYED
    assert "" not in {*seen, *WENT_OUT, *STAYED, *PURPOSES}


@pytest.mark.parametrize(
    ("titles", "cells", "expected"),
    [
        (["Order ID", "Sent at"], [ORDER, TIME], {"order_id": (0, "title"), "sent_at": (1, "title")}),
        (["N.º de pedido", "Fecha"], [ORDER, TIME], {"order_id": (0, "title"), "sent_at": (1, "title")}),
        (["BESTELL_NR", "zeitstempel"], [ORDER, TIME], {"order_id": (0, "title"), "sent_at": (1, "title")}),
        (["x", "y"], [ORDER, TIME], {"order_id": (0, "content"), "sent_at": (1, "content")}),
        (["From", "y", "x"], [ALIAS, ALIAS, TIME], {"alias": (1, "content"), "sent_at": (2, "content")}),
        # A title whose cells say something else is none; cells win.
        (
            ["Order ID", "Shop ref", "Sent"],
            ["10001", ORDER, TIME],
            {"order_id": (1, "content"), "sent_at": (2, "title")},
        ),
        # An Amazon order id beats any other; both are right where they never differ.
        (
            ["Order ID", "Amazon Order ID", "Sent"],
            [OTHER, ORDER, TIME],
            {"order_id": (1, "title"), "sent_at": (2, "title")},
        ),
        (
            ["Order ID", "Order number", "Sent"],
            [ORDER, ORDER, TIME],
            {"order_id": (0, "title"), "sent_at": (2, "title")},
        ),
        # Of several times the one of sending; what happened otherwise is none.
        (
            ["Order ID", "Order date", "Opened at", "Wann"],
            [ORDER, TIME, TIME, "2026-09-30 18:00"],
            {"order_id": (0, "title"), "sent_at": (3, "content")},
        ),
        (
            ["Order ID", "Wann", "Date"],
            [ORDER, "2026-09-30 18:00", TIME],
            {"order_id": (0, "title"), "sent_at": (2, "content")},
        ),
        (
            ["Order ID", "Date", "Delivered at"],
            [ORDER, TIME, "2026-09-30 18:00"],
            {"order_id": (0, "title"), "sent_at": (1, "title")},
        ),
        # Yes and no under a title that may be a time.
        (
            ["Order ID", "Sent", "Date"],
            [ORDER, "yes", TIME],
            {"order_id": (0, "title"), "sent_at": (2, "title"), "status": (1, "title")},
        ),
        (
            ["Order ID", "Date", "x", "y", "z"],
            [ORDER, TIME, "skipped", "reply", "Amazon.de"],
            {
                "order_id": (0, "title"),
                "sent_at": (1, "title"),
                "status": (2, "content"),
                "purpose": (3, "content"),
                "marketplace": (4, "content"),
            },
        ),
        # What another field's title stands over is no guess of these.
        (
            ["Order ID", "Date", "Template"],
            [ORDER, TIME, "reply"],
            {"order_id": (0, "title"), "sent_at": (1, "title"), "label": (2, "title")},
        ),
        (
            ["Order ID", "Date", "x"],
            [ORDER, TIME, "yes"],
            {"order_id": (0, "title"), "sent_at": (1, "title")},
        ),
    ],
)
def test_columns_are_found(titles: list[str], cells: list[str], expected: dict[str, tuple[int, str]]) -> None:
    assert places(mapped(titles, cells)) == expected


def test_numbers_are_times_under_a_title_only() -> None:
    assert places(mapped(["Order ID", "Timestamp"], [ORDER, "1790784300"]))["sent_at"] == (1, "title")
    with pytest.raises(DataError, match="no column that says when"):
        mapped(["Order ID", "Phone"], [ORDER, "1790784300"])


def test_a_name_wins_over_titles_and_contents() -> None:
    named = ColumnNames(sent_at="Shipped", order_id="3", alias="-")
    mapping = mapped(["Sent", "Shipped", "Ref", "Email"], [TIME, "2026-10-01", ORDER, ALIAS], named=named)
    assert places(mapping) == {"sent_at": (1, "named"), "order_id": (2, "named")}
    assert mapping.guesses == ()


def test_a_table_without_a_header_is_known_by_its_cells_and_named_by_numbers() -> None:
    mapping = mapped(None, [TIME, ORDER], [TIME, OTHER, "more"])
    assert places(mapping) == {"order_id": (1, "content"), "sent_at": (0, "content")}
    assert (mapping.width, mapping.called(Field.ORDER_ID), mapping.called(Field.LABEL)) == (3, "2", "")
    assert (mapping.key(Field.SENT_AT), mapping.names_utc) == ("", False)
    with pytest.raises(DataError, match="no header"):
        mapped(None, [TIME, ORDER], named=ColumnNames(label="Template"))
    with pytest.raises(DataError, match="no column 9"):
        mapped(None, [TIME, ORDER], named=ColumnNames(label="9"))


def test_the_fullest_of_equal_columns_is_taken_and_differing_ones_are_a_question() -> None:
    alike = mapped(
        ["Order ID", "Order number", "Sent"], [ORDER, "", TIME], ["", OTHER, TIME], [ORDER, ORDER, TIME]
    )
    assert alike.questions == ()
    assert places(alike)["order_id"][0] == 0
    differ = mapped(["Email", "Recipient", "Sent"], [ALIAS, ALIAS.replace("1", "2"), TIME])
    assert [question.field for question in differ.questions] == [Field.ALIAS]
    assert differ.of(Field.ALIAS) is None


def test_only_what_figures_depend_on_is_a_guess_to_confirm() -> None:
    mapping = mapped(["Order ID", "Date", "z"], [ORDER, TIME, "www.amazon.de"])
    assert mapping.of(Field.MARKETPLACE) is not None
    assert mapping.guesses == ()
    (guess,) = mapped(["x", "Date"], [ORDER, TIME]).guesses
    assert (guess.field, guess.certainty) == (Field.ORDER_ID, Certainty.CONTENT)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["Order", "Sent"], True),
        (["", ""], True),
        (["2026", "12345"], True),
        ([ORDER, "x"], False),
        ([ALIAS, "x"], False),
        (["x", TIME], False),
    ],
)
def test_a_first_row_with_data_is_no_header(cells: list[str], expected: bool) -> None:
    assert is_header(cells) is expected


def test_a_header_that_looks_like_data_is_one_when_it_is_named() -> None:
    text = f"to@everybody,when\n{ALIAS},{TIME}\n"
    assert planned(text, LogOptions(columns=ColumnNames(alias="to@everybody", sent_at="2"))).has_header


def test_one_row_alone_is_a_log() -> None:
    plan = planned(f"{ORDER},{TIME}\n")
    assert (plan.rows, plan.has_header, plan.is_sure) == (1, False, False)
    log = read_csv_log(f"{ORDER},{TIME}\n".encode(), account="uk", time_zone=UTC)
    assert len(log.sends) == 1


def test_a_title_that_names_utc_is_believed_unless_a_zone_is_named() -> None:
    text = f"Order ID,Sent at UTC\n{ORDER},2026-07-01 12:00\n"
    london = ZoneInfo("Europe/London")
    plan = plan_log(io.BytesIO(text.encode()), account="uk", time_zone=london)
    assert (str(plan.times.zone), plan.zone) == ("UTC", london)
    named = planned(text, LogOptions(time_zone=london))
    assert named.times.zone is london


def test_examples_are_the_first_cells_that_are_not_empty() -> None:
    plan = planned(f"Order ID,Sent at,Template,Campaign\n{ORDER},{TIME},,\n{OTHER},{TIME},thanks,\n{OTHER}\n")
    assert plan.examples == {Field.ORDER_ID: ORDER, Field.SENT_AT: TIME, Field.LABEL: "thanks"}


class TestStatus:
    LOG = f"Order ID,Sent at,Status\n{ORDER},{TIME},Sent\n{OTHER},{TIME},\n{OTHER},{TIME},on its way\n"

    def test_unknown_words_are_a_question_and_naming_the_right_ones_answers_it(self) -> None:
        (question,) = planned(self.LOG).questions
        assert "'', 'on its way'" in question.what
        plan = planned(self.LOG, LogOptions(sent_status=("SENT", "On its way")))
        assert plan.questions == ()
        assert [(each.word, each.rows, each.is_sent) for each in plan.statuses] == [
            ("", 1, False),
            ("on its way", 1, True),
            ("Sent", 1, True),
        ]

    def test_that_it_is_no_status_answers_it_too(self) -> None:
        options = LogOptions(columns=ColumnNames(status="-"))
        assert planned(self.LOG, options).questions == ()
        log = read_csv_log(self.LOG.encode(), account="uk", time_zone=UTC, options=options)
        assert len(log.sends) == 3

    def test_many_unknown_words_are_told_in_part(self) -> None:
        rows = "".join(f"{ORDER},{TIME},state {number}\n" for number in range(300))
        (question,) = planned(f"Order ID,Sent at,Status\n{rows}").questions
        assert question.what.endswith(" and others.")

    def test_a_log_of_events_counts_its_first_stage(self) -> None:
        text = f"Order ID,Date,Event\n{ORDER},{TIME},delivered\n{ORDER},{TIME},clicked\n{ORDER},{TIME},seen\n"
        assert [each.is_sent for each in planned(text).statuses] == [False, True, False]

    def test_a_log_of_events_without_a_stage_is_a_question(self) -> None:
        text = f"Order ID,Date,Event\n{ORDER},{TIME},clicked\n{ORDER},{TIME},seen\n"
        assert [question.field for question in planned(text).questions] == [Field.STATUS]

    def test_a_short_row_has_no_status(self) -> None:
        text = f"Order ID,Sent at,Status\n{ORDER},{TIME},sent\n{ORDER}\n"
        assert [each.word for each in planned(text).statuses] == ["", "sent"]


def test_a_purpose_for_all_rows_wins_over_a_column() -> None:
    text = f"Order ID,Sent at,Purpose\n{ORDER},{TIME},reply\n"
    options = LogOptions(purpose=Purpose.UNSOLICITED)
    log = read_csv_log(text.encode(), account="uk", time_zone=UTC, options=options)
    assert [send.purpose for send in log.sends] == [Purpose.UNSOLICITED]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("203-1111111-111111,,2026-09-30,", "order id that can't be read"),
        (",x@marketplace.amazon.example,2026-09-30,", "an address at a marketplace that is not known"),
        (",,2026-09-30,", "neither an order id nor a marketplace alias"),
    ],
)
def test_what_may_be_amazons_and_is_not_understood_is_a_fault(row: str, reason: str) -> None:
    text = f"Order ID,Email,Sent at,Channel\n{ORDER},,2026-09-30,\n{row}\n"
    log = read_csv_log(text.encode(), account="uk", time_zone=UTC)
    assert len(log.skipped) == 1
    assert reason in log.skipped[0]
