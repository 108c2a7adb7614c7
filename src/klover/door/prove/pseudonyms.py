"""Whether every stored pseudonym is there and right, and will be: read from the catalog alone.

A CHECK that Postgres found to hold of every row says that none is missing; the triggers, always
on, last in order, with the very text the proof writes for their functions, say what they are. No
table is scanned, so a proof costs the same whatever is stored. What was written while a trigger
was off leaves no trace in the catalog: the next ``apply`` computes such a table's values anew.
"""

from collections.abc import Iterator

from klover.door import mend, naming
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
            faults.append(violation(_WHO, str(relation), why, mend.APPLY))
        for relation in state.lost(keeper.table):
            why = "it has no primary key, so a subscription finds no row that is changed or deleted"
            told = "Give it a primary key, here and where its rows come from."
            faults.append(violation(_WHO, str(relation), why, told))
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
        why = f"does not compute those of {keeper.table}: it is not there"
        yield violation(_WHO, what, why, mend.APPLY)
    elif standing.body != keeper.body:
        why = "computes something else than what was compiled"
        yield violation(_WHO, what, why, mend.APPLY)
    elif not standing.right or standing.settings != keeper.settings:
        why = "runs with other rights or settings than it should"
        yield violation(_WHO, what, why, mend.APPLY)


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
            why = "rows get none: its triggers are not in place"
            yield violation(_WHO, str(relation), why, mend.APPLY)
    relations = {each.relation for each in below}
    for relation, name in sorted(state.later):
        if relation in relations:
            rename = f"ALTER TRIGGER {mend.quoted(name)} ON {mend.relation(relation)} RENAME TO …"
            told = f"Let it fire before, by a name that begins with a letter: `{rename}`."
            why = f"the trigger {name} fires later and may change the row"
            yield violation(_WHO, str(relation), why, told)


def _column(each: Stored, state: PseudonymState) -> Iterator[Fact]:
    key = (each.table, each.name)
    what = f"{each.table}.{each.name}"
    valid, _ = state.checks.get(key, (False, ""))
    if state.columns.get(key) != each.type:
        yield violation(_WHO, what, "the column is not there", mend.APPLY)
    elif not valid or key in state.unlike:
        why = "a row may have none: its check does not stand or says less"
        yield violation(_WHO, what, why, mend.APPLY)


def _keys(connection: Connection, doors: Doors, state: PseudonymState) -> Iterator[Fact]:
    asked = {(each.audience, each.epoch) for keeper in doors.keepers for each in keeper.stored}
    there = {(who, epoch) for who, epochs in state.epochs.items() for epoch in epochs.all()}
    for audience, epoch in sorted(asked - there):
        yield violation(_WHO, f"key {epoch} of {audience}", "is not there", mend.APPLY)
    for role, writes in connection.execute(
        statements("klover.door", "pseudonyms.sql")["readers"]
    ).fetchall():
        if role != naming.KEEPER or writes:
            told = f"{mend.of_kind(str(naming.KEYS), str(role))} Then `klover doors apply`."
            yield violation(str(role), str(naming.KEYS), "may read or change the keys", told)
    queries = statements("klover.door", "pseudonyms.sql")
    for (what,) in connection.execute(queries["keeper_reach"]).fetchall():
        why = "is more than the keys, which are all it needs"
        yield violation(naming.KEEPER, str(what), why, _from_keeper(str(what)))
    if not state.has_keys:
        return
    for (name,) in connection.execute(queries["listeners"]).fetchall():
        told = f"Drop the trigger or rule {mend.quoted(str(name))} of {naming.KEYS}."
        why = f"{name} runs when keys are made or changed"
        yield violation(_WHO, str(naming.KEYS), why, told)
    for one, epoch, other, its in connection.execute(queries["shared_keys"]).fetchall():
        why = f"is also that of epoch {its} of {other}: whoever sees both can join them"
        told = f"`klover doors rotate {one}` gives it a key of its own, `--finish` ends the old."
        yield violation(_WHO, f"key {epoch} of {one}", why, told)


def _from_keeper(what: str) -> str:
    """Say what takes from the keeper a power, a role, or a relation."""
    keeper = mend.quoted(naming.KEEPER)
    if what == "a power":
        powers = "NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS NOLOGIN"
        return mend.run(f"ALTER ROLE {keeper} {powers}")
    if what.startswith("role "):
        return mend.run(f"REVOKE {mend.quoted(what.removeprefix('role '))} FROM {keeper}")
    schema, _, name = what.partition(".")
    return mend.by_name(f"TABLE {mend.quoted(schema, name)}", naming.KEEPER)


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
            drop = f"DROP TRIGGER {mend.quoted(trigger.name)} ON {mend.relation(trigger.relation)}"
            yield violation(_WHO, str(trigger.relation), why, mend.run(drop))
    wanted = {(keeper.table, each.name) for keeper in doors.keepers for each in keeper.stored}
    for table, name in sorted(set(state.columns) - wanted):
        yield violation(_WHO, f"{table}.{name}", "is stored for no door", mend.APPLY)
