"""One change of the doors at a time: a transaction that waits briefly, and comes again.

Whoever waits for a lock makes everybody behind wait as long, the application first. So a lock is
waited for a second at most; then all of it is given back, and after a pause it is tried anew, a
few times. A failure, whatever its step, leaves what stood. Used by apply, suspend, resume, drop.
An autovacuum gives way to whoever waits, once a deadlock was looked for, which is done sooner here.
https://www.postgresql.org/docs/18/explicit-locking.html
https://www.postgresql.org/docs/18/routine-vacuuming.html#AUTOVACUUM
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import psycopg
from psycopg import sql

from klover.door.step import Step
from klover.errors import StoreError
from klover.store.connect import Connection
from klover.store.locks import limits

Progress = Callable[[int, int, Step], None]
"""Called before each step with its number (from 1), the number of steps, and the step."""

_Made = TypeVar("_Made")
_SESSION = (
    "set local search_path = pg_catalog",
    "set local client_min_messages = warning",
    # A door that was closed stays closed when the server crashes, whatever is its default.
    """select set_config('synchronous_commit', 'on', true)
        where current_setting('synchronous_commit') = 'off'""",
)
# A lock that is given up before a deadlock was looked for is never taken from an autovacuum.
_LOOK_SOONER = """
select set_config('deadlock_timeout', %s, true)
 where has_parameter_privilege('deadlock_timeout', 'set')
"""


class BusyError(StoreError):
    """Somebody else's work holds a lock that the change needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a lock is waited for (seconds), how often all is tried, and the pause between."""

    lock: float = 1.0
    attempts: int = 5
    pause: float = 0.5


def settle(connection: Connection) -> None:
    """Set what every transaction of ours starts with."""
    for statement in _SESSION:
        connection.execute(statement)
    for name in limits(connection):
        connection.execute(sql.SQL("set local {} = 0").format(sql.Identifier(name)))


def in_turn(
    connection: Connection,
    work: Callable[[], _Made],
    *,
    patience: Patience,
    sleep: Callable[[float], None] = time.sleep,
) -> _Made:
    """Do ``work`` in one transaction, again where a lock was held. Raises BusyError, StoreError."""
    for attempt in range(1, patience.attempts + 1):
        try:
            with connection.transaction():
                settle(connection)
                wait_at_most(connection, patience.lock)
                # One change at a time, whichever process asks.
                connection.execute("select pg_advisory_xact_lock(hashtext('klover doors'))")
                return work()
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            if attempt == patience.attempts:
                raise BusyError(_busy("another change of the doors", attempt)) from error
        except BusyError as error:
            if attempt == patience.attempts:
                raise BusyError(_busy(str(error), attempt)) from error
        sleep(patience.pause)
    raise ValueError("at least one attempt is made")


def run(connection: Connection, steps: Sequence[Step], progress: Progress | None = None) -> None:
    """Run steps in order. Raises BusyError for a lock, StoreError for what Postgres refuses."""
    for number, step in enumerate(steps, 1):
        if progress is not None:
            progress(number, len(steps), step)
        try:
            connection.execute(step.sql.encode())
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            raise BusyError(step.why) from error
        except psycopg.Error as error:
            reason = (error.diag.message_primary or type(error).__name__).rstrip(".")
            raise StoreError(f"The doors were not changed: {reason} ({step.why}).") from error


def wait_at_most(connection: Connection, seconds: float) -> None:
    """Wait no longer for a lock in the transaction at hand, and have an autovacuum let go of it."""
    milliseconds = sql.Literal(f"{seconds * 1000:.0f}ms")
    connection.execute(sql.SQL("set local lock_timeout = {}").format(milliseconds))
    connection.execute(_LOOK_SOONER, (f"{max(seconds * 500, 1):.0f}ms",))


def _busy(why: str, attempts: int) -> str:
    return (
        f"The doors were not changed: somebody else's work holds a lock they need ({why}; "
        f"{attempts} attempts). Run it again when the application is quieter."
    )
