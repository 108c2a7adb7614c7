"""One look at the source: a transaction in which the cohort and all its rows are known.

``open_snapshot`` takes REPEATABLE READ, so that everything read through it belongs together;
``retire`` takes the same under a lock. The sets are temporary tables of the session, gone with it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from psycopg import sql
from psycopg.pq import TransactionStatus

from klover.catalog import TableName
from klover.errors import InputError
from klover.migrate import cohort, trial
from klover.migrate.addresses import Addresses
from klover.migrate.closure import Closure
from klover.migrate.notes import notes
from klover.migrate.pieces import columns, present, temporary
from klover.migrate.plan import Homes, Plan, TablePlan
from klover.migrate.shape import Shape, shapes
from klover.policy.resolved import Resolved
from klover.store.connect import Connection
from klover.store.sql import statements

Tick = Callable[[int, int], None]
"""Progress of one step: done, of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The source's session with the sets in it."""

    connection: Connection
    resolved: Resolved
    shapes: Mapping[TableName, Shape]
    homes: Homes

    def traced(self) -> list[Shape]:
        """List the tables that hold people's rows."""
        return [shape for shape in self.shapes.values() if not shape.shared]

    def shared(self) -> list[Shape]:
        """List the tables that are nobody's data."""
        return [shape for shape in self.shapes.values() if shape.shared]


@contextmanager
def open_snapshot(
    connection: Connection,
    resolved: Resolved,
    on: date,
    tick: Tick,
    addresses: Addresses | None = None,
) -> Iterator[Snapshot]:
    """Begin the transaction, compute the sets, and roll everything back in the end."""
    connection.execute("begin transaction isolation level repeatable read")
    try:
        yield take(connection, resolved, on, tick, addresses)
    finally:
        if connection.info.transaction_status is TransactionStatus.ACTIVE:
            connection.close()  # stopped in the middle of a COPY
        elif not connection.closed:
            connection.execute("rollback")


def take(
    connection: Connection,
    resolved: Resolved,
    on: date,
    tick: Tick,
    addresses: Addresses | None = None,
) -> Snapshot:
    """Compute the sets in the transaction at hand."""
    connection.execute("set local row_security = off")
    connection.execute("set local work_mem = '64MB'")
    found = shapes(resolved)
    tick(0, 4)
    homes = cohort.decide(
        connection, resolved, on, addresses, lambda done, total: tick(done, 4 * max(total, done, 1))
    )
    tick(1, 4)
    closure = Closure(connection=connection, resolved=resolved, shapes=found)
    closure.members()
    tick(2, 4)
    closure.guests()
    tick(3, 4)
    closure.stubs()
    tick(4, 4)
    return Snapshot(connection=connection, resolved=resolved, shapes=found, homes=homes)


def make_plan(snapshot: Snapshot, *, source: str, cell: str) -> Plan:
    """Count everything, try the stubs and guests, and say what stands in the way."""
    tables = tuple(_count(snapshot, shape) for shape in snapshot.shapes.values())
    problems: list[str] = []
    for shape, counted in zip(snapshot.shapes.values(), tables, strict=True):
        problems += _key_problem(snapshot, shape)
        for kind, number in (("guest", counted.guests), ("stub", counted.stubs)):
            if number:
                found = trial.faults(snapshot.connection, shape, kind)
                problems += [fault.sentence for fault in found]
    return Plan(
        source=source,
        cell=cell,
        policy=snapshot.resolved.policy.digest,
        homes=snapshot.homes,
        tables=tables,
        problems=tuple(dict.fromkeys(problems)),
        notes=(
            *notes(
                snapshot.shapes,
                {table.table: table for table in tables},
                _triggers(snapshot.connection),
            ),
            *_unlisted(snapshot),
            *_large_objects(snapshot),
        ),
    )


def _unlisted(snapshot: Snapshot) -> Iterator[str]:
    """Count the rows whose pair holds a value but no type that the policy lists."""
    query = statements("klover.migrate", "closure.sql")["unlisted"]
    for shape in snapshot.traced():
        pairs: dict[tuple[str, str], list[str]] = {}
        for key in shape.traced.references:
            if key.when is not None:
                pairs.setdefault((key.columns[0], key.when[0]), []).append(key.when[1])
        for (column, by), values in pairs.items():
            number = _number(
                snapshot,
                query.format(
                    table=shape.rows(),
                    column=sql.Identifier("t", column),
                    by=sql.Identifier("t", by),
                    values=sql.Literal(values),
                ),
            )
            if number:
                yield (
                    f"{shape.name}: {number} rows have a {by} that the policy does not list for "
                    f"{column}; by it they belong to nobody."
                )


def _large_objects(snapshot: Snapshot) -> Iterator[str]:
    number = _number(
        snapshot, statements("klover.migrate", "closure.sql")["large_objects"].format()
    )
    if number:
        yield (
            f"The source holds {number} large objects: they are neither moved nor erased nor "
            "looked at. Bring them into a column (bytea) first, or home by hand."
        )


def _triggers(connection: Connection) -> Mapping[TableName, str]:
    """Name a trigger of each table that fires even while rows are moved."""
    query = statements("klover.migrate", "closure.sql")["always"]
    return {TableName(*row[:2]): row[2] for row in connection.execute(query)}


def refuse_problems(plan: Plan) -> None:
    """Raise InputError while something stands in the way."""
    if plan.problems:
        more = f" ({len(plan.problems) - 1} more: see `klover migrate plan`)"
        raise InputError(plan.problems[0] + (more if len(plan.problems) > 1 else ""))


def refuse_loose_keys(snapshot: Snapshot) -> None:
    """Raise InputError where a key that only the policy states does not hold (any more)."""
    for shape in snapshot.traced():
        for problem in _key_problem(snapshot, shape):
            raise InputError(problem)


def _key_problem(snapshot: Snapshot, shape: Shape) -> Iterator[str]:
    if not shape.shared and shape.traced.rule.key and not _key_holds(snapshot, shape):
        yield (
            f"The key that the policy states for {shape.name} does not tell its rows apart, "
            "or has NULLs; state one that does."
        )


def _count(snapshot: Snapshot, shape: Shape) -> TablePlan:
    queries = statements("klover.migrate", "closure.sql")
    rows = _number(snapshot, queries["rows"].format(table=shape.rows()))
    if shape.shared:
        return TablePlan(table=str(shape.name), shared=True, rows=rows)
    query = queries["counts"].format(member=temporary("member", shape.index))
    inside, mixed, unowned = snapshot.connection.execute(query).fetchone() or (0, 0, 0)
    return TablePlan(
        table=str(shape.name),
        shared=False,
        rows=rows,
        inside=inside,
        mixed=mixed,
        outside=rows - inside - unowned,
        unowned=unowned,
        guests=_number(snapshot, queries["marks"].format(marked=temporary("guest", shape.index))),
        stubs=_number(snapshot, queries["marks"].format(marked=temporary("stub", shape.index))),
    )


def _key_holds(snapshot: Snapshot, shape: Shape) -> bool:
    query = statements("klover.migrate", "closure.sql")["key_holds"].format(
        keys=columns("t", shape.key),
        present=present("t", shape.key),
        table=shape.rows(),
    )
    return bool((snapshot.connection.execute(query).fetchone() or (False,))[0])


def _number(snapshot: Snapshot, query: sql.Composed) -> int:
    return int((snapshot.connection.execute(query).fetchone() or (0,))[0])
