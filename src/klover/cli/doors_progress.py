"""How far ``klover doors`` is, on a terminal: the large tables first, then the doors."""

from collections.abc import Iterator
from contextlib import contextmanager

from klover.catalog import TableName
from klover.door import Step
from klover.door.prepare import Progress as Preparing
from klover.door.turn import Progress as Applying


@contextmanager
def shown_progress() -> Iterator[tuple[Preparing, Applying]]:
    """Show bars while the block runs; tells what to call with how far it is."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("Doors", total=None)

        def prepared(table: TableName, pages: int, of: int) -> None:
            progress.update(bar, description=f"Pseudonyms in {table}", completed=pages, total=of)

        def done(number: int, total: int, _: Step) -> None:
            progress.update(bar, description="Doors", completed=number, total=total)

        yield prepared, done
