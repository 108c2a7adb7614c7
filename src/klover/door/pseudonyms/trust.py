"""Whether the pseudonyms that stand in a table were computed as they should be. Pure.

They were where the function is still the text it was made with and that text computes, for every
column that stands, what would be computed today, and where its triggers watched all that the
columns are computed from. Columns that come with a new audience or epoch change the function and
the triggers, but not what stands: only those are filled, online. What cannot be trusted is
computed anew as a whole.
"""

import re
from collections.abc import Mapping

from klover.catalog import TableName
from klover.door import naming
from klover.door.doors import Keeper, Stored
from klover.door.pseudonyms.state import ALL, PseudonymState, StandingKeeper
from klover.door.stored import PRINTED, SETTINGS

_ASSIGNMENT = re.compile(r'\n  (?=new\."klover_p_[a-z0-9_]+" := case )')
_END = "\n  return new;\nend"
_NUMBERED = re.compile(r"\b([io])[0-9]+\b")
"""Where a function keeps a key: which one is told by the name of the column."""
_TERM = re.compile(
    r"\(\(old\.(.+)\)::text IS DISTINCT FROM \(new\.\1\)::text\)"
    r"|\(old\.(.+) IS DISTINCT FROM new\.\2\)"
    r"|\(new\.(.+) IS NULL\)",
    re.DOTALL,
)


def is_new_or_trusted(keeper: Keeper, state: PseudonymState) -> bool:
    """Tell whether nothing stands yet in the table's columns, or all of it can stay."""
    return not _standing(keeper, state) or is_trusted(keeper, state)


def is_trusted(keeper: Keeper, state: PseudonymState) -> bool:
    """Tell whether what stands in the table's columns was computed as it should be."""
    function = state.keepers.get(keeper.function)
    stand = _standing(keeper, state)
    return (
        function is not None
        and function.noted
        and function.right
        and function.settings in {keeper.settings, (*SETTINGS, *PRINTED)}
        and all(
            each.audience in state.epochs and each.epoch in state.epochs[each.audience].all()
            for each in stand
        )
        and _computes_the_same(keeper, function, stand)
        and _is_refilled(keeper, state)
        and all(
            _is_watched(keeper, relation, stand, state)
            for relation in (
                keeper.table,
                *(each.relation for each in state.below.get(keeper.table, ())),
            )
        )
    )


def _standing(keeper: Keeper, state: PseudonymState) -> tuple[Stored, ...]:
    return tuple(each for each in keeper.stored if (keeper.table, each.name) in state.columns)


def _is_refilled(keeper: Keeper, state: PseudonymState) -> bool:
    """Tell whether nothing is left of what is computed anew; true where nothing is.

    Triggers for each update stand from when it is begun until the doors open: so it was begun,
    whoever lost its notes.
    """
    leaves = state.leaves(keeper.table)
    found = [state.refills.get((keeper.function, relation)) for relation in leaves]
    begun = any(found) or any(
        trigger.when == ALL and trigger.function == keeper.function for trigger in state.triggers
    )
    return not begun or all(refill is not None and refill.done for refill in found)


def _computes_the_same(keeper: Keeper, function: StandingKeeper, stand: tuple[Stored, ...]) -> bool:
    if function.body == keeper.body:
        return True
    asked, stands = _assignments(keeper.body), _assignments(function.body)
    return all(
        f'new."{each.name}"' in asked
        and stands.get(f'new."{each.name}"') == asked[f'new."{each.name}"']
        for each in stand
    )


def _assignments(body: str) -> Mapping[str, str]:
    """Tell what a function computes for each column, whatever it calls its keys."""
    found: dict[str, str] = {}
    for text in _ASSIGNMENT.split(body.removesuffix(_END))[1:]:
        target, _, value = text.partition(" := ")
        found[target] = _NUMBERED.sub(r"\1", value)
    return found


def _is_watched(
    keeper: Keeper, relation: TableName, stand: tuple[Stored, ...], state: PseudonymState
) -> bool:
    """Tell whether each insert, and each update that matters to a column, was seen."""
    insert, update = (naming.trigger(keeper.table, operation) for operation in ("insert", "update"))
    whens = {
        trigger.name: trigger.when
        for trigger in state.triggers
        if trigger.right and (trigger.relation, trigger.function) == (relation, keeper.function)
    }
    if whens.get(insert) != "" or update not in whens:
        return False
    if whens[update] == ALL:
        return True
    terms = _terms(whens[update])
    return all(_TERM.fullmatch(term) for term in terms) and _needed(keeper, stand) <= set(terms)


def _terms(when: str) -> list[str]:
    return when.removeprefix("(").removesuffix(")").split(" OR ")


def _needed(keeper: Keeper, stand: tuple[Stored, ...]) -> set[str]:
    """Tell the terms of a trigger's condition without which a column could go stale."""
    asked = set(_terms(keeper.plain_when))
    names = {name for each in stand for named in each.names for name in named.columns}
    names |= {named.when[0] for each in stand for named in each.names if named.when is not None}
    plain = {name.replace('"', "") for name in names} | {each.name for each in stand}
    found = {f"(new.{each.name} IS NULL)" for each in stand}
    for name in plain:
        found |= {
            f"(old.{name} IS DISTINCT FROM new.{name})",
            f"((old.{name})::text IS DISTINCT FROM (new.{name})::text)",
        } & asked
    return found
