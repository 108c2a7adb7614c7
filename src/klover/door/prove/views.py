"""Whether a door's views show what the policy gives: columns by their true origin, and rows.

A column is judged by where Postgres says its values come from (the origin that a described query
reports), never by its name: one computed from anything is a violation, unless the policy asks for
a coarse value or parts. What a definition reads for its conditions and joins is bounded by the
dependencies Postgres keeps. Rows and computed values are judged by the plan: the standing
definition has to be planned to the same conditions and values as the policy's own.
https://www.postgresql.org/docs/18/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-ROWDESCRIPTION
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.pq import DiagnosticField, ExecStatus

from klover.catalog import TableName
from klover.door import mend, naming
from klover.door.doors import Door, View, ViewColumn
from klover.door.proof import Fact, absent, allowed, violation
from klover.policy.model import Audience
from klover.policy.resolved import RowsShown, Show, TableSight
from klover.store.connect import Connection
from klover.store.sql import statements

_LOCKED = b"55P03"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A relation that stands in a schema of a door."""

    name: TableName
    kind: str
    owner: str
    options: tuple[str, ...]
    definition: str
    rules: int
    columns: tuple[str, ...]
    reads: frozenset[tuple[TableName, str]]
    functions: frozenset[str]


def read_views(connection: Connection) -> Mapping[TableName, Standing]:
    """Read everything that stands in schemas of doors."""
    queries = statements("klover.door.prove", "prove.sql")
    columns: dict[TableName, list[str]] = defaultdict(list)
    for schema, name, column in connection.execute(queries["view_columns"]):
        columns[TableName(schema, name)].append(column)
    reads: dict[TableName, set[tuple[TableName, str]]] = defaultdict(set)
    functions: dict[TableName, set[str]] = defaultdict(set)
    for row in connection.execute(queries["view_reads"]):
        if row[5] is not None:
            functions[TableName(row[0], row[1])].add(row[5])
        else:
            reads[TableName(row[0], row[1])].add((TableName(row[2], row[3]), row[4] or "*"))
    return {
        (name := TableName(row[0], row[1])): Standing(
            name=name,
            kind=row[3],
            owner=row[4],
            options=tuple(row[5]),
            definition=row[6] or "",
            rules=row[7],
            columns=tuple(columns[name]),
            reads=frozenset(reads[name]),
            functions=frozenset(functions[name]),
        )
        for row in connection.execute(queries["views"])
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewProof:
    """What one door's views show, for the ``never`` rules: columns of tables, and all rows."""

    facts: tuple[Fact, ...]
    shown: frozenset[tuple[TableName, str]]
    """Every column that values come from, however they are shown."""
    clear: frozenset[tuple[TableName, str]]
    """Those of them that are shown as they are, whole or in parts."""
    coarse: frozenset[tuple[TableName, str]]
    parts: Mapping[tuple[TableName, str], frozenset[tuple[str, ...]]]
    """Of documents shown in parts only: which paths."""
    pseudonyms: bool
    whole: frozenset[TableName]
    """Tables shown without a condition on their rows."""


def prove_views(
    connection: Connection,
    door: Door,
    audience: Audience,
    sights: Mapping[TableName, TableSight],
    views: Mapping[TableName, Standing],
) -> ViewProof:
    """Hold the views of one door against what ``see`` gives its audience."""
    names = _column_names(connection)
    compiled = {view.name: view for view in door.views}
    facts: list[Fact] = []
    clear: set[tuple[TableName, str]] = set()
    by_show: dict[Show, set[tuple[TableName, str]]] = defaultdict(set)
    pseudonyms = False
    for name, standing in sorted(views.items()):
        if name.schema != door.schema:
            continue
        view = compiled.get(name)
        if view is None or standing.kind != "v":
            why = "no view that the policy gives"
            facts.append(violation(door.role, str(name), why, away(standing)))
        origins = _origins(connection, standing, names)
        clear |= {origin for origin in origins if origin is not None}
        pseudonyms |= any(o is not None and naming.is_stored(o[1]) for o in origins)
        if view is not None:
            for column in view.columns:
                if column.show is not Show.CLEAR:
                    by_show[column.show].add((view.table, column.source))
            facts += _columns(audience, view, sights[view.table], standing, origins)
            facts += _definition(door, view, standing)
            facts += _rows(connection, door, view, sights[view.table], standing)
    for name, view in sorted(compiled.items()):
        if name not in views:
            facts.append(absent(door.role, str(name), f"the view of {view.table} is not there yet"))
    facts += _unseen(door, sights)
    return ViewProof(
        facts=tuple(facts),
        shown=frozenset(clear.union(*by_show.values())),
        clear=frozenset(clear | by_show[Show.PARTS]),
        coarse=frozenset(by_show[Show.COARSE]),
        parts={
            (table, column.column): frozenset(part.path for part in column.parts if part.shown)
            for table, sight in sights.items()
            for column in sight.shown()
            if (table, column.column) in by_show[Show.PARTS] - clear
        },
        pseudonyms=pseudonyms or bool(by_show[Show.PSEUDONYM]),
        whole=frozenset(
            view.table
            for view in door.views
            if view.name in views and sights[view.table].rows is RowsShown.ALL
        ),
    )


def away(standing: Standing) -> str:
    """Say what takes a relation away that no policy gave; apply drops none that holds rows."""
    if standing.kind in {"v", "m"}:
        return mend.APPLY
    move = f"ALTER TABLE {mend.relation(standing.name)} SET SCHEMA …"
    return f"Drop it, or move it to a schema of the application: `{move}`."


def _unseen(door: Door, sights: Mapping[TableName, TableSight]) -> Iterator[Fact]:
    shown = {view.table for view in door.views}
    for table, sight in sorted(sights.items()):
        if table not in shown:
            why = "its rows are restricted" if sight.rows is RowsShown.NONE else "nothing to show"
            yield absent(door.role, str(table), why)


def _columns(
    audience: Audience,
    view: View,
    sight: TableSight,
    standing: Standing,
    origins: tuple[tuple[TableName, str] | None, ...],
) -> Iterator[Fact]:
    who = naming.door_role(audience.name)
    given = {column.name: column for column in view.columns}
    decided = {column.column: column for column in sight.shown()}
    if standing.columns != tuple(given):
        why = "its columns are not those the policy gives"
        yield violation(who, str(standing.name), why, mend.APPLY)
    for name, origin in zip(standing.columns, origins, strict=False):
        what = f"{standing.name}.{name}"
        column = given.get(name)
        if column is None:
            shows = "something computed" if origin is None else f"{origin[0]}.{origin[1]}"
            why = f"shows {shows}, which the policy withholds"
            yield violation(who, what, why, mend.APPLY)
        elif origin != column.origin:
            yield violation(who, what, _wrong(view, column, origin), mend.APPLY)
        else:
            shown = decided[column.source]
            yield allowed(who, what, f"{shown.show}: {shown.reason}")
    for absentee in sight.columns:
        if absentee.show is Show.ABSENT:
            yield absent(who, f"{standing.name}.{absentee.column}", absentee.reason)


def _wrong(view: View, column: ViewColumn, origin: tuple[TableName, str] | None) -> str:
    """Say what a column shows instead of what it should."""
    if origin is None:
        return "its values are computed; a door shows this column as it is"
    shows = f"shows {origin[0]}.{origin[1]}"
    if column.show is Show.CLEAR:
        return f"{shows}, not {view.table}.{column.source}"
    if column.show is Show.PSEUDONYM:
        return f"{shows}, not its pseudonym"
    return f"{shows} as it is, not {column.show}"


def _definition(door: Door, view: View, standing: Standing) -> Iterator[Fact]:
    what = str(standing.name)
    if standing.owner != door.owner:
        why = f"owned by {standing.owner}, not by {door.owner}"
        yield violation(door.role, what, why, mend.APPLY)
    barred = standing.options == ("security_barrier=true",)
    if not barred and (view.barrier or standing.options):
        yield violation(door.role, what, "no plain security_barrier view", mend.APPLY)
    if standing.rules != 1:
        yield violation(door.role, what, "has rules or triggers of its own", mend.APPLY)
    for table, column in sorted(standing.reads):
        if column not in view.reads.get(table, set()):
            why = f"its definition reads {table}.{column}"
            yield violation(door.role, what, why, mend.APPLY)


def _rows(
    connection: Connection, door: Door, view: View, sight: TableSight, standing: Standing
) -> Iterator[Fact]:
    """Compare plans: the same query is planned the same way, another condition shows in it."""
    if standing.kind != "v":
        return
    stands, asked = _plan(connection, standing.definition), _plan(connection, view.query)
    if stands is None or asked is None:
        why = "its conditions cannot be planned, so nothing is proved of its rows"
        told = f"{mend.APPLY} Where it stays so, `klover doors drift` tells what it rests on."
        yield violation(door.role, f"{standing.name} rows", why, told)
    elif stands == asked:
        why = "all rows" if sight.rows is RowsShown.ALL else "rows known not to be restricted"
        yield allowed(door.role, f"{standing.name} rows", why)
    else:
        why = "its conditions or values are not the policy's own"
        yield violation(door.role, f"{standing.name} rows", why, mend.APPLY)


def _plan(connection: Connection, query: str) -> tuple[str, ...] | None:
    explain = sql.SQL("explain (verbose, costs off) {}").format(sql.SQL(query.rstrip("; \n")))
    try:
        with connection.transaction():
            rows = connection.execute(explain).fetchall()
    except psycopg.errors.LockNotAvailable:
        raise  # nothing is known of it then, and nothing is wrong
    except psycopg.Error:
        return None
    return tuple(str(row[0]) for row in rows)


def _column_names(connection: Connection) -> Mapping[tuple[int, int], tuple[TableName, str]]:
    query = statements("klover.door.prove", "prove.sql")["column_names"]
    return {
        (row[0], row[1]): (TableName(row[2], row[3]), row[4]) for row in connection.execute(query)
    }


def _origins(
    connection: Connection,
    standing: Standing,
    names: Mapping[tuple[int, int], tuple[TableName, str]],
) -> tuple[tuple[TableName, str] | None, ...]:
    """Ask Postgres where each column's values come from; None for computed ones."""
    if standing.kind != "v":
        return (None,)
    prepared = connection.pgconn.prepare(b"", standing.definition.rstrip("; \n").encode())
    if prepared.error_field(DiagnosticField.SQLSTATE) == _LOCKED:
        raise psycopg.errors.LockNotAvailable(f"the lock of {standing.name}")
    described = connection.pgconn.describe_prepared(b"")
    if described.status != ExecStatus.COMMAND_OK:
        return (None,)
    return tuple(
        names.get((described.ftable(at), described.ftablecol(at)))
        for at in range(described.nfields)
    )


def rows_of(connection: Connection, name: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Run a named statement of the proof."""
    query = statements("klover.door.prove", "prove.sql")[name]
    return connection.execute(query, parameters or None).fetchall()
