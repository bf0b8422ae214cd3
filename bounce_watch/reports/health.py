"""What `health` says of each account, once, and its two forms for people and programs.

Format 1 of the JSON: instants are ISO 8601 in UTC, what is not known is null, keys sorted. A new key keeps
the number; a changed meaning raises it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from bounce_watch.records.filed import Run
from bounce_watch.records.times import require_utc
from bounce_watch.reports import wording as say
from bounce_watch.reports.content import Attention, Severity
from bounce_watch.reports.layout import Cell, Grid, Look, Section, cell, cells, paragraph
from bounce_watch.text.inert import json_text

FORMAT = 1

ROOMY = 110
"""From this width on the table has instants and opt-outs as well."""

_LOUD = (Severity.STOP, Severity.CHECK)
_LOOKS = {Severity.STOP: Look.STOP, Severity.CHECK: Look.CHECK}


class HealthVerdict(StrEnum):
    """OK: mail is read, nothing waits. ATTENTION: a person has to look."""

    OK = "ok"
    ATTENTION = "attention"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHealth:
    """One account. `findings` are the report's own lines, as far as they are about health.

    `waiting` is how many mails wait for a person, by reason; `urgent` how many notices of the last days
    say that sending has to stop or change, by kind; `opt_outs` how many orders are opted out.
    """

    account: str
    has_mailbox: bool
    last_read_to_end_at: datetime | None
    newest_poll: Run | None
    waiting: Mapping[str, int]
    urgent: Mapping[str, int]
    opt_outs: int
    proof_required: bool
    findings: tuple[Attention, ...] = ()

    def __post_init__(self) -> None:
        require_utc(last_read_to_end_at=self.last_read_to_end_at)

    @property
    def reasons(self) -> tuple[Attention, ...]:
        """Why a person has to look; notes are no reason."""
        return tuple(one for one in self.findings if one.kind.severity in _LOUD)

    @property
    def verdict(self) -> HealthVerdict:
        """ATTENTION if there is a reason."""
        return HealthVerdict.ATTENTION if self.reasons else HealthVerdict.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """All accounts that were looked at; `max_age` is after which time without a complete poll one is stale."""

    made_at: datetime
    max_age: timedelta
    accounts: tuple[AccountHealth, ...]

    def __post_init__(self) -> None:
        require_utc(made_at=self.made_at)

    @property
    def verdict(self) -> HealthVerdict:
        """OK if every account is."""
        every = {one.verdict for one in self.accounts}
        return HealthVerdict.ATTENTION if HealthVerdict.ATTENTION in every else HealthVerdict.OK


def health_json(health: Health) -> str:
    """One JSON object as text with a line end (see json_text)."""
    content = {
        "format": FORMAT,
        "made_at": _instant(health.made_at),
        "verdict": health.verdict.value,
        "max_age_hours": health.max_age // timedelta(hours=1),
        "accounts": [_account(one, health.made_at) for one in health.accounts],
    }
    return json_text(content, indent=2, sort_keys=True)


def _account(one: AccountHealth, now: datetime) -> dict[str, object]:
    last = one.last_read_to_end_at
    return {
        "account": one.account,
        "verdict": one.verdict.value,
        "attention": [
            {"kind": each.kind.value, "severity": each.kind.severity.value, "text": each.text}
            for each in one.findings
        ],
        "has_mailbox": one.has_mailbox,
        "last_read_to_end_at": _instant(last),
        "age_s": int((now - last).total_seconds()) if last else None,
        "newest_poll": _poll(one.newest_poll) if one.newest_poll else None,
        "waiting": dict(one.waiting),
        "urgent": dict(one.urgent),
        "opt_outs": one.opt_outs,
        "proof_required": one.proof_required,
    }


def _poll(run: Run) -> dict[str, object]:
    return {
        "state": run.state.value,
        "started_at": _instant(run.started_at),
        "finished_at": _instant(run.finished_at),
        "message": run.message or None,
    }


def _instant(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z") if instant else None


def health_sections(health: Health, width: int, zone: tzinfo) -> Iterator[Section]:
    """A table of all accounts, then the reasons of each one that needs a person."""
    yield Section(title="", grids=(_table(health, width, zone),))
    for one in health.accounts:
        if one.findings:
            yield _findings(one, width)
    if health.verdict is HealthVerdict.ATTENTION:
        advice = "What to do about each: bounce-watch report"
        yield Section(title="", grids=(paragraph(width, (advice, Look.QUIET)),))


def _table(health: Health, width: int, zone: tzinfo) -> Grid:
    roomy = width >= ROOMY
    heads = ["account", "verdict", "read to its end", "newest poll", "waiting", "urgent"]
    widths = [11, 40 if roomy else 21, 13, 9, 8]
    if roomy:
        heads, widths = [*heads, "opt-outs"], [*widths, 10]
    rows = [cells(*heads, look=Look.QUIET)]
    rows += [_row(one, health.made_at, zone, roomy=roomy) for one in health.accounts]
    longest = max((len(one.account) for one in health.accounts), default=0)
    first = min(max(longest + 2, 9), width - sum(widths))
    return Grid(widths=(first, *widths), rows=rows, right_from=4, gap=2)


def _row(one: AccountHealth, now: datetime, zone: tzinfo, *, roomy: bool) -> list[Cell]:
    calm = one.verdict is HealthVerdict.OK
    verdict = cell("OK", Look.CALM) if calm else cell("ATTENTION", Look.CHECK)
    state = one.newest_poll.state.value if one.newest_poll else "none"
    numbers = [sum(one.waiting.values()), sum(one.urgent.values()), *([one.opt_outs] if roomy else [])]
    read = _read(one, now, zone, roomy=roomy)
    return [cell(one.account), verdict, *cells(read, state), *(cell(f"{each:,}") for each in numbers)]


def _read(one: AccountHealth, now: datetime, zone: tzinfo, *, roomy: bool) -> str:
    last = one.last_read_to_end_at
    if last is None:
        return "never" if one.has_mailbox else "no mailbox"
    return f"{say.moment(last, zone)} ({say.ago(now - last)})" if roomy else say.ago(now - last)


def _findings(one: AccountHealth, width: int) -> Section:
    rows = [
        [
            cell(each.kind.severity.value.upper(), _LOOKS.get(each.kind.severity, Look.NOTE)),
            cell(each.text),
        ]
        for each in one.findings
    ]
    return Section(title=one.account, grids=(Grid(widths=(7, width - 7), rows=rows, wraps=True),))
