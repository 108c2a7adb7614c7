"""Gives generated keys disjoint spaces on both sides: sixteen slots, interleaved.

Every sequence that feeds a table of people's rows or a shared one counts in steps of sixteen times
its own; the source has slot 0, this cell slot 1, fourteen are left for later ones. The source goes
first: from then on it gives numbers of its slot only, so whatever it gave before lies below the
number from which the enclave starts. ``ALTER SEQUENCE`` locks out ``nextval`` until the
transaction ends, so no number is given in between. A step that was done is found done.
https://www.postgresql.org/docs/18/sql-altersequence.html
"""

from dataclasses import dataclass

from psycopg import sql

from klover.catalog import TableName
from klover.errors import InputError
from klover.migrate.copy import At
from klover.migrate.pieces import relation
from klover.migrate.snapshot import Tick
from klover.policy.resolved import Resolved
from klover.store.connect import Connection
from klover.store.sql import statements

SLOTS = 16
SLOT_OF_SOURCE = 0
SLOT_OF_CELL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Feed:
    """A sequence and the columns it feeds."""

    sequence: TableName
    columns: tuple[tuple[TableName, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counting:
    increment: int
    start: int
    highest: int


def separate(
    source: Connection,
    enclave: Connection,
    resolved: Resolved,
    *,
    who: dict[str, str],
    tick: Tick,
    at: At,
) -> int:
    """Give both sides their slots; tell how many sequences have them."""
    feeds = _feeds(resolved)
    for number, feed in enumerate(feeds):
        tick(number, len(feeds))
        at(f"separate:{feed.sequence}")
        counting = _counting(source, feed)
        step = _step(enclave, feed, who, counting.increment)
        with source.transaction():
            bound = _give(source, feed, counting, slot=SLOT_OF_SOURCE, step=step, above=0)
        at(f"separate-source-done:{feed.sequence}")
        with enclave.transaction():
            restart = _give(enclave, feed, counting, slot=SLOT_OF_CELL, step=step, above=bound)
            _keep(enclave, feed, who, step=step, restart=restart)
    tick(len(feeds), len(feeds))
    return len(feeds)


def next_in_slot(*, above: int, slot: int, increment: int, start: int) -> int:
    """Tell the first number above ``above`` in a slot: pure.

    Numbers of one slot are ``start + increment * (16 q + slot)``; slots never share one, and
    blocks of ``increment`` numbers that an application takes at a time do not overlap either.
    """
    place = max((above - start) // increment + 1, 0)
    place += (slot - place) % SLOTS
    return start + increment * place


def _feeds(resolved: Resolved) -> list[_Feed]:
    found: dict[TableName, list[tuple[TableName, str]]] = {}
    for traced in resolved.tables.values():
        for column in traced.table.columns:
            if column.sequence is not None:
                found.setdefault(column.sequence, []).append((traced.name, column.name))
    return [_Feed(sequence=name, columns=tuple(found[name])) for name in sorted(found)]


def _counting(connection: Connection, feed: _Feed) -> _Counting:
    query = statements("klover.migrate", "keyspace.sql")["settings"]
    name = sql.Literal(relation(feed.sequence).as_string())
    row = connection.execute(query.format(name=name)).fetchone()
    if row is None:
        raise InputError(f"The sequence {feed.sequence} is gone from the source.")
    if row[0] < 1 or row[4]:
        raise InputError(
            f"The sequence {feed.sequence} counts down or in circles; its keys cannot be kept "
            "apart. Let it count up without CYCLE."
        )
    return _Counting(increment=row[0], start=row[1], highest=row[3])


def _step(enclave: Connection, feed: _Feed, who: dict[str, str], increment: int) -> int:
    """Tell the new step: sixteen times the first one, whatever an interrupted try has changed."""
    query = statements("klover.migrate", "keyspace.sql")["known"]
    key = {**who, "sequence": str(feed.sequence), "side": "source"}
    row = enclave.execute(query, key).fetchone()
    if row is not None:
        return int(row[0])
    step = increment * SLOTS
    _keep(enclave, feed, {**who, "side": "source"}, step=step, restart=0)
    return step


def _give(
    connection: Connection, feed: _Feed, counting: _Counting, *, slot: int, step: int, above: int
) -> int:
    """Move a sequence into its slot; tell the number it goes on from. Idempotent."""
    queries = statements("klover.migrate", "keyspace.sql")
    sequence = relation(feed.sequence)
    old = _counting(connection, feed)
    connection.execute(queries["increment"].format(sequence=sequence, increment=sql.Literal(step)))
    last, called = connection.execute(queries["last"].format(sequence=sequence)).fetchone() or (
        0,
        False,
    )
    following = int(last) + step if called else int(last)
    base = step // SLOTS
    first = counting.start % base if base > 1 else 0
    if old.increment == step and (following - first) // base % SLOTS == slot and following > above:
        return following
    bound = max([above, int(last), *(_highest(connection, *column) for column in feed.columns)])
    restart = next_in_slot(above=bound, slot=slot, increment=base, start=first)
    if restart + step * 1_000_000 > counting.highest:
        raise InputError(
            f"The sequence {feed.sequence} has less than a million keys left in steps of {step}; "
            "give it a wider type (bigint) on both sides first."
        )
    connection.execute(queries["restart"].format(sequence=sequence, restart=sql.Literal(restart)))
    return restart


def _highest(connection: Connection, table: TableName, column: str) -> int:
    query = statements("klover.migrate", "keyspace.sql")["highest"]
    query_of = query.format(column=sql.Identifier(column), table=relation(table))
    return int((connection.execute(query_of).fetchone() or (0,))[0])


def _keep(
    enclave: Connection, feed: _Feed, who: dict[str, str], *, step: int, restart: int
) -> None:
    side = who.get("side", "enclave")
    enclave.execute(
        statements("klover.migrate", "keyspace.sql")["keep"],
        {
            "source": who["source"],
            "cell": who["cell"],
            "sequence": str(feed.sequence),
            "side": side,
            "slot": SLOT_OF_SOURCE if side == "source" else SLOT_OF_CELL,
            "slots": SLOTS,
            "increment": step,
            "restart": restart,
        },
    )
