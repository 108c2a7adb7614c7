"""What a door can show so far: columns in clear, and pseudonyms of keys of one column.

What ``sight`` shows in other ways (arrays, pairs, keys of several columns, coarse values, parts of
documents) is absent from doors until they are compiled: absent is safe, wrong is not.
"""

from collections.abc import Mapping
from dataclasses import replace

from klover.catalog import TableName
from klover.policy import sight
from klover.policy.model import Audience
from klover.policy.resolved import ColumnSight, Reference, Resolved, Show, TableSight


def see(resolved: Resolved, audience: Audience) -> Mapping[TableName, TableSight]:
    """Tell what ``audience`` sees of each table through a door."""
    return {
        name: replace(seen, columns=tuple(_plain(resolved, column) for column in seen.columns))
        for name, seen in sight.see(resolved, audience).items()
    }


def is_plain(parent: Reference) -> bool:
    """Tell whether a condition can be asked of the row that a reference leads to."""
    return not parent.element and parent.when is None


def _plain(resolved: Resolved, column: ColumnSight) -> ColumnSight:
    if column.show in {Show.CLEAR, Show.ABSENT}:
        return column
    if column.show is Show.PSEUDONYM and len(column.names) == 1:
        (named,) = column.names
        one = len(resolved.tables[named.entity].key) == 1 and named.columns == (column.column,)
        if one and not named.element and named.when is None:
            return column
    return ColumnSight(
        column=column.column, show=Show.ABSENT, reason=f"{column.reason}; no door shows that yet"
    )
