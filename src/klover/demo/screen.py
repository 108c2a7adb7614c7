"""What a person sees: a line a step with live progress, the sessions side by side, a summary.

Only shows; every word comes from the values it is given. With ``--json`` all of it goes to
standard error, so that the summary stays the last thing on standard output.
"""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

from klover.demo.statements import Statement
from klover.demo.summary import Summary
from klover.demo.visitors import Answer, Visit

_TITLE = 33
_CELL_ROWS = 3
_CELL_WIDTH = 44
_PSEUDONYM = re.compile(r"([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d) \d\d:\d\d:\d\d[.\d]*[+-]\d\d(?::\d\d)?")


class Step:
    """One step under way: ``update`` moves its bar, ``detail`` is what its line will say."""

    def __init__(self, progress: Progress, title: str) -> None:
        """``progress`` shows the bar while the step runs."""
        self._progress = progress
        self._task = progress.add_task(title, total=None, what="")
        self.detail = ""

    def update(self, what: str, done: int = 0, total: int | None = None) -> None:
        """Show how far ``what`` has come; ``total`` None where nobody knows."""
        self._progress.update(self._task, what=escape(what), completed=done, total=total)


class Screen:
    """A console that tells the story of the job."""

    def __init__(self, console: Console) -> None:
        """``console`` decides width, colour and where to."""
        self.console = console
        self.seconds: dict[str, float] = {}
        self._number = 0

    def title(self, people: int) -> None:
        """Open with what is about to happen."""
        self.console.print(
            f"\n[bold]Klover[/]: {people:,} people of a short-video application elsewhere; "
            "the European ones move home.\n"
        )

    @contextmanager
    def step(self, key: str, title: str) -> Iterator[Step]:
        """Run a step: live progress while it lasts, one line with its time when it is done."""
        self._number += 1
        started = time.monotonic()
        progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn("[dim]{task.fields[what]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        with progress:
            step = Step(progress, f"{self._number:>2}  {title}")
            yield step
        took = time.monotonic() - started
        self.seconds[key] = round(took, 3)
        line = Table.grid(padding=(0, 1), expand=True)
        line.add_column(width=2, justify="right")
        line.add_column(width=_TITLE)
        line.add_column(ratio=1)
        line.add_column(justify="right", style="dim")
        line.add_row(str(self._number), f"[bold]{escape(title)}[/]", step.detail, f"{took:.1f} s")
        self.console.print(line)

    def note(self, text: str) -> None:
        """Say something below the last step."""
        self.console.print(Padding(Text.from_markup(text), (0, 0, 0, 4)))

    def sessions(self, statements: Sequence[Statement], visits: Sequence[Visit]) -> None:
        """Show what each visitor got for the same statements, side by side."""
        table = Table(
            title="The same statements through the gateway (places simulated, pseudonyms cut)",
            title_justify="left",
            show_lines=True,
            padding=(0, 1),
        )
        table.add_column("statement", style="bold", max_width=30)
        for visit in visits:
            who = visit.visitor
            purpose = f"\n[dim]purpose {who.purpose}, {who.reference}[/]" if who.purpose else "\n "
            table.add_column(
                f"{escape(who.name)} in {who.office}\n[dim]as[/] {who.audience}{purpose}",
                max_width=_CELL_WIDTH,
            )
        for number, statement in enumerate(statements):
            cells = [
                _cell(visit.answers[number]) if visit.denied is None else Text("-")
                for visit in visits
            ]
            table.add_row(Text(statement.title), *cells)
        self.console.print()
        self.console.print(table)

    def denied(self, visit: Visit) -> None:
        """Show a session that ended at the door."""
        who = visit.visitor
        self.console.print(
            f"\n{escape(who.name)} in {who.office} asks for the door [bold]{who.audience}[/] "
            f"(and has its group): [red]refused[/] {escape(visit.denied or '')}\n"
        )

    def summary(self, summary: Summary) -> None:
        """Close with the figures, the checks, and what none of it proves."""
        figures = Table.grid(padding=(0, 2))
        figures.add_column(style="dim")
        figures.add_column()
        subjects, rows, log = summary.subjects, summary.rows, summary.log
        named = ", ".join(f"{value}: {count}" for value, count in subjects.undecided_values.items())
        figures.add_row("people", f"{subjects.inside:,} inside, {subjects.outside:,} outside")
        figures.add_row(
            "",
            f"{subjects.undecided:,} of those inside have a home that nobody can tell; unknown "
            f"counts as European, so that no doubt sends anyone's data out ({escape(named)})",
        )
        figures.add_row(
            "rows",
            f"{rows.moved:,} moved ({rows.equal:,} compared equal, {rows.different:,} different), "
            f"{rows.guests:,} guests inside",
        )
        figures.add_row("", f"{rows.erased:,} erased at the source, {rows.stubs:,} stay as stubs")
        figures.add_row(
            "source",
            f"{summary.source.restricted_left:,} restricted values left in "
            f"{summary.source.columns:,} text columns; {summary.source.restricted_before:,} hits "
            "by the same scan before",
        )
        figures.add_row("feed", f"{summary.feed.before} rows before, {summary.feed.after} after")
        figures.add_row(
            "log",
            f"{log.size:,} entries, root {log.root}, {log.statements_recorded:,} statements "
            f"recorded, cosigned by {', '.join(log.cosigned_by)}",
        )
        figures.add_row("time", f"{summary.seconds:.1f} s, {summary.memory_mb} MB at most")
        self.console.print("\n[bold]Summary[/]")
        self.console.print(Padding(figures, (0, 0, 1, 4)))
        checks = Table.grid(padding=(0, 2))
        for check in summary.checks:
            mark = "[green]holds[/]" if check.holds else "[bold red]DOES NOT HOLD[/]"
            checks.add_row(mark, f"{escape(check.name)}: [dim]{escape(check.detail)}[/]")
        self.console.print(Padding(checks, (0, 0, 0, 4)))
        self.console.print("\n[bold]What this does not prove[/]")
        limits = Table.grid(padding=(0, 1))
        for line in summary.not_proved:
            limits.add_row("·", Text(line))
        self.console.print(Padding(limits, (0, 0, 0, 4)))

    def invitation(self, lines: Sequence[tuple[str, str]]) -> None:
        """Say what to try while the gateway is open: what it shows, and the command."""
        say = self.console.print
        say("\n[bold]Now you.[/] The gateway is open. In another terminal:\n")
        for what, command in lines:
            say(f"    [dim]# {escape(what)}[/]")
            say(f"    {command}\n", soft_wrap=True, markup=False)
        say("[bold]Ctrl-C[/] stops everything.\n")


def _cell(answer: Answer) -> Group | Text:
    if answer.sqlstate is not None:
        return Text.assemble(("refused ", "red"), f"{answer.message} ", (answer.sqlstate, "dim"))
    shown = answer.rows[:_CELL_ROWS]
    lines = [Text(_shorten(" · ".join(row)), no_wrap=True, overflow="ellipsis") for row in shown]
    if answer.count > len(lines):
        lines.append(Text(f"… {answer.count:,} rows", style="dim"))
    return Group(*lines) if lines else Text("no rows", style="dim")


def _shorten(text: str) -> str:
    """Fit a row into a line: a pseudonym by its beginning, a moment by its day."""
    flat = _MOMENT.sub(r"\1", " ".join(text.split()))
    return _PSEUDONYM.sub(r"\1…", flat)
