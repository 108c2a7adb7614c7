"""Messages read strictly from their frames, those of a client and those of a server.

What is accepted encodes to the bytes it came as: a field that runs short, a byte left over or a
code that the manual does not list refuses the whole message with a WireError.
https://www.postgresql.org/docs/18/protocol-message-formats.html
"""

from collections.abc import Callable, Mapping

from klover.errors import WireError
from klover.wire import backend, frontend
from klover.wire.backend import Backend
from klover.wire.fields import Reader
from klover.wire.framing import Frame
from klover.wire.frontend import Frontend


def parse_frontend(frame: Frame) -> Frontend:
    """Read one message of a client. Raises WireError for unknown types and malformed bodies."""
    known = _OF_CLIENT.get(frame.kind)
    if known is None:
        raise WireError("A message of an unknown type arrived; the session cannot go on.")
    name, read = known
    reader = Reader(frame.body, name)
    found = read(reader)
    reader.done()
    return found


def parse_backend(frame: Frame) -> Backend:
    """Read one message of a server. Raises WireError for unknown types and malformed bodies."""
    read = _OF_SERVER.get(frame.kind)
    if read is None:
        raise WireError("The server sent a message of a type that is not expected here.")
    reader = Reader(frame.body, f"server's {chr(frame.kind)!r}")
    found = read(reader)
    reader.done()
    return found


def _formats(reader: Reader) -> tuple[int, ...]:
    return tuple(reader.int16() for _ in range(reader.int16()))


def _parse(reader: Reader) -> frontend.Parse:
    name, sql = reader.cstring(), reader.cstring()
    return frontend.Parse(
        name=name, sql=sql, types=tuple(reader.oid() for _ in range(reader.int16()))
    )


def _bind(reader: Reader) -> frontend.Bind:
    portal, statement = reader.cstring(), reader.cstring()
    formats = _formats(reader)
    values = tuple(reader.value() for _ in range(reader.int16()))
    return frontend.Bind(
        portal=portal,
        statement=statement,
        formats=formats,
        values=values,
        result_formats=_formats(reader),
    )


def _target(reader: Reader) -> bytes:
    target = reader.byte()
    if target not in {b"S", b"P"}:
        raise WireError("A Describe or Close message names neither a statement nor a portal.")
    return target


def _describe(reader: Reader) -> frontend.Describe:
    return frontend.Describe(target=_target(reader), name=reader.cstring())


def _close(reader: Reader) -> frontend.Close:
    return frontend.Close(target=_target(reader), name=reader.cstring())


def _execute(reader: Reader) -> frontend.Execute:
    portal = reader.cstring()
    return frontend.Execute(portal=portal, max_rows=reader.int32())


def _fields(reader: Reader) -> Mapping[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    while (letter := reader.byte()) != b"\0":
        if letter in found:
            raise WireError("A server's error names a field twice.")
        found[letter] = reader.cstring()
    return found


def _status(reader: Reader) -> backend.ReadyForQuery:
    status = reader.byte()
    if status not in {b"I", b"T", b"E"}:
        raise WireError("The server is ready in a state that is not known.")
    return backend.ReadyForQuery(status=status)


def _field(reader: Reader) -> backend.Field:
    return backend.Field(
        name=reader.cstring(),
        table=reader.oid(),
        attribute=reader.signed16(),
        type=reader.oid(),
        size=reader.signed16(),
        modifier=reader.int32(),
        format=reader.int16(),
    )


def _copy_out(reader: Reader) -> backend.CopyOutResponse:
    format_ = reader.byte()[0]
    columns = tuple(reader.int16() for _ in range(reader.int16()))
    return backend.CopyOutResponse(format=format_, columns=columns)


def _negotiate(reader: Reader) -> backend.NegotiateProtocolVersion:
    version = reader.int32()
    if version >> 16 != 3:  # noqa: PLR2004 - protocol 3
        raise WireError("The server speaks no protocol 3.")
    count = reader.int32()
    if count < 0:
        raise WireError("The server names a negative number of options.")
    options = tuple(reader.cstring() for _ in range(count))
    return backend.NegotiateProtocolVersion(minor=version & 0xFFFF, options=options)


def _bare(kind: bytes) -> Callable[[Reader], Backend]:
    return lambda _: backend.Bare(kind=kind)


_OF_CLIENT: Mapping[int, tuple[str, Callable[[Reader], Frontend]]] = {
    ord("Q"): ("Query", lambda reader: frontend.Query(sql=reader.cstring())),
    ord("P"): ("Parse", _parse),
    ord("B"): ("Bind", _bind),
    ord("D"): ("Describe", _describe),
    ord("C"): ("Close", _close),
    ord("E"): ("Execute", _execute),
    ord("S"): ("Sync", lambda _: frontend.Sync()),
    ord("H"): ("Flush", lambda _: frontend.Flush()),
    ord("X"): ("Terminate", lambda _: frontend.Terminate()),
    ord("F"): ("FunctionCall", lambda reader: frontend.FunctionCall(body=reader.rest())),
    ord("d"): ("CopyData", lambda reader: frontend.CopyData(data=reader.rest())),
    ord("c"): ("CopyDone", lambda _: frontend.CopyDone()),
    ord("f"): ("CopyFail", lambda reader: frontend.CopyFail(reason=reader.cstring())),
    ord("p"): ("Password", lambda reader: frontend.PasswordMessage(password=reader.cstring())),
}
_OF_SERVER: Mapping[int, Callable[[Reader], Backend]] = {
    ord("R"): lambda reader: backend.Authentication(code=reader.int32(), data=reader.rest()),
    ord("S"): lambda reader: backend.ParameterStatus(name=reader.cstring(), value=reader.cstring()),
    ord("K"): lambda reader: backend.BackendKeyData(
        process_id=reader.int32(), secret=reader.rest()
    ),
    ord("Z"): _status,
    ord("T"): lambda reader: backend.RowDescription(
        fields=tuple(_field(reader) for _ in range(reader.int16()))
    ),
    ord("D"): lambda reader: backend.DataRow(
        values=tuple(reader.value() for _ in range(reader.int16()))
    ),
    ord("C"): lambda reader: backend.CommandComplete(tag=reader.cstring()),
    ord("E"): lambda reader: backend.ErrorResponse(fields=_fields(reader)),
    ord("N"): lambda reader: backend.NoticeResponse(fields=_fields(reader)),
    ord("H"): _copy_out,
    ord("d"): lambda reader: backend.CopyData(data=reader.rest()),
    ord("t"): lambda reader: backend.ParameterDescription(
        types=tuple(reader.oid() for _ in range(reader.int16()))
    ),
    ord("v"): _negotiate,
    **{ord(kind): _bare(kind) for kind in (b"1", b"2", b"3", b"n", b"I", b"s", b"c")},
}
