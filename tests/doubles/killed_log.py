"""Runs one story of a writer and a sequencer, and kills it with SIGKILL before its n-th step.

Run as a program with a folder: for n = 0, 1, 2, … it starts a process in ``folder/n`` until one
comes to the story's end, and prints how many were killed. ``folder/n/acknowledged`` holds how many
records a flush had covered when the process died.
"""

import os
import signal
import sys
from pathlib import Path

from doubles.log_bench import Bench, finding


class Killer:
    """Ends the process before step ``after``, the way a power switch would."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, _step: str) -> None:
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1


def story(bench: Bench, killer: Killer) -> None:
    for last in (5, 12):
        with bench.writer(failpoint=killer) as writer:
            for _ in range(3):
                position = writer.append(finding(0))
                while position < last:
                    position = writer.append(finding(position + 1))
                (bench.folder / "acknowledged").write_text(str(writer.flush()))
        bench.integrate(failpoint=killer)
    bench.erase(4, failpoint=killer)


def run(folder: Path) -> int:
    steps = 0
    while True:
        here = folder / str(steps)
        here.mkdir()
        child = os.fork()
        if not child:
            story(Bench(folder=here), Killer(steps))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            return steps if status == 0 else -1
        steps += 1


if __name__ == "__main__":
    sys.stdout.write(str(run(Path(sys.argv[1]))))
