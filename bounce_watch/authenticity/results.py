"""Authentication-Results fields (RFC 8601): a tokenizer, and which of a mail's fields our own receiver wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import ip_address

from bounce_watch.records.account import MICROSOFT

_WORD = re.compile(r"[^\s;()\"=]+")
_BY = re.compile(r"(?:from\s+\S+\s+)?by\s+(\S+)", re.IGNORECASE)
_FROM = re.compile(r"from\s", re.IGNORECASE)
_PEER = re.compile(r"from\s+(\S+)(.*?)(?=\sby\s)", re.IGNORECASE | re.DOTALL)
_SAID = re.compile(r"\b(?:helo|ehlo)[ =][^\s()]*", re.IGNORECASE)
"""What a peer says of itself, where a receiver writes it into the comment."""

_HOST_NAME = re.compile(r"(?<![\w.:-])(?:[A-Za-z0-9_-]+\.)+[A-Za-z][A-Za-z0-9-]*(?![\w.:-])")
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]{3,45}")
_SECOND_LEVEL = {"co", "com", "net", "org", "gov", "ac", "edu", "or", "ne"}
_INTERNAL = (".internal", ".localdomain")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a quoted string, or one of `;` and `=`; comments are no tokens."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodResult:
    """One result, as `dkim=pass header.d=amazon.com`: method, result and properties in lower case."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...]

    def property(self, name: str) -> str | None:
        """The first property of that name (`header.from`)."""
        return next((value for key, value in self.properties if key == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsField:
    """One field: who wrote it (None where no id stands, as Microsoft 365 does), and its results."""

    authserv_id: str | None
    results: tuple[MethodResult, ...]


def tokens(value: str) -> list[Token] | None:
    """The tokens of a field's value; None when a comment or quoted string never ends.

    Comments nest and are dropped (RFC 5322, 3.2.2); what stands in a quoted string is never syntax.
    """
    found, position = list[Token](), 0
    while position < len(value):
        character = value[position]
        if character in ";=":
            found.append(Token(character))
            position += 1
        elif character == "(":
            position = _behind_comment(value, position)
        elif character == '"':
            text, position = _quoted(value, position)
            found.append(Token(text, quoted=True))
        elif match := _WORD.match(value, position):
            found.append(Token(match[0]))
            position = match.end()
        else:
            position += 1
        if position < 0:
            return None
    return found


def _behind_comment(value: str, position: int) -> int:
    """Where the comment that opens at `position` has ended, or -1."""
    depth = 0
    while position < len(value):
        if value[position] == "\\":
            position += 1
        elif value[position] == "(":
            depth += 1
        elif value[position] == ")":
            depth -= 1
            if depth == 0:
                return position + 1
        position += 1
    return -1


def _quoted(value: str, position: int) -> tuple[str, int]:
    """The content of the quoted string at `position`, and where it has ended, or -1."""
    text, position = "", position + 1
    while position < len(value):
        if value[position] == '"':
            return text, position + 1
        if value[position] == "\\":
            position += 1
        text += value[position : position + 1]
        position += 1
    return text, -1


def parse_results(value: str) -> ResultsField | None:
    """The field as id and results; None when it is malformed. Unknown parts are passed over."""
    found = tokens(value)
    if found is None:
        return None
    segments = _segments(found)
    first = segments[0]
    named = bool(first) and not any(token.text == "=" and not token.quoted for token in first)
    results = (_result(segment) for segment in (segments[1:] if named else segments))
    return ResultsField(
        authserv_id=first[0].text.lower() if named else None,
        results=tuple(result for result in results if result is not None),
    )


def _segments(found: Sequence[Token]) -> list[list[Token]]:
    segments = [list[Token]()]
    for token in found:
        if token.text == ";" and not token.quoted:
            segments.append([])
        else:
            segments[-1].append(token)
    return segments


def _result(segment: Sequence[Token]) -> MethodResult | None:
    pairs = list(_pairs(segment))
    if not pairs or segment[0].text.lower() != pairs[0][0]:
        return None
    (method, result), *properties = pairs
    return MethodResult(method=method.partition("/")[0], result=result, properties=tuple(properties))


def _pairs(segment: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Each `name = value` of a segment; a name is never quoted."""
    for key, equals, value in zip(segment, segment[1:], segment[2:], strict=False):
        if equals.text == "=" and not equals.quoted and not key.quoted and key.text not in ";=":
            yield key.text.lower(), value.text.lower()


def own_fields(trace: Sequence[tuple[str, str]], authserv_ids: Sequence[str]) -> list[ResultsField]:
    """The fields that our own receiver wrote, topmost first.

    They carry one of `authserv_ids` and stand above the first Received line that our own border did not
    write; what stands below is the sender's. The id may be a pattern with `*`; the word `microsoft` means
    the topmost field without an id.
    """
    kept, behind_border = list[ResultsField](), False
    for name, value in trace:
        if name == "received":
            if behind_border or not _written_by_us(value, authserv_ids):
                break
            behind_border = _from_outside(value, authserv_ids)
            if behind_border and kept:  # a receiver writes its fields above this line, or below it; not both
                break
        elif (field := parse_results(value)) is not None and _is_ours(field, authserv_ids, kept):
            kept.append(field)
    return kept


def _is_ours(field: ResultsField, authserv_ids: Sequence[str], kept: Sequence[ResultsField]) -> bool:
    if field.authserv_id is None:
        return MICROSOFT in authserv_ids and all(above.authserv_id is not None for above in kept)
    return any(
        fnmatchcase(field.authserv_id, wanted.lower()) for wanted in authserv_ids if wanted != MICROSOFT
    )


def _written_by_us(received: str, authserv_ids: Sequence[str]) -> bool:
    """True for a Received line of our own border: by one of its hosts, or handed over within a machine."""
    words = _words(received)
    match = _BY.match(words)
    if not match:
        return False
    return not _FROM.match(words) or _is_border_host(match[1], authserv_ids)


def _from_outside(received: str, authserv_ids: Sequence[str]) -> bool:
    """True for the line by which our border took the mail from outside: the next Received line is the sender's.

    The name that the peer gave itself can be feigned, so what the receiver found out, which it writes into
    the comment, has to be ours as well: the name it looked up, else an address that is not public. A host
    beside the one that the id names may be a stranger's (the customers of a hoster), so it is not enough.
    """
    match = _PEER.match(received.strip())
    if not match:
        return False
    if MICROSOFT in authserv_ids and match[1].lower().endswith(".outlook.com"):
        return False  # these lines hold no name, and only the topmost field counts
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
    return _is_internal(host) or any(host == base or host.endswith("." + base) for base in bases)


def _words(received: str) -> str:
    return " ".join(token.text for token in tokens(received) or ())


def _is_border_host(name: str, authserv_ids: Sequence[str]) -> bool:
    """True for a host of our receiver's, or one without a public name, as providers use between themselves."""
    host = name.lower().rstrip(".")
    return _is_internal(host) or any(_same_border(host, wanted.lower()) for wanted in authserv_ids)


def _is_internal(host: str) -> bool:
    return "." not in host or host.endswith(_INTERNAL)


def _same_border(host: str, wanted: str) -> bool:
    if wanted == MICROSOFT:
        return host.endswith(".outlook.com")
    base = wanted.removeprefix("*.")
    parent = base.partition(".")[2]
    labels = parent.split(".")
    is_suffix = len(labels) < 2 or (len(labels) == 2 and labels[0] in _SECOND_LEVEL)
    bases = (base,) if is_suffix else (base, parent)
    return any(host == name or host.endswith("." + name) for name in bases)
