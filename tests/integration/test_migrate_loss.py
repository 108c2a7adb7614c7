"""Whatever happens to a migration, what went home is not lost: interrupted, restored, mistaken."""

from collections.abc import Callable, Mapping

import psycopg
import pytest

from doubles.small_world import POLICY, World, contents, rows, run_sql
from klover.errors import CheckFailed, InputError, StoreError
from klover.migrate.phase import Phase
from klover.migrate.work import Work
from klover.store.connect import connect
from klover.store.embedded import Server

NewDatabase = Callable[[], str]


class StoppedError(Exception):
    """The process ends here."""


@pytest.fixture
def world(server: Server, new_database: NewDatabase) -> World:
    made = World(source=server.dsn(new_database()), enclave=server.dsn(new_database()))
    made.fill()
    return made


def stopped_at(world: World, point: str) -> Mapping[str, list[str]]:
    """Run until ``point`` and stop dead there; tell what then stands inside."""

    def stop(reached: str) -> None:
        if reached == point:
            raise StoppedError

    world.at = stop
    with pytest.raises(StoppedError):
        world.migration().run()
    world.at = lambda _point: None
    return contents(world.enclave)


def test_a_policy_that_changes_after_the_erasure_copies_no_stubs_home(world: World) -> None:
    inside = stopped_at(world, "retire:source-committed")
    world.policy = POLICY + "# signed again\n"
    assert world.migration().run().phase is Phase.SWEPT
    assert contents(world.enclave) == inside


@pytest.mark.parametrize("phase", ["new", "planned", "copied", "compared", "separated"])
def test_an_enclave_set_back_before_the_erasure_is_left_alone(world: World, phase: str) -> None:
    world.migration().run()
    inside = contents(world.enclave)
    run_sql(world.enclave, f"update klover.migration_run set phase = '{phase}'")
    with pytest.raises(InputError, match="erased"):
        world.migration().run()
    assert contents(world.enclave) == inside


def test_another_copy_of_the_enclave_is_not_taken_for_the_one_that_is_equal(world: World) -> None:
    world.migration().run()
    run_sql(
        world.enclave,
        """update klover.migration_run
              set phase = 'sought', outcome = outcome || '{"digest": "of another copy"}'""",
    )
    with pytest.raises(InputError, match="another"):
        world.migration().run()


def test_a_source_under_another_name_does_not_send_its_stubs_home(
    world: World, server: Server, new_database: NewDatabase
) -> None:
    world.migration().run()
    run_sql(world.source, "update klover.migrated set source = 'us_east'")
    again = World(source=world.source, enclave=server.dsn(new_database()))
    run_sql(again.enclave, SCHEMA_ONLY)
    for act in (again.migration().run, again.migration().plan):
        with pytest.raises(InputError, match="went home"):
            act()


SCHEMA_ONLY = "create table nothing (id int primary key)"


def test_a_trigger_that_keeps_a_row_from_going_undoes_the_erasure(world: World) -> None:
    run_sql(
        world.source,
        """create function stay() returns trigger language plpgsql as
           $$ begin return null; end $$;
           create trigger stay before delete on logins for each row execute function stay();
           alter table logins enable always trigger stay""",
    )
    before = contents(world.source)
    with pytest.raises(StoreError, match="logins"):
        world.migration().run()
    assert contents(world.source) == before


def test_nobody_writes_inside_between_the_comparison_and_the_erasure(world: World) -> None:
    tried: list[str | None] = []

    def write(point: str) -> None:
        if point == "retire:compared":
            with connect(world.enclave, what="the enclave") as other:
                other.execute("set lock_timeout = '100ms'")
                with pytest.raises(psycopg.errors.LockNotAvailable) as caught:
                    other.execute("delete from public.videos")
                tried.append(caught.value.sqlstate)

    world.at = write
    assert world.migration().run().restricted_left == 0
    assert tried == ["55P03"]


def test_a_table_that_a_crash_would_empty_takes_nobody_home(world: World) -> None:
    run_sql(world.enclave, "alter table logins set unlogged")
    with pytest.raises(InputError, match="logins is unlogged"):
        world.migration().run()
    assert contents(world.enclave)["logins"] == []


def test_both_sides_wait_for_their_disks_whatever_their_default(world: World) -> None:
    for dsn in (world.source, world.enclave):
        (name,) = rows(dsn, "select current_database()")[0]
        run_sql(dsn, f'alter database "{name}" set synchronous_commit = off')
    with Work(world.migration()._parts) as work:
        for connection in (work.source, work.enclave):
            assert connection.execute("show synchronous_commit").fetchone() == ("on",)


@pytest.mark.parametrize(
    "write",
    [
        "insert into logins values (77, 1, '192.0.2.77')",
        "update videos set title = 'Fjord at noon' where id = 1",
        "insert into visits values (1, 'NO', 'inside', 1)",
    ],
)
def test_what_somebody_wrote_inside_is_not_lost_by_copying_again(world: World, write: str) -> None:
    for dsn in (world.source, world.enclave):
        run_sql(
            dsn,
            """create table visits (person_id bigint not null references people,
                 country text not null, page text not null, paid int not null,
                 primary key (person_id, country, page)) partition by list (country);
               create table visits_no partition of visits for values in ('NO')""",
        )
    run_sql(world.source, "insert into visits values (1, 'NO', 'clinic', 7)")
    world.policy = POLICY.replace("  audit:\n", "  visits:\n    subject: person_id\n  audit:\n")
    world.migration().run(Phase.COPIED)
    run_sql(world.enclave, write)
    with pytest.raises(CheckFailed, match="differ"):
        world.migration().run()
    inside = contents(world.enclave)
    with pytest.raises(InputError, match="did not write"):
        world.migration().run()
    assert contents(world.enclave) == inside
    run_sql(world.source, "update colours set name = 'Dark red' where code = 'red'")
    run_sql(world.enclave, "truncate logins, likes, visits, videos cascade")
    assert world.migration().run().restricted_left == 0
    assert rows(world.enclave, "select name from colours where code = 'red'") == [("Dark red",)]
