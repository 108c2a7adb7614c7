"""The command line: one module per command, one way to end.

What cannot go on becomes a sentence on standard error and an exit code (2 for wrong input, 1 for
a failed check): see ``ending``. An interruption ends with 130. A bug of ours shows whole.
"""

import sys
from typing import Annotated

import typer
from rich.console import Console
from typer.core import TyperGroup

import klover
from klover.cli import demo, doors, log, login, migrate, policy, psql, trial, up
from klover.cli.ending import misused, told
from klover.errors import KloverError

_INTERRUPTED = 130
_ORDER = ("demo", "trial", "policy", "doors", "migrate", "up", "login", "psql", "log")


class _InOrder(TyperGroup):
    """Lists commands in the order of use: groups do not come last."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002 - the parser's own signature
        """Tell the names, as ``--help`` lists them."""
        return list(_ORDER)


app = typer.Typer(
    name="klover",
    cls=_InOrder,
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
app.command("trial")(trial.trial)
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
        code = app(standalone_mode=False, prog_name="klover")
    except Exception as error:
        ending = misused(error) or told(error)
        if ending is None:
            raise
        if str(ending).startswith("Usage: "):  # a group alone shows what it has
            typer.echo(str(ending), err=True)
        else:
            _say(f"[bold red]klover:[/] {_plain(ending)}")
        sys.exit(ending.exit_code)
    if code == _INTERRUPTED:
        _say("[bold red]klover:[/] Interrupted.")
    sys.exit(code or 0)


def _say(text: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(text)


def _plain(error: KloverError) -> str:
    from rich.markup import escape

    return escape(str(error))
