"""``klover doors``: show what the policy asks of the database, make it so, prove that it is so.

``plan`` changes nothing. ``apply`` makes large tables ready and is then one transaction on the
cell's primary, put on record by the writer ``doors``. ``prove`` reads the server whose doors
open, and the primary too where that is another one; it ends with 1 when it finds a violation.
"""

from contextlib import closing
from dataclasses import asdict
from typing import Annotated

import typer

from klover import assemble, door
from klover.cli.anew import apply_anew
from klover.cli.bars import door_bars
from klover.cli.findings import expect_sound, policy_errors
from klover.cli.fold import fold
from klover.cli.following import expect_following
from klover.cli.options import CONFIG, AsJson, Config
from klover.cli.printing import console, print_json
from klover.door import Proof, Step, Verdict, Way, ledger
from klover.errors import CheckFailed

_WRITER = "doors"


def plan(config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Print the SQL that makes the database match the policy, in order. Changes nothing."""
    deployment = assemble.load_deployment(config)
    with assemble.open_primary(deployment) as primary:
        suspended = ledger.suspensions(primary)
        resolved, doors = assemble.doors_in_effect(deployment, primary)
        before = door.preparation(primary, doors)
        steps = (*before.steps, *door.plan(primary, doors, before.tables))
    wrongs = policy_errors(resolved)
    if as_json:
        print_json([_as_object(step) for step in steps])
    for wrong in wrongs:
        typer.echo(f"-- {wrong}", err=as_json)
    if wrongs:
        typer.echo("-- `klover doors apply` is refused until that is mended.", err=as_json)
    if before.closes:
        closes = ", ".join(before.closes)
        typer.echo(f"-- Closed while large tables are made ready: {closes}", err=as_json)
    if as_json:
        return
    for schema, since in suspended.items():
        typer.echo(f"-- {schema} is suspended since {since}: `klover doors resume` runs this.")
    why = ""
    for step in steps:
        if step.why != why:
            typer.echo(f"-- {step.why}")
        why = step.why
        typer.echo(f"{fold(step.sql)};")
    if steps:
        typer.echo(f"-- {len(steps)} statements; nothing has been changed.")
    else:
        typer.echo("-- Nothing to do: the database matches the policy.")


def apply(config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Make the database match the policy, and put it on record.

    Ends with 1 where `klover policy check` finds errors. Large tables are made ready first, while
    the application works; it can be interrupted there and run again. The doors themselves change
    in one transaction. Doors that show what has to be computed anew in a large table, or what
    leaves one, are closed for as long as that takes.
    """
    deployment = assemble.load_deployment(config)
    with (
        assemble.open_primary(deployment) as primary,
        closing(assemble.open_recorder(deployment, _WRITER)) as recorder,
    ):
        resolved, doors = assemble.doors_in_effect(deployment, primary)
        expect_sound(resolved, as_json=as_json)
        if anew := door.to_close(primary, doors):
            applied = apply_anew(deployment, primary, doors, recorder, resolved, anew)
        else:
            with door_bars() as (prepared, done):
                door.prepare(primary, doors, progress=prepared)
                applied = door.apply(primary, doors, recorder, assemble.now(), progress=done)
        if applied.steps:
            expect_following(deployment, primary)
    if as_json:
        told = {each.audience: [view.name.name for view in each.views] for each in doors.doors}
        summary = {
            "digest": applied.digest,
            "steps": len(applied.steps),
            "version": applied.version,
        }
        summary["doors"] = told
        print_json(summary)
        return
    if not applied.steps:
        typer.echo("Nothing to do: the database matches the policy.")
        return
    for each in doors.doors:
        typer.echo(f"{each.audience}: {len(each.views)} tables, {len(each.sessions)} sessions")
    typer.echo(
        f"{len(applied.steps)} statements, version {applied.version}, doors {applied.digest[:16]}"
    )


def prove(
    config: Config = CONFIG,
    everything: Annotated[
        bool, typer.Option("--all", help="List what holds, too, not only what does not.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read back what every role reaches and hold it against the policy.

    Ends with 1 where a role reaches more than the policy gives it, and says of each violation what
    mends it.
    """
    deployment = assemble.load_deployment(config)
    with assemble.open_primary(deployment) as primary:
        resolved, _ = assemble.doors_in_effect(deployment, primary)
        proofs = {"primary": assemble.prove_doors(deployment, primary, resolved)}
        if deployment.cell.standby is not None:
            with assemble.open_standby(deployment) as standby:
                expect_following(deployment, primary)
                proofs["standby"] = assemble.prove_doors(deployment, standby, resolved)
    if as_json:
        print_json({name: _told(proof) for name, proof in proofs.items()})
    else:
        for name, proof in proofs.items():
            _show(name, proof, everything=everything)
    found = sum(len(proof.violations) for proof in proofs.values())
    if found:
        raise CheckFailed(
            f"The doors do not hold: {_count(found, Verdict.VIOLATION)}, listed above with what "
            "mends each."
        )
    if not as_json:
        unread = sum(
            fact.verdict is Verdict.UNKNOWN for each in proofs.values() for fact in each.facts
        )
        typer.echo(
            f"The doors hold; {unread} not to be read from here." if unread else "The doors hold."
        )


def _as_object(step: Step) -> dict[str, str]:
    return {"phase": step.phase.name.lower(), "why": step.why, "sql": step.sql}


def _told(proof: Proof) -> dict[str, object]:
    return {
        "holds": proof.holds,
        "violations": [asdict(fact) for fact in proof.violations],
        "facts": [asdict(fact) for fact in proof.facts],
    }


def _show(name: str, proof: Proof, *, everything: bool) -> None:
    """Print facts line by line, by the way data would leave: a reader of a pipe gets them whole."""
    from rich.markup import escape

    screen = console(markup=True)
    colours = {Verdict.VIOLATION: "bold red", Verdict.UNKNOWN: "yellow"}
    for way in Way:
        told = [
            fact
            for fact in proof.facts
            if fact.way is way and (everything or fact.verdict in colours)
        ]
        if told:
            screen.print(f"[bold]{name}, {way}[/]")
        for fact in told:
            verdict = f"[{colours.get(fact.verdict, 'dim')}]{fact.verdict:9}[/]"
            screen.print(f"{verdict} {escape(fact.who)}  {escape(fact.what)}: {escape(fact.why)}")
            if fact.mend:
                screen.print(f"{'mend':>9} {escape(fact.mend)}")
    counts = ", ".join(
        _count(sum(fact.verdict is verdict for fact in proof.facts), verdict) for verdict in Verdict
    )
    screen.print(f"{name}: {counts}")


def _count(number: int, verdict: Verdict) -> str:
    many = verdict is Verdict.VIOLATION and number != 1
    return f"{number} {verdict}{'s' if many else ''}"
