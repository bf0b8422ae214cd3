"""Decisions, imports and the list on the command line, from a mailbox to the next export."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep

import pytest

from tests.cli.conftest import Program
from tests.cli.mails import ALIAS, ORDER, OTHER_ORDER, SETTINGS, notice, write
from tests.cli.program import start

SECOND_ORDER, SECOND = "203-9999999-9999999", "zyxwvutsrqpon02@marketplace.amazon.co.uk"
NEW = "newbuyer000001@marketplace.amazon.de"
TODAY = datetime.now(UTC).date()
HOW_NAMES_LOOK = "Write an order id as 203-1234567-7654321, an address as it stands in a notice or report; nothing was filed."


@pytest.fixture
def filed(program: Program) -> Program:
    """Two notices name an alias, a third one only its order."""
    config = program.configure(SETTINGS)
    mails = (
        notice(),
        notice(SECOND_ORDER, alias=SECOND, number=2),
        notice(OTHER_ORDER, alias=None, number=3),
    )
    program.works("import", write(program.home / "box", *mails), "--config", config)
    return program


def run(program: Program, *arguments: str | Path, stdin: bytes = b"") -> list[str]:
    """What `suppressions …` says when it works."""
    return program.works("suppressions", *arguments, "--config", "settings.toml", stdin=stdin).said


def wrong(program: Program, *arguments: str, code: int = 2, stdin: bytes = b"") -> tuple[str, str]:
    return program.fails("suppressions", *arguments, "--config", "settings.toml", code=code, stdin=stdin)


def exported(program: Program, preset: str = "orders") -> list[str]:
    done = program.works(
        "suppressions", "export", "--preset", preset, "-o", "out.txt", "--config", "settings.toml"
    )
    assert done.code == 0
    return (program.home / "out.txt").read_text().split()


def listed(program: Program, *options: str) -> list[dict[str, object]]:
    done = program.works("suppressions", "list", "--json", *options, "--config", "settings.toml")
    return [json.loads(line) for line in done.out.splitlines()]


def test_a_release_takes_a_buyer_out_of_the_next_export_and_its_guard_lets_that_through(
    filed: Program,
) -> None:
    assert ORDER in exported(filed)
    assert run(filed, "release", ORDER, "--note", "opted in again", "--by", "kim") == [
        (
            f"{ORDER}: was on the list since 30 Sep 2026 08:00 (1 notice) with its buyer {ALIAS} (1 order), is off"
            " it until a new notice comes."
        )
    ]
    assert sorted(exported(filed)) == sorted([SECOND_ORDER, OTHER_ORDER])
    assert run(filed, "add", ALIAS) == [f"{ALIAS}: is on the list again with 1 order."]
    assert ORDER in exported(filed)


def test_history_tells_what_was_decided(filed: Program) -> None:
    run(filed, "release", ORDER, "--note", "opted in again", "--by", "kim")
    run(filed, "allow", ORDER, "--scope", "order", "--for", "14", "--by", "lee")
    told = filed.works("history", ORDER, "--config", "settings.toml", COLUMNS="160").out
    assert "release" in told
    assert "kim: opted in again" in told
    assert "allow" in told
    assert "lee" in told


def test_names_on_standard_input(filed: Program) -> None:
    said = run(filed, "add", "-", stdin=f"{NEW}\n\n{ORDER}\n".encode())
    assert said[0] == f"{NEW}: is on the list now."
    assert said[1].startswith(f"{ORDER}: was on the list already since 30 Sep 2026 08:00 (1 notice)")


def test_names_that_come_slowly_are_decided_about_when_they_are_there(filed: Program) -> None:
    """An export of meanwhile would else have known a decision that it did not."""
    waiting = start(
        filed.home, "suppressions", "add", "-", "--config", "settings.toml", stdin=subprocess.PIPE
    )
    sleep(2)
    given = datetime.now(UTC)
    waiting.communicate(NEW.encode(), timeout=100)
    assert waiting.returncode == 0
    (entry,) = listed(filed, "--source", "manual")
    assert datetime.fromisoformat(str(entry["since"])) >= given


def test_until_a_day_and_for_some_days(filed: Program) -> None:
    day = TODAY + timedelta(days=400)
    assert run(filed, "add", NEW, "--expires", day.isoformat())[0].startswith(
        f"{NEW}: is on the list now until the end of "
    )
    assert run(filed, "allow", NEW, "--for", "3")[0].startswith(f"{NEW}: was on the list since {TODAY.day} ")
    (entry,) = listed(filed, "--released")
    assert entry["ends_at"] == f"{(TODAY + timedelta(days=4)).isoformat()}T00:00:00+00:00"


def test_as_json(filed: Program) -> None:
    done = filed.works("suppressions", "release", ORDER, NEW, "--json", "--config", "settings.toml")
    data = json.loads(done.out)
    assert (data["format"], data["account"]) == (1, "uk")
    assert [
        (each["name"], each["filed"], each["was_listed"], each["is_listed"]) for each in data["names"]
    ] == [
        (ORDER, True, True, False),
        (NEW, False, False, False),
    ]
    assert done.err == ""


@pytest.mark.parametrize(
    ("arguments", "what", "advice"),
    [
        (("add", ORDER, "nobody"), "'nobody' is neither an order id nor a buyer's address.", HOW_NAMES_LOOK),
        (
            ("add", "no-reply-amazon-iba-buyer@marketplace.amazon.co.uk"),
            "'no-reply-amazon-iba-buyer@marketplace.amazon.co.uk' is an address that many buyers share.",
            "Name the order instead; nothing was filed.",
        ),
        (
            ("add", NEW, "--expires", "2026-01-01"),
            "2026-01-01 is over already.",
            "Give a day that is still to come.",
        ),
        (("release", ORDER, "--expires", "soon"), "'soon' is not a day.", "Write it as 2026-12-31."),
        (
            ("allow", ORDER, "--expires", "2999-01-01", "--for", "3"),
            "--expires and --for exclude each other.",
            "Give one of them.",
        ),
        (("allow", ORDER, "--scope", "all"), "There is no scope 'all'.", "Take buyer or order."),
        (
            ("allow", ALIAS, "--scope", "order"),
            f"{ALIAS} is a buyer, not an order.",
            "Name the order, or leave --scope order out.",
        ),
        (("add", "-", ORDER), "- stands for all names.", "Name them here, or one a line on standard input."),
        (("add", "-"), "Nobody is named.", "Name order ids or buyers' addresses."),
        (
            ("list", "--expired", "--released"),
            "--expiring, --expired and --released exclude each other.",
            "Give one of them.",
        ),
        (("list", "--within", "3"), "--within says how soon somebody leaves the list.", "Add --expiring."),
        (
            ("list", "--released", "--source", "manual"),
            "Who was released is on no list that a --source tells apart.",
            "Leave it out.",
        ),
        (("list", "--source", "notice"), "There is no source 'notice'.", "Take opt-out or manual."),
        (("import", "list.txt", "--as", "drop"), "A row can't be 'drop'.", "Take add, release and allow."),
    ],
)
def test_wrong_words(filed: Program, arguments: tuple[str, ...], what: str, advice: str) -> None:
    before = exported(filed)
    (filed.home / "list.txt").write_text(NEW)
    assert wrong(filed, *arguments) == (what, advice)
    assert exported(filed) == before
    assert listed(filed, "--released") == []


def test_an_import_from_the_first_look_to_the_undo(filed: Program) -> None:
    (filed.home / "tool.csv").write_bytes(
        f"Email;Grund\r\n{NEW};möchte nicht\r\n{ALIAS};\r\nsam@firm.example;\r\n".encode("cp1252")
    )
    before = exported(filed, "addresses")
    done = filed.works("suppressions", "import", "tool.csv", "--dry-run", "--config", "settings.toml")
    told = [
        'tool.csv: cp1252, semicolon, a header: alias in column "Email".',
        "uk: 3 rows read: 1 added, 1 already on the list, 1 left out.",
        "Left out: 1 with an address that is no buyer's at a marketplace.",
    ]
    assert (done.out, done.said) == (f"+ {NEW}\n", [*told, "Nothing was changed."])
    assert exported(filed, "addresses") == before

    assert run(filed, "import", "tool.csv") == [*told, "It is run 2; `bounce-watch undo 2` takes it back."]
    assert NEW in exported(filed, "addresses")
    assert (
        run(filed, "import", "tool.csv")[1] == "uk: 3 rows read: 0 added, 2 already on the list, 1 left out."
    )

    undone = filed.works("undo", "2", "--config", "settings.toml")
    assert undone.out == f"- {NEW}\n"
    assert exported(filed, "addresses") == before  # the guard knows why
    filed.works("redo", "2", "--config", "settings.toml")
    assert NEW in exported(filed, "addresses")


def test_an_import_as_json(filed: Program) -> None:
    (filed.home / "list.txt").write_text(f"{NEW}\n{ORDER}\n")
    done = filed.works("suppressions", "import", "list.txt", "--json", "--config", "settings.toml")
    assert json.loads(done.out) == {
        "format": 1,
        "account": "uk",
        "dry_run": False,
        "run": 2,
        "encoding": "UTF-8",
        "delimiter": ",",
        "header": False,
        "alias_columns": [1],
        "order_columns": [1],
        "columns": {"note": None, "action": None, "expires_at": None, "scope": None},
        "rows": 2,
        "added": 1,
        "released": 0,
        "allowed": 0,
        "again": 0,
        "kept": 0,
        "already": 1,
        "left_out": dict.fromkeys(
            ("not_amazon", "shared", "expired", "other_account", "weakens", "allowed"), 0
        ),
        "names": [{"name": NEW, "action": "add"}],
    }


def test_an_import_takes_nobody_off_until_it_is_told_to(filed: Program) -> None:
    (filed.home / "back.txt").write_text(f"{ALIAS}\n{OTHER_ORDER}\n")
    said = run(filed, "import", "back.txt", "--as", "release")
    assert said[1:] == [
        "uk: 2 rows read: 0 added, 0 already on the list, 2 left out.",
        "Left out: 2 that would take somebody off the list (--weaken lets them).",
    ]
    done = filed.works(
        "suppressions", "import", "back.txt", "--as", "release", "--weaken", "--config", "settings.toml"
    )
    assert done.said[1] == "uk: 2 rows read: 0 added, 2 released, 0 so already, 0 left out."
    assert exported(filed) == [SECOND_ORDER]


def test_our_own_exports_come_back_and_change_nothing(filed: Program) -> None:
    for preset, rows in (("csv", 3), ("addresses", 2), ("orders", 3)):
        name = f"{preset}.txt"
        filed.works("suppressions", "export", "--preset", preset, "-o", name, "--config", "settings.toml")
        assert (
            run(filed, "import", name)[1]
            == f"uk: {rows} rows read: 0 added, {rows} already on the list, 0 left out."
        )


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (f"{NEW}\nnobody\n", "Row 2 has neither an order id nor a buyer's address; nothing was filed."),
        ("", "The file is empty."),
        ("a,b\n1,2\n", "No column holds marketplace aliases or Amazon order ids."),
    ],
)
def test_a_file_that_is_wrong(filed: Program, content: str, what: str) -> None:
    (filed.home / "bad.csv").write_text(content)
    assert wrong(filed, "import", "bad.csv", code=65)[0] == what
    assert len(filed.works("runs", "--json", "--config", "settings.toml").out.splitlines()) == 1


def test_a_file_that_is_not_there(filed: Program) -> None:
    what, advice = wrong(filed, "import", "none.csv", code=65)
    assert what.startswith("none.csv can't be read")
    assert advice.startswith("Check the path")


def test_the_list_in_a_terminal(filed: Program) -> None:
    run(filed, "add", NEW, "--for", "10", "--note", "by phone")
    for columns in ("60", "80", "160"):
        done = filed.works("suppressions", "list", "--config", "settings.toml", COLUMNS=columns)
        assert done.err == ""
        assert done.out.startswith("On the list of uk ")
        assert all(len(line) <= int(columns) for line in done.out.splitlines())
    wide = filed.works("suppressions", "list", "--config", "settings.toml", COLUMNS="160").out
    assert all(name in wide for name in (NEW, ALIAS, SECOND, OTHER_ORDER, "by hand", "by phone"))
    first = filed.works("suppressions", "list", "--limit", "1", "--config", "settings.toml").out
    assert NEW in first
    assert ALIAS not in first
    assert "1 of 4; --limit and --json show more." in first


def test_sides_of_the_list(filed: Program) -> None:
    run(filed, "add", NEW, "--for", "10")
    run(filed, "allow", ALIAS, "--note", "reads our mail", "--by", "kim")
    assert [each["name"] for each in listed(filed)] == [NEW, SECOND, OTHER_ORDER]
    assert [each["name"] for each in listed(filed, "--source", "manual")] == [NEW]
    assert [each["name"] for each in listed(filed, "--source", "opt-out")] == [SECOND, OTHER_ORDER]
    assert [(each["name"], each["ends_by"]) for each in listed(filed, "--expiring")] == [(NEW, "decision")]
    assert listed(filed, "--expiring", "--within", "9") == []
    assert [each["name"] for each in listed(filed, "--released")] == [ALIAS]
    assert [
        (each["name"], each["ends_by"]) for each in listed(filed, "--expired", "--expire-after", "1")
    ] == [
        (SECOND, "policy"),
        (OTHER_ORDER, "policy"),
    ]
    assert [each["name"] for each in listed(filed, "--expire-after", "1")] == [NEW]
    assert [each["name"] for each in listed(filed, "--limit", "1")] == [NEW]
    assert listed(filed, "--expired") == []


def test_every_account_has_its_list(filed: Program) -> None:
    filed.configure(SETTINGS + "\n[accounts.de]\n")
    assert wrong(filed, "add", NEW)[1] == "Name one with --account."
    run(filed, "add", NEW, "--account", "de")
    assert [each["account"] for each in listed(filed)] == ["uk", "uk", "uk", "de"]
    assert [each["name"] for each in listed(filed, "--account", "de")] == [NEW]


def test_without_a_ledger_there_is_no_list(program: Program) -> None:
    program.configure(SETTINGS)
    assert wrong(program, "list", code=74)[0]
