from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import openpyxl
import pytest

from bounce_watch.errors import DataError
from bounce_watch.records.opt_out import SuppressionEntry
from bounce_watch.suppression.export import (
    BLOCK_ROWS,
    export_parts,
    format_instant,
    is_left_out,
    keys_of,
    render_export,
)
from bounce_watch.suppression.preset import Format, Key, Preset, load_preset, parse_preset, preset_names
from tests.suppression.export_samples import (
    ANN,
    ANN_1,
    ANN_2,
    BEA,
    BEA_1,
    CAM,
    ENTRIES,
    FIXTURES,
    HASHED_ALIAS,
    HASHED_ORDER,
    LONE,
    NOTE,
    at,
    entry,
)

GOLD = {path.stem: path for path in FIXTURES.iterdir()}
A, B, C = (
    "aaaaaaaaaaaaaa1@marketplace.amazon.co.uk",
    "bbbbbbbbbbbbbb2@marketplace.amazon.it",
    "cccccccccccccc3@marketplace.amazon.com.au",
)
ORDERS = ["203-1111111-1111111", "203-7777777-7777777", "404-2222222-2222222", "S01-9999999-9999999"]
REASON = "opted out of unsolicited messages"
AUDIT_HEADER = [
    *(
        "account",
        "alias",
        "order_ids",
        "marketplace",
        "since",
        "last_noticed_at",
        "notices",
        "source",
        "reason",
    ),
    "expires_at",
]
ANN_ROW = (A, "203-1111111-1111111 203-7777777-7777777", "amazon.co.uk")
AUDIT = [
    ["uk", *ANN_ROW, "2026-07-03T09:34:59Z", "2026-07-20T15:00:59Z", "3", "opt_out", REASON, ""],
    [
        *("uk", B, "404-2222222-2222222", "amazon.it", "2026-07-05T10:00:59Z", "2026-07-05T10:00:59Z", "1"),
        *("opt_out", REASON, "2026-07-31T23:00:59Z"),
    ],
    ["uk", C, "", "amazon.com.au", "2026-07-06T07:00:59Z", "", "0", "manual", f"'{NOTE}", ""],
    ["uk", "", "S01-9999999-9999999", "amazon.co.uk", "", "", "1", "opt_out", REASON, ""],
    [
        *("de, the other", A, "203-1111111-1111111", "amazon.co.uk", "2026-07-09T12:00:59Z"),
        *("2026-07-09T12:00:59Z", "1", "opt_out", REASON, ""),
    ],
]
TABLES = {
    "addresses": [[A], [B], [C]],
    "zonmaster": [[A], [B], [C]],
    "orders": [[order] for order in ORDERS],
    "managebystats-orders": [["Amazon Order ID"], *([order] for order in ORDERS)],
    "ses": [[A, "COMPLAINT"], [B, "COMPLAINT"], [C, "COMPLAINT"]],
    "klaviyo": [["Email"], [A], [B], [C]],
    "hubspot": [["Email"], [A], [B], [C]],
    "managebystats": [["Email"], [A], [B], [C]],
    "brevo": [["EMAIL"], [A], [B], [C]],
    "sendgrid": [["email"], [A], [B], [C]],
    "mailchimp": [["Email Address"], [A], [B], [C]],
    "listmonk": [["email", "name", "attributes"], [A, "", ""], [B, "", ""], [C, "", ""]],
    "mautic": [["email", "do_not_contact"], [A, "1"], [B, "1"], [C, "1"]],
    "cordial": [
        ["channels.email.address", "channels.email.subscribeStatus"],
        *([each, "unsubscribed"] for each in (A, B, C)),
    ],
    "mailgun": [
        ["address", "tags", "created_at"],
        [A, "*", "Fri, 03 Jul 2026 09:34:59 +0000"],
        [B, "*", "Sun, 05 Jul 2026 10:00:59 +0000"],
        [C, "*", "Mon, 06 Jul 2026 07:00:59 +0000"],
    ],
    "csv": [AUDIT_HEADER, *AUDIT],
}
"""What the csv module reads in each; written by hand, as are the gold files."""


def octets(preset: Preset, entries: list[SuppressionEntry] = ENTRIES) -> bytes:
    return b"".join(render_export(entries, preset))


def by_hand(**changes: str) -> Preset:
    keys = {"key": "both", "rows": "order", "header": "true"} | changes
    quoted = "\n".join(f"{key} = {value if value == 'true' else repr(value)}" for key, value in keys.items())
    return parse_preset(
        "own",
        f'description = "one row for each order"\n{quoted}\n'
        'columns = [{ header = "order", source = "order_id" }, { header = "who", source = "alias" }]\n',
    )


class TestGold:
    def test_every_preset_has_a_gold_file_and_the_reverse(self) -> None:
        assert set(preset_names()) == set(GOLD)
        assert len(list(FIXTURES.iterdir())) == len(GOLD)
        assert set(TABLES) == {name for name in GOLD if load_preset(name).format is Format.CSV}

    @pytest.mark.parametrize("name", sorted(GOLD.keys() - {"xlsx"}))
    def test_the_export_is_the_gold_file_to_the_octet(self, name: str) -> None:
        assert octets(load_preset(name)) == GOLD[name].read_bytes()

    @pytest.mark.parametrize("name", TABLES)
    def test_the_csv_module_reads_what_was_written_by_hand(self, name: str) -> None:
        text = octets(load_preset(name)).decode("utf-8")
        assert list(csv.reader(io.StringIO(text, newline=""), strict=True)) == TABLES[name]

    def test_json_is_read_back(self) -> None:
        assert json.loads(octets(load_preset("postmark"))) == {
            "Suppressions": [{"EmailAddress": A}, {"EmailAddress": B}, {"EmailAddress": C}]
        }
        assert json.loads(octets(load_preset("sendgrid-api"))) == {"recipient_emails": [A, B, C]}
        lines = octets(load_preset("ses-json")).splitlines()
        assert [json.loads(line) for line in lines] == [
            {"emailAddress": each, "reason": "COMPLAINT"} for each in (A, B, C)
        ]

    def test_json_lines_hold_the_audit_with_its_types(self) -> None:
        lines = [json.loads(line) for line in octets(load_preset("jsonl")).splitlines()]
        assert [list(line) for line in lines] == [AUDIT_HEADER] * 5
        assert lines[0]["order_ids"] == ORDERS[:2]
        assert lines[0]["notices"] == 3
        assert (lines[2]["order_ids"], lines[2]["reason"], lines[2]["last_noticed_at"]) == ([], NOTE, None)
        assert lines[1]["expires_at"] == "2026-07-31T23:00:59Z"
        assert (lines[3]["alias"], lines[3]["since"]) == (None, None)

    def test_openpyxl_reads_the_gold_sheet_and_ours_as_the_same(self) -> None:
        expected = [AUDIT_HEADER, *AUDIT]
        for source in (io.BytesIO(octets(load_preset("xlsx"))), GOLD["xlsx"]):
            sheet = openpyxl.load_workbook(source).active
            assert sheet is not None
            read = [
                ["" if cell is None else cell for cell in row] for row in sheet.iter_rows(values_only=True)
            ]
            assert [[str(cell) for cell in row] for row in read] == expected
            assert [row[6] for row in read[1:]] == [3, 1, 0, 1, 1]

    @pytest.mark.parametrize("name", sorted(GOLD))
    def test_the_same_list_gives_the_same_octets(self, name: str) -> None:
        assert octets(load_preset(name)) == octets(load_preset(name))

    @pytest.mark.parametrize("name", sorted(GOLD))
    def test_a_hash_is_in_no_export(self, name: str) -> None:
        preset = replace(
            load_preset(name), format=Format.JSON_LINES, header=True
        )  # to look into the sheet, too
        for shape in (preset, load_preset(name)):
            assert b"0123456789abcdef" not in octets(shape)


class TestRows:
    def test_an_empty_list_is_a_header_or_nothing(self) -> None:
        assert octets(load_preset("addresses"), []) == b""
        assert octets(load_preset("klaviyo"), []) == b"Email\r\n"
        assert octets(load_preset("jsonl"), []) == b""
        assert json.loads(octets(load_preset("postmark"), [])) == {"Suppressions": []}
        sheet = openpyxl.load_workbook(io.BytesIO(octets(load_preset("xlsx"), []))).active
        assert sheet is not None
        assert list(sheet.iter_rows(values_only=True)) == [tuple(AUDIT_HEADER)]

    def test_an_order_under_two_entries_stands_once(self) -> None:
        entries = [entry(BEA, ANN_1, BEA_1), entry(None, ANN_1)]
        assert octets(load_preset("orders"), entries) == f"{ANN_1}\n{BEA_1}\n".encode()

    def test_an_alias_of_two_accounts_stands_once_where_the_tool_knows_aliases(self) -> None:
        entries = [entry(ANN), entry(BEA), entry(ANN, account="de")]
        assert octets(load_preset("addresses"), entries) == f"{ANN}\n{BEA}\n".encode()
        assert octets(load_preset("csv"), entries).count(b"aaaaaaaaaaaaaa1@") == 2

    def test_with_one_account_nothing_is_watched(self) -> None:
        preset = load_preset("addresses")
        twice = b"".join(render_export([entry(ANN), entry(ANN)], preset, one_account=True))
        assert twice == f"{ANN}\n{ANN}\n".encode()

    def test_a_row_for_each_order_repeats_its_alias_and_one_without_orders_has_one(self) -> None:
        preset = by_hand(delimiter="semicolon", line_end="lf")
        assert octets(preset, [*ENTRIES[:4], entry(HASHED_ALIAS, LONE)]).decode() == (
            f"order;who\n{ANN_1};{A}\n{ANN_2};{A}\n{BEA_1};{B}\n;{C}\n{LONE};\n"
        )

    def test_all_columns_can_be_chosen_by_a_tool_that_goes_by_alias(self) -> None:
        preset = parse_preset(
            "own",
            'description = "d"\nkey = "alias"\n'
            'columns = [{ header = "a", source = "alias" }, { header = "o", source = "order_ids" }]\n',
        )
        assert octets(preset, ENTRIES[1:2]).decode() == f"a,o\r\n{A},{ANN_1} {ANN_2}\r\n"

    def test_more_rows_than_one_block(self) -> None:
        entries = [entry(replace(ANN, local=f"buyer{number:06}")) for number in range(2 * BLOCK_ROWS + 1)]
        expected = [f"buyer{number:06}@marketplace.amazon.co.uk" for number in range(2 * BLOCK_ROWS + 1)]
        assert octets(load_preset("addresses"), entries).decode().split() == expected
        assert json.loads(octets(load_preset("sendgrid-api"), entries)) == {"recipient_emails": expected}
        assert len(octets(load_preset("jsonl"), entries).splitlines()) == len(expected)

    def test_entries_are_taken_as_they_are_needed(self) -> None:
        taken = 0

        def entries() -> Iterator[SuppressionEntry]:
            nonlocal taken
            for number in range(10 * BLOCK_ROWS):
                taken += 1
                yield entry(replace(ANN, local=f"buyer{number:06}"))

        blocks = render_export(entries(), load_preset("addresses"))
        assert next(blocks).startswith(b"buyer000000@")
        assert taken == BLOCK_ROWS


class TestEncoding:
    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252", "iso-8859-15"])
    def test_a_preset_chooses_its_encoding(self, encoding: str) -> None:
        preset = replace(load_preset("csv"), encoding=encoding)
        assert octets(preset).decode(encoding) == GOLD["csv"].read_bytes().decode("utf-8")

    def test_a_letter_that_it_lacks_stops_the_export(self) -> None:
        with pytest.raises(DataError) as error:
            octets(replace(load_preset("csv"), encoding="ascii"))
        assert error.value.message == "The export holds a letter that ascii does not have."


class TestParts:
    @pytest.mark.parametrize(
        ("rows", "parts"),
        [(None, ["ABC"]), (1, ["A", "B", "C"]), (2, ["AB", "C"]), (3, ["ABC"]), (4, ["ABC"])],
    )
    def test_no_part_is_larger_than_the_tool_takes(self, rows: int | None, parts: list[str]) -> None:
        preset = replace(load_preset("klaviyo"), max_rows=rows)
        texts = [b"".join(part).decode() for part in export_parts(ENTRIES, preset)]
        names = {"A": A, "B": B, "C": C}
        assert texts == [
            "".join(f"{line}\r\n" for line in ["Email", *(names[one] for one in part)]) for part in parts
        ]

    @pytest.mark.parametrize("name", ["klaviyo", "addresses", "postmark", "xlsx"])
    def test_there_is_always_one(self, name: str) -> None:
        preset = load_preset(name)
        assert [b"".join(part) for part in export_parts([], preset)] == [octets(preset, [])]

    def test_what_is_left_of_a_part_is_passed_over(self) -> None:
        preset = replace(load_preset("addresses"), max_rows=1)
        parts = export_parts(ENTRIES, preset)
        next(parts)
        assert b"".join(next(parts)).decode() == f"{B}\n"

    def test_thousands_of_parts_are_no_trouble(self) -> None:
        entries = (entry(replace(ANN, local=f"buyer{number:06}")) for number in range(5000))
        preset = replace(load_preset("addresses"), max_rows=1)
        assert sum(len(b"".join(part).splitlines()) for part in export_parts(entries, preset)) == 5000

    def test_mailgun_parts_stay_below_its_limit(self) -> None:
        """25 MB; a local part has 64 letters at most, a marketplace 13."""
        longest = entry(replace(ANN, local="a" * 64, marketplace="amazon.com.au"), since=at(29, 23))
        preset = load_preset("mailgun")
        header, row, _ = octets(preset, [longest]).split(b"\r\n")
        assert preset.max_rows is not None
        assert len(header) + 2 + preset.max_rows * (len(row) + 2) < 25_000_000


class TestKeys:
    @pytest.mark.parametrize(
        ("key", "expected"),
        [
            (Key.ALIAS, [(HASHED_ALIAS,), (ANN,), (BEA,), (CAM,), (), (ANN,)]),
            (Key.ORDER, [(HASHED_ORDER,), (ANN_1, ANN_2), (BEA_1, HASHED_ORDER), (), (LONE,), (ANN_1,)]),
            (
                Key.BOTH,
                [
                    *((HASHED_ALIAS, HASHED_ORDER), (ANN, ANN_1, ANN_2), (BEA, BEA_1, HASHED_ORDER), (CAM,)),
                    *((LONE,), (ANN, ANN_1)),
                ],
            ),
        ],
    )
    def test_the_keys_are_those_that_the_tool_knows(
        self, key: Key, expected: list[tuple[object, ...]]
    ) -> None:
        preset = replace(load_preset("csv"), key=key)
        assert [keys_of(each, preset) for each in ENTRIES] == expected

    @pytest.mark.parametrize(("name", "left"), [("addresses", [4]), ("orders", [3]), ("csv", [])])
    def test_who_has_none_is_left_out(self, name: str, left: list[int]) -> None:
        preset = load_preset(name)
        assert [number for number, each in enumerate(ENTRIES) if is_left_out(each, preset)] == left

    def test_an_alias_that_becomes_known_is_no_loss_for_the_audit(self) -> None:
        preset = load_preset("csv")
        before, after = keys_of(entry(None, ANN_1), preset), keys_of(entry(ANN, ANN_1), preset)
        assert set(before) - set(after) == set()


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (None, ""),
        (at(3, 10), "2026-07-03T10:00:59Z"),
        (at(3, 10).replace(microsecond=0), "2026-07-03T10:00:59Z"),
    ],
)
def test_an_instant_is_written_in_whole_seconds(instant: datetime | None, text: str) -> None:
    assert format_instant(instant) == text


def test_an_unknown_instant_is_an_empty_cell_in_the_form_of_mails() -> None:
    assert octets(load_preset("mailgun"), [entry(ANN)]).decode().splitlines()[1] == f"{A},*,"


def test_a_lone_value_of_the_audit_is_no_more_than_itself() -> None:
    """A cell with the delimiter in it is quoted, a negative number can't be a formula, a note in two lines is one."""
    odd = entry(ANN, notices=-5, reason="a\nb", account="x,y")
    row = octets(load_preset("csv"), [odd]).decode().split("\r\n")[1]
    assert row == f'"x,y",{A},,amazon.co.uk,,,\'-5,opt_out,a\\u{{a}}b,'
