"""``klover doors suspend | resume | drop | status | drift``: what becomes of doors over time.

Each change is one transaction on the cell's primary, put on record by the writer ``doors``. A
suspension also ends, on the server whose doors open, the sessions that no gateway ends.
"""

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from klover import assemble, door
from klover.cli.anew import expect_trusted
from klover.cli.bars import door_bars
from klover.cli.findings import expect_sound
from klover.cli.following import expect_following
from klover.cli.options import CONFIG, AsJson, Config
from klover.cli.printing import print_json
from klover.cli.sessions import end_sessions
from klover.config import Deployment
from klover.door import ledger
from klover.door.drift import Drift, find_drift
from klover.door.rehearse import rehearse
from klover.door.turn import Progress
from klover.errors import CheckFailed, InputError
from klover.event import Recorder
from klover.store.connect import Connection

Audiences = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[AUDIENCE]...", help="Audiences of the policy; all where none is named."
    ),
]
_WRITER = "doors"
_Made = TypeVar("_Made")


def suspend(audiences: Audiences = None, config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Close doors while the application's tables are changed."""
    deployment = assemble.load_deployment(config)
    done = _recorded(
        deployment,
        lambda primary, recorder, done: door.suspend(
            primary, audiences or (), recorder, assemble.now(), progress=done
        ),
    )
    ended = end_sessions(deployment, done.closed) if done.closed else 0
    if as_json:
        told = {"suspended": dict(done.schemas), "steps": len(done.steps), "ended": ended}
        print_json(told)
        return
    for schema, since in done.schemas.items():
        typer.echo(f"{schema}: suspended since {since}")
    typer.echo(f"{len(done.steps)} statements, {ended} sessions ended")


def resume(audiences: Audiences = None, config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Make suspended doors anew, prove them, and open them.

    Pseudonyms of large tables are computed first, while the application works; it can be
    interrupted there and run again. The doors themselves open in one transaction.
    """
    deployment = assemble.load_deployment(config)
    with (
        assemble.open_primary(deployment) as primary,
        closing(assemble.open_recorder(deployment, _WRITER)) as recorder,
    ):
        resolved, doors = assemble.doors_in_effect(deployment, primary)
        door.to_open(primary, audiences or ())
        expect_sound(resolved, as_json=as_json)
        with door_bars() as (prepared, done):
            door.prepare(primary, doors, progress=prepared, resuming=True)
            applied = door.resume(
                primary,
                doors,
                audiences or (),
                recorder,
                assemble.now(),
                prove=lambda: assemble.prove_doors(deployment, primary, resolved),
                progress=done,
            )
        expect_following(deployment, primary)
    if as_json:
        told = {"version": applied.version, "steps": len(applied.steps), "digest": applied.digest}
        print_json(told)
        return
    typer.echo(f"Proved and open: version {applied.version}, {len(applied.steps)} statements")


def drop(
    audiences: Annotated[
        list[str] | None,
        typer.Argument(metavar="[AUDIENCE]...", help="The audiences whose doors go."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Take every trace of Klover's doors out of the database.")
    ] = False,
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Take away the doors of some audiences, or with --all every trace."""
    if bool(audiences) is everything:
        raise InputError("Name the audiences whose doors go, or say --all.")
    deployment = assemble.load_deployment(config)
    kept: tuple[str, ...] = ()
    if audiences:
        steps = len(_drop_some(deployment, audiences).steps)
    else:
        dropped = _recorded(
            deployment,
            lambda primary, recorder, done: door.drop(
                primary, recorder, assemble.now(), progress=done
            ),
        )
        steps, kept = len(dropped.steps), dropped.kept
    with assemble.open_primary(deployment) as primary:
        expect_following(deployment, primary)
    if as_json:
        print_json({"steps": steps, "kept": list(kept)})
        return
    typer.echo(f"{steps} statements")
    for why, names in _by_reason(kept).items():
        typer.echo(f"kept, {why}: {names}" if why else f"kept: {names}")
    if audiences:
        typer.echo("The policy still names them: the next apply would make their doors again.")


def _by_reason(kept: Iterable[str]) -> dict[str, str]:
    """Put what is kept for one reason together: a pool of roles is many of a kind."""
    found: dict[str, list[str]] = {}
    for each in kept:
        name, colon, why = each.partition(": ")
        found.setdefault(why if colon else "", []).append(name)
    return {why: ", ".join(names) for why, names in found.items()}


def _drop_some(deployment: Deployment, audiences: list[str]) -> door.Applied:
    """Apply the policy as if it did not name the audiences."""

    def work(primary: Connection, recorder: Recorder, done: Progress) -> door.Applied:
        resolved = assemble.resolve_policy(deployment, primary)
        for name in audiences:
            if name not in resolved.policy.audiences:
                raise InputError(f"The policy has no audience {name}.")
        rest = {
            name: each for name, each in resolved.policy.audiences.items() if name not in audiences
        }
        fewer = replace(resolved, policy=replace(resolved.policy, audiences=rest))
        doors = assemble.compile_doors(fewer, primary)
        expect_trusted(primary, doors)
        return door.apply(primary, doors, recorder, assemble.now(), progress=done)

    return _recorded(deployment, work)


def status(config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Tell which version stands, what is suspended, and what drifted."""
    deployment = assemble.load_deployment(config)
    with assemble.open_primary(deployment) as primary:
        versions = ledger.versions(primary)
        suspended = dict(ledger.suspensions(primary))
        drift = _drift(deployment, primary) if versions else ()
    if as_json:
        told = {
            "version": asdict(versions[0]) if versions else None,
            "versions": [asdict(version) for version in versions],
            "suspended": suspended,
            "drift": [asdict(each) for each in drift],
        }
        print_json(told)
        return
    if not versions:
        typer.echo("No doors were applied yet.")
        return
    latest = versions[0]
    typer.echo(f"version {latest.number} since {latest.applied}, doors {latest.doors[:16]},")
    typer.echo(f"  policy {latest.policy[:16]}, countries {latest.countries}")
    for schema, since in suspended.items():
        typer.echo(f"{schema}: suspended since {since}")
    typer.echo(f"drift: {len(drift)}" + (" (see `klover doors drift`)" if drift else ""))


def drift(
    migration: Annotated[
        Path | None,
        typer.Option("--migration", help="Tell what this SQL file would do; it is taken back."),
    ] = None,
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Tell what changed behind the doors' back, and how to mend it.

    Ends with 1 where anything has.
    """
    deployment = assemble.load_deployment(config)
    suspend_first = False
    with assemble.open_primary(deployment) as primary:
        if migration is None:
            found = _drift(deployment, primary)
        else:
            done = rehearse(primary, _text(migration), lambda: _fits(deployment, primary))
            found, suspend_first = done.drift, done.suspend
    if as_json:
        told = {"suspend": suspend_first, "drift": [asdict(each) for each in found]}
        print_json(told)
    else:
        for each in found:
            _show(each)
        if suspend_first:
            typer.echo("Doors stand in its way: `klover doors suspend`, migrate, then resume.")
    if found or suspend_first:
        would = "would drift" if migration is not None else "have drifted"
        count = "1 change" if len(found) == 1 else f"{len(found)} changes"
        raise CheckFailed(f"The doors {would}: {count}, listed above.")
    typer.echo("No drift.", err=as_json)


def _show(each: Drift) -> None:
    typer.echo(f"{each.subject} {each.what}")
    typer.echo(f"  {each.breaks}; mend: {each.mend}")
    if each.views:
        typer.echo(f"  read by {', '.join(each.views)}")


def _drift(deployment: Deployment, primary: Connection) -> tuple[Drift, ...]:
    return find_drift(
        primary,
        lambda: assemble.doors_in_effect(deployment, primary)[1],
        lambda: assemble.prove_doors(
            deployment, primary, assemble.resolve_policy(deployment, primary)
        ),
    )


def _fits(deployment: Deployment, primary: Connection) -> None:
    assemble.doors_in_effect(deployment, primary)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"Cannot read the migration {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"The migration {path} is not UTF-8 text.") from error


def _recorded(
    deployment: Deployment, work: Callable[[Connection, Recorder, Progress], _Made]
) -> _Made:
    with (
        assemble.open_primary(deployment) as primary,
        closing(assemble.open_recorder(deployment, _WRITER)) as recorder,
        door_bars() as (_, done),
    ):
        return work(primary, recorder, done)
