"""Timestamped cosignatures of witnesses, ``cosignature/v1``.

A cosignature says: at this time, the largest consistent tree that the witness saw for this log
has this root. The time is in the signature, eight bytes, seconds since 1970.
https://c2sp.org/tlog-cosignature
"""

import struct

from klover.errors import VerifyError
from klover.tlog.key import SignatureType, SignerKey, VerifierKey

_TIME = struct.Struct(">Q")
_SIGNATURE_BYTES = 64
_MAX_TIME = 2**63 - 1


def cosign(key: SignerKey, text: str, time: int) -> bytes:
    """Sign a checkpoint's text at ``time``; returns the 72 bytes of the signature."""
    if key.type is not SignatureType.COSIGNATURE:
        raise VerifyError(f"The key {key.name} is not a witness key (type 4).")
    return _TIME.pack(time) + key.sign(_message(text, time))


def check_cosignature(key: VerifierKey, text: str, signature: bytes) -> int:
    """Check a cosignature; returns its time. Raises VerifyError."""
    if len(signature) != _TIME.size + _SIGNATURE_BYTES:
        raise VerifyError(f"The cosignature by {key.name} has the wrong length.")
    (time,) = _TIME.unpack_from(signature)
    if time > _MAX_TIME:
        raise VerifyError(f"The cosignature by {key.name} has an impossible time.")
    key.check(_message(text, time), signature[_TIME.size :])
    return int(time)


def _message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
