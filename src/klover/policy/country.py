"""Which country a text means, and which countries a region holds on a day.

The rule: never guess. ``resolve`` knows exact variants in any case and returns None for the
rest; None is *unknown*, which is outside for whoever asks and inside for whose data it is.
Most answers are for a day; ``within`` holds for every day from the edition's date on, so that
doors compiled from it do not depend on the clock.
The data, its sources and its edition are in ``countries``.
"""

import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache

from klover.policy.countries import EDITION_DATE, GROUPS, MEMBERSHIPS, NAMES, PARTS
from klover.policy.model import Region


def resolve(text: str | None) -> str | None:
    """Tell the ISO 3166 two-letter code that ``text`` means; None when it is not known."""
    return _variants().get(_folded(text)) if text else None


def name(code: str) -> str:
    """Tell the English short name of a two-letter code (the code itself if there is none)."""
    return _names().get(code, code)


def codes() -> frozenset[str]:
    """List every two-letter code."""
    return frozenset(_names())


def is_group(text: str) -> bool:
    """Tell whether ``text`` names a group of countries (exactly as written)."""
    return text in GROUPS


def members(region: Region, on: date) -> frozenset[str]:
    """List the countries of ``region`` on a day."""
    if region.everywhere:
        return codes()
    found: set[str] = set()
    for part in region.names:
        found |= _group(part, on) if is_group(part) else {part}
    return codes() - found if region.negated else frozenset(found)


def inside(country: str | None, region: Region, on: date) -> bool:
    """Tell whether somebody in ``country`` is in ``region``; an unknown country only in `any`."""
    if region.everywhere:
        return True
    return country is not None and country in members(region, on)


def subject_inside(home: str | None, region: Region, on: date) -> bool:
    """Tell whether a subject counts as inside; one whose home is unknown always does."""
    return home is None or inside(home, region, on)


def within(part: Region, whole: Region) -> bool:
    """Tell whether all of ``part`` is in ``whole``, on every day from the edition's date on."""
    if whole.everywhere:
        return True
    if part.everywhere:
        return False
    return all(members(part, day) <= members(whole, day) for day in change_days())


def meet(one: Region, other: Region, on: date) -> bool:
    """Tell whether somebody can be in both on a day; two `any` meet in the unknown too."""
    return (one.everywhere and other.everywhere) or bool(members(one, on) & members(other, on))


@cache
def change_days() -> tuple[date, ...]:
    """List the edition's date and the later days on which a membership begins or has ended."""
    days = {EDITION_DATE}
    for membership in MEMBERSHIPS:
        days.add(membership.since)
        if membership.until is not None:
            days.add(membership.until + timedelta(days=1))
    return tuple(sorted(day for day in days if day >= EDITION_DATE))


def _group(group: str, on: date) -> frozenset[str]:
    return frozenset(
        membership.country
        for membership in MEMBERSHIPS
        if membership.group == group
        and membership.condition is None
        and membership.since <= on
        and (membership.until is None or on <= membership.until)
    )


def _folded(text: str) -> str:
    """Fold case, underscores, apostrophes and white space; accents stay."""
    plain = unicodedata.normalize("NFC", text).replace("_", " ").replace("\u2019", "'")
    return " ".join(plain.casefold().split())


def _without_accents(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text)
    return "".join(part for part in parts if not unicodedata.combining(part))


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
    """Map every folded variant to its code; names count with and without their accents."""
    found: dict[str, str] = {}
    for two, three, names in _rows():
        for variant in (two, three, *names):
            found[_folded(variant)] = two
            found[_folded(_without_accents(variant))] = two
    found.update({_folded(variant): two for variant, two in PARTS.items()})
    return found
