"""An apply while which large tables hold what no door may show: it closes the doors that would.

Someone tampered with what computes pseudonyms, or the policy means another thing, and what stands
cannot be trusted; or some leave a table while others are made there. The doors are suspended, on
record; the tables are computed in batches while the application works; the doors open proved. Ended
in between, they stay suspended and a resume goes on.
"""

from collections.abc import Sequence

import typer

from klover import assemble, door
from klover.cli.bars import door_bars
from klover.cli.sessions import end_sessions
from klover.config import Deployment
from klover.door import Applied, Doors
from klover.errors import CheckFailed
from klover.event import Recorder
from klover.policy.resolved import Resolved
from klover.store.connect import Connection


def apply_anew(
    deployment: Deployment,
    primary: Connection,
    doors: Doors,
    recorder: Recorder,
    resolved: Resolved,
    audiences: Sequence[str],
) -> Applied:
    """Close the doors of ``audiences``, compute, and open them as what the policy says now."""
    names = ", ".join(audiences)
    door.plan(primary, doors)  # what would be refused in the end closes no door
    typer.echo(f"Pseudonyms of large tables are made first; closed meanwhile: {names}", err=True)
    closed = door.suspend(primary, audiences, recorder, assemble.now(), unhook=False).closed
    try:
        end_sessions(deployment, closed)
        with door_bars() as (prepared, done):
            door.prepare(primary, doors, progress=prepared, resuming=True)
            return door.resume(
                primary,
                doors,
                audiences,
                recorder,
                assemble.now(),
                prove=lambda: assemble.prove_doors(deployment, primary, resolved),
                progress=done,
            )
    except BaseException:
        typer.echo(f"Suspended: {names}. `klover doors resume` goes on from here.", err=True)
        raise


def expect_trusted(primary: Connection, doors: Doors) -> None:
    """Raise CheckFailed where an apply would have to close doors first."""
    audiences = door.to_close(primary, doors)
    if audiences:
        raise CheckFailed(
            "Nothing was changed: pseudonyms of large tables have to be made first, and what "
            "stands there cannot be shown. `klover doors apply` does it; the doors of "
            f"{', '.join(audiences)} are closed meanwhile. Then run this again."
        )
