"""The messages that open a connection; none has a type byte.

``parse`` tells them apart by the code that stands where a StartupMessage has its version.
Protocol 3.2 lengthens the secret key of BackendKeyData and CancelRequest to up to 256 bytes.
https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-START-UP
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from klover.errors import WireError
from klover.wire.fields import Reader, cstring, int32

MAX_STARTUP = 10_000
"""Bytes of a startup message; Postgres' own MAX_STARTUP_PACKET_LENGTH."""
VERSION_3_0 = 3 << 16
VERSION_3_2 = 3 << 16 | 2
SSL_CODE = 80877103
GSSENC_CODE = 80877104
CANCEL_CODE = 80877102
MAX_SECRET = 256
_MIN_SECRET = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class StartupMessage:
    """A client asks for a session. ``version`` is major and minor in 16 bits each."""

    version: int
    parameters: Mapping[str, str]

    def encode(self) -> bytes:
        """Encode it, parameters in their order."""
        body = int32(self.version)
        for name, content in self.parameters.items():
            body += cstring(name.encode()) + cstring(content.encode())
        return _framed(body + b"\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class SSLRequest:
    """A client asks whether TLS is spoken here."""

    def encode(self) -> bytes:
        """Encode it."""
        return _framed(int32(SSL_CODE))


@dataclass(frozen=True, slots=True, kw_only=True)
class GSSENCRequest:
    """A client asks whether GSSAPI encryption is spoken here."""

    def encode(self) -> bytes:
        """Encode it."""
        return _framed(int32(GSSENC_CODE))


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest:
    """A client asks, on a connection of its own, to cancel what a session is doing."""

    process_id: int
    secret: bytes

    def encode(self) -> bytes:
        """Encode it."""
        return _framed(int32(CANCEL_CODE) + int32(self.process_id) + self.secret)


First = StartupMessage | SSLRequest | GSSENCRequest | CancelRequest


def parse(body: bytes) -> First:
    """Read the first message's body (without its length). Raises WireError."""
    reader = Reader(body, "startup")
    code = reader.int32()
    if code == SSL_CODE:
        reader.done()
        return SSLRequest()
    if code == GSSENC_CODE:
        reader.done()
        return GSSENCRequest()
    if code == CANCEL_CODE:
        process_id = reader.int32()
        secret = reader.rest()
        if not _MIN_SECRET <= len(secret) <= MAX_SECRET:
            raise WireError("A CancelRequest message is malformed.")
        return CancelRequest(process_id=process_id, secret=secret)
    if code >> 16 != VERSION_3_0 >> 16:
        raise WireError("This client speaks no protocol 3; use a Postgres client from 7.4 on.")
    return StartupMessage(version=code, parameters=_parameters(reader))


def _parameters(reader: Reader) -> Mapping[str, str]:
    found: dict[str, str] = {}
    while name := reader.cstring():
        content = reader.cstring()
        try:
            key = name.decode()
            if key in found:
                raise WireError("A startup parameter is given twice.")
            found[key] = content.decode()
        except UnicodeDecodeError:
            raise WireError("A startup parameter is not UTF-8 text.") from None
    reader.done()
    return MappingProxyType(found)


def _framed(body: bytes) -> bytes:
    return int32(len(body) + 4) + body
