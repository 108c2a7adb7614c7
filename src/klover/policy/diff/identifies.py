"""Columns that would count as more or less identifying, where nobody's sight tells of it.

What a view or a computed column tells of people follows from the columns it is made from
(``derived``), and by rules alone nobody knows which those are. So a column that nobody sees counts
as well: the one made from it may be seen.
"""

from collections.abc import Iterable, Sequence

from klover.catalog import TableName
from klover.policy.diff.patterns import place
from klover.policy.difference import Difference, Direction, compare
from klover.policy.model import Identifies
from klover.policy.resolved import Resolved

_RANK = tuple(Identifies)
Place = tuple[TableName, str]
Ranks = dict[Place, int]


def identifying_differences(
    worlds: Sequence[tuple[Resolved, Resolved]], told: Iterable[Place]
) -> list[Difference]:
    """Compare in every world how far each column identifies; those of ``told`` are left out."""
    pairs = [(_ranks(old), _ranks(new)) for old, new in worlds]
    shared = set(pairs[0][0]) & set(pairs[0][1])
    found = []
    for table, column in sorted(shared - set(told)):
        ranks = [(old[table, column], new[table, column]) for old, new in pairs]
        direction = compare(
            tighter=all(new >= old for old, new in ranks),
            looser=all(new <= old for old, new in ranks),
        )
        if direction is not None:
            how = {Direction.LOOSENS: "less", Direction.TIGHTENS: "more"}.get(
                direction, "otherwise"
            )
            text = f"{place(table, column)}, and what is made from it, counts as identifying {how}"
            found.append(Difference(direction=direction, text=text, table=table, column=column))
    return found


def _ranks(resolved: Resolved) -> Ranks:
    return {
        (name, column): _RANK.index(rule.identifies)
        for name, traced in resolved.tables.items()
        for column, rule in traced.columns.items()
    }
