"""Whether every stored pseudonym is there and right, and will be: read from the catalog alone.

A CHECK that Postgres found to hold of every row says that none is missing; the triggers, always
on, last in order, with the very text the proof writes for their functions, say what they are. No
table is scanned, so a proof costs the same whatever is stored. What was written while a trigger
was off leaves no trace in the catalog: the next ``apply`` computes such a table's values anew.
"""

from collections.abc import Iterator

from klover.door import naming
from klover.door.doors import Doors, Keeper, Stored
from klover.door.proof import Fact, allowed, violation
from klover.door.pseudonyms.state import PseudonymState, read_pseudonyms
from klover.store.connect import Connection
from klover.store.sql import statements

_WHO = "pseudonyms"


def prove_pseudonyms(connection: Connection, doors: Doors) -> Iterator[Fact]:
    """Hold keys, columns, functions and triggers against what ``expected`` says."""
    state = read_pseudonyms(connection, doors.keepers)
    for keeper in doors.keepers:
        faults = [*_function(keeper, state), *_triggers(keeper, state)]
        for relation in state.again(keeper.table):
            why = "it was detached for a while: a row changed then has another's pseudonym"
            faults.append(violation(_WHO, str(relation), why))
        for relation in state.lost(keeper.table):
            why = "it has no primary key, so a subscription finds no row that is changed or deleted"
            faults.append(violation(_WHO, str(relation), why))
        for each in keeper.stored:
            faults += _column(each, state)
        yield from faults
        if not faults:
            yield allowed(_WHO, str(keeper.table), "each row has its own, computed as it comes")
    yield from _keys(connection, doors, state)
    yield from _strays(doors, state)


def _function(keeper: Keeper, state: PseudonymState) -> Iterator[Fact]:
    standing = state.keepers.get(keeper.function)
    what = f"{naming.PSEUDONYMS}.{keeper.function}"
    if standing is None:
        yield violation(_WHO, what, f"does not compute those of {keeper.table}: it is not there")
    elif standing.body != keeper.body:
        yield violation(_WHO, what, "computes something else than what was compiled")
    elif not standing.right or standing.settings != keeper.settings:
        yield violation(_WHO, what, "runs with other rights or settings than it should")


def _triggers(keeper: Keeper, state: PseudonymState) -> Iterator[Fact]:
    below = state.below.get(keeper.table, ())
    asked = {
        (naming.trigger(keeper.table, operation), keeper.function, when)
        for operation, when in (("insert", ""), ("update", keeper.plain_when))
    }
    for relation in sorted({keeper.table, *(each.relation for each in below)}):
        stand = {
            (trigger.name, trigger.function, trigger.when)
            for trigger in state.triggers
            if trigger.relation == relation and trigger.right
        }
        if not asked <= stand:
            yield violation(_WHO, str(relation), "rows get none: its triggers are not in place")
    relations = {each.relation for each in below}
    for relation, name in sorted(state.later):
        if relation in relations:
            yield violation(
                _WHO, str(relation), f"the trigger {name} fires later and may change the row"
            )


def _column(each: Stored, state: PseudonymState) -> Iterator[Fact]:
    key = (each.table, each.name)
    what = f"{each.table}.{each.name}"
    valid, _ = state.checks.get(key, (False, ""))
    if state.columns.get(key) != each.type:
        yield violation(_WHO, what, "the column is not there")
    elif not valid or key in state.unlike:
        yield violation(_WHO, what, "a row may have none: its check does not stand or says less")


def _keys(connection: Connection, doors: Doors, state: PseudonymState) -> Iterator[Fact]:
    asked = {(each.audience, each.epoch) for keeper in doors.keepers for each in keeper.stored}
    there = {(who, epoch) for who, epochs in state.epochs.items() for epoch in epochs.all()}
    for audience, epoch in sorted(asked - there):
        yield violation(_WHO, f"key {epoch} of {audience}", "is not there")
    for role, writes in connection.execute(
        statements("klover.door", "pseudonyms.sql")["readers"]
    ).fetchall():
        if role != naming.KEEPER or writes:
            yield violation(str(role), str(naming.KEYS), "may read or change the keys")
    queries = statements("klover.door", "pseudonyms.sql")
    for (what,) in connection.execute(queries["keeper_reach"]).fetchall():
        yield violation(naming.KEEPER, str(what), "is more than the keys, which are all it needs")
    if not state.has_keys:
        return
    for (name,) in connection.execute(queries["listeners"]).fetchall():
        yield violation(_WHO, str(naming.KEYS), f"{name} runs when keys are made or changed")
    for one, epoch, other, its in connection.execute(queries["shared_keys"]).fetchall():
        why = f"is also that of epoch {its} of {other}: whoever sees both can join them"
        yield violation(_WHO, f"key {epoch} of {one}", why)


def _strays(doors: Doors, state: PseudonymState) -> Iterator[Fact]:
    """Find triggers and columns of ours that the policy asks for nowhere."""
    places = {
        (relation, naming.trigger(keeper.table, operation), keeper.function)
        for keeper in doors.keepers
        for relation in (
            keeper.table, *(each.relation for each in state.below.get(keeper.table, ())),
        )
        for operation in ("insert", "update")
    }  # fmt: skip
    for trigger in sorted(state.triggers):
        if (trigger.relation, trigger.name, trigger.function) not in places:
            why = f"{trigger.name} computes pseudonyms there, for whoever writes a row"
            yield violation(_WHO, str(trigger.relation), why)
    wanted = {(keeper.table, each.name) for keeper in doors.keepers for each in keeper.stored}
    for table, name in sorted(set(state.columns) - wanted):
        yield violation(_WHO, f"{table}.{name}", "is stored for no door")
