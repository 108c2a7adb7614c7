"""A witness: its own key and its own memory; it cosigns a log that only ever grows.

For each log it keeps the last checkpoint it cosigned. A new one is cosigned only when the log
signed it and a consistency proof shows that it continues the kept one; a fork or a rollback is
refused. Rules and errors are those of ``add-checkpoint`` in https://c2sp.org/tlog-witness
(without HTTP, which comes with the monitor). The new checkpoint is durable before it is cosigned.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from klover.errors import RecordError, VerifyError
from klover.log.durable import FOLDER_MODE, lock, write_file
from klover.tlog.checkpoint import Checkpoint
from klover.tlog.cosignature import cosign
from klover.tlog.key import SignerKey, VerifierKey
from klover.tlog.merkle import check_consistency
from klover.tlog.note import Note, Signature, open_note


class WitnessConflict(VerifyError):  # noqa: N818 - the word of the specification
    """The proof does not begin where the witness stands (HTTP 409); ``size`` tells where."""

    def __init__(self, size: int) -> None:
        """``size`` is that of the last checkpoint the witness cosigned."""
        super().__init__(
            f"The witness last cosigned this log at size {size}; begin the proof there."
        )
        self.size = size


class Witness:
    """Cosigns the logs it was told of: ``logs`` maps an origin to the log's verifier key."""

    def __init__(
        self,
        *,
        directory: Path,
        key: SignerKey,
        logs: Mapping[str, VerifierKey],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Keep state in ``directory``, which is made where it is missing."""
        directory.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        self._directory, self._key, self._logs, self._clock = directory, key, dict(logs), clock

    @property
    def verifier(self) -> VerifierKey:
        """The key by which others check its cosignatures."""
        return self._key.verifier

    def cosign(self, old: int, proof: Sequence[bytes], checkpoint: bytes) -> Signature:
        """Cosign ``checkpoint`` (a signed note), which ``proof`` shows to continue size ``old``.

        Raises WitnessConflict when ``old`` is not where the witness stands, VerifyError when the
        log is unknown, did not sign, or does not continue what was cosigned.
        """
        note = Note.parse(checkpoint)
        new = Checkpoint.parse(note.text)
        log = self._logs.get(new.origin)
        if log is None:
            raise VerifyError("The witness does not know a log of this origin.")
        open_note(checkpoint, log)
        try:
            held = lock(self._directory / "lock", "the witness's state")
            try:
                self._advance(old, proof, new, note, log)
            finally:
                os.close(held)
        except OSError as error:
            raise RecordError(f"The witness cannot keep its state: {error.strerror}.") from None
        data = cosign(self._key, note.text, int(self._clock()))
        return Signature(name=self._key.name, key_id=self.verifier.key_id, data=data)

    def last(self, origin: str) -> Checkpoint | None:
        """Tell the last checkpoint cosigned for a log; its log's signature is checked again."""
        try:
            data = self._path(origin).read_bytes()
        except FileNotFoundError:
            return None
        return Checkpoint.parse(open_note(data, self._logs[origin]).text)

    def _advance(
        self, old: int, proof: Sequence[bytes], new: Checkpoint, note: Note, log: VerifierKey
    ) -> None:
        last = self.last(new.origin)
        stands = last.size if last else 0
        if old > new.size:
            raise VerifyError(
                f"The proof begins at size {old}, beyond the checkpoint's {new.size}."
            )
        if old != stands:
            raise WitnessConflict(stands)
        if last is not None and stands:
            check_consistency(
                old=stands, size=new.size, old_root=last.root, root=new.root, proof=proof
            )
        elif proof:
            raise VerifyError("A proof from an empty log must be empty.")
        if last is None or new.size > stands:
            own = tuple(s for s in note.signatures if s.by(log))
            write_file(self._path(new.origin), Note(text=note.text, signatures=own).encode())

    def _path(self, origin: str) -> Path:
        return self._directory / f"log-{sha256(origin.encode()).hexdigest()[:32]}"
