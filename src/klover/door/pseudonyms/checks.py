"""What makes sure that stored pseudonyms are there, and what finds them: checks and indexes. Pure.

A check that was found to hold of every row makes a missing pseudonym impossible. The table's own
key is looked up by a unique index, a reference where the application has an index on it itself;
partitions and children have theirs each, since no index of a whole could be made while others
write.
"""

from collections.abc import Iterator

from psycopg import sql

from klover.door import naming
from klover.door.condition import identifier
from klover.door.doors import Stored
from klover.door.pseudonyms.state import PseudonymState
from klover.door.step import Phase, Step, write


def is_filled(each: Stored, state: PseudonymState) -> bool:
    """Tell whether every row has its value: the right check was found to hold."""
    key = (each.table, each.name)
    return key in state.columns and key not in state.unlike and state.checks.get(key, (False,))[0]


def check_steps(each: Stored, state: PseudonymState, *, valid: bool = True) -> Iterator[Step]:
    """Tell what makes sure that no row lacks its pseudonym."""
    if is_filled(each, state):
        return
    why = f"no row of {each.table} can lack its pseudonym"
    parts = {"table": identifier(each.table), "name": each.name}
    if (each.table, each.name) in state.checks:
        yield write(Phase.CHECK, why, "alter table {table} drop constraint if exists {name}", parts)
    yield write(
        Phase.CHECK,
        why,
        "alter table {table} add constraint {name} check ({check})"
        + ("" if valid else " not valid"),
        {**parts, "check": sql.SQL(each.check)},
    )


def index_steps(
    each: Stored, state: PseudonymState, *, concurrently: bool = False
) -> Iterator[Step]:
    """Tell the indexes by which a pseudonym is looked up: where the column itself has one."""
    for below in state.below.get(each.table, ()):
        relation = below.relation
        if below.kind != "r" or each.array:
            continue
        led = any((relation, name) in state.leading for name in each.names[-1].columns[:1])
        if not each.unique and not led:
            continue
        name = naming.stored_index(each.name, relation)
        standing = state.indexes.get((relation, name))
        if (
            standing is not None
            and standing.right
            and standing.column == each.name
            and standing.unique == each.unique
            and (each.table, each.name) in state.columns
        ):
            continue
        parts = {
            "name": name,
            "qualified": sql.Identifier(relation.schema, name),
            "unique": sql.SQL("unique " if each.unique else ""),
            "how": sql.SQL("concurrently " if concurrently else ""),
            "table": identifier(relation),
            "column": each.name,
        }
        why = f"pseudonyms of {relation} are looked up"
        if standing is not None:
            yield write(Phase.CHECK, why, "drop index {how}if exists {qualified}", parts)
        yield write(
            Phase.CHECK, why, "create {unique}index {how}{name} on {table} ({column})", parts
        )
