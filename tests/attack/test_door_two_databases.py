"""Two processes that make doors in two databases of one cluster in the same moment.

Roles are the cluster's: were both let through, whoever is let in to one database could look into
the other. The roles stand already, so no name that is taken stops the second.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from psycopg import sql

from conftest import NewDatabase
from doubles import halted_apply
from doubles.demo_doors import open_doors
from doubles.tiny_doors import make_tables, tiny_doors
from klover.store.connect import connect
from klover.store.embedded import Server

pytestmark = pytest.mark.timeout(900)

DEADLINE = 240.0
Halted = subprocess.Popen[str]
Begin = Callable[[str, int], Halted]


@pytest.fixture
def databases(server: Server, new_database: NewDatabase) -> tuple[str, str]:
    """Two databases without doors, in a cluster whose roles of doors stand."""
    former, *both = (new_database() for _ in range(3))
    for name in (former, *both):
        with connect(server.dsn(name), what="the database") as connection:
            make_tables(connection)
            if name == former:
                open_doors(connection, tiny_doors(connection))
    with connect(server.dsn(), what="the cluster") as cluster:
        cluster.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(former)))
    return server.dsn(both[0]), server.dsn(both[1])


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Start processes that apply, up to a step; they are gone at the end."""
    begun: list[Halted] = []

    def start(dsn: str, step: int) -> Halted:
        begun.append(
            subprocess.Popen(
                [sys.executable, Path(halted_apply.__file__), dsn, str(step)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
        )
        return begun[-1]

    yield start
    for each in begun:
        each.kill()
        each.communicate()


def told(process: Halted) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def schemas(dsn: str) -> int:
    with connect(dsn, what="the database") as connection:
        found = connection.execute("select count(*) from pg_namespace where nspname like 'door%'")
        return int(found.fetchall()[0][0])


@pytest.mark.parametrize(("step", "order"), [(1, 1), (12, -1)], ids=["one", "the other"])
def test_only_one_of_them_gets_doors(
    databases: tuple[str, str], begin: Begin, step: int, order: int
) -> None:
    first, second = databases[::order]
    halted = begin(first, step)
    assert told(halted) == "halted\n"
    beside = begin(second, 0)
    out, _ = beside.communicate(timeout=DEADLINE)
    assert beside.returncode == 1, out
    assert out.startswith("BusyError: The doors were not changed: somebody else's work holds")
    assert schemas(second) == 0
    out, _ = halted.communicate("go on\n", timeout=DEADLINE)
    assert (halted.returncode, out) == (0, "applied\n")
    again = begin(second, 0)
    out, _ = again.communicate(timeout=DEADLINE)
    assert again.returncode == 1
    assert "has doors, too" in out
    assert (schemas(first), schemas(second)) == (2, 0)


def test_one_that_is_killed_in_the_middle_holds_up_nobody(
    databases: tuple[str, str], begin: Begin
) -> None:
    first, second = databases
    halted = begin(first, 12)
    assert told(halted) == "halted\n"
    halted.kill()
    halted.wait(timeout=DEADLINE)
    until = time.monotonic() + DEADLINE
    while True:  # the server has to notice that the killed one is gone
        beside = begin(second, 0)
        out, _ = beside.communicate(timeout=DEADLINE)
        if beside.returncode == 0:
            break
        assert out.startswith("BusyError"), out
        assert time.monotonic() < until, out
    assert (schemas(first), schemas(second)) == (0, 2)
