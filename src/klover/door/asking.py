"""Questions of the proof that the rights at hand may not answer: *unknown* then, never *absent*."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg

from klover.door.proof import Fact, unknown
from klover.store.connect import Connection
from klover.store.sql import statements

Rows = list[tuple[Any, ...]]


def ask(connection: Connection, file: str, name: str, parameters: Any = None) -> Rows | None:
    """Run a named statement of ``file``; None where the role may not see the answer."""
    query = statements("klover.door", file)[name]
    try:
        with connection.transaction():
            return connection.execute(query, parameters).fetchall()
    except psycopg.errors.InsufficientPrivilege:
        return None


def judged(rows: Rows | None, what: str, judge: Callable[[Rows], Iterator[Fact]]) -> Iterator[Fact]:
    """Judge an answer, or tell that there is none."""
    if rows is None:
        yield unknown("server", what, "the role that asks may not see it")
    else:
        yield from judge(rows)
