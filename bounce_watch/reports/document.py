"""What the page and the Markdown form say of one account, before either draws it.

Every number of the content finds its words and its place here, so that the two can't differ in them. Without
`names` no order id, address, subject or sender gets in: what is not in the document can't be shown by mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from bounce_watch.reports import wording as say
from bounce_watch.reports.content import Attention, PeriodName, ReportContent
from bounce_watch.reports.page_tables import (
    accounts_table,
    counts_table,
    group_tables,
    reconciliation_table,
    silences_table,
    trend_table,
    waiting_table,
)
from bounce_watch.reports.page_words import boxes, counted, facts, figures, movement, no_rate
from bounce_watch.reports.pieces import SEVERITY_WORDS, Box, Figure, Table, nameless


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """All that is said of one account (or of several that are reported as one)."""

    content: ReportContent
    name: str
    title: str
    about: str
    attention: tuple[Attention, ...]
    boxes: tuple[Box, ...]
    figures: tuple[Figure, ...]
    no_rate: tuple[str, ...]
    movement: tuple[str, ...]
    counts: Table
    trend: Table | None
    groups: tuple[Table, ...]
    silences: Table | None
    facts: tuple[tuple[str, str], ...]
    reconciliation: Table
    waiting: Table | None
    counted: tuple[str, ...]


def document(content: ReportContent, *, names: bool) -> Document:
    """The words and figures of one report; `names` lets order ids, addresses, subjects and senders in."""
    made = Document(
        content=content,
        name=say.listed(content.accounts),
        title=title(content),
        about=f"{_accounts(content)}. {made_text(content)}",
        attention=tuple(_once(content.attention)),
        boxes=tuple(boxes(content)),
        figures=tuple(figures(content)),
        no_rate=no_rate(content),
        movement=tuple(movement(content)),
        counts=counts_table(content),
        trend=trend_table(content) if content.trend else None,
        groups=tuple(group_tables(content)),
        silences=silences_table(content) if content.silences else None,
        facts=tuple(facts(content)),
        reconciliation=reconciliation_table(content.reconciliation),
        waiting=waiting_table(content, names=names) if content.waiting else None,
        counted=tuple(counted(content)),
    )
    return made if names else _without_names(made)


def overview(documents: Sequence[Document]) -> Table:
    """Several accounts side by side: what matters most in each, and its rates."""
    words = [
        next((f"{SEVERITY_WORDS[one.kind.severity]}: {one.text}" for one in each.attention), "")
        for each in documents
    ]
    return accounts_table([each.content for each in documents], words)


def title(content: ReportContent) -> str:
    """Which days the report is about."""
    preposition = "on" if content.period_name is PeriodName.DAY else f"in the {content.period_name.value}"
    return f"Opt-outs {preposition} {say.period_text(content.period)}"


def made_text(content: ReportContent) -> str:
    """When it was made, and in which zone its times are."""
    return f"Made {say.moment(content.made_at, ZoneInfo(content.time_zone))}, times in {content.time_zone}."


def _accounts(content: ReportContent) -> str:
    noun = "Account" if len(content.accounts) == 1 else "Accounts"
    return f"{noun} {say.listed(content.accounts)}"


def _once(found: Sequence[Attention]) -> list[Attention]:
    """The same advice is given once."""
    given: set[str] = set()
    shown = []
    for one in found:
        shown.append(replace(one, advice="") if one.advice in given else one)
        given.add(one.advice)
    return shown


def _without_names(made: Document) -> Document:
    """Whatever holds words of a mail, a log or a file; the rest is ours and holds numbers, days and accounts."""
    return replace(
        made,
        attention=tuple(
            replace(one, text=nameless(one.text), advice=nameless(one.advice)) for one in made.attention
        ),
        boxes=tuple(
            replace(box, title=nameless(box.title), lines=tuple(map(nameless, box.lines)))
            for box in made.boxes
        ),
        groups=tuple(table.without_names() for table in made.groups),
        silences=made.silences.without_names() if made.silences else None,
        waiting=made.waiting.without_names() if made.waiting else None,
    )
