"""Findings on columns whose type is harmless and whose name is not: a birth date is a mere date.

Numbers, days and enumerated words identify nobody where ``identifies`` is left open, so audiences
under pseudonyms see them in clear. Where the name says birth, money, health, belief or place, that
is asked about. A heuristic, as ``labels`` is: it only asks.
"""

from collections.abc import Iterator

from klover.catalog import Column
from klover.policy.check.defaults import names_of
from klover.policy.check.say import finding
from klover.policy.finding import Finding, Severity
from klover.policy.identify import is_harmless
from klover.policy.labels import label
from klover.policy.model import ColumnRule, DataClass, Identifies
from klover.policy.neutral import bare_type
from klover.policy.resolved import Resolved, TracedTable
from klover.policy.words.split import words

_BIRTH = "user.demographic.date_of_birth"
_GOVERNMENT = "user.government_id"
_NUMBERED = (_GOVERNMENT, "user.contact.phone_number")
"""Numbers that a person has; no rounding makes sense of them."""
_TELLING = (
    *_NUMBERED,
    _BIRTH,
    "user.biometric",
    "user.criminal_history",
    "user.demographic.gender",
    "user.demographic.marital_status",
    "user.demographic.political_opinion",
    "user.demographic.race_ethnicity",
    "user.demographic.religious_belief",
    "user.demographic.sexual_orientation",
    "user.financial",
    "user.health_and_medical",
    "user.location.precise",
)
_NUMBERS = frozenset(
    {"bigint", "double precision", "integer", "money", "numeric", "real", "smallint"}
)
_DAYS = frozenset({"date", "daterange"})


def check_quiet(resolved: Resolved) -> list[Finding]:
    """List the columns that look harmless by type only; once for each line that declared some."""
    found: dict[tuple[int, str], list[str]] = {}
    for traced in resolved.tables.values():
        for column in traced.table.columns if not traced.rule.shared else ():
            rule = traced.columns[column.name]
            if _is_open(traced, column, rule):
                way = _way(column)
                found.setdefault((rule.line, way), []).append(f"{traced.name}.{column.name}")
    return list(_told(resolved, found))


def is_telling(column: Column) -> bool:
    """Tell whether a column of a harmless type has a name that says something of somebody."""
    found = label(column.name)
    if found is None or not is_harmless(column) or not found.startswith(_TELLING):
        return False
    if words(column.name)[-1:] == ("id",) and not found.startswith(_GOVERNMENT):
        return False  # a number of a row
    bare = bare_type(column.element_type or column.base_type)
    if found.startswith(_NUMBERED):
        return bare in _NUMBERS
    return column.type_kind == "e" or bare in _NUMBERS | _DAYS or found == _BIRTH


def _is_open(traced: TracedTable, column: Column, rule: ColumnRule) -> bool:
    shown = rule.data_class is not DataClass.RESTRICTED and rule.identifies is Identifies.NO
    tied = {name for key in traced.references for name in key.columns} | set(traced.key)
    return shown and column.name not in tied and is_telling(column)


def _way(column: Column) -> str:
    """Tell how such a column could be made coarse."""
    if (label(column.name) or "").startswith(_NUMBERED):
        return ""
    bare = bare_type(column.base_type)
    if bare == "date" or bare.startswith("timestamp"):
        return " with `coarsen: year`"
    return " with `coarsen: round N`" if bare in _NUMBERS - {"money"} else ""


def _told(resolved: Resolved, found: dict[tuple[int, str], list[str]]) -> Iterator[Finding]:
    for (line, way), names in found.items():
        several = len(names) > 1
        yield finding(
            resolved.policy,
            severity=Severity.WARNING,
            line=line,
            message=f"{names_of(names)} {'look' if several else 'looks'} personal and "
            f"{'count' if several else 'counts'} as identifying nobody, by type or by declaration: "
            f"audiences under pseudonyms see {'them' if several else 'it'} in clear.",
            mend=f"Say `identifies: indirectly`{way}, or make it restricted.",
        )
