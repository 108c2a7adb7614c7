"""The people of the demonstration, put into its application's tables.

``populate`` streams every table through COPY in batches and keeps nothing of them; the same
number of people and the same seed give the same bytes, told by ``Population.digest``.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from itertools import islice
from typing import Any

import psycopg
from psycopg import sql

from klover.demo.cast import AMERICAN, Cast, cast
from klover.demo.homes import Side
from klover.demo.tables import TABLES, Table

Progress = Callable[[str, int, int], None]
"""Told a table, the rows written to it so far, and how many there will be (an estimate until
the table is done)."""

_BATCH = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Who and what was written. ``digest`` is SHA-256 (hex) over all rows in order."""

    people: int
    inside: int
    """Europeans: those whose home says so, and the undecided."""
    outside: int
    undecided: int
    rows: dict[str, int]
    digest: str
    american: int
    """The account whose feed is shown."""

    @property
    def total(self) -> int:
        """Tell the number of rows in all tables."""
        return sum(self.rows.values())


def create_application(connection: psycopg.Connection[Any]) -> None:
    """Make the application's empty tables, all of them or none, in the schema ``public``."""
    text = files("klover.demo").joinpath("application.sql").read_text(encoding="utf-8")
    with connection.transaction():
        connection.execute("set local search_path = public")
        connection.execute(text.encode())


def populate(
    connection: psycopg.Connection[Any], *, people: int, seed: int, progress: Progress
) -> Population:
    """Write ``people`` people and all that is theirs into the application's empty tables.

    One transaction: all of it or nothing. Raises InputError for too few people.
    """
    everybody = cast(people=people, seed=seed)
    digest = hashlib.sha256()
    rows: dict[str, int] = {}
    with connection.transaction():
        for table in TABLES:
            told = partial(progress, table.name)
            rows[table.name] = _write(connection, table, everybody, digest.update, told)
        _advance_sequences(connection)
        for table in TABLES:
            connection.execute(sql.SQL("analyze {}").format(sql.Identifier("public", table.name)))
    sides = everybody.sides()
    return Population(
        people=people,
        inside=sides[Side.INSIDE] + sides[Side.UNDECIDED],
        outside=sides[Side.OUTSIDE],
        undecided=sides[Side.UNDECIDED],
        rows=rows,
        digest=digest.hexdigest(),
        american=AMERICAN + 1,
    )


def _write(
    connection: psycopg.Connection[Any],
    table: Table,
    everybody: Cast,
    update: Callable[[bytes], None],
    told: Callable[[int, int], None],
) -> int:
    command = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier("public", table.name),
        sql.SQL(", ").join(map(sql.Identifier, table.columns.split())),
    )
    expected = int(table.rate * everybody.people)
    written = 0
    lines = table.rows(everybody)
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        while batch := list(islice(lines, _BATCH)):
            data = "".join(batch).encode()
            update(data)
            copy.write(data)
            written += len(batch)
            told(written, max(written, expected))
    told(written, written)
    return written


def _advance_sequences(connection: psycopg.Connection[Any]) -> None:
    """Let every generated key go on after the rows that brought their own."""
    for table in TABLES:
        column = table.columns.split()[0]
        name = sql.Identifier("public", table.name)
        found = connection.execute(
            "select pg_get_serial_sequence(%s, %s)", (f"public.{table.name}", column)
        ).fetchone()
        if found is not None and found[0] is not None:
            connection.execute(
                sql.SQL("select setval(%s::regclass, max({})) from {}").format(
                    sql.Identifier(column), name
                ),
                (found[0],),
            )
