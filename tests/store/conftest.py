from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.postgres import NoPostgresError, Postgres, running_postgres

pytest.register_assert_rewrite(
    *(
        f"{__package__}.{name}"
        for name in (
            "contract",
            "contract_crashes",
            "contract_decisions",
            "contract_leaks",
            "contract_notices",
            "contract_retention",
            "contract_sends",
            "dump",
        )
    )
)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests of this process."""
    try:
        with running_postgres() as server:
            yield server
    except NoPostgresError as error:
        pytest.skip(f"PostgreSQL: {error}")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/ledger.sqlite"


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    with postgres.database() as url:
        yield url
