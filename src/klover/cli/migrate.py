"""``klover migrate``: bring the Europeans of a source home, step by step.

``plan`` and ``compare`` change nothing; ``schema`` makes the enclave's tables; ``run`` goes on from
wherever the migration stands, as far as ``--until``; ``retire`` runs to the end, erasure included.
``status`` tells where it stands. Country names that nobody recognised are shown: they are treated
as configuration, not as user data.
"""

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from klover import assemble
from klover.cli.bars import bars
from klover.cli.homes import homes_text
from klover.cli.options import CONFIG, AsJson, Config
from klover.cli.printing import console, print_json, table
from klover.config import Deployment
from klover.errors import CheckFailed
from klover.event import Event, Recorder
from klover.migrate.outcome import Outcome
from klover.migrate.phase import Phase
from klover.migrate.plan import Plan
from klover.migrate.run import Migration
from klover.migrate.schema import bring_schema
from klover.migrate.work import Progress

Source = Annotated[str | None, typer.Option("--source", help="Which source; the only one else.")]
_WRITER = "migration"


class _NoRecorder:
    """For commands that change nothing: there is nothing to record."""

    def append(self, event: Event) -> int:
        raise CheckFailed(f"A command that changes nothing wanted to record {event.kind}.")

    def flush(self) -> int:
        return 0


def plan(config: Config = CONFIG, source: Source = None, as_json: AsJson = False) -> None:
    """Say who would move, what stays, and what stands in the way. Changes nothing."""
    deployment = assemble.load_deployment(config)
    made = _migration(deployment, source, _NoRecorder(), _quiet).plan()
    if as_json:
        print_json(made.to_json())
    else:
        _print_plan(made)
    if made.problems:
        raise CheckFailed(f"{len(made.problems)} problems have to be solved before rows can move.")


def schema(
    config: Config = CONFIG,
    source: Source = None,
    check: Annotated[bool, typer.Option("--check", help="Compare only; change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give the enclave the source's tables, or name how the two differ."""
    from klover.migrate.schema import check_schema
    from klover.store.binaries import find_binaries

    deployment = assemble.load_deployment(config)
    if check:
        with (
            assemble.open_source(deployment, source) as here,
            assemble.open_primary(deployment) as there,
        ):
            found = check_schema(here, there)
    else:
        dsn = deployment.source(source).dsn
        found = bring_schema(source=dsn, enclave=deployment.cell.primary, binaries=find_binaries())
    if as_json:
        print_json({"differences": found})
    else:
        typer.echo("\n".join(found) if found else "The enclave has the source's schema.")
    if found:
        raise CheckFailed(f"The schemas differ in {len(found)} places.")


def run(
    config: Config = CONFIG,
    source: Source = None,
    until: Annotated[
        Phase, typer.Option("--until", help="Stop once this is done.")
    ] = Phase.COMPARED,
    as_json: AsJson = False,
) -> None:
    """Go on with the migration. Without --until it stops before anything is erased."""
    _go(config, source, until, as_json)


def retire(config: Config = CONFIG, source: Source = None, as_json: AsJson = False) -> None:
    """Go on to the end: erase at the source what is equal inside.

    Both sides are compared again under lock first; then the source is scanned for the rest.
    """
    _go(config, source, Phase.SWEPT, as_json)


def status(config: Config = CONFIG, source: Source = None, as_json: AsJson = False) -> None:
    """Tell where the migration stands. Changes nothing."""
    deployment = assemble.load_deployment(config)
    outcome = _migration(deployment, source, _NoRecorder(), _quiet).status()
    if as_json:
        print_json(None if outcome is None else outcome.to_json())
    elif outcome is None:
        typer.echo("No migration has begun.")
    else:
        _print_outcome(outcome)


def compare(config: Config = CONFIG, source: Source = None, as_json: AsJson = False) -> None:
    """Compare both sides row by row once more. Changes nothing."""
    deployment = assemble.load_deployment(config)
    with bars() as progress:
        found = _migration(deployment, source, _NoRecorder(), progress).compare()
    if as_json:
        print_json(asdict(found))
    else:
        for table in found.tables:
            typer.echo(
                f"{table.table} ({table.kind}): {table.equal_rows} equal, {table.different} "
                f"different, {table.missing} missing, {table.extra} extra"
            )
            for key in table.first:
                typer.echo(f"  row with key digest {key}")
        for orphan in found.orphans:
            typer.echo(f"reference that leads nowhere: {orphan}")
    if not found.equal:
        raise CheckFailed(f"{found.rows_different} rows differ.")


def _go(config: Path, source: str | None, until: Phase, as_json: bool) -> None:
    deployment = assemble.load_deployment(config)
    with closing(assemble.open_recorder(deployment, _WRITER)) as recorder, bars() as progress:
        outcome = _migration(deployment, source, recorder, progress).run(until)
    if as_json:
        print_json(outcome.to_json())
    else:
        _print_outcome(outcome)


def _migration(
    deployment: Deployment, source: str | None, recorder: Recorder, progress: Progress
) -> Migration:
    return Migration(assemble.migration_parts(deployment, source, recorder, progress))


def _quiet(_step: str, _done: int, _total: int) -> None:
    pass


def _print_plan(made: Plan) -> None:
    typer.echo("\n".join(homes_text(made.homes)))
    lines = table("table", wrap=False)
    for head in ("rows", "inside", "of both", "outside", "nobody's", "guests", "stubs", "erased"):
        lines.add_column(head, justify="right", no_wrap=True)
    shared = [one for one in made.tables if one.shared]
    empty = [one.table for one in made.tables if not one.shared and not one.rows]
    for one in made.tables:
        if one.rows and not one.shared:
            sides = (one.rows, one.inside, one.mixed, one.outside, one.unowned)
            counts = (*sides, one.guests, one.stubs, one.erased)
            lines.add_row(one.table, *(f"{count:,}" for count in counts))
    if lines.row_count:
        console().print(lines)
    if shared:
        told = ", ".join(f"{one.table} ({one.rows:,})" for one in shared)
        typer.echo(f"shared, whole on both sides (rows): {told}")
    if empty:
        typer.echo(f"empty: {', '.join(empty)}")
    for note in made.notes:
        typer.echo(f"note: {note}")
    for problem in made.problems:
        typer.echo(f"problem: {problem}")


def _print_outcome(outcome: Outcome) -> None:
    typer.echo(f"Migration {outcome.run} is {outcome.phase.value}.")
    typer.echo(f"rows moved {outcome.rows_moved}, equal {outcome.rows_equal}")
    stubs = sum(table.stubs for table in outcome.plan.tables) if outcome.plan else 0
    typer.echo(
        f"rows erased {outcome.rows_erased}, stubs {stubs}, "
        f"of which {outcome.rows_reduced} had values taken out"
    )
    if outcome.restricted_left is not None:
        typer.echo(
            f"restricted values found at the source: {outcome.found_before} before, "
            f"{outcome.restricted_left} after; {outcome.values_shared} more are not looked for "
            "because rows outside hold them too"
        )
