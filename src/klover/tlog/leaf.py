"""What Klover's log entries say, and how writers chain them and sign their heads.

An entry is JSON in one form only: ASCII, keys sorted, no spaces. Three kinds:

- a *record* of a writer holds a commitment, SHA-256 over 32 bytes of salt and the payload;
- an *admission*, by the log itself, states the key of a writer before its first record;
- an *erasure*, by the log itself, states that the payload of an entry was erased.

Each names its writer, its number (``seq``, from 0) and the SHA-256 of the same writer's entry
before it (``prev``; zeros for the first), so a chain can be checked when all payloads are gone.
A *head* is a note that a writer signs: how many entries it wrote and the SHA-256 of the last.
"""

import json
import re
from dataclasses import dataclass
from hashlib import sha256

from klover.errors import VerifyError
from klover.tlog.checkpoint import parse_decimal
from klover.tlog.merkle import HASH_BYTES

VERSION = 1
LOG_WRITER = "log"
SALT_BYTES = 32
FIRST = bytes(HASH_BYTES)
_HEAD = "klover-writer-head/v1"
_HEAD_LINES = 4
_WRITER = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_HEX = re.compile(r"[0-9a-f]{64}")
_encode = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One entry. Exactly one of ``commitment``, ``admits`` (with ``vkey``), ``erases`` is set."""

    writer: str
    seq: int
    prev: bytes
    commitment: bytes | None = None
    admits: str | None = None
    vkey: str | None = None
    erases: int | None = None

    def encode(self) -> bytes:
        """Write the entry's bytes."""
        body: dict[str, object] = {
            "v": VERSION,
            "writer": self.writer,
            "seq": self.seq,
            "prev": self.prev.hex(),
        }
        if self.commitment is not None:
            body["commitment"] = self.commitment.hex()
        if self.admits is not None:
            body |= {"admits": self.admits, "vkey": self.vkey}
        if self.erases is not None:
            body["erases"] = self.erases
        return _encode(body).encode()

    @classmethod
    def parse(cls, entry: bytes) -> "Leaf":
        """Read an entry. Raises VerifyError unless it encodes again to the same bytes."""
        try:
            body = json.loads(entry.decode("ascii"))
            found = cls(
                writer=check_writer(body["writer"]),
                seq=_count(body["seq"]),
                prev=_hash(body["prev"]),
                commitment=_hash(body["commitment"]) if "commitment" in body else None,
                admits=check_writer(body["admits"]) if "admits" in body else None,
                vkey=str(body["vkey"]) if "vkey" in body else None,
                erases=_count(body["erases"]) if "erases" in body else None,
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            raise VerifyError("A log entry is not one of Klover's.") from None
        kinds = (found.commitment, found.admits, found.erases)
        if sum(kind is not None for kind in kinds) != 1 or found.encode() != entry:
            raise VerifyError("A log entry is not in its one proper form.")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of a writer's chain: ``count`` entries, the last of which hashes to ``last``."""

    writer: str
    count: int
    last: bytes

    @property
    def text(self) -> str:
        """The text that the writer signs."""
        return f"{_HEAD}\n{self.writer}\n{self.count}\n{self.last.hex()}\n"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Read a head's text, strictly."""
        lines = text.split("\n")
        if len(lines) != _HEAD_LINES + 1 or lines[0] != _HEAD or lines[-1]:
            raise VerifyError(f"A writer's head has four lines and begins {_HEAD}.")
        count = parse_decimal(lines[2], "The head's count")
        if not _HEX.fullmatch(lines[3]):
            raise VerifyError("A writer's head ends in a SHA-256 in lower-case hex.")
        return cls(writer=check_writer(lines[1]), count=count, last=bytes.fromhex(lines[3]))


def record_leaf(writer: str, seq: int, prev: bytes, commitment: bytes) -> bytes:
    """Write a record's entry: the same bytes as ``Leaf.encode``, without its cost."""
    return (
        f'{{"commitment":"{commitment.hex()}","prev":"{prev.hex()}","seq":{seq}'
        f',"v":{VERSION},"writer":"{writer}"}}'
    ).encode()


def commit(salt: bytes, payload: bytes) -> bytes:
    """Commit to a payload. The salt has a fixed length, so no two pairs read alike."""
    if len(salt) != SALT_BYTES:
        raise VerifyError(f"A salt has {SALT_BYTES} bytes.")
    return sha256(salt + payload).digest()


def encode_payload(body: object) -> bytes:
    """Write a payload in its one form: ASCII JSON, keys sorted, no spaces."""
    return _encode(body).encode()


def check_writer(name: object) -> str:
    """Refuse a writer's name that is not lower-case letters, digits and hyphens (63 at most)."""
    if not isinstance(name, str) or not _WRITER.fullmatch(name):
        raise VerifyError("A writer's name is of lower-case letters, digits and hyphens.")
    return name


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise VerifyError("A number in a log entry is out of range.")
    return value


def _hash(value: object) -> bytes:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise VerifyError("A hash in a log entry is not lower-case hex of 32 bytes.")
    return bytes.fromhex(value)
