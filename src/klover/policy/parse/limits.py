"""How much may be taken out: the part ``limits`` of an audience.

Sizes are a whole number, one space and a unit: ``10 MB`` is ten million bytes, ``1 GiB`` 2 to the
30th. A bare number is refused, so that nobody takes it for another unit than it is.
"""

import re

from klover.policy.admission import Amount, Limits
from klover.policy.document import Mapping, Node, Scalar
from klover.policy.reading import Reader

MAX_ROWS = 999_999_999
UNITS = {
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
_SIZE = re.compile(r"([1-9][0-9]{0,5}) ([A-Za-z]{2,3})\Z")


def read_limits(node: Node | None, what: str, reader: Reader) -> Limits:
    """Read ``limits``: of a session, of a day, or both."""
    if node is None:
        return Limits()
    parts = reader.mapping(node, f"{what}: `limits`", optional=("session", "day"))
    return Limits(
        session=_amount(parts.get("session"), f"{what}: `limits.session`", reader),
        day=_amount(parts.get("day"), f"{what}: `limits.day`", reader),
        line=node.line,
    )


def _amount(node: Node | None, what: str, reader: Reader) -> Amount:
    if node is None:
        return Amount()
    parts = reader.mapping(node, what, optional=("rows", "bytes"))
    rows = parts.get("rows")
    return Amount(
        rows=reader.integer(rows, f"{what}: `rows`", low=1, high=MAX_ROWS)
        if rows is not None
        else None,
        bytes=_size(parts.get("bytes"), f"{what}: `bytes`", reader),
    )


def _size(node: Node | None, what: str, reader: Reader) -> int | None:
    if node is None:
        return None
    match = _SIZE.match(node.text) if isinstance(node, Scalar) else None
    unit = UNITS.get(match[2]) if match is not None else None
    if match is None or unit is None or isinstance(node, Mapping):
        reader.faults.add(
            f"{what} has to be a size such as `10 MB` or `1 GiB`; units are {', '.join(UNITS)}.",
            node.line,
        )
        return None
    return int(match[1]) * unit


def told_size(size: int) -> str:
    """Tell a size in the largest unit that leaves a whole number."""
    for unit, worth in sorted(UNITS.items(), key=lambda each: -each[1]):
        if size and size % worth == 0:
            return f"{size // worth} {unit}"
    return f"{size} bytes"
