"""The twin in memory of the counts of a day: ``klover.log.tally`` without a file."""

from collections.abc import Mapping
from datetime import date

from klover.errors import RecordError


class MemoryTally:
    """Keeps what was put; ``puts`` counts how often, ``broken`` makes it refuse."""

    def __init__(self) -> None:
        self.day = date.min
        self.counts: dict[bytes, tuple[int, int]] = {}
        self.puts = 0
        self.broken = False

    def read(self) -> tuple[date, Mapping[bytes, tuple[int, int]]]:
        """Tell the day that is being counted, and (rows, bytes) by key."""
        return self.day, dict(self.counts)

    def put(self, day: date, key: bytes, rows: int, size: int) -> None:
        """Set a count; a later day forgets the one before."""
        if self.broken:
            raise RecordError("The counts cannot be kept (a test asked for this).")
        if day > self.day:
            self.day, self.counts = day, {}
        assert day == self.day, "a day never goes back"
        self.puts += 1
        self.counts[key] = (rows, size)
