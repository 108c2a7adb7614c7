"""The columns of stored pseudonyms, and the triggers that keep them complete. Pure.

Each value has its place in the application's own table, computed by a trigger before the row is
written, whoever writes it: a statement, COPY, or replication (ENABLE ALWAYS; replication fires no
other kind than those for rows). A CHECK that was found to hold of every row makes a missing one
impossible, so no proof has to look for one. See docs/decisions/0020.
https://www.postgresql.org/docs/18/sql-createtrigger.html
"""

from collections.abc import Iterable, Iterator

from psycopg import sql

from klover.catalog import TableName
from klover.door import naming
from klover.door.condition import identifier
from klover.door.doors import Doors, Keeper, Stored
from klover.door.pseudonyms.checks import check_steps, index_steps, is_filled
from klover.door.pseudonyms.keys import key_steps
from klover.door.pseudonyms.state import (
    ALL,
    PseudonymState,
    StandingTrigger,
    expect_keys,
    expect_same_epochs,
)
from klover.door.pseudonyms.trust import is_new_or_trusted
from klover.door.step import Phase, Step, write
from klover.store.sql import statements


def pseudonym_steps(
    doors: Doors, state: PseudonymState, prepared: frozenset[TableName] = frozenset()
) -> tuple[Step, ...]:
    """Tell which keys, columns, functions, triggers, checks and indexes to make or drop.

    The tables in ``prepared`` are left out: they will have been made ready before.
    """
    expect_same_epochs({door.audience: door.epochs for door in doors.doors}, state)
    expect_keys(doors.keepers, state)
    return (
        *key_steps(doors, state),
        *_gone(doors, state),
        *(
            step
            for keeper in doors.keepers
            if keeper.table not in prepared
            for step in keeper_steps(keeper, state)
        ),
    )


def _gone(doors: Doors, state: PseudonymState) -> Iterator[Step]:
    """Drop what nobody compiled: triggers first, then functions, then columns."""
    functions = {keeper.function: keeper for keeper in doors.keepers}
    for trigger in sorted(state.triggers):
        keeper = functions.get(trigger.function)
        tops = {trigger.relation} if keeper is None else set()
        if keeper is not None and _is_foreign(keeper, trigger, state):
            tops = {trigger.relation}
        if tops and not _is_partition(trigger.relation, state):
            yield write(
                Phase.DROP,
                f"it computes no pseudonyms of {trigger.relation} that were compiled",
                "drop trigger {name} on {table}",
                {"name": trigger.name, "table": identifier(trigger.relation)},
            )
    for name in sorted(set(state.keepers) - set(functions)):
        yield write(
            Phase.DROP, "nothing calls it", "drop function {function}()",
            {"function": sql.Identifier(naming.PSEUDONYMS, name)},
        )  # fmt: skip
    wanted = {(keeper.table, each.name) for keeper in doors.keepers for each in keeper.stored}
    for table, name in sorted(set(state.columns) - wanted):
        yield write(
            # Only when the triggers that look at it are those of today.
            Phase.CHECK, "no door shows these pseudonyms", "alter table {table} drop column {name}",
            {"table": identifier(table), "name": name},
        )  # fmt: skip


def _is_foreign(keeper: Keeper, trigger: StandingTrigger, state: PseudonymState) -> bool:
    """Tell whether a trigger calls the keeper from where, or under a name that, it should not."""
    below = {each.relation for each in state.below.get(keeper.table, ())}
    names = {naming.trigger(keeper.table, operation) for operation in ("insert", "update")}
    return trigger.relation not in below or trigger.name not in names


def _is_partition(relation: TableName, state: PseudonymState) -> bool:
    return any(
        each.partition
        for found in state.below.values()
        for each in found
        if each.relation == relation
    )


def keeper_steps(keeper: Keeper, state: PseudonymState) -> Iterator[Step]:
    """Tell, in order, what the stored columns of one table lack."""
    yield from column_steps(keeper, state)
    todo = [each for each in keeper.stored if not is_filled(each, state)]
    if not is_new_or_trusted(keeper, state):
        yield _fill(keeper, keeper.stored, everything=True)
    else:
        if todo:
            yield _fill(keeper, todo, everything=False)
        for partition in state.again(keeper.table):
            yield _fill(keeper, keeper.stored, everything=True, only=partition)
    for each in keeper.stored:
        yield from index_steps(each, state)
        yield from check_steps(each, state)


def column_steps(
    keeper: Keeper, state: PseudonymState, *, watch_all: bool = False
) -> Iterator[Step]:
    """Tell which columns to add, and what computes them from then on.

    With ``watch_all`` at each update, so that no row keeps what cannot be trusted.
    """
    why = f"pseudonyms in {keeper.table}"
    table = identifier(keeper.table)
    for each in keeper.stored:
        stands = state.columns.get((keeper.table, each.name))
        parts = {"table": table, "name": each.name, "type": sql.SQL(each.type)}
        if stands is not None and stands != each.type:
            # Its triggers go with it, and are made again.
            yield write(Phase.CREATE, why, "alter table {table} drop column {name} cascade", parts)
        if stands != each.type:
            yield write(Phase.CREATE, why, "alter table {table} add column {name} {type}", parts)
            what = sql.Literal(f"Klover: what {each.audience} is shown for {each.column}")
            yield write(
                Phase.CREATE, why, "comment on column {table}.{name} is {what}",
                {**parts, "what": what},
            )  # fmt: skip
    standing = state.keepers.get(keeper.function)
    if standing is None or (standing.body, standing.right, standing.settings, standing.noted) != (
        keeper.body, True, keeper.settings, True,
    ):  # fmt: skip
        yield from _function(keeper)
    elif not standing.closed:
        yield _close(keeper.function)
    yield from trigger_steps(keeper, state, watch_all=watch_all)


def _function(keeper: Keeper) -> Iterator[Step]:
    function = {"function": sql.Identifier(naming.PSEUDONYMS, keeper.function)}
    why = f"computes the pseudonyms of {keeper.table}"
    settings = [setting.partition("=") for setting in keeper.settings]
    yield write(
        Phase.CREATE,
        why,
        "create or replace function {function}() returns trigger language plpgsql"
        " security definer {settings} as {body}",
        {
            **function,
            "settings": sql.SQL(" ").join(
                sql.SQL("set {} = {}").format(
                    sql.Identifier(name),
                    sql.SQL(", ").join(sql.Literal(part) for part in value.split(", ")),
                )
                for name, _, value in settings
            ),
            "body": sql.Literal(keeper.body),
        },
    )
    yield write(
        Phase.CREATE,
        why,
        "alter function {function}() owner to {keeper}",
        {**function, "keeper": naming.KEEPER},
    )
    yield _close(keeper.function)
    digest = sql.Literal(keeper.digest)
    yield write(
        Phase.CREATE, "so that drift shows", "comment on function {function}() is {digest}",
        {**function, "digest": digest},
    )  # fmt: skip


def _triggers(keeper: Keeper, state: PseudonymState, *, watch_all: bool) -> set[StandingTrigger]:
    """Tell the triggers that have to stand: on the table and on all that inherits from it."""
    below = state.below.get(keeper.table, ())
    relations = {keeper.table, *(each.relation for each in below)}
    return {
        StandingTrigger(
            relation=relation,
            name=naming.trigger(keeper.table, operation),
            function=keeper.function,
            when=when,
        )
        for relation in relations
        for operation, when in (("insert", ""), ("update", ALL if watch_all else keeper.plain_when))
    }


def _close(function: str) -> Step:
    """Take a function from everybody: with a table of one's own it would tell any pseudonym."""
    query = statements("klover.door", "pseudonyms.sql")["close"]
    name = sql.Identifier(naming.PSEUDONYMS, function).as_string(None)
    return Step(
        phase=Phase.CREATE,
        why="nobody makes triggers of what computes pseudonyms",
        sql=query.format(function=sql.Literal(f"{name}()")).as_string(None),
    )


def trigger_steps(
    keeper: Keeper, state: PseudonymState, *, watch_all: bool = False
) -> Iterator[Step]:
    """Make the triggers; a partition's is its table's own, and only has to be always on."""
    partitions = {each.relation for each in state.below.get(keeper.table, ()) if each.partition}
    remade = any(
        state.columns.get((keeper.table, each.name), each.type) != each.type
        for each in keeper.stored
    )
    asked = _triggers(keeper, state, watch_all=watch_all)
    for trigger in sorted(asked - (set() if remade else state.triggers)):
        if trigger.relation not in partitions:
            yield _new_trigger(keeper, trigger)
        yield write(
            Phase.CREATE,
            f"computes the pseudonyms of {trigger.relation}, of replicated rows too",
            "alter table {table} enable always trigger {name}",
            {"name": trigger.name, "table": identifier(trigger.relation)},
        )


def _new_trigger(keeper: Keeper, trigger: StandingTrigger) -> Step:
    insert = not trigger.when
    return write(
        Phase.CREATE,
        f"computes the pseudonyms of {trigger.relation}",
        "create or replace trigger {name} before "
        + ("insert" if insert else "update")
        + " on {table} for each row {when} execute function {function}()",
        {
            "name": trigger.name,
            "table": identifier(trigger.relation),
            "when": sql.SQL("")
            if trigger.when in {"", ALL}
            else sql.SQL("when ({})").format(sql.SQL(keeper.when)),
            "function": sql.Identifier(naming.PSEUDONYMS, keeper.function),
        },
    )


def _fill(
    keeper: Keeper, stored: Iterable[Stored], *, everything: bool, only: TableName | None = None
) -> Step:
    """Have the trigger compute what is missing, or all; the application's triggers stay still."""
    found = list(stored)
    where = sql.SQL("") if everything else sql.SQL(" where {}").format(unfilled(found))
    return write(
        Phase.FILL,
        f"a pseudonym for every row of {only or keeper.table} that names one",
        "set local session_replication_role = replica;"
        " update {table} set {sets}{where}; set local session_replication_role = origin",
        {"table": identifier(only or keeper.table), "sets": assignments(found), "where": where},
    )


def unfilled(stored: Iterable[Stored]) -> sql.Composed:
    """Tell the rows that lack a pseudonym, or have one too many."""
    return sql.SQL(" or ").join(sql.SQL("not {}").format(sql.SQL(each.check)) for each in stored)


def assignments(stored: Iterable[Stored]) -> sql.Composed:
    """Write what asks the trigger to compute: any other value than what stands."""
    return sql.SQL(", ").join(
        sql.SQL("{} = {}").format(
            sql.Identifier(each.name),
            sql.SQL("array[gen_random_uuid()]" if each.array else "gen_random_uuid()"),
        )
        for each in stored
    )
