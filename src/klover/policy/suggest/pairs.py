r"""Polymorphic pairs: ``target_type`` tells to what ``target_id`` refers.

The types come from sampled values or an enumeration's labels and are matched with tables by the
words of their names (``Admin::ActionLog``, ``App\Models\User``, ``status``). Where none is known
the pair is told without halves, for a person to fill in.
"""

import re
from collections.abc import Iterator, Sequence

from klover.catalog import Catalog, Column, Table, TableName
from klover.policy.suggest.evidence import Evidence
from klover.policy.suggest.guess import Guess, Names, Pair, comparable, family
from klover.policy.suggest.keys import own_key
from klover.policy.words.split import words

_LAST = re.compile(r"[A-Za-z0-9_]+$")
_MOST_TYPES = 40
_LONGEST_TYPE = 120


def pairs(table: Table, catalog: Catalog, names: Names, evidence: Evidence) -> Iterator[Pair]:
    """Find the pairs of ``table`` with what their types tell."""
    keys = _ids(catalog)
    for kind, one in _columns(table):
        if _names_a_table(kind, one, catalog, names, evidence.values(table.name, kind.name)):
            continue
        if not any(comparable(one, key) for key in keys):
            continue  # ids of another system, with the sort of them
        values = kind.enum_labels or evidence.values(table.name, kind.name)
        halves = _halves(one, sorted(set(values))[:_MOST_TYPES], catalog, names)
        yield Pair(type_column=kind.name, id_column=one.name, halves=tuple(halves))


def _names_a_table(
    kind: Column, one: Column, catalog: Catalog, names: Names, values: Sequence[str]
) -> bool:
    """Tell whether an id is that of the one table called so, and the type beside it is its sort."""
    said = words(one.name)[:-1]
    called = [name for name in names.whole.get(said, ()) if words(name.name) == said]
    told = any(_target(value, names) is not None for value in (*kind.enum_labels, *values))
    return (
        not told
        and len(called) == 1
        and any(
            (key := catalog.tables[called[0]].column(name)) is not None and comparable(one, key)
            for name in own_key(catalog.tables[called[0]])
        )
    )


def type_columns(table: Table) -> list[str]:
    """List the columns that tell what another one refers to; they hold a program's words."""
    return [kind.name for kind, _ in _columns(table)]


def _columns(table: Table) -> Iterator[tuple[Column, Column]]:
    """Find type columns beside their id; an id with a declared key of its own is none."""
    declared = {column for key in table.foreign_keys for column in key.columns}
    by_words = {words(column.name): column for column in table.columns}
    for said, kind in by_words.items():
        if len(said) < 2 or said[-1] not in {"type", "class", "kind", "model"}:  # noqa: PLR2004
            continue
        if _is_own(table, said[:-1]):
            continue
        one = by_words.get((*said[:-1], "id")) or by_words.get((*said[:-1], "uuid"))
        texts = bool(kind.enum_labels) or family(kind.base_type) == "text"
        if one is not None and one.name not in declared and texts and kind.name not in declared:
            yield kind, one


def _is_own(table: Table, stem: tuple[str, ...]) -> bool:
    """Tell whether an id is the row's own key, called after the table: its type is the row's."""
    own = own_key(table)
    called = words(table.name.name)[-len(stem) :] == stem
    return called and bool(own) and words(own[0])[:-1] == stem


def _ids(catalog: Catalog) -> list[Column]:
    """List the tables' ids, one of each type, which halves can refer to."""
    found = [
        column
        for table in catalog.base_tables()
        for name in own_key(table)
        if (column := table.column(name)) is not None and words(name)[-1:] in {("id",), ("uuid",)}
    ]
    return list({family(column.base_type): column for column in found}.values())


def _halves(one: Column, values: Sequence[str], catalog: Catalog, names: Names) -> Iterator[Guess]:
    for value in values:
        target = _target(value, names)
        if target is None:
            continue
        key = catalog.tables[target].primary_key
        column = catalog.tables[target].column(key.columns[0]) if key else None
        if key is None or len(key.columns) != 1 or column is None:
            continue
        if comparable(one, column):
            yield Guess(
                columns=(one.name,),
                target=target,
                target_columns=(column.name,),
                value=value,
                confidence=0.8,
                reason="a type is named like the table",
            )


def _target(value: str, names: Names) -> TableName | None:
    """Find the table that a model's name stands for, by its whole name or its last part."""
    last = _LAST.search(value)
    if last is None or len(value) > _LONGEST_TYPE:
        return None
    for form in (words(value), words(last.group())):
        for index in (names.whole, names.endings):
            found = index.get(form, ())
            if len(found) == 1:
                return found[0]
    return None
