"""Run as a program: hand in a policy, and die by SIGKILL at a given point.

``record`` dies when the record is durable and the entry is not; ``commit`` when the entry is and
the pin is not. Arguments: the point, the connection string, the log's folder, the policy, the note.
"""

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from klover.adopt import Texts, keep, pin, propose
from klover.log.keys import open_key
from klover.log.sequence import SPOOL
from klover.log.writer import SpoolWriter
from klover.store.connect import connect


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(point: str, dsn: str, folder: str, policy: str, note: str) -> None:
    log = Path(folder)
    key = open_key(log / "keys" / "writer-policy.key", "policy")
    with (
        SpoolWriter.open(log / SPOOL, "policy", key) as recorder,
        connect(dsn, what="the enclave") as connection,
    ):
        if point == "record":
            keep.put = die  # type: ignore[assignment]  # it takes anything
        else:
            pin.move = die  # type: ignore[assignment]  # the same
        propose(
            connection,
            recorder,
            log / pin.FILE,
            texts=Texts(policy=Path(policy).read_text()),
            note=Path(note).read_text(),
            now=datetime.now(UTC),
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
