"""Coarse values as SQL: each keeps the column's type, NULL stays NULL, and none can fail.

What each means is written in docs/policy.md, and in Python in ``policy.coarsen``: the two are held
against each other in tests, and share no line. A value at the very edge of its type has no coarser
one of that type; it goes to the edge itself (the least integer, infinity). Domains and lengths are
left behind: a coarse value need not meet what a whole one has to.
https://www.postgresql.org/docs/18/functions-datetime.html#FUNCTIONS-DATETIME-TRUNC
"""

from collections.abc import Callable

from psycopg import sql

from klover.catalog import Column
from klover.door.region import region
from klover.door.stored import type_name
from klover.policy.model import Coarsen, Coarsening

_V4, _V6 = 24, 48
"""How much of an address stays: a provider's customers, not one of them."""
_LEAST = {"smallint": -(2**15), "integer": -(2**31), "bigint": -(2**63)}
_REAL = 3.4e38
_DOUBLE = 1e300
_NUMERIC = "1e100"
"""Beyond these, multiples of the step may lie outside the type."""
_TINY = 1e-30
"""A quotient of less might be too small for the type, which is an error of its own."""

Value = sql.Composable


def coarse(coarsen: Coarsen, column: Column, value: Value) -> sql.Composed:
    """Write ``value``, of ``column``, made coarse."""
    kind = type_name(column)
    if coarsen.by is Coarsening.REGION:
        made = region(value, column.ordinal)
    else:
        made = _WAYS[coarsen.by](coarsen, kind, value)
    # ``character`` alone would be one character.
    return sql.SQL("({})::{}").format(made, sql.SQL("bpchar" if kind == "character" else kind))


def _instant(coarsen: Coarsen, kind: str, value: Value) -> sql.Composed:
    """Go to the first instant of the year or month; what lies before 4000 BC to the beginning."""
    unit = sql.Literal(str(coarsen.by))
    if kind == "date":
        day = sql.Literal("doy" if coarsen.by is Coarsening.YEAR else "day")
        first = sql.SQL("{value} - (extract({day} from {value})::integer - 1)")
        made = first.format(value=value, day=sql.SQL(day.as_string(None).strip("'")))
    elif kind == "timestamp with time zone":
        made = sql.SQL("date_trunc({}, {}, 'UTC')").format(unit, value)
    else:
        made = sql.SQL("date_trunc({}, {})").format(unit, value)
    return sql.SQL(
        "case when {value} = 'infinity' then {value} when {value} >= '4000-01-01 BC' then {made}"
        " when {value} is not null then '-infinity' end"
    ).format(value=value, made=made)


def _network(_: Coarsen, _kind: str, value: Value) -> sql.Composed:
    """Set host bits to zero; a network that is wider already stays as wide."""
    return sql.SQL(
        "network(set_masklen({value}::inet, least(masklen({value}),"
        " case family({value}) when 4 then {v4} else {v6} end)))"
    ).format(value=value, v4=sql.Literal(_V4), v6=sql.Literal(_V6))


def _round(coarsen: Coarsen, kind: str, value: Value) -> sql.Composed:
    """Go down to a multiple of the step."""
    step = sql.Literal(coarsen.argument)
    if kind in {"real", "double precision"}:
        return sql.SQL(
            "case when {value} = 'NaN' then {value} when {value} > {most} then 'Infinity'"
            " when {value} < {least} then '-Infinity'"
            " else floor(case when abs({value}) < {tiny} then sign({value}) * {tiny}"
            " else {value}::double precision end / {step}) * {step} end"
        ).format(
            value=value,
            step=step,
            tiny=sql.Literal(_TINY),
            most=sql.Literal(_REAL if kind == "real" else _DOUBLE),
            least=sql.Literal(-_REAL if kind == "real" else -_DOUBLE),
        )
    down = sql.SQL(
        "{value}::numeric - mod({value}::numeric, {step})"
        " - case when mod({value}::numeric, {step}) < 0 then {step} else 0 end"
    ).format(value=value, step=step)
    if kind in _LEAST:
        return sql.SQL("case when {value} is not null then greatest({down}, {least}) end").format(
            value=value, down=down, least=sql.Literal(_LEAST[kind])
        )
    # What is left has no digits behind the point: nor may it tell how many there were.
    return sql.SQL(
        "case when {value} = 'NaN' then {value} when {value} > {most} then 'Infinity'"
        " when {value} < {least} then '-Infinity' else trunc({down}) end"
    ).format(value=value, down=down, most=sql.SQL(_NUMERIC), least=sql.SQL("-" + _NUMERIC))


def _first(coarsen: Coarsen, _kind: str, value: Value) -> sql.Composed:
    return sql.SQL("left({}::text, {})").format(value, sql.Literal(coarsen.argument))


_WAYS: dict[Coarsening, Callable[[Coarsen, str, Value], sql.Composed]] = {
    Coarsening.YEAR: _instant,
    Coarsening.MONTH: _instant,
    Coarsening.NETWORK: _network,
    Coarsening.ROUND: _round,
    Coarsening.FIRST: _first,
}
