"""The protocol of whoever puts events on record.

Two steps, so that many events share one flush: ``append`` orders an event, ``flush`` makes all
that was appended durable. A result may be released once its event's position is at or below what
``flush`` returned. ``klover.log.writer`` is the real one; ``tests/doubles`` has the twin in memory.
"""

from typing import Protocol

from klover.event.record import Event


class Recorder(Protocol):
    """Numbers and chains the events of one writer."""

    def append(self, event: Event) -> int:
        """Order ``event``; returns its position, counted from 0. Nothing is durable yet.

        Raises RecordError when the record can no longer be kept.
        """
        ...

    def flush(self) -> int:
        """Make everything appended durable; returns how many positions are.

        Raises RecordError when it cannot; nothing may be released after that.
        """
        ...
