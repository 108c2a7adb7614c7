"""The tables of pseudonyms, and the triggers that keep them complete. Pure.

A pseudonym is a random UUID for one row and one audience, kept in a table that only the owner of
that audience's views may read: there is no key that could leak, and two audiences have nothing in
common to join by. Rows that come get theirs in the same statement, replicated and loaded ones too
(ENABLE ALWAYS); rows that go take theirs along. A partition has triggers of its own, since a
statement that names it fires no other.
https://www.postgresql.org/docs/18/sql-createtrigger.html
"""

from collections.abc import Iterator

from psycopg import sql

from klover.catalog import TableName
from klover.door import naming
from klover.door.condition import identifier
from klover.door.doors import Doors, Keeper, Pseudonyms
from klover.door.state import State, Trigger
from klover.door.step import Phase, Step, write

_OPERATIONS = {
    "klover_added": "after insert on {table} referencing new table as added",
    "klover_removed": "after delete on {table} referencing old table as removed",
    "klover_emptied": "after truncate on {table}",
}


def pseudonym_steps(doors: Doors, state: State) -> tuple[Step, ...]:
    """Tell which tables, triggers and pseudonyms to make or drop."""
    return (*_pseudonyms(doors, state), *_keepers(doors, state))


def _pseudonyms(doors: Doors, state: State) -> Iterator[Step]:
    wanted = {each.table.name: each for door in doors.doors for each in door.pseudonyms}
    for name in sorted(state.pseudonym_tables - set(wanted)):
        table = identifier(TableName(naming.PSEUDONYMS, name))
        yield write(
            Phase.DROP, "no view shows these pseudonyms", "drop table {table}", {"table": table}
        )
    for name, each in sorted(wanted.items()):
        if name not in state.pseudonym_tables:
            yield from _new_pseudonyms(each)
        if name not in state.pseudonym_tables or name in state.missing:
            yield write(
                Phase.FILL,
                f"a pseudonym for every row of {each.entity}",
                "insert into {table} (key, pseudonym) select e.{key}, gen_random_uuid()"
                " from {entity} e where e.{key} is not null"
                " and not exists (select from {table} p where p.key = e.{key})",
                _of(each),
            )


def _of(each: Pseudonyms) -> dict[str, sql.Composable | str]:
    return {"table": identifier(each.table), "entity": identifier(each.entity), "key": each.key}


def _new_pseudonyms(each: Pseudonyms) -> Iterator[Step]:
    why = f"pseudonyms for the rows of {each.entity}"
    yield write(
        Phase.CREATE,
        why,
        "create table {table} as select e.{key} as key, gen_random_uuid() as pseudonym"
        " from {entity} e with no data",
        _of(each),
    )
    yield write(
        Phase.CREATE,
        why,
        "alter table {table} add primary key (key), add unique (pseudonym),"
        " alter pseudonym set not null",
        _of(each),
    )


def _keepers(doors: Doors, state: State) -> Iterator[Step]:
    functions = {keeper.function: keeper for keeper in doors.keepers}
    triggers = {
        Trigger(table=table, name=name, function=keeper.function, always=True)
        for keeper in doors.keepers
        for table in keeper.tables
        for name in _OPERATIONS
    }
    for trigger in sorted(state.triggers - triggers, key=lambda each: (each.table, each.name)):
        yield write(
            Phase.DROP,
            f"it does not keep the pseudonyms of {trigger.table} as compiled",
            "drop trigger {name} on {table}",
            {"name": trigger.name, "table": identifier(trigger.table)},
        )
    for name in sorted(set(state.keepers) - set(functions)):
        yield write(
            Phase.DROP, "nothing calls it", "drop function {function}()",
            {"function": sql.Identifier(naming.PSEUDONYMS, name)},
        )  # fmt: skip
    for name, keeper in sorted(functions.items()):
        if state.keepers.get(name) != keeper.body:
            yield from _new_keeper(keeper)
    for trigger in sorted(triggers - state.triggers, key=lambda each: (each.table, each.name)):
        yield from _new_trigger(trigger)


def _new_keeper(keeper: Keeper) -> Iterator[Step]:
    function = {"function": sql.Identifier(naming.PSEUDONYMS, keeper.function)}
    why = f"keeps the pseudonyms of {keeper.entity} complete"
    yield write(
        Phase.CREATE,
        why,
        "create or replace function {function}() returns trigger language plpgsql"
        " security definer set search_path = pg_catalog as {body}",
        {**function, "body": sql.Literal(keeper.body)},
    )
    yield write(Phase.CREATE, why, "revoke all on function {function}() from public", function)


def _new_trigger(trigger: Trigger) -> Iterator[Step]:
    parts = {
        "name": sql.Identifier(trigger.name),
        "table": identifier(trigger.table),
        "function": sql.Identifier(naming.PSEUDONYMS, trigger.function),
    }
    why = f"keeps the pseudonyms of {trigger.table} complete"
    yield write(
        Phase.CREATE,
        why,
        f"create trigger {{name}} {_OPERATIONS[trigger.name]}"
        " for each statement execute function {function}()",
        parts,
    )
    yield write(
        Phase.CREATE,
        why + ", replicated rows too",
        "alter table {table} enable always trigger {name}",
        parts,
    )
