"""Makes self-contained proofs of entries, from a log's files.

The proof's ``extra`` is the entry itself, so whoever holds the proof, the keys and the payload
with its salt can check all of it offline.
"""

from pathlib import Path

from klover.errors import VerifyError
from klover.log.files import LogFiles
from klover.tlog.checkpoint import Checkpoint
from klover.tlog.key import VerifierKey
from klover.tlog.leaf import Leaf
from klover.tlog.merkle import prove_inclusion
from klover.tlog.note import Note
from klover.tlog.proof import Proof
from klover.tlog.tile import TileTree


def make_proof(directory: Path, index: int) -> Proof:
    """Make the proof of entry ``index`` at the published checkpoint.

    Raises InputError where the log has no such entry.
    """
    files = LogFiles(directory)
    note = files.checkpoint()
    size = Checkpoint.parse(Note.parse(note).text).size
    entry = files.entry(index, size)
    tree = TileTree(size=size, read=files.tile)
    return Proof(
        index=index,
        hashes=tuple(prove_inclusion(tree.subtree, index, size)),
        checkpoint=note,
        extra=entry,
    )


def check_proof(
    data: bytes, log: VerifierKey, witnesses: tuple[VerifierKey, ...] = ()
) -> tuple[Checkpoint, Leaf]:
    """Check a proof file that carries its entry; returns the checkpoint and the entry.

    Raises VerifyError.
    """
    proof = Proof.parse(data)
    if proof.extra is None:
        raise VerifyError("The proof does not carry its entry; check it with the entry at hand.")
    checkpoint = proof.check(proof.extra, log=log, witnesses=witnesses)
    return checkpoint, Leaf.parse(proof.extra)
