"""Following keys: from a row to its subjects, and from a subject to its home.

A step follows a foreign key that the database declares or the policy states (``references``);
``keys`` knows them all.
"""

from klover.catalog import TableName
from klover.policy.keys import Keys, fits
from klover.policy.model import Backward, Forward, Path, Subjects, TableRule
from klover.policy.reading import nearest
from klover.policy.resolved import Hop, Lineage, TracedEvidence


def lineages(rule: TableRule, subjects: TableName, keys: Keys) -> tuple[Lineage, ...]:
    """Find a lineage for each of the rule's paths; the subjects' own is empty."""
    if rule.name == subjects:
        return ((),)
    found = []
    for path in rule.subjects:
        hops = _follow(rule.name, path.steps, path, keys)
        if hops is None:
            continue
        if hops[-1].target != subjects:
            keys.faults.add(
                f"The path {path.text!r} of table {rule.name} ends at {hops[-1].target}, "
                f"not at the subjects' table {subjects}.",
                path.line,
            )
            continue
        found.append(hops)
    return tuple(found)


def home_lineages(subjects: Subjects, keys: Keys) -> tuple[TracedEvidence, ...]:
    """Find the joins and the last column of each piece of evidence for a home."""
    found = []
    for evidence in subjects.home:
        path = evidence.path
        *way, last = path.steps
        hops = _follow(subjects.table, tuple(way), path, keys)
        if hops is None or isinstance(last, Backward):
            continue
        if last.element or last.value is not None or any(hop.element or hop.when for hop in hops):
            keys.faults.add(
                f"The home path {path.text!r} goes over an array or a pair; a home is one row's.",
                path.line,
            )
            continue
        end = hops[-1].target if hops else subjects.table
        if _column(end, last.column, path, keys):
            found.append(
                TracedEvidence(
                    kind=evidence.kind,
                    lineage=hops,
                    column=last.column,
                    path=path.text,
                    line=path.line,
                )
            )
    return tuple(found)


def _follow(
    start: TableName, steps: tuple[Forward | Backward, ...], path: Path, keys: Keys
) -> Lineage | None:
    at = start
    hops: list[Hop] = []
    for step in steps:
        hop = (
            _forward(at, step, path, keys)
            if isinstance(step, Forward)
            else _backward(at, step, path, keys)
        )
        if hop is None:
            return None
        hops.append(hop)
        at = hop.target
    return tuple(hops)


def _forward(at: TableName, step: Forward, path: Path, keys: Keys) -> Hop | None:
    if not all(_column(at, column, path, keys) for column in step.columns):
        return None
    key = keys.standing_on(at, step)
    if key is None:
        keys.faults.add(
            f"The path {path.text!r} follows {at}.{_told(step)}, {_why_not(at, step, keys)}",
            path.line,
        )
        return None
    return Hop(
        source=at,
        source_columns=key.columns,
        target=key.target,
        target_columns=key.target_columns,
        element=key.element,
        when=key.when,
        texts=key.texts,
    )


def _why_not(at: TableName, step: Forward, keys: Keys) -> str:
    """Tell why no key stands there, and what to write."""
    other = [key for key in keys.references(at) if step.column in key.columns]
    if any(key.element for key in other) and not step.element:
        return f"which is an array; write `{step.column}[]`."
    values = [key.when[1] for key in other if key.when is not None]
    if values:
        return (
            f"one side of a pair; say which: `{step.column}(…)`{nearest(step.value or '', values)}"
        )
    if step.element:
        state = f'"{step.column}[]": table.column'
    elif step.value is not None:
        state = f"{step.column}: {{by: type column, {step.value}: table.column}}"
    else:
        state = f"{_told(step)}: table.column"
    return f"on which no single key stands; state it with `references: {{{state}}}` under {at}."


def _told(step: Forward | Backward) -> str:
    if step.more:
        return f"({', '.join(step.columns)})"
    half = f"({step.value})" if step.value is not None else ""
    return f"{step.column}{'[]' if step.element else ''}{half}"


def _backward(at: TableName, step: Backward, path: Path, keys: Keys) -> Hop | None:
    if step.table not in keys.rules:
        known = [str(name) for name in keys.rules]
        keys.faults.add(
            f"The path {path.text!r} goes back to the table {step.table}, which is not there"
            f"{nearest(str(step.table), known)}",
            path.line,
        )
        return None
    if not all(_column(step.table, column, path, keys) for column in step.columns):
        return None
    fitting = [key for key in keys.references(step.table) if fits(key, step) and key.target == at]
    if not fitting:
        keys.faults.add(
            f"The path {path.text!r} goes back over {step.table}.{_told(step)}, which does not "
            f"refer to {at}; state it with `references:` under {step.table} if it does.",
            path.line,
        )
        return None
    if keys.table(step.table).is_view:
        keys.faults.add(
            f"The path {path.text!r} goes back over the view {step.table}; write it over the "
            "tables that the view reads.",
            path.line,
        )
        return None
    key = fitting[0]
    return Hop(
        source=at,
        source_columns=key.target_columns,
        target=step.table,
        target_columns=key.columns,
        backward=True,
        element=key.element,
        when=key.when,
        texts=key.texts,
    )


def _column(table: TableName, column: str, path: Path, keys: Keys) -> bool:
    known = [found.name for found in keys.table(table).columns]
    if column in known:
        return True
    keys.faults.add(
        f"The path {path.text!r}: table {table} has no column {column!r}{nearest(column, known)}",
        path.line,
    )
    return False
