"""What an audience sees of a table or a column, and why: one screen of text for people.

The words come from the same values that doors are compiled from (``sight``), so the explanation
cannot differ from the door. Names and rules only; no row is read.
"""

from klover.catalog import TableName
from klover.policy.countries import Countries
from klover.policy.country import members
from klover.policy.model import Audience, ColumnRule, Policy, Region, Rows
from klover.policy.parse.limits import told_size
from klover.policy.resolved import (
    ColumnSight,
    Reference,
    Resolved,
    RowsShown,
    Show,
    TableSight,
    TracedTable,
)
from klover.policy.sight import is_inside, see, sees_restricted

_FEW = 12


def explain_audience(policy: Policy, audience: Audience) -> list[str]:
    """Tell who the audience is and what it has to bring."""
    requires = audience.requires
    located = region_text(audience.located, policy.countries)
    rests_in = region_text(policy.rests_in, policy.countries)
    inside = "all inside" if is_inside(policy, audience) else "not all inside"
    lines = [
        f"audience     {audience.name} ({policy.file}:{audience.line})",
        f"who          groups {', '.join(audience.groups)}",
        f"located      {located} ({inside} {rests_in})",
        f"countries    as of {policy.countries.edition}",
        f"sees         {', '.join(sorted(audience.sees))}",
        f"identifiers  {audience.identifiers}",
    ]
    lines += [
        f"claim        {each.name} is one of {', '.join(each.values)}" for each in audience.claims
    ]
    if audience.networks:
        lines.append(f"networks     {', '.join(map(str, audience.networks))}")
    if requires.purposes:
        lines.append(f"purpose      one of {', '.join(requires.purposes)}")
    if requires.reference is not None:
        lines.append(f"reference    has the form {requires.reference}")
    if requires.approvals:
        lines.append(f"approvals    {requires.approvals}")
    if requires.expires is not None:
        lines.append(f"ends after   {requires.expires}")
    lines += [f"open         {window.text}" for window in requires.hours]
    for what, amount in (("a session", audience.limits.session), ("a day", audience.limits.day)):
        told = [f"{amount.rows} rows"] if amount.rows is not None else []
        told += [told_size(amount.bytes)] if amount.bytes is not None else []
        if told:
            lines.append(f"limit        {' and '.join(told)} {what}")
    if not sees_restricted(policy, audience):
        lines.append("restricted   never shown to this audience")
    return lines


def explain_table(resolved: Resolved, audience: Audience, name: TableName) -> list[str]:
    """Tell which rows and columns of a table the audience sees, a line for each column."""
    traced = resolved.tables[name]
    sight = see(resolved, audience)[name]
    width = max(len(column.column) for column in sight.columns)
    lines = [
        f"table        {name} ({_decided(resolved, traced.rule.by, traced.rule.line)})",
        f"belongs to   {_belongs(resolved, traced)}",
        f"rows         {explain_rows(resolved, traced, sight)}",
        "columns",
    ]
    return lines + [
        f"  {column.column:<{width}}  {column.show:<9}  {column.reason}" for column in sight.columns
    ]


def explain_column(
    resolved: Resolved, audience: Audience, name: TableName, column: str
) -> list[str]:
    """Tell how the audience sees one column, and each rule that led there."""
    traced = resolved.tables[name]
    rule = traced.columns[column]
    sight = see(resolved, audience)[name]
    shown: ColumnSight = next(found for found in sight.columns if found.column == column)
    stated = "stated" if rule.identifies_stated else "by its type and keys"
    where = _decided(resolved, rule.by, rule.line or traced.rule.line)
    declared = "declared" if rule.declared else "nobody classified it"
    if rule.by is not None:
        declared = f"declared by the pattern {rule.by!r} of `defaults`"
    lines = [
        f"column       {name}.{column} ({where})",
        f"shown        {shown.show}: {shown.reason}",
        f"class        {rule.data_class}, {declared}",
        f"identifies   {rule.identifies}, {stated}",
    ]
    if rule.coarse_of:
        lines.append(f"coarse of    {', '.join(rule.coarse_of)}, as the policy says")
    if rule.category is not None:
        lines.append(f"category     {rule.category}")
    lines += _explain_parts(resolved, rule, shown)
    return [
        *lines,
        f"belongs to   {_belongs(resolved, traced)}",
        f"rows         {explain_rows(resolved, traced, sight)}",
    ]


def explain_rows(resolved: Resolved, traced: TracedTable, sight: TableSight) -> str:
    """Tell which rows are shown and why, as one clause."""
    if traced.rule.shared:
        return "all: a shared table, nobody's data"
    if sight.rows is RowsShown.ALL:
        return "all: the audience sees restricted data"
    if sight.rows is RowsShown.NONE:
        return "none: the table has no `public_rows`, so every row is restricted"
    clauses = []
    if traced.rule.public_rows is Rows.PREDICATE:
        clauses.append(f"where ({traced.rule.predicate}) is true")
    clauses += [_parent(resolved, parent) for parent in traced.parents if parent.when is None]
    clauses += _pairs(traced)
    return f"public ones: {' and '.join(clauses)}" if clauses else "all: every row is public"


def _parent(resolved: Resolved, parent: Reference) -> str:
    columns = ", ".join(parent.columns)
    none = resolved.tables[parent.target].rule.public_rows is Rows.NONE
    end = "is public too" + (" (none is: that table has no `public_rows`)" if none else "")
    if parent.element:
        return f"every row of {parent.target} that {columns} holds {end}"
    return f"the row of {parent.target} that {columns} refers to {end}"


def _pairs(traced: TracedTable) -> list[str]:
    """Tell each pair as one clause: a type that is not listed is restricted."""
    pairs: dict[tuple[str, str], list[str]] = {}
    for parent in traced.parents:
        if parent.when is not None:
            pairs.setdefault((parent.columns[0], parent.when[0]), []).append(parent.when[1])
    return [
        f"{by} is one of {', '.join(values)} and the row that {column} refers to is public too"
        for (column, by), values in pairs.items()
    ]


def _explain_parts(resolved: Resolved, rule: ColumnRule, sight: ColumnSight) -> list[str]:
    """Tell the parts of a JSON column, a line for each."""
    shown = {part.path: part.shown for part in sight.parts}
    lines = []
    for part in rule.paths:
        there = shown.get(part.path, sight.show is Show.CLEAR)
        lines.append(
            f"part         {part.text}: {'shown' if there else 'absent'}; {part.rule.data_class}, "
            f"identifies {part.rule.identifies} ({_place(resolved, part.rule.line)})"
        )
    return lines


def region_text(region: Region, countries: Countries) -> str:
    """Tell a region in the policy's words, with its countries where they are few."""
    if region.everywhere:
        return "any"
    text = ("not " if region.negated else "") + ", ".join(region.names)
    found = sorted(members(region, countries.since, countries))
    plain = not region.negated and tuple(found) == tuple(sorted(region.names))
    return text if plain or len(found) > _FEW else f"{text} ({', '.join(found)})"


def _belongs(resolved: Resolved, traced: TracedTable) -> str:
    subjects = resolved.policy.subjects.table
    if traced.rule.shared:
        return "nobody"
    if traced.name == subjects:
        return "the subject itself"
    ways = " or ".join(path.text for path in traced.rule.subjects)
    return f"{subjects}, by {ways}"


def _decided(resolved: Resolved, by: str | None, line: int) -> str:
    """Tell the line that decided, and the pattern where it was one."""
    pattern = f", by the pattern {by!r}" if by is not None else ""
    return _place(resolved, line) + pattern


def _place(resolved: Resolved, line: int) -> str:
    return f"{resolved.policy.file}:{line}" if line else "not in the policy"
