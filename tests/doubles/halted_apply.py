"""Run as a program: apply the tiny application's doors, and halt before a given step.

Arguments: the connection string, and the number of the step (0: none). At the halt it writes
``halted`` on a line and goes on once it reads one. It ends with 0 and ``applied``, or with 1 and
the kind of the error and its sentence.
"""

import sys

from doubles.memory_recorder import MemoryRecorder
from doubles.tiny_doors import LATER, tiny_doors
from klover import door
from klover.errors import KloverError
from klover.store.connect import connect


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(dsn: str, halt: str) -> int:
    def progress(number: int, _total: int, _step: door.Step) -> None:
        if number == int(halt):
            tell("halted")
            sys.stdin.readline()

    with connect(dsn, what="the enclave") as connection:
        doors = tiny_doors(connection)
        try:
            door.apply(connection, doors, MemoryRecorder(), LATER, progress=progress)
        except KloverError as error:
            tell(f"{type(error).__name__}: {error}")
            return 1
    tell("applied")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
