"""What must ``never`` be, held against what an audience's views show.

Each value that stands in a view counts as what the policy says of the column, or of the parts of
the document, that it comes from: where Postgres says that is, or where a computed one was proved to
be the policy's own. A promise of the policy's text is not asked.
"""

from collections.abc import Iterator

from klover.catalog import TableName
from klover.door import naming
from klover.door.proof import Fact, violation
from klover.door.prove.views import ViewProof
from klover.policy.model import (
    Audience,
    ColumnRule,
    DataClass,
    Identifiers,
    Identifies,
    Never,
    Rows,
)
from klover.policy.resolved import Resolved


def prove_never(
    resolved: Resolved, audience: Audience, never: Never, found: ViewProof
) -> Iterator[Fact]:
    """Hold one ``never`` against what the audience's views show."""
    who = naming.door_role(audience.name)
    rule = f"`never` on line {never.line}"
    told = (
        f"`klover policy check` tells what gives it to {audience.name}; change that, or the"
        " `never`, and then `klover doors apply`."
    )
    for table, column, what, said in _shown(resolved, found):
        if said.data_class in never.sees:
            yield violation(who, what, f"{rule}: it is {said.data_class}", told)
        if (
            never.identifiers is Identifiers.CLEAR
            and (table, column) in found.clear
            and said.identifies is Identifies.DIRECTLY
            and not resolved.tables[table].rule.shared
        ):
            yield violation(who, what, f"{rule}: it identifies in clear", told)
    if DataClass.RESTRICTED in never.sees:
        for table in sorted(found.whole):
            rows = resolved.tables[table].rule
            if not rows.shared and rows.public_rows is not Rows.ALL:
                why = f"{rule}: its rows may be restricted"
                yield violation(who, f"{table} rows", why, told)
    if never.identifiers is Identifiers.PSEUDONYMISED:
        if found.pseudonyms:
            yield violation(who, "pseudonyms", f"{rule}: it is shown pseudonyms", told)
        for table, column in sorted(found.coarse):
            why = f"{rule}: it is shown coarse, as identifiers under pseudonyms are"
            yield violation(who, f"{table}.{column}", why, told)


def _shown(
    resolved: Resolved, found: ViewProof
) -> Iterator[tuple[TableName, str, str, ColumnRule]]:
    """Tell each column and part that is shown, what it is called, and what is said of it."""
    for table, column in sorted(found.shown):
        traced = resolved.tables.get(table)
        said = traced.columns.get(column) if traced is not None else None
        if said is None:
            continue
        paths = found.parts.get((table, column))
        if paths is None or () in paths:
            yield table, column, f"{table}.{column}", said
        for part in said.paths:
            if paths is None or part.path in paths:
                what = f"{table}.{column} at {'.'.join(part.path)}"
                yield table, column, what, part.rule
