"""Findings on who can enter and how much may be taken out, from the policy's text.

An audience that nobody can enter, two that are the same to the same people, limits that do not
limit. Hours and claims cannot contradict themselves: each window opens, each claim stands once.
"""

from collections.abc import Iterator
from datetime import date
from itertools import combinations

from klover.policy.check.say import warning
from klover.policy.country import members
from klover.policy.finding import Finding
from klover.policy.model import Audience, Policy
from klover.policy.parse.limits import told_size
from klover.policy.ranges import Range, covered, lies_in, overlap


def check_entry(policy: Policy, on: date) -> list[Finding]:
    """List the findings on entering, on a day."""
    found: list[Finding] = []
    for audience in policy.audiences.values():
        found += _entered(policy, audience, on)
        found += _limits(policy, audience)
    for one, other in combinations(policy.audiences.values(), 2):
        found += _same(policy, one, other)
    return found


def _entered(policy: Policy, audience: Audience, on: date) -> Iterator[Finding]:
    """Ask for an audience that somebody can enter."""
    nobody = f"Nobody can enter as {audience.name}"
    if audience.requires.approvals:
        yield warning(
            policy,
            audience.line_of("approvals"),
            f"{nobody}: it needs an approval, and approvals cannot be given yet.",
            "Take `approvals` out until they can.",
        )
    if audience.located.everywhere:
        return
    located = members(audience.located, on, policy.countries)
    if not located:
        yield warning(
            policy,
            audience.line_of("located"),
            f"{nobody}: no country is where it has to be located.",
            "Name countries or groups that have members.",
        )
        return
    there = [
        network.range
        for network in policy.networks
        if (possible := members(network.where, on, policy.countries)) and possible <= located
    ]
    if not any(_reached(one, one, policy) for one in there):
        yield warning(
            policy,
            audience.line_of("located"),
            f"{nobody}: no network of the policy lies where it has to be located, and an unknown "
            "network is outside.",
            "Name its networks with `networks: {range: country}`.",
        )
    elif audience.networks and not any(
        _reached(own, one, policy) for own in audience.networks for one in there
    ):
        yield warning(
            policy,
            audience.line_of("networks"),
            f"{nobody}: none of its own `networks` is known to lie where it has to be located.",
            "Say where they are under `networks:` of the policy, or name others.",
        )


def _reached(own: Range, known: Range, policy: Policy) -> bool:
    """Tell whether an address of ``own`` lies in ``known`` and in no narrower range of the policy.

    Two ranges lie in one another or apart.
    """
    if not overlap(own, known):
        return False
    both = max(own, known, key=lambda one: one.prefixlen)
    inner = [
        network.range
        for network in policy.networks
        if network.range != known and lies_in(network.range, known)
    ]
    return not any(lies_in(both, one) for one in inner) and not covered(both, inner)


def _limits(policy: Policy, audience: Audience) -> Iterator[Finding]:
    """Ask for limits that limit something."""
    session, day, line = audience.limits.session, audience.limits.day, audience.line_of("limits")
    both = (("rows", session.rows, day.rows), ("bytes", session.bytes, day.bytes))
    for what, one, all_day in both:
        if one is not None and all_day is not None and one > all_day:
            yield warning(
                policy,
                line,
                f"Audience {audience.name}: the limit of {what} a session is beyond that of a "
                "day, so it limits nothing.",
                "Lower it, or take it out.",
            )
    endless = [what for what, one, all_day in both if one is not None and all_day is None]
    if endless:
        yield warning(
            policy,
            line,
            f"Audience {audience.name}: a session has a limit of {' and '.join(endless)} and a day "
            "has none, so whoever connects again begins anew.",
            "Add `day:` with what one person may take out in all.",
        )
    for what, amount in (("a session", session), ("a day", day)):
        if amount.rows is not None and amount.bytes is None:
            yield warning(
                policy,
                line,
                f"Audience {audience.name}: {what} has a limit of rows and none of bytes, and one "
                "row can hold a whole table (`string_agg`).",
                f"Add `bytes:`, such as {told_size(_fair(amount.rows))}.",
            )


def _fair(rows: int) -> int:
    """Tell a size that so many ordinary rows stay below, in whole megabytes."""
    return (rows // 1000 + 1) * 10**6


def _same(policy: Policy, one: Audience, other: Audience) -> Iterator[Finding]:
    """Find two audiences that show the same to the same people."""
    if _principals(one) != _principals(other) or _promise(one) != _promise(other):
        return
    stricter = one.requires != other.requires or one.limits != other.limits
    rest = (
        "what one requires or limits beyond the other is no protection"
        if stricter
        else "one of them has no use"
    )
    yield warning(
        policy,
        other.line,
        f"Audiences {one.name} (line {one.line}) and {other.name} let in the same people and show "
        f"them the same, so {rest}.",
        "Take one out, or tell them apart by groups, claims or `sees`.",
    )


def _principals(audience: Audience) -> tuple[object, ...]:
    located = audience.located
    return (
        frozenset(audience.groups),
        frozenset((claim.name, frozenset(claim.values)) for claim in audience.claims),
        (frozenset(located.names), located.negated, located.everywhere),
        frozenset(audience.networks),
    )


def _promise(audience: Audience) -> tuple[object, ...]:
    return (audience.sees, audience.identifiers)
