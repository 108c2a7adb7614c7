"""Lines of PostgreSQL's text COPY format, and the moments that stand in them.

https://www.postgresql.org/docs/18/sql-copy.html#id-1.9.3.55.9.2
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from random import Random

NULL = "\\N"

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_FIRST_DAY = datetime(2018, 3, 1, tzinfo=UTC)
_DAYS = 2_750
_TIMES = 4_096


def field(text: str | None) -> str:
    """Write one value so that COPY reads it back unchanged."""
    if text is None:
        return NULL
    return text.translate(_ESCAPES)


def fields(texts: Iterable[str | None]) -> tuple[str, ...]:
    """Write each value of a pool, once, before the rows are made."""
    return tuple(map(field, texts))


def moments(random: Random) -> Callable[[], str]:
    """Make a function that tells a random moment between March 2018 and September 2025, in UTC."""
    days = [f"{_FIRST_DAY + timedelta(days=day):%Y-%m-%d}" for day in range(_DAYS)]
    times = [
        f" {int(random.random() * 24):02d}:{int(random.random() * 60):02d}"
        f":{random.random() * 60:09.6f}+00"
        for _ in range(_TIMES)
    ]
    draw = random.random

    def moment() -> str:
        return days[int(draw() * _DAYS)] + times[int(draw() * _TIMES)]

    return moment
