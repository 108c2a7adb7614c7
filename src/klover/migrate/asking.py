"""One piece of evidence for homes, asked of the subjects whom no earlier one decided.

Distinct values are read at the source in chunks, so memory stays flat however many phone numbers
there are; each is decided here and goes back beside its verdict, to be joined. What nobody
recognised is counted, and named only where many declared it as a country and it looks like one.
"""

import heapq
from collections.abc import Callable, Iterator
from datetime import date
from itertools import count

from psycopg import sql

from klover.migrate.addresses import Addresses
from klover.migrate.pieces import columns, equal, leads, listed, relation, temporary
from klover.migrate.plan import OddName, shown_name
from klover.policy.country import inside
from klover.policy.evidence import country_told
from klover.policy.model import EvidenceKind
from klover.policy.resolved import Hop, Lineage, Resolved, TracedEvidence
from klover.store.connect import Connection
from klover.store.sql import statements

_CHUNK = 10_000
"""Values read at a time."""
_MOST_ODD = 50
"""Spellings of countries that are listed; the rest is counted."""

Verdict = tuple[str, str, bool]
"""A value, the country that it tells, and whether that is inside."""


class Asking:
    """One piece of evidence, asked of the subjects who are still undecided."""

    def __init__(
        self,
        connection: Connection,
        resolved: Resolved,
        on: date,
        addresses: Addresses | None,
        number: int,
    ) -> None:
        """Ask in the transaction of ``connection``; ``number`` is the evidence's place in order."""
        self._connection = connection
        self._resolved = resolved
        self._on = on
        self._look_up = addresses.look_up if addresses is not None else None
        self._number = number
        self._queries = statements("klover.migrate", "cohort.sql")
        self._key = resolved.tables[resolved.policy.subjects.table].key

    def ask(self, evidence: TracedEvidence, read: Callable[[int], None]) -> list[OddName]:
        """Make the table of what it tells; tell what nobody recognised.

        ``read`` is told how many values have been read so far.
        """
        verdicts = temporary("verdicts", self._number)
        pieces = {
            "column": sql.Identifier(evidence.column),
            "subjects": relation(self._resolved.policy.subjects.table),
            "joins": _way(evidence.lineage),
            "undecided": self._undecided(),
        }
        self._connection.execute(self._queries["verdicts"].format(verdicts=verdicts))
        odd = _Odd(evidence, self._look_at(evidence))
        into = self._queries["verdicts_into"].format(verdicts=verdicts)
        values = 0
        for chunk in self._chunks(self._queries["home_values"].format(**pieces)):
            with self._connection.cursor() as cursor, cursor.copy(into) as copying:
                for verdict in self._verdicts(evidence, chunk, odd):
                    copying.write_row(verdict)
            values += len(chunk)
            read(values)
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

    def _look_at(self, evidence: TracedEvidence) -> str | None:
        """Write the SQL that lists declared countries with their numbers, rare ones first."""
        if evidence.kind is not EvidenceKind.COUNTRY:
            return None
        end = evidence.lineage[-1].target if evidence.lineage else None
        parts = {
            "column": sql.Identifier(evidence.column),
            "table": relation(end or self._resolved.policy.subjects.table),
        }
        text = self._queries["look"].format(**parts).as_string(self._connection)
        return text.splitlines()[-1]  # below its comment

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

    Only declared countries are named, only where they look like a country's name, and only those
    that many people share: a phone number or an address never is.
    """

    def __init__(self, evidence: TracedEvidence, look: str | None) -> None:
        self._evidence = evidence
        self._look = look
        self._most: list[tuple[int, int, str]] = []
        self._order = count()
        self._others = 0
        self._values = 0

    def add(self, value: str, subjects: int) -> None:
        """Count one value."""
        is_country = self._evidence.kind is EvidenceKind.COUNTRY
        shown = shown_name(value, subjects) if is_country else None
        if shown is not None:
            heapq.heappush(self._most, (subjects, -next(self._order), shown))
            if len(self._most) <= _MOST_ODD:
                return
            subjects = heapq.heappop(self._most)[0]
        self._others += subjects
        self._values += 1

    def told(self) -> list[OddName]:
        """List them, the most frequent first; what is not named comes last, as one."""
        text = self._evidence.text
        found = [
            OddName(evidence=text, name=shown, subjects=subjects)
            for subjects, _, shown in sorted(self._most, reverse=True)
        ]
        if self._others:
            found.append(
                OddName(
                    evidence=text,
                    name=None,
                    subjects=self._others,
                    values=self._values,
                    look=self._look,
                )
            )
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
                leads(onward, hop, alias, (hop.target_columns, hop.source_columns))
                if hop.backward
                else leads(alias, hop, onward, (hop.source_columns, hop.target_columns)),
            )
        )
        alias = onward
    return listed(joins, " ")
