"""What each audience would see more, less or otherwise: the decisions of two policies compared.

Both policies are decided by ``sight`` itself, over the same tables. With a catalog that is one
comparison. Without one the types and keys of columns are not known, so the same rules are decided
in several *worlds* (``worlds``), and a difference tightens only where it does in each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from klover.catalog import TableName
from klover.policy.diff.patterns import place, stands_in
from klover.policy.diff.shown import Shown, at_most, shown_of
from klover.policy.difference import Difference, Direction, compare
from klover.policy.model import Rows
from klover.policy.resolved import Resolved, RowsShown, TracedTable
from klover.policy.sight import see

Pair = tuple[Resolved, Resolved]
"""The old and the new policy in one world."""
_THAN = {
    Direction.LOOSENS: "more",
    Direction.TIGHTENS: "less",
    Direction.MOVES: "something else",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsSeen:
    """Which rows of a table somebody sees: a kind, and for public ones the conditions."""

    kind: RowsShown
    predicate: str | None = None
    """None: no condition of the table's own."""
    parents: frozenset[tuple[str, ...]] | None = frozenset()
    """The references whose row has to be public too; None: all there are (without a catalog)."""

    def tell(self, *, parents: bool) -> str:
        """Tell it for people; the references only where they matter."""
        if self.kind is RowsShown.NONE:
            return "no rows"
        words = "all rows" if self.predicate is None else f"rows where {self.predicate}"
        if not parents:
            return words
        if self.parents is None:
            return f"{words}, as far as whatever they refer to is public"
        if not self.parents:
            return f"{words}, whatever they refer to"
        named = ", ".join(sorted("+".join(columns) for columns in self.parents))
        return f"{words}, as far as what {named} refers to is public"


def rows_words(was: RowsSeen, is_now: RowsSeen) -> tuple[str, str]:
    """Tell which rows, before and now, with the conditions in which they differ."""
    alike = was.predicate is is_now.predicate is None and RowsShown.NONE not in {
        was.kind,
        is_now.kind,
    }
    parents = was.parents != is_now.parents and (was.kind is is_now.kind or alike)
    return was.tell(parents=parents), is_now.tell(parents=parents)


def sight_differences(worlds: Sequence[Pair], *, known_parents: bool) -> list[Difference]:
    """Compare what each audience of either policy sees; one that is not there sees nothing."""
    old, new = worlds[0]
    found = []
    for name in sorted({*old.policy.audiences, *new.policy.audiences}):
        found += _compared(
            name, [(_columns(one, name), _columns(two, name)) for one, two in worlds]
        )
        if name in old.policy.audiences and name in new.policy.audiences:
            found += _rows(name, old, new, known_parents=known_parents)
    return found


Columns = Mapping[tuple[TableName, str], Shown]


def _columns(resolved: Resolved, audience: str) -> Columns:
    who = resolved.policy.audiences.get(audience)
    sights = see(resolved, who) if who is not None else {}
    return {
        (table, column.column): shown_of(column)
        for table, sight in sights.items()
        for column in sight.columns
    }


def _compared(audience: str, worlds: Sequence[tuple[Columns, Columns]]) -> list[Difference]:
    places = {place for pair in worlds for side in pair for place in side}
    found = []
    for table, column in sorted(places):
        pairs = [
            (old.get((table, column), Shown()), new.get((table, column), Shown()))
            for old, new in worlds
        ]
        direction = compare(
            tighter=all(at_most(new, old) for old, new in pairs),
            looser=all(at_most(old, new) for old, new in pairs),
        )
        if direction is not None:
            found.append(_column(audience, table, column, pairs, direction))
    return found


def _column(
    audience: str,
    table: TableName,
    column: str,
    pairs: Sequence[tuple[Shown, Shown]],
    direction: Direction,
) -> Difference:
    before, after = (_words([pair[side] for pair in pairs]) for side in (0, 1))
    absent = str(Shown())
    named = place(table, column)
    if before == absent:
        text = f"would newly see {named} {after}"
    elif after == absent:
        text = f"would no longer see {named}"
    elif before == after:
        text = f"would see {_THAN[direction]} than before of {named}, as its type and keys decide"
    else:
        text = f"would see {named} {after}, before {before}"
    return Difference(
        direction=direction,
        text=text,
        audience=audience,
        table=table,
        column=column,
        before=before,
        after=after,
    )


def _words(shown: Sequence[Shown]) -> str:
    told = {str(one) for one in shown}
    return told.pop() if len(told) == 1 else "as its type and keys decide"


def _rows(audience: str, old: Resolved, new: Resolved, *, known_parents: bool) -> list[Difference]:
    found = []
    before, after = (see(resolved, resolved.policy.audiences[audience]) for resolved in (old, new))
    for table in sorted(set(old.tables) & set(new.tables)):
        if stands_in(table):
            continue  # the subjects' own table tells of rows
        was = rows_seen(before[table].rows, old.tables[table], known_parents=known_parents)
        is_now = rows_seen(after[table].rows, new.tables[table], known_parents=known_parents)
        direction = compare(tighter=rows_at_most(is_now, was), looser=rows_at_most(was, is_now))
        if direction is not None:
            words = rows_words(was, is_now)
            found.append(
                Difference(
                    direction=direction,
                    text=f"would see of {table} {words[1]}, before {words[0]}",
                    audience=audience,
                    table=table,
                    before=words[0],
                    after=words[1],
                )
            )
    return found


def rows_seen(kind: RowsShown, traced: TracedTable, *, known_parents: bool) -> RowsSeen:
    """Tell which rows of a table are seen, with the conditions of public ones."""
    if kind is not RowsShown.PUBLIC:
        return RowsSeen(kind=kind)
    rule = traced.rule
    if known_parents:
        parents: frozenset[tuple[str, ...]] | None = frozenset(
            parent.columns for parent in traced.parents
        )
    else:
        stated = rule.hangs_off
        parents = None if stated is None else frozenset((column,) for column in stated)
    predicate = rule.predicate if rule.public_rows is Rows.PREDICATE else None
    if predicate is None and parents == frozenset():
        return RowsSeen(kind=RowsShown.ALL)
    return RowsSeen(kind=kind, predicate=predicate, parents=parents)


_RANK = (RowsShown.NONE, RowsShown.PUBLIC, RowsShown.ALL)


def rows_at_most(one: RowsSeen, other: RowsSeen) -> bool:
    """Tell whether ``one`` is shown to be no more rows than ``other``."""
    if one.kind is not RowsShown.PUBLIC or other.kind is not RowsShown.PUBLIC:
        return _RANK.index(one.kind) <= _RANK.index(other.kind)
    narrower = other.predicate is None or one.predicate == other.predicate
    if one.parents is None or other.parents is None:
        return narrower and (one.parents is None or one.parents == other.parents)
    return narrower and one.parents >= other.parents
