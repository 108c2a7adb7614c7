"""What a change of a policy means: for whom, which way, and what it amounts to.

Compared are decisions, not texts: what ``sight`` shows each audience, whom ``decide`` lets in,
and what else follows from the file. Two texts of the same meaning have no difference. With both
policies held against a catalog the answer is exact; without one it is on the safe side.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence

from klover.policy.diff.entry import entry_differences
from klover.policy.diff.identifies import identifying_differences
from klover.policy.diff.places import place_differences
from klover.policy.diff.rules import rule_differences
from klover.policy.diff.sight import Pair, sight_differences
from klover.policy.diff.worlds import worlds
from klover.policy.difference import Difference, Direction
from klover.policy.model import Policy
from klover.policy.resolved import Resolved

_ORDER = (Direction.LOOSENS, Direction.MOVES, Direction.TIGHTENS)


def diff(old: Policy, new: Policy) -> tuple[Difference, ...]:
    """Compare two policies by their rules alone; nothing that may loosen is left out."""
    return _diff(old, new, worlds(old, new), known=False)


def diff_resolved(old: Resolved, new: Resolved) -> tuple[Difference, ...]:
    """Compare two policies held against the same catalog."""
    return _diff(old.policy, new.policy, ((old, new),), known=True)


def _diff(
    old: Policy, new: Policy, pairs: Sequence[Pair], *, known: bool
) -> tuple[Difference, ...]:
    seen = sight_differences(pairs, known_parents=known)
    rows = {one.table for one in seen if one.column is None}
    found = [
        *entry_differences(old, new),
        *seen,
        # Which rows are public is told once: by who sees them, where somebody does.
        *(
            one
            for one in rule_differences(old, new, pairs[0], known=known)
            if one.column is not None or not one.before or one.table not in rows
        ),
        *place_differences(old, new),
    ]
    if not known:
        shown = [(one.table, one.column) for one in seen if one.table and one.column]
        found += identifying_differences(pairs, shown)
    return tuple(sorted(found, key=lambda one: (one.audience or "~", _ORDER.index(one.direction))))


def digest(differences: Iterable[Difference]) -> str:
    """Tell SHA-256 (hex) of what a change means, for a record to name it."""
    told = [[one.direction, one.audience, one.text] for one in differences]
    return hashlib.sha256(json.dumps(sorted(told, key=str)).encode()).hexdigest()
