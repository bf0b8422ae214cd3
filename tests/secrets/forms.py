"""The forms in which a password may get out, worked out apart from the program."""

from __future__ import annotations

import base64
import html
import json
import quopri
import urllib.parse
from collections.abc import Mapping

PASSWORD = "Hunter2-Ünïque-1d9f"
QUOTED = 'Hunter2-"Un\\ique-1d9f'
"""In ASCII, so that LOGIN is used, with the two letters that a quoted string of IMAP escapes."""


def forms(password: str) -> Mapping[str, bytes]:
    """Octets to look for, by the name of the form; letters of any case are meant."""
    found = {
        "utf-8": password.encode(),
        "latin-1": password.encode("latin-1"),
        "utf-16-le": password.encode("utf-16-le"),
        "utf-16-be": password.encode("utf-16-be"),
        "utf-32-le": password.encode("utf-32-le"),  # as Python keeps some texts in memory
        "utf-7": password.encode("utf-7"),
        "modified utf-7": password.replace("Ü", "&ANw-").replace("ï", "&AO8-").encode("latin-1"),
        "quoted string": password.replace("\\", "\\\\").replace('"', '\\"').encode(),
        "url": urllib.parse.quote(password, safe="").encode(),
        "url of latin-1": urllib.parse.quote(password, safe="", encoding="latin-1").encode(),
        "quoted-printable": quopri.encodestring(password.encode()),
        "json": json.dumps(password)[1:-1].encode(),
        "repr of octets": repr(password.encode())[2:-1].encode(),
        "html": html.escape(password).encode("ascii", "xmlcharrefreplace"),
        "hex": password.encode().hex().encode(),
        "hex of utf-16": password.encode("utf-16-le").hex().encode(),
        "a piece at its beginning": b"Hunter2",
        "a piece at its end": b"que-1d9f",
    }
    return (
        found
        | _in_base64("base64", password.encode())
        | _in_base64("base64 of utf-16", password.encode("utf-16-le"))
    )


def _in_base64(name: str, octets: bytes) -> dict[str, bytes]:
    """The part of a longer base64 text that depends on these octets alone, for each place they can begin at."""
    found = {}
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + octets + b"\0\0")
        begin, end = (0, 2, 3)[before], (before + len(octets)) // 3 * 4
        found[f"{name}, {before} before"] = whole[begin:end]
        found[f"{name}, {before} before, for urls"] = whole[begin:end].replace(b"+", b"-").replace(b"/", b"_")
    return found


def found_in(text: bytes, password: str) -> list[str]:
    """The names of the forms that stand in a text, whatever the case of letters."""
    lowered = text.lower()
    return [name for name, form in forms(password).items() if form.lower() in lowered]
