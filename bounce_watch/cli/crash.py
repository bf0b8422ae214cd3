"""Where an internal error came from: kinds of errors and places in the code, never what an error says.

The words of an error from deep inside may hold a line that a server sent, a parameter of SQL, or a piece of a mail.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator


def places(error: BaseException) -> Iterator[str]:
    """The lines of a traceback, causes first, with the kind of each error in the place of its words."""
    for number, each in enumerate(reversed(list(_chain(error)))):
        if number:
            yield "It led to:"
        yield "Traceback (most recent call last):"
        for frame in traceback.format_tb(each.__traceback__):
            yield from frame.rstrip().splitlines()
        yield f"{type(each).__module__}.{type(each).__qualname__}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, then what it came from, and so on; as Python shows them."""
    seen = set[int]()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        hidden = following.__suppress_context__
        following = following.__cause__ or (None if hidden else following.__context__)
