"""Runs one story of a day's counts, and kills it with SIGKILL before its n-th step.

Run as a program with a folder: for n = 0, 1, 2, … it starts a process in ``folder/n`` until one
comes to the story's end, and prints how many were killed. ``folder/n/shown`` gets a byte for each
row that was released, as a client would get it, before the next is asked for.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from doubles.killed_log import Killer
from klover.gateway.daily import Daily
from klover.log.tally import TallyFile
from klover.policy.admission import Amount

KEY, LIMIT = b"k" * 32, 128
NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def story(folder: Path, killer: Killer) -> None:
    """Show rows up to the limit in three runs, and a few of the next day."""
    with (folder / "shown").open("ab", buffering=0) as shown:
        for rows in (10, 20, LIMIT):
            with TallyFile(folder / "day", failpoint=killer) as tally:
                daily = Daily(tally)
                for _ in range(rows):
                    if daily.take(KEY, Amount(rows=LIMIT), 1, 10, NOON) is None:
                        shown.write(b".")
                if rows == 20:
                    daily.settle()
    with TallyFile(folder / "day", failpoint=killer) as tally:
        Daily(tally).take(KEY, Amount(rows=LIMIT), 1, 10, NOON + timedelta(days=1))


def run(folder: Path) -> int:
    """Kill the story before each of its steps; returns how many there are, -1 where it failed."""
    steps = 0
    while True:
        here = folder / str(steps)
        here.mkdir()
        child = os.fork()
        if not child:
            story(here, Killer(steps))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            return steps if status == 0 else -1
        steps += 1


if __name__ == "__main__":
    sys.stdout.write(str(run(Path(sys.argv[1]))))
