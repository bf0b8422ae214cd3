from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bounce_watch import errors
from bounce_watch.mailboxes import limits, octets, stdin
from bounce_watch.notices.catalogue import load_catalogue
from bounce_watch.records.ids import MARKETPLACES
from bounce_watch.records.notice import NoticeKind, Outcome, WhyNotOurs, WhyUnrecognised
from bounce_watch.records.rate import RateState
from bounce_watch.reports.content import AttentionKind, Severity, WhyNoRate
from bounce_watch.store.tables import METADATA
from bounce_watch.suppression.preset import load_preset, parse_preset, preset_names
from bounce_watch.suppression.preset_toml import COLUMN_KEYS, KEYS
from bounce_watch.upkeep.metrics import write_metrics
from tests.upkeep.samples import QUIET, health

from .pages import DOCS, ROOT, behind, blocks, read, rows, section, words

MIB = 1024 * 1024


def first_words(path: str, title: str) -> list[str]:
    """What stands between backticks in the first column of a section's tables."""
    return [word for row in rows(section(read(path), title)) for word in words(row[0])]


def test_every_exit_code_is_documented() -> None:
    classes: list[type[errors.BounceWatchError]] = [errors.BounceWatchError]
    classes += errors.BounceWatchError.__subclasses__()
    known = {each.__name__: each.exit_code for each in classes}
    known |= {name: getattr(errors, name) for name in ("ATTENTION", "PARTLY", "ON_THE_LIST")}
    table = [row for row in rows(read("reference/exit-codes.md")) if row[1]]
    assert {words(row[1])[0]: int(row[0]) for row in table} == known
    codes = {int(row[0]) for row in rows(read("reference/exit-codes.md"))}
    assert codes - set(known.values()) == {0, 130, 143}


def test_every_error_class_is_a_direct_child() -> None:
    assert not [
        each for parent in errors.BounceWatchError.__subclasses__() for each in parent.__subclasses__()
    ]


def test_every_preset_is_documented_with_its_form() -> None:
    table = rows(read("reference/presets.md").partition("\n## ")[0])
    assert sorted(words(row[0])[0] for row in table) == list(preset_names())
    for row in table:
        preset = load_preset(words(row[0])[0])
        form = {"csv": f"CSV, {_LINE_ENDS[preset.line_end]}", "json_lines": "JSON Lines"}
        parts = f"{preset.max_rows:,}" if preset.max_rows else "all"
        assert row[3] == ("yes" if preset.header else "none")
        assert row[4] == form.get(preset.format.value, preset.format.value.upper())
        assert (row[5], row[6]) == (parts, preset.evidence.value)
        assert (preset.encoding, preset.delimiter) == ("utf-8", ",")


_LINE_ENDS = {"\n": "LF", "\r\n": "CR LF"}


def test_where_a_preset_is_known_from_is_told() -> None:
    table = {words(row[0])[0]: row[1] for row in rows(section(read("reference/presets.md"), "Evidence"))}
    assert table.pop("ses") == "AWS documents both forms, and 100,000 lines at most"
    assert table == {name: load_preset(name).source for name in table}
    others = set(preset_names()) - table.keys()
    assert others == {"addresses", "orders", "csv", "jsonl", "xlsx", "ses", "ses-json"}


def test_the_preset_of_the_how_to_is_taken_and_every_key_is_explained() -> None:
    text = read("how-to/write-a-preset.md")
    preset = parse_preset("our-help-desk", blocks(behind(text, "preset"))[0].text)
    assert (preset.delimiter, preset.max_rows, len(preset.columns)) == (";", 5000, 3)
    table = [words(row[0])[0] for row in rows(section(text, "2. Write the file"))]
    assert set(table[: -len(COLUMN_KEYS)]) == KEYS
    assert set(table[-len(COLUMN_KEYS) :]) == COLUMN_KEYS


def test_every_column_of_the_csv_preset_is_documented() -> None:
    documented = first_words("reference/presets.md", "csv")
    for name in ("csv", "jsonl", "xlsx"):
        assert documented == [column.header for column in load_preset(name).columns]


def test_every_wording_is_documented_as_it_is() -> None:
    documented = {words(row[0])[0]: row for row in rows(section(read("reference/notices.md"), "Wordings"))}
    shipped = {wording.id: wording for wording in load_catalogue().wordings}
    assert documented.keys() == shipped.keys()
    for identity, wording in shipped.items():
        _, kind, language, verified, seen, evidence = documented[identity]
        assert (kind, language, evidence) == (wording.kind.value, wording.language, wording.source)
        assert verified == ("yes" if wording.verified else "**no**")
        years = re.findall(r"\d{4}", seen)
        assert (int(years[0]), int(years[-1])) == (wording.first_seen.year, wording.last_seen.year)


def test_every_kind_and_type_is_documented() -> None:
    page = "reference/notices.md"
    assert first_words(page, "Kinds") == [kind.value for kind in NoticeKind]
    types = {words(row[0])[0]: row[1] for row in rows(section(read(page), "The type field"))}
    assert types == {name: kind.value for name, kind in load_catalogue().space_types.items()}


def test_every_marketplace_is_documented() -> None:
    named = words(section(read("reference/notices.md"), "Marketplaces").partition(". Add")[0])
    assert set(named) == MARKETPLACES


def test_every_table_of_the_ledger_is_documented() -> None:
    documented = {words(row[0])[0] for row in rows(read("reference/ledger.md"))}
    assert documented == set(METADATA.tables)


@pytest.mark.parametrize(
    "known", [NoticeKind, Outcome, WhyUnrecognised, WhyNotOurs, RateState, Severity, WhyNoRate]
)
def test_every_value_in_json_is_documented(known: type) -> None:
    pages = read("reference/json.md") + read("reference/notices.md")
    missing = [each.value for each in known if not re.search(rf"\b{each.value}\b", pages)]  # type: ignore[attr-defined] # enums
    assert not missing


def test_every_kind_of_attention_is_documented_in_its_order() -> None:
    table = rows(section(read("reference/json.md"), "Kinds of attention"))
    documented = [(words(row[0])[0], row[1]) for row in table]
    assert documented == [(kind.value, kind.severity.value) for kind in AttentionKind]


def test_every_metric_is_documented_with_its_labels(tmp_path: Path) -> None:
    write_metrics(tmp_path / "all.prom", health(QUIET))
    families = text_string_to_metric_families((tmp_path / "all.prom").read_text("utf-8"))
    real = {family.name: set(family.samples[0].labels) for family in families}
    table = rows(read("reference/metrics.md"))
    assert {words(row[0])[0]: set(words(row[1])) for row in table} == real


def test_first_lines_of_a_report_are_explained() -> None:
    tutorial = read("tutorial/first-morning.md")
    assert {kind.severity for kind in AttentionKind} == set(Severity)
    assert all(f"`{label}`" in tutorial for label in ("STOP", "CHECK", "NOTE", "OK"))


def test_the_limits_are_the_real_ones() -> None:
    real = {
        "a mail that is read whole": f"{octets.OCTETS_LIMIT // MIB} MiB",
        "what is read of a larger one": f"the first {octets.OCTETS_KEPT // MIB} MiB",
        "the header": f"{limits.HEADER_OCTETS // 1024} KiB and {limits.HEADER_LINES:,} lines",
        "one field of the header": f"{limits.FIELD_OCTETS // 1024} KiB",
        "From, Subject": f"{limits.FROM_CHARACTERS:,} and {limits.SUBJECT_CHARACTERS:,} characters",
        "recipients of one kind (To, Cc and so on)": f"{limits.RECIPIENT_FIELDS} fields,"
        f" {limits.RECIPIENT_CHARACTERS // 1024} KiB",
        "parts": f"{limits.PARTS}",
        "parts inside parts": f"{limits.DEPTH}",
        "the header of a part": f"{limits.PART_HEADER_LINES} lines, {limits.PART_FIELD_OCTETS // 1024} KiB"
        " for each Content field",
        "attached mails": f"{limits.ORIGINALS}, three deep",
        "text of one part": f"{limits.PART_TEXT // MIB} MiB",
        "text of a whole mail": f"{limits.TOTAL_TEXT // MIB} MiB",
        "what of it is searched for a notice": f"{limits.SEARCHED_TEXT // 1024} KiB and"
        f" {limits.SEARCHED_LINES:,} lines of a part, {2 * limits.SEARCHED_TEXT // 1024} KiB of a mail",
        "HTML that is turned to text": f"{limits.SEARCHED_HTML // 1024} KiB of a mail",
        "mails in one chunk": f"{octets.BATCH_MAILS}, or {octets.BATCH_OCTETS // MIB} MiB",
        "an mbox through standard input": f"{stdin.SPOOL_LIMIT // MIB // 1024} GiB; a file has no limit",
        "the settings file": "1 MiB",
    }
    assert dict(rows(read("explanation/limits.md"))) == real  # type: ignore[arg-type] # every row has two cells


def test_pages_that_the_program_names_are_there() -> None:
    sources = "".join(
        file.read_text("utf-8") for file in Path(str(resources.files("bounce_watch"))).rglob("*.py")
    )
    named = set(re.findall(r"docs/[\w/-]+\.md", sources))
    assert "docs/reference/settings.md" in named
    assert not [each for each in named if not (ROOT / each).is_file()]


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(page.name[:4]) for page in sorted((DOCS / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
