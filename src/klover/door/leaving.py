"""Stored pseudonyms that no door is to show any more, in a table that is made ready for others.

One function computes all of a table's, so what computes those to come no longer computes these.
They go with the change of the doors, but until then they would have to be right: whoever shows
them has to be closed before, and nothing may ask that each row has one, or the application could
write no row.
"""

from collections.abc import Iterator

from klover.door.condition import identifier
from klover.door.doors import Keeper
from klover.door.ledger import rows
from klover.door.pseudonyms.state import PseudonymState
from klover.door.step import Phase, Step, write
from klover.errors import StoreError
from klover.store.connect import Connection


def shown_by(connection: Connection, keeper: Keeper, state: PseudonymState) -> frozenset[str]:
    """Tell the schemas of the doors that show what leaves a table."""
    names = _left(keeper, state)
    if not names:
        return frozenset()
    found = {"schema": keeper.table.schema, "table": keeper.table.name, "names": names}
    return frozenset(schema for (schema,) in rows(connection, "shown_by", found))


def expect_unseen(connection: Connection, keeper: Keeper, state: PseudonymState) -> None:
    """Raise StoreError while a door that is open shows what leaves a table."""
    for schema in sorted(shown_by(connection, keeper, state)):
        raise StoreError(
            f"{schema} shows pseudonyms in {keeper.table} that it is not to show any more, and "
            "others have to be made there first. Nothing was changed; suspend that door, too, and "
            "`klover doors resume` (where none is suspended, `klover doors apply` does both)."
        )


def let_go(keeper: Keeper, state: PseudonymState) -> Iterator[Step]:
    """Ask no more that each row has what leaves."""
    for name in _left(keeper, state):
        if (keeper.table, name) in state.checks:
            yield write(
                Phase.DROP,
                f"pseudonyms in {keeper.table} that no door is to show are not computed any more",
                "alter table {table} drop constraint {name}",
                {"table": identifier(keeper.table), "name": name},
            )


def _left(keeper: Keeper, state: PseudonymState) -> list[str]:
    wanted = {each.name for each in keeper.stored}
    return sorted(
        name for table, name in state.columns if table == keeper.table and name not in wanted
    )
