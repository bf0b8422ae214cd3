"""`runs`, `undo`, `redo` and `history`, from mails and files to what a person reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Prepared, Program
from tests.cli.mails import ALIAS, ORDER, OTHER_ORDER, SETTINGS, notice, write

CONFIG = ("--config", "settings.toml")


def fill(program: Program) -> None:
    """Run 1 is a notice that names its alias, run 2 one that does not, run 3 the sent log that knows its alias."""
    program.configure(SETTINGS)
    write(program.home / "first.eml", notice())
    write(program.home / "second.eml", notice(OTHER_ORDER, alias=None, number=2))
    other = "zyxwvutsrqpon02@marketplace.amazon.co.uk"
    (program.home / "sent.csv").write_text(
        f"order-id,buyer-email,sent-at\n{OTHER_ORDER},{other},2026-09-30T07:30:00Z\n"
    )
    program.works("import", "first.eml", *CONFIG)
    program.works("import", "second.eml", *CONFIG)
    program.works("sent", "import", "sent.csv", *CONFIG)


@pytest.fixture
def filed(program: Program, prepared: Prepared) -> Program:
    return prepared(program, fill)


def orders(program: Program) -> list[str]:
    return program.works("suppressions", "export", "--preset", "orders", *CONFIG).out.split()


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_runs(filed: Program) -> None:
    done = filed.works("runs", *CONFIG)
    lines = done.out.splitlines()
    assert lines[0].startswith("Runs of uk ")
    assert lines[1].split() == ["run", "when", "command", "state", "read", "new", "known"]
    assert [(line.split()[0], line.split()[-3:]) for line in lines[2:]] == [
        ("3", ["1", "1", "0"]),
        ("2", ["1", "1", "0"]),
        ("1", ["1", "1", "0"]),
    ]
    assert "sent import" in lines[2]
    assert done.err == ""


def test_runs_as_json_and_few(filed: Program) -> None:
    filed.works("undo", "2", *CONFIG)
    first, second = objects(filed.works("runs", "--limit", "2", "--json", *CONFIG).out)
    assert (first["run"], first["command"], first["undone"]) == (3, "sent import", False)
    assert (second["run"], second["command"], second["undone"]) == (2, "import", True)
    assert (second["account"], second["state"], second["new"]) == ("uk", "complete", 1)
    assert second["started_at"].startswith("20")
    assert len(filed.works("runs", "--limit", "1", *CONFIG).out.splitlines()) == 3


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_no_line_is_wider_than_the_terminal(columns: int, filed: Program) -> None:
    filed.works("undo", "1", *CONFIG)
    for command in (("runs",), ("history", ORDER), ("history", ALIAS)):
        done = filed.works(*command, *CONFIG, COLUMNS=str(columns))
        assert max(map(len, done.out.splitlines())) <= columns
        assert "…" not in done.out
        assert "undone" in done.out


def test_undo_and_redo(filed: Program) -> None:
    assert sorted(orders(filed)) == sorted([ORDER, OTHER_ORDER])
    done = filed.works("undo", "1", "--note", "wrong mailbox", "--by", "Ann", *CONFIG)
    assert done.said[0].startswith("uk: run 1 (import of ")
    assert done.said[0].endswith(" is undone.")
    assert done.said[1] == "With it go 1 mail and 1 verdict."
    assert done.said[2] == "Notices: 1 count no more, 0 count now. The list: 2 names off it, 0 onto it."
    assert "the cursor stays as it is" in done.said[3]
    assert done.out.splitlines() == [f"- {ALIAS}", f"- {ORDER}"]
    assert orders(filed) == [OTHER_ORDER]
    done = filed.works("redo", "1", *CONFIG)
    assert done.out.splitlines() == [f"+ {ALIAS}", f"+ {ORDER}"]
    assert sorted(orders(filed)) == sorted([ORDER, OTHER_ORDER])


def test_a_dry_run_changes_nothing(filed: Program) -> None:
    done = filed.works("undo", "3", "--dry-run", *CONFIG)
    assert "would be undone" in done.said[0]
    assert done.said[-1] == "Nothing was changed."
    assert done.out.splitlines() == ["- zyxwvutsrqpon02@marketplace.amazon.co.uk"]
    assert len(filed.works("suppressions", "export", *CONFIG).out.split()) == 2
    (data,) = objects(filed.works("undo", "3", "--dry-run", "--json", *CONFIG).out)
    assert (data["action"], data["run"], data["dry_run"]) == ("undo", 3, True)
    assert (data["sends"], data["links"], data["covered_days"], data["mails"]) == (1, 1, 1, 0)
    assert (data["went"], data["came"]) == (["zyxwvutsrqpon02@marketplace.amazon.co.uk"], [])
    assert not any(each["undone"] for each in objects(filed.works("runs", "--json", *CONFIG).out))


def test_what_meets_an_undone_run_again_says_so(filed: Program) -> None:
    filed.works("undo", "1", *CONFIG)
    filed.works("undo", "3", *CONFIG)
    done = filed.works("import", "first.eml", *CONFIG)
    hint = "Known already: 1 of it belongs to run 1, which is undone; `bounce-watch redo 1` brings it back."
    assert done.said[1] == hint
    done = filed.works("sent", "import", "sent.csv", *CONFIG)
    assert done.said[-1].startswith("Known already: 3 of it belong to run 3, which is undone;")
    (data,) = objects(filed.works("import", "first.eml", "--json", *CONFIG).out)
    assert data["undone"] == [{"run": 1, "mails": 1}]
    assert orders(filed) == [OTHER_ORDER]


def test_the_next_export_goes_through_and_counts_who_went(filed: Program) -> None:
    to_file = ("suppressions", "export", "-o", "list.txt", *CONFIG)
    filed.works(*to_file)
    filed.works("undo", "1", *CONFIG)
    assert filed.works(*to_file).said[1].endswith(": 0 names came, 1 name went.")
    filed.works("redo", "1", *CONFIG)
    assert filed.works(*to_file).said[1].endswith(": 1 name came, 0 names went.")


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("undo", "9"), "has no run 9"),
        (("redo", "9"), "has no run 9"),
        (("redo", "1"), "is not undone"),
    ],
)
def test_runs_that_can_not_be_had(filed: Program, command: tuple[str, ...], why: str) -> None:
    what, advice = filed.fails(*command, *CONFIG, code=2)
    assert why in what
    assert "bounce-watch runs" in advice


def test_twice_is_once_too_often(filed: Program) -> None:
    filed.works("undo", "1", *CONFIG)
    what, _ = filed.fails("undo", "1", *CONFIG, code=2)
    assert "undone already" in what


@pytest.mark.parametrize("run", ["0", "-1", "one", "1.5"])
def test_what_is_no_number_of_a_run(filed: Program, run: str) -> None:
    assert filed("undo", run, *CONFIG).code == 2
    assert filed("runs", "--limit", run, *CONFIG).code == 2


def test_accounts_are_apart(filed: Program) -> None:
    filed.configure(SETTINGS + '\n[accounts.de]\nauthserv_ids = ["mx.seller.example"]\n')
    filed.works("import", "first.eml", "--account", "de", *CONFIG)
    filed.fails("undo", "1", *CONFIG, code=2)  # which account?
    what, _ = filed.fails("undo", "1", "--account", "de", *CONFIG, code=2)
    assert "de has no run 1" in what
    filed.works("undo", "4", "--account", "de", *CONFIG)
    found = objects(filed.works("runs", "--json", *CONFIG).out)
    assert [(each["account"], each["run"], each["undone"]) for each in found] == [
        ("uk", 3, False),
        ("uk", 2, False),
        ("uk", 1, False),
        ("de", 4, True),
    ]
    told = objects(filed.works("history", ORDER, "--json", *CONFIG).out)
    assert {(each["account"], each["undone"]) for each in told} >= {("uk", False), ("de", True)}
    told = objects(filed.works("history", ORDER, "--json", "--account", "uk", *CONFIG).out)
    assert {each["account"] for each in told} == {"uk"}


def test_history_is_in_the_order_of_time(filed: Program) -> None:
    filed.works("suppressions", "export", "-o", "list.txt", *CONFIG)
    filed.works("undo", "1", "--note", "not ours", "--by", "Ann", *CONFIG)
    told = objects(filed.works("history", f"[{ORDER}]", "--json", *CONFIG).out)
    assert [each["at"] for each in told] == sorted(each["at"] for each in told)
    kinds = [each["kind"] for each in told]
    assert kinds[0] == "recognition"
    assert kinds[-1] == "decision"
    assert told[-1]["what"] == "undo by Ann: not ours"
    assert {(each["run"], each["undone"]) for each in told if each["run"]} == {(1, True)}
    exported = objects(filed.works("history", ALIAS.upper(), "--json", *CONFIG).out)
    assert "export" in {each["kind"] for each in exported}
    shown = filed.works("history", ORDER, *CONFIG).out
    assert shown.splitlines()[0].startswith(f"{ORDER}, account uk")
    assert "undone: " in shown
    assert "undo by Ann: not ours" in shown


def test_history_of_names_that_were_forgotten(filed: Program) -> None:
    """Undone, the names are no longer on the list; the next import forgets them, for the notice is old."""
    filed.works("undo", "1", *CONFIG)
    filed.works("import", "second.eml", *CONFIG)
    told = filed.works("history", ORDER, *CONFIG).out
    assert "(forgotten) #" in told
    assert ALIAS not in told
    data = objects(filed.works("history", ORDER, "--json", *CONFIG).out)
    hashed = next(word for each in data for word in each["what"].split() if word.startswith("#"))
    assert objects(filed.works("history", hashed, "--json", *CONFIG).out) == data


def test_history_of_somebody_unknown_is_an_answer(filed: Program) -> None:
    done = filed.works("history", "203-0000000-0000000", *CONFIG)
    assert done.said == ["Nothing is known of 203-0000000-0000000 in uk."]
    assert done.out == ""
    done = filed.works("history", "203-0000000-0000000", "--json", *CONFIG)
    assert done.out == done.err == ""


@pytest.mark.parametrize("name", ["nobody", "ann@firm.example", "203-1234567", "#12", "\x1b[31m", ""])
def test_history_of_what_is_no_name(filed: Program, name: str) -> None:
    what, _ = filed.fails("history", name, *CONFIG, code=2)
    assert "neither an order id nor a buyer's address" in what


@pytest.mark.parametrize("command", [("runs",), ("undo", "1"), ("redo", "1"), ("history", ORDER)])
def test_without_a_ledger(program: Program, command: tuple[str, ...]) -> None:
    program.configure(SETTINGS)
    what, _ = program.fails(*command, *CONFIG, code=74)
    assert "There is no ledger" in what
    assert not (program.home / "ledger.sqlite").exists()


def test_an_account_without_runs(filed: Program) -> None:
    filed.configure(SETTINGS + '\n[accounts.de]\nauthserv_ids = ["mx.seller.example"]\n')
    lines = filed.works("runs", "--account", "de", *CONFIG).out.splitlines()
    assert lines[0].startswith("Runs of de ")
    assert lines[1] == "None yet."


def test_what_a_person_types_is_inert_too(filed: Program) -> None:
    filed.works("undo", "1", "--note", "\x1b[2J [red]", "--by", "\u202eAnn", *CONFIG)
    shown = filed.works("history", ORDER, *CONFIG).out
    assert "undo by \\u{202e}Ann: \\u{1b}[2J [red]" in " ".join(shown.split())
    assert "\x1b" not in shown + filed.works("history", ORDER, "--json", *CONFIG).out


def test_who_decides_is_the_user_of_the_system(filed: Program) -> None:
    filed.works("undo", "1", *CONFIG, LOGNAME="berta")
    (decision,) = (
        each
        for each in objects(filed.works("history", ORDER, "--json", *CONFIG).out)
        if each["kind"] == "decision"
    )
    assert decision["what"] == "undo by berta"
