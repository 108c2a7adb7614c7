"""What columns truly are, as people decided it, and how near a suggestion comes.

A truth is a text of tables with their columns by class, or a schema whose columns are marked behind
each line (``-- R`` restricted, ``-- I`` interoperable, ``-- P`` public).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from klover.policy.suggest import Draft

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
    restricted = {key for key, one in truth.items() if one == "restricted"}
    suggested = {key for key, one in said.items() if one == "restricted"}
    return Score(
        columns=len(truth),
        hits=len(restricted & suggested),
        missed=tuple(sorted(".".join(key) for key in restricted - suggested)),
        needless=tuple(sorted(".".join(key) for key in suggested - restricted)),
    )
