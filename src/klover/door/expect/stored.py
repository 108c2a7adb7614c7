"""What has to be stored in tables, and the functions that compute it: the proof's own writing.

The text of a function in the database has to be this one, byte for byte; it is written here
without a look at what ``stored`` writes.
"""

from psycopg import sql

from klover.catalog import Table, TableName
from klover.door import naming
from klover.door.doors import Keeper, Stored
from klover.policy.resolved import NamedRow, TracedTable

_STEADY = {
    "smallint", "integer", "bigint", "numeric", "uuid", "boolean", "inet", "text", "character",
    "character varying",
}  # fmt: skip
"""What prints alike under all settings."""
_PATH = "search_path=pg_catalog, pg_temp"
_OTHER_SETTINGS = (
    "DateStyle=ISO, YMD", "IntervalStyle=postgres", "TimeZone=UTC", "bytea_output=hex",
    "extra_float_digits=1",
)  # fmt: skip


def expect_stored(
    audience: str,
    epoch: int,
    name: str,
    traced: TracedTable,
    column: str,
    names: tuple[NamedRow, ...],
) -> Stored:
    """Tell a stored column with what has to hold of it."""
    alone = names[0] if len(names) == 1 else None
    return Stored(
        audience=audience,
        epoch=epoch,
        table=traced.name,
        column=column,
        name=name,
        names=names,
        check=_holds(name, names, ""),
        unique=alone is not None
        and alone.columns == traced.key
        and alone.when is None
        and not alone.element,
    )


def expect_keeper(table: Table, stored: tuple[Stored, ...]) -> Keeper:
    """Tell the function of one table, word for word."""
    who = sorted({(each.audience, each.epoch) for each in stored})
    kinds = {
        _kind(table, name, element=one.element)
        for each in stored
        for one in each.names
        for name in one.columns
    }
    text = "declare\n"
    text += "".join(f"  i{at} bytea; o{at} bytea;\n" for at in range(len(who)))
    text += "begin\n"
    for at, (audience, epoch) in enumerate(who):
        text += (
            f"  select k.ipad, k.opad into strict i{at}, o{at} from"
            f' "klover_pseudonym"."key" k where k.audience = {_text(audience)}'
            f" and k.epoch = {epoch};\n"
        )
    for each in stored:
        at = who.index((each.audience, each.epoch))
        whens = " ".join(
            f"when {_is_named(one, 'new')} then {_value(table, one, at)}" for one in each.names
        )
        text += f"  {_of('new', each.name)} := case {whens} end;\n"
    return Keeper(
        function=naming.keeper(table.name),
        table=table.name,
        stored=stored,
        body=text + "  return new;\nend",
        settings=(_PATH,) if kinds <= _STEADY else (_PATH, *_OTHER_SETTINGS),
        when=_when(table, stored),
    )


def _when(table: Table, stored: tuple[Stored, ...]) -> str:
    """Write, as Postgres prints it, which updates may have changed a pseudonym."""
    read = {name for each in stored for one in each.names for name in one.columns}
    read |= {one.when[0] for each in stored for one in each.names if one.when is not None}
    text = {each.name for each in table.columns if each.type == "text"}
    terms = []
    for name in sorted(read):
        sides = [_of("old", name), _of("new", name)]
        old, new = sides if name in text else [f"({side})::text" for side in sides]
        terms.append(f"({old} IS DISTINCT FROM {new})")
    for each in stored:
        old, new = _of("old", each.name), _of("new", each.name)
        terms += [f"({old} IS DISTINCT FROM {new})", f"({new} IS NULL)"]
    return f"({' OR '.join(terms)})"


def _value(table: Table, one: NamedRow, at: int) -> str:
    if one.element:
        made = _uuid(
            at, one.entity, _utf8(_printed("u.e", _kind(table, one.columns[0], element=True)))
        )
        source = _of("new", one.columns[0])
        return (
            f"array(select case when u.e is not null then {made} end from unnest({source})"
            " with ordinality as u (e, n) order by u.n)"
        )
    printed = [
        _printed(_of("new", name), _kind(table, name, element=False)) for name in one.columns
    ]
    if len(printed) > 1:
        pieces = [f"int4send(octet_length({text})) || {_utf8(text)}" for text in printed]
        return _uuid(at, one.entity, " || ".join(pieces))
    return _uuid(at, one.entity, _utf8(printed[0]))


def _uuid(at: int, entity: TableName, message: str) -> str:
    known = (entity.schema + "." + entity.name + "\0").encode().hex()
    digest = f"sha256(o{at} || sha256(i{at} || {_text(chr(92) + 'x' + known)}::bytea || {message}))"
    marked = f"overlay(encode({digest}, 'hex') placing '8' from 13 for 1)"
    return f"substr(overlay({marked} placing 'a' from 17 for 1), 1, 32)::uuid"


def _printed(value: str, kind: str) -> str:
    if kind == "numeric":
        return f"trim_scale({value})::text"
    if kind.rpartition(".")[2] == "citext":
        return f'lower({value}::text collate "default")'
    return f"{value}::text"


def _utf8(text: str) -> str:
    return f"convert_to({text}, 'UTF8')"


def _holds(stored: str, names: tuple[NamedRow, ...], side: str) -> str:
    named = [_is_named(one, side) for one in names]
    whole = named[0] if len(named) == 1 else f"({' OR '.join(named)})"
    return f"({whole} = ({_of(side, stored)} IS NOT NULL))"


def _is_named(one: NamedRow, side: str) -> str:
    terms = [f"({_of(side, name)} IS NOT NULL)" for name in one.columns]
    if one.when is not None:
        kind, value = _of(side, one.when[0]), _text(one.when[1])
        terms.append(f"(NOT ({kind}::text IS DISTINCT FROM {value}))")
    return terms[0] if len(terms) == 1 else f"({' AND '.join(terms)})"


def _kind(table: Table, name: str, *, element: bool) -> str:
    column = next(each for each in table.columns if each.name == name)
    whole = column.element_type if element and column.element_type else column.base_type
    return whole.split("(")[0].rstrip()


def _of(side: str, name: str) -> str:
    quoted = sql.Identifier(name).as_string(None)
    return f"{side}.{quoted}" if side else quoted


def _text(value: str) -> str:
    return sql.Literal(value).as_string(None)
