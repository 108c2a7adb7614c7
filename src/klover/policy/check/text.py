"""Findings that need no database: what audiences are promised, where things are."""

from datetime import date, timedelta

from klover.policy.check.say import finding
from klover.policy.country import change_days, members, name
from klover.policy.finding import Finding, Severity
from klover.policy.model import Audience, DataClass, Place, Policy, Region
from klover.policy.predicate import refuse_predicate
from klover.policy.sight import is_inside

_SOON = timedelta(days=180)


def check_text(policy: Policy, on: date) -> list[Finding]:
    """List the findings on the policy's text."""
    found = []
    for audience in policy.audiences.values():
        found += _audience(policy, audience)
    found += _places(policy) + _far_places(policy, on)
    found += _rests_in(policy, on)
    return found


def _audience(policy: Policy, audience: Audience) -> list[Finding]:
    """Refuse to promise an audience what the floor will withhold."""
    if DataClass.RESTRICTED not in audience.sees:
        return []
    found = []
    if not is_inside(policy, audience):
        found.append(
            finding(
                policy,
                Severity.ERROR,
                audience.line,
                f"Audience {audience.name} sees restricted data but need not be located where it "
                "may rest.",
                "Narrow `located` to what `rests_in` holds, or take `restricted` out of `sees`.",
            )
        )
    if not audience.requires.purposes:
        found.append(
            finding(
                policy,
                Severity.ERROR,
                audience.line,
                f"Audience {audience.name} sees restricted data but needs no purpose.",
                "Name the purposes with `requires: {purpose: […]}`.",
            )
        )
    return found


def check_casts(policy: Policy) -> list[Finding]:
    """Tell of casts in conditions on rows that only the types of the columns can judge."""
    return [
        finding(
            policy,
            Severity.NOTE,
            rule.line,
            f"Whether `public_rows` of {rule.name} may cast as it does depends on the types of its "
            "columns, which are not known here.",
            "Check against the database (`--dsn`), which refuses a cast that could say a value.",
        )
        for rule in policy.tables.values()
        if rule.predicate
        and refuse_predicate(rule.predicate) is None
        and refuse_predicate(rule.predicate, {}) is not None
    ]


def _places(policy: Policy) -> list[Finding]:
    return [
        finding(
            policy,
            Severity.WARNING,
            place.line,
            f"Nobody knows {_unknown(place)}.",
            "Look, and then declare it.",
        )
        for place in policy.places.values()
        if place.state == "unknown" or place.jurisdiction == "unknown"
    ]


def _unknown(place: Place) -> str:
    if place.state != "unknown":
        return f"where place {place.name} lies"
    where = " and where it lies" if place.jurisdiction == "unknown" else ""
    return f"what place {place.name} holds{where}"


def _far_places(policy: Policy, on: date) -> list[Finding]:
    """Tell of places that are known to lie where protected data may not rest."""
    rests_in = members(policy.rests_in, on, policy.countries)
    return [
        finding(
            policy,
            Severity.NOTE,
            place.line,
            f"Place {place.name} lies in {name(place.jurisdiction)}, where protected data may not "
            "rest, and may hold some.",
            "See that none stays there, or what answers for it.",
        )
        for place in policy.places.values()
        if place.jurisdiction != "unknown"
        and not members(Region(names=(place.jurisdiction,)), on, policy.countries) <= rests_in
    ]


def _rests_in(policy: Policy, on: date) -> list[Finding]:
    """Ask for places that Europe's law calls adequate, today and for a while."""
    countries = policy.countries
    adequate, rests_in = Region(names=("adequate",)), members(policy.rests_in, on, countries)
    adequate_now = members(adequate, on, countries)
    found = []
    doubtful = rests_in - adequate_now
    if doubtful:
        names = ", ".join(sorted(name(code) for code in doubtful))
        found.append(
            finding(
                policy,
                Severity.WARNING,
                policy.rests_in.line,
                f"Protected data may rest in {names}, for which no adequacy decision holds wholly "
                f"(country data of {countries.edition}).",
                "Take it out of `rests_in`, or have somebody answer for it.",
            )
        )
    for day in change_days(countries):
        leaving = (adequate_now - members(adequate, day, countries)) & rests_in
        if on < day <= on + _SOON and leaving:
            names = ", ".join(sorted(name(code) for code in leaving))
            found.append(
                finding(
                    policy,
                    Severity.WARNING,
                    policy.rests_in.line,
                    f"Adequacy of {names} ends on {day - timedelta(days=1)}.",
                    "Decide where its data goes before then.",
                )
            )
    return found
