"""Payloads, beside the tree: one text file for 256 entries, a line for each payload.

``index salt payload`` (decimal, hex, JSON), or ``index erased``. A payload can be erased without
touching the tree: its entry stays, and so does the chain. Entries of the log's own have no line.
These files rest where personal data may rest and are never served with the tiles.
"""

from dataclasses import dataclass
from pathlib import Path

from klover.errors import VerifyError
from klover.tlog.tile import WIDTH, bundle_path

_ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What stands in the payload files for an entry; both are None once it was erased."""

    salt: bytes | None
    payload: bytes | None

    @property
    def erased(self) -> bool:
        """Whether the line says so."""
        return self.payload is None


GONE = Stored(salt=None, payload=None)


def payload_path(bundle: int) -> str:
    """Tell the path of the payloads of entry bundle ``bundle``, below the log's folder."""
    return bundle_path(bundle).replace("tile/entries/", "payload/", 1)


def encode_payloads(stored: dict[int, Stored]) -> bytes:
    """Write a payload file."""
    lines = []
    for index in sorted(stored):
        one = stored[index]
        if one.salt is None or one.payload is None:
            lines.append(f"{index} {_ERASED}\n".encode())
        else:
            lines.append(f"{index} {one.salt.hex()} ".encode() + one.payload + b"\n")
    return b"".join(lines)


def decode_payloads(data: bytes, bundle: int) -> dict[int, Stored]:
    """Read a payload file. Raises VerifyError unless it encodes again to the same bytes."""
    stored: dict[int, Stored] = {}
    try:
        for line in data.split(b"\n")[:-1]:
            number, _, rest = line.partition(b" ")
            salt, _, payload = rest.partition(b" ")
            erased = rest == _ERASED.encode()
            one = GONE if erased else Stored(salt=bytes.fromhex(salt.decode()), payload=payload)
            stored[int(number)] = one
    except ValueError:
        raise VerifyError(f"{payload_path(bundle)} is damaged.") from None
    if any(index // WIDTH != bundle for index in stored) or encode_payloads(stored) != data:
        raise VerifyError(f"{payload_path(bundle)} is damaged.")
    return stored


def read_payloads(directory: Path, bundle: int) -> dict[int, Stored]:
    """Read the payload file of a bundle; empty where there is none. Raises VerifyError."""
    try:
        data = (directory / payload_path(bundle)).read_bytes()
    except FileNotFoundError:
        return {}
    return decode_payloads(data, bundle)
