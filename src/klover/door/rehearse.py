"""An application's migration, tried in a transaction that is always taken back.

It tells what the migration would do to the doors before anybody runs it. Only statements whose
every effect a rollback undoes are let through (deny by default); triggers do not fire
(``session_replication_role``); locks, statements and the whole are cut short, since what the file
locks stays locked meanwhile. Where the doors stand in its way, it is tried again without them.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from klover.door import ground, ledger, standing
from klover.door.drift import Drift, explained
from klover.door.suspend import suspension
from klover.door.turn import run, settle, wait_at_most
from klover.errors import InputError, PolicyError, StoreError
from klover.store.connect import Connection
from klover.wire.lexer import UnlexableError
from klover.wire.statement import Statement, split

_SKIPPED = frozenset({"SET"})
"""Settings of the file would lift ours; names without a schema mean ``public``."""
_CHANGES = frozenset({"COMMENT", "DELETE", "GRANT", "INSERT", "REVOKE", "TRUNCATE", "UPDATE"})
_SHAPES = frozenset({
    "domain", "function", "index", "materialized", "procedure", "routine", "schema", "sequence",
    "table", "trigger", "type", "view",
})  # fmt: skip
_BETWEEN = frozenset({"or", "replace", "unique", "unlogged", "constraint", "recursive"})
_IN_THE_WAY = (psycopg.errors.DependentObjectsStillExist, psycopg.errors.FeatureNotSupported)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds: for a lock, for a statement, and for the file."""

    lock: float = 1.0
    statement: float = 10.0
    whole: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What a migration would do: whether doors have to be suspended for it, and the drift."""

    statements: int
    suspend: bool
    drift: tuple[Drift, ...]


class _InTheWayError(Exception):
    """A door depends on what a statement changes."""


def rehearse(
    connection: Connection,
    text: str,
    fits: Callable[[], None],
    *,
    limits: Limits | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Rehearsed:
    """Run ``text`` on ``connection`` (a primary), see what changes, and take it back.

    ``fits`` holds the policy against the catalog as it then is and raises PolicyError. Raises
    InputError for a file that is not let through or fails, StoreError where it takes too long.
    """
    statements = checked(text)
    limits = limits or Limits()
    with connection.transaction(force_rollback=True):
        settle(connection)
        _restrain(connection, limits)
        before = ground.read(connection)
        begun = clock()

        def attempt() -> tuple[Drift, ...]:
            _run_file(connection, statements, lambda: clock() - begun > limits.whole)
            after = ground.read(connection)
            return (*explained(ground.compare(before, after)), *_fit(fits))

        try:
            with connection.transaction():
                return Rehearsed(statements=len(statements), suspend=False, drift=attempt())
        except _InTheWayError:
            schemas = standing.door_schemas(connection)
            with connection.transaction():
                ledger.make(connection)
                closed = dict.fromkeys(schemas, "rehearsal")
                run(connection, suspension(connection, schemas, closed))
            try:
                return Rehearsed(statements=len(statements), suspend=True, drift=attempt())
            except _InTheWayError:
                raise InputError(
                    "The migration fails even without the doors: something else depends on what "
                    "it changes."
                ) from None


def checked(text: str) -> tuple[Statement, ...]:
    """Cut a file into statements. Raises InputError for what a rollback might not undo."""
    try:
        statements = split(text)
    except UnlexableError as error:
        raise InputError(f"The migration cannot be read as SQL: {error}") from error
    for number, statement in enumerate(statements, 1):
        if not _is_let_through(statement):
            raise InputError(
                f"Statement {number} of the migration ({statement.kind or 'of unknown kind'}) is "
                "not rehearsed: only changes of tables, types, indexes, views, functions, rights "
                "and rows are, since all of them are taken back. Rehearse the rest on a copy."
            )
    return tuple(each for each in statements if each.kind not in _SKIPPED)


def _is_let_through(statement: Statement) -> bool:
    if statement.kind in _SKIPPED or statement.kind in _CHANGES:
        return True
    if statement.kind not in {"ALTER", "CREATE", "DROP"}:
        return False
    words = [token.value.lower() for token in statement.tokens]
    if "concurrently" in words:
        return False
    at = 1
    while at < len(words) and words[at] in _BETWEEN:
        at += 1
    return at < len(words) and words[at] in _SHAPES


def _restrain(connection: Connection, limits: Limits) -> None:
    wait_at_most(connection, limits.lock)
    milliseconds = sql.Literal(f"{limits.statement * 1000:.0f}ms")
    connection.execute(sql.SQL("set local statement_timeout = {}").format(milliseconds))
    connection.execute("set local session_replication_role = replica")
    connection.execute("set local search_path = public")


def _run_file(
    connection: Connection, statements: Sequence[Statement], late: Callable[[], bool]
) -> None:
    for number, statement in enumerate(statements, 1):
        if late():
            raise StoreError("The migration takes too long to be rehearsed here; use a copy.")
        try:
            connection.execute(statement.original.encode())
        except _IN_THE_WAY as error:
            raise _InTheWayError from error
        except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled) as error:
            raise StoreError(
                f"Statement {number} of the migration waits for a lock or runs too long to be "
                "rehearsed here; try again when the application is quieter, or use a copy."
            ) from error
        except psycopg.Error as error:
            # The server's own words may hold values of rows.
            raise InputError(
                f"Statement {number} of the migration fails ({type(error).__name__}, SQLSTATE "
                f"{error.sqlstate})."
            ) from None


def _fit(fits: Callable[[], None]) -> tuple[Drift, ...]:
    try:
        fits()
    except PolicyError as error:
        return (
            Drift(
                subject="the policy",
                what=f"would not fit any more: {error}",
                breaks="no apply and no resume goes through",
                views=(),
                mend="change the policy with the migration",
            ),
        )
    return ()
