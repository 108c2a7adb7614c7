"""Whose data it is: the parts ``subjects`` and ``tables`` of a policy.

The short forms are the usual ones (``languages: shared``, ``privacy: interoperable``); the long
forms say more. A table is shared or says how its rows reach their subjects, except the subjects'
own. What a column's class implies is filled by ``trace``, which knows the column's type.
"""

from collections.abc import Collection, Mapping as Map

from klover.catalog import TableName
from klover.policy.document import Mapping, Node, Scalar
from klover.policy.model import (
    ColumnRule,
    DataClass,
    Defaults,
    Identifies,
    Path,
    Region,
    Rows,
    Subjects,
    TableRule,
    Unique,
)
from klover.policy.parse.coarsen import read_coarsening
from klover.policy.parse.defaults import read_defaults
from klover.policy.parse.homes import read_homes
from klover.policy.parse.parts import read_parts
from klover.policy.parse.references import read_references
from klover.policy.path import PathError, read_path
from klover.policy.predicate import refuse_predicate
from klover.policy.reading import Reader

_TABLE_KEYS = ("shared", "subject", "public_rows", "hangs_off", "key", "references", "columns")
_COLUMN_KEYS = ("identifies", "category", "unique", "stub", "coarsen", "coarse_of", "paths")


def table_names(node: Node | None) -> frozenset[TableName]:
    """List the tables the policy has entries for; paths are read against them."""
    entries = node.entries if isinstance(node, Mapping) else {}
    return frozenset(TableName.parse(name) for name in entries)


def read_subjects(node: Node | None, reader: Reader, tables: Collection[TableName]) -> Subjects:
    """Read ``subjects``; a region or name at fault is replaced by an empty one."""
    if node is None:
        return Subjects(table=TableName("public", ""), key=(), home=(), inside=Region())
    parts = reader.mapping(node, "`subjects`", required=("table", "key", "home", "inside"))
    table = reader.text(parts["table"], "`subjects.table`") if "table" in parts else None
    key = reader.texts(parts["key"], "`subjects.key`") if "key" in parts else None
    inside = reader.region(parts["inside"], "`subjects.inside`") if "inside" in parts else None
    home = read_homes(parts["home"], reader, tables) if "home" in parts else ()
    return Subjects(
        table=TableName.parse(table or ""),
        key=key or (),
        home=home,
        inside=inside or Region(),
        line=node.line,
    )


def _paths(
    node: Node, what: str, reader: Reader, tables: Collection[TableName]
) -> tuple[Path, ...]:
    found: list[Path] = []
    for item in reader.items(node, what):
        text = reader.text(item, what)
        if text is None:
            continue
        try:
            path = read_path(text, item.line, tables)
        except PathError as error:
            reader.faults.add(str(error), item.line)
            continue
        if any(path.steps == other.steps for other in found):
            reader.faults.add(f"{what} names {text!r} twice.", item.line)
        found.append(path)
    return tuple(found)


def read_tables(
    node: Node | None, reader: Reader, tables: Collection[TableName]
) -> Map[TableName, TableRule]:
    """Read ``tables``, one rule per table."""
    if node is None:
        return {}
    found: dict[TableName, TableRule] = {}
    for text, entry in reader.entries(node, "`tables`").items():
        line = node.lines[text] if isinstance(node, Mapping) else node.line
        name = TableName.parse(text)
        if not name.name or not name.schema:
            reader.faults.add(
                f"{text!r} is no table's name; put double quotes around odd parts of it.", line
            )
        elif name in found:
            reader.faults.add(f"Table {name} stands here twice; remove one.", line)
        else:
            found[name] = _table(name, entry, line, reader, tables)
    return found


def read_table_defaults(
    node: Node | None, reader: Reader, tables: Collection[TableName]
) -> Defaults:
    """Read ``defaults``: rules by pattern, in the words of a table's or a column's own."""
    return read_defaults(
        node, reader, lambda name, entry, line: _table(name, entry, line, reader, tables), _column
    )


def _table(
    name: TableName, node: Node, line: int, reader: Reader, tables: Collection[TableName]
) -> TableRule:
    what = f"Table {name}"
    if isinstance(node, Scalar):
        if node.kind != "text" or node.text != "shared":
            reader.faults.add(f"{what} has to be `shared` or a mapping with `subject:`.", node.line)
        return TableRule(name=name, shared=True, line=line)
    parts = reader.mapping(node, what, optional=_TABLE_KEYS)
    shared = bool("shared" in parts and reader.flag(parts["shared"], f"{what}: `shared`"))
    if shared:
        for key in ("subject", "public_rows", "hangs_off"):
            if key in parts:
                reader.faults.add(f"{what} is shared, so it has no `{key}`.", parts[key].line)
    paths = (
        _paths(parts["subject"], f"{what}: `subject`", reader, tables) if "subject" in parts else ()
    )
    rows, predicate = _public_rows(parts.get("public_rows"), what, reader)
    return TableRule(
        name=name,
        shared=shared,
        subjects=paths,
        public_rows=rows,
        predicate=predicate,
        hangs_off=_names(parts.get("hangs_off"), f"{what}: `hangs_off`", reader, empty=True),
        key=_names(parts.get("key"), f"{what}: `key`", reader, empty=False),
        references=read_references(parts.get("references"), what, reader),
        columns=_columns(parts.get("columns"), what, reader),
        line=line,
    )


def _public_rows(node: Node | None, what: str, reader: Reader) -> tuple[Rows, str | None]:
    if node is None:
        return Rows.NONE, None
    if isinstance(node, Scalar) and node.kind == "flag":
        return (Rows.ALL if reader.flag(node, what) else Rows.NONE), None
    text = reader.text(node, f"{what}: `public_rows`")
    if text is None:
        return Rows.NONE, None
    reason = refuse_predicate(text)
    if reason is not None:
        reader.faults.add(f"{what}: `public_rows` cannot be used: {reason}.", node.line)
    return Rows.PREDICATE, text


def _names(node: Node | None, what: str, reader: Reader, *, empty: bool) -> tuple[str, ...] | None:
    return None if node is None else reader.texts(node, what, empty=empty)


def _columns(node: Node | None, what: str, reader: Reader) -> Map[str, ColumnRule]:
    if node is None:
        return {}
    entries = reader.entries(node, f"{what}: `columns`")
    lines = node.lines if isinstance(node, Mapping) else {}
    return {
        column: _column(entry, f"{what}, column {column}", lines.get(column, node.line), reader)
        for column, entry in entries.items()
    }


def _column(node: Node, what: str, line: int, reader: Reader) -> ColumnRule:
    if isinstance(node, Scalar):
        data_class = reader.choice(node, what, DataClass) or DataClass.RESTRICTED
        return ColumnRule(data_class=data_class, declared=True, line=line)
    parts = reader.mapping(node, what, required=("class",), optional=_COLUMN_KEYS)
    found = (
        reader.choice(parts["class"], f"{what}: `class`", DataClass) if "class" in parts else None
    )
    identifies = (
        reader.choice(parts["identifies"], f"{what}: `identifies`", Identifies)
        if "identifies" in parts
        else None
    )
    unique = parts.get("unique")
    category = parts.get("category")
    return ColumnRule(
        data_class=found or DataClass.RESTRICTED,
        identifies=identifies or Identifies.DIRECTLY,
        identifies_stated=identifies is not None,
        category=reader.text(category, f"{what}: `category`") if category is not None else None,
        unique=reader.choice(unique, f"{what}: `unique`", Unique) if unique is not None else None,
        stub=_stub(parts.get("stub"), f"{what}: `stub`", reader),
        coarsen=read_coarsening(parts.get("coarsen"), identifies, what, reader),
        coarse_of=_coarse_of(parts.get("coarse_of"), identifies, what, reader),
        paths=read_parts(parts.get("paths"), what, reader, _column),
        declared=True,
        line=line,
    )


def _coarse_of(
    node: Node | None, identifies: Identifies | None, what: str, reader: Reader
) -> tuple[str, ...]:
    """Read what a computed column is coarse of; what it tells of people has to be said, too."""
    if node is None:
        return ()
    if identifies is None:
        reader.faults.add(
            f"{what}: `coarse_of` goes with `identifies:`; say what the coarse value still tells.",
            node.line,
        )
    return reader.texts(node, f"{what}: `coarse_of`") or ()


def _stub(node: Node | None, what: str, reader: Reader) -> str | None:
    """Read a stub's text; an empty one in quotes is a text too, numbers are taken as written."""
    if node is None:
        return None
    if isinstance(node, Scalar) and node.kind != "null":
        return node.text
    reader.faults.add(f"{what} has to be a text.", node.line)
    return None
