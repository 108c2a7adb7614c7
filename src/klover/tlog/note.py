"""Signed notes: a text and signature lines under it.

A note's text means nothing until ``open_note`` has checked a signature by a known key. Signatures
by unknown keys are kept and ignored; a bad one by a known key refuses the whole note.
https://c2sp.org/signed-note
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from klover.errors import VerifyError
from klover.tlog.cosignature import check_cosignature
from klover.tlog.key import SignatureType, SignerKey, VerifierKey, check_name, decode_base64

_MAX_BYTES = 1 << 20
_MAX_SIGNATURES = 100
_KEY_ID_BYTES = 4
_CONTROLS = frozenset(map(chr, range(0x20))) - {"\n"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature line: whose, under which key, and the bytes."""

    name: str
    key_id: bytes
    data: bytes

    @property
    def line(self) -> str:
        """The line with its newline."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.data).decode()}\n"

    @classmethod
    def parse(cls, line: str) -> "Signature":
        """Read a line (with its newline)."""
        dash, name, encoded, *rest = [*line.removesuffix("\n").split(" "), "", ""]
        data = decode_base64(encoded, "a signature")
        if dash != "—" or any(rest) or len(data) <= _KEY_ID_BYTES:
            raise VerifyError("A signature line has the form: — name base64.")
        found = cls(name=check_name(name), key_id=data[:_KEY_ID_BYTES], data=data[_KEY_ID_BYTES:])
        if found.line != line:
            raise VerifyError("A signature line is not in its one proper form.")
        return found

    def by(self, key: VerifierKey) -> bool:
        """Tell whether the line claims to be by ``key``."""
        return self.name == key.name and self.key_id == key.key_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A signature that was checked; ``time`` is set for cosignatures (seconds since 1970)."""

    key: VerifierKey
    time: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text that ends in a newline, and its signatures, unchecked."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """Write the note."""
        return (self.text + "\n" + "".join(s.line for s in self.signatures)).encode()

    @classmethod
    def parse(cls, data: bytes) -> "Note":
        """Read a note. Raises VerifyError on anything that does not encode again the same."""
        try:
            whole = data.decode()
        except UnicodeDecodeError:
            raise VerifyError("A signed note must be UTF-8.") from None
        if len(data) > _MAX_BYTES or not _CONTROLS.isdisjoint(whole):
            raise VerifyError("A signed note is too large or holds control characters.")
        text, gap, lines = whole.rpartition("\n\n")
        if not gap or not text or not lines.endswith("\n"):
            raise VerifyError("A signed note is a text, an empty line, and signature lines.")
        found = tuple(Signature.parse(line + "\n") for line in lines[:-1].split("\n"))
        if len(found) > _MAX_SIGNATURES:
            raise VerifyError("A signed note has too many signatures.")
        return cls(text=text + "\n", signatures=found)

    def signed_by(self, *keys: VerifierKey) -> tuple[Verified, ...]:
        """Check every signature by one of ``keys``; returns who signed, in the note's order.

        Raises VerifyError when a signature by one of them is bad. An empty answer means that none
        of them signed.
        """
        return tuple(
            _check(key, self.text, signature.data)
            for signature in self.signatures
            for key in keys
            if signature.by(key)
        )

    def with_signatures(self, added: Iterable[Signature]) -> "Note":
        """Add signatures; a newer one replaces an older one under the same key."""
        fresh = {(s.name, s.key_id): s for s in added}
        kept = tuple(s for s in self.signatures if (s.name, s.key_id) not in fresh)
        return Note(text=self.text, signatures=kept + tuple(fresh.values()))


def sign_note(text: str, key: SignerKey) -> Note:
    """Sign ``text``, which must end in a newline and hold no control characters."""
    if key.type is not SignatureType.NOTE:
        raise VerifyError(f"The key {key.name} signs checkpoints of others only (type 4).")
    if not text.endswith("\n") or not _CONTROLS.isdisjoint(text):
        raise VerifyError("A note's text ends in a newline and holds no control characters.")
    signature = Signature(name=key.name, key_id=key.verifier.key_id, data=key.sign(text.encode()))
    return Note(text=text, signatures=(signature,))


def open_note(data: bytes, *keys: VerifierKey) -> Note:
    """Read a note that at least one of ``keys`` signed. Raises VerifyError otherwise."""
    note = Note.parse(data)
    if not note.signed_by(*keys):
        names = ", ".join(key.name for key in keys) or "nobody"
        raise VerifyError(f"The note is not signed by {names}.")
    return note


def _check(key: VerifierKey, text: str, signature: bytes) -> Verified:
    if key.type is SignatureType.COSIGNATURE:
        return Verified(key=key, time=check_cosignature(key, text, signature))
    key.check(text.encode(), signature)
    return Verified(key=key)
