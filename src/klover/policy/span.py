"""Spans of time as the policy writes them: ``30m``, ``8h``, ``2d``, ``1d12h``."""

import re
from datetime import timedelta

from klover.policy.document import Node
from klover.policy.reading import Reader

LONGEST = timedelta(days=366)
SPAN = r"(?=[0-9dh]*[1-9])(?:([0-9]{1,3})d)?(?:([0-9]{1,4})h)?(?:([0-9]{1,5})m)?"
_SPAN = re.compile(SPAN + r"\Z")
_MINUTES, _DAY = 60, 24


def read_span(node: Node | None, what: str, reader: Reader) -> timedelta | None:
    """Read a span of a minute to 366 days; None where there is none, or after a fault."""
    text = reader.text(node, what) if node is not None else None
    if node is None or text is None:
        return None
    match = _SPAN.match(text)
    days, hours, minutes = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    span = timedelta(days=days, hours=hours, minutes=minutes)
    if not timedelta() < span <= LONGEST:
        reader.faults.add(
            f"{what} has to be a span such as 30m, 8h or 2d, at most 366d.", node.line
        )
        return None
    return span


def span_text(span: timedelta) -> str:
    """Tell a span the way the policy writes it; ``0m`` for less than a minute."""
    minutes = int(span.total_seconds() // 60)
    hours, minutes = divmod(minutes, _MINUTES)
    days, hours = divmod(hours, _DAY)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0m"
