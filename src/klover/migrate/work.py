"""The parts of a migration, and the two connections of one run of it.

One look at the source serves all steps up to the erasure: the snapshot is taken when it is first
needed and kept until then. ``Work`` closes everything in the end, however it ends.
"""

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Self

from klover.catalog import TableName
from klover.errors import InputError
from klover.event import Recorder
from klover.migrate.addresses import Addresses
from klover.migrate.copy import At, refuse_other_data
from klover.migrate.phase import Event
from klover.migrate.plan import Plan
from klover.migrate.schema import check_schema
from klover.migrate.shape import Shape, shapes
from klover.migrate.snapshot import Snapshot, Tick, make_plan, open_snapshot
from klover.migrate.state import Standing, State, refuse_unlogged, wait_for_disk
from klover.policy.resolved import Resolved
from klover.store.connect import Connection

Progress = Callable[[str, int, int], None]
"""A step's name, how much of it is done, of how much."""


def _silent(_step: str, _done: int, _total: int) -> None:
    pass


def _nowhere(_point: str) -> None:
    pass


def _salt() -> bytes:
    return secrets.token_bytes(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a migration is built from. The clock, the day and the salt are given, not taken."""

    source: str
    cell: str
    resolved: Resolved
    """The policy, held against the source's catalog."""
    open_source: Callable[[], Connection]
    open_enclave: Callable[[], Connection]
    recorder: Recorder
    now: Callable[[], str]
    today: date
    addresses: Addresses | None = None
    """The table of network addresses, where the policy reads homes from them."""
    progress: Progress = _silent
    salt: Callable[[], bytes] = _salt
    at: At = _nowhere
    """Told each point at which a kill must do no harm; tests kill there."""

    @property
    def names(self) -> dict[str, str]:
        """The key of everything durable."""
        return {"source": self.source, "cell": self.cell}

    def tick(self, step: Event) -> Tick:
        """Tell progress of a step."""
        return lambda done, total: self.progress(step.value, done, total)


class Work:
    """The connections of one run; a context manager."""

    def __init__(self, parts: Parts) -> None:
        """Nothing is connected yet."""
        self.parts = parts
        self._shapes = shapes(parts.resolved)
        self._stack = ExitStack()
        self._looks = ExitStack()
        self._snapshot: Snapshot | None = None
        self._plan: Plan | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.enclave = stack.enter_context(self.parts.open_enclave())
            self.source = stack.enter_context(self.parts.open_source())
            for connection in (self.enclave, self.source):
                connection.execute("set lock_timeout = '10s'")
                connection.execute("set row_security = off")
                wait_for_disk(connection)
            self._stack = stack.pop_all()
        self.state = State(self.enclave, source=self.parts.source, cell=self.parts.cell)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close_snapshot()
        self._stack.__exit__(kind, error, trace)

    def standing(self) -> Standing:
        """Tell where the migration stands, once it has begun."""
        found = self.state.read()
        if found is None:
            raise InputError("The migration's state is gone from the enclave; start again.")
        return found

    def shape(self, name: TableName) -> Shape:
        """Shape a table of the policy."""
        return self._shapes[name]

    def traced(self) -> list[TableName]:
        """List the tables that hold people's rows."""
        return [name for name, shape in self._shapes.items() if not shape.shared]

    def snapshot(self) -> Snapshot:
        """Look at the source, once."""
        if self._snapshot is None:
            parts = self.parts
            tick = parts.tick(Event.PLAN)
            look = open_snapshot(self.source, parts.resolved, parts.today, tick, parts.addresses)
            self._snapshot = self._looks.enter_context(look)
        return self._snapshot

    def plan(self) -> Plan:
        """Make the plan of the snapshot, once."""
        if self._plan is None:
            self._plan = make_plan(self.snapshot(), **self.parts.names)
        return self._plan

    def close_snapshot(self) -> None:
        """End the look at the source; its temporary tables go."""
        self._snapshot = self._plan = None
        self._looks.close()

    def refuse_unfit(self, *, loaded: bool) -> None:
        """Raise InputError unless the enclave has the source's schema and no other data."""
        found = check_schema(self.source, self.enclave)
        if found:
            more = f" ({len(found) - 1} more differences)" if len(found) > 1 else ""
            raise InputError(
                f"The enclave's schema is not the source's: {found[0]}{more}. Nothing was "
                "changed; see `klover migrate schema`."
            )
        refuse_unlogged(self.enclave)
        if loaded:
            return
        for shape in self._shapes.values():
            if not shape.shared:
                refuse_other_data(self.enclave, shape)
