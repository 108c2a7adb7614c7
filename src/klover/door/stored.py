"""What a stored pseudonym is, as SQL: the value, what holds of it, and the trigger's function.

A pseudonym is HMAC-SHA256 (RFC 2104) of whose row a value names, under the key of one audience
and epoch, cut to a UUID of version 8 (RFC 9562). The message is the entity's name, a zero byte,
and the key's canonical text; so every reference to a row has the same pseudonym, without asking
for the row. Texts are canonical by the column's own type and nothing is cast to another's: a
trigger of ours must never fail an application's write, nor say a value.
"""

from collections.abc import Iterable, Sequence

from psycopg import sql

from klover.catalog import Column, Table, TableName
from klover.door import naming
from klover.door.doors import Keeper, Stored
from klover.policy.resolved import NamedRow, Resolved

SETTINGS = ("search_path=pg_catalog, pg_temp",)
"""Temporary types and tables last: they would else come first, whoever made them."""
PRINTED = (
    "DateStyle=ISO, YMD",
    "IntervalStyle=postgres",
    "TimeZone=UTC",
    "bytea_output=hex",
    "extra_float_digits=1",
)
"""Under which values of other types are printed the same for every session."""
PLAIN = frozenset({
    "smallint", "integer", "bigint", "uuid", "text", "boolean", "character varying", "character",
    "numeric", "inet",
})  # fmt: skip
"""Types that print the same under every setting."""

Side = str
"""``new`` in a trigger; empty in a check."""


def check(stored_name: str, names: Sequence[NamedRow]) -> sql.Composed:
    """Tell what holds of every row: a pseudonym where a row is named, none where not."""
    return _check(stored_name, names, "")


def type_name(column: Column, *, element: bool = False) -> str:
    """Tell the type behind domains and without its length: ``numeric`` for ``numeric(10,2)``."""
    whole = (column.element_type if element else None) or column.base_type
    start, bracket, rest = whole.partition("(")  # ``timestamp(3) with time zone``, too
    return start.rstrip() + rest.partition(")")[2] if bracket else whole


def keepers(resolved: Resolved, stored: Iterable[Stored]) -> tuple[Keeper, ...]:
    """Gather stored columns by their table, each with the function that computes them."""
    tables: dict[TableName, list[Stored]] = {}
    for each in sorted(stored, key=lambda one: (one.table, one.name)):
        tables.setdefault(each.table, []).append(each)
    return tuple(
        Keeper(
            function=naming.keeper(name),
            table=name,
            stored=tuple(columns),
            body=_body(resolved.tables[name].table, columns),
            settings=_settings(resolved.tables[name].table, columns),
            when=_when(resolved.tables[name].table, columns).as_string(None),
        )
        for name, columns in sorted(tables.items())
    )


def _when(table: Table, stored: Iterable[Stored]) -> sql.Composed:
    """Tell the updates that pseudonyms have to be computed for; written as Postgres prints it."""
    columns = list(stored)
    watched = sorted({name for each in columns for name in _watched(each)})
    terms = [_changed(table, name) for name in watched]
    for each in columns:
        name = sql.Identifier(each.name)
        terms.append(sql.SQL("(old.{} IS DISTINCT FROM new.{})").format(name, name))
        terms.append(sql.SQL("(new.{} IS NULL)").format(name))
    return sql.SQL("({})").format(sql.SQL(" OR ").join(terms))


def _changed(table: Table, name: str) -> sql.Composed:
    column = sql.Identifier(name)
    if _column(table, name).type == "text":
        return sql.SQL("(old.{} IS DISTINCT FROM new.{})").format(column, column)
    return sql.SQL("((old.{})::text IS DISTINCT FROM (new.{})::text)").format(column, column)


def _settings(table: Table, stored: Sequence[Stored]) -> tuple[str, ...]:
    plain = all(
        type_name(_column(table, name), element=named.element) in PLAIN
        for each in stored
        for named in each.names
        for name in named.columns
    )
    return SETTINGS if plain else (*SETTINGS, *PRINTED)


def _body(table: Table, stored: Sequence[Stored]) -> str:
    """Write the function: read the keys, and compute all that is stored."""
    keys = sorted({(each.audience, each.epoch) for each in stored})
    numbers = {key: at for at, key in enumerate(keys)}
    lines = [
        sql.SQL("declare"),
        *(sql.SQL(f"  i{at} bytea; o{at} bytea;") for at in range(len(keys))),
        sql.SQL("begin"),
        *(_key(at, *key) for at, key in enumerate(keys)),
        *(_assign(table, each, numbers[each.audience, each.epoch]) for each in stored),
        sql.SQL("  return new;\nend"),
    ]
    return sql.SQL("\n").join(lines).as_string(None)


def _watched(each: Stored) -> set[str]:
    columns = {name for named in each.names for name in named.columns}
    return columns | {named.when[0] for named in each.names if named.when}


def _key(at: int, audience: str, epoch: int) -> sql.Composed:
    return sql.SQL(
        "  select k.ipad, k.opad into strict i{at}, o{at} from {keys} k"
        " where k.audience = {audience} and k.epoch = {epoch};"
    ).format(
        at=sql.SQL(str(at)),
        keys=sql.Identifier(naming.KEYS.schema, naming.KEYS.name),
        audience=sql.Literal(audience),
        epoch=sql.Literal(epoch),
    )


def _assign(table: Table, each: Stored, at: int) -> sql.Composed:
    cases = [
        sql.SQL("when {named} then {value}").format(
            named=_named(named, "new"), value=_value(table, named, at)
        )
        for named in each.names
    ]
    return sql.SQL("  {} := case {} end;").format(_side("new", each.name), sql.SQL(" ").join(cases))


def _value(table: Table, named: NamedRow, at: int) -> sql.Composed:
    if not named.element:
        return pseudonym(f"i{at}", f"o{at}", named.entity, _message(table, named))
    column = _column(table, named.columns[0])
    element = canonical(sql.SQL("u.e"), type_name(column, element=True))
    return sql.SQL(
        "array(select case when u.e is not null then {value} end"
        " from unnest({array}) with ordinality as u (e, n) order by u.n)"
    ).format(
        value=pseudonym(f"i{at}", f"o{at}", named.entity, _bytes(element)),
        array=_side("new", column.name),
    )


def _message(table: Table, named: NamedRow) -> sql.Composed:
    """Write the key's canonical bytes; the parts of a key of several have their length before."""
    parts = [
        canonical(_side("new", name), type_name(_column(table, name))) for name in named.columns
    ]
    if len(parts) == 1:
        return _bytes(parts[0])
    return sql.SQL(" || ").join(
        sql.SQL("int4send(octet_length({part})) || {bytes}").format(part=part, bytes=_bytes(part))
        for part in parts
    )


def _bytes(text: sql.Composable) -> sql.Composed:
    return sql.SQL("convert_to({}, 'UTF8')").format(text)


def canonical(value: sql.Composable, kind: str) -> sql.Composed:
    """Write a value as the text that all its equals share."""
    if kind == "numeric":
        return sql.SQL("trim_scale({})::text").format(value)
    if kind == "citext" or kind.endswith(".citext"):
        # Whatever the column's collation, the type itself compares by this one.
        return sql.SQL('lower({}::text collate "default")').format(value)
    return sql.SQL("{}::text").format(value)


def pseudonym(inner: str, outer: str, entity: TableName, message: sql.Composable) -> sql.Composed:
    """Write the pseudonym of a message's bytes; the blocks are those of RFC 2104, computed once."""
    name = f"{entity.schema}.{entity.name}".encode() + b"\0"
    return sql.SQL(
        "substr(overlay(overlay(encode(sha256({outer} || sha256({inner} || {entity}::bytea"
        " || {message})), 'hex') placing '8' from 13 for 1) placing 'a' from 17 for 1),"
        " 1, 32)::uuid"
    ).format(
        inner=sql.SQL(inner),
        outer=sql.SQL(outer),
        entity=sql.Literal(rf"\x{name.hex()}"),
        message=message,
    )


def _check(name: str, names: Sequence[NamedRow], side: Side) -> sql.Composed:
    """Write it as Postgres prints it, so that it is compared without asking."""
    named: sql.Composable = sql.SQL(" OR ").join(_named(each, side) for each in names)
    if len(names) > 1:
        named = sql.SQL("({})").format(named)
    return sql.SQL("({} = ({} IS NOT NULL))").format(named, _side(side, name))


def _named(named: NamedRow, side: Side) -> sql.Composed:
    """Tell whether a row is named: never NULL, whatever the columns hold."""
    terms = [sql.SQL("({} IS NOT NULL)").format(_side(side, name)) for name in named.columns]
    if named.when is not None:
        terms.append(
            sql.SQL("(NOT ({}::text IS DISTINCT FROM {}))").format(
                _side(side, named.when[0]), sql.Literal(named.when[1])
            )
        )
    return sql.SQL("({})").format(sql.SQL(" AND ").join(terms)) if len(terms) > 1 else terms[0]


def _side(side: Side, name: str) -> sql.Composable:
    return (
        sql.SQL("{}.{}").format(sql.SQL(side), sql.Identifier(name))
        if side
        else (sql.Identifier(name))
    )


def _column(table: Table, name: str) -> Column:
    column = table.column(name)
    if column is None:
        raise ValueError(f"{table.name} has no column {name!r}")
    return column
