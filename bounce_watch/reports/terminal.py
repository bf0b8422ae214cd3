"""The report in a terminal: calm, 80 columns or more, the same with and without colour.

The only place that knows rich. Every character that is shown passes `_Page.text` and so `inert`: neither
control characters nor rich's own markup in a mail can act. Colours are the terminal's own red, yellow,
green and cyan on its own background, so that light and dark ones both work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import StringIO

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from bounce_watch.reports import groups, sections
from bounce_watch.reports.accounts import accounts
from bounce_watch.reports.chart import ASCII, BLOCKS, Glyphs
from bounce_watch.reports.content import ReportContent
from bounce_watch.reports.layout import Cell, Grid, Look, Section
from bounce_watch.reports.rate_section import rates
from bounce_watch.reports.trend import charts
from bounce_watch.text.inert import inert, visible

NARROWEST, WIDEST, TWO_COLUMNS = 40, 160, 130
"""Below the first nothing fits; beyond the second the eye loses the line; from the third on, two columns."""

_GAP = 4

_NARROWEST_HALF = 36
"""Columns of a half page in which a small table still says enough."""

_GROUPS = (groups.labels, groups.order_ages)


def render_terminal(content: ReportContent, *, width: int, colour: bool, unicode: bool = True) -> str:
    """The report as text with a line end, no line wider than `width` (from 40 on; 160 are used at most).

    `colour` adds SGR sequences and nothing else; without it there is no ESC at all. Without `unicode` the
    text is ASCII: bars are drawn with `#`, and foreign characters stand by their number.
    """
    page = _page(width, unicode=unicode)
    return _drawn(page.blocks(content), page.width, colour=colour)


def render_accounts(
    contents: Sequence[ReportContent], *, width: int, colour: bool, unicode: bool = True
) -> str:
    """One line for each account: what matters, how many opt out, the list, the last read; all else as for a report."""
    return render_sections(
        lambda room: [accounts(contents, room)], width=width, colour=colour, unicode=unicode
    )


def render_sections(
    make: Callable[[int], Iterable[Section]], *, width: int, colour: bool, unicode: bool = True
) -> str:
    """The sections that `make` makes for a width, below each other; all else as for a report."""
    page = _page(width, unicode=unicode)
    return _drawn((page.section(section) for section in make(page.width)), page.width, colour=colour)


def _page(width: int, *, unicode: bool) -> _Page:
    return _Page(width=min(max(width, NARROWEST), WIDEST), glyphs=BLOCKS if unicode else ASCII)


def _drawn(blocks: Iterable[RenderableType], width: int, *, colour: bool) -> str:
    out = StringIO()
    _console(out, width, colour=colour).print(Group(*_spaced(blocks)))
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def _console(out: StringIO, width: int, *, colour: bool) -> Console:
    """A console that asks nothing of the environment: all it may do is in its arguments."""
    return Console(
        file=out,
        width=width,
        color_system="standard" if colour else None,
        force_terminal=colour,
        force_interactive=False,
        force_jupyter=False,
        no_color=not colour,
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
        _environ={},
    )


def _spaced(blocks: Iterable[RenderableType]) -> Iterator[RenderableType]:
    for number, block in enumerate(blocks):
        if number:
            yield Text()
        yield block


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """The room there is, what draws in it, and the only door to the screen."""

    width: int
    glyphs: Glyphs

    def blocks(self, content: ReportContent) -> Iterator[RenderableType]:
        yield self.section(sections.headline(content, self.width))
        yield self.section(sections.opening(content, self.width))
        yield from self.one_column(content) if self.width < TWO_COLUMNS else self.two_columns(content)
        if content.waiting:
            yield self.section(sections.waiting(content, self.width))

    def one_column(self, content: ReportContent) -> Iterator[RenderableType]:
        yield self.section(sections.numbers(content, self.width))
        yield self.section(rates(content, self.width))
        yield from (self.section(chart) for chart in charts(content, self.width, self.glyphs)[:1])
        if content.marketplaces:
            yield self.section(groups.marketplaces(content, self.width))
        yield from self.pair(*(partial(make, content) for make in _GROUPS))
        yield self.section(sections.housekeeping(content, self.width))

    def two_columns(self, content: ReportContent) -> Iterator[RenderableType]:
        half = self.half
        yield self.beside(sections.numbers(content, half), rates(content, half))
        drawn = charts(content, half, self.glyphs)
        if len(drawn) == 1:
            yield from (self.section(chart) for chart in charts(content, self.width, self.glyphs))
        elif drawn:
            yield self.beside(*drawn)
        yield from self.pair(*(partial(make, content) for make in _GROUPS))
        if content.marketplaces:
            yield self.beside(groups.marketplaces(content, half), sections.housekeeping(content, half))
        else:
            yield self.section(sections.housekeeping(content, self.width))

    def pair(self, *make: Callable[[int], Section | None]) -> Iterator[RenderableType]:
        """Two sections beside each other where both exist and find room, else each over the whole width."""
        drawn = [section for one in make if (section := one(self.half))]
        if len(drawn) == 2 and self.half >= _NARROWEST_HALF:
            yield self.beside(*drawn)
        else:
            yield from (self.section(section) for one in make if (section := one(self.width)))

    @property
    def half(self) -> int:
        return (self.width - _GAP) // 2

    def beside(self, left: Section, right: Section) -> Table:
        table = Table.grid(padding=0)
        for width in (self.half, _GAP, self.half):
            table.add_column(width=width)
        table.add_row(self.section(left, self.half), Text(), self.section(right, self.half))
        return table

    def section(self, section: Section, width: int | None = None) -> Group:
        grids = [self.grid(grid) for grid in section.grids]
        return (
            Group(self.heading(section.title, width or self.width), *grids)
            if section.title
            else Group(*grids)
        )

    def heading(self, title: str, width: int) -> Text:
        rule = self.glyphs.rule * max(0, width - cell_len(title) - 1)
        return self.text(((title, Look.STRONG), (f" {rule}", Look.QUIET)), width, wraps=False)

    def grid(self, grid: Grid) -> Table:
        table = Table.grid(padding=0)
        for place, width in enumerate(grid.widths):
            table.add_column(width=width, justify="right" if place >= grid.right_from else "left")
        for row in grid.rows:
            rooms = [width - grid.gap for width in grid.widths[:-1]] + [grid.widths[-1]]
            pairs = zip(row, rooms, strict=True)
            table.add_row(*(self.text(cell, room, wraps=grid.wraps) for cell, room in pairs))
        return table

    def text(self, cell: Cell, width: int, *, wraps: bool) -> Text:
        line = Text(no_wrap=not wraps, overflow="fold" if wraps else "crop")
        for words, look in cell:
            line.append(self.safe(words), look.value or None)
        if not wraps and line.cell_len > width:
            line.truncate(width - len(self.glyphs.ellipsis))
            line.append(self.glyphs.ellipsis)
        return line

    def safe(self, words: str) -> str:
        shown = inert(words)
        if self.glyphs is BLOCKS or shown.isascii():
            return shown
        return "".join(char if char.isascii() else visible(char) for char in shown)
