"""One report, or those of several accounts, in the form the reader asks for."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import assert_never

from bounce_watch.reports.content import ReportContent
from bounce_watch.reports.terminal import render_accounts, render_terminal


class Form(StrEnum):
    """The forms of a report."""

    TERMINAL = "terminal"
    HTML = "html"
    MARKDOWN = "markdown"
    CSV = "csv"
    JSON = "json"


def render(
    contents: ReportContent | Sequence[ReportContent],
    form: Form,
    *,
    width: int = 80,
    colour: bool = False,
    unicode: bool = True,
    names: bool = False,
) -> str:
    """One report or several as text with a line end; JSON has one object after another.

    `width`, `colour` and `unicode` matter to the terminal only. `names` lets order ids, addresses, subjects and
    senders into the page and into Markdown; the terminal and JSON always show them, CSV never does.
    """
    found = (contents,) if isinstance(contents, ReportContent) else contents
    match form:
        case Form.TERMINAL:
            made = [render_terminal(each, width=width, colour=colour, unicode=unicode) for each in found]
            if len(made) > 1:
                made.insert(0, render_accounts(found, width=width, colour=colour, unicode=unicode))
            return "\n".join(made)
        case Form.HTML:
            from bounce_watch.reports.html import render_page

            return render_page(found, names=names)
        case Form.MARKDOWN:
            from bounce_watch.reports.markdown import render_markdown

            return render_markdown(found, names=names)
        case Form.CSV:
            from bounce_watch.reports.csv import render_csv

            return render_csv(found)
        case Form.JSON:
            from bounce_watch.reports.json import render_json

            return "".join(map(render_json, found))
        case _:
            assert_never(form)
