"""Two databases of one cluster, whose roles are the same: only one of them may have doors."""

from collections.abc import Iterator

import pytest
from psycopg import sql

from conftest import NewDatabase
from doubles.catalog_dump import catalog_lines
from doubles.databases import copy_database
from doubles.demo_doors import NOW, TODAY, open_doors, resolve
from doubles.memory_recorder import MemoryRecorder
from doubles.tiny_doors import POLICY, make_tables, tiny_doors
from klover import door
from klover.door.drift import find_drift
from klover.errors import StoreError
from klover.store.connect import Connection, connect
from klover.store.embedded import Server

OTHERS = POLICY.replace("  abroad:\n", "  research:\n").replace("  home:\n", "  office:\n")
NOTHING = (
    OTHERS[: OTHERS.index("audiences:")].replace("public_rows: true", "public_rows: false")
    + "audiences:\n  nobodys:\n    who: {groups: [n], located: any}\n    sees: public\n"
).replace("public_rows: seen", "public_rows: false")


@pytest.fixture
def first(database: Connection) -> Connection:
    make_tables(database)
    open_doors(database, tiny_doors(database))
    return database


@pytest.fixture
def second(server: Server, new_database: NewDatabase) -> Iterator[Connection]:
    with connect(server.dsn(new_database()), what="the other database") as connection:
        make_tables(connection)
        yield connection


def refused(connection: Connection, other: Connection, *, policy: str = POLICY) -> None:
    """Each way to doors is refused, names the other database, and changes nothing."""
    doors = tiny_doors(connection, policy)
    before = catalog_lines(connection)
    for attempt in (
        lambda: door.plan(connection, doors),
        lambda: door.prepare(connection, doors, small=-1),
        lambda: open_doors(connection, doors),
    ):
        with pytest.raises(StoreError, match=f"The database {other.info.dbname} of this cluster"):
            attempt()
    assert catalog_lines(connection) == before


@pytest.mark.parametrize("policy", [POLICY, OTHERS], ids=["the same audiences", "others"])
def test_doors_beside_those_of_another_database_are_refused(
    first: Connection, second: Connection, policy: str
) -> None:
    refused(second, first, policy=policy)
    door.suspend(first, [], MemoryRecorder(), NOW)
    refused(second, first, policy=policy)
    with pytest.raises(StoreError, match=r"has doors, too: door_abroad, door_home\. Roles"):
        open_doors(second, tiny_doors(second, policy))


def test_a_door_that_shows_nothing_is_one_too(database: Connection, second: Connection) -> None:
    make_tables(database)
    doors = tiny_doors(database, NOTHING)
    assert not doors.doors[0].views
    open_doors(database, doors)
    refused(second, database)


def test_drift_and_status_tell_it_too(first: Connection, second: Connection) -> None:
    second.execute("grant select on public.people to klover_door_abroad")
    found = find_drift(
        first,
        lambda: tiny_doors(first),
        lambda: door.prove(first, resolve(first, POLICY), TODAY),
    )
    (told,) = [each for each in found if each.subject == "the names of the doors"]
    assert second.info.dbname in told.what
    assert told.mend.startswith("take those doors away")
    second.execute("revoke select on public.people from klover_door_abroad")
    door.plan(first, tiny_doors(first))


def test_a_role_that_the_servers_rules_name_keeps_nothing_of_the_doors(
    server: Server, first: Connection, second: Connection
) -> None:
    """It stays, for the rule's sake: were it let in to the first, the second could have no door."""
    rules = server.data / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"local all +klover_door_abroad reject\n{before}")
    try:
        dropped = door.drop(first, MemoryRecorder(), NOW)
        assert "the role klover_door_abroad: pg_hba.conf names it" in dropped.kept
        assert not [line for line in catalog_lines(first) if is_of_a_door(line)]
        assert open_doors(second, tiny_doors(second)).steps
    finally:
        rules.write_text(before)


def is_of_a_door(line: str) -> bool:
    """Tell whether a line of the catalog names a role of a door beside its own and its group."""
    return "abroad" in line and not line.startswith(("role|", "member|"))


def test_a_copied_database_gives_its_doors_up(server: Server, first: Connection) -> None:
    """The copy has both doors, as the template had: neither is changed until one lets them go."""
    template, copy = first.info.dbname, f"{first.info.dbname}_copy"
    first.close()
    with connect(server.dsn(), what="the cluster") as cluster:
        copy_database(cluster, template, copy)
    try:
        with (
            connect(server.dsn(template), what="the first") as one,
            connect(server.dsn(copy), what="the copy") as two,
        ):
            refused(one, two)
            refused(two, one)
            door.suspend(two, [], MemoryRecorder(), NOW)
            resolved = resolve(two, POLICY)
            with pytest.raises(StoreError, match="has doors, too"):
                door.resume(
                    two,
                    tiny_doors(two),
                    [],
                    MemoryRecorder(),
                    NOW,
                    prove=lambda: door.prove(two, resolved, TODAY),
                )
            dropped = door.drop(two, MemoryRecorder(), NOW)
            assert "the role klover_door_abroad: another database has doors" in dropped.kept
            assert not [line for line in catalog_lines(two) if is_of_a_door(line)]
            open_doors(one, tiny_doors(one))
            assert not door.prove(one, resolve(one, POLICY), TODAY).violations
    finally:
        with connect(server.dsn(), what="the cluster") as cluster:
            cluster.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(copy)))
