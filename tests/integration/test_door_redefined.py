"""An application's view that a door shows, and that comes to ask something else."""

import pytest

from doubles.demo_doors import NOW, TODAY, compiled, open_doors, resolve
from doubles.door_world import POLICY, ROWS, SCHEMA, seen
from doubles.memory_recorder import MemoryRecorder
from klover import door
from klover.door.ground import Kind, compare, noted, read
from klover.errors import StoreError
from klover.store.connect import Connection

_NESTED = "create or replace view public.below as select id, account_id, {} from public.notes"
_LEAK = """
create or replace view public.recent as
  select n.id, n.account_id, n.about_id, a.handle::varchar(20) as about_type
    from public.notes n left join public.accounts a on a.id = n.account_id
"""


@pytest.fixture
def world(database: Connection) -> Connection:
    """Doors that show a view."""
    database.execute(SCHEMA.encode())
    database.execute(ROWS.encode())
    open_doors(database, compiled(database, resolve(database, POLICY), 1))
    return database


def told(world: Connection) -> list[str]:
    found = door.prove(world, resolve(world, POLICY), TODAY).violations
    return [f"{fact.what}: {fact.why}" for fact in found]


def test_a_restricted_column_behind_a_public_name_is_found(world: Connection) -> None:
    assert not told(world)
    world.execute(_LEAK)
    assert ("kari",) in seen(world, "abroad", "select about_type from recent")
    (violation,) = told(world)
    assert violation.startswith("view recent: the doors show it, and it asks another query")
    with pytest.raises(StoreError, match="the view recent asks another query"):
        open_doors(world, compiled(world, resolve(world, POLICY), 1))


def test_a_view_below_it_counts(world: Connection) -> None:
    world.execute("drop view public.recent cascade")
    world.execute(_NESTED.format("about_id, about_type").encode())
    world.execute("create view public.recent as select * from public.below")
    open_doors(world, compiled(world, resolve(world, POLICY), 1))
    assert not told(world)
    world.execute(_NESTED.format("about_id, id::text::varchar(20) as about_type").encode())
    assert len(told(world)) == 1


def test_somebody_who_looked_suspends_and_resumes(world: Connection) -> None:
    recorder = MemoryRecorder()
    door.suspend(world, [], recorder, NOW)
    world.execute(_LEAK)
    resolved = resolve(world, POLICY)
    door.resume(
        world,
        compiled(world, resolved, 1),
        [],
        recorder,
        NOW,
        prove=lambda: door.prove(world, resolved, TODAY),
    )
    assert not told(world)
    open_doors(world, compiled(world, resolve(world, POLICY), 1))


def test_a_renamed_column_below_is_no_other_query(world: Connection) -> None:
    world.execute("alter table public.notes rename column about_type to kind")
    before = noted(world)
    assert before is not None
    kinds = {change.kind for change in compare(before, read(world))}
    assert kinds == {Kind.COLUMN_RENAMED}
