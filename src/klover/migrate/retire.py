"""Erases at the source what is proven equal inside: one transaction, all of it or nothing.

Writers are locked out on both sides, who is inside is decided again, every row is compared again;
any difference ends it with nothing erased. Then rows go, or stay as stubs, and the source's own
note is written. The application's triggers do not fire: an audit trigger would write down again
what goes. So the foreign keys do not either, and every reference is counted afterwards. Postgres'
own traces (planner statistics, dead rows) are ``sweep``'s work.
"""

from dataclasses import dataclass

from psycopg import sql

from klover.errors import CheckFailed, StoreError
from klover.migrate.compare import Comparison
from klover.migrate.copy import At
from klover.migrate.pieces import equal, listed, present, refers, temporary
from klover.migrate.shape import Keep, Shape, led_to
from klover.migrate.snapshot import Snapshot, Tick
from klover.store.connect import Connection
from klover.store.sql import statements


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """What the erasure did: rows that are gone, rows that stay as stubs."""

    erased: int
    reduced: int


def lock(connection: Connection, tables: list[Shape]) -> None:
    """Lock writers out of these tables, of one side, until its transaction ends."""
    queries = statements("klover.migrate", "retire.sql")
    connection.execute(queries["lock_timeout"])
    names = listed(shape.rows() for shape in tables)
    connection.execute(queries["lock"].format(tables=names))


def refuse_changed(comparison: Comparison) -> None:
    """Raise CheckFailed unless the enclave is equal to the source."""
    if comparison.equal:
        return
    rows = comparison.rows_different
    where = ", ".join(
        f"{table.table} ({table.kind}: {table.different} different, {table.missing} missing, "
        f"{table.extra} extra)"
        for table in comparison.tables
        if not table.equal
    )
    if comparison.orphans:
        where = ", ".join(filter(None, [where, *comparison.orphans]))
    raise CheckFailed(
        f"{rows} rows of the source and the enclave differ: {where}. Nothing was erased; "
        "`klover migrate run` copies again."
    )


def retire(snapshot: Snapshot, *, tick: Tick, at: At) -> Retired:
    """Erase and reduce in the source's transaction at hand, after lock and comparison."""
    queries = statements("klover.migrate", "copy.sql")
    snapshot.connection.execute(queries["replica"])
    shapes = snapshot.traced()
    erased = reduced = 0
    for number, shape in enumerate(shapes):
        tick(number, len(shapes))
        at(f"retire:{shape.name}")
        changed, gone = _reduce(snapshot, shape), _erase(snapshot, shape)
        _refuse_kept(snapshot, shape, reduced=changed, erased=gone)
        reduced += changed
        erased += gone
    _refuse_left_over(snapshot)
    tick(len(shapes), len(shapes))
    return Retired(erased=erased, reduced=reduced)


def _erase(snapshot: Snapshot, shape: Shape) -> int:
    query = statements("klover.migrate", "retire.sql")["erase"].format(
        table=shape.rows(),
        member=temporary("member", shape.index),
        stub=temporary("stub", shape.index),
        same=equal("t", shape.key, "m", shape.key),
        stub_same=equal("x", shape.key, "m", shape.key),
    )
    return snapshot.connection.execute(query).rowcount


def _reduce(snapshot: Snapshot, shape: Shape) -> int:
    """Take from stubs what may not stay; where nothing has to go, no row is touched."""
    changes = [
        sql.SQL("{} = {}").format(
            sql.Identifier(column.name), shape.value(shape.stub, column, "t", "g")
        )
        for column in shape.stored()
        if shape.stub.keep[column.name] is not Keep.ALWAYS
    ]
    if not changes:
        return 0
    query = statements("klover.migrate", "retire.sql")["reduce"].format(
        table=shape.rows(),
        stub=temporary("stub", shape.index),
        changes=listed(changes),
        same=equal("t", shape.key, "g", shape.key),
    )
    return snapshot.connection.execute(query).rowcount


def _refuse_kept(snapshot: Snapshot, shape: Shape, *, reduced: int, erased: int) -> None:
    """Make sure that every row went that had to: a trigger or rule may keep one."""
    query = statements("klover.migrate", "retire.sql")["due"].format(
        member=temporary("member", shape.index), stub=temporary("stub", shape.index)
    )
    inside, stubs = snapshot.connection.execute(query).fetchone() or (0, 0)
    due = 0 if shape.whole(shape.stub) else stubs
    if (erased, reduced) != (inside - stubs, due):
        raise StoreError(
            f"{shape.name} keeps rows that have to go: a trigger or a rule that fires always "
            "stands in the way. Nothing was erased; disable it and run the same command again."
        )


def _refuse_left_over(snapshot: Snapshot) -> None:
    """Make sure that no declared reference leads to a row that is gone."""
    query = statements("klover.migrate", "retire.sql")["left_over"]
    for shape in snapshot.shapes.values():
        leading = led_to(snapshot.resolved, snapshot.shapes, shape.traced.references)
        for reference, target in leading:
            if target.shared or not set(reference.target_columns) <= set(target.key):
                continue
            left = query.format(
                table=shape.rows(),
                present=present("t", reference.columns),
                member=temporary("member", target.index),
                stub=temporary("stub", target.index),
                refers=refers("t", reference, "m"),
                stub_same=equal("x", target.key, "m", target.key),
            )
            row = snapshot.connection.execute(left).fetchone()
            if row and row[0]:
                raise StoreError(
                    f"{row[0]} rows of {shape.name} would refer to rows of {reference.target} "
                    "that are gone; nothing was erased. This is a fault of Klover: report it."
                )
