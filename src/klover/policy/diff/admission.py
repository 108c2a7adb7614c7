"""Claims, networks, hours and limits of an audience, compared by whom they let in and how much.

Each function tells whether one value lets in at most whom the other does. An empty value asks for
nothing. What is not shown to be less is not less: windows compare one by one, in the same zone.
"""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses

from klover.policy.admission import Amount, Claim, Limits, Window

_Range = IPv4Network | IPv6Network
_DAY = 24 * 60


def claims_at_most(one: Sequence[Claim], other: Sequence[Claim]) -> bool:
    """Every claim that the other asks for is asked for, with no more values."""
    asked = {claim.name: set(claim.values) for claim in one}
    return all(asked.get(each.name, {None}) <= set(each.values) for each in other)


def networks_at_most(one: Sequence[_Range], other: Sequence[_Range]) -> bool:
    """Every address of the one lies in the other."""
    if not one or not other:
        return not other
    return all(_covered(each, other) for each in one)


def _covered(one: _Range, others: Sequence[_Range]) -> bool:
    if isinstance(one, IPv4Network):
        four = collapse_addresses(each for each in others if isinstance(each, IPv4Network))
        return any(one.subnet_of(each) for each in four)
    six = collapse_addresses(each for each in others if isinstance(each, IPv6Network))
    return any(one.subnet_of(each) for each in six)


def hours_at_most(one: Sequence[Window], other: Sequence[Window]) -> bool:
    """Every window of the one lies in a window of the other."""
    if not one or not other:
        return not other
    return all(any(_lies_in(each, whole) for whole in other) for each in one)


def _lies_in(one: Window, other: Window) -> bool:
    return (
        one.zone == other.zone
        and one.days <= other.days
        and one.begins >= other.begins
        and _last(one) <= _last(other)
    )


def _last(window: Window) -> int:
    return window.ends if window.ends > window.begins else window.ends + _DAY


def limits_at_most(one: Limits, other: Limits) -> bool:
    """No more may be taken out, in a session or on a day."""
    return _less(one.session, other.session) and _less(one.day, other.day)


def _less(one: Amount, other: Amount) -> bool:
    pairs = ((one.rows, other.rows), (one.bytes, other.bytes))
    return all(most is None or (less is not None and less <= most) for less, most in pairs)


def tell_claims(claims: Sequence[Claim]) -> str:
    """Tell claims for people."""
    told = [f"{claim.name} ({' or '.join(claim.values)})" for claim in claims]
    return " and ".join(told) or "none"


def tell_networks(networks: Sequence[_Range]) -> str:
    """Tell networks for people."""
    return ", ".join(map(str, networks)) or "any"


def tell_hours(hours: Sequence[Window]) -> str:
    """Tell hours for people."""
    return " and ".join(window.text for window in hours) or "always"


def tell_limits(limits: Limits) -> str:
    """Tell limits for people."""
    told = [
        f"{number:,} {unit} a {what}"
        for what, amount in (("session", limits.session), ("day", limits.day))
        for unit, number in (("rows", amount.rows), ("bytes", amount.bytes))
        if number is not None
    ]
    return ", ".join(told) or "none"
