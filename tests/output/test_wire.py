"""What goes to an IMAP server: no text of the settings becomes a command."""

from __future__ import annotations

import re

import pytest

from bounce_watch.errors import BounceWatchError, SettingsError
from bounce_watch.mailboxes.base import ImapSpec, Security, open_mailbox
from bounce_watch.records.mail import Wanted
from bounce_watch.records.secret import Secret
from tests.mailboxes.samples import NOW, WANTED
from tests.output.evil import EVIL
from tests.servers.ports import LOOPBACK
from tests.servers.scripted import start_scripted

INJECTED = [
    "x" * 999,
    "\ud800",
    *(
        "INBOX\r\nA1 DELETE INBOX",
        "INBOX\nA1 DELETE INBOX",
        "x\rA1 LOGOUT",
        '" DELETE INBOX',
        'x"\r\nA1 STORE 1 +FLAGS (\\Deleted)',
    ),
    *(
        "{10}\r\nA1 EXPUNGE",
        "{10+}",
        "x\x00",
        "x\x85y",
        "x\x1by",
        "",
        "\\",
        '\\"',
        "*",
        "%",
        "(",
        "INBOX)",
        "&-",
        "&AAo-",
    ),
]
LINE = re.compile(
    rb"[A-Z]+[0-9]+ (CAPABILITY|LOGIN|AUTHENTICATE|EXAMINE|LIST|LOGOUT|UID SEARCH|UID FETCH)( .*)?\r\n"
)
EXAMINED = b"* 0 EXISTS\r\n* OK [UIDVALIDITY 1] v\r\n* OK [UIDNEXT 1] n\r\n{tag} OK [READ-ONLY] done\r\n"


def sent(texts: list[str], *, field: str) -> tuple[bytes, int]:
    """What one server got from polls with each text as user, folder or sender; and how many were refused."""
    refused = 0
    with start_scripted({"EXAMINE": EXAMINED, "UID": b"* SEARCH\r\n{tag} OK done\r\n"}) as server:
        for text in texts:
            spec = ImapSpec(
                host=LOOPBACK,
                port=server.port,
                user=text if field == "user" else "seller",
                folders=(text if field == "folder" else "INBOX",),
                security=Security.NONE,
                junk=False,
                read_timeout_s=2,
            )
            wanted = Wanted(senders=(text,)) if field == "sender" else WANTED
            try:
                with open_mailbox(
                    spec, Secret("pass"), account="uk", wanted=wanted, now=lambda: NOW
                ) as mailbox:
                    list(mailbox.batches({}))
            except SettingsError:
                refused += 1
            except BounceWatchError:
                continue
    return bytes(server.sent), refused


@pytest.mark.parametrize("field", ["folder", "user"])
def test_every_line_is_a_command_of_ours(field: str) -> None:
    texts = [*INJECTED, *(text for text in EVIL[::2] if len(text) < 900)]
    octets, refused = sent(texts, field=field)
    lines = octets.splitlines(keepends=True)
    strange = [line for line in lines if not LINE.fullmatch(line) and not is_answer(line)]
    assert strange == []
    assert refused > 50
    assert len(lines) > len(texts) - refused
    assert b"\x00" not in octets


def is_answer(line: bytes) -> bool:
    """The base64 of SASL PLAIN, which a user with odd letters needs."""
    return re.fullmatch(rb"[A-Za-z0-9+/=]*\r\n", line) is not None


@pytest.mark.parametrize("text", ["INBOX\r\nA1 DELETE INBOX", "x\nA1 LOGOUT", "x\x00y", "x\x9by"])
def test_what_could_smuggle_is_refused_before_anything_is_sent(text: str) -> None:
    assert sent([text], field="folder") == (b"", 1)
    assert sent([text], field="user") == (b"", 1)
