"""Makes the pictures of the docs from the demo: the page, and the report in a terminal.

    python -m tests.docs.pictures            all of them, into docs/images/

It needs, by their names in Debian: chromium fonts-inter fonts-dejavu-core pngquant. The demo is the same each time, so
a picture changes only when what it shows does.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

from bounce_watch.cli.context import settings
from bounce_watch.cli.demo import demo
from bounce_watch.reports.content import ReportContent
from bounce_watch.reports.render import Form, render
from bounce_watch.store.ledger import open_ledger
from bounce_watch.upkeep.report import asked, report_contents
from tests.page.chromium import Page, chromium, started

IMAGES = Path(__file__).parents[2] / "docs" / "images"
LARGEST = 150_000
MORNING_AFTER = datetime(2026, 10, 1, 6, 30, tzinfo=UTC)
"""The demo's: see cli/demo.py."""

FONTS = """<?xml version="1.0"?>
<fontconfig>
<dir>/usr/share/fonts</dir>
<alias binding="same"><family>sans-serif</family><prefer><family>Inter</family></prefer></alias>
<alias binding="same"><family>sans</family><prefer><family>Inter</family></prefer></alias>
<alias binding="same"><family>system-ui</family><prefer><family>Inter</family></prefer></alias>
<alias binding="same"><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
"""

_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_NAMES = {"1": "b", "2": "d", "31": "red", "32": "green", "33": "yellow", "36": "cyan"}

_TERMINAL = """<!doctype html><meta charset="utf-8"><style>
:root {{ --back: #fdfdfc; --bar: #e9e7e3; --fore: #2b2e33; --dim: #74787f; --red: #b3261e; --green: #1d7a3a; --yellow: #8a5d00; --cyan: #0c7c86 }}
@media (prefers-color-scheme: dark) {{ :root {{ --back: #16191d; --bar: #24282e; --fore: #d7dae0; --dim: #8b919b; --red: #ff7b72; --green: #6fd08c; --yellow: #e3b341; --cyan: #56c7d2 }} }}
body {{ margin: 0; background: var(--back); color: var(--fore); width: max-content }}
header {{ background: var(--bar); color: var(--dim); font: 13px/34px sans-serif; text-align: center; position: relative }}
header::before {{ content: "\\25CF\\2002\\25CF\\2002\\25CF"; position: absolute; left: 14px; font-size: 12px }}
pre {{ margin: 0; padding: 14px 18px 18px; font: 14px/19px "DejaVu Sans Mono", monospace }}
.b {{ font-weight: bold }} .d {{ color: var(--dim) }} .red {{ color: var(--red) }} .green {{ color: var(--green) }}
.yellow {{ color: var(--yellow) }} .cyan {{ color: var(--cyan) }} .prompt {{ color: var(--green) }}
</style><header>bounce-watch, {columns} columns</header><pre><span class="prompt">$</span> bounce-watch report
{lines}</pre>"""


def main() -> int:
    """Make them; 1 when a picture is larger than a page of docs should carry."""
    program, smaller = chromium(), shutil.which("pngquant")
    if program is None or smaller is None:
        sys.stderr.write("Chromium or pngquant is missing here. Debian: apt-get install chromium pngquant\n")
        return 1
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        content = demo_content(Path(folder))
        with started(program, fonts=FONTS) as page:
            for name, picture in pictures(page, content, Path(folder)):
                small = subprocess.run(
                    [smaller, "--speed=1", "--strip", "-"], input=picture, capture_output=True, check=True
                )
                (IMAGES / f"{name}.png").write_bytes(small.stdout)
                sys.stderr.write(f"{name}.png {len(small.stdout):,} bytes\n")
    return int(any(path.stat().st_size > LARGEST for path in IMAGES.glob("*.png")))


def demo_content(folder: Path) -> ReportContent:
    """The report of the demo's last week, as on the morning after."""
    demo(folder / "demo")
    found = settings(folder / "demo" / "settings.toml")
    (account,) = (each.account for each in found.accounts.values())
    day = (MORNING_AFTER - timedelta(days=1)).date()
    wanted = asked("week", day, found.time_zone, now=MORNING_AFTER)
    with open_ledger(f"sqlite:///{folder / 'demo' / 'bounce-watch.sqlite'}") as opened:
        (content,) = report_contents(opened, [account], wanted, now=MORNING_AFTER, polled={account.name})
    return content


def pictures(page: Page, content: ReportContent, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Each picture with its name."""
    file = folder / "page.html"
    file.write_text(render([content], Form.HTML), "utf-8")
    for name, dark in (("page-light", False), ("page-dark", True)):
        page.look(1100, dark=dark)
        page.go(file)
        yield name, page.picture(clip=(0, 0, 1100, 1720))
    page.look(360, scale=1.5)
    page.go(file)
    page.run("document.querySelector('.charts').scrollIntoView()")
    top = page.run("document.querySelector('.charts').getBoundingClientRect().y + scrollY")
    yield "page-phone", page.picture(clip=(0, top - 16, 360, 640))
    for name, columns, dark in (
        ("terminal-80", 80, True),
        ("terminal-80-light", 80, False),
        ("terminal-160", 160, True),
    ):
        file = folder / f"{name}.html"
        shown = render([content], Form.TERMINAL, width=columns, colour=True)
        file.write_text(terminal(shown, columns), "utf-8")
        page.look(columns * 9 + 60, dark=dark)
        page.go(file)
        size = page.run("[document.body.offsetWidth, document.body.offsetHeight]")
        yield name, page.picture(clip=(0, 0, *size))


def terminal(shown: str, columns: int) -> str:
    """What a terminal shows of the text and its colours, as a page."""
    made, on = [], False
    for place, part in enumerate(_SGR.split(shown)):
        if place % 2 == 0:
            made.append(escape(part))
            continue
        classes = [_NAMES[code] for code in part.split(";") if code in _NAMES]
        made.append("</span>" * on + (f'<span class="{" ".join(classes)}">' if classes else ""))
        on = bool(classes)
    return _TERMINAL.format(columns=columns, lines="".join(made))


if __name__ == "__main__":
    sys.exit(main())
