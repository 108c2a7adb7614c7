"""After a change on the primary: whether the standby, where people enter, has it.

A command that made doors ends when they are the ones that people find. A standby that is far
behind, or away, fails no change that was made; whoever made it is told.
"""

import typer

from klover import assemble
from klover.config import Deployment
from klover.store.connect import Connection


def expect_following(deployment: Deployment, primary: Connection) -> None:
    """Wait for the standby, and say so where it does not follow."""
    if not assemble.standby_follows(deployment, primary):
        typer.echo(
            "The standby has not replayed this yet: its doors are as they were before. "
            "`klover doors prove` reads it again.",
            err=True,
        )
