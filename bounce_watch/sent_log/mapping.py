"""Which column of a log says what: by the names that a person gave, by usual titles, and by what stands in the rows.

A title of the usual ones whose cells do not contradict it is sure. What the cells alone tell is a guess that a person
should see. Two columns that are equally good are a question: a wrong answer would be a wrong rate that looks right.
Titles alone decide over label and message id, for they are part of what makes a send the same one in two files.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bounce_watch.sent_log.titles import Field, without_zone
from bounce_watch.text.headers import called, word_key

NONE = "-"
"""Named instead of a column: the log has none for this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnNames:
    """The columns that a person named, by title or number (the first is 1); NONE: there is none; None: look for it."""

    order_id: str | None = None
    alias: str | None = None
    sent_at: str | None = None
    status: str | None = None
    purpose: str | None = None
    marketplace: str | None = None
    label: str | None = None
    message_id: str | None = None


class Certainty(StrEnum):
    """NAMED by a person; by its TITLE, which its cells do not contradict; or by its CONTENT alone, which is a guess."""

    NAMED = "named"
    TITLE = "title"
    CONTENT = "content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The column of a field, how sure that is, and why, in words."""

    field: Field
    place: int
    certainty: Certainty
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What nobody can tell without a person: one sentence on what is open, one on how to answer."""

    field: Field
    what: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Where the fields stand in a table; `titles` is None for one without a header row."""

    titles: tuple[str, ...] | None
    width: int
    found: tuple[Found, ...]
    questions: tuple[Question, ...] = ()

    def of(self, field: Field) -> Found | None:
        """The column of a field, or None."""
        return next((each for each in self.found if each.field is field), None)

    def called(self, field: Field) -> str:
        """The title of a field's column in quotes, or its number; "" for a field without a column."""
        found = self.of(field)
        return called(found.place, self.titles) if found else ""

    def key(self, field: Field) -> str:
        """The key of the title of a field's column; "" where there is none."""
        found = self.of(field)
        return word_key(self.titles[found.place]) if found and self.titles else ""

    @property
    def guesses(self) -> tuple[Found, ...]:
        """The columns that are guessed and that the figures depend on."""
        harmless = {Field.MARKETPLACE}
        return tuple(
            each for each in self.found if each.certainty is Certainty.CONTENT and each.field not in harmless
        )

    @property
    def names_utc(self) -> bool:
        """True where the title of the instant says that it is in UTC."""
        return without_zone(self.key(Field.SENT_AT))[1]


def option_of(field: Field) -> str:
    """The option that names a field's column."""
    return "--order-column" if field is Field.ORDER_ID else f"--{field.value.replace('_', '-')}-column"


WORDS: dict[Field, str] = {
    Field.ORDER_ID: "order id",
    Field.ALIAS: "buyer's address",
    Field.SENT_AT: "instant of sending",
    Field.STATUS: "status",
    Field.PURPOSE: "purpose",
    Field.MARKETPLACE: "marketplace",
    Field.LABEL: "template or campaign",
    Field.MESSAGE_ID: "message id",
}
"""What a person calls the fields."""
