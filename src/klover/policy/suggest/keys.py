"""References nobody declared, found by names, types and values.

``buyer_account_id``, ``kundennummer``, ``userId`` and ``participant_ids`` are compared word by word
with the tables' names and keys, and the types have to compare. Where values were sampled, a guess
whose values are not in the other key is dropped. Halves of pairs are in ``pairs``.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from klover.catalog import Catalog, Column, Table, TableName
from klover.policy.suggest.guess import Guess, Names, comparable, family, is_id
from klover.policy.words import kinds
from klover.policy.words.plain import NUMBER_HEADS, TEXT_HEADS
from klover.policy.words.split import words

MARKS = frozenset({"id", "uuid", "fk", "reference", "number", "code", "pk", "uid"})
SURE, FAIR, WEAK = 0.9, 0.8, 0.6
_FEW = 3
_TELLING = 8
"""How long a key's name of one word has to be to tell tables apart."""


def table_names(catalog: Catalog) -> Names:
    """Index the tables by their names' words, with and without the prefix of a module.

    A whole name comes before a short one, so that ``users`` is not taken for ``app_users``.
    """
    said = {table.name: words(table.name.name) for table in catalog.base_tables()}
    modules = _modules(catalog, said)
    whole: dict[tuple[str, ...], list[TableName]] = {}
    endings: dict[tuple[str, ...], list[TableName]] = {}
    for name, names in said.items():
        whole.setdefault(names, []).append(name)
    for name, names in said.items():
        short = names[1:] if names[:1] and names[0] in modules and len(names) > 1 else names
        if short != names:
            whole.setdefault(short, []).append(name)
        for start in range(1, len(short)):
            endings.setdefault(short[start:], []).append(name)
    return Names(
        whole={form: tuple(found) for form, found in whole.items()},
        endings={form: tuple(found) for form, found in endings.items() if len(found) == 1},
    )


def _modules(catalog: Catalog, said: Mapping[TableName, tuple[str, ...]]) -> frozenset[str]:
    """Find first words of tables that stand for no thing: half share them, or many and no key does.

    ``shop_orders`` stands beside no ``shop`` and no ``shop_id``; ``order_items`` beside orders.
    """
    firsts = Counter(names[0] for names in said.values() if len(names) > 1)
    things = {names[0] for names in said.values() if len(names) == 1}
    referred = {
        stem[-1]
        for table in catalog.base_tables()
        for column in table.columns
        if (stem := stem_of(words(column.name))) and stem != words(column.name)
    }
    return frozenset(
        word
        for word, count in firsts.items()
        if count * 2 > len(said) > _FEW
        or (count * 5 > len(said) > _FEW and word not in things | referred)
    )


def by_name(table: Table, catalog: Catalog, names: Names, taken: frozenset[str]) -> Iterator[Guess]:
    """Guess the references of the columns that are not ``taken``, by names and types."""
    for column in table.columns:
        if column.name in taken:
            continue
        found = _named(table, column, catalog, names)
        if found is None or found.confidence < SURE:
            found = _same_key(table, column, catalog) or found
        if found is not None:
            yield found


def _named(table: Table, column: Column, catalog: Catalog, names: Names) -> Guess | None:
    element = column.element_type is not None
    said = words(column.name)
    stem = stem_of(said)
    marked = stem != said
    if not stem or (stem[0] in kinds.EXTERNAL and family(column.base_type) == "text"):
        return None
    if not marked and (element or not is_bare(column, said)):
        return None
    for start in range(len(stem)):
        wanted = stem[start:]
        if not marked and start:
            break
        for found, confidence in _tables_called(wanted, table, names, marked=marked):
            for target in _near(found, table.name):
                key = key_column(catalog.tables[target], said)
                if key is None or not comparable(column, key, element=element):
                    continue
                half = bool(start) or found is names.endings.get(wanted)
                if _stands_alone(table, column, target, key, half=half):
                    continue
                sure = confidence if not start else min(confidence, FAIR)
                return Guess(
                    columns=(column.name,),
                    target=target,
                    target_columns=(key.name,),
                    element=element,
                    confidence=sure if marked else WEAK,
                    reason="by name and type",
                )
    return None


def _tables_called(
    wanted: tuple[str, ...], table: Table, names: Names, *, marked: bool
) -> Iterator[tuple[tuple[TableName, ...], float]]:
    """List the tables that a stem may mean: called so, called so in the table's module, others."""
    own, called = words(table.name.name), names.whole.get(wanted, ())
    yield tuple(name for name in called if words(name.name) == wanted), SURE
    if marked:
        for length in range(len(own) - 1, 0, -1):
            near = names.whole.get(own[:length] + wanted, ())
            yield tuple(name for name in near if name != table.name), SURE
    yield called, SURE
    if marked:
        yield names.endings.get(wanted, ()), FAIR


def _same_key(table: Table, column: Column, catalog: Catalog) -> Guess | None:
    """Guess by a key's own name: ``businessentityid`` is whoever's key is called so.

    Of several such tables the one whose key refers nowhere itself.
    """
    if len(words(column.name)) < 2 and len(column.name) < _TELLING:  # noqa: PLR2004 - no mere `id`
        return None
    for target in catalog.base_tables():
        key = target.primary_key
        if target.name == table.name or key is None or key.columns != (column.name,):
            continue
        there = target.column(column.name)
        refers = any(one.columns == key.columns for one in target.foreign_keys)
        if there is not None and comparable(column, there) and not refers:
            return Guess(
                columns=(column.name,),
                target=target.name,
                target_columns=(column.name,),
                confidence=FAIR,
                reason="named like the key",
            )
    return None


def is_bare(column: Column, said: tuple[str, ...]) -> bool:
    """Tell whether a name without a mark may be a reference: ``author``, no ``status``."""
    if family(column.base_type) not in {"integer", "uuid"} or column.name.lower().endswith("s"):
        return False
    if column.base_type.startswith("numeric") and not column.base_type.endswith(",0)"):
        return False  # a number with decimals
    return not set(said) & (NUMBER_HEADS | TEXT_HEADS | {"category", "rating", "grade"})


def _stands_alone(
    table: Table, column: Column, target: TableName, key: Column, *, half: bool
) -> bool:
    """Tell whether a column is a table's own number: ``orders.order_number``.

    By ``half`` a name no key is taken for another's: a purchase order's for a work order's.
    """
    if target == table.name:
        own = table.primary_key
        return key.name == column.name or own is None or column.name in own.columns
    return half and column.name in own_key(table)


def stem_of(said: tuple[str, ...]) -> tuple[str, ...]:
    """Take the mark of a key off a name: ``user_id``, ``id_user``, ``user_id_sender``."""
    if said[-2:-1] == ("id",) and len(said) > 2 and said[-1] in kinds.ROLES:  # noqa: PLR2004
        return said[:-2]
    if len(said) > 1 and said[-1] in MARKS:
        said = said[:-1]
    elif len(said) > 1 and said[0] in {"id", "fk"}:
        return said[1:]
    return said[1:] if len(said) > 1 and said[0] in {"fk", "id", "uid"} else said


def _near(found: tuple[TableName, ...], own: TableName) -> tuple[TableName, ...]:
    """Prefer a table of the same schema; take one of another only where it is the only one."""
    here = tuple(name for name in found if name.schema == own.schema)
    return here or (found if len(found) == 1 else ())


def key_column(table: Table, said: tuple[str, ...]) -> Column | None:
    """Find the key that a name speaks of: one that ends the same way, else the primary key."""
    singles = [
        key.columns[0]
        for key in (table.primary_key, *table.uniques)
        if key is not None and len(key.columns) == 1
    ]
    if said[-1] not in {"id", "uuid"} and said[-1] in MARKS:
        for name in singles:
            if words(name)[-1:] == said[-1:]:
                return table.column(name)
        return None
    singles.sort(key=lambda name: not is_id((name,), table))
    primary = table.primary_key
    if primary is None or len(primary.columns) != 1:
        return table.column(singles[0]) if singles and primary is None else None
    return table.column(primary.columns[0])


def own_key(table: Table) -> tuple[str, ...]:
    """Tell the primary key of one column; nothing where it has several or none."""
    key = table.primary_key
    return key.columns if key is not None and len(key.columns) == 1 else ()
