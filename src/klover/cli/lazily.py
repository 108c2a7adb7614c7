"""Lists of commands of which only the one that is called is loaded: the program starts fast.

A list tells where each command stands and its line of help. Until a command is called something
stands for it that has this line alone; a test holds the line against the command's own words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A command in a list: where it stands in ``klover.cli``, ``module:name``, and its line."""

    where: str
    line: str


def group(
    commands: Mapping[str, Listed], *, about: str, callback: Callable[..., None] | None = None
) -> typer.Typer:
    """Make a group of these commands, in their order; ``callback`` has its own options."""
    made = typer.Typer(
        cls=_of(commands),
        help=about,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    made.callback()(callback or _no_options)
    return made


def _no_options() -> None:
    pass


def _of(commands: Mapping[str, Listed]) -> type[TyperGroup]:
    class Group(TyperGroup):
        """A group of listed commands."""

        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.commands = {
                name: TyperCommand(name=name, short_help=listed.line)
                for name, listed in commands.items()
            }

        def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
            """Find the command that is called, and load it."""
            name, command, rest = super().resolve_command(ctx, args)
            if name is not None:
                command = _load(name, commands[name].where)
            return name, command, rest

    return Group


def _load(name: str, where: str) -> Any:
    module, _, attribute = where.partition(":")
    found = getattr(import_module(f"klover.cli.{module}"), attribute)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(
            add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
        )
        alone.command(name)(found)
        found = alone
    return get_command(found)
