"""Verifies a log from its files alone, with the log's public key and those of the witnesses.

Nothing on the machine is trusted but the keys that the caller gives. Every entry is hashed, every
tile recomputed up to the root, every writer's chain followed to its signed head, and every
payload that is there is compared with its commitment. A payload that is gone is counted, not
held against the log; one that is gone without an erasure on record is counted apart.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from klover.errors import InputError, VerifyError
from klover.log.files import Entry, LogFiles, open_payload
from klover.log.payload import Stored
from klover.tlog.chain import Chains
from klover.tlog.checkpoint import Checkpoint
from klover.tlog.frontier import Frontier
from klover.tlog.key import VerifierKey
from klover.tlog.leaf import LOG_WRITER, Leaf
from klover.tlog.merkle import check_inclusion, leaf_hash, prove_inclusion
from klover.tlog.note import Note
from klover.tlog.tile import WIDTH, TileTree, tile_at

_MOST_PROBLEMS = 50
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterChain:
    """A writer as the log knows it."""

    name: str
    vkey: str
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignature:
    """Who cosigned, and when (seconds since 1970)."""

    witness: str
    time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a verification found; the log holds good when ``problems`` is empty (``ok``)."""

    origin: str = ""
    size: int = 0
    root: str = ""
    """In base64, as the checkpoint writes it."""
    writers: tuple[WriterChain, ...] = ()
    kinds: Mapping[str, int] = field(default_factory=dict)
    """Records by kind; payloads that are gone count as ``erased``."""
    erased: int = 0
    """Payloads gone with an erasure on record."""
    absent: int = 0
    """Payloads that this copy lacks without an erasure on record."""
    cosigned_by: tuple[Cosignature, ...] = ()
    included: tuple[int, ...] = ()
    """The chosen entries whose inclusion proofs were made and checked."""
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify_directory(
    path: Path,
    log_vkey: str | VerifierKey,
    witness_vkeys: Sequence[str | VerifierKey] = (),
    *,
    entries: Sequence[int] = (),
) -> Verified:
    """Verify the log in ``path``; every witness must have cosigned; ``entries`` get proofs.

    Raises InputError where there is no log, VerifyError for a vkey that cannot be read. Anything
    wrong with the log itself is a sentence in ``problems``.
    """
    log = _key(log_vkey)
    witnesses = tuple(map(_key, witness_vkeys))
    files = LogFiles(path)
    before = files.checkpoint()
    for _ in range(_ATTEMPTS):
        found = _Audit(files, before).run(log, witnesses, entries)
        after = files.checkpoint()
        if found.ok or after == before:
            break
        before = after  # the log grew while it was read: look again
    return found


class _Audit:
    """One pass over the files, collecting what is wrong."""

    def __init__(self, files: LogFiles, checkpoint: bytes) -> None:
        self._files, self._data = files, checkpoint
        self._problems: list[str] = []
        self._chains = Chains()
        self._kinds: Counter[str] = Counter()
        self._gone: set[int] = set()
        self._erased: set[int] = set()

    def run(
        self, log: VerifierKey, witnesses: tuple[VerifierKey, ...], entries: Sequence[int]
    ) -> Verified:
        try:
            note = Note.parse(self._data)
            checkpoint = Checkpoint.parse(note.text)
        except VerifyError as error:
            return Verified(problems=(str(error),))
        cosigned = self._check_signatures(note, checkpoint, log, witnesses)
        self._check_tree(checkpoint)
        self._check_writers()
        tree = TileTree(size=checkpoint.size, read=self._files.tile)
        included = tuple(i for i in entries if self._check_inclusion(checkpoint, tree, i))
        for index in sorted(self._erased - self._gone):
            self._problem(f"The payload of entry {index} was erased on record, but is still here.")
        return Verified(
            origin=checkpoint.origin,
            size=checkpoint.size,
            root=checkpoint.root_base64,
            writers=tuple(
                WriterChain(name=name, vkey=chain.vkey or log.vkey, records=chain.count)
                for name, chain in sorted(self._chains.writers.items())
            ),
            kinds=dict(sorted(self._kinds.items())),
            erased=len(self._gone & self._erased),
            absent=len(self._gone - self._erased),
            cosigned_by=cosigned,
            included=included,
            problems=tuple(self._problems),
        )

    def _check_signatures(
        self,
        note: Note,
        checkpoint: Checkpoint,
        log: VerifierKey,
        witnesses: tuple[VerifierKey, ...],
    ) -> tuple[Cosignature, ...]:
        if checkpoint.origin != log.name:
            self._problem(f"The checkpoint is of the log {checkpoint.origin}, not of {log.name}.")
        cosigned: list[Cosignature] = []
        for key in (log, *witnesses):
            what = "cosigned by the witness" if key in witnesses else "signed by the log"
            try:
                found = note.signed_by(key)
            except VerifyError:
                self._problem(f"The checkpoint was not {what} {key.name}: the signature is false.")
                continue
            if not found:
                self._problem(f"The checkpoint is not {what} {key.name}.")
            cosigned += (
                Cosignature(witness=key.name, time=one.time)
                for one in found
                if one.time is not None
            )
        return tuple(cosigned)

    def _check_tree(self, checkpoint: Checkpoint) -> None:
        frontier = Frontier()
        for bundle in range(-(-checkpoint.size // WIDTH)):
            try:
                entries = self._files.bundle(bundle, checkpoint.size)
            except VerifyError as error:
                self._problem(str(error))
                return
            frontier, tiles = frontier.grow([leaf_hash(entry) for entry in entries])
            for tile, hashes in tiles:
                if tile.width == WIDTH:
                    self._check_tile(checkpoint.size, tile.level, tile.index, hashes)
            self._check_entries(bundle, entries)
        for level, tail in enumerate(frontier.tails):
            index = (checkpoint.size >> (8 * level)) // WIDTH
            if tail:
                self._check_tile(checkpoint.size, level, index, b"".join(tail))
        if frontier.root() != checkpoint.root:
            self._problem("The entries do not lead to the root that the checkpoint states.")

    def _check_tile(self, size: int, level: int, index: int, expected: bytes) -> None:
        tile = tile_at(level, index, size)
        try:
            found = self._files.tile(tile)
        except VerifyError as error:
            self._problem(str(error))
            return
        if found != expected:
            self._problem(f"{tile.path} does not hold the hashes of the entries.")

    def _check_entries(self, bundle: int, entries: Sequence[bytes]) -> None:
        try:
            stored = self._files.payloads(bundle)
        except (VerifyError, OSError) as error:
            self._problem(str(error))
            stored = {}
        for index, data in enumerate(entries, start=bundle * WIDTH):
            try:
                leaf = Leaf.parse(data)
            except VerifyError as error:
                self._problem(f"Entry {index}: {error}")
                continue
            for problem in self._chains.feed(index, data, leaf):
                self._problem(problem)
            if leaf.erases is not None:
                self._erased.add(leaf.erases)
            self._check_payload(index, leaf, stored.get(index))

    def _check_payload(self, index: int, leaf: Leaf, stored: Stored | None) -> None:
        body = None
        if leaf.commitment is None:
            if stored is not None:
                self._problem(f"Entry {index} is the log's own, but a payload stands beside it.")
        elif stored is None or stored.salt is None or stored.payload is None:
            self._gone.add(index)
        else:
            try:
                body = open_payload(leaf.commitment, stored.salt, stored.payload)
            except VerifyError as error:
                self._problem(f"The payload of entry {index}: {error}")
        self._kinds[Entry(index=index, leaf=leaf, payload=body).kind] += 1

    def _check_writers(self) -> None:
        for writer in sorted(self._chains.writers):
            if writer != LOG_WRITER:
                problem = self._chains.check_heads(writer, self._files.heads(writer))
                if problem is not None:
                    self._problem(problem)

    def _check_inclusion(self, checkpoint: Checkpoint, tree: TileTree, index: int) -> bool:
        try:
            entry = self._files.entry(index, checkpoint.size)
            check_inclusion(
                leaf=leaf_hash(entry),
                index=index,
                size=checkpoint.size,
                proof=prove_inclusion(tree.subtree, index, checkpoint.size),
                root=checkpoint.root,
            )
        except (VerifyError, InputError) as error:
            self._problem(f"Inclusion of entry {index}: {error}")
            return False
        return True

    def _problem(self, sentence: str) -> None:
        if len(self._problems) < _MOST_PROBLEMS:
            self._problems.append(sentence)
        elif len(self._problems) == _MOST_PROBLEMS:
            self._problems.append("There are more problems; only the first are listed.")


def _key(given: str | VerifierKey) -> VerifierKey:
    return VerifierKey.parse(given) if isinstance(given, str) else given
