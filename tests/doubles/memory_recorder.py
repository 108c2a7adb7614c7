"""The Recorder's twin in memory: it keeps events in order and can be told to fail.

It follows the protocol of ``klover.event.Recorder`` to the letter, so a test that passes with it
passes with the spool writer.
"""

from klover.errors import RecordError
from klover.event import Event


class MemoryRecorder:
    """Keeps what was appended in ``events``; ``durable`` counts what a flush has covered.

    ``fail_append_at`` and ``fail_flush_at`` are positions (counted from 0) and flush numbers
    (counted from 0) at which it starts to refuse; like the real one it refuses ever after.
    """

    def __init__(
        self, *, fail_append_at: int | None = None, fail_flush_at: int | None = None
    ) -> None:
        self.events: list[Event] = []
        self.durable = 0
        self.flushes = 0
        self.fail_append_at = fail_append_at
        self.fail_flush_at = fail_flush_at
        self._broken = False

    def append(self, event: Event) -> int:
        """Order ``event``; returns its position."""
        if self.fail_append_at is not None and len(self.events) >= self.fail_append_at:
            self._broken = True
        self._refuse_when_broken()
        self.events.append(event)
        return len(self.events) - 1

    def flush(self) -> int:
        """Make everything appended durable; returns how many positions are."""
        if self.fail_flush_at is not None and self.flushes >= self.fail_flush_at:
            self._broken = True
        self._refuse_when_broken()
        self.flushes += 1
        self.durable = len(self.events)
        return self.durable

    @property
    def durable_events(self) -> list[Event]:
        """The events that a flush has covered."""
        return self.events[: self.durable]

    def _refuse_when_broken(self) -> None:
        if self._broken:
            raise RecordError("The record can no longer be kept (a test asked for this).")
