"""Keys of signed notes: a name, a signature type, and an Ed25519 key.

Text forms are those of Go's ``sumdb/note``: a verifier key (vkey) is ``name+hash+base64`` and may
be published; a signer key (skey) begins ``PRIVATE+KEY+`` and is a secret. The key ID binds name,
type and public key. https://c2sp.org/signed-note
"""

import base64
import binascii
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from klover.errors import VerifyError

_KEY_BYTES = 32
_PRIVATE = "PRIVATE+KEY+"
_FIRST_PRINTABLE = 0x20


class SignatureType(IntEnum):
    """The first byte of an encoded key."""

    NOTE = 1
    """A plain Ed25519 signature of a note's text."""
    COSIGNATURE = 4
    """A timestamped cosignature by a witness, https://c2sp.org/tlog-cosignature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A public key with its name and type."""

    name: str
    type: SignatureType
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that, with the name, identify the key in a signature line."""
        material = self.name.encode() + b"\n" + bytes([self.type]) + self.public
        return sha256(material).digest()[:4]

    @property
    def vkey(self) -> str:
        """The text to publish."""
        encoded = base64.b64encode(bytes([self.type]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read a vkey. Raises VerifyError on anything that is not exactly one."""
        name, _, rest = text.partition("+")
        material = decode_base64(rest.partition("+")[2], "the verifier key")
        key = cls(name=check_name(name), type=_type(material), public=material[1:])
        if len(key.public) != _KEY_BYTES or key.vkey != text:
            raise VerifyError("A verifier key has the form name+hash+base64; this one is damaged.")
        return key

    def check(self, message: bytes, signature: bytes) -> None:
        """Check a bare Ed25519 signature. Raises VerifyError."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise VerifyError(f"A signature by {self.name} does not verify.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerKey:
    """A private key with its name and type. Its text is a secret and never shown by ``repr``."""

    name: str
    type: SignatureType
    seed: bytes = field(repr=False)
    _private: Ed25519PrivateKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        object.__setattr__(self, "_private", private)

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        public = self._private.public_key().public_bytes_raw()
        return VerifierKey(name=self.name, type=self.type, public=public)

    @property
    def skey(self) -> str:
        """The secret's text."""
        encoded = base64.b64encode(bytes([self.type]) + self.seed).decode()
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{encoded}"

    @classmethod
    def parse(cls, text: str) -> "SignerKey":
        """Read an skey. Raises VerifyError without repeating any of it."""
        name, _, rest = text.removeprefix(_PRIVATE).partition("+")
        material = decode_base64(rest.partition("+")[2], "the signing key")
        if not text.startswith(_PRIVATE) or len(material) != _KEY_BYTES + 1:
            raise VerifyError("A signing key has the form PRIVATE+KEY+name+hash+base64.")
        key = cls(name=name, type=_type(material), seed=material[1:])
        if key.skey != text:
            raise VerifyError("The signing key is damaged: its hash does not fit.")
        return key

    def sign(self, message: bytes) -> bytes:
        """Make a bare Ed25519 signature of 64 bytes."""
        return self._private.sign(message)


def check_name(name: str) -> str:
    """Refuse a key name that is empty or holds a space, a plus sign or a control character."""
    if not name or "+" in name or any(c.isspace() or ord(c) < _FIRST_PRINTABLE for c in name):
        raise VerifyError("A key's name may hold neither spaces nor plus signs, and is not empty.")
    return name


def decode_base64(text: str, what: str) -> bytes:
    """Read standard base64 that encodes again to the same text. Raises VerifyError."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise VerifyError(f"The base64 of {what} is damaged.") from None
    if base64.b64encode(data).decode() != text:
        raise VerifyError(f"The base64 of {what} is not in its one proper form.")
    return data


def _type(material: bytes) -> SignatureType:
    try:
        return SignatureType(material[0])
    except (ValueError, IndexError):
        raise VerifyError("The key is of a type that is not understood (known: 1, 4).") from None
