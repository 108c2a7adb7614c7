"""``klover policy status`` and ``current``: what is in effect, what waits, and what came before.

The whole history is checked first. Also how a version is told, after a command that moved one.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from klover import assemble
from klover.cli.options import CONFIG, AsJson, Config
from klover.cli.printing import print_json
from klover.errors import ConfigError, InputError
from klover.event.moment import write_time
from klover.policy.change import Standing, State, Version
from klover.policy.span import span_text
from klover.policy.statement import Meaning

_MINUTE = "%Y-%m-%d %H:%M"
WORDS = {
    Meaning.FIRST: "is the first that names signers",
    Meaning.SAME: "changes nothing for anybody",
    Meaning.TIGHTENS: "tightens",
    Meaning.LOOSENS: "loosens",
}


def status(config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Tell which policy is in effect, what waits, what came before.

    The whole history is checked first, signature by signature.
    """
    deployment = assemble.load_deployment(config)
    with assemble.open_primary(deployment) as primary:
        standing = assemble.policy_standing(deployment, primary)
    if as_json:
        versions = standing.versions if standing is not None else ()
        told = {"signed": standing is not None, "versions": [_as_object(one) for one in versions]}
        print_json(told)
        return
    if standing is None:
        typer.echo(
            f"Nobody signs: {deployment.policy} counts as it stands, as in a trial. "
            "docs/change.md tells how to begin."
        )
        return
    _print_history(standing)


def current(
    config: Config = CONFIG,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write there; else to standard output.")
    ] = None,
) -> None:
    """Tell the text of the policy in effect, byte for byte.

    With --output the file of countries that it pins is written beside it, where it is missing.
    """
    standing = read_standing(config)
    if standing.in_effect is None:
        raise InputError("No policy was put into effect by signatures; the file alone counts.")
    data = standing.in_effect.text.encode()
    if output is None:
        typer.echo(data, nl=False)
        return
    write(output, data)
    typer.echo(f"Wrote {output}.", err=True)
    _write_countries(standing.in_effect, output)


def _write_countries(version: Version, policy: Path) -> None:
    from klover.policy.parse.countries import named_file

    named = named_file(version.text, str(policy))
    if named is None:
        return
    path = policy.parent / named
    if path.exists():
        typer.echo(f"{path} is there already and stays as it is.", err=True)
    else:
        write(path, version.countries.encode())
        typer.echo(f"Wrote {path}.", err=True)


def read_standing(config: Path) -> Standing:
    """Tell what stands in the enclave of a deployment; an empty one where nobody signs."""
    deployment = assemble.load_deployment(config)
    with assemble.open_primary(deployment) as primary:
        return assemble.policy_standing(deployment, primary) or Standing()


def write(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all. Raises ConfigError."""
    from klover.log.durable import write_file

    try:
        write_file(path, data)
    except OSError as error:
        raise ConfigError(f"Cannot write {path}: {error.strerror}.") from error


def tell_version(version: Version, standing: Standing, *, as_json: bool) -> None:
    """Tell what came of handing something in."""
    if as_json:
        print_json(_as_object(version))
        return
    digest = version.policy.digest[:16]
    if version.state is State.OBJECTED:
        typer.echo(f"The overseer has objected to {digest}; it will not take effect.")
    elif version.state is State.PENDING:
        wait = span_text(version.effective_at - version.at)
        typer.echo(
            f"The change {WORDS[version.meaning]}, so policy {digest} takes effect in {wait}, on "
            f"{_when(version.effective_at)}, unless the overseer objects."
        )
    else:
        typer.echo(f"The change {WORDS[version.meaning]}: policy {digest} is in effect.")
        typer.echo(
            "Put it where klover.toml names it, run `klover doors apply`, restart the gateway."
        )
    typer.echo(f"On record as entry {standing.head.number}.")


def _print_history(standing: Standing) -> None:
    """Print two lines for each entry, the newest first: whole on any screen."""
    now = datetime.now(UTC)
    for one in reversed(standing.versions):
        head = f"{one.point.number}  policy {one.policy.digest[:16]}: {one.state}"
        typer.echo(f"{head}, handed in {_when(one.at)}")
        signers = ", ".join(one.signers) or "nobody"
        typer.echo(f"   {WORDS[one.meaning]}; signed by {signers}")
        if one.state is State.PENDING:
            left = _left(one.effective_at - now)
            typer.echo(f"   takes effect {_when(one.effective_at)}, {left}")
        elif one.was_in_effect:
            typer.echo(f"   took effect {_when(one.effective_at)}")
    count = standing.head.number
    typer.echo(f"Every signature holds; {count} {'entry' if count == 1 else 'entries'}.")


def _left(time: timedelta) -> str:
    """Tell a wait in whole hours, or in minutes where it is less than one."""
    hours, minutes = time // timedelta(hours=1), time // timedelta(minutes=1)
    return f"{hours} h left" if hours > 0 else f"{max(0, minutes)} min left"


def _when(time: datetime) -> str:
    return f"{time:{_MINUTE}} UTC"


def _as_object(version: Version) -> dict[str, Any]:
    left = (version.effective_at - datetime.now(UTC)).total_seconds()
    pending = version.state is State.PENDING
    return {
        "entry": version.point.number,
        "link": version.point.link,
        "digest": version.policy.digest,
        "state": version.state,
        "meaning": version.meaning,
        "signers": list(version.signers),
        "need": version.need,
        "proposed_at": write_time(version.at),
        "effective_at": write_time(version.effective_at),
        "seconds_left": max(0, int(left)) if pending else None,
        "objected_at": write_time(version.objected_at) if version.objected_at else None,
    }
