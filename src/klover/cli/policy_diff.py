"""``klover policy diff``: what a change means, in words, for whom, and which way."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from klover.catalog import TableName
from klover.cli.options import AsJson
from klover.cli.printing import console, print_json
from klover.errors import CheckFailed, InputError, PolicyError
from klover.policy.diff.patterns import many, stands_in
from klover.policy.difference import Difference, Direction, overall
from klover.policy.model import Policy

_COLOURS = {Direction.LOOSENS: "bold red", Direction.MOVES: "yellow", Direction.TIGHTENS: "green"}
_EVERYBODY = "the policy itself"


def diff_policies(
    old: Annotated[Path, typer.Argument(help="The policy as it is.")],
    new: Annotated[Path, typer.Argument(help="The policy as it would be.")],
    dsn: Annotated[
        str | None,
        typer.Option(
            "--dsn",
            envvar="KLOVER_DSN",
            help="The database it is about: exact, and with numbers of rows.",
        ),
    ] = None,
    fail_on_loosening: Annotated[
        bool, typer.Option("--fail-on-loosening", help="End with 1 where anything may loosen.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell what a change of the policy means, and for whom.

    Two texts of the same meaning have no difference. Without --dsn the rules alone are compared:
    nothing that may loosen is left out.
    """
    from klover.assemble import read_policy

    before, after = read_policy(old), read_policy(new)
    differences = _compared(before, after, dsn)
    direction = overall(differences)
    if as_json:
        print_json({"direction": direction, **as_objects(differences)})
    else:
        show(differences)
    if fail_on_loosening and direction is Direction.LOOSENS:
        raise CheckFailed(f"{new} loosens {old}; see above.")


def _compared(old: Policy, new: Policy, dsn: str | None) -> tuple[Difference, ...]:
    from klover.policy.diff import diff, diff_resolved

    if dsn is None:
        return diff(old, new)
    from klover import adopt
    from klover.policy.trace import trace
    from klover.store.connect import connect
    from klover.store.inspect import read_catalog

    with connect(dsn, what="the database") as connection:
        catalog = read_catalog(connection)
        resolved = trace(new, catalog)
        try:
            former = trace(old, catalog)
        except PolicyError as error:
            raise InputError(
                f"The database does not fit the old policy: {error} Leave --dsn out to compare "
                "the rules alone."
            ) from error
        return adopt.count(connection, former, resolved, diff_resolved(former, resolved))


def as_objects(differences: Iterable[Difference]) -> dict[str, Any]:
    """Tell differences as JSON has them."""
    return {
        "differences": [
            {
                "direction": one.direction,
                "audience": one.audience,
                "table": _table(one.table),
                "column": one.column,
                "text": one.text,
                "rows": one.rows.rows if one.rows is not None else None,
                "exact": one.rows.exact if one.rows is not None else None,
            }
            for one in differences
        ]
    }


def _table(table: TableName | None) -> str | None:
    """Name a table; none where it only stands for others."""
    return None if table is None or stands_in(table) else str(table)


def show(differences: Sequence[Difference]) -> None:
    """Print differences for people, audience by audience; columns alike share a line."""
    from rich.markup import escape

    screen = console(markup=True)
    for who, lines in _by_audience(_joined(differences)).items():
        screen.print(f"[bold]{escape(', '.join(who))}[/]")
        for direction, text in lines:
            screen.print(f"  [{_COLOURS[direction]}]{direction:8}[/]  {escape(text)}")
    screen.print(_summary(differences))


_Line = tuple[Direction, str]


def _by_audience(differences: Iterable[Difference]) -> dict[tuple[str, ...], list[_Line]]:
    """Group lines by whom they are about; audiences for whom all changes alike share a heading."""
    told: dict[str, list[_Line]] = {}
    for one in differences:
        rows = f": {one.rows}" if one.rows is not None else ""
        told.setdefault(one.audience or _EVERYBODY, []).append((one.direction, one.text + rows))
    alike: dict[tuple[_Line, ...], list[str]] = {}
    for name, lines in told.items():
        alike.setdefault(tuple(lines), []).append(name)
    return {tuple(names): list(lines) for lines, names in alike.items()}


def _joined(differences: Iterable[Difference]) -> list[Difference]:
    """Put columns of one table that change alike on one line."""
    found: dict[tuple[object, ...], Difference] = {}
    for one in differences:
        key = (one.direction, one.audience, one.table, one.before, one.after, one.rows)
        alike = one.column is not None and one.audience is not None and not many(one.column)
        if alike and key in found:
            first = found[key]
            place = f"{first.table}.{first.column}"
            text = first.text.replace(place, f"{place}, {one.column}", 1)
            found[key] = replace(first, text=text, column=f"{first.column}, {one.column}")
        else:
            found[key if alike else (*key, one.text, one.column)] = one
    return list(found.values())


def _summary(differences: Sequence[Difference]) -> str:
    direction = overall(differences)
    if direction is Direction.SAME:
        return "Nothing changes for anybody."
    counts = {each: sum(one.direction is each for one in differences) for each in Direction}
    told = ", ".join(f"{number} {each}" for each, number in counts.items() if number)
    if direction is Direction.TIGHTENS:
        return f"The change tightens ({told})."
    moves = " What moves counts as loosening." if not counts[Direction.LOOSENS] else ""
    return f"The change loosens ({told}).{moves}"
