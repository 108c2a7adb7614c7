"""The command line: one module per command, one way to end.

A ``KloverError`` becomes its sentence on standard error and its exit code (2 for wrong input, 1
for a failed check); an interruption ends with 130. Anything else is a bug of ours and shows.
"""

import sys
from typing import Annotated

import typer
from rich.console import Console

import klover
from klover.cli import demo, doors, log, login, migrate, policy, psql, up
from klover.errors import KloverError

app = typer.Typer(
    name="klover",
    help="A European enclave for user data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"klover {klover.__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", help="Tell the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


app.command("demo")(demo.demo)
app.command("up")(up.up)
app.command("login")(login.login)
app.command("psql")(psql.psql)
app.add_typer(policy.app, name="policy")
app.add_typer(doors.app, name="doors")
app.add_typer(migrate.app, name="migrate")
app.add_typer(log.app, name="log")


def main() -> None:
    """Run the command line; the console script's entry."""
    try:
        app()
    except KloverError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            f"[bold red]klover:[/] {_plain(error)}"
        )
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        Console(stderr=True).print("Interrupted.")
        sys.exit(130)


def _plain(error: KloverError) -> str:
    from rich.markup import escape

    return escape(str(error))
