"""References nobody declared, found by names, types and values.

``buyer_account_id``, ``kundennummer``, ``userId`` and ``participant_ids`` are compared word by word
with the tables' names and keys, and the types have to compare. Where values were sampled, a guess
whose values are not in the other key is dropped. Halves of pairs are in ``pairs``.
"""

from collections.abc import Iterator, Mapping

from klover.catalog import Catalog, Column, Table, TableName
from klover.policy.suggest.evidence import Answer, Evidence, Question
from klover.policy.suggest.guess import Guess, Names, comparable, family
from klover.policy.words import kinds
from klover.policy.words.plain import GLUE, NUMBER_HEADS, TEXT_HEADS
from klover.policy.words.split import words

_MARKS = frozenset({"id", "uuid", "fk", "reference", "number", "code", "pk", "uid"})
_SURE, _FAIR, _WEAK = 0.9, 0.8, 0.6
_CONTAINED = 0.95
_FEW, _MANY = 5, 30
_MOST_TARGETS = 25


def table_names(catalog: Catalog) -> Names:
    """Index the tables by their names' words, with and without a prefix that most share."""
    said = {table.name: words(table.name.name) for table in catalog.base_tables()}
    firsts = [names[0] for names in said.values() if len(names) > 1]
    common = {word for word in firsts if firsts.count(word) * 2 > len(said) > 3}  # noqa: PLR2004
    whole: dict[tuple[str, ...], list[TableName]] = {}
    endings: dict[tuple[str, ...], list[TableName]] = {}
    for name, names in said.items():
        short = names[1:] if names and names[0] in common and len(names) > 1 else names
        for form in {names, short}:
            whole.setdefault(form, []).append(name)
        for start in range(1, len(short)):
            endings.setdefault(short[start:], []).append(name)
    return Names(
        whole={form: tuple(found) for form, found in whole.items()},
        endings={form: tuple(found) for form, found in endings.items() if len(found) == 1},
    )


def by_name(table: Table, catalog: Catalog, names: Names, taken: frozenset[str]) -> Iterator[Guess]:
    """Guess the references of the columns that are not ``taken``, by names and types."""
    for column in table.columns:
        if column.name in taken:
            continue
        found = _named(table, column, catalog, names)
        if found is not None:
            yield found


def _named(table: Table, column: Column, catalog: Catalog, names: Names) -> Guess | None:
    element = column.element_type is not None
    said = words(column.name)
    stem = _stem(said)
    marked = stem != said
    if not stem:
        return None
    if not marked and (element or not _bare(column, said)):
        return None
    for start in range(len(stem)):
        wanted = stem[start:]
        if not marked and start:
            break
        indexes = ((names.whole, _SURE), (names.endings, _FAIR))
        for index, confidence in indexes if marked else indexes[:1]:
            for target in _near(index.get(wanted, ()), table.name):
                key = _key_column(catalog.tables[target], said)
                if key is None or not comparable(column, key, element=element):
                    continue
                if (target, key.name) == (table.name, column.name):
                    continue
                if _stands_alone(table, column, target):
                    continue
                sure = confidence if not start else min(confidence, _FAIR)
                return Guess(
                    columns=(column.name,),
                    target=target,
                    target_columns=(key.name,),
                    element=element,
                    confidence=sure if marked else _WEAK,
                    reason="by name and type",
                )
    return None


def _bare(column: Column, said: tuple[str, ...]) -> bool:
    """Tell whether a name without a mark may be a reference: ``author``, no ``status``."""
    if family(column.base_type) not in {"integer", "uuid"} or column.name.lower().endswith("s"):
        return False
    return not set(said) & (NUMBER_HEADS | TEXT_HEADS | {"category", "rating", "grade"})


def _stands_alone(table: Table, column: Column, target: TableName) -> bool:
    """Tell whether a column is a table's own number: ``orders.order_number``."""
    key = table.primary_key
    return target == table.name and (key is None or column.name in key.columns)


def _stem(said: tuple[str, ...]) -> tuple[str, ...]:
    """Take the mark of a key off a name: ``user_id``, ``id_user``, ``fk_user``."""
    if len(said) > 1 and said[-1] in _MARKS:
        said = said[:-1]
    elif len(said) > 1 and said[0] in {"id", "fk"}:
        return said[1:]
    return said[1:] if len(said) > 1 and said[0] in {"fk", "id"} else said


def _near(found: tuple[TableName, ...], own: TableName) -> tuple[TableName, ...]:
    """Prefer a table of the same schema; take one of another only where it is the only one."""
    here = tuple(name for name in found if name.schema == own.schema)
    return here or (found if len(found) == 1 else ())


def _key_column(table: Table, said: tuple[str, ...]) -> Column | None:
    """Find the key that a name speaks of: one that ends the same way, else the primary key."""
    singles = [
        key.columns[0]
        for key in (table.primary_key, *table.uniques)
        if key is not None and len(key.columns) == 1
    ]
    if said[-1] not in {"id", "uuid"} and said[-1] in _MARKS:
        for name in singles:
            if words(name)[-1:] == said[-1:]:
                return table.column(name)
        return None
    primary = table.primary_key
    if primary is None or len(primary.columns) != 1:
        return table.column(singles[0]) if singles and primary is None else None
    return table.column(primary.columns[0])


def by_role(
    table: Table, catalog: Catalog, taken: frozenset[str], people: tuple[TableName, ...]
) -> Iterator[Guess]:
    """Guess references by the part somebody plays (``sellerId``, ``created_by``) or to oneself."""
    for column in table.columns:
        if column.name in taken or column.name in _own_key(table):
            continue
        said = words(column.name)
        if _is_part(said):
            found = next(_to_people(table, column, catalog, people), None)
            if found is not None:
                yield found
        elif _is_self(said):
            key = _key_column(table, ("id",))
            if key is not None and comparable(column, key):
                yield Guess(
                    columns=(column.name,),
                    target=table.name,
                    target_columns=(key.name,),
                    confidence=_WEAK,
                    reason="another row of the same table",
                )


def is_audit(said: tuple[str, ...]) -> bool:
    """Tell whether a name's words say who entered a row: ``created_by``, ``write_uid``."""
    return len(said) > 1 and said[0] in kinds.AUDIT and bool({"by", "uid"} & set(said))


def _is_part(said: tuple[str, ...]) -> bool:
    stem = _stem(said)
    if is_audit(said) or (len(stem) > 1 and stem[-1] == "by"):
        return True
    assigned = len(stem) > 1 and stem[-1] == "to" and stem[0] in {"assigned", "report", "belongs"}
    return assigned or (bool(stem) and stem != said and stem[-1] in kinds.ROLES)


def _is_self(said: tuple[str, ...]) -> bool:
    stem = set(_stem(said))
    return _stem(said) != said and bool(stem & kinds.SELF) and stem <= kinds.SELF | GLUE


def _to_people(
    table: Table, column: Column, catalog: Catalog, people: tuple[TableName, ...]
) -> Iterator[Guess]:
    """Refer to the likeliest people whose key compares; of a wide key the rest has to be here."""
    element = column.element_type is not None
    for target in people:
        key = catalog.tables[target].primary_key
        *shared, last = key.columns if key is not None else ("",)
        there = catalog.tables[target].column(last) if key else None
        if key is None:
            there = _key_column(catalog.tables[target], ("id",))
        here = all(table.column(name) is not None and name != column.name for name in shared)
        if there is None or not comparable(column, there, element=element) or not here:
            continue
        if not (shared and element):
            yield Guess(
                columns=(*shared, column.name),
                target=target,
                target_columns=(*shared, there.name),
                element=element,
                audit=is_audit(words(column.name)),
                confidence=_WEAK,
                reason="by the part somebody plays",
            )


def _own_key(table: Table) -> tuple[str, ...]:
    key = table.primary_key
    return key.columns if key is not None and len(key.columns) == 1 else ()


def open_questions(table: Table, catalog: Catalog, taken: frozenset[str]) -> Iterator[Question]:
    """Ask of columns that look like references but name no table in which key they stand."""
    own = _own_key(table)
    for column in table.columns:
        said = words(column.name)
        kind = family(column.base_type)
        looks = kind == "uuid" or (bool(set(said) & _MARKS) and kind in {"integer", "text"})
        if column.name in taken or column.name in own or not looks:
            continue
        asked = 0
        for target in catalog.base_tables():
            key = _key_column(target, ("id",))
            if key is None or target.name == table.name or not comparable(column, key):
                continue
            yield Question(
                table=table.name,
                column=column.name,
                element=False,
                target=target.name,
                target_column=key.name,
            )
            asked += 1
            if asked == _MOST_TARGETS:
                break


def question(table: TableName, guess: Guess) -> Question:
    """Ask whether a guess of one column holds."""
    return Question(
        table=table,
        column=guess.columns[-1],
        element=guess.element,
        target=guess.target,
        target_column=guess.target_columns[-1],
    )


def by_values(questions: Mapping[str, list[Question]], evidence: Evidence) -> Iterator[Guess]:
    """Answer open questions: where a column's values all stand in exactly one table's key."""
    for column, asked in questions.items():
        held = [
            (one, evidence.answers[one])
            for one in asked
            if one in evidence.answers
            and evidence.answers[one].asked >= _FEW
            and evidence.answers[one].share >= _CONTAINED
        ]
        if len(held) != 1:
            continue
        one, answer = held[0]
        if answer.asked < _MANY and not _scattered(evidence, one):
            continue  # a few small numbers stand in every key
        yield Guess(
            columns=(column,),
            target=one.target,
            target_columns=(one.target_column,),
            confidence=_WEAK,
            reason=f"by values: {answer.found} of {answer.asked} stand there",
        )


def _scattered(evidence: Evidence, one: Question) -> bool:
    """Tell whether values are of a kind that does not stand elsewhere by accident."""
    values = evidence.values(one.table, one.column)
    return any(not value.isdigit() for value in values)


def weigh(guess: Guess, answer: Answer | None) -> Guess | None:
    """Let values speak: drop a guess they contradict, be surer of one they bear out."""
    if answer is None or not answer.asked or guess.declared:
        return guess
    if answer.share < _CONTAINED and answer.asked >= _FEW:
        return None
    reason = f"{guess.reason}, {answer.found} of {answer.asked} sampled values stand there"
    sure = max(guess.confidence, _SURE + 0.05) if answer.asked >= _FEW else guess.confidence
    return Guess(
        columns=guess.columns,
        target=guess.target,
        target_columns=guess.target_columns,
        element=guess.element,
        value=guess.value,
        audit=guess.audit,
        confidence=sure,
        reason=reason,
    )
