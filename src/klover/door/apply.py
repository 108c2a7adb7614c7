"""Make a database what its doors say: one transaction, recorded before it counts.

The owner's connection, a superuser's. Locks are waited for briefly (``turn``), and a failure
leaves the doors as they were. When all steps have run, the catalog is read again and has to ask
for nothing more; only then the change gets its version, is put on record and committed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from klover.catalog import TableName
from klover.door import foreign, ground, ledger
from klover.door.diff import plan
from klover.door.doors import Doors
from klover.door.predicates import refused
from klover.door.refill import forget
from klover.door.state import read_state
from klover.door.step import Step
from klover.door.turn import Patience, Progress, in_turn, run, settle
from klover.errors import StoreError
from klover.event import DoorsApplied, Recorder
from klover.store.connect import Connection
from klover.store.locks import brief_locks

PATIENCE = Patience()


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What an apply did: the doors' digest and version, and the steps (none where all stood)."""

    digest: str
    version: int
    steps: tuple[Step, ...]


def plan_doors(
    connection: Connection, doors: Doors, prepared: frozenset[TableName] = frozenset()
) -> tuple[Step, ...]:
    """Tell what ``apply_doors`` would do, ``prepared`` being ready by then; changes nothing.

    Raises PolicyError for a condition Postgres does not take, StoreError for what it refuses.
    """
    with brief_locks(connection), connection.transaction(force_rollback=True):
        settle(connection)
        ground.expect_utf8(connection)
        foreign.expect_none(connection)
        _check_predicates(connection, doors, surely=False)
        return plan(doors, read_state(connection, doors), prepared)


def apply_doors(
    connection: Connection,
    doors: Doors,
    recorder: Recorder,
    time: str,
    *,
    progress: Progress | None = None,
    patience: Patience = PATIENCE,
) -> Applied:
    """Carry the plan out and put it on record; ``time`` is the record's.

    Raises PolicyError, StoreError, RecordError, or InputError while a door is suspended; nothing
    has changed then.
    """

    def work() -> Applied:
        ledger.expect_open(connection)
        _expect_same_views(connection)
        return carry_out(connection, doors, recorder, time, progress=progress)

    return in_turn(connection, work, patience=patience)


def carry_out(
    connection: Connection,
    doors: Doors,
    recorder: Recorder,
    time: str,
    *,
    progress: Progress | None = None,
    prove: Callable[[], None] = lambda: None,
) -> Applied:
    """Plan, run, read back, ``prove``, note and record, within the caller's transaction."""
    ground.expect_utf8(connection)
    foreign.alone_in_cluster(connection)
    foreign.expect_none(connection)
    _check_predicates(connection, doors, surely=True)
    state = read_state(connection, doors)
    steps = plan(doors, state)
    if steps:
        before = ledger.rights(connection)
        run(connection, steps, progress)
        ledger.make(connection)
        ground.note(connection)
        forget(connection)
        _read_back(connection, doors)
        prove()
        version = _note(connection, doors, steps, time)
        ledger.note_rights(connection, before, ledger.rights(connection))
    else:
        ledger.make(connection)
        ground.note(connection)
        forget(connection)
        prove()
        standing = ledger.latest(connection)
        version = standing.number if standing else _note(connection, doors, steps, time)
    recorder.append(
        DoorsApplied(
            time=time,
            database=doors.database,
            policy=doors.policy,
            doors=tuple(door.audience for door in doors.doors),
            digest=doors.digest,
            statements=len(steps),
            version=version,
            countries_edition=doors.countries,
        )
    )
    recorder.flush()
    return Applied(digest=doors.digest, version=version, steps=steps)


def _note(connection: Connection, doors: Doors, steps: tuple[Step, ...], time: str) -> int:
    """Give what now stands a version, in the history and in each door's comment."""
    ledger.make(connection)
    version = ledger.add_version(
        connection,
        time=time,
        policy=doors.policy,
        doors=doors.digest,
        countries=doors.countries,
        statements=len(steps),
    )
    suspended = ledger.suspensions(connection)
    run(
        connection,
        [
            ledger.comment_step(door.schema, version, suspended.get(door.schema))
            for door in doors.doors
        ],
    )
    return version


def withhold(doors: Doors, schemas: frozenset[str]) -> Doors:
    """Tell the same doors with nothing shown in those of ``schemas``: they are suspended."""
    return replace(
        doors,
        doors=tuple(
            replace(door, views=(), reads={}) if door.schema in schemas else door
            for door in doors.doors
        ),
    )


def _expect_same_views(connection: Connection) -> None:
    """Raise StoreError where an application's view came to ask something else.

    Which of its columns shows what cannot be told from the catalog, so somebody has to look.
    """
    changed = ground.redefined(connection)
    if changed:
        raise StoreError(
            f"The doors were not changed: the view {changed[0].subject} asks another query than "
            "when they were applied, and may show what the policy never gave. Look at it; "
            "`klover doors suspend` and `klover doors resume` take it as it is."
        )


def _read_back(connection: Connection, doors: Doors) -> None:
    """Read what now stands. Raises StoreError where it is still not what was compiled."""
    left = plan(doors, read_state(connection, doors))
    if left:
        raise StoreError(
            f"The doors were not changed: {len(left)} steps would be needed again, the first "
            f"because {left[0].why}. Something else changes the same objects."
        )


def _check_predicates(connection: Connection, doors: Doors, *, surely: bool) -> None:
    for error in refused(connection, doors.predicates, doors.policy_file, surely=surely):
        raise error
