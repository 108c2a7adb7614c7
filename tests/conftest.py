"""Real Postgres for the tests: one cluster with its standby a module, a fresh database a test.

Roles belong to a whole cluster, so modules do not share one.

``KLOVER_TEST_POSTGRES=16`` runs the suite on the wheel's other version, ``=15`` on Debian's.
``KLOVER_TEST_RANDOM=1`` draws other cases for properties each time; the suite draws the same ones.

Files of whole programs run first, in random order, and those of pure code last: workers that take
file after file then end together, and none is left with a long one.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from klover.store import embedded
from klover.store.binaries import Binaries, find_binaries
from klover.store.connect import connect
from klover.store.embedded import Server

# A test says what holds, not how fast: a busy machine is no failure. Nor is luck one.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("klover", _PATIENT, derandomize=True)
settings.register_profile("random", _PATIENT, print_blob=True)
settings.load_profile("random" if os.environ.get("KLOVER_TEST_RANDOM") else "klover")

VERSION = int(os.environ.get("KLOVER_TEST_POSTGRES", "18"))
REALDATA = Path(__file__).parents[2] / "shared" / "realdata"

_LONGEST_FIRST = (
    "docs",
    "acceptance",
    "property",
    "conformance",
    "integration",
    "attack",
    "unit",
)
_TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort files by what they are tests of; within each folder the random order stays."""
    items.sort(key=lambda item: _LONGEST_FIRST.index(item.path.relative_to(_TESTS).parts[0]))


@pytest.fixture(scope="session")
def binaries() -> Binaries:
    if VERSION == 15:
        debian = Path("/usr/lib/postgresql/15/bin")
        return replace(find_binaries(), directory=debian, version=15)
    return find_binaries(VERSION)


@pytest.fixture(scope="module")
def server(binaries: Binaries) -> Iterator[Server]:
    """One cluster, fsync off, for tests that need no standby of their own."""
    with embedded.scratch(name="test", binaries=binaries) as running:
        yield running


@pytest.fixture(scope="module")
def standby(server: Server) -> Iterator[Server]:
    """Run the hot standby of ``server``."""
    folder = Path(tempfile.mkdtemp(prefix="klover-standby-"))
    folder.chmod(0o711)
    try:
        running = embedded.create_standby(primary=server, name="test_standby", data=folder / "data")
        yield running
        running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


NewDatabase = Callable[[], str]


@pytest.fixture
def new_database(server: Server) -> Iterator[NewDatabase]:
    """Make empty databases on ``server``; returns a function that tells a new one's name."""
    made: list[str] = []

    def create() -> str:
        name = f"t_{uuid.uuid4().hex[:12]}"
        with connect(server.dsn(), what="the test server") as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        made.append(name)
        return name

    yield create
    with connect(server.dsn(), what="the test server") as connection:
        for name in made:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )


@pytest.fixture
def dsn(server: Server, new_database: NewDatabase) -> str:
    """Tell the connection string of a fresh empty database, as the owner."""
    return server.dsn(new_database())


@pytest.fixture
def database(dsn: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Open an autocommit connection to a fresh empty database."""
    with connect(dsn, what="the test database") as connection:
        yield connection


@pytest.fixture(scope="session")
def realdata() -> Path:
    """Find the folder of real schemas and data; tests without it are skipped and say so."""
    if not REALDATA.is_dir():
        pytest.skip(f"needs {REALDATA} (real schemas and data)")
    return REALDATA
