"""Looks for restricted values that were left at the source: everywhere, not only where they stood.

Every text-like column of every table and materialised view is read, classified or not: whole
values, strings in JSON, elements of arrays, words within free text; and the planner's statistics.
The scan has to find something before the erasure (else it proves nothing) and nothing afterwards.
Materialised views are made anew first. Not looked at: numbers and dates, large objects, the
source's files, log, replicas and backups.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg

from klover.catalog import Catalog, Table, TableKind, TableName
from klover.errors import CheckFailed
from klover.migrate import token
from klover.migrate.frames import blocks
from klover.migrate.needle import Needles
from klover.migrate.pieces import listed, relation
from klover.migrate.shape import Shape
from klover.migrate.snapshot import Tick
from klover.migrate.text import text
from klover.store.connect import Connection
from klover.store.sql import statements

STATISTICS = "planner statistics"
_CLEARS = 180000
"""From 18 on a table's owner may clear statistics; before, a superuser only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a scan found: different needles in all, and by place (a table, a view, statistics)."""

    found: int
    places: tuple[tuple[str, int], ...]


def scan(source: Connection, catalog: Catalog, needles: Needles, tick: Tick) -> Scan:
    """Look for needles in everything the source holds."""
    everything: set[bytes] = set()
    places: list[tuple[str, int]] = []
    tables = _holding_rows(source, catalog)
    for number, table in enumerate([*tables, None]):
        tick(number, len(tables) + 1)
        data = (
            _statistics(source)
            if table is None
            else text(source, relation(table.name), table.columns)
        )
        found: set[bytes] = set()
        for block in data:
            found |= needles.among(token.tokens(block))
        if found:
            places.append((STATISTICS if table is None else str(table.name), len(found)))
            everything |= found
    tick(len(tables) + 1, len(tables) + 1)
    return Scan(found=len(everything), places=tuple(places))


def clean(source: Connection, shapes: Sequence[Shape]) -> None:
    """Have the source forget what it keeps of rows that are gone: copies, dead rows, statistics.

    Materialised views are made anew: the scan finds text in them, but no numbers or dates. ANALYZE
    leaves the statistics of a table or partition that has become empty: those are cleared.
    """
    queries = statements("klover.migrate", "residue.sql")
    copies = [TableName(*row) for row in source.execute(queries["copies"].format())]
    for view in copies:
        _refresh(source, view)
    names = [*(shape.name for shape in shapes), *copies]
    source.execute(queries["vacuum"].format(tables=listed(map(relation, names))))
    clears = ["clear" if source.info.server_version >= _CLEARS else "clear_by_hand"]
    if source.execute(queries["groups"].format()).fetchone() == (True,):
        clears.append("clear_groups")
    partitions = [part for shape in shapes for part in shape.traced.table.partitions]
    alone = {shape.name: shape.rows() for shape in shapes}
    for name in [*names, *partitions]:
        own = alone.get(name, relation(name))
        if source.execute(queries["empty"].format(table=own)).fetchone() == (True,):
            for which in clears:
                source.execute(queries[which], {"table": relation(name).as_string()})


def _refresh(source: Connection, view: TableName) -> None:
    query = statements("klover.migrate", "residue.sql")["refresh"]
    try:
        source.execute(query.format(view=relation(view)))
    except (psycopg.errors.DataError, psycopg.errors.SyntaxErrorOrAccessRuleViolation) as error:
        raise CheckFailed(
            f"The materialised view {view} may hold values of people whose rows are erased, and "
            f"cannot be made anew (SQLSTATE {error.sqlstate}). Drop it, or let the migration's "
            "user refresh it, and run the same command again."
        ) from None


def _holding_rows(source: Connection, catalog: Catalog) -> list[Table]:
    queries = statements("klover.migrate", "residue.sql")
    populated = {TableName(*row) for row in source.execute(queries["populated"])}
    return [
        table
        for table in catalog.tables.values()
        if table.kind is not TableKind.VIEW
        and (table.kind is not TableKind.MATERIALIZED or table.name in populated)
    ]


def _statistics(source: Connection) -> Iterator[bytes]:
    query = statements("klover.migrate", "residue.sql")["statistics"]
    yield from blocks(source, query.format())
