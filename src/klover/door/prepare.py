"""Make room for pseudonyms in large tables while the application works, before doors change.

Each step is short or holds up nobody: columns are added without a value and the trigger computes
what comes from then on; what stands is filled in batches of pages, a transaction each; indexes are
made concurrently; the check is added without a look at the rows and then held against them, while
others write. Killed anywhere, it goes on where it was: what is left to do is read from the catalog
and from the rows themselves. Small tables are left to ``apply``, which does it all at once.
https://www.postgresql.org/docs/18/sql-altertable.html
"""

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from klover.catalog import TableName
from klover.door import foreign, leaving, ledger, naming, online, standing
from klover.door.apply import plan_doors
from klover.door.condition import identifier
from klover.door.doors import Doors, Keeper, Stored
from klover.door.online import Progress
from klover.door.pseudonyms import (
    assignments,
    column_steps,
    unfilled,
)
from klover.door.pseudonyms.checks import check_steps, index_steps, is_filled
from klover.door.pseudonyms.keys import key_steps
from klover.door.pseudonyms.state import (
    PseudonymState,
    expect_keys,
    expect_same_epochs,
    read_pseudonyms,
)
from klover.door.pseudonyms.trust import is_new_or_trusted
from klover.door.refill import can_refill, refill, refill_steps
from klover.door.step import Phase, Step, write
from klover.store.connect import Connection
from klover.store.locks import brief_locks

SMALL = 1024
"""Pages (8 MB) up to which a table is left to ``apply``: less than a second's work."""
BATCH = 512
"""Pages filled in one transaction: some ten thousand rows, a fraction of a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a preparation did: the tables it worked on, and how many rows it filled."""

    tables: tuple[TableName, ...]
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What a preparation would do: its steps in order, a fill standing for all its batches."""

    tables: frozenset[TableName]
    steps: tuple[Step, ...]
    closes: tuple[str, ...] = ()
    """The audiences whose doors are suspended before, and resumed after."""


def preparation(connection: Connection, doors: Doors, *, small: int = SMALL) -> Preparation:
    """Tell what ``prepare`` would do; changes nothing."""
    with brief_locks(connection):
        state = read_pseudonyms(connection, doors.keepers)
        closes = _shown(connection, doors, state, small)
        closed = frozenset(naming.schema(audience) for audience in closes)
        large = _large(connection, doors, state, small, closed)
    steps = [*_ground(doors, state)] if large else []
    for keeper in large:
        if not is_new_or_trusted(keeper, state):
            steps += [*refill_steps(keeper, state), *_last(keeper, state)]
            continue
        todo = [each for each in keeper.stored if not is_filled(each, state)]
        steps += [*leaving.let_go(keeper, state), *column_steps(keeper, state)]
        steps += [
            step
            for name in (state.leaves(keeper.table) if todo else ())
            for step in [_batch(name, todo, None)]
        ]
        steps += _last(keeper, state)
    tables = frozenset(each.table for each in large)
    return Preparation(tables=tables, steps=tuple(steps), closes=closes)


def to_close(connection: Connection, doors: Doors, *, small: int = SMALL) -> tuple[str, ...]:
    """Tell the audiences whose open doors show what is not right while a large table is made ready.

    That is what has to be computed anew, and what leaves the table. In one transaction it would
    take long, and hold up the application's writes; beside it, nobody may look. Tells nobody while
    a door is suspended: only a resume goes on then.
    """
    with brief_locks(connection):
        state = read_pseudonyms(connection, doors.keepers)
        return _shown(connection, doors, state, small)


def _shown(
    connection: Connection, doors: Doors, state: PseudonymState, small: int
) -> tuple[str, ...]:
    if ledger.suspensions(connection):
        return ()
    shown: set[str] = set()
    for keeper in doors.keepers:
        if not _lacks(keeper, state) or _pages(connection, keeper, state) <= small:
            continue
        shown |= leaving.shown_by(connection, keeper, state)
        if not is_new_or_trusted(keeper, state):
            shown |= {naming.schema(each.audience) for each in keeper.stored}
    shown &= set(standing.door_schemas(connection))
    known = {*state.epochs, *(door.audience for door in doors.doors)}
    return tuple(sorted(audience for audience in known if naming.schema(audience) in shown))


def _lacks(keeper: Keeper, state: PseudonymState) -> bool:
    return (
        not is_new_or_trusted(keeper, state)
        or any(not is_filled(each, state) for each in keeper.stored)
        or any([*index_steps(each, state)] for each in keeper.stored)
    )


def _pages(connection: Connection, keeper: Keeper, state: PseudonymState) -> int:
    return sum(online.pages(connection, leaf) for leaf in state.leaves(keeper.table))


def _last(keeper: Keeper, state: PseudonymState) -> Iterator[Step]:
    for each in keeper.stored:
        yield from index_steps(each, state, concurrently=True)
        yield from _checked(each, state)


def prepare(
    connection: Connection,
    doors: Doors,
    *,
    progress: Progress | None = None,
    resuming: bool = False,
    small: int = SMALL,
    pages: int = BATCH,
) -> Prepared:
    """Fill the pseudonyms of large tables, online; ``connection`` is the owner's, in autocommit.

    Tables of up to ``small`` pages are left out; ``pages`` are filled in one transaction.
    Raises StoreError when a lock is not to be had; run again, it goes on from there. Raises
    InputError while a door is suspended, unless it is for ``resuming`` it: what cannot be trusted
    is computed anew then where every door that shows it is.
    """
    with online.alone_at_work(connection):
        if not resuming:
            ledger.expect_open(connection)
        foreign.expect_none(connection)
        return _prepare(connection, doors, progress, small, pages)


def _prepare(
    connection: Connection, doors: Doors, progress: Progress | None, small: int, pages: int
) -> Prepared:
    tables: list[TableName] = []
    rows = 0
    state = read_pseudonyms(connection, doors.keepers)
    expect_same_epochs({door.audience: door.epochs for door in doors.doors}, state)
    expect_keys(doors.keepers, state)
    large = _large(connection, doors, state, small)
    for keeper in large:
        leaving.expect_unseen(connection, keeper, state)
    if large:
        plan_doors(connection, doors)  # what apply would refuse is refused before hours of work
        online.run(connection, _ground(doors, state))
    for keeper in large:
        state = read_pseudonyms(connection, doors.keepers)
        if not is_new_or_trusted(keeper, state):
            rows += refill(connection, keeper, state, batch=pages, progress=progress)
            state = read_pseudonyms(connection, doors.keepers)
        online.run(connection, [*leaving.let_go(keeper, state), *column_steps(keeper, state)])
        todo = [each for each in keeper.stored if not is_filled(each, state)]
        for leaf in state.leaves(keeper.table) if todo else ():
            rows += _fill(connection, leaf, todo, pages, progress)
        # What an interrupted one left is found by reading again.
        state = read_pseudonyms(connection, doors.keepers)
        for each in keeper.stored:
            for step in index_steps(each, state, concurrently=True):
                online.run_alone(connection, step)
            for step in _checked(each, state):
                online.run(connection, [step])
        tables.append(keeper.table)
    return Prepared(tables=tuple(tables), rows=rows)


def _large(
    connection: Connection,
    doors: Doors,
    state: PseudonymState,
    small: int,
    closed: frozenset[str] = frozenset(),
) -> list[Keeper]:
    """Tell the large tables in which something is missing.

    Values that cannot be trusted are computed anew page by page where the doors that show them are
    suspended or ``closed`` for it, else as a whole, by ``apply``.
    """
    there = standing.door_schemas(connection)
    closed |= ledger.suspensions(connection).keys()
    return [
        keeper
        for keeper in doors.keepers
        if (is_new_or_trusted(keeper, state) or can_refill(keeper, there, closed))
        and _lacks(keeper, state)
        and _pages(connection, keeper, state) > small
    ]


def _ground(doors: Doors, state: PseudonymState) -> Iterator[Step]:
    """Make what has to stand before the first column does: a schema, a role, the keys."""
    schema = naming.PSEUDONYMS
    why = "where Klover's objects stand"
    yield Step(
        phase=Phase.CREATE,
        why=why,
        sql="do $$ begin if to_regrole('klover_keeper') is null then"
        " create role klover_keeper nologin; end if; end $$",
    )
    yield write(Phase.CREATE, why, "create schema if not exists {schema}", {"schema": schema})
    yield write(
        Phase.CREATE, why, "grant usage on schema {schema} to {keeper}",
        {"schema": schema, "keeper": naming.KEEPER},
    )  # fmt: skip
    yield from (step for step in key_steps(doors, state) if step.phase is Phase.CREATE)


def _checked(each: Stored, state: PseudonymState) -> Iterator[Step]:
    """Add the check without a look at the rows, then hold it against them while others write."""
    if is_filled(each, state):
        return
    if (each.table, each.name) not in state.checks or (each.table, each.name) in state.unlike:
        yield from check_steps(each, state, valid=False)
    yield write(
        Phase.CHECK,
        f"no row of {each.table} lacks its pseudonym",
        "alter table {table} validate constraint {name}",
        {"table": identifier(each.table), "name": each.name},
    )


def _batch(relation: TableName, stored: list[Stored], pages: range | None) -> Step:
    where = unfilled(stored)
    if pages is not None:
        where = sql.SQL("ctid >= {} and ctid < {} and ({})").format(
            sql.Literal(f"({pages.start},0)"), sql.Literal(f"({pages.stop},0)"), where
        )
    return write(
        Phase.FILL,
        f"a pseudonym for every row of {relation} that names one, some pages at a time",
        "update only {table} set {sets} where {where}",
        {"table": identifier(relation), "sets": assignments(stored), "where": where},
    )


def _fill(
    connection: Connection,
    relation: TableName,
    stored: list[Stored],
    pages: int,
    progress: Progress | None,
) -> int:
    """Fill page by page: a row that is changed meanwhile is filled by its trigger."""
    whole = online.pages(connection, relation)
    filled = 0
    for first in range(0, whole, pages):
        step = _batch(relation, stored, range(first, first + pages))
        with online.short(connection):
            filled += online.fill_pages(connection, step)
        if progress is not None:
            progress(relation, min(first + pages, whole), whole)
    return filled
