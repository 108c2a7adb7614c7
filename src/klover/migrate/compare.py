"""Proves the enclave's rows equal to the source's: two ordered streams, compared byte by byte.

Both servers send the same columns in the same order of keys (text in C order), in binary form;
types whose binary form embeds an oid go as text. Bytes are compared, not sums: nothing that differs
is called equal. The digest on record is SHA-256 over the source's stream of every table. Memory
grows with the differences only. A row is named by the digest of its key, never by the key.
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from psycopg import sql

from klover.catalog import Column
from klover.migrate.frames import batches
from klover.migrate.pieces import (
    equal,
    key_text,
    listed,
    ordered,
    present,
    relation,
    temporary,
)
from klover.migrate.shape import Shape
from klover.migrate.snapshot import Snapshot, Tick
from klover.store.connect import Connection
from klover.store.sql import statements

_NAMED = 5
"""How many differing rows are named by their keys' digests."""


@dataclass(slots=True, kw_only=True)
class Compared:
    """What came of comparing one table's rows of one kind."""

    table: str
    kind: str
    equal_rows: int = 0
    different: int = 0
    missing: int = 0
    """At the source, not inside."""
    extra: int = 0
    """Inside, not at the source (any more)."""
    digest: str = ""
    first: list[str] = field(default_factory=list)
    """SHA-256 of the keys of the first rows that differ."""

    @property
    def equal(self) -> bool:
        """Whether every row is equal and none is missing or extra."""
        return self.different + self.missing + self.extra == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What came of comparing everything. ``orphans`` names references that lead nowhere inside."""

    tables: tuple[Compared, ...]
    orphans: tuple[str, ...]
    digest: str

    @property
    def rows_equal(self) -> int:
        """Rows that moved in full and are equal."""
        return sum(table.equal_rows for table in self.tables if table.kind == "member")

    @property
    def rows_different(self) -> int:
        """Rows that differ, are missing or are extra, guests and shared ones included."""
        return sum(table.different + table.missing + table.extra for table in self.tables)

    @property
    def equal(self) -> bool:
        """Whether the enclave is proven equal."""
        return self.rows_different == 0 and not self.orphans


def compare(
    snapshot: Snapshot, enclave: Connection, *, source: str, cell: str, tick: Tick
) -> Comparison:
    """Compare every table: inside rows, guests, shared tables; then every reference inside."""
    found: list[Compared] = []
    total = len(snapshot.shapes)
    for number, shape in enumerate(snapshot.shapes.values()):
        tick(number, total)
        if shape.shared:
            found.append(compare_shared(snapshot, enclave, shape))
            continue
        found += [
            _compare_kind(snapshot, enclave, shape, kind, source=source, cell=cell)
            for kind in ("member", "guest")
        ]
    orphans = [
        line for shape in snapshot.shapes.values() for line in _orphans(snapshot, enclave, shape)
    ]
    tick(total, total)
    whole = hashlib.sha256()
    for table in found:
        whole.update(f"{table.table}\t{table.kind}\t{table.digest}\n".encode())
    return Comparison(tables=tuple(found), orphans=tuple(orphans), digest=whole.hexdigest())


def compare_shared(snapshot: Snapshot, enclave: Connection, shape: Shape) -> Compared:
    """Compare a shared table whole."""
    every = shape.traced.table.columns
    # Without a key all columns tell rows apart, and some types (json, point) have no order.
    order = listed(
        [ordered("t", column) for column in _key(shape)]
        or [sql.SQL('{}::text collate "C"').format(sql.Identifier("t", c.name)) for c in every]
    )
    query = statements("klover.migrate", "compare.sql")["source_rows"].format(
        values=_values(shape, [sql.Identifier("t", column.name) for column in every]),
        table=shape.rows(),
        join=sql.SQL(""),
        order=order,
    )
    return _streams(
        batches(snapshot.connection, query),
        batches(enclave, query),
        keys=len(_key(shape) or every),
        found=Compared(table=str(shape.name), kind="shared"),
    )


def _compare_kind(
    snapshot: Snapshot, enclave: Connection, shape: Shape, kind: str, *, source: str, cell: str
) -> Compared:
    queries = statements("klover.migrate", "compare.sql")
    every = _compared_columns(shape, kind)
    order = listed(ordered("t", column) for column in _key(shape))
    own = [sql.Composed([sql.Identifier("t", column.name)]) for column in every]
    theirs = (
        own
        if kind == "member"
        else [shape.value(shape.guest, column, "t", "g") for column in every]
    )
    at_source = queries["source_rows"].format(
        values=_values(shape, theirs, every),
        table=shape.rows(),
        join=sql.SQL("join {} as g on {}{}").format(
            temporary(kind, shape.index),
            equal("t", shape.key, "g", shape.key),
            sql.SQL(" and g.klover_state > 0" if kind == "member" else ""),
        ),
        order=order,
    )
    inside = queries["enclave_members" if kind == "member" else "enclave_guests"].format(
        values=_values(shape, own, every),
        table=shape.rows(),
        source=sql.Literal(source),
        cell=sql.Literal(cell),
        relation=sql.Literal(str(shape.name)),
        key=key_text("t", shape.key),
        order=order,
    )
    return _streams(
        batches(snapshot.connection, at_source),
        batches(enclave, inside),
        keys=len(shape.key),
        found=Compared(table=str(shape.name), kind=kind),
    )


def _key(shape: Shape) -> tuple[Column, ...]:
    return shape.key_columns()


def _compared_columns(shape: Shape, kind: str) -> list[Column]:
    """Compare generated columns too, except in guests, where they follow from neutral values."""
    return [
        column for column in shape.traced.table.columns if kind == "member" or not column.generated
    ]


def _values(
    shape: Shape, values: list[Any], every: list[Column] | tuple[Column, ...] = ()
) -> sql.Composed:
    """List the key's columns, then the values; what is not portable goes as text."""
    key = [_portable(sql.Identifier("t", column.name), column) for column in _key(shape)]
    rest = [
        _portable(value, column)
        for value, column in zip(values, every or shape.traced.table.columns, strict=True)
    ]
    return listed([*key, *rest])


def _portable(value: sql.Composable, column: Column) -> sql.Composable:
    return value if column.portable_binary else sql.SQL("({})::text").format(value)


def _streams(
    source: Iterator[list[bytes]], enclave: Iterator[list[bytes]], *, keys: int, found: Compared
) -> Compared:
    """Run both streams side by side; whole batches are compared at once while they agree."""
    running = hashlib.sha256()
    missing: dict[bytes, bytes] = {}
    extra: dict[bytes, bytes] = {}
    nothing: list[bytes] = []
    for ours, theirs in zip_longest(source, enclave, fillvalue=nothing):
        running.update(b"".join(ours))
        if ours == theirs and not missing and not extra:
            found.equal_rows += len(ours)
            continue
        for one, other in zip_longest(ours, theirs):
            if one is not None:
                _settle(one, keys, extra, missing, found)
            if other is not None:
                _settle(other, keys, missing, extra, found)
    found.missing, found.extra = len(missing), len(extra)
    found.digest = running.hexdigest()
    left = [*missing, *extra][: _NAMED - len(found.first)]
    found.first += [key.hex() for key in left]
    return found


def _settle(
    row: bytes,
    keys: int,
    waiting: dict[bytes, bytes],
    own: dict[bytes, bytes],
    found: Compared,
) -> None:
    """Match a row with its partner from the other side, or let it wait for one."""
    key = hashlib.sha256(_key_bytes(row, keys)).digest()
    digest = hashlib.sha256(row).digest()
    partner = waiting.pop(key, None)
    if partner is None and key in own:
        found.different += 1  # the same row twice, where the other side has it once
    elif partner is None:
        own[key] = digest
    elif partner == digest:
        found.equal_rows += 1
    else:
        found.different += 1
        if len(found.first) < _NAMED:
            found.first.append(key.hex())


def _key_bytes(row: bytes, keys: int) -> bytes:
    """Cut the first fields off a binary tuple (int16 fields, then int32 length and data each)."""
    end = 2
    for _ in range(keys):
        (length,) = struct.unpack_from("!i", row, end)
        end += 4 + max(length, 0)
    return row[2:end]


def _orphans(snapshot: Snapshot, enclave: Connection, shape: Shape) -> Iterator[str]:
    """Name references that lead nowhere inside, unless they lead nowhere at the source too."""
    query = statements("klover.migrate", "compare.sql")["orphans"]
    for reference in shape.traced.references:
        if not reference.declared:
            continue
        parts = {
            "table": shape.rows(),
            "present": present("t", reference.columns),
            "target": relation(reference.target),
            "refers": equal("t", reference.columns, "p", reference.target_columns),
        }
        inside = _count(enclave, query.format(**parts, scope=sql.SQL("")))
        if inside and inside > _count(
            snapshot.connection, query.format(**parts, scope=sql.SQL(""))
        ):
            names = ", ".join(reference.columns)
            yield f"{shape.name} ({names}) → {reference.target}: {inside} rows"


def _count(connection: Connection, query: sql.Composed) -> int:
    return int((connection.execute(query).fetchone() or (0,))[0])
