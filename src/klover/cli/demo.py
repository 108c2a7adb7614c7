"""``klover demo``: the main job on embedded servers, then an open gateway to try it at.

The summary with ``--json`` is the last thing on standard output; the story goes to standard error.
"""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from klover.cli.ending import end_on_signals
from klover.cli.printing import print_json
from klover.errors import CheckFailed, InputError

if TYPE_CHECKING:  # no other command needs what the demonstration is made of
    from klover.demo.job import Finished
    from klover.demo.screen import Screen

_FEWEST, _MOST = 100, 2_000_000


def demo(
    people: Annotated[int, typer.Option(help="How many people to make.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 1,
    port: Annotated[int, typer.Option(help="The gateway's first port of three in a row.")] = 6432,
    directory: Annotated[
        Path | None,
        typer.Option("--dir", help="An empty folder to keep everything in; else a temporary one."),
    ] = None,
    end: Annotated[
        bool, typer.Option("--exit", help="End when the job is done; else stay until Ctrl-C.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The summary as JSON on standard output.")
    ] = False,
) -> None:
    """Watch made-up people move home, and three visitors look at them."""
    from rich.console import Console

    from klover.demo.job import Options, run
    from klover.demo.screen import Screen

    if not _FEWEST <= people <= _MOST:
        raise InputError(f"--people has to be from {_FEWEST} to {_MOST:,}; it is {people}.")
    end_on_signals(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # HUP: the terminal was closed
    screen = Screen(Console(stderr=as_json, highlight=False))
    options = Options(people=people, seed=seed, port=port, directory=directory)
    with run(options, screen) as finished:
        summary = finished.summary
        if as_json:
            print_json(summary.to_json())
        if not end:
            _stay(finished, screen)
    if not summary.ok:
        failed = [check.name for check in summary.checks if not check.holds]
        raise CheckFailed(
            f"{len(failed)} of {len(summary.checks)} checks do not hold: {failed[0]}."
        )


def _stay(finished: "Finished", screen: "Screen") -> None:
    from klover.demo.invitation import invite

    try:
        screen.invitation(invite(finished.ground, finished.deployment, finished.log_vkey))
        finished.serving.wait()
    except KeyboardInterrupt:
        screen.note("Stopping: the gateway, then the servers.")
