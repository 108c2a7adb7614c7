"""Progress of long work: a line for each step, on standard error when that is a terminal.

The steps of a migration stay to be read; elsewhere the lines go once the work is done, since what
came of it is told by the command.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # no command needs all of what others show the progress of
    from klover.catalog import TableName
    from klover.door import Step
    from klover.door.online import Progress as Preparing
    from klover.door.turn import Progress as Applying
    from klover.migrate.work import Progress


@contextmanager
def bars(*, stay: bool = True) -> Iterator["Progress"]:
    """Show each step as it goes on; with ``stay`` the lines stand when all is done."""
    from rich.console import Console
    from rich.progress import Progress as Bars, TaskID

    tasks: dict[str, TaskID] = {}
    console = Console(stderr=True)
    with Bars(console=console, transient=not stay, disable=not console.is_terminal) as shown:

        def advance(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = shown.add_task(step, total=total)
            shown.update(tasks[step], completed=done, total=total)

        yield advance


@contextmanager
def door_bars() -> Iterator[tuple["Preparing", "Applying"]]:
    """Show how far doors are: what to call for the large tables, and for the doors."""
    with bars(stay=False) as advance:

        def prepared(table: "TableName", pages: int, of: int) -> None:
            advance(f"Pseudonyms in {table}", pages, of)

        def done(number: int, total: int, _: "Step") -> None:
            advance("Doors", number, total)

        yield prepared, done
