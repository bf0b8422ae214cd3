"""Settings files of every kind of nonsense: a message and the exit code for settings, never another error."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from bounce_watch.errors import SettingsError
from bounce_watch.settings import load_settings
from tests.output.evil import EVIL
from tests.settings.test_settings import MINIMAL, WHOLE

VALUES = [
    *(
        "1",
        "-1",
        "9" * 30,
        "9" * 5000,
        "0x" + "f" * 5000,
        "1e400",
        "nan",
        "inf",
        "1.5",
        "true",
        "[]",
        "{}",
        "[[1]]",
        "''",
    ),
    *(
        '"x"',
        '"~nobody-of-that-name/x"',
        '"~"',
        '"\\u0000"',
        '"a\\u0000b"',
        '"\\u001b[31m"',
        '"/"',
        '"."',
        '"../.."',
    ),
    *(
        "2026-01-31",
        "2026-01-31T10:00:00Z",
        "10:00:00",
        "0001-01-01",
        "9999-12-31T23:59:59-23:59",
        "2026-02-30",
    ),
    *(
        '"Europe"',
        '"Etc/../UTC"',
        '"/etc/passwd"',
        '"tzdata.zi"',
        '"' + "x" * 5000 + '"',
        '"UTC\\u0000"',
        '"\\ud800"',
    ),
    *(
        '["*"]',
        '["@"]',
        '["a@b.c"]',
        '["a@b.c", 1]',
        '[["a"]]',
        "{ env = 1 }",
        '{ env = "" }',
        "{ a = { b = 1 } }",
    ),
    *(
        '"sqlite:///~nobody-of-that-name/x"',
        '"sqlite:///\\u0000"',
        '"sqlite:///"',
        '"postgresql://[::1"',
        '"://"',
    ),
    "[" * 200 + "]" * 200,
    "{a=" * 200 + "1" + "}" * 200,
]
KEYS = [
    *(
        "a",
        '""',
        '"a.b"',
        "a.b.c",
        ".".join("a" * 500),
        '"\\u0000"',
        '"' + "k" * 5000 + '"',
        "accounts",
        "imap",
        "url",
    ),
    *(
        "__class__",
        "model_config",
        "model_fields",
        "accounts.uk",
        'accounts."../x"',
        "accounts.uk.imap.password.env",
    ),
]
SECTIONS = [
    "ledger",
    "report",
    "amazon",
    "accounts",
    "accounts.uk",
    "accounts.uk.imap",
    "accounts.uk.exports",
    "x",
    "a.b.c",
]


def outcome(path: Path, octets: bytes) -> str:
    """ "loaded", or what the refusal says; any other exception fails the test by itself."""
    path.write_bytes(octets)
    try:
        load_settings(path, {})
    except SettingsError as error:
        return error.message
    return "loaded"


def with_value(random: Random) -> str:
    """One value of a good file replaced, or a key put into one of its sections."""
    lines = WHOLE.splitlines()
    place = random.randrange(len(lines))
    if " = " in lines[place] and random.random() < 0.7:
        lines[place] = f"{lines[place].partition(' = ')[0]} = {random.choice(VALUES)}"
    else:
        lines.insert(place, f"{random.choice(KEYS)} = {random.choice(VALUES)}")
    if random.random() < 0.2:
        lines.append(f"[{random.choice(SECTIONS)}]\n{random.choice(KEYS)} = {random.choice(VALUES)}")
    return "\n".join(lines)


def with_noise(random: Random) -> bytes:
    """A good file with octets dropped, doubled, swapped or made up."""
    octets = bytearray(random.choice([WHOLE, MINIMAL]).encode())
    for _ in range(random.randrange(1, 6)):
        place = random.randrange(len(octets))
        match random.randrange(4):
            case 0:
                del octets[place : place + random.randrange(1, 30)]
            case 1:
                octets[place:place] = random.choice(
                    [b"[", b"]", b'"', b"'", b"=", b"\n", b".", b"{", b"}", b"#", b"\\u"]
                )
            case 2:
                octets[place] = random.randrange(256)
            case _:
                octets[place:place] = octets[place - 40 : place]
    return bytes(octets)


@pytest.mark.parametrize("seed", range(2))
def test_values_and_keys_of_every_kind(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    outcomes = [outcome(tmp_path / "s.toml", with_value(random).encode()) for _ in range(400)]
    # Both directions are in it, so that the test tests something.
    assert 0 < outcomes.count("loaded") < 350


@pytest.mark.parametrize("seed", range(2))
def test_octets_of_every_kind(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    outcomes = [outcome(tmp_path / "s.toml", with_noise(random)) for _ in range(400)]
    assert 0 < outcomes.count("loaded") < 350


@pytest.mark.parametrize(
    "form",
    ["{0} = 1", "[report]\ntime_zone = {0}", "[accounts.{0}]", "{1}", "[amazon]\nmarketplaces = [{0}]"],
)
def test_evil_keys_and_values(form: str, tmp_path: Path) -> None:
    for text in EVIL:
        written = '"' + "".join(f"\\U{ord(char):08x}" for char in text) + '"'
        octets = form.format(written, text).encode("utf-8", "surrogatepass")
        assert outcome(tmp_path / "s.toml", octets) != "loaded" or form == "[accounts.{0}]" or text.isspace()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = " + "9" * 5000, "not valid TOML"),
        ('[accounts.uk]\nexports = { csv = "~nobody-of-that-name/x" }', "no home folder"),
        ('[ledger]\nurl = "sqlite:///~nobody-of-that-name/x"', "no home folder"),
        ('[accounts.uk]\nexports = { csv = "a\\u0000b" }', "the character NUL"),
        ('["a\\u0000b"]', "the character NUL"),
        ("[report]\ntime_zone = 0x" + "f" * 5000, "too large"),
        ("a = [{ b = 9223372036854775808 }]", "too large"),
        ('[report]\ntime_zone = "Europe"', "there is no time zone 'Europe'"),
        ('[accounts."../../x"]', "no name for an account"),
    ],
)
def test_what_once_got_through(text: str, said: str, tmp_path: Path) -> None:
    assert said in outcome(tmp_path / "s.toml", text.encode())
