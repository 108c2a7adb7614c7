"""What an audience sees of every table: the floor, then the policy, then pseudonyms.

The floor holds whatever the policy says: restricted data only for an audience whose whole
``located`` lies in ``rests_in`` and that asks for a purpose; identifiers in clear outside only
where the column is public. The answer does not depend on the day: ``located`` has to lie in
``rests_in`` on every day from the country data's edition on.
"""

from collections.abc import Mapping

from klover.catalog import TableName
from klover.policy.country import within
from klover.policy.model import (
    Audience,
    ColumnRule,
    DataClass,
    Identifiers,
    Identifies,
    Policy,
    Rows,
)
from klover.policy.named import rows_named
from klover.policy.parts import parts_shown
from klover.policy.resolved import (
    ColumnSight,
    NamedRow,
    Resolved,
    RowsShown,
    Show,
    TableSight,
    TracedTable,
)


def is_inside(policy: Policy, audience: Audience) -> bool:
    """Tell whether all of the audience stands where protected data may rest."""
    return within(audience.located, policy.rests_in, policy.countries)


def sees_restricted(policy: Policy, audience: Audience) -> bool:
    """Tell whether the audience sees restricted data: by its own rule and above the floor."""
    return (
        DataClass.RESTRICTED in audience.sees
        and bool(audience.requires.purposes)
        and is_inside(policy, audience)
    )


def see(resolved: Resolved, audience: Audience) -> Mapping[TableName, TableSight]:
    """Tell what ``audience`` sees of each table."""
    return {
        name: TableSight(
            table=name,
            rows=_rows(resolved, traced, audience),
            columns=tuple(
                _column(resolved, traced, column, rule, audience)
                for column, rule in traced.columns.items()
            ),
        )
        for name, traced in resolved.tables.items()
    }


def _rows(resolved: Resolved, traced: TracedTable, audience: Audience) -> RowsShown:
    if traced.rule.shared or sees_restricted(resolved.policy, audience):
        return RowsShown.ALL
    return RowsShown.NONE if traced.rule.public_rows is Rows.NONE else RowsShown.PUBLIC


def _column(
    resolved: Resolved, traced: TracedTable, column: str, rule: ColumnRule, audience: Audience
) -> ColumnSight:
    if rule.paths:
        seen = _parts(resolved.policy, traced, column, rule, audience)
        if seen is not None:
            return seen
    refused = _refused(resolved.policy, traced, rule, audience)
    if refused is not None:
        return _absent(column, refused)
    clear = _clear_because(resolved.policy, rule, audience)
    if clear is not None:
        return ColumnSight(column=column, show=Show.CLEAR, reason=clear)
    if rule.identifies is Identifies.INDIRECTLY:
        return _coarse(column, rule)
    names = rows_named(resolved, traced, column)
    if not names:
        return _absent(column, "identifies directly and is no key that a pseudonym could stand for")
    reason = f"{rule.data_class}, shown as {_pseudonym(names)}"
    return ColumnSight(column=column, show=Show.PSEUDONYM, names=names, reason=reason)


def _coarse(column: str, rule: ColumnRule) -> ColumnSight:
    if rule.coarsen is None:
        return _absent(column, "identifies indirectly, and no `coarsen` says how to show it")
    reason = f"{rule.data_class}, made coarse by {rule.coarsen}"
    return ColumnSight(column=column, show=Show.COARSE, coarsen=rule.coarsen, reason=reason)


def _pseudonym(names: tuple[NamedRow, ...]) -> str:
    """Tell in words whose pseudonym stands there."""
    rows = " or ".join(dict.fromkeys(str(named.entity) for named in names))
    if names[0].element:
        return f"pseudonyms of rows of {rows}"
    pair = ", as its type says" if names[0].when is not None else ""
    return f"a pseudonym of the row of {rows}{pair}"


def _parts(
    policy: Policy, traced: TracedTable, column: str, rule: ColumnRule, audience: Audience
) -> ColumnSight | None:
    """Tell which parts of a JSON column are shown; None where it is all or nothing."""

    def may(part: ColumnRule) -> bool:
        return (
            _refused(policy, traced, part, audience) is None
            and _clear_because(policy, part, audience) is not None
        )

    parts = parts_shown(rule.paths, may, whole=may(rule))
    if not parts:
        return None
    shown = [".".join(part.path) or "the rest" for part in parts if part.shown]
    reason = f"only {', '.join(shown)}"
    return ColumnSight(column=column, show=Show.PARTS, parts=parts, reason=reason)


def _clear_because(policy: Policy, rule: ColumnRule, audience: Audience) -> str | None:
    """Tell why a column the audience may have is shown in clear; None where it is not."""
    if rule.identifies is Identifies.NO:
        return f"{rule.data_class}, identifies nobody"
    if audience.identifiers is not Identifiers.CLEAR:
        return None
    if rule.data_class is DataClass.PUBLIC or is_inside(policy, audience):
        return f"{rule.data_class}, identifiers in clear"
    return None


def _refused(
    policy: Policy, traced: TracedTable, rule: ColumnRule, audience: Audience
) -> str | None:
    """Tell why the audience may not have the column at all; None where it may."""
    if rule.data_class is DataClass.RESTRICTED:
        word = "restricted" if rule.declared else "restricted, because nobody classified it"
        if DataClass.RESTRICTED not in audience.sees:
            return word
        if not is_inside(policy, audience):
            return f"{word}; the audience is not all located where the data may rest"
        return None if audience.requires.purposes else f"{word}; the audience asks for no purpose"
    if traced.rule.shared and rule.data_class is DataClass.PUBLIC:
        return None
    return None if rule.data_class in audience.sees else f"{rule.data_class}, not in `sees`"


def _absent(column: str, reason: str) -> ColumnSight:
    return ColumnSight(column=column, show=Show.ABSENT, reason=reason)
