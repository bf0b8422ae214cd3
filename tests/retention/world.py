"""A seller's ledger with many buyers whose time is over and a few who opted out, and a search for their names."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bounce_watch.records.account import Account
from bounce_watch.records.decision import Action, Decision
from bounce_watch.records.filed import Filed, RunState
from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.notice import Finding
from bounce_watch.records.sent import (
    OrderLink,
    Origin,
    Purpose,
    SendOutcome,
    SentCoverage,
    SentLog,
    SentMessage,
)
from bounce_watch.store.ledger import Ledger
from tests.store import makers

ACCOUNT = "uk"
DAY = timedelta(days=1)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
_CHUNK = 500


def order_of(number: int) -> OrderId:
    return OrderId(f"203-{number:07d}-{(number * 7919) % 10_000_000:07d}")


def alias_of(number: int) -> Alias:
    return Alias(f"q{number:05d}zx{(number * 31337) % 1_000_000:06d}", "amazon.co.uk")


def first_name_of(number: int) -> str:
    """A name that stands in no list of ours: a person's, as it may stand in a mail that is kept."""
    letters = "bcdfghjklmnpqrstvwxz"
    return "Zy" + "".join(letters[(number // 20**place) % 20] for place in range(4)) + "ova"


@dataclass(frozen=True, slots=True)
class World:
    """Buyers by number: those who never opted out, and those who did."""

    inactive: range
    active: range

    def names_of(self, number: int) -> tuple[str, ...]:
        return (str(order_of(number)), str(alias_of(number)), first_name_of(number))


def make_world(inactive: int, active: int) -> World:
    return World(inactive=range(1, inactive + 1), active=range(inactive + 1, inactive + active + 1))


def fill(ledger: Ledger, world: World) -> None:
    """Everything on one day: sends and order reports of all buyers, mails that wait, notices that do not count."""
    everybody = [*world.inactive, *world.active]
    run = ledger.start_run(ACCOUNT, "sent import", at=START)
    for chunk in _chunks(everybody):
        ledger.file_sent_log(run, _log(chunk))
    ledger.finish_run(run, at=START, state=RunState.COMPLETE, read=len(everybody), filed=Filed())
    poll = ledger.start_run(ACCOUNT, "poll", at=START)
    for chunk in _chunks(everybody):
        findings = [
            finding for number in chunk for finding in _findings(number, active=number in world.active)
        ]
        ledger.file(poll, findings, cursor=None, read=len(findings), passed=0)
    ledger.finish_run(poll, at=START, state=RunState.COMPLETE, read=0, filed=Filed())
    # What was sent has a rate once the mail after it was read.
    later = ledger.start_run(ACCOUNT, "poll", at=START + DAY)
    ledger.finish_run(later, at=START + DAY, state=RunState.COMPLETE, read=0, filed=Filed())
    for number in world.inactive[::50]:
        _decide(ledger, number)


def _chunks(numbers: Iterable[int]) -> Iterator[list[int]]:
    every = list(numbers)
    for start in range(0, len(every), _CHUNK):
        yield every[start : start + _CHUNK]


def _log(numbers: Iterable[int]) -> SentLog:
    sends, links = list[SentMessage](), list[OrderLink]()
    for number in numbers:
        sends.append(
            SentMessage(
                account=ACCOUNT,
                order_id=order_of(number),
                alias=alias_of(number) if number % 2 else None,
                marketplace=None,
                sent_at=START,
                origin=Origin.CSV_LOG,
                message_id=f"<{order_of(number)}.{number}@tool.example>",
                purpose=Purpose.UNSOLICITED,
                outcome=SendOutcome.SENT,
                label=f"review request {order_of(number)} for {alias_of(number)}",
            )
        )
        links.append(
            OrderLink(
                account=ACCOUNT,
                order_id=order_of(number),
                alias=alias_of(number),
                marketplace=None,
                origin=Origin.ORDER_REPORT,
                seen_at=START,
                ordered_at=START - 3 * DAY,
            )
        )
    whole = SentCoverage(account=ACCOUNT, origin=Origin.CSV_LOG, start=START - DAY, end=START + 31 * DAY)
    return SentLog(sends=tuple(sends), links=tuple(links), coverage=whole, rows=2 * len(sends))


def _findings(number: int, *, active: bool) -> Iterator[Finding]:
    """The opt-out of an active buyer; of every fifth other one a mail that waits, or a forged notice."""
    order, alias, name = str(order_of(number)), str(alias_of(number)), first_name_of(number)
    octets = f"Subject: {name} wrote about {order}\r\nTo: {alias}\r\n\r\n{name} {order} {alias}\r\n".encode()
    if active:
        notice = makers.notice(number, order_id=order_of(number), alias=alias_of(number), noticed_at=START)
        yield _named(makers.finding(notice), order)
    elif number % 5 == 0:
        waits = makers.unrecognised(number, noticed_at=START)
        yield _named(makers.finding(waits, octets=octets, subject=f"{name}: {order}"), order)
    elif number % 5 == 1:
        forged = makers.notice(number, order_id=order_of(number), alias=alias_of(number), noticed_at=START)
        finding = makers.finding(forged, verdict=makers.FORGED, octets=octets, subject=f"{name} {alias}")
        yield _named(finding, order)


def _named(finding: Finding, order: str) -> Finding:
    return replace(finding, message_id=f"<{order}.{finding.result.fingerprint[:6]}@amazon.com>")


def _decide(ledger: Ledger, number: int) -> None:
    ledger.decide(
        Decision(
            account=ACCOUNT,
            action=Action.DISMISS,
            subject=makers.print_of(number),
            actor="owner",
            decided_at=START,
            note=f"order {order_of(number)}, {alias_of(number)}",
        )
    )


def account(*, list_days: int | None = None) -> Account:
    return Account(name=ACCOUNT, list_days=list_days)


_ORDERS = re.compile(rb"[0-9]{3}-[0-9]{7}-[0-9]{7}")
_WORDS = re.compile(rb"[A-Za-z0-9]{8,32}(?=@)|q[0-9]{5}zx[0-9]{6}|Zy[a-z]{4}ova")
_STREAM = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")


def names_in(octets: bytes) -> set[str]:
    """Every order id, alias and first name of the world's forms: as they are, UTF-16, compressed, in base64."""
    return {
        name.decode() for text in _forms(octets) for name in (*_ORDERS.findall(text), *_WORDS.findall(text))
    }


def _forms(octets: bytes) -> Iterator[bytes]:
    yield octets
    for start in (0, 1):
        yield octets[start::2]  # What is UTF-16 (either order) has its letters in every second octet.
    for match in _STREAM.finditer(octets):
        with suppress(zlib.error):
            yield zlib.decompressobj().decompress(octets[match.start() :])
    for match in _BASE64.finditer(octets):
        for start in range(4):
            piece = match[0][start:]
            with suppress(ValueError):
                yield base64.b64decode(piece[: len(piece) // 4 * 4])


def held(files: Iterable[Path], said: str, world: World) -> dict[str, set[int]]:
    """For each place the inactive buyers of whom something stands in it in clear."""
    by_name = {
        part: number
        for number in world.inactive
        for part in (str(order_of(number)), alias_of(number).local, first_name_of(number))
    }
    places = {path.name: path.read_bytes() for path in files} | {"what was said": said.encode()}
    return {
        place: {by_name[name] for name in names_in(octets) if name in by_name}
        for place, octets in places.items()
    }


def outgoing(path: Path, world: World) -> Path:
    """A file that is about to be sent: a re-order of every active buyer under a new order id, and of every inactive one."""
    rows = ["Email,Order"]
    rows += [
        f"{alias_of(number)},{order_of(900_000 + number)}" for number in (*world.active, *world.inactive)
    ]
    path.write_text("\n".join(rows) + "\n")
    return path


def facts_of_report(text: str) -> dict[str, object]:
    """What a report counts, without what time changes, and the scrub that is done again at each moment."""
    told = json.loads(text)
    parts = ("counts", "rates", "marketplaces", "reconciliation", "suppression_list")
    return {name: _timeless(told[name]) for name in parts}


_CHANGING = {"state", "matures_on", "withheld", "covered"}


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _timeless(each) for name, each in value.items() if name not in _CHANGING}
    return [_timeless(each) for each in value] if isinstance(value, list) else value
