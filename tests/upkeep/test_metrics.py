"""The file for Prometheus, read back by the library's own parser."""

from __future__ import annotations

import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from bounce_watch.errors import LedgerError, SettingsError
from bounce_watch.records.account import RequireProof
from bounce_watch.upkeep.metrics import require_library, write_failure, write_metrics

from .samples import FAILED, HOUR, NOW, QUIET, READ, health

HOSTILE = [
    'uk"} 1\nbounce_watch_health_ok{account="de',
    "back\\slash and\\nno line",
    "\x1b[31mred\x07",
    "# HELP nothing",
    "größe 日本 {}=,",
    "",
    " ",
]

Values = dict[tuple[str, ...], float]


def families(path: Path) -> dict[str, Metric]:
    text = path.read_text("utf-8")
    assert text.endswith("\n")
    return {family.name: family for family in text_string_to_metric_families(text)}


def values(path: Path, name: str) -> Values:
    """The samples of one metric by the values of its labels, in the order of their names."""
    family = families(path)[f"bounce_watch_{name}"]
    assert family.type == "gauge"
    assert family.documentation
    return {
        tuple(sample.labels[label] for label in sorted(sample.labels)): sample.value
        for sample in family.samples
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "bounce-watch.prom"


def test_every_metric(file: Path) -> None:
    bad = replace(
        QUIET,
        account="de",
        require_proof=RequireProof.NEVER,
        runs=(FAILED, READ),
        last_read_to_end_at=None,
        waiting={"forged": 2, "unreadable": 1},
        urgent={"policy_block": 4},
        opt_outs=0,
    )
    write_metrics(file, health(QUIET, bad))
    assert values(file, "health_check_timestamp_seconds") == {(): NOW.timestamp()}
    assert values(file, "health_check_complete") == {(): 1}
    assert values(file, "health_ok") == {("uk",): 1, ("de",): 0}
    assert values(file, "last_complete_poll_timestamp_seconds") == {("uk",): (NOW - HOUR).timestamp()}
    polls = values(file, "newest_poll")
    assert {key for key, value in polls.items() if value} == {("uk", "complete"), ("de", "failed")}
    assert len(polls) == 8
    waiting = values(file, "waiting_mails")
    assert {key: value for key, value in waiting.items() if value} == {
        ("de", "forged"): 2,
        ("de", "unreadable"): 1,
    }
    assert len(waiting) == 10
    urgent = values(file, "urgent_notices")
    assert {key: value for key, value in urgent.items() if value} == {("de", "policy_block"): 4}
    assert values(file, "opt_outs") == {("uk",): 3, ("de",): 0}
    assert values(file, "proof_required") == {("uk",): 1, ("de",): 0}
    assert len(families(file)) == 9


def test_seconds_are_not_rounded_to_hours(file: Path) -> None:
    """The library writes large numbers with an exponent; every digit has to be there."""
    write_metrics(file, health(QUIET))
    (instant,) = values(file, "last_complete_poll_timestamp_seconds").values()
    assert instant == 1795411800  # 23 November 2026, 05:30 UTC


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_accounts_stay_labels(name: str, file: Path) -> None:
    write_metrics(file, health(replace(QUIET, account=name), replace(QUIET, account="other")))
    assert values(file, "health_ok") == {(name,): 1, ("other",): 1}
    assert set(values(file, "opt_outs")) == {(name,), ("other",)}
    write_failure(file, [name], made_at=NOW)
    assert values(file, "health_ok") == {(name,): 0}


def test_nothing_could_be_looked_at(file: Path) -> None:
    write_metrics(file, health(QUIET))
    write_failure(file, ["uk", "de"], made_at=NOW + HOUR)
    assert values(file, "health_check_complete") == {(): 0}
    assert values(file, "health_check_timestamp_seconds") == {(): (NOW + HOUR).timestamp()}
    assert values(file, "health_ok") == {("uk",): 0, ("de",): 0}
    # No figure of an earlier look is left to be taken for today's.
    assert len(families(file)) == 3


def test_no_account_is_known(file: Path) -> None:
    write_failure(file, [], made_at=NOW)
    assert values(file, "health_check_complete") == {(): 0}


def test_the_collector_may_read_it_and_nothing_is_left_beside_it(file: Path) -> None:
    write_metrics(file, health(QUIET))
    write_metrics(file, health(QUIET))
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert list(file.parent.iterdir()) == [file]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"no/x\.prom can't be written"):
        write_metrics(tmp_path / "no" / "x.prom", health(QUIET))
    with pytest.raises(LedgerError):
        write_failure(tmp_path / "no" / "x.prom", [], made_at=NOW)


def test_a_link_is_replaced_and_not_followed(file: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    file.symlink_to(victim)
    write_metrics(file, health(QUIET))
    assert victim.read_text() == "mine"
    assert not file.is_symlink()


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    require_library()
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(SettingsError) as caught:
        require_library()
    assert "bounce-watch[metrics]" in caught.value.advice
    assert caught.value.exit_code == 78
