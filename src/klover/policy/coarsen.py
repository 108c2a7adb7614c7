"""Coarse values: the transforms by name, which types they fit, and what each does to a value.

``coarse`` is the reference that the SQL of doors is held against; no row passes through it. Each
transform keeps the type (without its length), NULL stays NULL, none can fail: at the very edge of
a type, where no coarser value of it is, a value goes to the edge itself.
"""

import math
import re
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_interface,
)

from klover.catalog import Column
from klover.policy.continents import continent
from klover.policy.country import resolve
from klover.policy.model import Coarsen, Coarsening
from klover.policy.neutral import bare_type

IPV4_BITS, IPV6_BITS = 24, 48
"""How much of an address stays: a provider's customers, not one of them."""
MAX_FIRST = 32
LEAST: Mapping[str, int] = {"smallint": -(2**15), "integer": -(2**31), "bigint": -(2**63)}
MOST: Mapping[str, float] = {"real": 3.4e38, "double precision": 1e300, "numeric": 1e100}
"""Beyond these, a multiple of the step may lie outside the type: the value becomes infinite."""

_TIMES = frozenset({"date", "timestamp with time zone", "timestamp without time zone"})
_ADDRESSES = frozenset({"cidr", "inet"})
_NUMBERS = frozenset({*LEAST, *MOST})
_TEXTS = frozenset({"character", "character varying", "citext", "text"})
_FITS: Mapping[Coarsening, frozenset[str]] = {
    Coarsening.YEAR: _TIMES,
    Coarsening.MONTH: _TIMES,
    Coarsening.NETWORK: _ADDRESSES,
    Coarsening.REGION: _TEXTS,
    Coarsening.ROUND: _NUMBERS,
    Coarsening.FIRST: _TEXTS,
}
_SINGLE = struct.Struct("f")
_FORM = re.compile(r"(year|month|network|region)|(round|first) ([1-9][0-9]{0,8})")
WORDS = "`year`, `month`, `network`, `region`, `round N` or `first N`"

_Address = IPv4Address | IPv4Interface | IPv4Network | IPv6Address | IPv6Interface | IPv6Network


def read_coarsen(text: str) -> Coarsen | None:
    """Read a transform as the policy writes it; None for anything else."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    if match[1] is not None:
        return Coarsen(by=Coarsening(match[1]))
    made = Coarsen(by=Coarsening(match[2]), argument=int(match[3]))
    return made if made.by is Coarsening.ROUND or int(match[3]) <= MAX_FIRST else None


def misfit(coarsen: Coarsen, column: Column) -> str | None:
    """Tell which types a transform fits, where the column's is none of them."""
    fits = _FITS[coarsen.by]
    array = column.element_type is not None or column.base_type.endswith("[]")
    if not array and column.type_kind in {"b", "d"} and bare_type(column.base_type) in fits:
        return None
    return ", ".join(sorted(fits))


def coarse(coarsen: Coarsen, kind: str, value: object) -> object:
    """Make one value of the type ``kind`` (without its length) coarse; values are as psycopg's."""
    return None if value is None else _WAYS[coarsen.by](coarsen, kind, value)


def _first_instant(coarsen: Coarsen, _: str, value: object) -> object:
    """Go to the first instant of the year or month; a time with a zone, in UTC."""
    assert isinstance(value, date)  # noqa: S101 - the type fits
    month = value.month if coarsen.by is Coarsening.MONTH else 1
    if not isinstance(value, datetime):
        return value.replace(month=month, day=1)
    if value.tzinfo is not None:
        value = value.astimezone(UTC)
        month = value.month if coarsen.by is Coarsening.MONTH else 1
    return value.replace(month=month, day=1, hour=0, minute=0, second=0, microsecond=0)


def _network(_: Coarsen, kind: str, value: object) -> object:
    """Set host bits to zero; a network that is wider already stays as wide."""
    assert isinstance(value, _Address)  # noqa: S101 - the type fits
    whole = ip_interface(str(value))
    bits = min(whole.network.prefixlen, IPV4_BITS if whole.version == 4 else IPV6_BITS)  # noqa: PLR2004 - IPv4
    network = whole.network.supernet(new_prefix=bits)
    return network if kind == "cidr" else ip_interface(str(network))


def _region(_: Coarsen, __: str, value: object) -> object:
    code = resolve(str(value))
    return continent(code) if code is not None else None


def _round(coarsen: Coarsen, kind: str, value: object) -> object:
    """Go down to a multiple of the step."""
    step = coarsen.argument or 1
    if isinstance(value, int):
        return max(value // step * step, LEAST[kind])
    assert isinstance(value, Decimal | float)  # noqa: S101 - the type fits
    if not math.isfinite(value):
        return value
    if not -MOST[kind] <= value <= MOST[kind]:
        return type(value)("inf" if value > 0 else "-inf")
    if isinstance(value, Decimal):
        return Decimal(math.floor(Fraction(value) / step) * step)
    if kind == "real":  # computed in double precision, held in single
        return _single(float(math.floor(_single(value) / step)) * step)
    return float(math.floor(value / step)) * step


def _single(value: float) -> float:
    return float(_SINGLE.unpack(_SINGLE.pack(value))[0])


def _first(coarsen: Coarsen, _: str, value: object) -> object:
    return str(value)[: coarsen.argument]


_WAYS: Mapping[Coarsening, Callable[[Coarsen, str, object], object]] = {
    Coarsening.YEAR: _first_instant,
    Coarsening.MONTH: _first_instant,
    Coarsening.NETWORK: _network,
    Coarsening.REGION: _region,
    Coarsening.ROUND: _round,
    Coarsening.FIRST: _first,
}
