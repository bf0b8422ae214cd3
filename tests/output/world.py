"""A home in which every text that somebody else decides is evil: mails, file names, sent logs, settings."""

from __future__ import annotations

import base64
import csv
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from tests.cli.mails import ALIAS, ORDER, notice, unknown, write
from tests.output.evil import EVIL

SETTINGS = """
[ledger]
url = "sqlite:///ledger.sqlite"

[accounts.uk]
authserv_ids = ["mx.seller.example", {authserv_ids}]
trusted_forwarders = [{forwarders}]
marketplaces = [{marketplaces}]

[accounts.uk.exports]
csv = {export}
addresses = "list.txt"
"""


@dataclass(frozen=True, slots=True)
class World:
    """The home and the names of what lies in it."""

    home: Path
    files: tuple[str, ...]
    """Mails, one in each file, under evil names."""
    logs: tuple[str, ...]
    """Tables with evil headers."""


def make_world(home: Path) -> World:
    """Everything but the ledger."""
    (home / "settings.toml").write_text(settings(), "utf-8")
    write(home / "box.mbox", *mails())
    maildir(home / "maildir \x1b[2J\u202e")
    sent_log(home / "sent.csv", header=("Order ID", "Email", "Sent at", "Purpose", "Template"))
    return World(home=home, files=tuple(named_mails(home)), logs=tuple(odd_logs(home)))


def toml(text: str) -> str:
    """A TOML string; JSON's escapes are TOML's, but for two halves of one character."""
    written = json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False)
    return written.replace("\x7f", "\\u007f")


def allowed(text: str) -> bool:
    """True for what a TOML file can carry at all, and the settings do not refuse as NUL."""
    return "\0" not in text and text.encode("utf-8", "replace").decode() == text and len(text) < 1000


def settings() -> str:
    plain = [text for text in EVIL if allowed(text) and "*" not in text]
    return SETTINGS.format(
        authserv_ids=", ".join(map(toml, plain)),
        forwarders=", ".join(toml(f"{text}@seller.example") for text in plain if "@" not in text),
        marketplaces=", ".join(map(toml, plain)),
        export=toml("list \x1b]0;owned\x07\u202e[red].csv"),
    )


def encoded(text: str) -> str:
    """An encoded word (RFC 2047), which carries any octet into a field."""
    return f"=?utf-8?b?{base64.b64encode(text.encode('utf-8', 'surrogatepass')).decode()}?="


def one_line(text: str) -> str:
    """What can stand in a field as it is; surrogateescape turns it into octets."""
    return re.sub("[\r\n\0\ud800-\udc7f\udd00-\udfff]", "", text)[:1500]


def mails() -> list[bytes]:
    """Every evil text as encoded subject and name; every second one raw in subject, name, address, Message-ID."""
    found = [notice()]
    for number, text in enumerate(EVIL):
        raw = one_line(text)
        found.append(unknown(encoded(text), name=encoded(text), number=number))
        if number % 2:
            continue
        forged = notice(f"203-{number:07}-0000001", subject=raw, name=f'"{raw}"', number=number, dmarc="fail")
        raw_id = raw.encode("utf-8", "surrogateescape")
        found.append(forged.replace(b"Message-ID: <", b"Message-ID: <" + raw_id))
        stranger = notice(subject=raw, number=number)
        found.append(stranger.replace(b"auto-communication@", raw_id + b".auto-communication@"))
    return found


def named_mails(home: Path) -> list[str]:
    """One mail for each evil text that can be a file name."""
    names = []
    for number, text in enumerate(EVIL):
        name = f"{number} {text.replace('/', ' ')}.eml"
        try:
            octets = os.fsencode(name)
        except UnicodeEncodeError:
            continue
        if "\0" in name or len(octets) > 250:
            continue
        (home / name).write_bytes(unknown(encoded(text)))
        names.append(name)
    return names


def maildir(place: Path) -> None:
    for part in ("cur", "new", "tmp"):
        (place / part).mkdir(parents=True)
    (place / "cur" / "1.x\x1b[31m:2,").write_bytes(unknown("[red]"))


def sent_log(path: Path, *, header: tuple[str, ...]) -> None:
    """Every evil text as purpose, template, order id and address; one good row. No table may hold a NUL."""
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(header)
        rows.writerow([ORDER, ALIAS, "2026-09-29T10:00:00Z", "unsolicited", "first"])
        for number, text in enumerate(each.replace("\0", "") for each in EVIL):
            rows.writerow([f"203-{number:07}-0000002", "", "2026-09-29T10:00:00Z", text, text])
            rows.writerow([text, f"{text}@marketplace.amazon.co.uk", "2026-09-29T10:00:00Z", "", text])


def odd_logs(home: Path) -> list[str]:
    """Tables whose headers are evil: what is missing is named with the columns that are there."""
    for name, start in (("none \x1b[31m.csv", 0), ("half \u202e.csv", len(EVIL) // 2)):
        sent_log(home / name, header=EVIL[start : start + 5])
    return ["none \x1b[31m.csv", "half \u202e.csv"]
