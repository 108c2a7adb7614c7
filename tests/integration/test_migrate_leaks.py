"""What the erasure must reach beside the tables' rows: copies, summaries, old statistics."""

from collections.abc import Callable

import pytest

from doubles.small_world import ROWS, SCHEMA, World, rows, run_sql
from klover.errors import CheckFailed, InputError
from klover.migrate.phase import Phase
from klover.store.embedded import Server

NewDatabase = Callable[[], str]
PARTED = """
create table visits (person_id bigint not null references people, country text not null,
  page text not null, paid int not null, primary key (person_id, country, page))
  partition by list (country);
create table visits_no partition of visits for values in ('NO');
create table visits_us partition of visits for values in ('US');
"""
VISITS = """
set session_replication_role = replica;
insert into visits select 1, 'NO', 'clinic-' || i % 4 || '-' || i, 7000 + i % 2
  from generate_series(1, 200) i;
insert into visits select 2, 'US', 'bakery-' || i, 1 from generate_series(1, 200) i;
set session_replication_role = origin;
analyze;
"""


@pytest.fixture
def world(server: Server, new_database: NewDatabase) -> World:
    return World(source=server.dsn(new_database()), enclave=server.dsn(new_database()))


def test_copies_of_numbers_in_views_are_made_anew(world: World) -> None:
    world.fill()
    run_sql(
        world.source,
        """create view grown as select id, age from people where age > 20;
           create materialized view ages as select id, age from grown;
           create materialized view oldest as select max(age) as age from ages;
           create materialized view empty as select age from people with no data""",
    )
    assert world.migration().run().restricted_left == 0
    assert rows(world.source, "select id, age from ages order by id") == [
        (2, 40),
        (5, 21),
    ]
    assert rows(world.source, "select age from oldest") == [(40,)]
    assert rows(world.source, "select relispopulated from pg_class where relname = 'empty'") == [
        (False,)
    ]


def test_a_view_that_cannot_be_made_anew_is_named(world: World) -> None:
    world.fill()
    run_sql(
        world.source,
        """create materialized view odds as select 100 / nullif(age, 1) as odd from people;
           create materialized view broken as select 100 / (age - 1) as odd from people""",
    )
    with pytest.raises(CheckFailed, match=r"view broken may hold .*22012"):
        world.migration().run()
    run_sql(world.source, "drop materialized view broken")
    assert world.migration().run().restricted_left == 0


def test_an_emptied_partition_leaves_no_statistics(world: World) -> None:
    world.policy = world.policy.replace(
        "  audit:\n",
        "  visits:\n    subject: person_id\n    columns: {person_id: interoperable}\n  audit:\n",
    )
    world.fill(SCHEMA + PARTED, ROWS + VISITS)
    assert world.migration().run().restricted_left == 0
    known = "select count(*) from pg_stats where tablename = 'visits_no'"
    assert rows(world.source, known) == [(0,)]
    assert rows(world.source, "select count(*) from visits") == [(200,)]


def test_a_row_that_came_without_a_key_is_not_left_behind(world: World) -> None:
    world.fill()
    run_sql(world.source, "alter table logins alter no drop not null")
    run_sql(world.enclave, "alter table logins alter no drop not null")
    world.migration().run(Phase.SOUGHT)
    run_sql(world.source, "insert into logins (person_id, ip) values (1, '192.0.2.200')")
    with pytest.raises(InputError, match=r"key .* for logins"):
        world.migration().run()
    assert rows(world.source, "select count(*) from logins") == [(4,)]


def test_large_objects_are_told_beforehand(world: World) -> None:
    world.fill()
    run_sql(world.source, "select lo_from_bytea(0, 'a face')")
    assert any("1 large objects" in note for note in world.migration().plan().notes)


def test_a_shared_table_without_a_key_goes_whole_whatever_its_types(world: World) -> None:
    world.policy = world.policy.replace("  places: shared\n", "  places: shared\n  hints: shared\n")
    some = """insert into hints values
                ('{"a": 1}', '(1,2)'), ('{"a": 1}', '(1,2)'), (null, null)"""
    world.fill(SCHEMA + "create table hints (body json, spot point);", ROWS + some)
    assert world.migration().run().restricted_left == 0
    assert rows(world.enclave, "select count(*) from hints") == [(3,)]
