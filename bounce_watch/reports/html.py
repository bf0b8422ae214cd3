"""The report as one page that needs nothing else: no request, no library, readable without its script.

The only place that knows jinja2. Everything that the templates write passes `_shown`, so that nothing of a mail,
a log or a file acts, and then jinja's own escaping. The page's Content-Security-Policy allows the style and the
script that it holds, by their hashes, and nothing else: no style or handler could hide in an attribute either.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from bounce_watch.reports.content import ReportContent
from bounce_watch.reports.document import Document, document, made_text, overview
from bounce_watch.reports.page_charts import Chart, charts
from bounce_watch.reports.pieces import SEVERITY_WORDS, Table, told_apart
from bounce_watch.reports.plots import Span, spans
from bounce_watch.text.inert import inert


def render_page(contents: Sequence[ReportContent], *, names: bool) -> str:
    """The whole page, ASCII or not, to be written as UTF-8; one section for each content, in their order.

    Without `names` it holds no order id, no address, and neither subject nor sender of a mail.
    """
    documents = [document(content, names=names) for content in contents]
    several = len(documents) > 1
    style, script = (_Inline.of(_template(name)) for name in ("page.css", "page.js"))
    return (
        _environment()
        .get_template("page.html")
        .render(
            title=documents[0].title,
            made=made_text(contents[0]),
            documents=documents,
            views=[_View(document=each, charts=tuple(charts(each.content))) for each in documents],
            overview=overview(documents) if several else None,
            links={each.name: f"a{number}" for number, each in enumerate(documents, 1)},
            names=names,
            style=style,
            script=script,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inline:
    """A style or script of ours as it stands between its tags, and the hash by which the policy allows it."""

    text: Markup
    hash: str

    @classmethod
    def of(cls, text: str) -> _Inline:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
        return cls(text=Markup(text), hash=f"sha256-{digest}")  # noqa: S704  # our own file, no value in it


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """What the template draws of one account."""

    document: Document
    charts: tuple[Chart, ...]


@cache
def _environment() -> Environment:
    made = Environment(
        loader=DictLoader({name: _template(name) for name in ("page.html", "parts.html")}),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        auto_reload=False,
    )
    made.globals.update(severities=SEVERITY_WORDS, spans=_spans, told_apart=told_apart)
    return made


@cache
def _template(name: str) -> str:
    return (resources.files("bounce_watch.reports") / "templates" / name).read_text("utf-8")


def _spans(table: Table) -> list[list[Span | None]]:
    """For each row of a table what is drawn in its cells, each column on a scale of its own."""
    columns = [spans([cell.rate for cell in column]) for column in zip(*table.rows, strict=True)]
    return [list(row) for row in zip(*columns, strict=True)]


def _shown(value: object) -> object:
    """Each value on its way into the page; what a macro made has been there already."""
    return value if isinstance(value, Markup) else inert(str(value))
