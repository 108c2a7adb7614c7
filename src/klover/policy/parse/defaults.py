"""Rules for groups of tables and columns, by pattern: the part ``defaults`` of a policy.

What a table's own entry says wins; among the patterns the first that fits decides.
"""

from collections.abc import Callable

from klover.catalog import TableName
from klover.policy.document import Mapping, Node
from klover.policy.model import ColumnRule, Defaults, TableRule
from klover.policy.pattern import refuse_pattern
from klover.policy.reading import Reader
from klover.policy.rules import ColumnDefault, TableDefault

ReadTable = Callable[[TableName, Node, int], TableRule]
ReadColumn = Callable[[Node, str, int, Reader], ColumnRule]


def read_defaults(
    node: Node | None, reader: Reader, table: ReadTable, column: ReadColumn
) -> Defaults:
    """Read ``defaults``; ``table`` and ``column`` read a rule the way ``tables`` does."""
    if node is None:
        return Defaults()
    parts = reader.mapping(node, "`defaults`", optional=("tables", "columns"))
    return Defaults(
        tables=tuple(
            TableDefault(pattern=pattern, rule=_table(pattern, entry, line, reader, table))
            for pattern, entry, line in _entries(parts.get("tables"), "tables", reader)
        ),
        columns=tuple(
            ColumnDefault(pattern=pattern, rule=_column(pattern, entry, line, reader, column))
            for pattern, entry, line in _entries(parts.get("columns"), "columns", reader)
        ),
    )


def _table(pattern: str, node: Node, line: int, reader: Reader, table: ReadTable) -> TableRule:
    rule = table(TableName("public", pattern), node, line)
    what = f"`defaults.tables.{pattern}`"
    if rule.columns:
        reader.faults.add(
            f"{what} has `columns:`; write them under `defaults.columns` as `{pattern}.column`.",
            line,
        )
    told = isinstance(node, Mapping) and "subject" in node.entries  # its own faults say enough
    if not rule.shared and not told:
        reader.faults.add(f"{what} has to be `shared` or to have a `subject:`.", line)
    return rule


def _column(pattern: str, node: Node, line: int, reader: Reader, column: ReadColumn) -> ColumnRule:
    what = f"`defaults.columns.{pattern}`"
    rule = column(node, what, line, reader)
    if rule.coarse_of:
        reader.faults.add(f"{what}: `coarse_of` is said of one column, under `tables:`.", line)
    return rule


def _entries(node: Node | None, what: str, reader: Reader) -> list[tuple[str, Node, int]]:
    if node is None:
        return []
    found = []
    for pattern, entry in reader.entries(node, f"`defaults.{what}`").items():
        line = node.lines[pattern] if isinstance(node, Mapping) else node.line
        reason = refuse_pattern(pattern, columns=what == "columns")
        if reason is not None:
            reader.faults.add(f"`defaults.{what}` has {pattern!r}: {reason}.", line)
        else:
            found.append((pattern, entry, line))
    return found
