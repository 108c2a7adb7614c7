"""Progress of long work: a line for each step, on standard error when that is a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from klover.migrate.work import Progress


@contextmanager
def bars() -> Iterator[Progress]:
    """Show each step as it goes on."""
    from rich.console import Console
    from rich.progress import Progress as Bars, TaskID

    tasks: dict[str, TaskID] = {}
    console = Console(stderr=True)
    with Bars(console=console, disable=not console.is_terminal) as shown:

        def advance(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = shown.add_task(step, total=total)
            shown.update(tasks[step], completed=done, total=total)

        yield advance
