"""The command line: one module per command, loaded when it is called; one way to end.

What cannot go on becomes a sentence on standard error and an exit code (2 for wrong input, 1 for
a failed check): see ``ending``. An interruption ends with 130. A bug of ours shows whole.
"""

import sys
from typing import Annotated

import typer

import klover
from klover.cli.ending import misused, told
from klover.cli.groups import KLOVER
from klover.cli.lazily import group
from klover.errors import KloverError

_INTERRUPTED = 130


def _version(value: bool) -> None:
    if value:
        typer.echo(f"klover {klover.__version__}")
        raise typer.Exit


def _main(
    version: Annotated[
        bool, typer.Option("--version", help="Tell the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


app = group(KLOVER, about="A European enclave for user data.", callback=_main)


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
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(text)


def _plain(error: KloverError) -> str:
    from rich.markup import escape

    return escape(str(error))
