"""Address ranges of either version, compared: which lies in which, and what together covers one."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

Range = IPv4Network | IPv6Network
_MAPPED = IPv6Network("::ffff:0:0/96")


def read_range(text: str) -> Range | str:
    """Read a range, or tell how to write it instead.

    Addresses are compared as what they stand for, so no address lies in a range of mapped ones.
    """
    try:
        found = ip_network(text)
    except ValueError:
        return "write it as 10.20.0.0/16, host bits zero"
    if isinstance(found, IPv6Network) and found.subnet_of(_MAPPED):
        plain = IPv4Network((int(found.network_address) & 0xFFFFFFFF, found.prefixlen - 96))
        return f"write it as {plain}"
    return found


def lies_in(inner: Range, outer: Range) -> bool:
    """Tell whether all of ``inner`` lies in ``outer``."""
    if isinstance(outer, IPv4Network) and isinstance(inner, IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(outer, IPv6Network) and isinstance(inner, IPv6Network):
        return inner.subnet_of(outer)
    return False


def overlap(one: Range, other: Range) -> bool:
    """Tell whether one of two ranges lies in the other; else they are apart."""
    return lies_in(one, other) or lies_in(other, one)


def covered(one: Range, others: Iterable[Range]) -> bool:
    """Tell whether ranges that lie in ``one``, other than itself, leave nothing of it."""
    inner = [other for other in others if other != one and lies_in(other, one)]
    if isinstance(one, IPv4Network):
        return list(collapse_addresses(r for r in inner if isinstance(r, IPv4Network))) == [one]
    return list(collapse_addresses(r for r in inner if isinstance(r, IPv6Network))) == [one]
