"""Which log is the denominator when, and how much of a period it covers.

For an account and an instant one origin is the denominator; the logs of others only link orders to aliases. So
importing the same or an overlapping log twice, or a log of what lies in the sent folder as well, changes no figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bounce_watch.records.rate import Period
from bounce_watch.records.sent import LogSpan, Origin, SentCoverage

IN_FORCE = (Origin.CSV_LOG, Origin.SENT_FOLDER)
"""A log that a person loaded stands above the sent folder, which holds only what this mailbox sent."""

_Times = list[tuple[datetime, datetime]]


def denominator_spans(
    coverages: Iterable[SentCoverage], *, heard_until: datetime | None = None
) -> tuple[LogSpan, ...]:
    """The spans in which a log is the denominator, in the order of time, none overlapping another.

    `heard_until` is how far the mailbox was read: what was sent later has no denominator yet, because nobody can
    know which of it was blocked.
    """
    known = list(coverages)
    taken: _Times = []
    spans: list[LogSpan] = []
    for origin in IN_FORCE:
        own = _merged((each.start, each.end) for each in known if each.origin is origin)
        spans += [LogSpan(start=start, end=end, origin=origin) for start, end in _without(own, taken)]
        taken = _merged([*taken, *own])
    heard = (_until(span, heard_until) for span in sorted(spans, key=lambda span: span.start))
    return tuple(span for span in heard if span)


def _until(span: LogSpan, end: datetime | None) -> LogSpan | None:
    if end is None or span.end <= end:
        return span
    return replace(span, end=end) if span.start < end else None


def covered_share(spans: Sequence[LogSpan], period: Period, *, now: datetime) -> float:
    """For which part of the period, until `now` while it runs, a log is whole: 0 to 1; 0 for one that is to come."""
    end = min(period.end, now)
    if end <= period.start:
        return 0.0
    whole = (end - period.start).total_seconds()
    parts = (min(span.end, end) - max(span.start, period.start) for span in spans)
    return sum(max(0.0, part.total_seconds()) for part in parts) / whole


def is_in_force(spans: Sequence[LogSpan], instant: datetime, origin: Origin) -> bool:
    """True when the log of this origin is the denominator at this instant."""
    return any(span.origin is origin and span.start <= instant < span.end for span in spans)


def _merged(times: Iterable[tuple[datetime, datetime]]) -> _Times:
    found: _Times = []
    for start, end in sorted(times):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _without(times: _Times, taken: _Times) -> _Times:
    for begin, end in taken:
        times = [
            part
            for first, last in times
            for part in ((first, min(last, begin)), (max(first, end), last))
            if part[0] < part[1]
        ]
    return times
