from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bounce_watch.reports.html import render_page
from tests.reports.example import CONTENT, NO_LOG
from tests.reports.examples import LOUD

from .chromium import Page, chromium, started

PAGES = {
    "week": ([CONTENT], False),
    "bad-week": ([LOUD], True),
    "accounts": ([CONTENT, LOUD, NO_LOG], False),
}


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A tab of a browser that was started for this module."""
    program = chromium()
    if program is None:
        pytest.skip("no Chromium here: the page is not tried in a browser (Debian: apt-get install chromium)")
    with started(program) as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages as files."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, (contents, names) in PAGES.items():
        found[name] = folder / f"{name}.html"
        found[name].write_text(render_page(contents, names=names), "utf-8")
    return found
