"""The sequencer: merges spools into one tree, signs it, has it cosigned, publishes it.

Order of work, so that a crash at any line loses nothing and the next start goes on: payloads,
entry bundles and tiles are written; the signed checkpoint is committed in ``state/``; witnesses
cosign it; writers' heads and the checkpoint are published. What was written but not committed is
written again, perhaps in another order; nobody has seen it. One process at a time (a lock).
"""

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from klover.errors import ConfigError, InputError, RecordError, VerifyError
from klover.log import state as states
from klover.log.durable import (
    FOLDER_MODE,
    Batch,
    Failpoint,
    lock,
    no_failpoint,
    sync_folder,
    write_file,
)
from klover.log.files import CHECKPOINT, HEAD, NEXT_HEAD, WRITERS, LogFiles
from klover.log.intake import Delivery, Intake
from klover.log.payload import GONE, Stored, encode_payloads, payload_path
from klover.log.state import State
from klover.log.tree import Addition, drop_partials, write_additions
from klover.log.witness import WitnessConflict
from klover.log.writer import MERGED
from klover.tlog.checkpoint import Checkpoint
from klover.tlog.frontier import Frontier
from klover.tlog.key import SignerKey
from klover.tlog.leaf import LOG_WRITER, Leaf
from klover.tlog.merkle import prove_consistency
from klover.tlog.note import Note, Signature, sign_note
from klover.tlog.tile import WIDTH, TileTree

SPOOL = "spool"


class Cosigner(Protocol):
    """Whoever cosigns checkpoints: ``klover.log.witness.Witness``, or one reached over a wire."""

    def cosign(self, old: int, proof: Sequence[bytes], checkpoint: bytes) -> Signature:
        """Cosign, or raise WitnessConflict (with the size to begin at) or VerifyError."""
        ...


class Log:
    """The only writer of a log's tree. Open one with ``Log.open``."""

    def __init__(
        self, *, directory: Path, key: SignerKey, spool: Path, failpoint: Failpoint
    ) -> None:
        """Use ``open``."""
        self._directory, self._key, self._failpoint = directory, key, failpoint
        self._files = LogFiles(directory)
        self._intake = Intake(spool)
        self._spool = spool
        self._note: Note | None = None
        self._state = State()
        self._frontier = Frontier()
        self._lock = lock(directory / "lock", f"the log in {directory}")

    @classmethod
    def open(
        cls,
        directory: Path,
        origin: str,
        key: SignerKey,
        *,
        spool: Path | None = None,
        failpoint: Failpoint = no_failpoint,
    ) -> "Log":
        """Open the log in ``directory``, or begin one; ``spool`` is ``directory/spool`` if None.

        The key's name must be the origin. Raises RecordError when another process has the log,
        or when its state does not fit its tiles.
        """
        if key.name != origin:
            raise ConfigError(f"The log's key is named {key.name}, but the origin is {origin}.")
        if directory.exists() and not directory.is_dir():
            raise ConfigError(f"{directory} is a file; the log needs a folder of its own.")
        try:
            directory.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            log = cls(
                directory=directory, key=key, spool=spool or directory / SPOOL, failpoint=failpoint
            )
        except OSError as error:
            raise _refused(directory, error) from None
        try:
            log._recover()
        except BaseException as error:
            log.close()
            if isinstance(error, (OSError, VerifyError)):
                raise _refused(directory, error) from None
            raise
        return log

    def integrate(self, cosigners: Sequence[Cosigner] = ()) -> Checkpoint:
        """Merge what is new in the spools, have it cosigned, publish it; returns the checkpoint.

        Nothing is published unless every one of ``cosigners`` cosigned. Raises RecordError when a
        spool is broken or the disk refuses, VerifyError when a cosigner does.
        """
        try:
            deliveries = self._intake.deliveries(self._state.writers)
            if deliveries or self._note is None:
                self._commit(self._plan(deliveries), deliveries)
            return self._publish(cosigners)
        except OSError as error:
            raise RecordError(
                f"The log in {self._directory} cannot be written: {error.strerror}."
            ) from None

    def erase(self, index: int, cosigners: Sequence[Cosigner] = ()) -> Checkpoint:
        """Erase the payload of entry ``index``: on record first, then in fact."""
        leaf = Leaf.parse(self._files.entry(index, self._state.size))
        stored = self._files.payloads(index // WIDTH).get(index)
        if leaf.writer == LOG_WRITER or stored is None or stored.erased:
            raise InputError(f"Entry {index} has no payload that could be erased.")
        erasure = Leaf(
            writer=LOG_WRITER,
            seq=self._state.own_count,
            prev=self._state.own_prev,
            erases=index,
        )
        try:
            self._commit([Addition(leaf=erasure.encode())], (), erasing=(index,))
            self._carry_out_erasures()
            return self._publish(cosigners)
        except OSError as error:
            raise RecordError(f"Entry {index} cannot be erased: {error.strerror}.") from None

    def close(self) -> None:
        """Let the log go."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _plan(self, deliveries: Sequence[Delivery]) -> list[Addition]:
        """Put the new entries in order: admissions first, then writer by writer."""
        planned: list[Addition] = []
        prev = self._state.own_prev
        for one in deliveries:
            if one.writer not in self._state.writers:
                leaf = Leaf(
                    writer=LOG_WRITER,
                    seq=self._state.own_count + len(planned),
                    prev=prev,
                    admits=one.writer,
                    vkey=one.merged.vkey,
                ).encode()
                prev = sha256(leaf).digest()
                planned.append(Addition(leaf=leaf))
        for one in deliveries:
            for record in one.records:
                stored = GONE
                if record.payload is not None:
                    stored = Stored(salt=record.salt, payload=record.payload)
                planned.append(Addition(leaf=record.leaf, stored=stored))
        return planned

    def _commit(
        self,
        additions: Sequence[Addition],
        deliveries: Sequence[Delivery],
        erasing: tuple[int, ...] = (),
    ) -> None:
        batch = Batch(self._failpoint)
        frontier = write_additions(self._files, self._frontier, additions, batch)
        own = [a.leaf for a in additions if a.stored is None]
        state = State(
            size=frontier.size,
            own_count=self._state.own_count + len(own),
            own_prev=sha256(own[-1]).digest() if own else self._state.own_prev,
            writers={**self._state.writers, **{one.writer: one.merged for one in deliveries}},
            erasing=erasing,
        )
        checkpoint = Checkpoint(origin=self._key.name, size=frontier.size, root=frontier.root())
        note = sign_note(checkpoint.text, self._key)
        states.commit(self._directory, state, note, batch)
        drop_partials(self._directory, self._state.size, state.size)
        self._note, self._state, self._frontier = note, state, frontier

    def _publish(self, cosigners: Sequence[Cosigner]) -> Checkpoint:
        note = self._note
        if note is None:
            raise RecordError("The log has committed nothing that could be published.")
        checkpoint = Checkpoint.parse(note.text)
        published = self._published()
        if published is not None and published.text == note.text:
            note = note.with_signatures(published.signatures)
        note = note.with_signatures([self._ask(one, checkpoint) for one in cosigners])
        batch = Batch(self._failpoint)
        heads = self._write_next_heads(batch)
        if published != note:
            batch.write(self._directory / CHECKPOINT, note.encode())
            batch.settle()
        for head in heads:
            self._failpoint("publish head")
            head.rename(head.with_name(HEAD))
            sync_folder(head.parent)
        states.forget_older(self._directory, self._state.size)
        self._tell_writers()
        return checkpoint

    def _write_next_heads(self, batch: Batch) -> list[Path]:
        """Put new heads beside the last ones, so that at each moment one fits the checkpoint."""
        heads: list[Path] = []
        for name, one in self._state.writers.items():
            folder = self._directory / WRITERS / name
            head = folder / HEAD
            if not head.exists() or head.read_bytes() != one.head.encode():
                batch.write(folder / NEXT_HEAD, one.head.encode())
                heads.append(folder / NEXT_HEAD)
        if heads:
            batch.settle()
        return heads

    def _ask(self, cosigner: Cosigner, checkpoint: Checkpoint) -> Signature:
        """Ask for a cosignature; the first answer may tell where the proof has to begin."""
        note = sign_note(checkpoint.text, self._key).encode()
        try:
            return cosigner.cosign(0, (), note)
        except WitnessConflict as conflict:
            old = conflict.size
        if old > checkpoint.size:
            raise VerifyError(
                f"The witness has cosigned this log at size {old}, but it has {checkpoint.size} "
                "entries: it was rolled back."
            )
        tree = TileTree(size=checkpoint.size, read=self._files.tile)
        return cosigner.cosign(old, prove_consistency(tree.subtree, old, checkpoint.size), note)

    def _published(self) -> Note | None:
        try:
            return Note.parse((self._directory / CHECKPOINT).read_bytes())
        except (FileNotFoundError, VerifyError):
            return None

    def _tell_writers(self) -> None:
        """Let each writer know how much of its spool the log holds, so that it may begin anew."""
        for name, one in self._state.writers.items():
            told = self._spool / name / MERGED
            count = b"%d\n" % one.count
            if told.parent.is_dir() and not (told.exists() and told.read_bytes() == count):
                write_file(told, count, self._failpoint)

    def _carry_out_erasures(self) -> None:
        for index in self._state.erasing:
            self._failpoint(f"erase {index}")
            bundle = index // WIDTH
            stored = {**self._files.payloads(bundle), index: GONE}
            write_file(
                self._directory / payload_path(bundle), encode_payloads(stored), self._failpoint
            )
            leaf = Leaf.parse(self._files.entry(index, self._state.size))
            self._intake.erase(leaf.writer, leaf.seq)

    def _recover(self) -> None:
        """After a crash: the tiles must lead to the committed root; erasures are finished."""
        self._note, self._state = states.load(self._directory, self._key.verifier)
        self._frontier = Frontier.load(self._state.size, self._files.tile)
        if self._note is not None:
            checkpoint = Checkpoint.parse(self._note.text)
            if checkpoint.root != self._frontier.root():
                raise RecordError(
                    f"The tiles in {self._directory} do not lead to the committed root: restore "
                    "them before the log goes on."
                )
        self._carry_out_erasures()


def _refused(directory: Path, error: Exception) -> RecordError:
    why = error.strerror if isinstance(error, OSError) else str(error)
    return RecordError(f"The log in {directory} cannot be opened: {why}")
