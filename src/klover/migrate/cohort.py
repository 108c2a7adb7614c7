"""Who is inside: the pieces of evidence for homes are asked in turn, the first that tells decides.

A subject whose home nobody knows is inside, and counted. The source never learns which countries
count: it is given its own values back with a verdict. How one piece is asked stands in ``asking``.
"""

from collections.abc import Callable, Sequence
from datetime import date

from psycopg import sql

from klover.errors import InputError
from klover.migrate.addresses import Addresses
from klover.migrate.asking import Asking
from klover.migrate.pieces import columns, equal, listed, relation, temporary
from klover.migrate.plan import DecidedBy, Homes, OddName
from klover.policy.model import EvidenceKind
from klover.policy.resolved import Resolved
from klover.store.connect import Connection
from klover.store.sql import statements

COHORT = sql.Identifier("pg_temp", "klover_cohort")
INSIDE = "klover_inside"
Tick = Callable[[int, int], None]
"""Progress: done, of how many at most."""


def _silent(_done: int, _total: int) -> None:
    pass


def decide(
    connection: Connection,
    resolved: Resolved,
    on: date,
    addresses: Addresses | None,
    tick: Tick = _silent,
) -> Homes:
    """Make the cohort's temporary table in the source's transaction; tell the counts.

    ``tick`` is told how many values were read, of how many there may be.
    Raises InputError where the policy reads network addresses and there is no table of them.
    """
    if addresses is None and any(one.kind is EvidenceKind.IP for one in resolved.home):
        raise InputError(
            "The policy reads homes from network addresses, and no table of addresses is named "
            "(`[homes] ip_countries` in klover.toml, or --ip-countries)."
        )
    people = _people(connection, resolved)
    odd: list[OddName] = []
    for number, evidence in enumerate(resolved.home):
        asking = Asking(connection, resolved, on, addresses, number)
        odd += asking.ask(evidence, _read(tick, number * people, len(resolved.home) * people))
    _gather(connection, resolved)
    return _homes(connection, resolved, tuple(odd), addresses)


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


def _read(tick: Tick, before: int, most: int) -> Callable[[int], None]:
    return lambda values: tick(before + values, most)


def _people(connection: Connection, resolved: Resolved) -> int:
    query = statements("klover.migrate", "closure.sql")["rows"]
    table = relation(resolved.policy.subjects.table)
    row = connection.execute(query.format(table=table)).fetchone()
    return int(row[0]) if row is not None else 0


def _gather(connection: Connection, resolved: Resolved) -> None:
    table = resolved.policy.subjects.table
    key = resolved.tables[table].key
    aliases = [f"e{number}" for number in range(len(resolved.home))]
    joins = [
        sql.SQL("left join {} as {} on {}").format(
            temporary("evidence", number), sql.Identifier(alias), equal("s", key, alias, key)
        )
        for number, alias in enumerate(aliases)
    ]
    connection.execute(
        statements("klover.migrate", "cohort.sql")["cohort"].format(
            cohort=COHORT,
            columns=columns("s", landing_columns(resolved)),
            decided=_first(aliases, "inside", sql.SQL("null::boolean")),
            country=_first(aliases, "country", sql.SQL("null::text")),
            number=_number(aliases),
            told=listed(
                [*(sql.Identifier(alias, "told") for alias in aliases), sql.SQL("false")], " or "
            ),
            subjects=relation(table),
            joins=listed(joins, " "),
        )
    )
    connection.execute(sql.SQL("analyze {}").format(COHORT))


def _first(aliases: Sequence[str], column: str, nothing: sql.SQL) -> sql.Composed:
    """Take what the first piece of evidence tells that tells anything."""
    parts = [*(sql.Identifier(alias, column) for alias in aliases), nothing]
    return sql.SQL("coalesce({})").format(listed(parts))


def _number(aliases: Sequence[str]) -> sql.Composed:
    """Tell which piece of evidence that was."""
    parts = [
        sql.SQL("when {} is not null then {}").format(
            sql.Identifier(alias, "inside"), sql.Literal(number)
        )
        for number, alias in enumerate(aliases)
    ]
    return sql.SQL("case {} end").format(listed([*parts, sql.SQL("when false then 0")], " "))


def _homes(
    connection: Connection,
    resolved: Resolved,
    odd: tuple[OddName, ...],
    addresses: Addresses | None,
) -> Homes:
    queries = statements("klover.migrate", "cohort.sql")
    row = connection.execute(queries["homes"].format(cohort=COHORT)).fetchone() or (0, 0, 0, 0)
    decided = connection.execute(queries["decided_by"].format(cohort=COHORT)).fetchall()
    return Homes(
        inside=row[0],
        outside=row[1],
        undecided=row[2],
        without_home=row[3],
        unrecognised=row[2] - row[3],
        odd=odd,
        decided=tuple(
            DecidedBy(
                evidence=resolved.home[number].text,
                country=country,
                inside=here,
                subjects=subjects,
            )
            for number, country, here, subjects in decided
        ),
        countries_edition=resolved.policy.countries.edition,
        addresses=addresses.name if addresses is not None else None,
    )
