"""Who would be let in more easily, or less: the conditions of entry compared as sets.

Each condition has a comparison of its own. A condition that nobody wrote one for is compared
whole: where it differs at all, the difference moves, and so counts as loosening.
"""

from collections.abc import Callable, Iterable, Mapping, Set as AbstractSet
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from klover.policy.diff.admission import (
    claims_at_most,
    hours_at_most,
    limits_at_most,
    networks_at_most,
    tell_claims,
    tell_hours,
    tell_limits,
    tell_networks,
)
from klover.policy.diff.lands import Lands, changed, lands_within
from klover.policy.difference import Difference, Direction, compare
from klover.policy.model import Audience, Policy, Region, Requires
from klover.policy.span import span_text

_BY_SIGHT = frozenset({"sees", "identifiers"})
"""What these two do shows in what is seen."""
_NO_MEANING = frozenset({"name", "line", "lines", "requires"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition: whether one value lets in at most whom another does, and its words."""

    at_most: Callable[[Any, Any], bool]
    tell: Callable[[Any], str]
    what: str


def entry_differences(old: Policy, new: Policy) -> list[Difference]:
    """Compare who may enter; audiences that are new or gone included."""
    found = []
    for name in sorted({*old.audiences, *new.audiences}):
        if name not in old.audiences:
            found.append(_whole(name, Direction.LOOSENS, "is new and may be entered by"))
        elif name not in new.audiences:
            found.append(_whole(name, Direction.TIGHTENS, "is gone; nobody enters as"))
        else:
            found += _conditions(old, new, name)
    return found


def _whole(name: str, direction: Direction, words: str) -> Difference:
    text = f"{words} {'those it names' if direction is Direction.LOOSENS else 'it any more'}"
    return Difference(direction=direction, text=text, audience=name)


def _conditions(old: Policy, new: Policy, name: str) -> list[Difference]:
    found = []
    one, two = old.audiences[name], new.audiences[name]
    for field, before, after in (*_pairs(one, two), *_pairs(one.requires, two.requires)):
        was, is_now = _read(before, old), _read(after, new)
        condition = CONDITIONS.get(field, _unknown(field))
        direction = compare(
            tighter=condition.at_most(is_now, was), looser=condition.at_most(was, is_now)
        )
        if direction is not None:
            told = changed(is_now, was) if isinstance(is_now, Lands) else condition.tell(is_now)
            text = f"has {condition.what} {told}, before {condition.tell(was)}"
            found.append(Difference(direction=direction, text=text, audience=name))
    return found


def _pairs(old: Audience | Requires, new: Audience | Requires) -> list[tuple[str, Any, Any]]:
    return [
        (field.name, getattr(old, field.name), getattr(new, field.name))
        for field in fields(old)
        if field.name not in _BY_SIGHT | _NO_MEANING
    ]


def _read(value: Any, policy: Policy) -> Any:
    """Give a region the edition that its policy reads it with."""
    if isinstance(value, Region):
        return Lands(region=value, countries=policy.countries)
    return value


def _unknown(name: str) -> Condition:
    return Condition(at_most=lambda one, other: bool(one == other), tell=_as_it_is, what=name)


def _as_it_is(value: object) -> str:
    return "none" if value in (None, (), {}) else str(value)


def _part(one: Iterable[str], other: Iterable[str]) -> bool:
    return set(one) <= set(other)


def _accepted(one: AbstractSet[str] | tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Compare lists of which one has to be given; an empty list asks for nothing."""
    return not other or (bool(one) and set(one) <= set(other))


def _same_or_none(one: str | None, other: str | None) -> bool:
    return other is None or one == other


def _shorter(one: timedelta | None, other: timedelta | None) -> bool:
    return other is None or (one is not None and one <= other)


def _names(values: Iterable[str]) -> str:
    return ", ".join(values) or "none"


def _optional(value: object) -> str:
    return "none" if value is None else str(value)


def _span(value: timedelta | None) -> str:
    return "none" if value is None else span_text(value)


CONDITIONS: Mapping[str, Condition] = {
    "groups": Condition(at_most=_part, tell=_names, what="the groups"),
    "located": Condition(at_most=lands_within, tell=str, what="to be located in"),
    "purposes": Condition(at_most=_accepted, tell=_names, what="the purposes"),
    "reference": Condition(at_most=_same_or_none, tell=_optional, what="the form of reference"),
    "approvals": Condition(at_most=lambda one, other: one >= other, tell=str, what="approvals"),
    "expires": Condition(at_most=_shorter, tell=_span, what="to end after"),
    "claims": Condition(at_most=claims_at_most, tell=tell_claims, what="the claims"),
    "networks": Condition(at_most=networks_at_most, tell=tell_networks, what="the networks"),
    "hours": Condition(at_most=hours_at_most, tell=tell_hours, what="the hours"),
    "limits": Condition(at_most=limits_at_most, tell=tell_limits, what="the limits"),
}
"""The conditions of entry, by their field of ``Audience`` or ``Requires``."""

KNOWN = frozenset(CONDITIONS) | _BY_SIGHT | _NO_MEANING
