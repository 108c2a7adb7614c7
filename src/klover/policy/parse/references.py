"""Keys that the database does not declare: the part ``references`` of a table.

::

    owner_id: accounts.id                                        one column
    members[]: accounts.id                                       each element of an array
    (tenant_id, user_id): users.(tenant_id, id)                  a key of several columns
    topic_id: {by: topic_type, Video: videos.id}                 a pair: the type says which table
"""

from collections.abc import Iterator

from klover.policy.document import Mapping, Node
from klover.policy.model import StatedKey
from klover.policy.path import read_columns, read_target
from klover.policy.reading import Reader


def read_references(node: Node | None, what: str, reader: Reader) -> tuple[StatedKey, ...]:
    """Read the stated keys of one table."""
    if node is None:
        return ()
    found: list[StatedKey] = []
    for text, entry in reader.entries(node, f"{what}: `references`").items():
        where = f"{what}: `references.{text}`"
        columns, element = read_columns(text)
        if isinstance(entry, Mapping):
            if element or len(columns) > 1:
                reader.faults.add(f"{where} has to be `table.column`, not a pair.", entry.line)
            else:
                found += _pair(entry, where, columns[0], reader)
            continue
        key = _key(entry, where, columns, reader, element=element)
        if key is not None:
            found.append(key)
    return tuple(found)


def _pair(node: Mapping, what: str, column: str, reader: Reader) -> Iterator[StatedKey]:
    """Read one half for each type that is named."""
    by = reader.text(node.entries["by"], f"{what}: `by`") if "by" in node.entries else None
    if "by" not in node.entries:
        reader.faults.add(
            f"{what} needs `by:`, the column that says which table a row refers to.", node.line
        )
    if len(node.entries) < 2:  # noqa: PLR2004 - the type column and one type
        reader.faults.add(f"{what} names no type; write `Type: table.column`.", node.line)
    for value, entry in node.entries.items():
        if value == "by":
            continue
        when = (by or "", value)
        key = _key(entry, f"{what}.{value}", (column,), reader, when=when)
        if key is not None:
            yield key


def _key(
    node: Node,
    what: str,
    columns: tuple[str, ...],
    reader: Reader,
    *,
    element: bool = False,
    when: tuple[str, str] | None = None,
) -> StatedKey | None:
    text = reader.text(node, what)
    target = read_target(text) if text is not None else None
    if text is not None and target is None:
        reader.faults.add(f"{what} has to be `table.column`.", node.line)
    if target is None:
        return None
    table, names = target
    if len(names) != len(columns):
        reader.faults.add(
            f"{what}: {len(columns)} columns cannot refer to {len(names)}; name as many on both "
            "sides: `(a, b): table.(a, b)`.",
            node.line,
        )
        return None
    return StatedKey(
        columns=columns,
        target=table,
        target_columns=names,
        element=element,
        when=when,
        line=node.line,
    )
