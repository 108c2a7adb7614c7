"""Self-contained proofs that an entry is in a log: ``.tlog-proof`` files.

A proof holds an index, an inclusion proof and the signed checkpoint; ``extra`` is opaque to the
format (Klover puts the entry itself there) and is trusted only after its hash has been checked.
https://c2sp.org/tlog-proof
"""

import base64
from dataclasses import dataclass

from klover.errors import VerifyError
from klover.tlog.checkpoint import Checkpoint, parse_decimal
from klover.tlog.key import VerifierKey, decode_base64
from klover.tlog.merkle import HASH_BYTES, check_inclusion, leaf_hash
from klover.tlog.note import Note, open_note

_HEADER = "c2sp.org/tlog-proof@v1"
_MAX_HASHES = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The parts of a proof; ``checkpoint`` is the signed note, byte for byte."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def encode(self) -> bytes:
        """Write the proof file."""
        lines = [_HEADER]
        if self.extra is not None:
            lines.append(f"extra {base64.b64encode(self.extra).decode()}")
        lines.append(f"index {self.index}")
        lines += (base64.b64encode(h).decode() for h in self.hashes)
        return "\n".join((*lines, "", "")).encode() + self.checkpoint

    @classmethod
    def parse(cls, data: bytes) -> "Proof":
        """Read a proof file. Raises VerifyError unless it encodes again to the same bytes."""
        head, gap, checkpoint = data.partition(b"\n\n")
        try:
            header, *lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise VerifyError("A proof file's head must be ASCII.") from None
        if header != _HEADER or not gap or not checkpoint.endswith(b"\n"):
            raise VerifyError(f"A proof file begins {_HEADER} and ends in a checkpoint.")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = decode_base64(lines.pop(0).removeprefix("extra "), "the extra data")
        if not lines or not lines[0].startswith("index ") or len(lines) > _MAX_HASHES + 1:
            raise VerifyError("A proof file names an index and at most 63 hashes.")
        hashes = tuple(decode_base64(line, "a proof's hash") for line in lines[1:])
        found = cls(
            index=parse_decimal(lines[0].removeprefix("index "), "The proof's index"),
            hashes=hashes,
            checkpoint=checkpoint,
            extra=extra,
        )
        if any(len(h) != HASH_BYTES for h in hashes) or found.encode() != data:
            raise VerifyError("A proof file is not in its one proper form.")
        return found

    def check(
        self, entry: bytes, *, log: VerifierKey, witnesses: tuple[VerifierKey, ...] = ()
    ) -> Checkpoint:
        """Check that ``entry`` is in the log at a checkpoint that all the witnesses cosigned."""
        note = open_note(self.checkpoint, log)
        require(note, witnesses)
        checkpoint = Checkpoint.parse(note.text)
        check_inclusion(
            leaf=leaf_hash(entry),
            index=self.index,
            size=checkpoint.size,
            proof=self.hashes,
            root=checkpoint.root,
        )
        return checkpoint


def require(note: Note, witnesses: tuple[VerifierKey, ...]) -> None:
    """Refuse a checkpoint that lacks the cosignature of any of ``witnesses``."""
    for witness in witnesses:
        if not note.signed_by(witness):
            raise VerifyError(f"The checkpoint is not cosigned by the witness {witness.name}.")
