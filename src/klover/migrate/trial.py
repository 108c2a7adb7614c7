"""Tries beforehand whether stubs and guests can stand: their rows go into an empty twin table.

The twin has the table's NOT NULL and CHECK constraints, domains and unique indexes, so Postgres
itself says which neutral value it refuses. It is a temporary table at the source; nothing else is
written. Tables from which nothing is taken need no trial.
"""

import psycopg
from psycopg import sql

from klover.migrate.pieces import columns, equal, listed, relation, temporary
from klover.migrate.shape import Fault, Projection, Shape
from klover.store.connect import Connection
from klover.store.sql import statements

_REFUSALS = (
    psycopg.errors.IntegrityError,
    psycopg.errors.DataError,
    psycopg.errors.FeatureNotSupported,
)


def faults(connection: Connection, shape: Shape, kind: str) -> tuple[Fault, ...]:
    """Tell why the marked rows of a kind (stub, guest) cannot stand; empty when they can."""
    projection = shape.stub if kind == "stub" else shape.guest
    if shape.whole(projection):
        return ()
    if projection.faults:
        return projection.faults
    queries = statements("klover.migrate", "trial.sql")
    twin = temporary("twin", shape.index)
    try:
        with connection.transaction():
            connection.execute(queries["twin"].format(twin=twin, table=relation(shape.name)))
            connection.execute(
                queries["fill"].format(
                    twin=twin,
                    names=listed(sql.Identifier(column.name) for column in shape.stored()),
                    values=projected(shape, projection),
                    table=shape.rows(),
                    marked=temporary(kind, shape.index),
                    same=equal("t", shape.key, "g", shape.key),
                )
            )
            connection.execute(queries["drop"].format(twin=twin))
    except _REFUSALS as error:
        looked_at = _looked_at(connection, shape, error.diag.constraint_name)
        return (_fault(shape, kind, projection, error, looked_at),)
    return ()


def projected(shape: Shape, projection: Projection) -> sql.Composed:
    """List the stored columns of ``t`` under a projection, with the marks ``g`` beside it."""
    return listed(shape.value(projection, column, "t", "g") for column in shape.stored())


def whole(shape: Shape, alias: str = "t") -> sql.Composed:
    """List the stored columns as they are."""
    return columns(alias, (column.name for column in shape.stored()))


def _looked_at(connection: Connection, shape: Shape, constraint: str | None) -> frozenset[str]:
    """Tell which columns a constraint of the table looks at; empty for one of a domain's."""
    query = statements("klover.migrate", "trial.sql")["looks_at"]
    named = {"constraint": constraint, "schema": shape.name.schema, "name": shape.name.name}
    return frozenset(name for (name,) in connection.execute(query, named).fetchall())


def _fault(
    shape: Shape,
    kind: str,
    projection: Projection,
    error: psycopg.Error,
    looked_at: frozenset[str],
) -> Fault:
    """Turn the server's refusal into a sentence: names only, the values stay where they are."""
    told = error.diag
    column = told.column_name or _of_type(shape, told.datatype_name) or ""
    rule = f"the constraint {told.constraint_name}" if told.constraint_name else "its type"
    taken = [one.name for one in shape.stored() if projection.keep[one.name].value != "always"]
    taken = [name for name in taken if name in looked_at] or taken
    if len(taken) == 1:
        column = column or taken[0]
    where = f"{shape.name}.{column}" if column else f"{shape.name} (columns {', '.join(taken)})"
    return Fault(
        table=shape.name,
        column=column,
        sentence=(
            f"A {kind} of {shape.name} cannot stand: {rule} refuses the neutral value of {where}; "
            "say one that it accepts with `stub:`."
        ),
    )


def _of_type(shape: Shape, name: str | None) -> str | None:
    """Find the column with a domain's type."""
    if name is None:
        return None
    return next(
        (
            column.name
            for column in shape.stored()
            if column.type.rpartition(".")[2].strip('"') == name
        ),
        None,
    )
