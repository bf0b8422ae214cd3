"""Every command that shows anything, on a terminal, with evil in whatever somebody else decides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack

import pytest

from tests.output.conftest import Terminal
from tests.output.evil import COLOURS, EVIL, assert_harmless
from tests.output.world import World, allowed, one_line, toml
from tests.servers.ports import LOOPBACK
from tests.servers.scripted import start_scripted

FILES = "FILES"
SOME = "SOME"
LOGS = "LOGS"
"""Stand for all mails, some mails, and all tables with evil names."""

SWEEP = [
    "inspect box.mbox",
    "inspect box.mbox --json",
    f"inspect {FILES}",
    f"inspect {FILES} --json",
    "inspect MAILDIR",
    f"check-message {SOME}",
    f"check-message {SOME} --json",
    "check-message box.mbox",
    "import box.mbox",
    "import box.mbox --json",
    f"import {SOME}",
    f"import {SOME} --json",
    "import MAILDIR",
    "report",
    "report --json",
    "report --html - --names",
    "report --html \u202epage.html",
    "report --markdown --names",
    "report --csv",
    "report --period month --date 2026-09-30",
    "report --period day --date 2026-09-30",
    "sent import sent.csv --yes",
    f"sent import {LOGS} --yes",
    "sent import sent.csv --order-column Email --yes",
    "sent import sent.csv --dry-run",
    "sent import sent.csv --json --yes",
    f"sent import {LOGS} --dry-run --json",
    "sent coverage",
    "sent coverage --json",
    "suppressions check 203-1234567-7654321 ?",
    "suppressions check 203-1234567-7654321 --json",
    "suppressions add 203-1234567-7654321 203-7777777-7777777 --note EVIL --by EVIL",
    "suppressions add 203-1234567-7654321 --for 3 --json",
    "suppressions allow 203-7777777-7777778 --note EVIL --by EVIL",
    "suppressions release 203-7777777-7777778 --note EVIL --by EVIL",
    "suppressions import sent.csv",
    "suppressions import sent.csv --json",
    "suppressions import \u202elist.csv --dry-run",
    "suppressions list",
    "suppressions list --json",
    "suppressions list --expiring",
    "suppressions list --expired --expire-after 1",
    "suppressions list --released",
    "suppressions list --released --json",
    "suppressions export",
    "suppressions export --preset orders",
    "suppressions export --preset csv",
    "suppressions export --preset csv -o EVIL",
    "suppressions presets",
    "suppressions presets csv",
    "suppressions presets --json",
    "scrub sent.csv -o clean.csv --dropped EVIL --alias-column Email --order-column ORDER",
    "scrub sent.csv -o clean.csv --dropped EVIL --alias-column Email",
    "alerts check",
    "alerts check --dry-run --json",
    "daily",
    "demo",
    "health",
    "health --json",
    "health --textfile metrics.prom",
    "runs",
    "runs --json",
    "undo 1 --dry-run",
    "undo 1 --dry-run --json",
    "history 203-1234567-7654321",
    "history 203-1234567-7654321 --json",
    "doctor",
    "doctor --json",
    "review",
    "review --json",
    "sent poll",
    "sent poll --json",
    "reprocess",
    "reprocess --json",
    "db check",
    "db check --json",
    "purge",
    "--version",
    "--help",
    "report --help",
]
"""A command that is new stands here in a line of its own: that is all it takes."""

SLOTS = [
    "inspect {}",
    "import {}",
    "check-message {}",
    "sent import {} --yes",
    "sent import sent.csv --yes --sent-at-column {}",
    "sent import sent.csv --yes --time-format {}",
    "sent import sent.csv --yes --time-zone {}",
    "sent import sent.csv --yes --sent-status {} --status-column Purpose",
    "sent import sent.csv --yes --purpose {}",
    "sent import sent.csv --yes --encoding {}",
    "report --account {}",
    "report --period {}",
    "report --date {}",
    "report {}",
    "report --{}",
    "report --html no/{}",
    "report --config {}",
    "suppressions check {}",
    "suppressions check --account {} x",
    "suppressions add {}",
    "suppressions release 203-1234567-7654321 --scope {}",
    "suppressions allow 203-1234567-7654321 --expires {}",
    "suppressions import {}",
    "suppressions import sent.csv --as {}",
    "suppressions import sent.csv --alias-column {}",
    "suppressions list --source {}",
    "suppressions export --preset {}",
    "suppressions presets {}",
    "suppressions export -o no/{}",
    "scrub {} -o a --dropped b --alias-column x",
    "scrub {} -o a --critical",
    "scrub sent.csv -o a --dropped b --all-marketplace --json --delimiter {}",
    "scrub sent.csv -o a --dropped b --encoding {}",
    "scrub sent.csv -o a --dropped b --alias-column {}",
    "history {}",
    "undo {}",
    "redo 1 --by {}",
    "{}",
]
"""Where evil can stand on the command line; a link, a script or a scheduler may have put it there."""

CODES = {0, 2, 3, 4, 5, 10, 65, 69, 74, 75, 77, 78}
"""Those of docs/reference/exit-codes.md that a command may end with here; 1 is a fault of ours."""


def modes(line: str) -> tuple[bool, ...]:
    """With colours and without, as each command is shown at least once; without them is the harder of the two."""
    if line == "demo":
        return (True,)
    command = re.match("[a-z][a-z-]*( [a-z][a-z-]*(?= |$))?", line)
    first = next(each for each in SWEEP if command is None or re.match(rf"{command[0]}(?![\w.-])", each))
    return (True, False) if line == first or command is None else (False,)


def arguments_of(line: str, world: World) -> list[str]:
    """The words of a line, with what its capitals stand for."""
    several: dict[str, Sequence[str]] = {
        FILES: world.files,
        SOME: world.files[::30],
        LOGS: world.logs,
        "MAILDIR": ["maildir \x1b[2J\u202e"],
        "EVIL": ["list \x1b]0;owned\x07\u202e[red].csv"],
        "ORDER": ["Order ID"],
    }
    return [argument for word in line.split() for argument in several.get(word, [word])]


@pytest.mark.parametrize(
    ("line", "colour"),
    [(line, colour) for line in SWEEP for colour in modes(line)],
    ids=lambda value: value if isinstance(value, str) else "colour" if value else "no-colour",
)
def test_a_command_shows_nothing_that_acts(
    line: str, *, colour: bool, world: World, terminal: Terminal
) -> None:
    shown = terminal(
        world.home, *arguments_of(line, world), colour=colour, BOUNCE_WATCH_CONFIG="settings.toml"
    )
    assert_harmless(shown.came, colour=colour)
    assert shown.code in CODES
    assert shown.came or " -o " in line


def test_it_was_shown_not_left_out(world: World, terminal: Terminal) -> None:
    shown = terminal(world.home, "report", BOUNCE_WATCH_CONFIG="settings.toml").came
    assert COLOURS.search(shown)
    assert b"Waiting for you: 10 of " in shown
    listed = terminal(world.home, "inspect", *world.files, BOUNCE_WATCH_CONFIG="settings.toml").came
    assert rb"\u{1b}]0;owned" in listed
    assert rb"\u{9b}2J" in listed
    assert b"[bold red]x[ ]" in listed
    assert rb"user\u{202e}exe" in listed


def encodable(text: str) -> bool:
    """True for what an operating system can hand over: octets, in Python's own form."""
    return not re.search("[\ud800-\udc7f\udd00-\udfff]", text)


def chunks(texts: Sequence[str], size: int) -> Iterator[str]:
    """Several evil texts in one, each near the start of a line of talk."""
    short = [text for text in texts if len(text) < 100]
    for at in range(0, len(short), size):
        yield " ".join(short[at : at + size])
    yield from (text for text in texts if len(text) >= 100)


@pytest.mark.parametrize("slot", SLOTS)
def test_a_command_line_is_repeated_harmlessly(slot: str, world: World, terminal: Terminal) -> None:
    for text in chunks([text for text in EVIL if "\0" not in text and encodable(text)], 60):
        words = [word.format(text) for word in slot.split()]
        shown = terminal(world.home, *words, colour=False, BOUNCE_WATCH_CONFIG="settings.toml")
        assert_harmless(shown.came, colour=False)
        assert shown.code in CODES - {0}, (words, shown)
        assert len(shown.came) < 8000


ACCOUNT = """
[accounts.a{number}.imap]
host = "{host}"
port = {port}
security = "none"
user = {user}
password = {password}
folders = [{folder}]
junk = {junk}
"""


def account(number: int, changes: Mapping[str, str], port: int = 1) -> str:
    values = {"user": '"seller"', "password": '{ env = "UK_PASSWORD" }', "folder": '"INBOX"', "junk": "true"}
    return ACCOUNT.format(number=number, port=port, host=LOOPBACK, **(values | dict(changes)))


EXAMINED = b"* 0 EXISTS\r\n* OK [UIDVALIDITY 1] v\r\n* OK [UIDNEXT 1] n\r\n{tag} OK [READ-ONLY] done\r\n"
ANSWERS = {
    "greeting": lambda text: {"greeting": b"* BYE " + text + b"\r\n"},
    "nonsense": lambda text: {"greeting": text + b"\r\n"},
    "capability": lambda text: {
        "CAPABILITY": b"* CAPABILITY IMAP4rev1 " + text + b"\r\n{tag} BAD " + text + b"\r\n"
    },
    "login": lambda text: {"LOGIN": b"{tag} NO " + text + b"\r\n"},
    "bye": lambda text: {"LOGIN": b"* BYE " + text + b"\r\n"},
    "list": lambda text: {
        "LIST": b'* LIST (\\Junk \\Sent) "/" "' + text.replace(b'"', b"'") + b'"\r\n{tag} OK done\r\n',
        "EXAMINE": b"{tag} NO " + text + b"\r\n",
    },
    "search": lambda text: {
        "EXAMINE": EXAMINED,
        "UID": b"* SEARCH " + text + b"\r\n{tag} NO " + text + b"\r\n",
    },
}
"""What a server that is against us may say, by the point where it says it."""


SHARE = 7
"""One text of so many is said at each point; together the points say all. A server costs a tenth of a second."""


def said_by(point: str) -> Sequence[str]:
    return EVIL[list(ANSWERS).index(point) % SHARE :: SHARE]


@pytest.mark.parametrize("point", ANSWERS)
def test_a_hostile_server_says_nothing_that_acts(point: str, world: World, terminal: Terminal) -> None:
    with ExitStack() as servers:
        text = '[ledger]\nurl = "sqlite:///servers.sqlite"\n'
        for number, evil in enumerate(said_by(point)):
            said = ANSWERS[point](one_line(evil).encode("utf-8", "surrogateescape"))
            greeting = said.pop("greeting", b"* OK ready\r\n")
            server = servers.enter_context(start_scripted(said, greeting=greeting))
            text += account(number, {}, server.port)
        (world.home / "servers.toml").write_text(text, "utf-8")
        shown = terminal(world.home, "poll", "--config", "servers.toml")
    assert_harmless(shown.came, colour=False)
    assert shown.code in CODES - {0}
    assert shown.came.count(b"\r\n") > len(EVIL) // SHARE
    if point == "list":
        shown = terminal(world.home, "sent", "poll", "--config", "servers.toml")
        assert_harmless(shown.came, colour=False)
        assert shown.code in CODES - {0}


FIELDS = ["user", "folder", "command", "file", "env"]


@pytest.mark.parametrize("field", FIELDS)
def test_settings_are_repeated_harmlessly(field: str, world: World, terminal: Terminal) -> None:
    """Users, folders, and where a password should come from: each wrong in one account; together they say all."""
    text = '[ledger]\nurl = "sqlite:///servers.sqlite"\n'
    share = EVIL[FIELDS.index(field) :: len(FIELDS)]
    for number, evil in enumerate(filter(allowed, share)):
        source = {"password": f"{{ {field} = {toml(evil)} }}"}
        text += account(number, {field: toml(evil)} if field in {"user", "folder"} else source)
    (world.home / "values.toml").write_text(text, "utf-8")
    shown = terminal(world.home, "poll", "--config", "values.toml")
    assert_harmless(shown.came, colour=False)
    assert shown.code in CODES - {0}


def test_keys_and_broken_settings_are_repeated_harmlessly(world: World, terminal: Terminal) -> None:
    """A whole file is refused at its first fault, so each chunk of evil is a file."""
    forms = (
        "{0} = 1\n",
        "[accounts.{0}]\n",
        "[accounts.uk.imap]\n{0} = 1\n",
        "[report]\ntime_zone = {0}\n",
        "{1}",
    )
    for form in forms:
        for text in chunks(list(filter(allowed, EVIL)), 60):
            (world.home / "bad.toml").write_text(form.format(toml(text), text), "utf-8")
            shown = terminal(world.home, "report", "--config", "bad.toml")
            assert_harmless(shown.came, colour=False)
            assert shown.code == 78, (form, shown)


def test_there_is_evil_enough() -> None:
    assert len(EVIL) >= 200
    assert len(list(filter(allowed, EVIL))) >= 200
