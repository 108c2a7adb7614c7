"""A first policy as values: for each table whose data it is and what its columns are.

``draft`` decides, ``write`` puts it down as a commented file. What could not be known is a question
for a person: it stands in ``question`` and becomes a ``# decide:``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from klover.catalog import Catalog, Table, TableName
from klover.policy.model import DataClass
from klover.policy.suggest.classes import Verdict, classify
from klover.policy.suggest.evidence import NOTHING, Evidence
from klover.policy.suggest.guess import Tie
from klover.policy.suggest.home import Home, find_home
from klover.policy.suggest.nature import Nature, nature_of
from klover.policy.suggest.shape import Shape, Way, find_shape, row_key
from klover.policy.suggest.sureness import SURE
from klover.policy.suggest.ties import tie

_MOST_NAMED = 4


class Standing(StrEnum):
    """How a table stands to the subjects."""

    SUBJECTS = "subjects"
    TRACED = "traced"
    SHARED = "shared"
    OPEN = "open"
    """Refused by ``policy check`` until somebody says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDraft:
    """What is suggested of one table."""

    table: Table
    nature: Nature
    standing: Standing
    ways: tuple[Way, ...]
    tie: Tie
    verdicts: tuple[Verdict, ...]
    question: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is suggested of a whole database."""

    shape: Shape
    home: tuple[Home, ...]
    tables: Mapping[TableName, TableDraft]

    def closed(self) -> Mapping[str, int]:
        """Count the columns that are restricted, by how sure that is: sure, likely, unsure."""
        found = [
            "unsure" if verdict.unsure else "sure" if verdict.confidence >= SURE else "likely"
            for one in self.tables.values()
            for verdict in one.verdicts
            if verdict.data_class is DataClass.RESTRICTED
        ]
        return {step: found.count(step) for step in ("sure", "likely", "unsure")}


def draft(catalog: Catalog, evidence: Evidence = NOTHING) -> Draft:
    """Decide what can be decided from a catalog and what a sample told of its values."""
    shape = find_shape(catalog, tie(catalog, evidence))
    tables = {table.name: _table(table, shape, evidence) for table in catalog.base_tables()}
    return Draft(shape=shape, home=find_home(catalog, shape), tables=tables)


def _table(table: Table, shape: Shape, evidence: Evidence) -> TableDraft:
    nature = nature_of(table, shape)
    verdicts = tuple(classify(table, shape, nature, evidence))
    standing, ways, question = _stand(table, shape, nature, verdicts)
    return TableDraft(
        table=table,
        nature=nature,
        standing=standing,
        ways=ways,
        tie=shape.ties[table.name],
        verdicts=verdicts,
        question=question,
    )


def _stand(
    table: Table, shape: Shape, nature: Nature, verdicts: tuple[Verdict, ...]
) -> tuple[Standing, tuple[Way, ...], str | None]:
    """Tell how a table stands, its ways, and what a person has to decide."""
    if table.name == shape.subjects:
        return Standing.SUBJECTS, (), None
    ways = shape.ways.get(table.name, ())
    sure = tuple(way for way in ways if not way.audit)
    if sure:
        return Standing.TRACED, sure, None
    nobodys = nature in {Nature.REFERENCE, Nature.GUARDED}
    if ways and table.name not in shape.people:
        return _entered(ways, nobodys=nature is Nature.REFERENCE)
    if nobodys and table.name not in {*shape.people, *shape.beside, *shape.together}:
        return Standing.SHARED, (), None
    return _untied(table, shape, verdicts)


def _entered(ways: tuple[Way, ...], *, nobodys: bool) -> tuple[Standing, tuple[Way, ...], str]:
    """Judge a table that is tied to people only as to who entered its rows."""
    if nobodys:
        columns = ", ".join(way.text for way in ways)
        question = f"only {columns} ties it to people, as who entered the row"
        return Standing.SHARED, (), question
    return Standing.TRACED, ways, "these columns only tell who entered the row; is it theirs?"


def _untied(
    table: Table, shape: Shape, verdicts: tuple[Verdict, ...]
) -> tuple[Standing, tuple[Way, ...], str | None]:
    """Judge a table that nothing ties to one person: it may be shared, or must be decided."""
    if table.name in shape.people:
        question = "these look like people too; add `subject:` or `shared: true`"
        return Standing.OPEN, (), question
    if table.name in shape.beside:
        question = "it refers to people who are not the subjects; add `subject:` or `shared: true`"
        return Standing.OPEN, (), question
    possible = shape.possible.get(table.name)
    if possible is not None:
        question = "several people may share a row; then it is all of theirs"
        return Standing.TRACED, (possible,), question
    names = [one.column for one in verdicts if _tells(one, table)]
    if not names:
        return Standing.SHARED, (), None
    told = ", ".join(names[:_MOST_NAMED]) + (" …" if len(names) > _MOST_NAMED else "")
    question = f"no key leads to one person, but there is {told}; add `subject:` or `shared: true`"
    return Standing.OPEN, (), question


def _tells(verdict: Verdict, table: Table) -> bool:
    """Tell whether a column alone may tell of somebody; what no key says is no reason to ask."""
    told = verdict.data_class is DataClass.RESTRICTED or verdict.by_type
    return told and verdict.column not in row_key(table)
