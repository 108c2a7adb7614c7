"""A client that speaks the protocol by hand, to do what no driver would."""

import socket
import ssl
from pathlib import Path
from typing import Self

from klover.wire import backend, frontend
from klover.wire.framing import Frames
from klover.wire.parse import parse_backend
from klover.wire.startup import VERSION_3_0, SSLRequest, StartupMessage

_SECONDS = 90.0


class RawClient:
    """A socket, in TLS once ``encrypt`` was called."""

    def __init__(self, address: tuple[str, int], *, unix: str | None = None) -> None:
        if unix is None:
            self.socket = socket.create_connection(address, timeout=_SECONDS)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(_SECONDS)
            self.socket.connect(unix)
        self._frames = Frames(limit=1 << 26)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def encrypt(self, root: Path, *, ask: bool = True, alpn: str | None = "postgresql") -> Self:
        """Go into TLS, after asking or directly."""
        if ask:
            self.socket.sendall(SSLRequest().encode())
            assert self.socket.recv(1) == b"S"
        context = ssl.create_default_context(cafile=str(root))
        if alpn is not None:
            context.set_alpn_protocols([alpn])
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        return self

    def send(self, *messages: frontend.Frontend | StartupMessage) -> None:
        """Send messages in one write."""
        self.socket.sendall(b"".join(message.encode() for message in messages))

    def read(self) -> backend.Backend | None:
        """Read one message; None at the end of the stream."""
        while (frame := self._frames.next()) is None:
            try:
                data = self.socket.recv(1 << 16)
            except (ConnectionResetError, ssl.SSLEOFError):
                return None
            if not data:
                return None
            self._frames.feed(data)
        return parse_backend(frame)

    def until_ready(self) -> list[backend.Backend]:
        """Read up to ReadyForQuery or the end."""
        found: list[backend.Backend] = []
        while (message := self.read()) is not None:
            found.append(message)
            if isinstance(message, backend.ReadyForQuery):
                break
        return found

    def log_in(
        self,
        token: str,
        audience: str = "trust-and-safety",
        *,
        version: int = VERSION_3_0,
        options: str = "-c klover.purpose=abuse -c klover.reference=CASE-7",
        **parameters: str,
    ) -> list[backend.Backend]:
        """Send a startup message and a token; returns everything up to ReadyForQuery."""
        self.send(
            StartupMessage(
                version=version, parameters={"user": audience, "options": options, **parameters}
            )
        )
        first = self.read()
        found = [first] if first is not None else []
        while isinstance(first, backend.NegotiateProtocolVersion):
            first = self.read()
            found += [first] if first is not None else []
        if not isinstance(first, backend.Authentication):
            return found
        self.send(frontend.PasswordMessage(password=token.encode()))
        return found + self.until_ready()


def error_of(messages: list[backend.Backend]) -> tuple[str, str, str]:
    """Tell severity, SQLSTATE and sentence of the only error among messages."""
    (error,) = [one for one in messages if isinstance(one, backend.ErrorResponse)]
    return (
        error.fields[b"S"].decode(),
        error.fields[b"C"].decode(),
        error.fields[b"M"].decode(),
    )
