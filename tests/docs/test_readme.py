from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from .pages import README, ROOT, behind, blocks

TEXT = README.read_text("utf-8")


def test_the_report_is_what_the_demo_prints(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "bounce_watch", "demo", "--folder", str(tmp_path / "demo")]
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=True)
    assert blocks(behind(TEXT, "report"))[0].text == done.stdout


def test_one_line_tries_it_and_one_line_tests_it() -> None:
    for mark, command in {"demo": "bounce_watch demo", "test": "pytest"}.items():
        line = blocks(behind(TEXT, mark))[0].text
        assert line.count("\n") == 1, "the command is one line"
        assert command in line


def test_the_map_names_every_folder_and_nothing_else() -> None:
    named = set(re.findall(r"^bounce_watch/(\w+)/ ", TEXT, re.MULTILINE))
    there = {each.parent.name for each in (ROOT / "bounce_watch").glob("*/__init__.py")}
    assert named == there
    assert all(
        (ROOT / file).is_file() for file in re.findall(r"^(bounce_watch/\w+\.py) ", TEXT, re.MULTILINE)
    )


def test_lines_fit_a_page() -> None:
    long = [
        line for line in TEXT.split("\n") if len(line) > 120 and not line.startswith(("|", "PIP_", "python3"))
    ]
    assert not [line for line in long if "&&" not in line]
