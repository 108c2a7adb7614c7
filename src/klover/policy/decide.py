"""Who is let in: the principal, the place and the purpose against the policy, as a value.

Every piece of evidence of a location has to be inside the audience's ``located``; a piece that
is missing or unknown is outside everywhere but ``any``. A denial names the rule, and nothing that
the principal said. Approvals come later: an audience that asks for one lets nobody in yet.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address

from klover.policy.country import inside, members, resolve
from klover.policy.model import Audience, Network, Policy

MAX_REFERENCE = 128
"""Characters of a reference that are looked at; longer ones are refused unread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks, as the issuer of the token says. ``expires`` is the token's end (UTC)."""

    subject: str
    issuer: str
    groups: frozenset[str]
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where the principal is, and how that is known.

    ``countries`` are all that any evidence names; ``known`` is False where a piece is missing
    or names no country. ``evidence`` tells each piece in words for the record.
    """

    countries: frozenset[str]
    known: bool
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Let in: to the door of ``audience`` until ``expires_at``.

    ``countries`` is the edition of the country data that the decision rests on.
    """

    audience: Audience
    door: str
    expires_at: datetime
    countries: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny:
    """Refused; ``reason`` is one clause that names the rule and what would help.

    ``countries`` is the edition of the country data that the decision rests on.
    """

    reason: str
    countries: str


def locate(
    policy: Policy, claim: str | None, address: str, *, simulated: bool, on: date
) -> Location:
    """Tell where somebody is from the token's country claim and the network address.

    A network that lies somewhere in a group may be in each country that belongs to it on the day,
    so all of them have to be inside.
    """
    claimed = resolve(claim)
    network = _network(policy, address)
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
    )


def decide(
    policy: Policy,
    *,
    principal: Principal,
    audience: str,
    location: Location,
    purpose: str | None,
    reference: str | None,
    now: datetime,
) -> Permit | Deny:
    """Decide whether ``principal`` is let in as ``audience``. Times carry a zone."""
    rule = policy.audiences.get(audience)
    edition = policy.countries.edition
    if rule is None:
        return Deny(
            reason="the policy has no such audience; the user name has to be one",
            countries=edition,
        )
    refused = (
        _refuse_principal(principal, rule, now)
        or _refuse_location(policy, location, rule, now)
        or _refuse_purpose(rule, purpose, reference)
    )
    if refused is not None:
        return Deny(reason=f"audience {rule.name}: {refused}", countries=edition)
    expires = principal.expires
    if rule.requires.expires is not None:
        expires = min(expires, now + rule.requires.expires)
    return Permit(audience=rule, door=rule.slug, expires_at=expires, countries=edition)


def _refuse_principal(principal: Principal, rule: Audience, now: datetime) -> str | None:
    if principal.expires <= now:
        return "the token has expired; log in again"
    if not principal.groups.intersection(rule.groups):
        return f"the principal is in none of its groups ({', '.join(rule.groups)})"
    return None


def _refuse_location(
    policy: Policy, location: Location, rule: Audience, now: datetime
) -> str | None:
    if rule.located.everywhere:
        return None
    if not location.known or not location.countries:
        return "where the principal is is not known, and unknown is outside"
    day = now.date()
    outside = sorted(
        country
        for country in location.countries
        if not inside(country, rule.located, day, policy.countries)
    )
    return f"{', '.join(outside)} is outside where it has to be located" if outside else None


def _refuse_purpose(rule: Audience, purpose: str | None, reference: str | None) -> str | None:
    requires = rule.requires
    if requires.purposes and purpose not in requires.purposes:
        return f"it needs a purpose, one of {', '.join(requires.purposes)}"
    if requires.reference is not None:
        if reference is None or len(reference) > MAX_REFERENCE:
            return f"it needs a reference of at most {MAX_REFERENCE} characters"
        if re.fullmatch(requires.reference, reference) is None:
            return "the reference has not the form that the policy asks for"
    if requires.approvals > 0:
        return "it needs an approval, and approvals cannot be given yet"
    return None


def _network(policy: Policy, address: str) -> Network | None:
    """Find the narrowest known range that holds ``address``; None for anything else."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    plain: IPv4Address | IPv6Address = found
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        plain = found.ipv4_mapped
    fitting = [
        network
        for network in policy.networks
        if network.range.version == plain.version and plain in network.range
    ]
    return max(fitting, key=lambda network: network.range.prefixlen, default=None)
