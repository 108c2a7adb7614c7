"""Doors closed for a while, so that an application can change its tables, and opened again.

``suspend`` takes the views away, and once every door is closed also the triggers and constraints
on the application's tables; roles and stored pseudonyms stay. It asks the catalog only. What is
suspended stands in ``klover.door_suspension``, so it outlives us. ``resume`` compiles nothing: it
is given doors compiled anew, fills what came in between, proves, and opens, in one transaction.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from klover.door import ledger, naming, standing
from klover.door.apply import PATIENCE, Applied, carry_out, withhold
from klover.door.doors import Doors
from klover.door.proof import Proof
from klover.door.refill import forget
from klover.door.step import Step
from klover.door.turn import Patience, Progress, in_turn, run
from klover.errors import InputError, StoreError
from klover.event import DoorsSuspended, Recorder
from klover.store.connect import Connection

_WHY = "its door is suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """What a suspension did: the schemas it closed, all that are closed now, and the steps."""

    closed: tuple[str, ...]
    schemas: Mapping[str, str]
    """Since when each is."""
    steps: tuple[Step, ...]


def suspend(
    connection: Connection,
    audiences: Iterable[str],
    recorder: Recorder,
    time: str,
    *,
    progress: Progress | None = None,
    patience: Patience = PATIENCE,
    unhook: bool = True,
) -> Suspended:
    """Close the doors of ``audiences`` (all where there are none), and put it on record.

    Without ``unhook`` the application's tables keep what computes, though no door is open.
    Raises InputError for a door that does not stand, StoreError, RecordError; nothing has changed
    then.
    """
    wanted = [naming.schema(audience) for audience in audiences]

    def work() -> Suspended:
        there = standing.door_schemas(connection)
        schemas = _chosen(wanted, there)
        before = ledger.suspensions(connection)
        closed = tuple(schema for schema in schemas if schema not in before)
        if not closed and not _half_resumed(connection, there, before):
            return Suspended(closed=(), schemas=before, steps=())
        ledger.make(connection)
        for schema in closed:
            connection.execute(ledger.query("suspend"), (schema, time))
        now = ledger.suspensions(connection)
        steps = suspension(connection, closed, now, unhook=unhook)
        run(connection, steps, progress)
        forget(connection)
        recorder.append(
            DoorsSuspended(
                time=time,
                database=connection.info.dbname,
                doors=closed or schemas,
                statements=len(steps),
            )
        )
        recorder.flush()
        return Suspended(closed=closed, schemas=now, steps=steps)

    return in_turn(connection, work, patience=patience)


def _half_resumed(
    connection: Connection, there: Iterable[str], suspended: Mapping[str, str]
) -> bool:
    """Tell whether a resume that did not end has brought triggers back: they go once more."""
    return set(there) <= set(suspended) and any(standing.unhook(connection, _WHY))


def suspension(
    connection: Connection,
    closed: Iterable[str],
    suspended: Mapping[str, str],
    *,
    unhook: bool = True,
) -> tuple[Step, ...]:
    """Tell the steps that close doors; ``suspended`` are all that are closed with them."""
    schemas = tuple(closed)
    standing_version = ledger.latest(connection)
    version = standing_version.number if standing_version else 0
    steps = list(standing.close(connection, schemas, _WHY))
    steps += [standing.forget_view(schema) for schema in schemas]
    if unhook and set(standing.door_schemas(connection)) <= set(suspended):
        steps += standing.unhook(connection, "no door needs it while all are suspended")
    steps += [ledger.comment_step(name, version, suspended[name]) for name in schemas]
    return tuple(sorted(steps, key=lambda step: step.phase))


def _chosen(wanted: list[str], there: tuple[str, ...]) -> tuple[str, ...]:
    doors = ", ".join(there) or "none"
    if not there:
        raise InputError("No door stands in this database; `klover doors apply` makes them.")
    for schema in wanted:
        if schema not in there:
            raise InputError(f"There is no door {schema}; the doors that stand: {doors}.")
    return tuple(dict.fromkeys(wanted)) or there


def to_open(connection: Connection, audiences: Iterable[str]) -> tuple[str, ...]:
    """Tell the schemas that a resume of ``audiences`` opens, all that are closed where it is none.

    Raises InputError where none is suspended, or one of those is not.
    """
    wanted = tuple(naming.schema(audience) for audience in audiences)
    before = ledger.suspensions(connection)
    if not before:
        raise InputError("No door is suspended; `klover doors apply` makes changes.")
    for schema in wanted:
        if schema not in before:
            raise InputError(f"The door {schema} is not suspended.")
    return wanted or tuple(before)


def resume(
    connection: Connection,
    doors: Doors,
    audiences: Iterable[str],
    recorder: Recorder,
    time: str,
    *,
    prove: Callable[[], Proof],
    progress: Progress | None = None,
    patience: Patience = PATIENCE,
) -> Applied:
    """Make doors that were suspended what ``doors`` says, prove them, and open them.

    Those of ``audiences`` only, or all; what stays suspended stays closed. Large tables that
    ``prepare`` has not made ready are computed here, in the one transaction. Raises InputError
    where none is suspended, PolicyError, StoreError, RecordError; they stay suspended then.
    """
    wanted = tuple(audiences)

    def work() -> Applied:
        opened = list(to_open(connection, wanted))
        closed = frozenset(ledger.suspensions(connection)) - set(opened)
        connection.execute(ledger.query("resume"), (opened,))
        applied = carry_out(
            connection,
            withhold(doors, closed),
            recorder,
            time,
            progress=progress,
            prove=lambda: _prove(prove),
        )
        _tell(connection, doors, opened, applied.version)
        return applied

    return in_turn(connection, work, patience=patience)


def _tell(connection: Connection, doors: Doors, opened: list[str], version: int) -> None:
    """Take the suspension from the comments of what is open now."""
    there = {door.schema for door in doors.doors}
    steps = [ledger.comment_step(schema, version) for schema in opened if schema in there]
    run(connection, steps)


def _prove(prove: Callable[[], Proof]) -> None:
    proof = prove()
    if not proof.holds:
        first = proof.violations[0]
        raise StoreError(
            f"The doors stay suspended, since they would not be proved: {first.who}, {first.what}:"
            f" {first.why} ({len(proof.violations)} in all). {first.mend} Then resume again."
        )


def count_sessions(connection: Connection, schemas: Iterable[str]) -> int:
    """Count the sessions that are open at doors on ``connection``'s server."""
    return int(ledger.rows(connection, "count_sessions", (list(schemas),))[0][0])


def end_sessions(connection: Connection, schemas: Iterable[str]) -> int:
    """End those sessions; tells how many."""
    return int(ledger.rows(connection, "end_sessions", (list(schemas),))[0][0])
