"""Pictures and links of HTML, and HTML that is against us."""

from __future__ import annotations

import pytest

from bounce_watch.text.html_elements import MOST_ELEMENTS, MOST_WORDS, Link, html_elements


def links(html: str) -> list[tuple[str, str]]:
    return [(link.target, link.words) for link in html_elements(html).links]


@pytest.mark.parametrize(
    ("html", "found"),
    [
        (
            '<a href="https://a.example/x">go <b>there</b>\n now</a> not here',
            [("https://a.example/x", "go there now")],
        ),
        ('<a href=" /x ">x</a><a name="y">y</a><a href="">z</a>', [("/x", "x")]),
        ('<map><area href="https://a.example" alt="x"></map>', [("https://a.example", "")]),
        ('<a href="u"><img src="cid:1" alt="our shop" title="now"></a>', [("u", "our shop now")]),
        ('<a href="u">x<script>unsubscribe</script><style>b</style></a>', [("u", "x")]),
        ('<a href="u">x<!-- y -->z', [("u", "xz")]),
        ('<a href="u&amp;v=&quot;1&quot;">x</a>', [('u&v="1"', "x")]),
        ("", []),
        ("<!-- only this -->", []),
        ("no element", []),
    ],
)
def test_links_with_their_words(html: str, found: list[tuple[str, str]]) -> None:
    assert links(html) == found


def test_words_of_a_link_have_an_end() -> None:
    (link,) = html_elements(f'<a href="u">{"x" * 1000}<b>{"y" * 1000}</b></a>').links
    assert link == Link(target="u", words="x" * MOST_WORDS)


@pytest.mark.parametrize(
    ("attributes", "px", "percent"),
    [
        ('width="600" height="20"', (600.0, 20.0), None),
        ('width="600px"', (600.0, None), None),
        ('width="100%" height="1"', (None, 1.0), 100.0),
        ('width="600" style="WIDTH: 90%"', (None, None), 90.0),
        ('style="max-width:100%;height:0"', (None, 0.0), None),
        ('style="width:12.5%"', (None, None), 12.5),
        ('style="width:1.2.3px"', (None, None), None),
        ('style="width:."', (None, None), None),
        ('width="auto" height=""', (None, None), None),
        ("", (None, None), None),
    ],
)
def test_the_size_of_a_picture(
    attributes: str, px: tuple[float | None, float | None], percent: float | None
) -> None:
    (image,) = html_elements(f'<img src="cid:1" {attributes}>').images
    assert ((image.width_px, image.height_px), image.width_percent) == (px, percent)


def test_pictures_with_source_words_and_link() -> None:
    html = '<img src=" a.png " alt="A" class="logo"><a href="u"><p><img srcset="b.png 2x"></p></a><input type=image src=c>'
    images = html_elements(html).images
    assert [(image.source, image.words, image.is_linked) for image in images] == [
        ("a.png", "A  logo", False),
        ("b.png 2x", "", True),
        ("c", "", False),
    ]


def test_whatever_else_is_fetched() -> None:
    html = (
        '<link rel="stylesheet" href="https://a.example/1"><body background="https://a.example/2">'
        "<div style=\"background:url( 'https://a.example/3' )\"></div><video poster='4' src='5'></video><img src=no>"
    )
    assert html_elements(html).fetched == (
        "https://a.example/1",
        "https://a.example/2",
        "https://a.example/3",
        "5",
        "4",
    )


def test_there_is_an_end_of_elements() -> None:
    most = html_elements("<b></b>" * (MOST_ELEMENTS - 2))  # html and body are two more
    assert most.whole
    more = html_elements("<b></b>" * MOST_ELEMENTS + '<img src="x">')
    assert not more.whole
    assert not more.images
    assert links('<a href="u">x' + "<b></b>" * MOST_ELEMENTS) == [("u", "x")]


HOSTILE = {
    "tags": "<" * 300_000,
    "comments": "<!--" * 50_000,
    "nested divs": "<div>" * 60_000,
    "nested links": '<a href="x">' * 30_000 + "y" * 30_000,
    "nested links by elements": '<a href="x"><table><tr><td>' * 10_000,
    "attributes": "<img " + "".join(f"a{number}=1 " for number in range(60_000)) + ">",
    "style": f'<img style="{"width:1" * 200}{"url(" * 300}">' * 200,
    "a long style": f'<p style="{"url(x" * 300}">' * 200,
    "open tag": '<img src="' + "a" * 500_000,
    "entities": "&" * 500_000,
    "nul": "\0" * 500_000,
}


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.timeout(20)
def test_hostile_html_comes_to_an_end(html: str) -> None:
    """Each takes less than a second alone; what is quadratic would take minutes."""
    found = html_elements(html)
    assert len(found.images) + len(found.links) <= MOST_ELEMENTS
