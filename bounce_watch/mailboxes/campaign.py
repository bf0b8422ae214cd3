"""What the tool that sent a mail calls the mailing, in a header field of the mail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.errors import HeaderParseError
from email.header import decode_header, make_header

from bounce_watch.mailboxes.limits import CAMPAIGN_CHARACTERS

FIELDS = (
    "x-campaign",
    "x-campaign-id",
    "x-campaignid",
    "x-mailgun-tag",
    "x-mailgun-campaign-id",
    "x-pm-tag",
    "x-mc-tags",
    "x-mailin-tag",
    "x-template",
    "x-ses-configuration-set",
    "list-id",
)
"""Where sending tools write it, the most telling first; List-Id is RFC 2919."""

_FIELD_CHARACTERS = 2_000
_LIST_ID = re.compile(r"<([^<>]+)>\s*$")


def campaign_of(fields: Sequence[tuple[str, str]]) -> str | None:
    """The name in the first of FIELDS that a mail has, in one short line; None without any."""
    named = {name.lower(): value for name, value in reversed(fields) if value.strip()}
    value = next((named[name] for name in FIELDS if name in named), "")[:_FIELD_CHARACTERS]
    listed = _LIST_ID.search(value)
    words = (listed[1] if listed else _decoded(value)).split()
    return " ".join(words)[:CAMPAIGN_CHARACTERS].strip() or None


def _decoded(value: str) -> str:
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, UnicodeError, LookupError, ValueError, AssertionError):
        return value
