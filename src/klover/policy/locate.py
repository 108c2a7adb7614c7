"""Where somebody is: the token's country claim and the network address, as one value.

What is missing or unknown makes the whole unknown. A network that lies somewhere in a group may be
in each of its countries. The address itself goes on no record.
"""

from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Address, IPv6Address, ip_address

from klover.policy.country import members, resolve
from klover.policy.model import Network, Policy
from klover.policy.ranges import Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where the principal is, and how that is known.

    ``countries`` are all that any evidence names; ``known`` is False where a piece is missing
    or names no country. ``evidence`` tells each piece in words for the record; the ``address``
    itself is for networks only and goes on no record.
    """

    countries: frozenset[str]
    known: bool
    evidence: tuple[str, ...]
    address: IPv4Address | IPv6Address | None = None


def locate(
    policy: Policy, claim: str | None, address: str, *, simulated: bool, on: date
) -> Location:
    """Tell where somebody is from the token's country claim and the network address.

    A network that lies somewhere in a group may be in each country that belongs to it on the day,
    so all of them have to be inside.
    """
    claimed = resolve(claim)
    plain = _plain(address)
    network = _network(policy, plain)
    possible = members(network.where, on, policy.countries) if network is not None else frozenset()
    word = "simulated network" if simulated else "network"
    return Location(
        countries=possible | ({claimed} if claimed is not None else frozenset()),
        known=claimed is not None and bool(possible),
        evidence=(
            f"claim {claimed or 'missing or unknown'}",
            f"{word} {network.range} {', '.join(network.where.names)}"
            if network
            else f"{word} unknown",
        ),
        address=plain,
    )


def _plain(address: str) -> IPv4Address | IPv6Address | None:
    """Read an address; a mapped one is the plain one that it stands for."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def holds(network: Range, address: IPv4Address | IPv6Address | None) -> bool:
    """Tell whether an address lies in a range; one that is not known lies in none."""
    return address is not None and network.version == address.version and address in network


def _network(policy: Policy, address: IPv4Address | IPv6Address | None) -> Network | None:
    """Find the narrowest known range that holds ``address``; None for anything else."""
    fitting = [network for network in policy.networks if holds(network.range, address)]
    return max(fitting, key=lambda network: network.range.prefixlen, default=None)
