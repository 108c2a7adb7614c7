"""What values tell, as counts and forms: questions to a database and its answers.

Nothing here reads a database. ``questions`` (in ``keys``) asks which sampled values stand in which
key; ``store/sample`` answers. Sample values are looked at for their form and never written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from klover.catalog import TableName

Samples = Mapping[TableName, Mapping[str, Sequence[str]]]
"""Text forms of sampled values, by table and column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whether values of a column (or of its elements) stand in a key of another table."""

    table: TableName
    column: str
    element: bool
    target: TableName
    target_column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How many distinct sampled values were looked for, and how many were found."""

    asked: int
    found: int

    @property
    def share(self) -> float:
        """The share of values found; 0 where none was looked for."""
        return self.found / self.asked if self.asked else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a sample tells; empty where only the catalog is known."""

    samples: Samples = field(default_factory=dict)
    answers: Mapping[Question, Answer] = field(default_factory=dict)

    def values(self, table: TableName, column: str) -> Sequence[str]:
        """Tell the sampled values of one column."""
        return self.samples.get(table, {}).get(column, ())


NOTHING = Evidence()
