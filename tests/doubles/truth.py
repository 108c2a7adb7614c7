"""What columns truly are, as people decided it, and how near a suggestion comes.

Declared keys are a truth that nobody has to write: taken away, they have to be found again.

A truth is a text of tables with their columns by class, or a schema whose columns are marked behind
each line (``-- R`` restricted, ``-- I`` interoperable, ``-- P`` public).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from klover.catalog import Catalog, TableName
from klover.policy.suggest import Draft, draft
from klover.policy.suggest.sureness import SURE

FIXTURES = Path(__file__).parents[1] / "fixtures"
_MARKS = {"R": "restricted", "I": "interoperable", "P": "public"}

Truth = Mapping[tuple[str, str], str]
"""The class of each column, by table and column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How a suggestion does for ``restricted``, and how many columns it was asked of."""

    columns: int
    hits: int
    missed: tuple[str, ...]
    """Restricted columns that were suggested as something else."""
    needless: tuple[str, ...]
    sure_hits: int
    """Hits among the columns of which the suggestion is sure."""
    sure: int

    @property
    def precision_of_sure(self) -> float:
        """The share of the columns surely suggested as restricted that are."""
        return self.sure_hits / self.sure

    @property
    def recall(self) -> float:
        """The share of restricted columns that were suggested so."""
        return self.hits / (self.hits + len(self.missed))

    @property
    def precision(self) -> float:
        """The share of columns suggested as restricted that are."""
        return self.hits / (self.hits + len(self.needless))


def read_truth(name: str) -> Truth:
    """Read ``fixtures/truth/<name>.txt``; a column that stands twice is refused."""
    found: dict[tuple[str, str], str] = {}
    table = ""
    for line in (FIXTURES / "truth" / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if not line.startswith(" "):
            table = line.strip()
            continue
        data_class, _, columns = line.strip().partition(": ")
        for column in columns.split():
            if (table, column) in found:
                raise ValueError(f"{name}: {table}.{column} stands twice")
            found[table, column] = data_class
    return found


def read_marks(sql: str) -> Truth:
    """Read the marks of a schema."""
    found: dict[tuple[str, str], str] = {}
    table = ""
    for line in sql.splitlines():
        start = re.match(r'CREATE TABLE "?(\w+)"?', line)
        table = start[1] if start else table
        column = re.match(r'\s+"?(\w+)"? .*-- ([RIP])$', line)
        if column:
            found[table, column[1]] = _MARKS[column[2]]
    return found


def score(draft: Draft, truth: Truth) -> Score:
    """Hold a draft against a truth; both have to know the same columns."""
    said = {
        (str(name), verdict.column): str(verdict.data_class)
        for name, table in draft.tables.items()
        for verdict in table.verdicts
    }
    if said.keys() != truth.keys():
        odd = sorted(said.keys() ^ truth.keys())[:5]
        raise ValueError(f"the truth and the schema know different columns: {odd}")
    sure = {
        (str(name), verdict.column)
        for name, table in draft.tables.items()
        for verdict in table.verdicts
        if str(verdict.data_class) == "restricted" and verdict.confidence >= SURE
    }
    restricted = {key for key, one in truth.items() if one == "restricted"}
    suggested = {key for key, one in said.items() if one == "restricted"}
    return Score(
        columns=len(truth),
        hits=len(restricted & suggested),
        missed=tuple(sorted(".".join(key) for key in restricted - suggested)),
        needless=tuple(sorted(".".join(key) for key in suggested - restricted)),
        sure_hits=len(restricted & sure),
        sure=len(sure),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysFound:
    """How many keys that a schema declares are found where it declares none."""

    declared: int
    found: int
    elsewhere: tuple[str, ...]
    """Columns that were taken for keys of another table."""
    lost: tuple[str, ...]


def find_keys_again(catalog: Catalog) -> KeysFound:
    """Suggest for a catalog without its keys of one column, and hold what is found against them."""
    bare = {name: replace(table, foreign_keys=()) for name, table in catalog.tables.items()}
    found = draft(replace(catalog, tables=bare))
    truth = {
        (table.name, key.columns[0]): key.target
        for table in catalog.base_tables()
        for key in table.foreign_keys
        if len(key.columns) == 1
    }
    said: dict[tuple[TableName, str], set[TableName]] = {}
    for name, one in found.tables.items():
        for guess in one.tie.all():
            said.setdefault((name, guess.column), set()).add(guess.target)
    held = [where for where, target in truth.items() if target in said.get(where, ())]
    other = [where for where in truth if where in said and where not in held]
    return KeysFound(
        declared=len(truth),
        found=len(held),
        elsewhere=tuple(f"{table}.{column}" for table, column in other),
        lost=tuple(f"{table}.{column}" for table, column in truth if (table, column) not in said),
    )
