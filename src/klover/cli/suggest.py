"""``klover policy suggest``: a first policy from a live database."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from klover.cli.bars import bars
from klover.cli.printing import print_json
from klover.errors import InputError

if TYPE_CHECKING:
    from klover.policy.suggest import Draft

_ROWS = 200
_MOST = 10_000


def suggest_policy(
    dsn: Annotated[
        str, typer.Option("--dsn", envvar="KLOVER_DSN", help="The database to write a policy for.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write there; never over another file.")
    ] = None,
    sample: Annotated[
        int,
        typer.Option(
            min=0, max=_MOST, help="Rows of each table to look at; 0: names, types and keys only."
        ),
    ] = _ROWS,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what each column is and why, as JSON.")
    ] = False,
) -> None:
    """Write a first policy from a live database.

    Values are looked at here, never shown; nothing is changed. What cannot be known is marked
    `# decide:`; what nothing speaks for is restricted.
    """
    from klover.assemble import suggest
    from klover.policy.suggest import write

    if output is not None and output.exists():
        raise InputError(f"{output} is there already; name another file.")
    with bars(stay=False) as advance:
        found, passed_over = suggest(
            dsn, sample, lambda done, total: advance("Looking at values", done, total)
        )
    if passed_over:
        typer.echo(
            f"{passed_over} looks at values took too long or were not allowed; names and types "
            "decided there.",
            err=True,
        )
    text = write(found, sampled=sample > 0)
    if as_json:
        print_json(_json(found))
    if output is not None:
        _save(output, text, found)
    elif not as_json:
        typer.echo(text, nl=False)


def _save(output: Path, text: str, found: "Draft") -> None:
    try:
        with output.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise InputError(f"{output} is there already; name another file.") from error
    except OSError as error:
        raise InputError(f"Cannot write {output}: {error.strerror}.") from error
    marked = [line for line in text.splitlines() if "# decide:" in line and "`#" not in line]
    closed = found.closed()
    typer.echo(
        f"Wrote {output}. {len(marked)} points are marked `# decide:`. "
        f"{sum(closed.values())} columns are restricted, {closed['unsure']} of them only for want "
        "of evidence: those marked with less than 0.5.",
        err=True,
    )


def _json(found: "Draft") -> dict[str, object]:
    """Tell the draft without a value of any row."""
    shape = found.shape
    return {
        "restricted": found.closed(),
        "subjects": {
            "table": str(shape.subjects) if shape.subjects is not None else None,
            "key": list(shape.key),
            "home": [{"kind": home.kind, "path": home.path} for home in found.home],
        },
        "tables": [
            {
                "table": str(name),
                "standing": one.standing,
                "nature": one.nature,
                "subject": [way.text for way in one.ways],
                "confidence": min((way.confidence for way in one.ways), default=None),
                "decide": one.question,
                "references": [
                    {
                        "columns": list(guess.columns),
                        "element": guess.element,
                        "when": guess.value,
                        "target": str(guess.target),
                        "target_columns": list(guess.target_columns),
                        "declared": guess.declared,
                        "confidence": guess.confidence,
                        "reason": guess.reason,
                    }
                    for guess in one.tie.all()
                ],
                "pairs": [
                    {"type": pair.type_column, "id": pair.id_column} for pair in one.tie.pairs
                ],
                "columns": [
                    {
                        "column": verdict.column,
                        "class": verdict.data_class,
                        "category": verdict.category,
                        "confidence": verdict.confidence,
                        "reason": verdict.reason,
                        "unsure": verdict.unsure,
                    }
                    for verdict in one.verdicts
                ],
            }
            for name, one in sorted(found.tables.items())
        ],
    }
