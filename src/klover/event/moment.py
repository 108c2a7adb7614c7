"""Times as records and signed texts carry them: UTC, ISO 8601, microseconds, one form only."""

from datetime import UTC, datetime


def write_time(time: datetime) -> str:
    """Write a time that has a zone."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def read_time(text: str) -> datetime:
    """Read a time that ``write_time`` wrote. Raises ValueError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None or write_time(found) != text:
        raise ValueError(text)
    return found
