"""How a result goes to standard output: one form of JSON, one kind of console.

A reader of a pipe gets every line whole, whatever the width of a screen. What people wrote is not
read as markup; a caller that colours lines escapes it. Colours show on a terminal only, and not
under NO_COLOR.
"""

import json
import sys
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:  # a command that prints JSON starts without it
    from rich.console import Console
    from rich.table import Table

_PIPE = 10_000
"""Letters in a line where no screen sets a limit."""


def print_json(body: Any, *, line: bool = False) -> None:
    """Print one JSON document; with ``line`` on one line, where more may follow."""
    typer.echo(json.dumps(body, indent=None if line else 2))


def console(*, markup: bool = False) -> "Console":
    """Open standard output; with ``markup`` the caller escapes what is not its own."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _PIPE
    return Console(highlight=False, soft_wrap=True, markup=markup, width=width)


def table(*heads: str, wrap: bool = True) -> "Table":
    """Begin a table without lines; without heads it is a list of names and what they are."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False, show_header=bool(heads))
    for head in heads:
        made.add_column(head, no_wrap=not wrap)
    return made
