"""What a policy says beside tables and audiences, compared by what it means.

Regions are compared as sets of countries on every day the data knows of, networks by the country
of each address, ``never`` by what it forbids where. Orders and spellings make no difference.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from klover.policy.diff.lands import Days, Lands, changed, days, lands_within
from klover.policy.difference import Difference, Direction, compare
from klover.policy.model import Policy, Region
from klover.policy.ranges import Range, covered, lies_in


def place_differences(old: Policy, new: Policy) -> list[Difference]:
    """Compare regions, networks, applications, places and what must never be."""
    return [
        *_regions(old, new),
        *_networks(old, new),
        *_applications(old, new),
        *_named("the place", old.places, new.places),
        *_nevers(old, new),
    ]


def _regions(old: Policy, new: Policy) -> list[Difference]:
    found = []
    was, is_now = (_lands(policy, policy.rests_in) for policy in (old, new))
    rests = compare(tighter=lands_within(is_now, was), looser=lands_within(was, is_now))
    if rests is not None:
        text = f"protected data may rest in {changed(is_now, was)}, before {was}"
        found.append(Difference(direction=rests, text=text))
    was, is_now = (_lands(policy, policy.subjects.inside) for policy in (old, new))
    inside = compare(tighter=lands_within(was, is_now), looser=lands_within(is_now, was))
    if inside is not None:
        text = f"{changed(is_now, was)} count as inside, before {was}"
        found.append(Difference(direction=inside, text=text))
    return found


def _lands(policy: Policy, region: Region) -> Lands:
    return Lands(region=region, countries=policy.countries)


def _networks(old: Policy, new: Policy) -> list[Difference]:
    found = []
    ranges = sorted({network.range for network in (*old.networks, *new.networks)}, key=str)
    for one in ranges:
        if covered(one, ranges):
            continue
        before, after = _where(one, old), _where(one, new)
        direction = compare(tighter=_surer(after, before), looser=_surer(before, after))
        if direction is None:
            continue
        text = f"the network {one} lies in {after or 'no known country'}, before {before or 'none'}"
        found.append(Difference(direction=direction, text=text))
    return found


def _surer(one: Lands | None, other: Lands | None) -> bool:
    """Tell whether an address in ``one`` is let in at most where one in ``other`` is.

    Every country it may lie in has to be let in: the more there are, the harder it is. An address
    that lies nowhere known is let in least.
    """
    if one is None or other is None:
        return one is None
    every = days(one.countries, other.countries)
    return all(not one.on(day) or one.on(day) >= other.on(day) != frozenset() for day in every)


def _where(one: Range, policy: Policy) -> Lands | None:
    """Tell where the narrowest range lies that holds all of ``one``."""
    holding = [network for network in policy.networks if lies_in(one, network.range)]
    narrowest = max(holding, key=lambda network: network.range.prefixlen, default=None)
    return _lands(policy, narrowest.where) if narrowest is not None else None


def _applications(old: Policy, new: Policy) -> list[Difference]:
    found = []
    for difference in _named("the application", old.applications, new.applications):
        direction = difference.direction
        if difference.after == "":
            direction = Direction.TIGHTENS
        elif difference.before == "":
            direction = Direction.LOOSENS
        found.append(replace(difference, direction=direction))
    return found


def _named(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """Compare named entries whole; each difference moves."""
    found = []
    for name in sorted({*old, *new}):
        before, after = (
            replace(side[name], line=0) if name in side else None for side in (old, new)
        )
        if before == after:
            continue
        verb = "is new" if before is None else "is gone" if after is None else "is another"
        found.append(
            Difference(
                direction=Direction.MOVES,
                text=f"{what} {name} {verb}",
                before="" if before is None else name,
                after="" if after is None else name,
            )
        )
    return found


def _nevers(old: Policy, new: Policy) -> list[Difference]:
    """Compare by what is forbidden where: each class and each way of showing identifiers."""
    every = days(old.countries, new.countries)
    was, is_now = _forbidden(old, every), _forbidden(new, every)
    found = []
    for atom in sorted({*was, *is_now}):
        before, after = was.get(atom, {}), is_now.get(atom, {})
        direction = compare(tighter=_at_least(after, before), looser=_at_least(before, after))
        if direction is None:
            continue
        words = {
            Direction.LOOSENS: "is no longer forbidden everywhere it was",
            Direction.TIGHTENS: "is forbidden in more places",
        }
        text = f"`never`: {atom} {words.get(direction, 'is forbidden elsewhere')}"
        found.append(Difference(direction=direction, text=text))
    return found


def _forbidden(policy: Policy, every: Iterable[date]) -> Mapping[str, Days]:
    found: dict[str, dict[date, frozenset[str]]] = {}
    for never in policy.nevers:
        atoms = [f"{data_class} data" for data_class in never.sees]
        if never.identifiers is not None:
            atoms.append(f"identifiers {never.identifiers}")
        lands = _lands(policy, never.located)
        for atom in atoms:
            where = found.setdefault(atom, {})
            for day in every:
                where[day] = where.get(day, frozenset()) | lands.on(day)
    return found


def _at_least(one: Days, other: Days) -> bool:
    return all(countries <= one.get(day, frozenset()) for day, countries in other.items())
