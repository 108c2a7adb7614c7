"""Make a database what its doors say: one transaction, recorded before it counts.

The owner's connection, a superuser's. Locks are waited for briefly: an application at work is
not held up, and a failure leaves the doors as they were. When all steps have run, the catalog is
read again and has to ask for nothing more; only then the change is put on record and committed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from klover.catalog import TableName
from klover.door.condition import identifier
from klover.door.diff import plan
from klover.door.doors import Doors
from klover.door.state import read_state
from klover.door.step import Step
from klover.errors import PolicyError, StoreError
from klover.event import DoorsApplied, Recorder
from klover.store.connect import Connection

_SESSION = (
    "set local search_path = pg_catalog",
    "set local client_min_messages = warning",
    # A door that was closed stays closed when the server crashes, whatever is its default.
    """select set_config('synchronous_commit', 'on', true)
        where current_setting('synchronous_commit') = 'off'""",
)
_PATIENCE = 5.0
"""Seconds to wait for a lock: an application that waits behind us waits as long."""
_LOCK_SQLSTATES = {"55P03", "40P01"}

Progress = Callable[[int, int, Step], None]
"""Called before each step with its number (from 1), the number of steps, and the step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What an apply did: the doors' digest, and the steps taken (none where all stood)."""

    digest: str
    steps: tuple[Step, ...]


def plan_doors(
    connection: Connection, doors: Doors, prepared: frozenset[TableName] = frozenset()
) -> tuple[Step, ...]:
    """Tell what ``apply_doors`` would do, ``prepared`` being ready by then; changes nothing.

    Raises PolicyError for a condition Postgres does not take, StoreError for what it refuses.
    """
    with connection.transaction(force_rollback=True):
        _begin(connection)
        _check_predicates(connection, doors)
        return plan(doors, read_state(connection, doors), prepared)


def apply_doors(
    connection: Connection,
    doors: Doors,
    recorder: Recorder,
    time: str,
    *,
    progress: Progress | None = None,
    patience: float = _PATIENCE,
) -> Applied:
    """Carry the plan out and put it on record; ``time`` is the record's.

    A lock is waited for ``patience`` seconds.
    Raises PolicyError, StoreError or RecordError; nothing has changed then.
    """
    with connection.transaction():
        _begin(connection)
        milliseconds = sql.Literal(f"{patience * 1000:.0f}ms")
        connection.execute(sql.SQL("set local lock_timeout = {}").format(milliseconds))
        # One apply at a time, whichever process asks.
        connection.execute("select pg_advisory_xact_lock(hashtext('klover doors'))")
        _check_predicates(connection, doors)
        steps = plan(doors, read_state(connection, doors))
        for number, step in enumerate(steps, 1):
            if progress is not None:
                progress(number, len(steps), step)
            _run(connection, step)
        if steps:
            _read_back(connection, doors)
        recorder.append(
            DoorsApplied(
                time=time,
                database=doors.database,
                policy=doors.policy,
                doors=tuple(door.audience for door in doors.doors),
                digest=doors.digest,
                statements=len(steps),
            )
        )
        recorder.flush()
    return Applied(digest=doors.digest, steps=steps)


def _begin(connection: Connection) -> None:
    for statement in _SESSION:
        connection.execute(statement)


def _run(connection: Connection, step: Step) -> None:
    try:
        connection.execute(step.sql.encode())
    except psycopg.Error as error:
        if error.sqlstate in _LOCK_SQLSTATES:
            raise StoreError(
                "The doors were not changed: somebody else's work holds a lock they need "
                f"({step.why}). Run it again when the application is quieter."
            ) from error
        reason = (error.diag.message_primary or type(error).__name__).rstrip(".")
        raise StoreError(f"The doors were not changed: {reason} ({step.why}).") from error


def _read_back(connection: Connection, doors: Doors) -> None:
    """Read what now stands. Raises StoreError where it is still not what was compiled."""
    left = plan(doors, read_state(connection, doors))
    if left:
        raise StoreError(
            f"The doors were not changed: {len(left)} steps would be needed again, the first "
            f"because {left[0].why}. Something else changes the same objects."
        )


def _check_predicates(connection: Connection, doors: Doors) -> None:
    """Have Postgres parse each condition over its table, without reading a row."""
    for predicate in doors.predicates:
        query = sql.SQL("select from {table} where (({text}) is true)").format(
            table=identifier(predicate.table),
            text=sql.SQL(predicate.text),
        )
        try:
            with connection.transaction():
                text = sql.SQL("prepare klover_check as {}").format(query).as_string(None)
                connection.execute(text.encode())
        except psycopg.Error as error:
            reason = (error.diag.message_primary or type(error).__name__).rstrip(".")
            raise PolicyError(
                f"Postgres does not take `public_rows: {predicate.text}` of {predicate.table}: "
                f"{reason}.",
                file=doors.policy_file,
                line=predicate.line,
            ) from error
        connection.execute("deallocate klover_check")
