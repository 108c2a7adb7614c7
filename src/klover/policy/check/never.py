"""Findings on ``never``: what must not happen, held against what audiences are promised and shown.

A promise that breaks one is an error on the day and a warning where it will break soon, when a
country leaves or joins a group. With a catalog it is what is shown that counts: columns whole,
coarse or in parts, of shared tables too, and identifiers that were only declared to be none.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from klover.policy.check.say import finding
from klover.policy.country import change_days, meet
from klover.policy.finding import Finding, Severity
from klover.policy.model import Audience, DataClass, Identifiers, Identifies, Never, Policy
from klover.policy.resolved import ColumnSight, Resolved, RowsShown, Show, TracedTable
from klover.policy.sight import see
from klover.policy.veiled import veiled

_FEW = 5
_SOON = timedelta(days=180)


def check_nevers(policy: Policy, on: date) -> list[Finding]:
    """Find each ``never`` that an audience's promise contradicts, on the day or later."""
    found: list[Finding] = []
    for never in policy.nevers:
        for audience in policy.audiences.values():
            broken = [f"sees {data_class}" for data_class in sorted(never.sees & audience.sees)]
            if never.identifiers is audience.identifiers:
                broken.append(f"has identifiers {audience.identifiers}")
            if broken:
                found += _broken(policy, never, audience, " and ".join(broken), on)
    return found


def check_nevers_shown(resolved: Resolved, on: date) -> list[Finding]:
    """Find each ``never`` that what is shown contradicts, though no promise does."""
    found: list[Finding] = []
    policy = resolved.policy
    for never in policy.nevers:
        for audience in policy.audiences.values():
            if _first_day(policy, never, audience, on) is None:
                continue
            shown = list(_shown(resolved, audience))
            for what in (_classes(never, audience, shown), _pseudonyms(never, audience, shown)):
                if what is not None:
                    found += _broken(policy, never, audience, what, on)
            found += _rests_on_a_word(resolved, never, audience, shown)
    return found


def _first_day(policy: Policy, never: Never, audience: Audience, on: date) -> date | None:
    """Tell the first day, today or soon, on which somebody can be in both; None for none."""
    days = [on, *(day for day in change_days(policy.countries) if on < day <= on + _SOON)]
    return next(
        (day for day in days if meet(never.located, audience.located, day, policy.countries)),
        None,
    )


def _broken(
    policy: Policy, never: Never, audience: Audience, what: str, on: date
) -> Iterator[Finding]:
    day = _first_day(policy, never, audience, on)
    if day is None:
        return
    who = f"audience {audience.name} (line {audience.line}) {what}"
    if day == on:
        message = f"This `never` does not hold: {who} and may be located there."
    else:
        message = f"This `never` will not hold from {day}: {who} and may be located there then."
    yield finding(
        policy,
        severity=Severity.ERROR if day == on else Severity.WARNING,
        line=never.line,
        message=message,
        mend="Change the audience.",
    )


_Seen = tuple[TracedTable, ColumnSight]


def _shown(resolved: Resolved, audience: Audience) -> Iterator[_Seen]:
    for name, sight in see(resolved, audience).items():
        if sight.rows is not RowsShown.NONE:
            for column in sight.shown():
                yield resolved.tables[name], column


def _classes(never: Never, audience: Audience, shown: list[_Seen]) -> str | None:
    """Tell a class that is shown without being promised: public columns of shared tables."""
    unpromised = never.sees - audience.sees
    names = [
        _name(traced, column)
        for traced, column in shown
        if unpromised & _classes_of(traced, column)
    ]
    return f"is shown {_list(names)}" if names else None


def _classes_of(traced: TracedTable, column: ColumnSight) -> frozenset[DataClass]:
    rule = traced.columns[column.column]
    if column.show is not Show.PARTS:
        return frozenset({rule.data_class, *(part.rule.data_class for part in rule.paths)})
    shown = {part.path for part in column.parts if part.shown}
    found = {part.rule.data_class for part in rule.paths if part.path in shown}
    return frozenset(found | ({rule.data_class} if () in shown else set()))


def _pseudonyms(never: Never, audience: Audience, shown: list[_Seen]) -> str | None:
    """Tell identifiers that are veiled, where that must not be and the promise is another."""
    if never.identifiers is not Identifiers.PSEUDONYMISED or never.identifiers is (
        audience.identifiers
    ):
        return None
    names = [
        _name(traced, column)
        for traced, column in shown
        if column.show in {Show.PSEUDONYM, Show.COARSE}
    ]
    return f"sees {_list(names)} pseudonymised or coarse" if names else None


def _rests_on_a_word(
    resolved: Resolved, never: Never, audience: Audience, shown: list[_Seen]
) -> Iterator[Finding]:
    """Ask about what is shown in clear because somebody declared that it identifies nobody."""
    if never.identifiers is not Identifiers.CLEAR or never.identifiers is audience.identifiers:
        return
    names = [
        _name(traced, column)
        for traced, column in shown
        if _declared_away(resolved, traced, column)
    ]
    if names:
        yield finding(
            resolved.policy,
            severity=Severity.WARNING,
            line=never.line,
            message=f"This `never` rests on a declaration: audience {audience.name} sees "
            f"{_list(names)} in clear, declared to identify nobody.",
            mend="Look at what stands there, or leave `identifies` open.",
        )


def _declared_away(resolved: Resolved, traced: TracedTable, column: ColumnSight) -> bool:
    if traced.rule.shared:
        return False
    if column.show is Show.PARTS:
        return True  # a part is shown only where it was declared so
    rule = traced.columns[column.column]
    stated = rule.identifies_stated and rule.identifies is Identifies.NO
    of = traced.table.column(column.column)
    if of is None or not stated or column.show is not Show.CLEAR:
        return False
    return bool(veiled(resolved, traced, of))


def _name(traced: TracedTable, column: ColumnSight) -> str:
    return f"{traced.name}.{column.column}"


def _list(names: list[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more
