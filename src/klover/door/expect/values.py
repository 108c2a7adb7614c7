"""Coarse values, parts of JSON, and joined pseudonyms: the proof's own writing of them.

Plans are compared, so what is written here has to come to the same expressions as what a view was
compiled to; it is written without a look at it.
"""

import json
from collections.abc import Mapping, Sequence

from psycopg import sql

from klover.catalog import Column
from klover.door.expect.region import expect_region
from klover.door.expect.spelt import compared, type_of
from klover.policy.model import Coarsen, Coarsening
from klover.policy.neutral import bare_type
from klover.policy.resolved import ColumnSight, NamedRow, PartSight, Show, TracedTable

Target = tuple[NamedRow, TracedTable, str]
"""Whose row is named, its table, and the column of that table that holds pseudonyms."""
_Said = Mapping[tuple[str, ...], bool]
"""What is said of each path of a column."""
_BOUNDS = {"real": "3.4e38", "double precision": "1e300"}
_FLOORS = {"smallint": -32768, "integer": -2147483648, "bigint": -9223372036854775808}


def expect_value(traced: TracedTable, each: ColumnSight) -> sql.Composable:
    """Write a computed column, over ``r``."""
    column = next(one for one in traced.table.columns if one.name == each.column)
    value = "r." + sql.Identifier(each.column).as_string(None)
    if each.show is Show.COARSE and each.coarsen is not None:
        return sql.SQL(_coarse(each.coarsen, column, value))
    return sql.SQL(_parts(each.parts, column, value))


def _coarse(coarsen: Coarsen, column: Column, v: str) -> str:
    kind = bare_type(column.base_type)
    n = coarsen.argument
    match coarsen.by:
        case Coarsening.YEAR | Coarsening.MONTH:
            unit = coarsen.by.value
            part = "doy" if coarsen.by is Coarsening.YEAR else "day"
            made = {
                "date": f"{v} - (extract({part} from {v})::integer - 1)",
                "timestamp with time zone": f"date_trunc('{unit}', {v}, 'UTC')",
            }.get(kind, f"date_trunc('{unit}', {v})")
            text = (
                f"case when {v} = 'infinity' then {v} when {v} >= '4000-01-01 BC' then {made}"
                f" when {v} is not null then '-infinity' end"
            )
        case Coarsening.NETWORK:
            bits = f"case family({v}) when 4 then 24 else 48 end"
            text = f"network(set_masklen({v}::inet, least(masklen({v}), {bits})))"
        case Coarsening.REGION:
            text = expect_region(v, column.ordinal)
        case Coarsening.FIRST:
            text = f"left({v}::text, {n})"
        case Coarsening.ROUND:
            text = _rounded(kind, v, n or 0)
    whole = {"character": "bpchar", "citext": column.base_type}.get(kind, kind)
    return f"({text})::{whole}"


def _rounded(kind: str, v: str, n: int) -> str:
    if kind in _BOUNDS:
        edge = repr(float(_BOUNDS[kind]))
        return (
            f"case when {v} = 'NaN' then {v} when {v} > {edge} then 'Infinity'"
            f" when {v} < -{edge} then '-Infinity'"
            f" else floor(case when abs({v}) < 1e-30 then sign({v}) * 1e-30"
            f" else {v}::double precision end / {n}) * {n} end"
        )
    rest = f"mod({v}::numeric, {n})"
    down = f"{v}::numeric - {rest} - case when {rest} < 0 then {n} else 0 end"
    if kind in _FLOORS:
        return f"case when {v} is not null then greatest({down}, {_FLOORS[kind]}) end"
    return (
        f"case when {v} = 'NaN' then {v} when {v} > 1e100 then 'Infinity'"
        f" when {v} < -1e100 then '-Infinity' else trunc({down}) end"
    )


def _parts(sights: Sequence[PartSight], column: Column, v: str) -> str:
    if column.base_type == "jsonb":
        return _top(sights, v)
    one = f'"j{column.ordinal}"'
    plain = f"replace({v}::text, {_q(chr(92) * 2)}, 'x')"
    pair = _q(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
    bad = _q(r"\\u(0000|[dD][89a-fA-F])|[eE][-+]?[0-9]{4}|([0-9]{250}){4}")
    read = f"case when regexp_replace({plain}, {pair}, 'x', 'g') !~ {bad} then {v}::jsonb end"
    made = _top(sights, f"{one}.v")
    return f"(select {made} from (select {read} as v offset 0) as {one})::json"


def _top(sights: Sequence[PartSight], v: str) -> str:
    """Write the whole: what the empty path says, if anything, else what lies below it."""
    said = {sight.path: sight.shown for sight in sights}
    if said.get(()):
        return _part(said, (), v, shown=True) or v
    return f"case when jsonb_typeof({v}) = 'object' then {_gather(said, (), v, shown=False)} end"


def _part(said: _Said, path: tuple[str, ...], v: str, *, shown: bool) -> str | None:
    deeper = [p for p in said if len(p) > len(path) and p[: len(path)] == path]
    if said.get(path, shown):
        if not any(not said[p] for p in deeper):
            return v
        cut = _names(said, path, hiding=True)
        return (
            f"case when jsonb_typeof({v}) = 'object' then ({v} - {_q(_array(cut))}::text[])"
            f" || {_gather(said, path, v, shown=True)} end"
        )
    if not any(said[p] for p in deeper):
        return None
    inner = _gather(said, path, v, shown=False)
    return f"nullif(case when jsonb_typeof({v}) = 'object' then {inner} end, '{{}}'::jsonb)"


def _names(said: _Said, path: tuple[str, ...], *, hiding: bool) -> list[str]:
    """List the members that something is said of (that it hides something, if asked so)."""
    at = len(path)
    found: dict[str, bool] = {}
    for p, is_shown in said.items():
        if len(p) > at and p[:at] == path:
            found[p[at]] = found.get(p[at], False) or not is_shown
    return [name for name, hides in found.items() if hides or not hiding]


def _gather(said: _Said, path: tuple[str, ...], v: str, *, shown: bool) -> str:
    members = [
        (name, made)
        for name in _names(said, path, hiding=shown)
        if (made := _part(said, (*path, name), f"({v} -> {_q(name)})", shown=shown)) is not None
    ]
    fours: list[str] = []
    for at, (name, made) in enumerate(members):
        before = fours.pop() if at % 4 else "'{}'::jsonb"
        key = f"{_q(_array([name]))}::text[]"
        fours.append(f"jsonb_set_lax({before}, {key}, {made}, true, 'return_target')")
    return " || ".join(fours) or "'{}'::jsonb"


def _array(names: Sequence[str]) -> str:
    """Write an array's literal: JSON's quoting of a string is good enough for Postgres' arrays."""
    return "{" + ",".join(json.dumps(name, ensure_ascii=False) for name in names) + "}"


def _q(text: str) -> str:
    return sql.Literal(text).as_string(None)


def expect_joined(
    traced: TracedTable, targets: Sequence[Target], at: int
) -> tuple[sql.Composable, list[sql.Composable]]:
    """Write pseudonyms that stand in other tables: the value, and the joins it needs."""
    values: list[str] = []
    joins: list[sql.Composable] = []
    for number, (named, entity, held) in enumerate(targets):
        kept = sql.Identifier(held).as_string(None)
        whole = sql.Identifier(entity.name.schema, entity.name.name).as_string(None)
        ours = ["r." + sql.Identifier(name).as_string(None) for name in named.columns]
        kinds = [type_of(traced.table, name, element=named.element) for name in named.columns]
        keys = [sql.Identifier(name).as_string(None) for name in entity.key]
        if named.element:
            one = compared(f"u{at}.e", kinds[0], entity.table, entity.key[0]).as_string(None)
            values.append(
                f"case when {ours[0]} is not null then array(select e{at}.{kept}"
                f" from unnest({ours[0]}) with ordinality as u{at} (e, n)"
                f" left join {whole} as e{at} on e{at}.{keys[0]} = {one} order by u{at}.n) end"
            )
            continue
        alias = f'"p{at}_{number}"'
        same = [
            compared(our, kind, entity.table, key).as_string(None)
            for our, kind, key in zip(ours, kinds, entity.key, strict=True)
        ]
        on = [f"{alias}.{key} = {our}" for key, our in zip(keys, same, strict=True)]
        if named.when is not None:
            kind = sql.Identifier(named.when[0]).as_string(None)
            on.append(f"r.{kind}::text = {_q(named.when[1])}")
        joins.append(sql.SQL(f" left join {whole} as {alias} on {' and '.join(on)}"))
        values.append(f"{alias}.{kept}")
    value = values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"
    return sql.SQL(value), joins
