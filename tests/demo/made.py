"""The demo as it is by default, made once in a process; nobody writes into it."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from bounce_watch.demo.generate import DemoFiles, make_demo


@cache
def the_demo() -> DemoFiles:
    folder = Path(tempfile.mkdtemp(prefix="bounce-watch-demo-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return make_demo(folder)
