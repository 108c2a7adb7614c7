"""A sample of a database's values, for ``klover policy suggest``: forms, types, containment.

Nothing is changed: the session is read-only and every statement is short, or cancelled by the
server and passed over. Values stay in this process: they are looked at for their form and whether
they stand in another table's key, and are neither printed nor written.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from klover.catalog import Catalog, Column, Table, TableName
from klover.policy.neutral import bare_type
from klover.policy.suggest import Answer, Evidence, Question
from klover.policy.suggest.pairs import type_columns
from klover.store.connect import Connection
from klover.store.sql import statements

Progress = Callable[[int, int], None]

_SECONDS = 3
"""How long one statement may take; what takes longer is passed over."""
_LOCK_MILLISECONDS = 200
_ALTOGETHER_SECONDS = 120
"""After that the rest is passed over: names and types have to do."""
_PART = 20_000
"""The most rows of which distinct values are looked for."""
_MOST_TYPES = 40
_SPREAD = 20
"""From how many times the sample's rows a table is sampled all over instead of at its beginning."""
_PASSED_OVER = (
    psycopg.errors.QueryCanceled,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.FeatureNotSupported,
    psycopg.errors.DataException,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.ObjectNotInPrerequisiteState,
)
_TEXTS = frozenset({"text", "character varying", "character", "citext", "uuid", "name"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """What was learnt, and how many statements the server refused or cancelled."""

    evidence: Evidence
    asked: int
    passed_over: int


def sample(
    connection: Connection,
    catalog: Catalog,
    questions: Sequence[Question],
    *,
    rows: int,
    progress: Progress = lambda _done, _total: None,
) -> Sampled:
    """Read at most ``rows`` rows of each table and answer ``questions`` of as many values."""
    reader = _Reader(connection, rows)
    tables = catalog.base_tables()
    total = len(tables) + len(questions)
    reader.settle()
    samples: dict[TableName, Mapping[str, Sequence[str]]] = {}
    for number, table in enumerate(tables, 1):
        samples[table.name] = reader.values(table)
        progress(number, total)
    answers: dict[Question, Answer] = {}
    for number, question in enumerate(questions, 1):
        answer = reader.answer(catalog, question)
        if answer is not None:
            answers[question] = answer
        progress(len(tables) + number, total)
    return Sampled(
        evidence=Evidence(samples=samples, answers=answers),
        asked=reader.asked,
        passed_over=reader.passed_over,
    )


class _Reader:
    """Runs the statements of one sample."""

    def __init__(self, connection: Connection, rows: int) -> None:
        self._connection = connection
        self._rows = rows
        self._queries = statements("klover.store", "sample.sql")
        self._ends = time.monotonic() + _ALTOGETHER_SECONDS
        self._closed: set[TableName] = set()
        self.asked = 0
        self.passed_over = 0

    def settle(self) -> None:
        """Make the session one that changes nothing and waits for nothing."""
        for name, value in (
            ("default_transaction_read_only", "on"),
            ("statement_timeout", f"{_SECONDS}s"),
            ("lock_timeout", f"{_LOCK_MILLISECONDS}ms"),
        ):
            self._connection.execute("select set_config(%s, %s, false)", (name, value))

    def values(self, table: Table) -> Mapping[str, Sequence[str]]:
        """Tell sampled values of the columns whose form or words may tell something."""
        columns = [column for column in table.columns if _is_text(column)]
        found: dict[str, Sequence[str]] = {}
        if columns:
            drawn = self._rows_of(table, columns)
            for place, column in enumerate(columns):
                found[column.name] = [row[place] for row in drawn if row[place] is not None]
        for name in type_columns(table):
            types = self._run(
                self._queries["types"].format(
                    column=sql.Identifier(name),
                    table=_name(table.name),
                    rows=sql.Literal(_PART),
                    limit=sql.Literal(_MOST_TYPES),
                ),
                table.name,
            )
            found[name] = [row[0] for row in types]
        return found

    def answer(self, catalog: Catalog, question: Question) -> Answer | None:
        """Count how many of a column's values stand in a key; None where that cannot be told."""
        query = self._queries["contained_elements" if question.element else "contained"]
        told: Answer | None = None
        for pages in self._pages(catalog.tables[question.table]):
            drawn = self._run(
                query.format(
                    column=sql.Identifier(question.column),
                    table=_name(question.table),
                    tablesample=pages,
                    rows=sql.Literal(self._rows * 5),
                    limit=sql.Literal(self._rows),
                    target=_name(question.target),
                    target_column=sql.Identifier(question.target_column),
                ),
                question.table,
                question.target,
            )
            told = next((Answer(asked=row[0], found=row[1]) for row in drawn), told)
            if told is not None and told.asked:
                break
        return told

    def _rows_of(self, table: Table, columns: Sequence[Column]) -> list[TupleRow]:
        part = self._queries["column"]
        listed = sql.SQL(", ").join(
            part.format(column=sql.Identifier(column.name)) for column in columns
        )
        for pages in self._pages(table):
            drawn = self._run(
                self._queries["rows"].format(
                    columns=listed,
                    table=_name(table.name),
                    tablesample=pages,
                    limit=sql.Literal(self._rows),
                ),
                table.name,
            )
            if drawn:
                return drawn
        return []

    def _pages(self, table: Table) -> Sequence[sql.Composable]:
        """Tell which pages to try: some of all, then the first ones, should those hold no row."""
        first = sql.SQL("")
        if table.estimated_rows < self._rows * _SPREAD:
            return [first]
        percent = min(100.0, 100.0 * self._rows * _SPREAD / table.estimated_rows)
        return [self._queries["some_pages"].format(percent=sql.Literal(percent)), first]

    def _run(self, query: sql.Composed, *tables: TableName) -> list[TupleRow]:
        """Run a statement about ``tables``; nothing where the server will not have it."""
        self.asked += 1
        if self._closed.intersection(tables) or time.monotonic() > self._ends:
            self.passed_over += 1
            return []
        try:
            return list(self._connection.execute(query))
        except _PASSED_OVER:
            self.passed_over += 1
            if len(tables) == 1:  # locked, forbidden or slow: not tried again
                self._closed.update(tables)
            return []


def _is_text(column: Column) -> bool:
    return column.type_kind != "e" and bare_type(column.base_type) in _TEXTS


def _name(table: TableName) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)
