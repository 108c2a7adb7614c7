"""Random schemas with rows and a policy: what an application's tables might look like.

Tables of several schemas under plain and quoted names, keys of one or two columns and of several
types, references declared or not, single, composite or by the elements of an array, to one another
and to themselves, as what the key is or as its text. Every value in them is different, so that one
that shows is known by itself.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from psycopg import sql

from klover.catalog import TableName

Row = Mapping[str, Any]

_SCHEMAS = ("public", "app", 'My "Schema"')
_TABLES = ("people", "Orders", "order items", "straße", "user", 'we"ird')
_COLUMNS = ("id", "ownerId", "von wem", "group", 'q"uote', "note")
_KEYS = ("integer", "bigint", "text", "uuid")
_TYPES = ("text", "integer", "date", "boolean", "jsonb", "uuid")
_WRITTEN = ("text", "character varying", "character varying(40)")
_MISWRITTEN = ("0{}", "{}.0", "+{}", "99999999999999999999", "x{}", "{{{}}}")
"""Texts that are no key's, though some cast would take them for one."""
_CLASSES = ("restricted", "interoperable", "public")
PREDICATES: Mapping[str, Callable[[bool | None], bool]] = {
    '"Pub"': lambda pub: pub is True,
    '"Pub" is not true': lambda pub: pub is not True,
    '"Pub" or "Pub" is null': lambda pub: pub is not False,
}
"""Conditions on rows, and what they mean; one that needs its brackets among others."""
_COARSE = {"text": "first 2", "integer": "round 10", "date": "year"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A reference of a table: ``columns`` hold the key of the table with the number ``target``."""

    columns: tuple[str, ...]
    target: int
    element: bool
    declared: bool
    nullable: bool
    written: bool = False
    """Whether numbers and uuids of the key stand there as text."""

    def held(self, value: Any) -> Any:
        """Tell a key's value as it stands in these columns."""
        return str(value) if self.written else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One table: its columns with their types in order, its row key, its references, its rows."""

    name: TableName
    columns: Mapping[str, str]
    key: tuple[str, ...]
    references: tuple[Key, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Tables, the first one the subjects', and a policy that fits them."""

    tables: tuple[Drawn, ...]
    policy: str

    def names(self) -> list[TableName]:
        """Name the tables in their order."""
        return [table.name for table in self.tables]

    def ddl(self) -> Iterator[sql.Composable]:
        """Write the statements that create it, rows included."""
        for schema in sorted({table.name.schema for table in self.tables} - {"public"}):
            yield sql.SQL("create schema {}").format(sql.Identifier(schema))
        for table in self.tables:
            yield from _create(self, table)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw one: two to five tables, each but the first referring to an earlier one."""
    tables: list[Drawn] = []
    for number in range(draw(st.integers(2, 5))):
        tables.append(_table(draw, number, tables))
    return World(tables=tuple(tables), policy=_policy(draw, tables))


def _table(draw: st.DrawFn, number: int, before: Sequence[Drawn]) -> Drawn:
    schema = draw(st.sampled_from(_SCHEMAS))
    name = TableName(schema, f"{draw(st.sampled_from(_TABLES))}{number}")
    names = iter(f"{draw(st.sampled_from(_COLUMNS))}{at}" for at in range(99))
    columns: dict[str, str] = {}
    for _ in range(draw(st.sampled_from([1, 1, 2]))):
        columns[next(names)] = draw(st.sampled_from(_KEYS))
    key = tuple(columns)
    references = [
        _reference(draw, columns, names, before, own=at == 0)
        for at in range(draw(st.integers(1, 2)) if before else 0)
    ]
    if draw(st.booleans()) and len(key) == 1:
        own = next(names)
        columns[own] = columns[key[0]]
        references.append(
            Key(columns=(own,), target=number, element=False, declared=True, nullable=True)
        )
    for _ in range(draw(st.integers(0, 3))):
        columns[next(names)] = draw(st.sampled_from(_TYPES))
    columns["Pub"] = "boolean"
    made = Drawn(name=name, columns=columns, key=key, references=tuple(references), rows=())
    rows: list[Row] = []
    for at in range(draw(st.integers(1, 5))):
        rows.append(_row(draw, made, number, at, before, rows))
    return Drawn(
        name=name, columns=columns, key=key, references=tuple(references), rows=tuple(rows)
    )


def _reference(
    draw: st.DrawFn,
    columns: dict[str, str],
    names: Iterator[str],
    before: Sequence[Drawn],
    *,
    own: bool,
) -> Key:
    """Add the columns of a reference to an earlier table; the first one leads to the subjects."""
    target = draw(st.integers(0, len(before) - 1))
    keyed = before[target]
    element = len(keyed.key) == 1 and draw(st.integers(0, 4)) == 0
    written = draw(st.integers(0, 3)) == 0
    held = tuple(next(names) for _ in keyed.key)
    for ours, theirs in zip(held, keyed.key, strict=True):
        kind = draw(st.sampled_from(_WRITTEN)) if written else keyed.columns[theirs]
        columns[ours] = kind + ("[]" if element else "")
    return Key(
        columns=held,
        target=target,
        element=element,
        declared=not element and not written and draw(st.booleans()),
        nullable=draw(st.booleans()) or not own,
        written=written,
    )


def _row(
    draw: st.DrawFn,
    table: Drawn,
    number: int,
    at: int,
    before: Sequence[Drawn],
    earlier: Sequence[Row],
) -> Row:
    values: dict[str, Any] = {}
    for reference in table.references:
        targets = before[reference.target].rows if reference.target < number else earlier
        keyed = before[reference.target].key if reference.target < number else table.key
        if reference.element:
            found = draw(st.lists(st.sampled_from(targets), max_size=2))
            values[reference.columns[0]] = [reference.held(row[keyed[0]]) for row in found]
        elif not targets or (reference.nullable and draw(st.integers(0, 3)) == 0):
            values.update(dict.fromkeys(reference.columns))
        else:
            row = draw(st.sampled_from(targets))
            held = [reference.held(row[name]) for name in keyed]
            spelt = reference.written and held[0] != row[keyed[0]]
            if spelt and draw(st.integers(0, 3)) == 0:
                held[0] = draw(st.sampled_from(_MISWRITTEN)).format(held[0])
            values.update(zip(reference.columns, held, strict=True))
    for place, (column, kind) in enumerate(table.columns.items()):
        if column in values:
            continue
        if column == "Pub" or kind == "boolean":
            values[column] = draw(st.sampled_from([True, False, None]))
        else:
            values[column] = _value(kind, (number * 10 + at) * 40 + place)
    return values


def _value(kind: str, unique: int) -> Any:
    match kind:
        case "integer" | "bigint":
            return 1_000_000 + unique
        case "text":
            return f"{unique:04d} secret"
        case "uuid":
            return uuid.UUID(int=0xABCD_0000_0000_4000_8000_0000_0000_0000 + unique)
        case "date":
            return date(1950, 1, 1) + timedelta(days=unique)
        case _:
            return {"secret": unique}


def _policy(draw: st.DrawFn, tables: Sequence[Drawn]) -> str:
    """Write a policy as JSON, which is YAML: any class, any rows, any coarse value."""
    rules: dict[str, Any] = {}
    for number, table in enumerate(tables):
        rule: dict[str, Any] = {}
        if number:
            rule["subject"] = _path(tables, table)
        stated = {
            _step(each): f"{_named(tables[each.target].name)}.{_group(tables[each.target].key)}"
            for each in table.references
            if not each.declared
        }
        if stated:
            rule["references"] = stated
        rows = draw(st.sampled_from([None, True, *PREDICATES]))
        if rows is not None:
            rule["public_rows"] = rows
        above = [each for each in table.references if each.target < number]
        if len(above) < len(table.references):  # a row does not hang off one of its own table
            rule["hangs_off"] = [each.columns[0] for each in above]
        rule["columns"] = {name: _column(draw, kind) for name, kind in table.columns.items()}
        rules[_named(table.name)] = rule
    first = tables[0]
    sees = draw(st.sampled_from([["public"], ["interoperable"], ["interoperable", "public"]]))
    audiences = {
        "inside": {
            "who": {"groups": ["i"], "located": ["EEA"]},
            "sees": ["restricted", "interoperable", "public"],
            "identifiers": draw(st.sampled_from(["clear", "pseudonymised"])),
            "requires": {"purpose": ["abuse"]},
        },
        "outside": {
            "who": {"groups": ["o"], "located": "any"},
            "sees": sees,
            "identifiers": draw(st.sampled_from(["clear", "pseudonymised"])),
        },
    }
    key = first.key[0] if len(first.key) == 1 else list(first.key)
    subjects = {"table": _named(first.name), "key": key, "home": "none", "inside": ["EEA"]}
    text = json.dumps(
        {"klover": 1, "enclave": "europe", "rests_in": ["EEA"], "subjects": subjects,
         "tables": rules, "audiences": audiences}, ensure_ascii=False,
    )  # fmt: skip
    return text.replace('"home": "none"', '"home": none')  # quoted, it would be a column


def _column(draw: st.DrawFn, kind: str) -> dict[str, str]:
    identifies = draw(st.sampled_from(["directly", "indirectly", "no"]))
    found = {"class": draw(st.sampled_from(_CLASSES)), "identifies": identifies}
    if identifies == "indirectly" and kind in _COARSE and draw(st.booleans()):
        found["coarsen"] = _COARSE[kind]
    return found


def _path(tables: Sequence[Drawn], table: Drawn) -> str:
    steps = []
    while table is not tables[0]:
        steps.append(_step(table.references[0]))
        table = tables[table.references[0].target]
    return ".".join(steps)


def _step(reference: Key) -> str:
    return _group(reference.columns) + ("[]" if reference.element else "")


def _group(names: Sequence[str]) -> str:
    quoted = [_quoted(name) for name in names]
    return quoted[0] if len(quoted) == 1 else f"({', '.join(quoted)})"


def _named(name: TableName) -> str:
    return f"{_quoted(name.schema)}.{_quoted(name.name)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _create(world: World, table: Drawn) -> Iterator[sql.Composable]:
    whole = sql.Identifier(table.name.schema, table.name.name)
    required = {name for each in table.references if not each.nullable for name in each.columns}
    parts: list[sql.Composable] = [
        sql.SQL("{} {}{}").format(
            sql.Identifier(name), sql.SQL(kind), sql.SQL(" not null" if name in required else "")
        )
        for name, kind in table.columns.items()
    ]
    parts.append(sql.SQL("primary key ({})").format(_listed(table.key)))
    for each in table.references:
        target = world.tables[each.target]
        if each.declared:
            parts.append(
                sql.SQL("foreign key ({}) references {} ({})").format(
                    _listed(each.columns),
                    sql.Identifier(target.name.schema, target.name.name),
                    _listed(target.key),
                )
            )
    yield sql.SQL("create table {} ({})").format(whole, sql.SQL(", ").join(parts))
    for row in table.rows:
        values = [
            sql.SQL("{}::{}").format(
                sql.Literal(json.dumps(row[name]) if kind == "jsonb" else row[name]), sql.SQL(kind)
            )
            for name, kind in table.columns.items()
        ]
        yield sql.SQL("insert into {} ({}) values ({})").format(
            whole, _listed(tuple(table.columns)), sql.SQL(", ").join(values)
        )


def _listed(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
