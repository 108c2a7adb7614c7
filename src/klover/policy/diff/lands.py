"""Regions of two policies compared as sets of countries, each by its own edition of the data.

On every day from the editions' dates on; `any` holds also who is nowhere known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from klover.policy.countries import Countries
from klover.policy.country import change_days, members
from klover.policy.model import Region

UNKNOWN = "unknown"
"""Stands among countries for those who are nowhere known."""
Days = Mapping[date, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lands:
    """A region, and the edition that it is read with."""

    region: Region
    countries: Countries

    def on(self, day: date) -> frozenset[str]:
        """List the countries on a day."""
        everybody = frozenset({UNKNOWN}) if self.region.everywhere else frozenset()
        return members(self.region, day, self.countries) | everybody

    def __str__(self) -> str:
        """Tell the region as the policy writes it."""
        if self.region.everywhere:
            return "any"
        return ("not " if self.region.negated else "") + ", ".join(self.region.names)


def changed(is_now: Lands, was: Lands) -> str:
    """Tell a region as it is now; the countries that differ where the words are still the same."""
    if str(is_now) != str(was):
        return str(is_now)
    every = days(is_now.countries, was.countries)
    new, old = (frozenset[str]().union(*map(one.on, every)) for one in (is_now, was))
    parts = [
        f"{word} {', '.join(sorted(names))}"
        for word, names in (("with", new - old), ("without", old - new))
        if names
    ]
    return f"{is_now} (now {' and '.join(parts) or 'from other days on'})"


def days(one: Countries, other: Countries) -> tuple[date, ...]:
    """List the days on which anything may begin or end, by either edition."""
    return tuple(sorted({*change_days(one), *change_days(other)}))


def lands_within(one: Lands, other: Lands) -> bool:
    """Tell whether all of ``one`` is in ``other``, every day."""
    return all(one.on(day) <= other.on(day) for day in days(one.countries, other.countries))
