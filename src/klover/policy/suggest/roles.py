"""References told by the part somebody plays: ``sellerId``, ``created_by``, ``reports_to``.

They refer to the likeliest people whose key compares. ``parent_id`` and its like refer to another
row of the same table.
"""

from collections.abc import Iterator

from klover.catalog import Catalog, Column, Table, TableName
from klover.policy.suggest.guess import Guess, comparable, family
from klover.policy.suggest.keys import WEAK, is_bare, key_column, own_key, stem_of
from klover.policy.words import kinds
from klover.policy.words.plain import GLUE
from klover.policy.words.split import words


def by_role(
    table: Table, catalog: Catalog, taken: frozenset[str], people: tuple[TableName, ...]
) -> Iterator[Guess]:
    """Guess references by the part somebody plays (``sellerId``, ``created_by``) or to oneself."""
    for column in table.columns:
        if column.name in taken or column.name in own_key(table):
            continue
        said = words(column.name)
        unmarked = said[-1:] != () and said[-1] in kinds.AUTHORS and is_bare(column, said)
        if (_is_part(said) or unmarked) and not _is_foreign(table, column):
            found = next(_to_people(table, column, catalog, people), None)
            if found is not None:
                yield found
        elif _is_self(said):
            key = key_column(table, ("id",))
            if key is not None and comparable(column, key):
                yield Guess(
                    columns=(column.name,),
                    target=table.name,
                    target_columns=(key.name,),
                    confidence=WEAK,
                    reason="another row of the same table",
                )


def is_audit(said: tuple[str, ...]) -> bool:
    """Tell whether a name's words say who entered a row: ``created_by``, ``write_uid``."""
    said = said[1:] if said[:1] == ("last",) else said
    return len(said) > 1 and said[0] in kinds.AUDIT and bool({"by", "uid"} & set(said))


def is_entered_by(table: Table, column: str) -> bool:
    """Tell whether a ``creator`` only entered the row: somebody else may have changed it since.

    Not of what people write or do: there it is the author.
    """
    acts = set(words(table.name.name)) & (kinds.PUBLIC | kinds.PRIVATE | kinds.ACTS)
    made = "creator" in words(column) and not acts
    return made and any(is_audit(words(one.name)) for one in table.columns if one.name != column)


def is_responsible(table: Table, column: str) -> bool:
    """Tell whether a column names who runs a department or a shop, which is nobody's data."""
    said = words(table.name.name)
    thing = said[-1:] != () and said[-1] in kinds.REFERENCE | kinds.SORTS
    return thing and bool(set(words(column)) & kinds.RESPONSIBLE)


def names_a_part(said: tuple[str, ...]) -> bool:
    """Tell whether a name is that of a reference to somebody by the part they play."""
    stem = stem_of(said)
    return bool(stem) and stem != said and stem[-1] in kinds.ROLES


def _is_part(said: tuple[str, ...]) -> bool:
    stem = stem_of(said)
    if is_audit(said) or (len(stem) > 1 and stem[-1] == "by"):
        return True
    assigned = len(stem) > 1 and stem[-1] == "to" and stem[0] in {"assigned", "report", "belongs"}
    return assigned or names_a_part(said)


def _is_foreign(table: Table, column: Column) -> bool:
    """Tell whether a text names somebody in another system: ``stripe_seller_id``.

    Or a program there: ``api_client_id``. In a table called after the other system, all do.
    """
    said = words(column.name)
    if family(column.base_type) != "text" or is_audit(said):
        return False
    stem = stem_of(said)
    called = bool({stem[0], *words(table.name.name)} & kinds.EXTERNAL)
    return called or bool(set(stem[:-1]) & {"api", "app", "oauth"})


def _is_self(said: tuple[str, ...]) -> bool:
    stem = set(stem_of(said))
    return stem_of(said) != said and bool(stem & kinds.SELF) and stem <= kinds.SELF | GLUE


def _no_login(said: tuple[str, ...]) -> tuple[bool, bool]:
    return said[-1:] != ("user",), said != ("user",)


def _to_people(
    table: Table, column: Column, catalog: Catalog, people: tuple[TableName, ...]
) -> Iterator[Guess]:
    """Refer to the likeliest people whose key compares; of a wide key the rest has to be here."""
    element = column.element_type is not None
    said = words(column.name)
    logs_in = {"oauth", "token", "session", "login"} & set(words(table.name.name))
    if is_audit(said) or logs_in:  # whoever entered it has a login
        people = tuple(sorted(people, key=lambda name: _no_login(words(name.name))))
    elif table.name in people and set(said) & kinds.ABOVE:  # an employee's manager is one
        people = (table.name, *people)
    first = key_column(catalog.tables[people[0]], ("id",)) if people else None
    foreign = first is not None and family(column.base_type) != family(first.base_type)
    if foreign and family(column.base_type) == "text":
        return  # a text where people have numbers is another system's id
    for target in people:
        key = catalog.tables[target].primary_key
        *shared, last = key.columns if key is not None else ("",)
        there = catalog.tables[target].column(last) if key else None
        if key is None:
            there = key_column(catalog.tables[target], ("id",))
        here = all(table.column(name) is not None and name != column.name for name in shared)
        if there is None or not comparable(column, there, element=element) or not here:
            continue
        if not (shared and element):
            yield Guess(
                columns=(*shared, column.name),
                target=target,
                target_columns=(*shared, there.name),
                element=element,
                audit=is_audit(said)
                or is_entered_by(table, column.name)
                or is_responsible(table, column.name),
                confidence=WEAK,
                reason="by the part somebody plays",
            )
