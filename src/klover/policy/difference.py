"""One difference between two policies, as a value, and what several amount to.

The sound rule: what cannot be shown to tighten counts as loosening. So a difference that moves
(neither side is shown to hold the other) counts as one, too; only a change all of whose
differences tighten is a tightening.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from klover.catalog import TableName


class Direction(StrEnum):
    """Which way a difference goes, and a whole change."""

    LOOSENS = "loosens"
    TIGHTENS = "tightens"
    MOVES = "moves"
    """Neither is shown to hold the other. Counts as loosening."""
    SAME = "same"
    """Of a whole change only: it has no difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many rows a difference is about; an estimate where ``exact`` is False."""

    rows: int
    exact: bool

    def __str__(self) -> str:
        """Tell it for people: ``1,204 rows``, ``about 1.2 M rows (estimated)``."""
        if self.exact:
            return f"{self.rows:,} row{'' if self.rows == 1 else 's'}"
        for unit, name in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
            if self.rows >= unit:
                return f"about {self.rows / unit:.1f} {name} rows (estimated)"
        return f"about {self.rows} rows (estimated)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What changes for whom.

    ``text`` is a clause. Where ``audience`` is set it goes on from the audience's name (``would
    newly see … in clear``), else it stands alone. ``column`` is set for differences of a column.
    """

    direction: Direction
    text: str
    audience: str | None = None
    table: TableName | None = None
    column: str | None = None
    before: str = ""
    after: str = ""
    """For columns and rows: how they are shown, before and after."""
    rows: Counted | None = None


def overall(differences: Iterable[Difference]) -> Direction:
    """Tell what a change amounts to: SAME, TIGHTENS or LOOSENS."""
    found = {difference.direction for difference in differences}
    if not found:
        return Direction.SAME
    return Direction.TIGHTENS if found == {Direction.TIGHTENS} else Direction.LOOSENS


def compare(*, tighter: bool, looser: bool) -> Direction | None:
    """Tell a direction from whether the new is within the old, and the old within the new."""
    if tighter and looser:
        return None
    if tighter:
        return Direction.TIGHTENS
    return Direction.LOOSENS if looser else Direction.MOVES
