"""Sorts more than fits in memory: pieces are sorted and laid aside in a file without a name, then merged."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any, BinaryIO

from bounce_watch.records.ids import Alias, OrderId
from bounce_watch.records.notice import Evidence
from bounce_watch.records.opt_out import AliasFrom, OptOut
from bounce_watch.records.times import as_utc

AT_ONCE = 20_000
"""Opt-outs held in memory; fewer than these are never written down."""

_READ_AT_ONCE = 500


def sorted_opt_outs(
    opt_outs: Iterable[OptOut], key: Callable[[OptOut], Any], *, at_once: int = AT_ONCE
) -> Iterator[OptOut]:
    """The opt-outs by `key`, equal ones in the order in which they came.

    What is laid aside is read by this process alone and is gone when the iterator is: the file has no name.
    """
    iterator = iter(opt_outs)
    piece = sorted(islice(iterator, at_once), key=key)
    if len(piece) < at_once:
        yield from piece
        return
    with tempfile.TemporaryFile() as file:
        pieces = []
        while piece:
            pieces.append(list(_lay_aside(piece, file)))
            piece = sorted(islice(iterator, at_once), key=key)
        yield from merge(*(_read(file, blocks) for blocks in pieces), key=key)


def _lay_aside(piece: list[OptOut], file: BinaryIO) -> Iterator[int]:
    """Where in the file each block of the piece begins, a line of JSON each."""
    for at in range(0, len(piece), _READ_AT_ONCE):
        yield file.tell()
        file.write(json.dumps([_plain(each) for each in piece[at : at + _READ_AT_ONCE]]).encode() + b"\n")


def _read(file: BinaryIO, blocks: list[int]) -> Iterator[OptOut]:
    for at in blocks:
        file.seek(at)
        yield from map(_opt_out, json.loads(file.readline()))


def _plain(opt_out: OptOut) -> list[Any]:
    alias = opt_out.alias
    return [
        opt_out.account,
        opt_out.order_id.value,
        alias and [alias.local, alias.marketplace],
        opt_out.alias_from.value,
        opt_out.marketplace,
        opt_out.first_noticed_at and opt_out.first_noticed_at.isoformat(),
        opt_out.last_noticed_at and opt_out.last_noticed_at.isoformat(),
        opt_out.notices,
        opt_out.evidence.value,
        opt_out.heard_at and opt_out.heard_at.isoformat(),
    ]


def _opt_out(plain: list[Any]) -> OptOut:
    account, order_id, alias, alias_from, marketplace, first, last, notices, evidence, heard = plain
    return OptOut(
        account=account,
        order_id=OrderId(order_id),
        alias=Alias(*alias) if alias else None,
        alias_from=AliasFrom(alias_from),
        marketplace=marketplace,
        first_noticed_at=first and as_utc(datetime.fromisoformat(first)),
        last_noticed_at=last and as_utc(datetime.fromisoformat(last)),
        notices=notices,
        evidence=Evidence(evidence),
        heard_at=heard and as_utc(datetime.fromisoformat(heard)),
    )
