"""Columns that tell of people unless somebody declares otherwise: keys, references, free text.

A declaration that takes the veil off one of these shows it in clear to everybody under
pseudonyms. So ``check`` asks about each, whether an entry declared it or a pattern.
"""

from klover.catalog import Column
from klover.policy.derived import telling
from klover.policy.identify import is_harmless
from klover.policy.neutral import bare_type
from klover.policy.resolved import Resolved, TracedTable

_IDS = frozenset({"smallint", "integer", "bigint"})
"""A column of another harmless type (a day, say) may be part of a key and name nobody."""


def veiled(resolved: Resolved, traced: TracedTable, column: Column) -> str:
    """Tell in words what is behind the veil; nothing where the column's values are harmless."""
    references = [key for key in traced.references if column.name in key.columns]
    people = [str(key.target) for key in references if not resolved.tables[key.target].rule.shared]
    if traced.key == (column.name,):
        return "the row key"
    if not is_harmless(column):
        return f"free text or media ({column.type})"
    if bare_type(column.element_type or column.base_type) not in _IDS:
        return _made(resolved, traced, column)
    if people:
        return f"a reference to rows of {' or '.join(dict.fromkeys(people))}"
    if column.name in traced.key and not references:
        return "part of the row key"
    return _made(resolved, traced, column)


def _made(resolved: Resolved, traced: TracedTable, column: Column) -> str:
    if not (column.generated or traced.table.is_view):
        return ""
    names = [one.name for one in telling(traced, column, resolved.tables)]
    return f"or may be made from {names[0]}, which identifies somebody," if names else ""
