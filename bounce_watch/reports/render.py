"""One report, the form the reader asks for."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from bounce_watch.reports.content import ReportContent
from bounce_watch.reports.json import render_json
from bounce_watch.reports.terminal import render_terminal


class Form(StrEnum):
    """The forms of a report."""

    TERMINAL = "terminal"
    JSON = "json"


def render(
    content: ReportContent, form: Form, *, width: int = 80, colour: bool = False, unicode: bool = True
) -> str:
    """The report as text with a line end; `width`, `colour` and `unicode` matter to the terminal only."""
    match form:
        case Form.TERMINAL:
            return render_terminal(content, width=width, colour=colour, unicode=unicode)
        case Form.JSON:
            return render_json(content)
        case _:
            assert_never(form)
