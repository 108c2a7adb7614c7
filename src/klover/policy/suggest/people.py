"""Which of the tables that look like people hold them: not their groups, not their parts.

Two shapes tell more than any score. A table that many people's rows refer to, and that is called
after no person or has nothing of one, is a group of them: an organisation, a tenant. A table whose
key is another's (an employee's is the person's) holds some of the same people in another part.
"""

from collections.abc import Callable, Mapping

from klover.catalog import Catalog, Table, TableName
from klover.policy.suggest.guess import Ties, is_unique
from klover.policy.words import kinds
from klover.policy.words.split import words


def rank(
    catalog: Catalog,
    ties: Ties,
    scores: Mapping[TableName, int],
    own: Callable[[Table], int],
) -> tuple[TableName, ...]:
    """Order the tables of people, the likeliest subjects first; groups of people are left out.

    ``own`` tells how much of a person a table's rows have.
    """
    groups = {name for name in scores if _is_group(name, catalog, ties, scores, own)}
    kept = {name: score for name, score in scores.items() if name not in groups}
    whole = dict(kept)
    for name, score in kept.items():
        for above in _wholes(catalog.tables[name], kept):
            whole[above] = max(whole[above], score + 1)
    return tuple(sorted(kept, key=lambda name: (-whole[name], name)))


def _is_group(
    name: TableName,
    catalog: Catalog,
    ties: Ties,
    scores: Mapping[TableName, int],
    own: Callable[[Table], int],
) -> bool:
    """Tell whether other people's rows refer to one of these, many to one."""
    called = kinds.PEOPLE.get((words(name.name) or ("",))[-1], 0)
    if called and own(catalog.tables[name]):
        return False
    return any(
        guess.target == name
        and not guess.audit
        and not is_unique(catalog.tables[other], guess.columns)
        for other in scores
        if other != name and own(catalog.tables[other])
        for guess in ties[other].guesses
    )


def _wholes(table: Table, people: Mapping[TableName, int]) -> list[TableName]:
    """List the tables of people whose keys a table's key is declared to be."""
    key = table.primary_key
    return [
        one.target
        for one in table.foreign_keys
        if key is not None
        and one.columns == key.columns
        and one.target in people
        and one.target != table.name
    ]
