"""Column rules as the policy writes them, and the defaults that many tables share."""

from collections.abc import Mapping
from dataclasses import dataclass

from klover.catalog import Table, TableName
from klover.policy.model import DataClass
from klover.policy.suggest.classes import Verdict
from klover.policy.suggest.draft import Standing, TableDraft
from klover.policy.suggest.guess import is_writable
from klover.policy.suggest.shape import Shape

Defaults = Mapping[str, str]
_FEWEST = 3
_SURE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The text of a column's rule, and how sure it is and why."""

    said: str
    why: str = ""


def rules_of(one: TableDraft, shape: Shape, shared: frozenset[TableName]) -> Mapping[str, Rule]:
    """Write the rule of each column of a table; ``shared`` are the tables that are nobody's."""
    named = [verdict for verdict in one.verdicts if is_writable(verdict.column)]
    if one.standing is Standing.SHARED:
        return {verdict.column: _of_shared(verdict, one, shared) for verdict in named}
    unique = _unique(one.table, shape)
    return {verdict.column: _rule(verdict, unique=verdict.column in unique) for verdict in named}


def _rule(verdict: Verdict, *, unique: bool = False) -> Rule:
    parts = [f"class: {verdict.data_class}"]
    if verdict.category is not None:
        parts.append(f"category: {verdict.category}")
    if unique:
        parts.append("unique: global")  # the stricter of the two
    said = str(verdict.data_class) if len(parts) == 1 else f"{{{', '.join(parts)}}}"
    if verdict.confidence >= _SURE:  # the file's head tells
        return Rule(said=said)
    why = f"{verdict.confidence:.2g}"
    told = verdict.category is not None and not verdict.unsure
    return Rule(said=said, why=why if told else f"{why}: {verdict.reason}")


def _of_shared(verdict: Verdict, one: TableDraft, shared: frozenset[TableName]) -> Rule:
    """Write a shared table's key, and what refers to shared tables, as public as those are."""
    if not verdict.reference:
        return _rule(verdict)
    targets = {guess.target for guess in one.tie.all() if verdict.column in guess.columns}
    return Rule(said="public" if targets <= shared else "interoperable")


def _unique(table: Table, shape: Shape) -> frozenset[str]:
    """Tell the columns that no two people anywhere should share, to be on the strict side."""
    own = {
        column
        for guess in shape.ties[table.name].all()
        if guess.target in shape.ways
        for column in guess.columns
    }
    return frozenset(key.columns[0] for key in table.uniques if not own.intersection(key.columns))


def find_defaults(
    rules: Mapping[TableName, Mapping[str, Rule]], tables: Mapping[TableName, TableDraft]
) -> Defaults:
    """Find names with one rule nearly everywhere: restricted ones, and open ones all agree on."""
    seen: dict[str, list[str]] = {}
    public: dict[str, int] = {}
    for name, columns in rules.items():
        shared = tables[name].standing is Standing.SHARED
        for column, rule in columns.items():
            if shared and rule.said == "public":
                public[column] = public.get(column, 0) + 1
            else:
                seen.setdefault(column, []).append(rule.said)
    found = {}
    for column, said in sorted(seen.items()):
        most = max(sorted(set(said)), key=said.count)
        closed = str(DataClass.RESTRICTED) in most
        saved = said.count(most) - public.get(column, 0)  # shared ones have to contradict it
        if "unique" in most or saved < _FEWEST or not column.isidentifier():
            continue  # an odd name could be read as a pattern of several
        if (closed and said.count(most) * 2 > len(said)) or len(set(said)) == 1:
            found[column] = most
    return found


def why_default(column: str, said: str, rules: Mapping[TableName, Mapping[str, Rule]]) -> str:
    """Tell why a default closes a name, where in every table it is closed for want of evidence."""
    if str(DataClass.RESTRICTED) not in said:
        return ""
    whys = [
        columns[column].why
        for columns in rules.values()
        if column in columns and columns[column].said == said
    ]
    return min((why for why in whys if why), default="") if all(whys) else ""
