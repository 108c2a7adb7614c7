"""The LDBC social network moves home, as tables, with the policy of examples/ldbc.

Its later writes (``updateStream_*``) are left out. Every tie is a table: a person's country stands
behind two of them, a post's author behind one.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg import sql

from doubles.small_world import World, contents, run_sql
from klover.migrate.phase import Phase
from klover.migrate.schema import bring_schema
from klover.store.connect import connect
from klover.store.embedded import Server

EXAMPLE = Path(__file__).parents[2] / "examples" / "ldbc"
NewDatabase = Callable[[], str]


@pytest.fixture
def network(server: Server, new_database: NewDatabase, realdata: Path) -> World:
    files = sorted((realdata / "ldbc_snb").glob("*/*_0_0.csv"))
    if not files:
        pytest.skip("needs ../shared/realdata/ldbc_snb")
    world = World(
        source=server.dsn(new_database()),
        enclave=server.dsn(new_database()),
        policy=(EXAMPLE / "klover.yaml").read_text(encoding="utf-8"),
    )
    run_sql(world.source, (EXAMPLE / "schema.sql").read_text(encoding="utf-8"))
    with connect(world.source, what="the source") as connection, connection.transaction():
        connection.execute("set local session_replication_role = replica")
        for file in files:
            table = file.name.removesuffix("_0_0.csv").lower()
            query = sql.SQL("copy {} from stdin (format text, delimiter '|')").format(
                sql.Identifier("public", table)
            )
            with connection.cursor().copy(query) as copying:
                copying.write(file.read_bytes().partition(b"\n")[2])
    return world


def test_the_network_moves_home(network: World, server: Server) -> None:
    assert (
        bring_schema(source=network.source, enclave=network.enclave, binaries=server.binaries) == ()
    )
    before = contents(network.source)
    plan = network.migration().plan()
    assert plan.problems == ()
    homes = plan.homes
    assert homes.inside + homes.outside == 222
    assert homes.inside - homes.undecided == 41
    outcome = network.migration().run()
    assert outcome.phase is Phase.SWEPT
    assert outcome.rows_equal == outcome.rows_moved == plan.rows
    assert outcome.restricted_left == 0
    inside, outside = contents(network.enclave), contents(network.source)
    for table in plan.tables:
        assert len(before[table.table]) == table.rows
        if not table.shared:
            assert len(inside[table.table]) == table.inside + table.guests
            assert len(set(before[table.table]) & set(inside[table.table])) >= table.inside
        assert len(outside[table.table]) == table.rows - table.erased
