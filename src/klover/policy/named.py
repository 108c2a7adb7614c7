"""Whose row a value names: what a pseudonym in a column would stand for.

A column names rows where it is a table's row key, refers to one, is an array whose elements do, or
is one side of a pair. The pseudonym of a key of several columns stands in its last one. Keys that
are themselves references (one row per account, say) count as what they refer to, so that
pseudonyms join wherever the values did; rows of a table that inherits are rows of its parent.
"""

from collections.abc import Iterator

from klover.catalog import TableName
from klover.policy.resolved import NamedRow, Reference, Resolved, TracedTable


def rows_named(resolved: Resolved, traced: TracedTable, column: str) -> tuple[NamedRow, ...]:
    """Tell the rows that values of the column name; several for a pair, none where none."""
    references = sorted(
        (key for key in traced.references if column in key.columns),
        key=lambda key: (len(key.columns), key.target != resolved.policy.subjects.table),
    )
    pairs = [key for key in references if key.when is not None]
    if pairs:
        return tuple(_referred(resolved, pairs, column))
    for key in references:
        found = next(_referred(resolved, [key], column), None)
        if found is not None:
            return (found,)
    if traced.rule.shared or not traced.key or traced.key[-1] != column:
        return ()
    return (NamedRow(entity=_whole(resolved, traced.name), columns=traced.key),)


def _referred(resolved: Resolved, keys: list[Reference], column: str) -> Iterator[NamedRow]:
    """Follow references to row keys; only one whose pseudonym stands in ``column`` counts."""
    for key in keys:
        found = _entity(resolved, key)
        if found is not None and found[1][-1] == column:
            yield NamedRow(entity=found[0], columns=found[1], element=key.element, when=key.when)


def _entity(resolved: Resolved, key: Reference) -> tuple[TableName, tuple[str, ...]] | None:
    """Tell the table at the end of a chain of keys, and the first columns in its key's order."""
    found: tuple[TableName, tuple[str, ...]] | None = None
    ours, seen = key.columns, set[TableName]()
    step: Reference | None = key
    while step is not None:
        target = resolved.tables[step.target]
        theirs = dict(zip(step.target_columns, ours, strict=True))
        if target.name in seen or target.rule.shared or set(theirs) != set(target.key):
            return found
        seen.add(target.name)
        ours = tuple(theirs[name] for name in target.key)
        found = (_whole(resolved, target.name), ours)
        step = _onward(resolved, target)
        if step is not None:
            ours = tuple(theirs[name] for name in step.columns)
    return found


def _onward(resolved: Resolved, traced: TracedTable) -> Reference | None:
    """Find a plain reference that stands on exactly the row key; subjects first, else the first."""
    found = [
        key
        for key in traced.references
        if set(key.columns) == set(traced.key)
        and not key.element
        and key.when is None
        and not resolved.tables[key.target].rule.shared
    ]
    found.sort(key=lambda key: key.target != resolved.policy.subjects.table)
    return found[0] if found else None


def _whole(resolved: Resolved, name: TableName) -> TableName:
    """Tell the table whose rows these count as: the topmost one that ``name`` inherits from."""
    above = resolved.catalog.tables[name].inherits
    return _whole(resolved, above[0]) if above and above[0] in resolved.tables else name
