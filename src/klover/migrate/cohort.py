"""Who is inside: homes are read at the source as distinct values, decided here, and joined back.

The first evidence that is known decides; a subject whose home nobody knows is inside, and listed.
The source never learns which countries count: it is given its own values back with a verdict.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from psycopg import sql

from klover.errors import InputError
from klover.migrate.pieces import columns, equal, listed, relation, temporary
from klover.migrate.plan import Homes, OddName, evidence_text, shown_name
from klover.policy.country import inside, resolve
from klover.policy.resolved import Lineage, Resolved
from klover.store.connect import Connection
from klover.store.sql import statements

if TYPE_CHECKING:
    from klover.catalog import TableName

MOST_VALUES = 10_000
"""Distinct homes of one piece of evidence; more means that the column holds no country."""
COHORT = sql.Identifier("pg_temp", "klover_cohort")
INSIDE = "klover_inside"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    number: int
    lineage: Lineage
    column: str
    text: str

    @property
    def alias(self) -> str:
        return f"e{self.number}"


def decide(connection: Connection, resolved: Resolved, on: date) -> Homes:
    """Make the cohort's temporary table in the source's transaction; tell the counts."""
    queries = statements("klover.migrate", "cohort.sql")
    table = resolved.policy.subjects.table
    subjects = relation(table)
    key = resolved.tables[table].key
    odd: list[OddName] = []
    evidence = _evidence(resolved)
    for one in evidence:
        joins = _way(one.lineage)
        column = sql.Identifier(one.column)
        query = queries["home_values"].format(
            column=column, subjects=subjects, joins=joins, limit=sql.Literal(MOST_VALUES + 1)
        )
        values = connection.execute(query).fetchall()
        if len(values) > MOST_VALUES:
            raise InputError(
                f"The home path {one.text!r} gives more than {MOST_VALUES} different values; "
                "it has to end at a column that holds a country."
            )
        verdicts = {value: _verdict(value, resolved, on) for value, _ in values if value}
        odd += [
            OddName(evidence=one.text, name=shown_name(value), subjects=count)
            for value, count in values
            if value and verdicts[value] is None
        ]
        made = temporary("verdicts", one.number)
        connection.execute(
            queries["home_verdicts"].format(verdicts=made),
            (list(verdicts), list(verdicts.values())),
        )
        several = any(hop.backward for hop in one.lineage)
        connection.execute(
            queries["evidence" if several else "evidence_plain"].format(
                evidence=temporary("evidence", one.number),
                keys=columns("s", key),
                column=column,
                subjects=subjects,
                joins=joins,
                verdicts=made,
            )
        )
    _gather(connection, resolved, evidence)
    return _homes(connection, tuple(odd))


def landing_columns(resolved: Resolved) -> tuple[str, ...]:
    """List the subjects' columns that the cohort's table holds: keys, and where lineages land."""
    table = resolved.policy.subjects.table
    found = [*resolved.tables[table].key, *resolved.policy.subjects.key]
    for traced in resolved.tables.values():
        for line in traced.lineages:
            found += line[-1].target_columns if line else ()
            if line and line[-1].backward and line[-1].when is not None:
                found.append(line[-1].when[0])
    return tuple(dict.fromkeys(found))


def _evidence(resolved: Resolved) -> Sequence[_Evidence]:
    table: TableName = resolved.policy.subjects.table
    return [
        _Evidence(
            number=number,
            lineage=lineage,
            column=column,
            text=evidence_text((*(hop.source_columns[0] for hop in lineage), column), table),
        )
        for number, (lineage, column) in enumerate(resolved.home)
    ]


def _verdict(value: str, resolved: Resolved, on: date) -> bool | None:
    country = resolve(value)
    return None if country is None else inside(country, resolved.policy.subjects.inside, on)


def _way(lineage: Lineage) -> sql.Composable:
    """Join from the subjects ``s`` to the row that holds the home, called ``evidence``."""
    if not lineage:
        return sql.SQL("cross join lateral (select s.*) as evidence")
    joins: list[sql.Composable] = []
    alias = "s"
    for number, hop in enumerate(lineage):
        onward = "evidence" if number == len(lineage) - 1 else f"h{number}"
        joins.append(
            sql.SQL("left join {} as {} on {}").format(
                relation(hop.target),
                sql.Identifier(onward),
                equal(alias, hop.source_columns, onward, hop.target_columns),
            )
        )
        alias = onward
    return listed(joins, " ")


def _gather(connection: Connection, resolved: Resolved, evidence: Sequence[_Evidence]) -> None:
    table = resolved.policy.subjects.table
    key = resolved.tables[table].key
    joins = [
        sql.SQL("left join {} as {} on {}").format(
            temporary("evidence", one.number),
            sql.Identifier(one.alias),
            equal("s", key, one.alias, key),
        )
        for one in evidence
    ]
    decided = listed((sql.Identifier(one.alias, "inside") for one in evidence), ", ")
    told = listed((sql.Identifier(one.alias, "told") for one in evidence), " or ")
    connection.execute(
        statements("klover.migrate", "cohort.sql")["cohort"].format(
            cohort=COHORT,
            columns=columns("s", landing_columns(resolved)),
            decided=sql.SQL("coalesce({})").format(decided),
            told=told,
            subjects=relation(table),
            joins=listed(joins, " "),
        )
    )
    connection.execute(sql.SQL("analyze {}").format(COHORT))


def _homes(connection: Connection, odd: tuple[OddName, ...]) -> Homes:
    query = statements("klover.migrate", "cohort.sql")["homes"].format(cohort=COHORT)
    row = connection.execute(query).fetchone() or (0, 0, 0, 0)
    return Homes(
        inside=row[0],
        outside=row[1],
        undecided=row[2],
        without_home=row[3],
        unrecognised=row[2] - row[3],
        odd=odd,
    )
