from __future__ import annotations

from pathlib import Path

import pytest

from .pages import DOCS, PAGES, README, anchors, blocks, links, name


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page.read_text("utf-8")):
        assert "://" not in link, f"{link}: the pages need no network"
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target.read_text("utf-8")), link


def test_a_dead_link_would_be_seen() -> None:
    assert links("see [here](a.md#b), and\n```text\n[not](this.md)\n```\n[two\nlines](c.md)") == [
        "a.md#b",
        "c.md",
    ]
    assert anchors("# One\n## `[accounts.NAME]`\n```text\n# not this\n```\n") == {"one", "accountsname"}


def test_the_start_page_leads_to_every_page() -> None:
    start = DOCS / "index.md"
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in links(start.read_text("utf-8"))}
    assert linked == {page.resolve() for page in PAGES} - {README.resolve(), start.resolve()}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_pages_begin_with_one_title_and_close_their_blocks(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text.startswith("# ")
    assert text.count("\n```") == 2 * len(blocks(text)), "a fenced block is not closed"
    assert all(block.language for block in blocks(text)), "a fenced block names no language"
