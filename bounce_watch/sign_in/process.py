"""Keeps what this process holds in memory to itself."""

from __future__ import annotations

import sys
from contextlib import suppress

_SET_DUMPABLE = 4
"""PR_SET_DUMPABLE of prctl(2): without it there is no core dump, not even one that a handler collects, and no other
process of the same user may read our memory or our environment."""


def keep_to_ourselves() -> None:
    """No core dump, and no look into our memory from outside, as far as this system can do that.

    Programs that we start are not concerned, but for the size of their core files.
    """
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if sys.platform == "linux":
        with suppress(ImportError, OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)
