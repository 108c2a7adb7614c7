"""Who is let in: the principal, the place, the purpose and the hour against the policy.

Every piece of evidence of a location has to be inside the audience's ``located``; a piece that
is missing or unknown is outside everywhere but ``any``. A denial names the rule and its line, and
nothing that the principal said. The time is an argument; ``hours`` turns it into local time.
Approvals come later: an audience that asks for one lets nobody in yet.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from klover.policy.country import inside
from klover.policy.hours import closes_at
from klover.policy.locate import Location, holds
from klover.policy.model import Audience, Policy

MAX_REFERENCE = 128
"""Characters of a reference that are looked at; longer ones are refused unread."""
_NO_SUCH = "the policy has no such audience; the user name has to be one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks, as the issuer of the token says. ``expires`` is the token's end (UTC).

    ``claims`` are the token's other claims that are texts or lists of texts.
    """

    subject: str
    issuer: str
    groups: frozenset[str]
    expires: datetime
    claims: Mapping[str, frozenset[str]] = field(default_factory=dict)


class Ends(StrEnum):
    """What ends a session that was let in."""

    EXPIRY = "expiry"
    """The token's own end, or that of ``expires``."""
    HOURS = "hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Let in: to the door of ``audience`` until ``expires_at``, which ``ends`` sets.

    ``countries`` is the edition of the country data that the decision rests on.
    """

    audience: Audience
    door: str
    expires_at: datetime
    countries: str
    ends: Ends = Ends.EXPIRY


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny:
    """Refused; ``reason`` is one clause that names the rule, ``line`` is where it stands.

    ``countries`` is the edition of the country data that the decision rests on.
    """

    reason: str
    countries: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One rule that is not met.

    ``askable`` is True where something was left out that the principal could give.
    """

    reason: str
    line: int = 0
    askable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An audience as it stands to a principal who has not named one.

    ``refused`` tells every rule that shuts the principal out; ``needs`` those that ask for a
    purpose or reference that was left out. ``permit`` is None unless both are empty.
    """

    audience: Audience
    refused: tuple[Refusal, ...]
    needs: tuple[Refusal, ...]
    permit: Permit | None

    @property
    def fits(self) -> bool:
        """Tell whether the principal could enter."""
        return not self.refused


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
    if rule is None:
        return Deny(reason=_NO_SUCH, countries=policy.countries.edition)
    refused = next(_shut_out(policy, principal, rule, location, now), None) or next(
        _asked(rule, purpose, reference), None
    )
    if refused is not None:
        return Deny(
            reason=f"audience {rule.name}: {refused.reason}",
            countries=policy.countries.edition,
            line=refused.line,
        )
    return _permit(policy, principal, rule, location, now)


def candidates(
    policy: Policy,
    *,
    principal: Principal,
    location: Location,
    now: datetime,
    purpose: str | None = None,
    reference: str | None = None,
) -> tuple[Candidate, ...]:
    """Tell of each audience whether ``principal`` could enter, and what stands against it.

    A purpose or reference that was not given is a need; one that does not fit is a refusal.
    """
    found = []
    for rule in policy.audiences.values():
        against = [
            *_shut_out(policy, principal, rule, location, now),
            *_asked(rule, purpose, reference),
        ]
        found.append(
            Candidate(
                audience=rule,
                refused=tuple(each for each in against if not each.askable),
                needs=tuple(each for each in against if each.askable),
                permit=None if against else _permit(policy, principal, rule, location, now),
            )
        )
    return tuple(found)


def _permit(
    policy: Policy, principal: Principal, rule: Audience, location: Location, now: datetime
) -> Permit:
    ends, until = Ends.EXPIRY, principal.expires
    requires = rule.requires
    if requires.expires is not None:
        until = min(until, now + requires.expires)
    closing = closes_at(requires.hours, now)
    if closing is not None and closing < until:
        ends, until = Ends.HOURS, closing
    leaves = _leaves(policy, location, rule, now, until)
    if leaves is not None:
        ends, until = Ends.EXPIRY, leaves
    return Permit(
        audience=rule,
        door=rule.slug,
        expires_at=until,
        countries=policy.countries.edition,
        ends=ends,
    )


def _shut_out(
    policy: Policy, principal: Principal, rule: Audience, location: Location, now: datetime
) -> Iterator[Refusal]:
    """Tell each rule that shuts somebody out whatever else they bring."""
    if principal.expires <= now:
        yield Refusal(reason="the token has expired; log in again")
    if not principal.groups.intersection(rule.groups):
        groups = ", ".join(rule.groups)
        yield Refusal(
            reason=f"the principal is in none of its groups ({groups})", line=rule.line_of("groups")
        )
    for claim in rule.claims:
        if not principal.claims.get(claim.name, frozenset()).intersection(claim.values):
            values = ", ".join(claim.values)
            yield Refusal(
                reason=f"the token's claim {claim.name} holds none of {values}", line=claim.line
            )
    outside = _outside(policy, location, rule, now)
    if outside is not None:
        yield Refusal(reason=outside, line=rule.line_of("located"))
    if rule.networks and not any(holds(network, location.address) for network in rule.networks):
        yield Refusal(
            reason="the network address is in none of its networks", line=rule.line_of("networks")
        )
    hours = rule.requires.hours
    if hours and closes_at(hours, now) is None:
        told = " and ".join(window.text for window in hours)
        yield Refusal(reason=f"it is open {told} only", line=hours[0].line)


def _outside(policy: Policy, location: Location, rule: Audience, now: datetime) -> str | None:
    if rule.located.everywhere:
        return None
    if not location.known or not location.countries:
        return "it is not known where the principal is, and unknown is outside"
    day = now.astimezone(UTC).date()
    outside = sorted(
        country
        for country in location.countries
        if not inside(country, rule.located, day, policy.countries)
    )
    return f"{', '.join(outside)} is outside where it has to be located" if outside else None


def _leaves(
    policy: Policy, location: Location, rule: Audience, now: datetime, until: datetime
) -> datetime | None:
    """Tell when, before ``until``, the principal is outside without having moved.

    What a country belongs to ends with a day.
    """
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    while (midnight := midnight + timedelta(days=1)) < until:
        if _outside(policy, location, rule, midnight) is not None:
            return midnight
    return None


def _asked(rule: Audience, purpose: str | None, reference: str | None) -> Iterator[Refusal]:
    """Tell what the audience asks for and did not get."""
    requires = rule.requires
    if requires.purposes and purpose not in requires.purposes:
        purposes = ", ".join(requires.purposes)
        yield Refusal(
            reason=f"it needs a purpose, one of {purposes}",
            line=rule.line_of("purpose"),
            askable=purpose is None,
        )
    if requires.reference is not None:
        line = rule.line_of("reference")
        if reference is None or len(reference) > MAX_REFERENCE:
            yield Refusal(
                reason=f"it needs a reference of at most {MAX_REFERENCE} characters",
                line=line,
                askable=reference is None,
            )
        elif re.fullmatch(requires.reference, reference) is None:
            yield Refusal(
                reason="the reference has not the form that the policy asks for", line=line
            )
    if requires.approvals > 0:
        yield Refusal(
            reason="it needs an approval, and approvals cannot be given yet",
            line=rule.line_of("approvals"),
        )
