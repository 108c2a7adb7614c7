"""Which country a text means, and which countries a region holds on a day.

The rule: never guess. ``resolve`` knows exact variants, compared without case and accents, and
returns None for the rest and for what could mean two countries; None is *unknown*, which is
outside for whoever asks and inside for whose data it is. Most answers are for a day; ``within``
holds for every day from the edition's date on, so that doors compiled from it do not depend on the
clock. Regions are read with an edition of the data (``Policy.countries``), never with another.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache, lru_cache

from klover.policy.countries import HOLDS, Countries
from klover.policy.country_names import NAMES, PARTS
from klover.policy.country_native import NATIVE
from klover.policy.model import Region

MOST_CHARACTERS = 200
"""A longer text is no country's name."""

_BETWEEN = re.compile(r"[\s_'`\u00b4\u02bb\u2018\u2019\u2010-\u2015-]+")
_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i"}
)


def resolve(text: str | None) -> str | None:
    """Tell the ISO 3166 two-letter code that ``text`` means; None when it is not known."""
    if not text or len(text) > MOST_CHARACTERS:
        return None
    return _variants().get(folded(text))


def spellings() -> Mapping[str, str]:
    """Map every spelling that ``resolve`` knows, folded, to its code."""
    return _variants()


def name(code: str) -> str:
    """Tell the English short name of a two-letter code (the code itself if there is none)."""
    return _names().get(code, code)


def names() -> frozenset[str]:
    """List every English short name."""
    return frozenset(_names().values())


def codes() -> frozenset[str]:
    """List every two-letter code."""
    return frozenset(_names())


def folded(text: str) -> str:
    """Take away what spellings of a name differ in: case, accents, hyphens, apostrophes, space."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(part for part in parts if not unicodedata.combining(part))
    return _BETWEEN.sub(" ", plain.casefold().translate(_LETTERS)).strip()


def is_group(text: str, countries: Countries) -> bool:
    """Tell whether ``text`` names a group of countries (exactly as written)."""
    return text in _groups(countries)


@lru_cache(maxsize=64)
def _groups(countries: Countries) -> frozenset[str]:
    """Tell the groups of an edition once: regions are read thousands of times in one compile."""
    return frozenset(countries.groups)


def members(region: Region, on: date, countries: Countries) -> frozenset[str]:
    """List the countries of ``region`` on a day."""
    if region.everywhere:
        return codes()
    found: set[str] = set()
    for part in region.names:
        found |= _group(part, on, countries) if is_group(part, countries) else {part}
    return codes() - found if region.negated else frozenset(found)


def inside(country: str | None, region: Region, on: date, countries: Countries) -> bool:
    """Tell whether somebody in ``country`` is in ``region``; an unknown country only in `any`."""
    if region.everywhere:
        return True
    return country is not None and country in members(region, on, countries)


@lru_cache(maxsize=1024)
def within(part: Region, whole: Region, countries: Countries) -> bool:
    """Tell whether all of ``part`` is in ``whole``, on every day from the edition's date on.

    Kept: it is asked for each column of each audience.
    """
    if whole.everywhere:
        return True
    if part.everywhere:
        return False
    return all(
        members(part, day, countries) <= members(whole, day, countries)
        for day in change_days(countries)
    )


def meet(one: Region, other: Region, on: date, countries: Countries) -> bool:
    """Tell whether somebody can be in both on a day; two `any` meet in the unknown too."""
    if one.everywhere and other.everywhere:
        return True
    return bool(members(one, on, countries) & members(other, on, countries))


@lru_cache(maxsize=64)
def change_days(countries: Countries) -> tuple[date, ...]:
    """List the edition's date and the later days on which a membership begins or has ended."""
    days = {countries.since}
    for membership in countries.memberships:
        days.add(membership.since)
        if membership.until is not None and membership.until < date.max:
            days.add(membership.until + timedelta(days=1))
    return tuple(sorted(day for day in days if day >= countries.since))


@lru_cache(maxsize=1024)
def _group(group: str, on: date, countries: Countries) -> frozenset[str]:
    found = {
        membership.country
        for membership in countries.memberships
        if membership.group == group
        and membership.condition is None
        and membership.since <= on
        and (membership.until is None or on <= membership.until)
    }
    return frozenset(found).union(*(_group(held, on, countries) for held in HOLDS.get(group, ())))


@cache
def _rows() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    found = []
    for line in NAMES.strip().splitlines():
        two, three, names = line.split(" ", 2)
        found.append((two, three, tuple(names.split("|"))))
    return tuple(found)


@cache
def _names() -> Mapping[str, str]:
    return {two: names[0] for two, _, names in _rows()}


@cache
def _variants() -> Mapping[str, str]:
    """Map every folded variant to its code; a variant of two countries is left out."""
    meant: dict[str, set[str]] = {}
    for two, three, names in _rows():
        for variant in (two, three, *names):
            meant.setdefault(folded(variant), set()).add(two)
    for variant, two in PARTS.items():
        meant.setdefault(folded(variant), set()).add(two)
    for line in NATIVE.strip().splitlines():
        two, names_there = line.split(" ", 1)
        for variant in names_there.split("|"):
            meant.setdefault(folded(variant), set()).add(two)
    return {variant: min(found) for variant, found in meant.items() if len(found) == 1}
