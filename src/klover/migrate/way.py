"""A lineage as joins: from a table's rows to the verdict on their subjects.

A lineage that only goes forward reaches one subject at most and is joined as it is; one that goes
backward or over an array may reach several and is gathered per row first.
"""

from dataclasses import dataclass

from psycopg import sql

from klover.migrate.cohort import COHORT, INSIDE
from klover.migrate.pieces import as_text, columns, equal, leads, listed, of_type, present, relation
from klover.migrate.shape import Shape
from klover.policy.resolved import Hop, Lineage


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Joins from ``t``, and what they tell; each is true or false, never NULL."""

    joins: sql.Composed
    inside: sql.Composed
    """Some subject reached is inside."""
    outside: sql.Composed
    """Some subject reached is outside."""
    lost: sql.Composed
    """A reference on the way leads nowhere."""


def way(shape: Shape, lineage: Lineage, number: int) -> Way:
    """Turn a table's lineage into joins."""
    several = any(hop.backward or hop.element for hop in lineage)
    origin = f"o{number}" if several else "t"
    joins, lost, end = _joins(lineage, origin, number)
    inside = sql.Identifier(end, INSIDE)
    one = Way(
        joins=joins,
        inside=sql.SQL("coalesce({}, false)").format(inside),
        outside=sql.SQL("coalesce(not {}, false)").format(inside),
        lost=lost,
    )
    return _gathered(shape, one, origin, number) if several else one


def _joins(lineage: Lineage, origin: str, number: int) -> tuple[sql.Composed, sql.Composed, str]:
    joins: list[sql.Composable] = []
    lost: list[sql.Composable] = []
    alias = origin
    for step, hop in enumerate(lineage):
        onward = f"l{number}_{step}"
        to = COHORT if step == len(lineage) - 1 else relation(hop.target)
        if hop.backward:
            joins.append(_back(hop, alias, onward, to))
        else:
            joins.append(_on(hop, alias, onward, to))
            lost.append(_lost(hop, alias, onward))
        alias = onward
    nothing = sql.SQL("({})").format(listed(lost or [sql.SQL("false")], " or "))
    return listed(joins, " "), nothing, alias


def _back(hop: Hop, alias: str, onward: str, to: sql.Composable) -> sql.Composed:
    """Join the rows that refer here; of an array each element is a row that can be hashed."""
    named = sql.Identifier(onward)
    if hop.element:
        rows = sql.SQL(
            "(select {all}.*, {inner}.e as klover_element from {to} as {all}"
            " cross join lateral unnest({array}) as {inner} (e))"
        ).format(
            all=sql.Identifier(f"{onward}_t"),
            inner=sql.Identifier(f"{onward}_e"),
            to=to,
            array=sql.Identifier(f"{onward}_t", hop.target_columns[0]),
        )
        texts = hop.source_columns if hop.texts else ()
        same = equal(alias, hop.source_columns, onward, ("klover_element",), texts)
        return sql.SQL("left join {} as {} on {}").format(rows, named, same)
    refers = leads(onward, hop, alias, (hop.target_columns, hop.source_columns))
    return sql.SQL("left join {} as {} on {}").format(to, named, refers)


def _on(hop: Hop, alias: str, onward: str, to: sql.Composable) -> sql.Composed:
    """Join the row that is referred to; of an array one row for each element."""
    named = sql.Identifier(onward)
    if hop.element:
        element = f"{onward}_e"
        return sql.SQL(
            "left join lateral unnest({array}) as {element} (e) on true"
            " left join {to} as {onward} on {theirs} = {element}.e"
        ).format(
            array=sql.Identifier(alias, hop.source_columns[0]),
            element=sql.Identifier(element),
            to=to,
            onward=named,
            theirs=_key(hop, onward),
        )
    refers = leads(alias, hop, onward, (hop.source_columns, hop.target_columns))
    return sql.SQL("left join {} as {} on {}").format(to, named, refers)


def _key(hop: Hop, onward: str) -> sql.Composable:
    key = sql.Identifier(onward, hop.target_columns[0])
    return as_text(key) if hop.texts else key


def _lost(hop: Hop, alias: str, onward: str) -> sql.Composed:
    there = present(f"{onward}_e", ("e",)) if hop.element else present(alias, hop.source_columns)
    nowhere = sql.SQL("{} is null").format(sql.Identifier(onward, hop.target_columns[0]))
    return sql.SQL("({})").format(listed([*of_type(alias, hop), there, nowhere], " and "))


def _gathered(shape: Shape, one: Way, origin: str, number: int) -> Way:
    name = f"b{number}"
    gathered = sql.SQL(
        "left join (select {keys}, bool_or({inside}) as some_in, bool_or({outside}) as some_out,"
        " bool_or({lost}) as lost from {table} as {origin} {joins} group by {keys}) as {name}"
        " on {same}"
    ).format(
        keys=columns(origin, shape.key),
        inside=one.inside,
        outside=one.outside,
        lost=one.lost,
        table=shape.rows(),
        origin=sql.Identifier(origin),
        joins=one.joins,
        name=sql.Identifier(name),
        same=equal("t", shape.key, name, shape.key),
    )
    told = sql.SQL("coalesce({}, false)")
    return Way(
        joins=sql.Composed([gathered]),
        inside=told.format(sql.Identifier(name, "some_in")),
        outside=told.format(sql.Identifier(name, "some_out")),
        lost=told.format(sql.Identifier(name, "lost")),
    )
