"""Received lines: which of them our own border wrote, and by which one the mail came in from outside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address

from bounce_watch.authenticity.tokens import tokens
from bounce_watch.records.account import MICROSOFT

_BY = re.compile(r"(?:from\s+\S+\s+)?by\s+(\S+)", re.IGNORECASE)
_FROM = re.compile(r"from\s", re.IGNORECASE)
_PEER = re.compile(r"from\s+(\S+)(.*?)(?=\sby\s)", re.IGNORECASE | re.DOTALL)
_SAID = re.compile(r"\b(?:helo|ehlo)[ =][^\s()]*", re.IGNORECASE)
"""What a peer says of itself, where a receiver writes it into the comment."""

_HOST_NAME = re.compile(r"(?<![\w.:-])(?:[A-Za-z0-9_-]+\.)+[A-Za-z][A-Za-z0-9-]*(?![\w.:-])")
_ADDRESS = re.compile(r"(?<![\w.:-])(?:IPv6:)?([0-9A-Fa-f:.]{3,45})(?!\w)", re.IGNORECASE)
_MAY_BE_FORGED = "(may be forged)"
"""Sendmail's note behind a looked-up name that does not lead back to the address."""

SECOND_LEVEL = {"co", "com", "net", "org", "gov", "ac", "edu", "or", "ne"}
_INTERNAL = (".internal", ".localdomain")
OUTLOOK = (".outlook.com", ".outlook.office365.com")
"""Hosts of Microsoft 365: the line by which a frontend hands over ends in the second."""


def written_by_us(received: str, authserv_ids: Sequence[str]) -> bool:
    """True for a Received line of our own border: by one of its hosts, or handed over within a machine."""
    words = _words(received)
    match = _BY.match(words)
    if not match:
        return False
    return not _FROM.match(words) or _is_border_host(match[1], authserv_ids)


def from_outside(received: str, authserv_ids: Sequence[str]) -> bool:
    """True for the line by which our border took the mail from outside: the next Received line is the sender's.

    The name that the peer gave itself can be feigned, so what the receiver found out, which it writes into
    the comment, has to be ours as well: the name it looked up, else an address that is not public. A host
    beside the one that the id names may be a stranger's (the customers of a hoster), so it is not enough.
    """
    match = _PEER.match(received.strip())
    if not match:
        return False
    if MICROSOFT in authserv_ids and all(
        host.endswith(OUTLOOK) for host in (match[1].lower(), by_host(received))
    ):
        return False  # these lines hold no name, and only the topmost field counts
    if _MAY_BE_FORGED in match[2].lower():
        return True
    found_out = _SAID.sub("", match[2])
    looked_up = _HOST_NAME.findall(found_out)
    if not looked_up and any(_is_public(each) for each in _ADDRESS.findall(found_out)):
        return True
    return not all(_is_peer_of_ours(name, authserv_ids) for name in (match[1], *looked_up))


def _is_public(address: str) -> bool:
    try:
        return ip_address(address).is_global
    except ValueError:
        return False


def _is_peer_of_ours(name: str, authserv_ids: Sequence[str]) -> bool:
    host = name.lower().rstrip(".")
    bases = [wanted.lower().removeprefix("*.") for wanted in authserv_ids]
    if ":" in host:  # an IPv6 address; like one of IPv4, it is no name of ours
        return False
    return is_internal(host) or any(host == base or host.endswith("." + base) for base in bases)


def by_host(received: str) -> str:
    """The host that wrote a Received line, in lower case; empty where the line names none."""
    match = _BY.match(_words(received))
    return match[1].lower().rstrip(".") if match else ""


def _words(received: str) -> str:
    return " ".join(token.text for token in tokens(received) or ())


def _is_border_host(name: str, authserv_ids: Sequence[str]) -> bool:
    """True for a host of our receiver's, or one without a public name, as providers use between themselves."""
    host = name.lower().rstrip(".")
    return is_internal(host) or any(_same_border(host, wanted.lower()) for wanted in authserv_ids)


def is_internal(host: str) -> bool:
    """True for a host without a public name."""
    return "." not in host or host.endswith(_INTERNAL)


def _same_border(host: str, wanted: str) -> bool:
    if wanted == MICROSOFT:
        return host.endswith(OUTLOOK)
    base = wanted.removeprefix("*.")
    parent = base.partition(".")[2]
    labels = parent.split(".")
    is_suffix = len(labels) < 2 or (len(labels) == 2 and labels[0] in SECOND_LEVEL)
    bases = (base,) if is_suffix else (base, parent)
    return any(host == name or host.endswith("." + name) for name in bases)
