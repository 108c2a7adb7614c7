"""Pseudonyms computed anew in large tables while the doors that show them are suspended.

What was written while triggers were away or not what they should be cannot be trusted. First the
triggers come back, for each update whatever it changes: from then on no row is written with a stale
value, wherever it moves. The pages that the table had then are computed in batches, a transaction
each, with the next one noted in it. Killed anywhere, it goes on from there; where the policy or the
table's file has changed, from the beginning. A suspension takes it all back.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

from psycopg import sql

from klover.catalog import TableName
from klover.door import leaving, naming, online
from klover.door.condition import identifier
from klover.door.doors import Keeper
from klover.door.online import Progress
from klover.door.pseudonyms import assignments, column_steps, trigger_steps
from klover.door.pseudonyms.state import PseudonymState
from klover.door.step import Phase, Step, write
from klover.errors import StoreError
from klover.store.connect import Connection
from klover.store.sql import statements


def can_refill(keeper: Keeper, there: Collection[str], closed: Collection[str]) -> bool:
    """Tell whether every door that stands and shows them is closed: nobody sees what is computed.

    ``there`` are the schemas of doors that stand, ``closed`` those that are suspended.
    """
    return bool(closed) and {naming.schema(each.audience) for each in keeper.stored} & set(
        there
    ) <= set(closed)


def refill_steps(keeper: Keeper, state: PseudonymState) -> Iterator[Step]:
    """Tell the steps, each table's batches as one, and the triggers of every day at the end."""
    yield from leaving.let_go(keeper, state)
    yield from column_steps(keeper, state, watch_all=True)
    for relation in state.leaves(keeper.table):
        yield _batch(keeper, relation, None)
    yield from trigger_steps(keeper, replace(state, triggers=frozenset()))


def refill(
    connection: Connection,
    keeper: Keeper,
    state: PseudonymState,
    *,
    batch: int,
    progress: Progress | None,
) -> int:
    """Compute all of a table's pseudonyms, ``batch`` pages at a time; tells how many rows.

    Raises StoreError when a lock is not to be had; run again, it goes on from there.
    """
    leaves = state.leaves(keeper.table)
    begun = {relation: state.refills.get((keeper.function, relation)) for relation in leaves}
    if any(column_steps(keeper, state, watch_all=True)) or any(
        noted is None or not (noted.hooked and noted.same) for noted in begun.values()
    ):
        _begin(connection, keeper, state)
        begun = dict.fromkeys(leaves)
    rows = 0
    for relation in leaves:
        noted = begun[relation]
        first = noted.next if noted is not None else 0
        whole = noted.pages if noted is not None else online.pages(connection, relation)
        rows += _pages(connection, keeper, relation, range(first, whole, batch), progress)
    return rows


def forget(connection: Connection) -> None:
    """Forget how far tables are: the doors open, and everything in them is right."""
    if connection.execute(_query("has_refills")).fetchone() == (True,):
        connection.execute(_query("forget_refills"))


def _begin(connection: Connection, keeper: Keeper, state: PseudonymState) -> None:
    """Bring columns, function and triggers back, and note where each relation's rows end.

    The triggers' lock is held until the notes stand: nobody's write is under way then.
    """
    with online.short(connection):
        connection.execute(_query("make_refills"))
        for step in (
            *leaving.let_go(keeper, state),
            *column_steps(keeper, state, watch_all=True),
        ):
            online.execute(connection, step)
        for relation in state.leaves(keeper.table):
            connection.execute(_query("begin_refill"), _noted(keeper, relation))


def _pages(
    connection: Connection,
    keeper: Keeper,
    relation: TableName,
    batches: range,
    progress: Progress | None,
) -> int:
    rows = 0
    for first in batches:
        last = first + batches.step
        with online.short(connection):
            rows += online.fill_pages(connection, _batch(keeper, relation, range(first, last)))
            noted = {**_noted(keeper, relation), "next": last}
            if not connection.execute(_query("go_on_refill"), noted).rowcount:
                # Rows that are stale may lie on pages that are done.
                raise StoreError(
                    f"Somebody wrote {relation} anew (a change of its columns, CLUSTER, VACUUM "
                    "FULL) while its pseudonyms were computed. The doors are still suspended; run "
                    "the same command again, and this table is begun anew."
                )
        if progress is not None:
            progress(relation, min(last, batches.stop), batches.stop)
    return rows


def _batch(keeper: Keeper, relation: TableName, pages: range | None) -> Step:
    where: sql.Composable = sql.SQL("")
    if pages is not None:
        where = sql.SQL(" where ctid >= {} and ctid < {}").format(
            sql.Literal(f"({pages.start},0)"), sql.Literal(f"({pages.stop},0)")
        )
    return write(
        Phase.FILL,
        f"the pseudonym of every row of {relation} anew, some pages at a time",
        "update only {table} set {sets}{where}",
        {"table": identifier(relation), "sets": assignments(keeper.stored), "where": where},
    )


def _query(name: str) -> sql.SQL:
    return statements("klover.door", "pseudonyms.sql")[name]


def _noted(keeper: Keeper, relation: TableName) -> dict[str, object]:
    return {"keeper": keeper.function, "relation": identifier(relation).as_string(None)}
