"""How a log will be read, told by all of it before anything is filed: columns, times, words, and what is open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import chain, islice
from typing import BinaryIO

from bounce_watch.errors import DataError
from bounce_watch.records.ids import MARKETPLACES
from bounce_watch.records.sent import Purpose
from bounce_watch.sent_log.guess import SAMPLE, find_mapping, is_header
from bounce_watch.sent_log.instants import DAY_FIRST, MONTH_FIRST, TimeColumn, TimeRule, check_format
from bounce_watch.sent_log.mapping import NONE, ColumnNames, Mapping, Question
from bounce_watch.sent_log.rows import RowReader
from bounce_watch.sent_log.titles import EVENTS, Field
from bounce_watch.sent_log.words import first_stage, went_out
from bounce_watch.text.cells import NumberedCells, Table, read_cells, tell_table
from bounce_watch.text.headers import word_key

_WORDS = 200
"""Different words of a status column that are kept; one that has more is none."""

_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """What a person said about a log instead of leaving it to us; see the options of `sent import`.

    `purpose` is that of every row. `time_zone` is for times without an offset. `sent_status` are the words of the
    status column that mean that a message went out; all others then mean that it did not.
    """

    columns: ColumnNames = field(default_factory=ColumnNames)
    purpose: Purpose | None = None
    time_format: str | None = None
    time_zone: tzinfo | None = None
    sent_status: tuple[str, ...] | None = None
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusWord:
    """A word of the status column as it stands there first, in how many rows, and whether these are messages sent."""

    word: str
    rows: int
    is_sent: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlan:
    """How a log is written and will be read; with `questions` it can't be.

    `zone` is the one in which days begin, the settings'. Nothing of the rows' content is in it but `examples`, the
    first cell of each field that is not empty, and `statuses`.
    """

    account: str
    zone: tzinfo
    table: Table
    mapping: Mapping
    times: TimeRule
    times_said: str
    has_header: bool
    rows: int
    statuses: tuple[StatusWord, ...]
    examples: dict[Field, str]
    purpose: Purpose | None
    marketplaces: frozenset[str]
    questions: tuple[Question, ...]

    @property
    def is_sure(self) -> bool:
        """True when nothing is open and nothing guessed that the figures depend on."""
        return not self.questions and not self.mapping.guesses

    def reader(self) -> RowReader:
        """What reads the rows."""
        has_status = self.mapping.of(Field.STATUS) is not None
        sent = frozenset(word_key(each.word) for each in self.statuses if each.is_sent)
        return RowReader(
            account=self.account,
            at={each.field: each.place for each in self.mapping.found},
            width=self.mapping.width,
            times=self.times,
            marketplaces=self.marketplaces,
            sent=sent if has_status else None,
            purpose=self.purpose,
        )


def plan_log(
    file: BinaryIO,
    *,
    account: str,
    time_zone: tzinfo,
    options: LogOptions | None = None,
    marketplaces: frozenset[str] = MARKETPLACES,
) -> LogPlan:
    """How to read a seekable table of any dialect; `time_zone` is that of the settings.

    Reads the file to its end, and keeps no more of it than the first rows. Raises DataError for a file that is no
    table, an empty one, and one without the necessary columns; UsageError for a format that is none.
    """
    chosen = options or LogOptions()
    given = check_format(chosen.time_format)
    table = tell_table(file, encoding=chosen.encoding, delimiter=chosen.delimiter)
    rows = read_cells(file, table)
    sample = list(islice(rows, SAMPLE + 1))
    if not sample:
        raise DataError("The sent log is empty.", "Export it again, with its header row.")
    titles = _titles(sample[0][1], chosen.columns)
    first_rows = sample if titles is None else sample[1:]
    mapping = find_mapping(
        titles, [cells for _, cells in first_rows], named=chosen.columns, marketplaces=marketplaces
    )
    survey = _Survey(mapping=mapping)
    survey.take(chain(first_rows, rows))
    statuses = survey.status_words(chosen.sent_status)
    times_open = () if given else tuple(survey.time_questions())
    return LogPlan(
        account=account,
        zone=time_zone,
        table=table,
        mapping=mapping,
        times=TimeRule(
            zone=chosen.time_zone or (UTC if mapping.names_utc else time_zone),
            day_first=given == DAY_FIRST or (given != MONTH_FIRST and survey.times.is_day_first),
            given=given if given not in (DAY_FIRST, MONTH_FIRST) else None,
        ),
        times_said=given or str(survey.times),
        has_header=titles is not None,
        rows=survey.rows,
        statuses=statuses,
        examples=_examples(mapping, first_rows),
        purpose=chosen.purpose,
        marketplaces=marketplaces,
        questions=(*mapping.questions, *times_open, *survey.status_questions(statuses)),
    )


def _titles(cells: Sequence[str], named: ColumnNames) -> list[str] | None:
    """The first row if it is a header: nothing in it is data, or it has a column that was named."""
    names = {getattr(named, each.value) for each in Field} - {None, NONE}
    is_named = any(cell.strip() in names for cell in cells)
    return list(cells) if is_named or is_header(cells) else None


def _examples(mapping: Mapping, rows: Iterable[NumberedCells]) -> dict[Field, str]:
    kept = list(rows)
    found: dict[Field, str] = {}
    for each in mapping.found:
        cells = (cells[each.place].strip() for _, cells in kept if each.place < len(cells))
        found[each.field] = next(filter(None, cells), "")
    return found


@dataclass(slots=True, kw_only=True)
class _Survey:
    """Goes through all rows once and keeps what decides how they are read."""

    mapping: Mapping
    rows: int = 0
    times: TimeColumn = field(default_factory=TimeColumn)
    words: dict[str, tuple[str, int]] = field(default_factory=dict)
    """By key: the first spelling of each word of the status column, and in how many rows it stands."""

    def take(self, rows: Iterable[NumberedCells]) -> None:
        time_at, status_at = self._place(Field.SENT_AT), self._place(Field.STATUS)
        for number, cells in rows:
            self.rows += 1
            if time_at is not None and time_at < len(cells):
                self.times.feed(number, cells[time_at])
            if status_at is not None:
                self._note(cells[status_at].strip() if status_at < len(cells) else "")

    def _place(self, field_: Field) -> int | None:
        found = self.mapping.of(field_)
        return None if found is None else found.place

    def _note(self, word: str) -> None:
        key = word_key(word)
        if key in self.words or len(self.words) < _WORDS:
            spelling, rows = self.words.get(key, (word, 0))
            self.words[key] = spelling, rows + 1

    def time_questions(self) -> Iterable[Question]:
        if self.times.is_mixed:
            yield Question(
                field=Field.SENT_AT,
                what=f"The times are written in more than one way ({self.times.mixture()}).",
                answer='Export the log again, or say which is right: --time-format "%d/%m/%Y %H:%M"',
            )
        elif self.times.is_undecided:
            yield Question(
                field=Field.SENT_AT,
                what=f"No row tells whether the day or the month comes first (as in row {self.times.either_at}).",
                answer=f"Say it: --time-format {DAY_FIRST} or --time-format {MONTH_FIRST}",
            )

    def status_words(self, sent: tuple[str, ...] | None) -> tuple[StatusWord, ...]:
        """The words of the status column, the commonest first."""
        said = None if sent is None else [word_key(each) for each in sent]
        if said is None and self.mapping.key(Field.STATUS) in EVENTS:
            stage = first_stage(self.words)
            said = None if stage is None else [stage]
        words = sorted(self.words.items(), key=lambda item: (-item[1][1], item[0]))
        return tuple(
            StatusWord(word=spelling, rows=rows, is_sent=went_out(key, said))
            for key, (spelling, rows) in words
        )

    def status_questions(self, words: Sequence[StatusWord]) -> Iterable[Question]:
        unknown = [each.word for each in words if each.is_sent is None]
        if unknown:
            which = ", ".join(repr(word[:40]) for word in unknown[:_SHOWN])
            more = " and others" if len(unknown) > _SHOWN else ""
            yield Question(
                field=Field.STATUS,
                what=f"Column {self.mapping.called(Field.STATUS)} has words that may or may not mean sent: {which}{more}.",
                answer="Say which words do (--sent-status WORD, repeatable), or that it is no status:"
                f" --status-column {NONE}",
            )
