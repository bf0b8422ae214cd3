"""What a preset is: the shape in which one tool wants to read the list."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Key(StrEnum):
    """What a tool knows a buyer by; BOTH means the alias, and the order id where no alias is known."""

    ALIAS = "alias"
    ORDER = "order"
    BOTH = "both"


class Format(StrEnum):
    """CSV, JSON Lines (an object on a line), one JSON document, or a spreadsheet of Office Open XML."""

    CSV = "csv"
    JSON_LINES = "json_lines"
    JSON = "json"
    XLSX = "xlsx"


class FormatEvidence(StrEnum):
    """How well the tool's format is known: its maker documents it, others report it, or we take it for likely."""

    CONFIRMED = "confirmed"
    REPORTED = "reported"
    GUESSED = "guessed"


class Source(StrEnum):
    """What stands in a column. ORDER_IDS are all orders of an entry: separated by a space, in JSON a list."""

    ACCOUNT = "account"
    ALIAS = "alias"
    ORDER_ID = "order_id"
    ORDER_IDS = "order_ids"
    MARKETPLACE = "marketplace"
    SINCE = "since"
    LAST_NOTICED_AT = "last_noticed_at"
    NOTICES = "notices"
    SOURCE = "source"
    REASON = "reason"
    EXPIRES_AT = "expires_at"


INSTANTS = frozenset({Source.SINCE, Source.LAST_NOTICED_AT, Source.EXPIRES_AT})


class InstantForm(StrEnum):
    """How instants are written: `2026-09-30T17:05:00Z`, or `Wed, 30 Sep 2026 17:05:00 +0000` as in mails."""

    ISO = "iso"
    RFC2822 = "rfc2822"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: the text of its header, and where its cells come from; without a source each holds `value`."""

    header: str
    source: Source | None = None
    value: str = ""
    form: InstantForm = InstantForm.ISO


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One shape of export. `rows` says whether an alias (Key.ALIAS) or an order (Key.ORDER) has a row.

    `delimiter`, `encoding` and `line_end` are those of CSV; the other formats have their own. Without a `header`
    a JSON document holds bare values. `within` is the key under which a JSON document has its rows ("": it is
    the list itself). An export of more than `max_rows` rows has several parts (None: never). `source` says where the format is
    documented, `warning` what everybody who imports it must know; `file` is where a seller's own preset stands.
    """

    name: str
    description: str
    key: Key
    rows: Key
    columns: tuple[Column, ...]
    format: Format = Format.CSV
    header: bool = True
    delimiter: str = ","
    encoding: str = "utf-8"
    line_end: str = "\r\n"
    within: str = ""
    max_rows: int | None = None
    evidence: FormatEvidence = FormatEvidence.GUESSED
    source: str = ""
    warning: str = ""
    file: Path | None = None
