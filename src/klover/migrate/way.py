"""A lineage as joins: from a table's rows to the verdict on their subjects.

A lineage that only goes forward reaches one subject at most and is joined as it is; one that goes
backward may reach several and is gathered per row first.
"""

from dataclasses import dataclass

from psycopg import sql

from klover.migrate.cohort import COHORT, INSIDE
from klover.migrate.pieces import columns, equal, listed, present, relation
from klover.migrate.shape import Shape
from klover.policy.resolved import Lineage


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
    several = any(hop.backward for hop in lineage)
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
        joins.append(
            sql.SQL("left join {} as {} on {}").format(
                COHORT if step == len(lineage) - 1 else relation(hop.target),
                sql.Identifier(onward),
                equal(alias, hop.source_columns, onward, hop.target_columns),
            )
        )
        if not hop.backward:
            nowhere = sql.Identifier(onward, hop.target_columns[0])
            lost.append(
                sql.SQL("({} and {} is null)").format(present(alias, hop.source_columns), nowhere)
            )
        alias = onward
    nothing = sql.SQL("({})").format(listed(lost or [sql.SQL("false")], " or "))
    return listed(joins, " "), nothing, alias


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
        table=relation(shape.name),
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
