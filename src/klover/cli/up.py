"""``klover up``: the gateway and the log of a deployment, until Ctrl-C.

The doors are proved before the gateway opens; while a proof fails, nobody is let in.
"""

import signal
from collections.abc import Mapping
from typing import Annotated

import typer

from klover import assemble
from klover.cli.ending import end_on_signals
from klover.cli.options import CONFIG, Config
from klover.cli.printing import print_json
from klover.config import Deployment
from klover.door import ledger
from klover.errors import CheckFailed


def up(
    config: Config = CONFIG,
    count_anew: Annotated[
        bool,
        typer.Option(
            "--count-anew",
            help="Count days from nothing though another log's folder has counted; on record.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Tell the listeners as one JSON object, once open.")
    ] = False,
) -> None:
    """Open the gateway and keep the log, until Ctrl-C."""
    from klover.serving import Serving

    deployment = assemble.load_deployment(config)
    with assemble.open_standby(deployment) as standby:
        resolved = assemble.resolve_policy(deployment, standby)
        proof = assemble.prove_doors(deployment, standby, resolved)
        suspended = ledger.suspensions(standby)
    if not proof.holds:
        first = proof.violations[0]
        raise CheckFailed(
            f"The doors are not proved, so the gateway stays shut: {first.who}, {first.what}: "
            f"{first.why}. {first.mend} `klover doors prove` lists all {len(proof.violations)}."
        )
    end_on_signals(signal.SIGINT, signal.SIGTERM)
    with Serving(deployment, count_anew=count_anew) as serving:
        try:
            tell(deployment, len(proof.facts), suspended, as_json=as_json)
            serving.wait()
        except KeyboardInterrupt:
            typer.echo("Stopping: every session is closed and recorded.", err=True)


def tell(
    deployment: Deployment, facts: int, suspended: Mapping[str, str], *, as_json: bool
) -> None:
    """Tell where the gateway listens, and which doors are shut."""
    listeners = deployment.gateway.listeners if deployment.gateway else ()
    if as_json:
        told = [{"host": one.host, "port": one.port} for one in listeners]
        print_json({"listeners": told, "log": deployment.log.directory}, line=True)
        return
    where = ", ".join(f"{one.host}:{one.port}" for one in listeners)
    typer.echo(f"The doors are proved ({facts:,} facts).")
    for schema, since in suspended.items():
        typer.echo(f"{schema} is suspended since {since}: nobody is let in there.")
    typer.echo(f"The gateway listens on {where}; Ctrl-C ends it.")
