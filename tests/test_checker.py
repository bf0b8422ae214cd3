"""The Python interface: what an engineer of a dispatch tool writes, and what the page about it says."""

from __future__ import annotations

import re
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bounce_watch import checker as checker_module
from bounce_watch.checker import Checked, Checker, EntrySource, State
from bounce_watch.errors import BounceWatchError, LedgerError, SettingsError, UsageError
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.store.ledger import open_ledger
from bounce_watch.upkeep.check import MAX_AGE
from tests.cli.conftest import Program
from tests.cli.mails import ALIAS, ORDER, OTHER_ORDER, SETTINGS, notice, write

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/reference/python.md"
NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
IMAP = """
[accounts.uk.imap]
host = "127.0.0.1"
user = "seller"
password = { env = "UK_PASSWORD" }
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings whose ledger has ORDER, with ALIAS, on the list."""
    program = Program(tmp_path, monkeypatch)
    path = program.configure(SETTINGS)
    write(tmp_path / "notice.eml", notice())
    program.works("import", "notice.eml", "--config", "settings.toml")
    return path


def polled(settings: Path, at: datetime) -> None:
    with open_ledger(f"sqlite:///{settings.parent}/ledger.sqlite") as ledger:
        number = ledger.start_run("uk", "poll", at=at)
        ledger.finish_run(number, at=at, state=RunState.COMPLETE, read=0, filed=Filed())


def test_one_and_many(settings: Path) -> None:
    polled(settings, NOW)
    with Checker.open(settings) as checker:
        answer = checker.check(f"Jane <{ALIAS}>")
        assert (answer.listed, answer.state, answer.source) == (True, State.LISTED, EntrySource.OPT_OUT)
        assert (answer.since, answer.expires_at) == (datetime(2026, 9, 30, 8, tzinfo=UTC), None)
        assert (answer.last_complete_poll_at, answer.stale) == (NOW, False)
        states = [each.state for each in checker.check_many(iter([OTHER_ORDER, ORDER, "", "\ud800"]))]
        assert states == [State.CLEAR, State.LISTED, State.UNKNOWN, State.UNKNOWN]
        assert checker.check_many([]) == []


def test_an_answer_can_t_be_changed(settings: Path) -> None:
    with Checker.open(settings) as checker:
        answer = checker.check(ORDER)
    with pytest.raises(FrozenInstanceError):
        answer.stale = False  # type: ignore[misc]  # that it is refused is what is tested
    assert isinstance(answer, Checked)


@pytest.mark.parametrize(
    ("hours", "max_age", "stale"),
    [(26, MAX_AGE, False), (27, MAX_AGE, True), (27, timedelta(hours=27), False)],
)
def test_age_is_told_by_the_clock_given(hours: int, max_age: timedelta, stale: bool, settings: Path) -> None:
    settings.write_text(SETTINGS + IMAP, "utf-8")
    polled(settings, NOW)
    late = NOW + timedelta(hours=hours)
    with Checker.open(settings, "uk", max_age=max_age, clock=lambda: late) as checker:
        assert checker.check(ORDER).stale is stale


def test_only_what_is_clear_and_of_today_may_go(settings: Path) -> None:
    """On the list, not understood, and clear by a list that is too old: none of them may."""
    settings.write_text(SETTINGS + IMAP, "utf-8")
    polled(settings, NOW)
    names = [OTHER_ORDER, ORDER, "", "buyer@mail.example"]
    with Checker.open(settings, clock=lambda: NOW) as checker:
        assert [each.may_go for each in checker.check_many(names)] == [True, False, False, False]
    with Checker.open(settings, clock=lambda: NOW + timedelta(hours=27)) as checker:
        assert not any(each.may_go for each in checker.check_many(names))


def test_how_old_the_list_may_be_is_that_of_the_settings_unless_given(settings: Path) -> None:
    settings.write_text(f"{SETTINGS}{IMAP}\n[export]\nmax_age_hours = 4\n", "utf-8")
    polled(settings, NOW)
    late = NOW + timedelta(hours=5)
    with Checker.open(settings, clock=lambda: late) as checker:
        assert checker.check(OTHER_ORDER).stale
    with Checker.open(settings, max_age=timedelta(hours=5), clock=lambda: late) as checker:
        assert not checker.check(OTHER_ORDER).stale


def test_the_clock_is_that_of_the_machine(settings: Path) -> None:
    settings.write_text(SETTINGS + IMAP, "utf-8")
    polled(settings, datetime.now(UTC))
    with Checker.open(settings) as checker:
        assert not checker.check(ORDER).stale


def test_what_is_filed_meanwhile_is_seen(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Checker.open(str(settings)) as checker:
        assert not checker.check(OTHER_ORDER).listed
        write(settings.parent / "later.eml", notice(OTHER_ORDER, alias=None, number=2))
        program = Program(settings.parent, monkeypatch)
        program.works("import", "later.eml", "--config", "settings.toml")
        assert checker.check(OTHER_ORDER).listed


def test_threads_share_it(settings: Path) -> None:
    """All of them at once, each with questions of its own."""
    barrier = threading.Barrier(8)

    with Checker.open(settings) as checker:

        def work(number: int) -> list[tuple[str, bool]]:
            barrier.wait()
            found = []
            for turn in range(10):
                names = [ORDER, f"203-{number:07}-{turn:07}", ALIAS]
                found += [(each.asked, each.listed) for each in checker.check_many(names)]
            return found

        with ThreadPoolExecutor(8) as pool:
            for number, found in enumerate(pool.map(work, range(8))):
                expected = [
                    [(ORDER, True), (f"203-{number:07}-{turn:07}", False), (ALIAS, True)]
                    for turn in range(10)
                ]
                assert found == [each for turn in expected for each in turn]


def test_the_settings_of_the_environment(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOUNCE_WATCH_CONFIG", str(settings))
    with Checker.open() as checker:
        assert checker.check(ORDER).listed


def test_it_only_reads(settings: Path) -> None:
    folder = settings.parent
    names = {path.name for path in folder.iterdir()}
    before = (folder / "ledger.sqlite").read_bytes()
    with Checker.open(settings) as checker:
        checker.check_many([ORDER, ALIAS, "?"])
    assert (folder / "ledger.sqlite").read_bytes() == before
    assert {path.name for path in folder.iterdir()} == names


@pytest.mark.parametrize(
    ("text", "account", "error"),
    [
        (SETTINGS.replace("ledger.sqlite", "other.sqlite"), None, LedgerError),
        (SETTINGS, "de", UsageError),
        (f"{SETTINGS}\n[accounts.de]\n", None, UsageError),
        ("nonsense", None, SettingsError),
        (SETTINGS.replace("sqlite:///", "oracle:///"), None, SettingsError),
    ],
)
def test_errors_say_what_to_do(
    text: str, account: str | None, error: type[BounceWatchError], settings: Path
) -> None:
    settings.write_text(text, "utf-8")
    with pytest.raises(error) as raised:
        Checker.open(settings, account)
    assert raised.value.message
    assert raised.value.advice
    assert not (settings.parent / "other.sqlite").exists()


def test_a_ledger_of_an_older_version_is_left_alone(settings: Path) -> None:
    old = settings.parent / "ledger.sqlite"
    old.unlink()
    shutil.copy(ROOT / "fixtures/ledgers/v1.sqlite", old)
    before = old.read_bytes()
    with pytest.raises(LedgerError, match="older version"):
        Checker.open(settings)
    assert old.read_bytes() == before


def examples(path: Path = PAGE) -> list[str]:
    return re.findall(r"```python\n(.*?)```", path.read_text("utf-8"), re.DOTALL)


def of_the_docstring() -> str:
    """The lines that are indented, as a script."""
    return "\n".join(line[4:] for line in str(checker_module.__doc__).split("\n") if line.startswith("    "))


EXAMPLES = [*examples(), *examples(ROOT / "README.md"), of_the_docstring()]
NAMES = [ORDER, OTHER_ORDER, ALIAS, "no name at all", "buyer@mail.example", ""]


def run(example: str) -> list[str]:
    """What an example sends of all kinds of names."""
    sent: list[str] = []
    names = {"send": sent.append, "outgoing": NAMES}
    exec(compile(example, str(PAGE), "exec"), names)  # our own pages
    return sent


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_sends_only_what_may_go(
    example: str, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOUNCE_WATCH_CONFIG", str(settings))
    assert run(example) == [OTHER_ORDER]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_sends_nothing_by_a_list_that_is_too_old(
    example: str, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.write_text(SETTINGS + IMAP, "utf-8")
    polled(settings, datetime.now(UTC) - timedelta(hours=27))
    monkeypatch.setenv("BOUNCE_WATCH_CONFIG", str(settings))
    assert run(example) == []


def test_the_page_has_examples_and_names_every_field() -> None:
    page = PAGE.read_text("utf-8")
    assert len(examples()) >= 2
    assert len(EXAMPLES) == len(examples()) + 2
    for name in (*Checked.__slots__, "listed", "may_go"):
        assert f"`{name}`" in page
    for state in State:
        assert f"`{state.value}`" in page or f"`State.{state.name}`" in page


def test_types_are_published() -> None:
    assert (ROOT / "bounce_watch/py.typed").exists()
