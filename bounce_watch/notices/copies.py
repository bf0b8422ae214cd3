"""One event, several copies: a notice to two recipients, or direct and redirected, is one blocked message."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from bounce_watch.records.filed import FiledNotice

WITHIN = timedelta(minutes=10)
"""Copies of one event come within ten minutes; the same recipient twice is a second blocked message."""

_NEVER = datetime.min.replace(tzinfo=UTC)


def count_events(notices: Iterable[FiledNotice]) -> list[tuple[FiledNotice, int]]:
    """Each notice with the number of blocked messages it stands for: 1, or 0 for a copy of one that counts.

    Notices of the same order and body belong together while each follows the first within ten minutes; a
    group stands for as many events as its busiest recipient got notices. The result is sorted by order id
    and instant, and does not depend on the order of the input.
    """
    given = list(notices)
    if len(given) == 1:  # By far the usual case, and there may be a million of them.
        return [(given[0], 1)]
    groups = defaultdict[tuple[str, str], list[FiledNotice]](list)
    for filed in given:
        groups[str(filed.notice.order_id), filed.notice.body_digest].append(filed)
    counted = [pair for members in groups.values() for pair in _counted(members)]
    return sorted(counted, key=lambda pair: (str(pair[0].notice.order_id), *_key(pair[0])))


def _key(filed: FiledNotice) -> tuple[datetime, str]:
    return filed.notice.noticed_at or _NEVER, filed.notice.fingerprint


def _counted(members: list[FiledNotice]) -> list[tuple[FiledNotice, int]]:
    counted, cluster = list[tuple[FiledNotice, int]](), list[FiledNotice]()
    for filed in sorted(members, key=_key):
        if cluster and _key(filed)[0] - _key(cluster[0])[0] > WITHIN:
            counted.extend(_one_each(cluster))
            cluster = []
        cluster.append(filed)
    return counted + _one_each(cluster)


def _one_each(cluster: list[FiledNotice]) -> list[tuple[FiledNotice, int]]:
    """As many notices of the cluster count as its busiest recipient got, the earliest first."""
    mails = defaultdict[str, int](int)
    for filed in cluster:
        for recipient in filed.notice.recipients or ("",):
            mails[recipient] += 1
    busiest = max(mails.values(), default=0)
    return [(filed, int(number < busiest)) for number, filed in enumerate(cluster)]
