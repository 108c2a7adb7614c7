"""Which parts of a JSON column an audience sees: the policy's ``paths``, weighed one by one.

A part is shown where its class may be seen and it identifies nobody (or identifiers are in clear);
a part under another one has its own answer. What no path covers is shown only where the whole
column would be.
"""

from collections.abc import Callable, Sequence

from klover.policy.model import ColumnRule, PathRule
from klover.policy.resolved import PartSight

MayShow = Callable[[ColumnRule], bool]
"""Whether a value under this rule is shown as it is."""


def parts_shown(paths: Sequence[PathRule], may: MayShow, *, whole: bool) -> tuple[PartSight, ...]:
    """Tell each path, outer ones first, with whether it is shown.

    ``whole`` tells whether what no path covers is; the empty path says so. Nothing is told where
    nothing is hidden or nothing is shown.
    """
    found = [PartSight(path=part.path, shown=may(part.rule)) for part in paths]
    if whole:
        found.insert(0, PartSight(path=(), shown=True))
    if {part.shown for part in found} == ({True} if whole else {False}):
        return ()
    return tuple(found)
