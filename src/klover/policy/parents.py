"""Which references make a row restricted because the row they point to is.

Only rows that may be public need the question: a table whose rows are all restricted has no
parents unless the policy states them. Implied are all references to traced tables that have
restricted rows of their own or through their parents. The halves of a pair stand together: where
one can be restricted, a row of a type that none of them has is too. Circles are refused: a view
cannot ask itself, so the policy has to say where to stop with ``hangs_off``.
"""

from collections.abc import Mapping

from klover.catalog import TableName
from klover.policy.faults import Faults
from klover.policy.model import Rows, TableRule
from klover.policy.resolved import Reference

Rules = Mapping[TableName, TableRule]
References = Mapping[TableName, tuple[Reference, ...]]


def parents_of(
    rules: Rules, references: References, faults: Faults
) -> Mapping[TableName, tuple[Reference, ...]]:
    """Tell the parents of every table; circles and columns without a key become faults."""
    found = {
        name: _stated(rule, references[name], rules, faults) if rule.hangs_off is not None else ()
        for name, rule in rules.items()
    }
    implied = [
        name
        for name, rule in rules.items()
        if rule.hangs_off is None and not rule.shared and rule.public_rows is not Rows.NONE
    ]
    _grow(found, implied, rules, references)
    for circle in _circles(found):
        first = circle[0]
        way = " → ".join(str(name) for name in (*circle, first))
        faults.add(
            f"Rows of {first} hang off themselves ({way}); say under {first} what they hang off "
            "with `hangs_off: […]`.",
            rules[first].line,
        )
    return found


def _stated(
    rule: TableRule, references: tuple[Reference, ...], rules: Rules, faults: Faults
) -> tuple[Reference, ...]:
    found = []
    for column in rule.hangs_off or ():
        fitting = [key for key in references if column in key.columns]
        traced = [key for key in fitting if not rules[key.target].shared]
        if not traced:
            why = "refers to a shared table" if fitting else "refers to nothing"
            faults.add(f"Table {rule.name}: `hangs_off` names {column!r}, which {why}.", rule.line)
        held = [key for key in fitting if key in traced or _half(key, traced)]
        found += [key for key in held if key not in found]
    return tuple(found)


def _grow(
    found: dict[TableName, tuple[Reference, ...]],
    implied: list[TableName],
    rules: Rules,
    references: References,
) -> None:
    """Add implied parents until nothing changes (the least set that fits the rule)."""
    changed = True
    while changed:
        changed = False
        for name in implied:
            restricting = [
                key
                for key in references[name]
                if not rules[key.target].shared
                and (rules[key.target].public_rows is not Rows.ALL or found[key.target])
            ]
            parents = tuple(
                key for key in references[name] if key in restricting or _half(key, restricting)
            )
            if parents != found[name]:
                found[name] = parents
                changed = True


def _half(key: Reference, others: list[Reference]) -> bool:
    """Tell whether another half of the same pair is among ``others``: halves stand together."""
    return key.when is not None and any(
        other.when is not None and (other.columns, other.when[0]) == (key.columns, key.when[0])
        for other in others
    )


def _circles(parents: Mapping[TableName, tuple[Reference, ...]]) -> list[tuple[TableName, ...]]:
    """List the tables that reach themselves, one way each, without telling a circle twice."""
    told: set[TableName] = set()
    circles = []
    for start in sorted(parents):
        way = _way_back(start, parents)
        if way and not told.intersection(way):
            circles.append(way)
            told.update(way)
    return circles


def _way_back(
    start: TableName, parents: Mapping[TableName, tuple[Reference, ...]]
) -> tuple[TableName, ...]:
    """Find a shortest way from ``start`` back to itself; empty where there is none."""
    ways: list[tuple[TableName, ...]] = [(start,)]
    seen: set[TableName] = set()
    while ways:
        longer: list[tuple[TableName, ...]] = []
        for way in ways:
            for key in parents[way[-1]]:
                if key.target == start:
                    return way
                if key.target not in seen:
                    seen.add(key.target)
                    longer.append((*way, key.target))
        ways = longer
    return ()
