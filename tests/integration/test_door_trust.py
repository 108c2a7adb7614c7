"""Which pseudonyms that stand can stay, and that what comes new is filled while others write."""

from dataclasses import replace

import pytest

from doubles.demo_doors import TODAY, compiled, open_doors, resolve
from doubles.door_world import POLICY, ROWS, SCHEMA, key_of, pseudonym, seen
from klover import door
from klover.catalog import TableName
from klover.door import Phase, rotate
from klover.door.pseudonyms.state import read_pseudonyms
from klover.door.pseudonyms.trust import is_trusted
from klover.store.connect import Connection

CHATS = TableName("public", "chats")


@pytest.fixture
def world(database: Connection) -> Connection:
    """Rows that were there before the doors of one audience."""
    database.execute(SCHEMA.encode())
    database.execute(ROWS.encode())
    open_doors(database, compiled(database, resolve(database, one_audience()), 1))
    return database


def one_audience() -> str:
    return POLICY[: POLICY.index("  research:")]


def test_a_rotation_fills_while_others_write(world: Connection) -> None:
    rotate.begin(world, "abroad")
    doors = compiled(world, resolve(world, one_audience()), 1)
    assert door.prepare(world, doors, small=0).rows > 0
    assert not [step for step in door.plan(world, doors) if step.phase is Phase.FILL]


def test_a_new_audience_is_filled_while_others_write(world: Connection) -> None:
    doors = compiled(world, resolve(world, POLICY), 1)
    assert door.prepare(world, doors, small=0).rows > 0
    assert not [step for step in door.plan(world, doors) if step.phase is Phase.FILL]


def test_a_reference_that_names_other_rows_is_computed_anew(world: Connection) -> None:
    """The same column, another entity: what stands was right, and would join with nobody."""
    text = (
        one_audience()
        .replace(
            "Status: statuses.id, Person: accounts.id", "Status: chats.id, Person: accounts.id"
        )
        .replace("[account_id, 'about_id(Status).account_id', 'about_id(Person)']", "account_id")
        .replace(
            "{id: {class: public, identifies: no}, member_ids", "{id: interoperable, member_ids", 1
        )
    )
    resolved = resolve(world, text)
    open_doors(world, compiled(world, resolved, 1))
    assert not door.prove(world, resolved, TODAY).violations
    query = "select about_id from notes where about_type = 'Status' and account_id is not null"
    named = pseudonym(key_of(world, "abroad"), "chats", "10")
    assert (named,) in seen(world, "abroad", query)


@pytest.mark.parametrize(
    "when",
    ["(false)", "((1 = 2) OR {terms})", "(false AND ({terms}))", "(new.id IS NULL)"],
)
def test_a_trigger_that_watched_something_else_is_not_trusted(world: Connection, when: str) -> None:
    """As its condition was found; the proof would find it, and so does the next apply."""
    doors = compiled(world, resolve(world, POLICY), 1)
    keeper = next(each for each in doors.keepers if each.table == CHATS)
    state = read_pseudonyms(world, doors.keepers)
    assert is_trusted(keeper, state)
    triggers = frozenset(
        replace(each, when=when.replace("{terms}", each.when[1:-1]))
        if each.relation == CHATS and each.when
        else each
        for each in state.triggers
    )
    assert not is_trusted(keeper, replace(state, triggers=triggers))


def test_a_function_that_ran_under_other_settings_is_not_trusted(world: Connection) -> None:
    world.execute("alter function klover_pseudonym.keep__chats() set search_path = public")
    doors = compiled(world, resolve(world, one_audience()), 1)
    keeper = next(each for each in doors.keepers if each.table == CHATS)
    assert not is_trusted(keeper, read_pseudonyms(world, doors.keepers))
