"""Writes the health as a file that the textfile collector of Prometheus' node_exporter reads.

The only place that knows prometheus_client, which comes with the extra `metrics`. The names and their
labels are documented in docs/reference/metrics.md; a meaning never changes under the same name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from bounce_watch.errors import SettingsError
from bounce_watch.records.filed import RunState
from bounce_watch.reports.health import AccountHealth, Health, HealthVerdict
from bounce_watch.suppression.files import atomic_file

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

_READABLE = 0o644
"""The collector runs as a user of its own; names of accounts and numbers are all that is in the file."""


def require_library() -> None:
    """SettingsError when the library is missing."""
    if find_spec("prometheus_client") is None:
        raise SettingsError(
            "A file for Prometheus needs a library that is not installed.",
            "Install the extra named metrics: pip install 'bounce-watch[metrics]'.",
        )


def write_metrics(path: Path, health: Health) -> None:
    """Put the file in place of the one before, whole; LedgerError when disk or folder refuse."""
    registry = _registry(health.made_at, complete=True)
    _health_ok(registry, {one.account: one.verdict is HealthVerdict.OK for one in health.accounts})
    _of_polls(registry, health.accounts)
    _of_mails(registry, health.accounts)
    _write(path, registry)


def write_failure(path: Path, accounts: Iterable[str], *, made_at: datetime) -> None:
    """The same when nothing could be looked at: a file that says so, for one that only grows old is easily missed."""
    registry = _registry(made_at, complete=False)
    _health_ok(registry, dict.fromkeys(accounts, False))
    _write(path, registry)


def _registry(made_at: datetime, *, complete: bool) -> CollectorRegistry:
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 - only who wants the file needs the library

    registry = CollectorRegistry()
    said = "When this file was made, in Unix time."
    _gauge(registry, "bounce_watch_health_check_timestamp_seconds", said, [((), made_at.timestamp())])
    said = "1 if the ledger could be looked into, else 0."
    _gauge(registry, "bounce_watch_health_check_complete", said, [((), complete)])
    return registry


def _health_ok(registry: CollectorRegistry, accounts: dict[str, bool]) -> None:
    said = "1 if nothing needs a person, 0 if something does or nothing could be looked at."
    values = [((name,), ok) for name, ok in accounts.items()]
    _gauge(registry, "bounce_watch_health_ok", said, values, "account")


def _of_polls(registry: CollectorRegistry, accounts: Sequence[AccountHealth]) -> None:
    instants = [(one.account, one.last_read_to_end_at) for one in accounts]
    last = [((account,), instant.timestamp()) for account, instant in instants if instant]
    said = "When the mailbox was last read to its end, in Unix time; absent if never."
    _gauge(registry, "bounce_watch_last_complete_poll_timestamp_seconds", said, last, "account")
    polls = [(one.account, one.newest_poll) for one in accounts]
    newest = [
        ((account, state.value), poll.state is state) for account, poll in polls if poll for state in RunState
    ]
    said = "1 for the state of the newest poll, 0 for the others."
    _gauge(registry, "bounce_watch_newest_poll", said, newest, "account", "state")


def _of_mails(registry: CollectorRegistry, accounts: Sequence[AccountHealth]) -> None:
    waiting = [((one.account, name), number) for one in accounts for name, number in one.waiting.items()]
    said = "Mails that wait for a person, by reason."
    _gauge(registry, "bounce_watch_waiting_mails", said, waiting, "account", "reason")
    urgent = [((one.account, name), number) for one in accounts for name, number in one.urgent.items()]
    said = "Notices of the last seven days after which sending has to stop or change, by kind."
    _gauge(registry, "bounce_watch_urgent_notices", said, urgent, "account", "kind")
    opt_outs = [((one.account,), one.opt_outs) for one in accounts]
    said = "Orders whose buyers opted out."
    _gauge(registry, "bounce_watch_opt_outs", said, opt_outs, "account")
    proof = [((one.account,), one.proof_required) for one in accounts]
    said = "0 if unproven notices count (require_proof is never), else 1."
    _gauge(registry, "bounce_watch_proof_required", said, proof, "account")


def _gauge(
    registry: CollectorRegistry,
    name: str,
    said: str,
    values: Iterable[tuple[tuple[str, ...], float]],
    *labels: str,
) -> None:
    from prometheus_client import Gauge  # noqa: PLC0415

    gauge = Gauge(name, said, labels, registry=registry)
    for label_values, value in values:
        (gauge.labels(*label_values) if labels else gauge).set(value)


def _write(path: Path, registry: CollectorRegistry) -> None:
    from prometheus_client import generate_latest  # noqa: PLC0415

    with atomic_file(path) as file:
        os.fchmod(file.fileno(), _READABLE)
        file.write(generate_latest(registry))
