"""Keys of several columns, as schemas of many tenants have: ``(tenant_id, id)``.

A table refers to such a key where it has the shared columns under the same names and the last one
under a name that speaks of the other table.
"""

from collections.abc import Iterator

from klover.catalog import Catalog, Table
from klover.policy.suggest.guess import Guess, Names, comparable
from klover.policy.words.split import words


def by_wide_name(
    table: Table, catalog: Catalog, names: Names, taken: frozenset[str]
) -> Iterator[Guess]:
    """Guess references of several columns that are not declared."""
    for column in table.columns:
        said = words(column.name)
        if column.name in taken or len(said) < 2 or said[-1] not in {"id", "uuid"}:  # noqa: PLR2004
            continue
        for start in range(len(said) - 1):
            found = names.whole.get(said[start:-1], ())
            for target in found:
                key = catalog.tables[target].primary_key
                if target == table.name or key is None or len(key.columns) < 2:  # noqa: PLR2004
                    continue
                *shared, last = key.columns
                there = catalog.tables[target].column(last)
                here = [table.column(name) for name in shared]
                if there is None or None in here or not comparable(column, there):
                    continue
                if column.name in shared:
                    continue
                yield Guess(
                    columns=(*shared, column.name),
                    target=target,
                    target_columns=key.columns,
                    confidence=0.8 if start == 0 else 0.7,
                    reason="by names and types",
                )
                break
            else:
                continue
            break
