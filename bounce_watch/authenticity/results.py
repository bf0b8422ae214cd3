"""Authentication-Results fields (RFC 8601), and which of a mail's fields our own receiver wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bounce_watch.authenticity.border import OUTLOOK, by_host, from_outside, written_by_us
from bounce_watch.authenticity.tokens import Token, tokens
from bounce_watch.records.account import MICROSOFT

_Candidate = tuple[str, bool]
"""The text of a field, and whether a Received line of Microsoft's stands above it."""


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
    """Each `name = value` of a segment; a name is never quoted.

    A value may be an address whose local part is quoted (RFC 8601, 2.2): `"x@amazon.com"@evil.example` is
    one value, and its domain stands behind the quotes.
    """
    for place, (key, equals, value) in enumerate(zip(segment, segment[1:], segment[2:], strict=False)):
        if equals.text == "=" and not equals.quoted and not key.quoted and key.text not in ";=":
            behind = segment[place + 3].text if len(segment) > place + 3 else ""
            domain = behind if value.quoted and behind.startswith("@") else ""
            yield key.text.lower(), (value.text + domain).lower()


def own_fields(trace: Sequence[tuple[str, str]], authserv_ids: Sequence[str]) -> list[ResultsField]:
    """The fields that our own receiver wrote, topmost first.

    They carry one of `authserv_ids` and stand above the first Received line that our own border did not
    write; what stands below is the sender's. The id may be a pattern with `*`; the word `microsoft` means
    the topmost field without an id, below a Received line of Microsoft's.
    """
    return [placed.field for placed in placed_fields(trace, authserv_ids)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedField:
    """A field of ours, its unfolded text, and whether it stands below the line by which the mail came in."""

    field: ResultsField
    text: str
    below_border: bool


def placed_fields(trace: Sequence[tuple[str, str]], authserv_ids: Sequence[str]) -> list[PlacedField]:
    """The fields of `own_fields` with their place: what stands above the border, nobody outside can write."""
    above, below = _own_part(trace, authserv_ids)
    # A receiver writes its fields above the line by which the mail came in, or below it; not both.
    return _kept(above, authserv_ids, below_border=False) or _kept(below, authserv_ids, below_border=True)


def _own_part(
    trace: Sequence[tuple[str, str]], authserv_ids: Sequence[str]
) -> tuple[list[_Candidate], list[_Candidate]]:
    """What stands above the first Received line of a stranger's: the fields above our border's line, and below."""
    above, below, behind_border, at_microsoft = list[_Candidate](), list[_Candidate](), False, False
    for name, value in trace:
        if name != "received":
            (below if behind_border else above).append((value, at_microsoft))
        elif behind_border or not written_by_us(value, authserv_ids):
            break
        else:
            behind_border = from_outside(value, authserv_ids)
            at_microsoft = at_microsoft or by_host(value).endswith(OUTLOOK)
    return above, below


def _kept(
    candidates: Sequence[_Candidate], authserv_ids: Sequence[str], *, below_border: bool
) -> list[PlacedField]:
    kept, nameless = list[PlacedField](), False
    for text, at_microsoft in candidates:
        field = parse_results(text)
        if field is None:
            continue
        if field.authserv_id is None:
            ours = at_microsoft and MICROSOFT in authserv_ids and not nameless
            nameless = True
        else:
            ours = _names(field.authserv_id, authserv_ids)
        if ours:
            kept.append(PlacedField(field=field, text=text, below_border=below_border))
    return kept


def _names(authserv_id: str, authserv_ids: Sequence[str]) -> bool:
    return any(fnmatchcase(authserv_id, wanted.lower()) for wanted in authserv_ids if wanted != MICROSOFT)
