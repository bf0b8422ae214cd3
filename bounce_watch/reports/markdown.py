"""The report as Markdown: for a ticket, a wiki or a mail; the words and figures of the page, tables in GitHub's dialect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bounce_watch.reports.content import ReportContent
from bounce_watch.reports.document import Document, document, made_text, overview
from bounce_watch.reports.pieces import SEVERITY_WORDS, Cell, Table, told_apart
from bounce_watch.text.inert import markdown_code, markdown_text


def render_markdown(contents: Sequence[ReportContent], *, names: bool) -> str:
    """The report as text with a line end; one part for each content, in their order.

    Without `names` it holds no order id, no address, and neither subject nor sender of a mail.
    """
    documents = [document(content, names=names) for content in contents]
    return "\n\n".join(_blocks(documents)) + "\n"


def _blocks(documents: Sequence[Document]) -> Iterator[str]:
    """Paragraphs, lists, headings and tables, each to stand alone."""
    several = len(documents) > 1
    yield f"# {markdown_text(documents[0].title)}"
    yield markdown_text(made_text(documents[0].content) if several else documents[0].about)
    if several:
        yield _table(overview(documents))
    for each in documents:
        if several:
            yield f"## {markdown_text(each.name)}"
        yield from _account(each, "###" if several else "##")
    yield "## How it is counted"
    yield _items(documents[0].counted)


def _account(made: Document, level: str) -> Iterator[str]:
    yield f"{level} What matters now"
    yield (
        "\n".join(
            f"- **{SEVERITY_WORDS[one.kind.severity]}:** {_told(f'{one.text} {one.advice}')}"
            for one in made.attention
        )
        or "Nothing."
    )
    for box in made.boxes:
        yield f"{level} {markdown_text(box.title)}"
        yield markdown_text(" ".join(box.lines))
        yield "\n".join(f"{place}. {markdown_text(check)}" for place, check in enumerate(box.checks, 1))
    yield f"{level} Rates of what was sent"
    if made.figures:
        yield "\n".join(
            f"- **{figure.label}: {markdown_text(figure.value)}** ({markdown_text('; '.join(figure.lines))})"
            for figure in made.figures
        )
    if told := [*made.no_rate, *made.movement]:
        yield _items(told)
    yield from _tables(made, level)


def _tables(made: Document, level: str) -> Iterator[str]:
    for table in (made.counts, made.trend, *made.groups, made.silences):
        if table is not None:
            yield from _titled(table, level)
    yield f"{level} Mailbox and list"
    yield "\n".join(f"- {markdown_text(name)}: {markdown_text(value)}" for name, value in made.facts)
    for table in (made.reconciliation, made.waiting):
        if table is not None:
            yield from _titled(table, level)


def _titled(table: Table, level: str) -> Iterator[str]:
    yield f"{level} {markdown_text(table.title)}"
    yield _table(table)
    if table.note:
        yield _told(table.note)


def _table(table: Table) -> str:
    rules = ["---:" if place in table.numeric else "---" for place in range(len(table.heads))]
    rows = [_row(map(markdown_text, table.heads)), _row(rules)]
    return "\n".join([*rows, *(_row(map(_cell, row)) for row in table.rows)])


def _row(cells: Iterator[str] | Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(one: Cell) -> str:
    shown = markdown_code(one.text) if one.foreign else markdown_text(one.text)
    return f"{shown} ({markdown_text(one.detail)})" if one.detail else shown


def _items(lines: Sequence[str]) -> str:
    return "\n".join(f"- {_told(line)}" for line in lines)


def _told(text: str) -> str:
    """A sentence, and the command at its end as code."""
    before, command = told_apart(text.strip())
    return f"{markdown_text(before)}{markdown_code(command)}"
