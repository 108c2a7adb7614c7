"""Checks that every writer's entries form one chain without gaps, and end where its head says.

Entries are fed in the log's order. A misfit is told as a sentence and the chain goes on from what
was found, so that one dropped entry gives one sentence, not thousands.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from klover.errors import VerifyError
from klover.tlog.key import VerifierKey
from klover.tlog.leaf import FIRST, LOG_WRITER, Head, Leaf
from klover.tlog.note import open_note


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """How far one writer's chain goes; ``vkey`` is None for the log's own."""

    vkey: str | None
    count: int = 0
    prev: bytes = FIRST


class Chains:
    """All the chains of a log, by writer."""

    def __init__(self) -> None:
        self.writers: dict[str, Chain] = {LOG_WRITER: Chain(vkey=None)}

    def feed(self, index: int, entry: bytes, leaf: Leaf) -> Iterator[str]:
        """Take the entry at ``index``; yields what is wrong with it."""
        chain = self.writers.get(leaf.writer)
        if chain is None:
            yield f"Entry {index} is by the writer {leaf.writer}, whom the log never admitted."
            chain = Chain(vkey=None)
        elif leaf.seq != chain.count:
            yield (
                f"Entry {index} is number {leaf.seq} of the writer {leaf.writer}; "
                f"number {chain.count} was due: entries were dropped, repeated or reordered."
            )
        elif leaf.prev != chain.prev:
            yield f"Entry {index} does not continue the chain of the writer {leaf.writer}."
        if (leaf.writer == LOG_WRITER) != (leaf.commitment is None):
            yield f"Entry {index} is of a kind that the writer {leaf.writer} may not write."
        if leaf.erases is not None and leaf.erases >= index:
            yield f"Entry {index} erases entry {leaf.erases}, which does not come before it."
        self.writers[leaf.writer] = Chain(
            vkey=chain.vkey, count=leaf.seq + 1, prev=sha256(entry).digest()
        )
        if leaf.admits is not None:
            yield from self._admit(index, leaf.admits, leaf.vkey)

    def check_heads(self, writer: str, notes: Sequence[bytes]) -> str | None:
        """Compare a writer's chain with the heads it signed; one must fit. Tells what is wrong."""
        wrong: str | None = f"The writer {writer} has no signed head."
        for note in notes:
            wrong = self._check_head(writer, note)
            if wrong is None:
                break
        return wrong

    def _check_head(self, writer: str, note: bytes) -> str | None:
        chain = self.writers[writer]
        try:
            head = Head.parse(open_note(note, VerifierKey.parse(chain.vkey or "")).text)
        except VerifyError as error:
            return f"The head of the writer {writer} is not signed by its key: {error}"
        if head.writer != writer or head.count != chain.count:
            return (
                f"The writer {writer} signed for {head.count} entries; the log holds {chain.count}."
            )
        if head.last != chain.prev:
            return f"The last entry of the writer {writer} is not the one that it signed."
        return None

    def _admit(self, index: int, writer: str, vkey: str | None) -> Iterator[str]:
        if writer in self.writers:
            yield f"Entry {index} admits the writer {writer} a second time."
            return
        try:
            VerifierKey.parse(vkey or "")
        except VerifyError:
            yield f"Entry {index} admits the writer {writer} without a proper key."
        self.writers[writer] = Chain(vkey=vkey)
