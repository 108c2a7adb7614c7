"""How a column is shown, as a value that can be more or less than another.

A partial order: absent is least, clear is most. Two pseudonyms compare where they name the same
rows, two coarse values where one is made from the other, parts of a document path by path.
What is not shown to be less is not less.
"""

from dataclasses import dataclass

from klover.policy.model import Coarsen, Coarsening
from klover.policy.resolved import ColumnSight, NamedRow, PartSight, Show


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One way of showing a column."""

    show: Show = Show.ABSENT
    names: tuple[NamedRow, ...] = ()
    coarsen: Coarsen | None = None
    parts: tuple[PartSight, ...] = ()

    def __str__(self) -> str:
        """Tell it for people."""
        if self.show is Show.COARSE:
            return f"coarse ({self.coarsen})"
        if self.show is Show.PARTS:
            paths = ", ".join(".".join(part.path) for part in self.parts if part.shown)
            return f"in part ({paths})"
        words = {Show.CLEAR: "in clear", Show.PSEUDONYM: "as a pseudonym"}
        return words.get(self.show, "not at all")


def shown_of(sight: ColumnSight) -> Shown:
    """Take from a decision what is shown, without the reason."""
    return Shown(show=sight.show, names=sight.names, coarsen=sight.coarsen, parts=sight.parts)


def at_most(one: Shown, other: Shown) -> bool:
    """Tell whether ``one`` is shown to tell no more than ``other``."""
    if one == other or one.show is Show.ABSENT or other.show is Show.CLEAR:
        return True
    if one.show is not other.show:
        return False
    if one.show is Show.COARSE:
        return coarser(one.coarsen, other.coarsen)
    if one.show is Show.PARTS:
        return _parts_at_most(one.parts, other.parts)
    return False  # pseudonyms that name other rows join otherwise


def coarser(one: Coarsen | None, other: Coarsen | None) -> bool:
    """Tell whether ``one`` can be made from ``other``."""
    if one is None or other is None or one == other:
        return one == other
    if (one.by, other.by) == (Coarsening.YEAR, Coarsening.MONTH):
        return True
    if one.by is not other.by or one.argument is None or other.argument is None:
        return False
    if one.by is Coarsening.ROUND:
        return one.argument % other.argument == 0
    return one.by is Coarsening.FIRST and one.argument <= other.argument


def _parts_at_most(one: tuple[PartSight, ...], other: tuple[PartSight, ...]) -> bool:
    paths = {part.path for part in (*one, *other)}
    return all(_shows(other, path) for path in paths if _shows(one, path))


def _shows(parts: tuple[PartSight, ...], path: tuple[str, ...]) -> bool:
    """Tell what the longest classified path above ``path`` says; without one it is not shown."""
    above = [part for part in parts if path[: len(part.path)] == part.path]
    return max(above, key=lambda part: len(part.path)).shown if above else False
