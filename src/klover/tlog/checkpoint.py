"""Checkpoints: the text of a signed note that states a log's size and root.

Three lines: origin, size, root in base64; opaque extension lines may follow (ours has none).
https://c2sp.org/tlog-checkpoint
"""

import base64
from dataclasses import dataclass

from klover.errors import VerifyError
from klover.tlog.key import decode_base64
from klover.tlog.merkle import EMPTY_ROOT, HASH_BYTES

_LINES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A log's origin, its number of entries, and the root over them."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def root_base64(self) -> str:
        """The root as the checkpoint writes it."""
        return base64.b64encode(self.root).decode()

    @property
    def text(self) -> str:
        """The note's text."""
        return "\n".join((self.origin, str(self.size), self.root_base64, *self.extensions, ""))

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read a checkpoint's text. Raises VerifyError unless it encodes again to the same."""
        lines = text.split("\n")
        if len(lines) <= _LINES or lines.pop() or not all(lines):
            raise VerifyError("A checkpoint is an origin line, a size line and a root line.")
        found = cls(
            origin=lines[0],
            size=parse_decimal(lines[1], "The checkpoint's size"),
            root=decode_base64(lines[2], "the checkpoint's root"),
            extensions=tuple(lines[_LINES:]),
        )
        if len(found.root) != HASH_BYTES or (found.size == 0 and found.root != EMPTY_ROOT):
            raise VerifyError("The checkpoint's root is not that of a tree of its size.")
        if found.text != text:
            raise VerifyError("The checkpoint is not in its one proper form.")
        return found


def parse_decimal(text: str, what: str) -> int:
    """Read an ASCII decimal without leading zeroes, below 2**63."""
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(2**63)):
        raise VerifyError(f"{what} must be a decimal number.")
    number = int(text)
    if str(number) != text or number >= 2**63:
        raise VerifyError(f"{what} must be a decimal number without leading zeroes.")
    return number
