"""The sequencer's own memory, beside the published files: ``state/``.

``state/checkpoint`` is the commit point: the tree is what this checkpoint, signed by the log,
says. ``state/<size>.json`` tells how far each writer's chain is in that tree. The published
``checkpoint`` follows once the witnesses cosigned, so a witness never sees what a crash undoes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from klover.errors import RecordError, VerifyError
from klover.log.durable import Batch
from klover.log.intake import Merged
from klover.tlog.checkpoint import Checkpoint
from klover.tlog.key import VerifierKey
from klover.tlog.leaf import FIRST
from klover.tlog.note import Note, open_note

STATE = "state"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The committed tree, with the end of the log's own chain and of every writer's.

    ``erasing`` are the entries whose erasure the last commit recorded; it is carried out after
    the commit, and again after a crash.
    """

    size: int = 0
    own_count: int = 0
    own_prev: bytes = FIRST
    writers: Mapping[str, Merged] = field(default_factory=dict)
    erasing: tuple[int, ...] = ()

    def encode(self) -> bytes:
        """Write the state file."""
        body = {
            "size": self.size,
            "own": [self.own_count, self.own_prev.hex()],
            "erasing": list(self.erasing),
            "writers": {
                name: [one.vkey, one.head, one.count, one.prev.hex()]
                for name, one in self.writers.items()
            },
        }
        return json.dumps(body, indent=1, sort_keys=True).encode()

    @classmethod
    def decode(cls, data: bytes) -> "State":
        """Read the state file."""
        body = json.loads(data)
        return cls(
            size=body["size"],
            own_count=body["own"][0],
            own_prev=bytes.fromhex(body["own"][1]),
            erasing=tuple(body["erasing"]),
            writers={
                name: Merged(vkey=vkey, head=head, count=count, prev=bytes.fromhex(prev))
                for name, (vkey, head, count, prev) in body["writers"].items()
            },
        )


def load(directory: Path, key: VerifierKey) -> tuple[Note | None, State]:
    """Read the committed checkpoint and the state that belongs to it; None in a new log."""
    path = directory / STATE / "checkpoint"
    if not path.exists():
        return None, State()
    try:
        note = open_note(path.read_bytes(), key)
        size = Checkpoint.parse(note.text).size
        return note, State.decode((directory / STATE / f"{size}.json").read_bytes())
    except (VerifyError, ValueError, KeyError, TypeError, OSError):
        raise RecordError(
            f"The sequencer's state in {directory / STATE} does not fit the log's key, or is "
            "damaged: restore the folder, or begin a new log."
        ) from None


def commit(directory: Path, state: State, note: Note, batch: Batch) -> None:
    """Make ``note`` the committed checkpoint. Everything it covers must be written already."""
    batch.write(directory / STATE / f"{state.size}.json", state.encode())
    batch.settle()
    batch.write(directory / STATE / "checkpoint", note.encode())
    batch.settle()


def forget_older(directory: Path, size: int) -> None:
    """Remove state files of other sizes than the committed one."""
    for path in (directory / STATE).glob("*.json*"):
        if path.name != f"{size}.json":
            path.unlink(missing_ok=True)
