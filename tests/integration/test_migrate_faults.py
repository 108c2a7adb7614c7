"""What goes wrong while people move: one sentence each, nothing half done, no value told."""

from collections.abc import Callable

import pytest
from psycopg import sql

from doubles.small_world import POLICY, World, contents, rows, run_sql
from klover.errors import CheckFailed, InputError, KloverError, RecordError, SourceError, StoreError
from klover.migrate import state
from klover.migrate.phase import Phase
from klover.store.connect import connect
from klover.store.embedded import Server
from klover.store.sql import statements

NewDatabase = Callable[[], str]


@pytest.fixture
def world(server: Server, new_database: NewDatabase) -> World:
    made = World(source=server.dsn(new_database()), enclave=server.dsn(new_database()))
    made.fill()
    return made


def failing(world: World, kind: type[KloverError], *, match: str) -> None:
    before = contents(world.source), contents(world.enclave)
    with pytest.raises(kind, match=match) as caught:
        world.migration().run()
    assert "@" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert (contents(world.source), contents(world.enclave)) == before


def test_a_full_disk_of_the_enclave_undoes_the_copy(world: World) -> None:
    # Postgres reports a full disk with this state; a trigger that always fires says it for us.
    run_sql(
        world.enclave,
        """create function full_disk() returns trigger language plpgsql as
           $$ begin raise exception 'no space' using errcode = '53100'; end $$;
           create trigger full_disk before insert on videos
             for each row execute function full_disk();
           alter table videos enable always trigger full_disk""",
    )
    failing(world, StoreError, match="A disk is full; this step was undone as a whole")
    run_sql(world.enclave, "drop trigger full_disk on videos")
    assert world.migration().run().restricted_left == 0


@pytest.mark.parametrize(
    ("what", "match"),
    [
        ("raise exception 'no space' using errcode = '53100'", "A disk is full"),
        ("perform pg_terminate_backend(pg_backend_pid())", "was lost"),
    ],
)
def test_a_fault_in_the_middle_of_a_stream(world: World, what: str, match: str) -> None:
    run_sql(
        world.source,
        """insert into videos (person_id, seen, title, upload_ip)
           select 1, 'private', repeat('long title ', 40), '192.0.2.9'
             from generate_series(1, 30000)""",
    )
    run_sql(
        world.enclave,
        f"""create function stop() returns trigger language plpgsql as
           $$ begin if new.id = 9000 then {what}; end if; return new; end $$;
           create trigger stop before insert on videos for each row execute function stop();
           alter table videos enable always trigger stop""",
    )
    failing(world, StoreError, match=match)


@pytest.mark.parametrize("point", ["copy:videos", "retire:videos"])
def test_a_lost_connection_undoes_the_step(world: World, point: str) -> None:
    def cut(reached: str) -> None:
        if reached == point:
            for dsn in (world.source, world.enclave):
                run_sql(
                    dsn,
                    """select pg_terminate_backend(pid) from pg_stat_activity
                       where datname = current_database() and pid <> pg_backend_pid()""",
                )

    world.at = cut
    before = contents(world.source)
    with pytest.raises(StoreError, match="was lost"):
        world.migration().run()
    assert contents(world.source) == before
    world.at = lambda _point: None
    assert world.migration().run().restricted_left == 0


def test_a_missing_right_is_named(world: World) -> None:
    name = "mover_" + world.source.split("dbname=")[1].split()[0]
    run_sql(world.source, f"create role {name} login; grant usage on schema public to {name}")
    made = world.migration()
    parts = made._parts
    dsn = world.source.replace("user=klover", f"user={name}")
    try:
        object.__setattr__(parts, "open_source", lambda: connect(dsn, what="the source"))
        with pytest.raises(SourceError, match="permission denied for table"):
            made.plan()
    finally:
        run_sql(world.source, f"drop owned by {name}; drop role {name}")


def test_a_source_that_cannot_be_reached(world: World) -> None:
    made = world.migration()
    object.__setattr__(
        made._parts, "open_source", lambda: connect("host=/nowhere", what="the source us-east")
    )
    with pytest.raises(SourceError, match="Cannot reach the source us-east"):
        made.run()


def test_a_missing_column_in_the_enclave_is_named(world: World) -> None:
    run_sql(world.enclave, "alter table videos drop column title")
    failing(world, InputError, match=r"column videos\.title is missing in the enclave")


def test_a_table_locked_by_somebody_else_is_not_waited_for_long(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.migration().run(Phase.SOUGHT)
    monkeypatch.setattr(
        "klover.migrate.retire.statements",
        lambda package, file: {
            **statements(package, file),
            "lock_timeout": sql.SQL("set local lock_timeout = '200ms'"),
        },
    )
    with connect(world.source, what="the source", autocommit=False) as other:
        other.execute("lock table public.videos in share mode")
        with pytest.raises(StoreError, match="locked by somebody else"):
            world.migration().run()
    assert world.migration().run().restricted_left == 0


def test_a_second_migration_waits_and_then_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "_LOCK_SECONDS", 1)
    with connect(world.enclave, what="the enclave") as other:
        other.execute(statements("klover.migrate", "state.sql")["lock"])
        with pytest.raises(StoreError, match="Another migration into this cell is running"):
            world.migration().run()


def test_without_a_record_nothing_begins(world: World) -> None:
    world.recorder.fail_flush_at = 0
    failing(world, RecordError, match="record")


def test_a_stub_that_cannot_stand_is_told_beforehand(world: World) -> None:
    world.policy = POLICY.replace('age: {class: restricted, stub: "1"}', "age: {class: restricted}")
    failing(
        world,
        InputError,
        match=r"people_age_check refuses the neutral value of people\.age; .*stub:",
    )
    world.policy = POLICY.replace(', stub: "{key}@stub.invalid"', "")
    failing(world, InputError, match=r"contact_check refuses .*people\.email")


def test_a_key_that_tells_no_rows_apart_is_told_beforehand(world: World) -> None:
    run_sql(world.source, "insert into logins values (1, 5, '198.51.100.9')")
    failing(world, InputError, match="key that the policy states for logins")


def test_restricted_copies_in_a_view_are_found(world: World) -> None:
    world.migration().run(Phase.SOUGHT)
    run_sql(world.source, "create materialized view cards as select 'kari@fjord.example' as email")
    # The catalog is read anew by each process, so the view is looked at; a refresh changes nothing.
    with pytest.raises(CheckFailed, match=r"in cards \(\d+\)") as caught:
        world.migration().run()
    assert "@" not in str(caught.value)
    assert rows(world.enclave, "select phase from klover.migration_run") == [("retired",)]
    run_sql(world.source, "drop materialized view cards")
    assert world.migration().run().restricted_left == 0


def test_a_policy_that_changed_begins_again(world: World) -> None:
    world.migration().run(Phase.COMPARED)
    world.policy = POLICY.replace("favourite: restricted", "favourite: interoperable")
    outcome = world.migration().run()
    assert outcome.phase is Phase.SWEPT
    assert rows(world.source, "select favourite from people where id = 1") == [("red",)]
