"""Where a migration stands, durably, in the enclave: schema ``klover``, keyed by (source, cell).

A step's effect inside and the move to its phase are one transaction of the same connection. The
source holds one row only, written by the transaction that erased: it decides, after a crash,
whether the erasure happened.
"""

import json
from dataclasses import dataclass
from typing import Any

import psycopg

from klover.catalog import TableName
from klover.errors import InputError, StoreError
from klover.migrate.phase import Phase
from klover.migrate.plan import Json, Plan
from klover.store.connect import Connection
from klover.store.sql import statements

_LOCK_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a migration stands."""

    run: str
    phase: Phase
    policy: str
    plan: Plan | None
    outcome: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """The source's own note of what was erased there."""

    run: str
    erased: int
    reduced: int
    digest: str
    ours: bool
    """False for a migration under another name, or into another cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """A step that was done."""

    step: str
    attempt: int
    subjects: int
    rows: int
    digest: str


class State:
    """Reads and writes the standing of one (source, cell) over the enclave's connection."""

    def __init__(self, connection: Connection, *, source: str, cell: str) -> None:
        """Take a connection in autocommit; whoever wants a transaction opens it around."""
        self.connection = connection
        self._who = {"source": source, "cell": cell}
        self._queries = statements("klover.migrate", "state.sql")

    def prepare(self) -> None:
        """Take the lock that keeps two migrations apart, and make the tables."""
        try:
            self.connection.execute(f"set lock_timeout = '{_LOCK_SECONDS}s'")
            self.connection.execute(self._queries["lock"])
        except psycopg.errors.LockNotAvailable:
            raise StoreError(
                "Another migration into this cell is running; wait for it, or see its progress "
                "with `klover migrate status`."
            ) from None
        finally:
            self.connection.execute("set lock_timeout = '10s'")
        self.connection.execute(self._queries["create"])

    def read(self) -> Standing | None:
        """Tell where the migration stands; None when none has begun."""
        if self.connection.execute(self._queries["present"]).fetchone() != (True,):
            return None
        row = self._execute("read").fetchone()
        if row is None:
            return None
        return Standing(
            run=row[0],
            phase=Phase(row[1]),
            policy=row[2],
            plan=Plan.from_json(row[3]) if row[3] else None,
            outcome=row[4],
        )

    def others(self) -> tuple[str, ...]:
        """List other sources whose rows are in this cell."""
        return tuple(row[0] for row in self._execute("others"))

    def begin(self, run: str, policy: str) -> None:
        """Begin a migration."""
        self._execute("begin", run=run, policy=policy, phase=Phase.NEW.value)

    def move(
        self, phase: Phase, *, policy: str, plan: Plan | None = None, outcome: Json | None = None
    ) -> None:
        """Reach a phase, with what came of the step."""
        self._execute(
            "move",
            phase=phase.value,
            policy=policy,
            plan=None if plan is None else json.dumps(plan.to_json()),
            outcome=json.dumps(outcome or {}),
        )

    def step_begun(self, run: str, step: str) -> int:
        """Begin a step; tell which try this is."""
        row = self._execute("step_begun", run=run, step=step).fetchone()
        return int(row[0]) if row else 1

    def step_done(self, run: str, step: str, *, subjects: int, rows: int, digest: str) -> None:
        """End a step."""
        self._execute("step_done", run=run, step=step, subjects=subjects, rows=rows, digest=digest)

    def unrecorded(self) -> tuple[StepDone, ...]:
        """List steps whose record may not be durable."""
        return tuple(
            StepDone(step=row[0], attempt=row[1], subjects=row[2], rows=row[3], digest=row[4])
            for row in self._execute("unrecorded").fetchall()
        )

    def recorded(self, run: str, step: StepDone) -> None:
        """Note that a step's record is durable."""
        self._execute("recorded", run=run, step=step.step, attempt=step.attempt)

    def put_needles(self, *, salt: bytes, rate: int, shared: int, digests: bytes) -> None:
        """Keep what is to be looked for."""
        self._execute("needles_put", salt=salt, rate=rate, shared=shared, digests=digests)

    def needles(self) -> tuple[bytes, int, int, bytes]:
        """Read what is to be looked for: salt, rate, shared, digests."""
        row = self._execute("needles_get").fetchone()
        if row is None:
            raise StoreError("The digests to look for are gone from the enclave; start again.")
        return bytes(row[0]), int(row[1]), int(row[2]), bytes(row[3])

    def leave_marker(
        self,
        source: Connection,
        *,
        run: str,
        policy: str,
        erased: int,
        reduced: int,
        digest: str,
    ) -> None:
        """Write the source's note, in the transaction at hand."""
        source.execute(self._queries["marker_create"])
        told = {"run": run, "policy": policy, "digest": digest}
        counts = {"erased": erased, "reduced": reduced}
        source.execute(self._queries["marker_put"], {**self._who, **told, **counts})

    def _execute(self, name: str, **values: Any) -> psycopg.Cursor[Any]:
        return self.connection.execute(self._queries[name], {**self._who, **values})


def read_marker(connection: Connection, *, source: str, cell: str) -> Marker | None:
    """Read the source's note, over its own connection; None where nothing was erased."""
    queries = statements("klover.migrate", "state.sql")
    if connection.execute(queries["marker_present"]).fetchone() != (True,):
        return None
    row = connection.execute(queries["marker_get"], {"source": source, "cell": cell}).fetchone()
    if row is None:
        return None
    return Marker(run=row[0], erased=row[1], reduced=row[2], digest=row[3], ours=row[4])


def refuse_marked(connection: Connection, *, source: str, cell: str) -> None:
    """Raise InputError when the source says that its people have gone home."""
    marker = read_marker(connection, source=source, cell=cell)
    if marker is not None:
        raise InputError(
            f"The people of {source} went home in the migration {marker.run}; what is left there "
            "are stubs. See `klover migrate status`, over the enclave that holds them."
        )


def refuse_set_back(marker: Marker, standing: Standing) -> None:
    """Raise InputError unless this enclave had come as far as the erasure with what was erased.

    One that was set back, or another copy of it, must not be filled again: only stubs are left.
    """
    came_far = standing.phase is Phase.SOUGHT and standing.run == marker.run and marker.ours
    if came_far and standing.outcome.get("digest") == marker.digest:
        return
    raise InputError(
        f"The source says that its rows were erased by the migration {marker.run}, but this "
        f"enclave stands at {standing.phase.value}, or holds another copy: it was set back, or is "
        "another one. Nothing was changed; restore the enclave that took them in."
    )


def refuse_unlogged(enclave: Connection) -> None:
    """Raise InputError where a crash of the enclave would lose what was moved."""
    query = statements("klover.migrate", "state.sql")["unlogged"]
    row = enclave.execute(query.format()).fetchone()
    if row is not None:
        raise InputError(
            f"The enclave's table {TableName(*row)} is unlogged: a crash would empty it, and a "
            "standby never sees it. Nothing was changed; `alter table … set logged` first."
        )


def wait_for_disk(connection: Connection) -> None:
    """Have every commit of this session reach the disk before it is told."""
    connection.execute(statements("klover.migrate", "state.sql")["wait_for_disk"])
