"""The samples under fixtures/notices and fixtures/lookalikes: each has its golden twin, and none holds real people's data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from email import message_from_bytes
from email.message import Message
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bounce_watch.records.account import RequireProof
from bounce_watch.records.ids import MARKETPLACES, Alias, OrderId
from bounce_watch.records.notice import Evidence, NoticeKind, Outcome, WhyNotOurs, WhyUnrecognised

FIXTURES = Path(__file__).parents[2] / "fixtures"
ROOMS = ("notices", "lookalikes")
SAMPLES = sorted(path for room in ROOMS for path in (FIXTURES / room).rglob("*.eml"))
TWINS = sorted(path for room in ROOMS for path in (FIXTURES / room).rglob("*.json"))
KINDS = {*NoticeKind, "unrecognised", "not_amazon"}
MUST = {
    "kind",
    "language",
    "wording",
    "evidence",
    "order_id",
    "alias",
    "marketplace",
    "verdict",
    "blocked_on",
}
SETTINGS = {"authserv_ids", "trusted_forwarders", "addresses", "require_proof"}
WORDING = re.compile(r"[a-z_]+\.[a-z]{2}(?:-[A-Z]{2})?\.20[0-9]{2}(?:-[a-z]+)?|space_type\.[A-Z_]+")

_DOMAIN = re.compile(r"(?:@|https?://)([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
_PROVIDERS = ("google.com", "gmx.net", "messagingengine.com", "outlook.com")
"""Hosts that stand in the header styles of real receivers."""
_HOMOGRAPH = "xn--mazon-3ve.com"
"""`amazon.com` with a Cyrillic letter, as ASCII: the case of one look-alike."""
_AMAZON = (*MARKETPLACES, "amazon.co.za", "amazonses.com")


def sample_id(path: Path) -> str:
    """A sample's name in test output."""
    return str(path.relative_to(FIXTURES).with_suffix(""))


@cache
def twin_of(path: Path) -> dict[str, Any]:
    """The golden twin of a sample."""
    loaded = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def expect_of(path: Path) -> dict[str, Any]:
    """What the golden twin of a sample expects."""
    expect = twin_of(path)["expect"]
    assert isinstance(expect, dict)
    return expect


def texts(mail: Message) -> Iterator[str]:
    """The header block and every decoded text of a mail; charsets that nobody knows are read as Latin-1."""
    yield "\n".join(f"{name}: {value}" for name, value in mail.items())
    for part in mail.walk():
        octets = part.get_payload(decode=True)
        if part is not mail:
            yield "\n".join(f"{name}: {value}" for name, value in part.items())
        if isinstance(octets, bytes):
            utf16 = "16" in str(part.get_content_charset())
            yield octets.decode("utf-16" if utf16 else "latin-1", "replace")


def is_allowed(domain: str) -> bool:
    """True for reserved, Amazon's and receivers' domains."""
    allowed = ("example", *_AMAZON, *_PROVIDERS, _HOMOGRAPH)
    lowered = domain.lower().rstrip(".")
    return any(lowered == suffix or lowered.endswith("." + suffix) for suffix in allowed)


def test_there_are_samples_in_both_rooms() -> None:
    rooms = {path.relative_to(FIXTURES).parts[0] for path in SAMPLES}
    assert rooms == set(ROOMS)


def test_every_sample_has_a_twin_and_every_twin_a_sample() -> None:
    assert [path.with_suffix("") for path in SAMPLES] == [path.with_suffix("") for path in TWINS]


def test_nothing_else_lies_in_the_rooms() -> None:
    files = {path for room in ROOMS for path in (FIXTURES / room).rglob("*") if path.is_file()}
    assert files == {*SAMPLES, *TWINS}


@pytest.mark.parametrize("path", SAMPLES, ids=sample_id)
def test_sample_is_small_and_ends_its_lines_with_lf(path: Path) -> None:
    octets = path.read_bytes()
    assert 0 < len(octets) < 64 * 1024
    assert b"\r" not in octets, "CRLF and CR are made by the tests that need them"


@pytest.mark.parametrize("path", SAMPLES, ids=sample_id)
def test_twin_is_written_in_the_one_form(path: Path) -> None:
    twin = twin_of(path)
    written = json.dumps(twin, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert path.with_suffix(".json").read_text(encoding="utf-8") == written
    assert set(twin) - {"settings"} == {"expect", "why"}
    assert len(twin["why"]) > 20
    assert twin["why"].endswith(".")


@pytest.mark.parametrize("path", SAMPLES, ids=sample_id)
def test_settings_of_twin_are_known(path: Path) -> None:
    settings = twin_of(path).get("settings", {"require_proof": "auto"})
    assert settings
    assert set(settings) <= SETTINGS
    assert settings.get("require_proof", "auto") in set(RequireProof)
    lists = [value for key, value in settings.items() if key != "require_proof"]
    assert all(isinstance(value, list) and all(isinstance(item, str) for item in value) for value in lists)


@pytest.mark.parametrize("path", SAMPLES, ids=sample_id)
def test_values_of_twin_are_valid(path: Path) -> None:
    expect = expect_of(path)
    assert set(expect) - {"reason"} == MUST
    assert expect["kind"] in KINDS
    assert expect["evidence"] in {None, *Evidence}
    assert expect["marketplace"] in {None, *MARKETPLACES}
    assert expect["wording"] is None or WORDING.fullmatch(expect["wording"])
    assert expect["order_id"] is None or str(OrderId.parse(expect["order_id"])) == expect["order_id"]
    day = expect["blocked_on"]
    assert day is None or date.fromisoformat(day).isoformat() == day


@pytest.mark.parametrize("path", SAMPLES, ids=sample_id)
def test_alias_of_twin_is_one_buyers(path: Path) -> None:
    written = expect_of(path)["alias"]
    alias = Alias.parse(written) if written else None
    assert written is None or (alias is not None and str(alias) == written and not alias.is_shared)


@pytest.mark.parametrize("path", SAMPLES, ids=sample_id)
def test_kind_verdict_and_reason_of_twin_agree(path: Path) -> None:
    expect = expect_of(path)
    kind, reason = expect["kind"], expect.get("reason")
    if kind == "unrecognised":
        assert reason in set(WhyUnrecognised)
    elif kind == "not_amazon":
        assert reason in {None, WhyNotOurs.MISDIRECTED}
    else:
        assert reason is None
    assert (expect["verdict"] is None) == (kind == "not_amazon")
    assert expect["verdict"] in {None, *Outcome}
    if kind == NoticeKind.OPT_OUT:
        assert all(expect[key] for key in ("order_id", "wording", "evidence"))
    if kind in {"unrecognised", "not_amazon"}:
        assert not any(value for key, value in expect.items() if key not in {"kind", "reason", "verdict"})


@pytest.mark.parametrize("path", SAMPLES, ids=sample_id)
def test_folder_of_a_notice_names_kind_and_language(path: Path) -> None:
    """Samples of an unknown language lie in `<kind>.xx`; look-alikes lie flat."""
    expect = expect_of(path)
    room, *folders, _ = path.relative_to(FIXTURES).parts
    wanted = [] if room == "lookalikes" else [f"{expect['kind']}.{expect['language'] or 'xx'}"]
    assert folders == wanted


@pytest.mark.parametrize("path", SAMPLES, ids=sample_id)
def test_sample_names_no_real_domain(path: Path) -> None:
    found = {
        domain for text in texts(message_from_bytes(path.read_bytes())) for domain in _DOMAIN.findall(text)
    }
    assert not {domain for domain in found if not is_allowed(domain)}


@pytest.mark.parametrize(
    ("domain", "allowed"),
    [
        ("seller.example", True),
        ("amazon.com.evil.example", True),
        ("marketplace.amazon.it", True),
        ("eu-west-1.amazonses.com", True),
        ("notamazon.com", False),
        ("a-real-shop.de", False),
        ("outlook.com.shop.net", False),
    ],
)
def test_domain_check_knows_good_from_bad(domain: str, allowed: bool) -> None:
    assert is_allowed(domain) is allowed


def test_no_two_samples_are_equal() -> None:
    octets = {path.read_bytes() for path in SAMPLES}
    assert len(octets) == len(SAMPLES)
