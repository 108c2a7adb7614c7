"""What else a policy says of tables: whose rows they are, what may stay outside, and the rest.

These differences concern no audience alone. What has no order (a way to the subject, a key, a
label) moves where it differs. A part of the language that nobody wrote a comparison for is
compared whole, so that nothing can change unnoticed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from klover.catalog import TableName
from klover.policy.diff.patterns import place, stands_in
from klover.policy.diff.sight import Pair, rows_at_most, rows_seen, rows_words
from klover.policy.difference import Difference, Direction, compare
from klover.policy.model import ColumnRule, DataClass, Policy, Rows, TableRule
from klover.policy.pattern import fits_some_column
from klover.policy.resolved import RowsShown, TracedTable

_BY_SIGHT = frozenset(
    {"data_class", "identifies", "identifies_stated", "coarsen", "declared", "paths", "by"}
)
_COLUMN_WORDS = {"category": "label", "unique": "reach of uniqueness", "stub": "stub"}
_TABLE_KNOWN = frozenset(
    {
        "name",
        "line",
        "columns",
        "public_rows",
        "predicate",
        "hangs_off",
        "shared",
        "subjects",
        "references",
        "key",
        "by",
    }
)
_POLICY_KNOWN = frozenset(
    {
        "file",
        "digest",
        "enclave",
        "rests_in",
        "subjects",
        "tables",
        "audiences",
        "stays_outside",
        "networks",
        "applications",
        "places",
        "nevers",
        "signing",
        "countries",
        "defaults",
        "tables_line",
        "countries_line",
    }
)


def rule_differences(old: Policy, new: Policy, pair: Pair, *, known: bool) -> list[Difference]:
    """Compare the rules of tables; ``pair`` is both policies laid over the same tables."""
    found = [*_subjects(old, new), *_others(old, new, _POLICY_KNOWN, "the policy")]
    found += _signing(old, new)
    if not known and plain(old.defaults) != plain(new.defaults):
        found.append(_moves("other defaults hold for tables and columns that stand nowhere else"))
    for name in sorted({*pair[0].tables, *pair[1].tables}):
        one, two = pair[0].tables.get(name), pair[1].tables.get(name)
        if one is not None and two is not None:
            found += _table(one.rule, two.rule)
            found += _others(one.rule, two.rule, _TABLE_KNOWN, f"table {name}", name)
            found += _public(one, two, known=known)
        elif not known and not stands_in(name):
            found.append(_ruled(name, two, new))
        found += _stays(name, one, two, pair)
    return found


def _moves(text: str, table: TableName | None = None, column: str | None = None) -> Difference:
    return Difference(direction=Direction.MOVES, text=text, table=table, column=column)


def _subjects(old: Policy, new: Policy) -> list[Difference]:
    found = []
    if old.enclave != new.enclave:
        found.append(_moves(f"the enclave is named {new.enclave}, before {old.enclave}"))
    was, is_now = old.subjects, new.subjects
    if (was.table, was.key) != (is_now.table, is_now.key):
        text = f"the subjects are the rows of {is_now.table}, before {was.table}, or by another key"
        found.append(_moves(text))
    if plain(was.home) != plain(is_now.home):
        found.append(_moves("where people live is read from elsewhere"))
    found += _others(was, is_now, frozenset({"table", "key", "home", "inside", "line"}), "subjects")
    return found


def _table(old: TableRule, new: TableRule) -> list[Difference]:
    found = []
    if old.shared != new.shared:
        text = "is nobody's data" if new.shared else "is traced to people"
        found.append(_moves(f"table {new.name} {text}, before it was not", new.name))
    elif {str(plain(path)) for path in old.subjects} != {str(plain(p)) for p in new.subjects}:
        found.append(_moves(f"rows of {new.name} belong to subjects by another way", new.name))
    if old.key != new.key:
        found.append(_moves(f"rows of {new.name} are told apart by another key", new.name))
    if {str(plain(key)) for key in old.references} != {str(plain(k)) for k in new.references}:
        found.append(_moves(f"columns of {new.name} are said to refer elsewhere", new.name))
    for column in sorted({*old.columns, *new.columns}):
        found += _column(
            new.name, column, old.columns.get(column, ColumnRule()), new.columns.get(column)
        )
    return found


def _column(
    table: TableName, column: str, old: ColumnRule, new: ColumnRule | None
) -> list[Difference]:
    new = new or ColumnRule()
    found = []
    for field in fields(ColumnRule):
        if field.name in _BY_SIGHT | {"line", "coarse_of"}:
            continue
        if plain(getattr(old, field.name)) != plain(getattr(new, field.name)):
            word = _COLUMN_WORDS.get(field.name, field.name)
            found.append(_moves(f"{place(table, column)} has another {word}", table, column))
    return [*found, *_coarse_of(table, column, old, new)]


def _coarse_of(
    table: TableName, column: str, old: ColumnRule, new: ColumnRule
) -> Iterator[Difference]:
    """Compare what a computed column may be seen more widely than: more of it loosens."""
    was, is_now = set(old.coarse_of), set(new.coarse_of)
    for names, direction, said in (
        (is_now - was, Direction.LOOSENS, "may be"),
        (was - is_now, Direction.TIGHTENS, "may no longer be"),
    ):
        if names:
            told = ", ".join(sorted(names))
            text = f"{place(table, column)} {said} seen more widely than {told}, as coarse of it"
            yield Difference(direction=direction, text=text, table=table, column=column)


def _ruled(name: TableName, new: TracedTable | None, policy: Policy) -> Difference:
    """Tell of a table that has a rule on one side only: without one no door shows or opens.

    What its entry classifies is told by who sees it; what patterns do where its rows are public
    counts as seen.
    """
    if new is None:
        text = f"table {name} has no rule any more"
        return Difference(direction=Direction.TIGHTENS, text=text, table=name)
    ways = " or ".join(path.text for path in new.rule.subjects)
    whose = "nobody's data" if new.rule.shared else f"people's, by {ways}" if ways else "people's"
    text = f"table {name} has a rule now: its rows are {whose}"
    direction = Direction.TIGHTENS
    if new.rule.public_rows is not Rows.NONE and _by_pattern(name, policy):
        direction = Direction.LOOSENS
        text += ", and defaults say what of public ones is seen"
    return Difference(direction=direction, text=text, table=name)


def _by_pattern(table: TableName, policy: Policy) -> bool:
    """Tell whether a pattern may classify a column of a table as something that can be seen."""
    return any(
        fits_some_column(default.pattern, table)
        and (default.rule.paths or default.rule.data_class is not DataClass.RESTRICTED)
        for default in policy.defaults.columns
    )


def _public(old: TracedTable, new: TracedTable, *, known: bool) -> list[Difference]:
    """Compare which rows are public at all, whoever sees them: they may also stay outside."""
    was, is_now = (
        rows_seen(
            RowsShown.NONE if one.rule.public_rows is Rows.NONE else RowsShown.PUBLIC,
            one,
            known_parents=known,
        )
        for one in (old, new)
    )
    direction = compare(tighter=rows_at_most(is_now, was), looser=rows_at_most(was, is_now))
    if direction is None:
        return []
    before, after = rows_words(was, is_now)
    text = f"of {new.name} {after} count as public, before {before}"
    return [Difference(direction=direction, text=text, table=new.name, before=before, after=after)]


def _stays(
    name: TableName, old: TracedTable | None, new: TracedTable | None, pair: Pair
) -> list[Difference]:
    """Compare which columns' values may stay at a source after their people have gone home."""
    found = []
    columns = {*(old.columns if old else ()), *(new.columns if new else ())}
    for column in sorted(columns):
        before, after = (
            _may_stay(traced, column, resolved.policy)
            for traced, resolved in zip((old, new), pair, strict=True)
        )
        if before == after:
            continue
        direction = Direction.LOOSENS if after else Direction.TIGHTENS
        text = f"values of {place(name, column)} may {'' if after else 'no longer '}stay outside"
        found.append(Difference(direction=direction, text=text, table=name, column=column))
    return found


def _may_stay(traced: TracedTable | None, column: str, policy: Policy) -> bool:
    if traced is None or traced.rule.shared or column not in traced.columns:
        return False
    data_class = traced.columns[column].strictest
    return data_class in policy.stays_outside and data_class is not DataClass.RESTRICTED


def _signing(old: Policy, new: Policy) -> list[Difference]:
    """Compare who may change the policy: every change of it counts as loosening but the first."""
    was, is_now = plain(old.signing), plain(new.signing)
    if was == is_now:
        return []
    if was is None:
        text = "changes need signatures from now on"
        return [Difference(direction=Direction.TIGHTENS, text=text)]
    if is_now is None:
        text = "changes need no signatures any more"
        return [Difference(direction=Direction.LOOSENS, text=text)]
    return [_moves("others sign, or object, or in another time")]


def _others(
    old: object, new: object, known: frozenset[str], what: str, table: TableName | None = None
) -> list[Difference]:
    """Compare whole every field that nobody wrote a comparison for."""
    return [
        _moves(f"{what} says something else of `{field.name}`", table)
        for field in fields(old)  # type: ignore[arg-type]  # dataclasses of the model
        if field.name not in known
        and plain(getattr(old, field.name)) != plain(getattr(new, field.name))
    ]


def plain(value: Any) -> Any:
    """Tell a value of the model without the lines and texts it was read from."""
    if hasattr(value, "__dataclass_fields__"):
        left = [field.name for field in fields(value) if field.name not in {"line", "text"}]
        return (type(value).__name__, *((name, plain(getattr(value, name))) for name in left))
    if isinstance(value, Mapping):
        return {plain(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return tuple(plain(each) for each in value)
    return value
