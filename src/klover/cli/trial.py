"""``klover trial``: an enclave on this machine to try a policy of one's own in, until Ctrl-C."""

import shlex
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from klover.cli.ending import end_on_signals
from klover.cli.printing import print_json

if TYPE_CHECKING:
    from klover.demo.trial import Trial


def trial(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The trial's folder; made where it is missing.")
    ],
    schema: Annotated[
        Path | None,
        typer.Option(help="SQL that makes the application's tables: a plain pg_dump, say."),
    ] = None,
    dsn: Annotated[str | None, typer.Option("--dsn", help="Or a database that has them.")] = None,
    port: Annotated[
        int | None, typer.Option(help="The gateway's first port of three in a row; 6432 otherwise.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Tell where things are as JSON, once they run.")
    ] = False,
) -> None:
    """Run an enclave here to try your own policy in, until Ctrl-C.

    Embedded servers, for trials only. The folder keeps what they hold: the same command starts
    them again.
    """
    from rich.console import Console

    from klover.demo.trial import Options, run

    end_on_signals(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    console = Console(stderr=True, highlight=False)
    options = Options(directory=directory, schema=schema, dsn=dsn, port=port)
    with console.status("Starting") as status, run(options, status.update) as found:
        status.stop()
        try:
            _tell(found, as_json=as_json)
            while True:  # in turns: a signal that comes just before one is seen after it
                time.sleep(1)
        except KeyboardInterrupt:
            typer.echo("Stopping the servers.", err=True)


def _tell(found: "Trial", *, as_json: bool) -> None:
    configuration = found.folder / "klover.toml"
    if as_json:
        told = {"config": str(configuration), "dsn": found.source_dsn, "tables": found.tables}
        print_json(told, line=True)
        return
    tables = "1 table" if found.tables == 1 else f"{found.tables} tables"
    typer.echo(f"The servers run; the application's database has {tables}.")
    if found.complaints is not None:
        typer.echo(f"Not all of the schema was taken: {found.complaints} tells what.")
    typer.echo("\nIn another terminal:\n")
    typer.echo(f"  cd {shlex.quote(str(found.folder))}")
    typer.echo(f"  export KLOVER_DSN={shlex.quote(found.source_dsn)}")
    policy = found.folder / "klover.yaml"
    if not policy.exists():
        typer.echo("  klover policy suggest -o klover.yaml")
    typer.echo("  klover policy check klover.yaml\n")
    typer.echo("Ctrl-C stops the servers; the same command starts them again.")
