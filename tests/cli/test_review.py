from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from bounce_watch.cli import reprocess as command
from tests.cli.conftest import Prepared, Program
from tests.cli.mails import ALIAS, ORDER, OTHER_ORDER, SETTINGS, notice, unknown, write

YESTERDAY = format_datetime(datetime.now(UTC) - timedelta(days=1))[:16]
UNPROVEN, FORGED = "203-2000000-2000001", "203-3000000-3000001"
SECOND = "bbbbbbbbbbbb02@marketplace.amazon.co.uk"
WORDING = """
[[wording]]
id = "own.2026"
kind = "opt_out"
language = "en"
verified = true
source = "this test"
first_seen = 2026-09-30
last_seen = 2026-09-30
senders = ["auto-communication@"]
scope = "sentence"
all_of = ["left a letter out of"]
"""
REPORT = f"amazon-order-id\tbuyer-email\tpurchase-date\tsales-channel\n{ORDER}\t{SECOND}\t2026-09-29T08:00:00+00:00\tAmazon.co.uk\n"


def of_yesterday(mail: bytes) -> bytes:
    """Mails of some weeks ago have passed their retention when they are read."""
    return mail.replace(b"Wed, 30 Sep 2026", YESTERDAY.encode())


def fill(program: Program) -> None:
    """One genuine notice, one unproven, one forged, one unknown, and another alias for the genuine one."""
    program.configure(SETTINGS)
    mails = [
        notice(),
        notice(UNPROVEN, alias=None, number=2, dmarc=None),
        notice(FORGED, alias=None, number=3, dmarc="fail"),
        unknown("Dear \x1b[31mseller", number=4).replace(ORDER.encode(), OTHER_ORDER.encode()),
    ]
    path = write(program.home / "all.mbox", *map(of_yesterday, mails))
    program.works("import", path, "--config", "settings.toml")
    (program.home / "orders.txt").write_text(REPORT)
    program.works("sent", "import", "orders.txt", "--config", "settings.toml")


@pytest.fixture
def filled(program: Program, prepared: Prepared) -> Program:
    return prepared(program, fill)


def run(program: Program, *arguments: str) -> list[str]:
    """What it says, from a command that works."""
    return program.works(*arguments, "--config", "settings.toml").said


def items(program: Program, *options: str) -> dict[str, dict[str, Any]]:
    done = program.works("review", "--json", *options, "--config", "settings.toml")
    return {each["group"]: each for each in json.loads(done.out)["items"]}


def number(program: Program, group: str) -> str:
    return str(items(program)[group]["number"])


def exported(program: Program) -> set[str]:
    run(program, "suppressions", "export", "--preset", "orders", "-o", "list.txt")
    return set((program.home / "list.txt").read_text().split())


@pytest.mark.parametrize("columns", ["60", "80", "160"])
def test_the_list(filled: Program, columns: str) -> None:
    shown = filled.works("review", "--config", "settings.toml", COLUMNS=columns).out
    assert all(len(line) <= int(columns) for line in shown.splitlines())
    words = " ".join(shown.split())
    assert words.startswith("uk: 1 unproven, 1 forged, 1 unrecognised and 1 conflicting to decide.")
    for told in (UNPROVEN, FORGED, ORDER, ALIAS, "bounce-watch review accept NUMBER"):
        assert told in words
    assert "all.mbox,mail2" in "".join(shown.split())  # A long path is cut in pieces.
    assert "Dear \\u{1b}[31mseller" in words
    assert "\x1b" not in shown


def test_the_report_names_the_command(filled: Program) -> None:
    shown = " ".join(filled.works("report", "--config", "settings.toml").out.split())
    assert "2 notices set aside and not counted: 1 unproven and 1 forged. " in shown
    assert "bounce-watch review" in shown


def test_as_json(filled: Program) -> None:
    data = json.loads(filled.works("review", "--json", "--config", "settings.toml").out)
    assert (data["format"], data["account"]) == (1, "uk")
    assert data["counts"] == {
        "unproven": 1,
        "forged": 1,
        "misdirected": 0,
        "unrecognised": 1,
        "unreadable": 0,
        "conflicting": 1,
    }
    found = items(filled)
    assert found["unproven"]["order_id"] == UNPROVEN
    assert found["unproven"]["place"]["position"] == 2
    assert found["unproven"]["kept"] is True
    assert found["unproven"]["fingerprint"].startswith(found["unproven"]["number"])
    assert found["unrecognised"]["order_id"] is None
    assert sorted(found["conflicting"]["aliases"]) == sorted([ALIAS, SECOND])
    assert found["conflicting"]["place"] is None


def test_accept_dismiss_and_reopen(filled: Program) -> None:
    assert exported(filled) == {ORDER}
    handle = number(filled, "unproven")
    said = run(filled, "review", "accept", handle, "--note", "asked Amazon", "--by", "kim")
    assert said == [
        f"{handle}: accepted: it counts as an opt-out of order {UNPROVEN}.",
        f"The next export gains 1 name: {UNPROVEN}.",
    ]
    assert exported(filled) == {ORDER, UNPROVEN}
    decision = items(filled, "--decided")["unproven"]["decision"]
    assert (decision["action"], decision["by"], decision["note"]) == ("accept", "kim", "asked Amazon")
    assert "kim" in filled.works("review", "--decided", "--config", "settings.toml").out

    assert run(filled, "review", "dismiss", handle) == [
        f"{handle}: dismissed: it never counts.",
        f"The next export loses 1 name: {UNPROVEN}.",
    ]
    done = run(filled, "suppressions", "export", "--preset", "orders", "-o", "list.txt")
    assert done[1].endswith(": 0 names came, 1 name went.")
    said = run(filled, "review", "dismiss", handle)
    assert "nothing to do" in said[0]
    assert said[1] == "The next export stays as it is."
    assert run(filled, "review", "reopen", handle)[1] == "The next export stays as it is."
    assert number(filled, "unproven") == handle


def test_forged_needs_its_flag(filled: Program) -> None:
    handle = number(filled, "forged")
    what, advice = filled.fails("review", "accept", handle, "--config", "settings.toml", code=4)
    assert "forged" in what
    assert "--forged" in advice
    run(filled, "review", "accept", handle, "--forged")
    assert exported(filled) == {ORDER, FORGED}


def test_unknown_needs_its_order(filled: Program) -> None:
    handle = number(filled, "unrecognised")
    _, advice = filled.fails("review", "accept", handle, "--config", "settings.toml", code=2)
    assert f"--order {OTHER_ORDER}" in advice
    run(filled, "review", "accept", handle, "--order", OTHER_ORDER, "--alias", SECOND.upper())
    assert exported(filled) == {ORDER, OTHER_ORDER}


def test_a_conflict(filled: Program) -> None:
    said = run(filled, "review", "accept", ORDER, "--alias", SECOND)
    assert said == [
        f"{ORDER}: its buyer is {SECOND} from now on.",
        f"The next export gains 1 name: {SECOND}.",
        f"The next export loses 1 name: {ALIAS}.",
    ]
    assert "conflicting" not in items(filled)
    said = run(filled, "review", "dismiss", ORDER)
    assert said == [
        f"{ORDER}: stays on the list by its order id alone.",
        f"The next export loses 1 name: {SECOND}.",
    ]


def test_a_whole_group(filled: Program) -> None:
    assert "dismissed" in run(filled, "review", "dismiss", "--all-of", "forged")[0]
    assert run(filled, "review", "dismiss", "--all-of", "forged")[0] == "Nothing waits there."
    assert set(items(filled)) == {"unproven", "unrecognised", "conflicting"}


def test_nothing_waits(program: Program) -> None:
    program.configure(SETTINGS)
    assert program.works("review", "--config", "settings.toml").out == "uk: nothing waits for you.\n"
    done = program.works("review", "--decided", "--config", "settings.toml")
    assert done.out == "uk: nothing was decided yet.\n"


@pytest.mark.parametrize(
    "words",
    [
        ("accept", "ffffffff"),
        ("dismiss", "not-a-number"),
        ("dismiss",),
        ("dismiss", "ffffffff", "--all-of", "forged"),
        ("dismiss", "--all-of", "everything"),
        ("accept", ORDER, "--alias", "kim@seller.example"),
        ("accept", ORDER, "--order", "12"),
        ("accept", ORDER),
        ("reopen", "ffffffff"),
    ],
    ids=" ".join,
)
def test_words_that_do_not_fit(words: tuple[str, ...], filled: Program) -> None:
    filled.fails("review", *words, "--config", "settings.toml", code=2)
    assert items(filled, "--decided") == {}


@pytest.mark.parametrize("option", ["--json", "--decided", "--account=uk"])
def test_options_in_front_are_not_lost_silently(option: str, filled: Program) -> None:
    _, advice = filled.fails("review", option, "dismiss", "ffffffff", code=2)
    assert "review dismiss" in advice


def test_settings_may_stand_in_front(filled: Program) -> None:
    filled.works("review", "--config", "settings.toml", "dismiss", "--all-of", "forged")
    assert "forged" not in items(filled)


def learn(program: Program) -> None:
    (program.home / "wordings").mkdir(exist_ok=True)
    (program.home / "wordings" / "own.toml").write_text(WORDING)


def test_reprocess_shows_first(filled: Program) -> None:
    assert "nothing would change" in filled.works("reprocess", "--config", "settings.toml").out
    learn(filled)
    done = filled.works("reprocess", "--config", "settings.toml")
    words = " ".join(done.out.split())
    assert "1 new opt-out, 0 dropped, 0 verdicts changed, 0 read in another way." in words
    assert OTHER_ORDER in words
    assert done.said == ["Nothing was written. To file this: bounce-watch reprocess --write"]
    assert "unrecognised" in items(filled)

    done = filled.works("reprocess", "--write", "--config", "settings.toml")
    assert done.said[0] == f"The next export gains 1 name: {OTHER_ORDER}."
    assert "`bounce-watch undo " in done.said[1]
    assert exported(filled) == {ORDER, OTHER_ORDER}
    assert "nothing would change" in filled.works("reprocess", "--write", "--config", "settings.toml").out


def test_reprocess_as_json(filled: Program) -> None:
    learn(filled)
    data = json.loads(filled.works("reprocess", "--json", "--config", "settings.toml").out)
    assert (data["new"], data["run"], data["not_looked_at"]) == (1, None, 0)
    data = json.loads(filled.works("reprocess", "--json", "--write", "--config", "settings.toml").out)
    assert data["run"] > 0
    assert json.loads(filled.works("reprocess", "--json", "--config", "settings.toml").out)["changes"] == []


@pytest.mark.parametrize(("answer", "filed"), [(True, True), (False, False)])
def test_a_terminal_is_asked(
    answer: bool, filed: bool, filled: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn(filled)
    monkeypatch.setattr(command, "_is_wanted", lambda: answer)
    filled.works("reprocess", "--config", "settings.toml")
    assert ("unrecognised" not in items(filled)) is filed


@pytest.mark.parametrize(
    ("terminals", "asked"), [((True, True), True), ((True, False), False), ((False, True), False)]
)
def test_only_a_terminal_is_asked(
    terminals: tuple[bool, bool], asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, is_terminal in zip(("stdin", "stderr"), terminals, strict=True):
        monkeypatch.setattr(f"sys.{name}.isatty", lambda answer=is_terminal: answer, raising=False)
    questions: list[str] = []

    def confirm(text: str, **options: object) -> bool:
        questions.append(text)
        return True

    monkeypatch.setattr("typer.confirm", confirm)
    assert command._is_wanted() is asked
    assert questions == (["File this?"] if asked else [])


def test_an_export_after_a_drop_is_stopped(filled: Program, tmp_path: Path) -> None:
    """What no person decided about does not leave the list unnoticed."""
    learn(filled)
    filled.works("reprocess", "--write", "--config", "settings.toml")
    assert exported(filled) == {ORDER, OTHER_ORDER}
    (filled.home / "wordings" / "own.toml").unlink()
    done = filled.works("reprocess", "--write", "--config", "settings.toml")
    assert f"The next export loses 1 name: {OTHER_ORDER}." in done.said
    assert "--allow-shrink" in done.said[-1]
    words = ("suppressions", "export", "--preset", "orders", "-o", "list.txt", "--config", "settings.toml")
    filled.fails(*words, code=4)
    filled.works(*words, "--allow-shrink")
