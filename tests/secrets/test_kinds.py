"""Every failing run is searched for the password: what it said, what it wrote, what others could see of it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.secrets.forms import PASSWORD, forms
from tests.secrets.kinds import FAMILIES
from tests.secrets.running import Ended, Kind, run_kind
from tests.servers.certificates import Certificates, find_openssl, make_certificates

AT_ONCE = 4


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates | None:
    return make_certificates(tmp_path_factory.mktemp("certificates")) if find_openssl() else None


def test_there_are_enough_kinds_and_forms() -> None:
    names = [kind.name for kinds in FAMILIES.values() for kind in kinds]
    assert len(names) == len(set(names)) >= 60
    assert len(forms(PASSWORD)) >= 5


@pytest.mark.parametrize("family", FAMILIES)
def test_no_failing_run_shows_the_password(
    family: str, tmp_path: Path, certificates: Certificates | None
) -> None:
    if family == "TLS" and certificates is None:
        pytest.skip("needs the openssl command")

    def ended(numbered: tuple[int, Kind]) -> Ended:
        number, kind = numbered
        return run_kind(kind, tmp_path / str(number), certificates)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = list(pool.map(ended, enumerate(FAMILIES[family])))
    found = [fault for run in runs for fault in faults(run)]
    assert not found, "\n".join(found)


def faults(run: Ended) -> Iterator[str]:
    """What is wrong with a run, for a person to read."""
    kind, said = run.kind, run.err.splitlines()
    if run.hits or run.cores or run.loose:
        yield f"{kind.name}: shows {run.hits}, cores {run.cores}, others may touch {run.loose}: {run.err}"
    if run.code != kind.code:
        yield f"{kind.name}: ended with {run.code}, not {kind.code}: {run.err}"
    if kind.lines is not None and (
        len(said) != kind.lines or not all(line.endswith((".", ")", "!")) or ": " in line for line in said)
    ):
        yield f"{kind.name}: says {said}"
    if "Traceback" in run.err and "BOUNCE_WATCH_TRACEBACK" not in kind.env:
        yield f"{kind.name}: shows a traceback"
    if kind.code == 1 and "BOUNCE_WATCH_TRACEBACK" in kind.env and "Traceback" not in run.err:
        yield f"{kind.name}: shows no traceback"
