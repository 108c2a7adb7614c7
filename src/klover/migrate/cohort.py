"""Who is inside: homes are read at the source as distinct values, decided here, and joined back.

Values stream through in chunks, so memory stays flat however many phone numbers there are. Each
piece of evidence is asked only of subjects whom no earlier one decided; of several values of one
subject the strictest counts. A subject whose home nobody knows is inside, and counted. The source
never learns which countries count: it is given its own values back with a verdict.
"""

import heapq
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import count

from psycopg import sql

from klover.errors import InputError
from klover.migrate.addresses import Addresses
from klover.migrate.pieces import columns, equal, listed, relation, temporary
from klover.migrate.plan import DecidedBy, Homes, OddName, shown_name
from klover.policy.country import inside
from klover.policy.evidence import country_told
from klover.policy.model import EvidenceKind
from klover.policy.resolved import Hop, Lineage, Resolved, TracedEvidence
from klover.store.connect import Connection
from klover.store.sql import statements

COHORT = sql.Identifier("pg_temp", "klover_cohort")
INSIDE = "klover_inside"
_CHUNK = 10_000
"""Values read at a time."""
_MOST_ODD = 50
"""Spellings of countries that are listed; the rest is counted."""

Verdict = tuple[str, str, bool]
"""A value, the country that it tells, and whether that is inside."""


def decide(
    connection: Connection, resolved: Resolved, on: date, addresses: Addresses | None
) -> Homes:
    """Make the cohort's temporary table in the source's transaction; tell the counts.

    Raises InputError where the policy reads network addresses and there is no table of them.
    """
    if addresses is None and any(one.kind is EvidenceKind.IP for one in resolved.home):
        raise InputError(
            "The policy reads homes from network addresses, and no table of addresses is named "
            "(`[homes] ip_countries` in klover.toml, or --ip-countries)."
        )
    odd: list[OddName] = []
    for number, evidence in enumerate(resolved.home):
        odd += _Asking(connection, resolved, on, addresses, number).ask(evidence)
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


class _Asking:
    """One piece of evidence, asked of the subjects who are still undecided."""

    def __init__(
        self,
        connection: Connection,
        resolved: Resolved,
        on: date,
        addresses: Addresses | None,
        number: int,
    ) -> None:
        self._connection = connection
        self._resolved = resolved
        self._on = on
        self._look_up = addresses.look_up if addresses is not None else None
        self._number = number
        self._queries = statements("klover.migrate", "cohort.sql")
        self._key = resolved.tables[resolved.policy.subjects.table].key

    def ask(self, evidence: TracedEvidence) -> list[OddName]:
        """Make the table of what it tells; tell what nobody recognised."""
        verdicts = temporary("verdicts", self._number)
        pieces = {
            "column": sql.Identifier(evidence.column),
            "subjects": relation(self._resolved.policy.subjects.table),
            "joins": _way(evidence.lineage),
            "undecided": self._undecided(),
        }
        self._connection.execute(self._queries["verdicts"].format(verdicts=verdicts))
        odd = _Odd(evidence)
        into = self._queries["verdicts_into"].format(verdicts=verdicts)
        for chunk in self._chunks(self._queries["home_values"].format(**pieces)):
            with self._connection.cursor() as cursor, cursor.copy(into) as copying:
                for verdict in self._verdicts(evidence, chunk, odd):
                    copying.write_row(verdict)
        self._connection.execute(sql.SQL("analyze {}").format(verdicts))
        several = any(not self._one(hop) for hop in evidence.lineage)
        self._connection.execute(
            self._queries["evidence" if several else "evidence_plain"].format(
                evidence=temporary("evidence", self._number),
                keys=columns("s", self._key),
                verdicts=verdicts,
                **pieces,
            )
        )
        return odd.told()

    def _verdicts(
        self, evidence: TracedEvidence, chunk: list[tuple[str, int]], odd: "_Odd"
    ) -> Iterator[Verdict]:
        policy = self._resolved.policy
        for value, subjects in chunk:
            country = country_told(evidence.kind, value, self._look_up)
            if country is None:
                odd.add(value, subjects)
            else:
                here = inside(country, policy.subjects.inside, self._on, policy.countries)
                yield value, country, here

    def _chunks(self, query: sql.Composed) -> Iterator[list[tuple[str, int]]]:
        with self._connection.cursor(name=f"klover_values_{self._number}") as cursor:
            cursor.execute(query)
            while chunk := cursor.fetchmany(_CHUNK):
                yield [(str(value), int(number)) for value, number in chunk]

    def _one(self, hop: Hop) -> bool:
        """Tell whether ``hop`` leads from a row to one row at most."""
        target = self._resolved.catalog.tables[hop.target]
        keys = [key for key in (target.primary_key, *target.uniques) if key is not None]
        return any(set(key.columns) <= set(hop.target_columns) for key in keys)

    def _undecided(self) -> sql.Composable:
        """Leave out whom an earlier piece of evidence decided."""
        earlier = [
            self._queries["decided_before"].format(
                evidence=temporary("evidence", number), same=equal("s", self._key, "e", self._key)
            )
            for number in range(self._number)
        ]
        return listed(earlier, " ") if earlier else sql.SQL("")


class _Odd:
    """What one piece of evidence held that nobody recognised: the most frequent, and how many.

    Only declared countries are named, and only where they look like a country's name: a phone
    number or an address never is.
    """

    def __init__(self, evidence: TracedEvidence) -> None:
        self._evidence = evidence
        self._most: list[tuple[int, int, str]] = []
        self._order = count()
        self._others = 0

    def add(self, value: str, subjects: int) -> None:
        """Count one value."""
        shown = shown_name(value) if self._evidence.kind is EvidenceKind.COUNTRY else None
        if shown is None:
            self._others += subjects
            return
        heapq.heappush(self._most, (subjects, -next(self._order), shown))
        if len(self._most) > _MOST_ODD:
            self._others += heapq.heappop(self._most)[0]

    def told(self) -> list[OddName]:
        """List them, the most frequent first; what is not named comes last, as one."""
        text = self._evidence.text
        found = [
            OddName(evidence=text, name=shown, subjects=subjects)
            for subjects, _, shown in sorted(self._most, reverse=True)
        ]
        if self._others:
            found.append(OddName(evidence=text, name=None, subjects=self._others))
        return found


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
