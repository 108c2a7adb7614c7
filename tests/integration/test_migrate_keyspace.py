"""Keys generated on both sides after the migration never meet."""

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from doubles.small_world import World, rows, run_sql
from klover.errors import InputError
from klover.migrate.keyspace import SLOTS, next_in_slot
from klover.migrate.phase import Phase
from klover.store.embedded import Server

NewDatabase = Callable[[], str]
INSERTS = """
do $$
begin
  for i in 1..40 loop
    insert into public.addresses (street) values ('new');
    insert into public.people (handle, email, age)
      values ('h{side}' || i, '{side}' || i || '@x', 1);
    insert into public.audit (detail) values ('{{}}');
  end loop;
end $$
"""


@pytest.fixture
def world(server: Server, new_database: NewDatabase) -> World:
    made = World(source=server.dsn(new_database()), enclave=server.dsn(new_database()))
    made.fill()
    return made


def keys(dsn: str, table: str) -> set[int]:
    return {row[0] for row in rows(dsn, f"select id from {table}")}


def test_inserts_on_both_sides_never_collide(world: World) -> None:
    outcome = world.migration().run(Phase.SEPARATED)
    assert outcome.sequences == 4
    old = {table: keys(world.source, table) for table in ("addresses", "people", "audit")}
    for side, dsn in enumerate((world.source, world.enclave)):
        run_sql(dsn, INSERTS.format(side=side))
    for table, before in old.items():
        outside, inside = keys(world.source, table) - before, keys(world.enclave, table) - before
        assert len(outside) == len(inside) == 40
        assert not outside & inside
        assert min(inside) > max(before)


def test_separating_again_changes_nothing(world: World) -> None:
    world.migration().run(Phase.SEPARATED)
    query = "select sequencename, last_value, increment_by from pg_sequences order by 1"
    before = [rows(dsn, query) for dsn in (world.source, world.enclave)]
    run_sql(world.enclave, "update klover.migration_run set phase = 'compared'")
    world.migration().run(Phase.SEPARATED)
    assert [rows(dsn, query) for dsn in (world.source, world.enclave)] == before


def test_a_narrow_sequence_is_refused_before_it_runs_out(world: World) -> None:
    run_sql(world.source, "select setval('addresses_id_seq', 2147483000)")
    with pytest.raises(InputError, match="addresses_id_seq has less than a million keys left"):
        world.migration().run(Phase.SEPARATED)


def test_a_sequence_that_counts_in_circles_is_refused(world: World) -> None:
    run_sql(world.source, "alter sequence addresses_id_seq cycle")
    with pytest.raises(InputError, match="in circles"):
        world.migration().run(Phase.SEPARATED)


@given(
    above=st.integers(min_value=0, max_value=10**12),
    slot=st.integers(min_value=0, max_value=SLOTS - 1),
    increment=st.integers(min_value=1, max_value=1000),
    data=st.data(),
)
def test_the_next_number_lies_above_and_in_its_slot(
    above: int, slot: int, increment: int, data: st.DataObject
) -> None:
    start = data.draw(st.integers(min_value=0, max_value=increment - 1))
    number = next_in_slot(above=above, slot=slot, increment=increment, start=start)
    assert number > above
    assert (number - start) % increment == 0
    assert (number - start) // increment % SLOTS == slot
    assert number - above <= increment * (SLOTS + 1)
