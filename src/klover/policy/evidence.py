"""Which country a piece of evidence tells, without asking anybody: pure, one value at a time.

A phone number tells by its calling code and range, a locale by its territory, a time zone by the
country it is named for, an address by what a table of addresses says of it. What does not name
one country tells nothing, and the next piece is asked; nothing is guessed from a language or from
a number without its country. No value leaves this module: answers are codes of countries.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_interface

from klover.policy.country import MOST_CHARACTERS, codes, resolve
from klover.policy.model import EvidenceKind
from klover.policy.time_zones import ZONES

Address = IPv4Address | IPv6Address
LookUp = Callable[[Address], tuple[str | None, int]]
"""The country of an address, or None, and the length of the prefix for which that holds."""

_LOCALE = re.compile(
    r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{3}){0,3}(?:[-_][A-Za-z]{4})?"
    r"[-_](?P<territory>[A-Za-z]{2})(?:[-_.@][\w.@=-]*)?\Z",
    re.ASCII,
)
"""A language, then perhaps a script, then the territory: RFC 5646, or a POSIX locale's name."""


def country_told(kind: EvidenceKind, value: str, look_up: LookUp | None = None) -> str | None:
    """Tell the country that ``value`` names as evidence of ``kind``; None where it names none.

    ``look_up`` is needed for addresses, which name no country by themselves.
    """
    if not value or len(value) > MOST_CHARACTERS:
        return None
    if kind is EvidenceKind.IP:
        return of_address(value, look_up) if look_up is not None else None
    return _READERS[kind](value)


def of_phone(value: str) -> str | None:
    """Tell the country of a phone number in international form (``+47 22 12 34 56``)."""
    from klover.policy.phone import region_of  # its tables are large, and most never need them

    region = region_of(value)
    return region if region in codes() else None


def of_locale(value: str) -> str | None:
    """Tell the territory of a locale such as ``de-AT`` or ``sr_Latn_RS.UTF-8``."""
    match = _LOCALE.match(value.strip())
    return resolve(match["territory"]) if match is not None else None


def of_time_zone(value: str) -> str | None:
    """Tell the country that a time zone of the IANA database is named for."""
    return _zones().get(value.strip().casefold())


def of_address(value: str, look_up: LookUp) -> str | None:
    """Tell the country of a network address, or of a range that lies in one country wholly."""
    try:
        found: IPv4Interface | IPv6Interface = ip_interface(value.strip().partition("%")[0])
    except ValueError:
        return None
    address: Address = found.ip
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    country, prefix = look_up(address)
    is_range = address == found.network.network_address and found.network.num_addresses > 1
    if country is None or (is_range and prefix > found.network.prefixlen):
        return None
    return country if country in codes() else None


@cache
def _zones() -> Mapping[str, str]:
    found = {}
    for line in ZONES.strip().splitlines():
        code, *zones = line.split(" ")
        found.update({zone.casefold(): code for zone in zones})
    return found


_READERS: Mapping[EvidenceKind, Callable[[str], str | None]] = {
    EvidenceKind.COUNTRY: resolve,
    EvidenceKind.PHONE: of_phone,
    EvidenceKind.LOCALE: of_locale,
    EvidenceKind.TIME_ZONE: of_time_zone,
}
