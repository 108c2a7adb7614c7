"""Every message encodes to bytes that parse to it again, wherever the stream is split."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given, strategies as st

from klover.errors import WireError
from klover.wire import backend, frontend, startup
from klover.wire.framing import Frame, Frames
from klover.wire.parse import parse_backend, parse_frontend
from klover.wire.skim import bind_names, execute_portal

_NO_NUL = st.binary(max_size=40).map(lambda raw: raw.replace(b"\0", b"."))
_INT16 = st.integers(0, 65535)
_INT32 = st.integers(-(1 << 31), (1 << 31) - 1)
_OID = st.integers(0, (1 << 32) - 1)
_SIGNED16 = st.integers(-(1 << 15), (1 << 15) - 1)
_VALUES = st.lists(st.none() | st.binary(max_size=20), max_size=5).map(tuple)
_FORMATS = st.lists(st.integers(0, 1), max_size=5).map(tuple)
_TARGET = st.sampled_from([b"S", b"P"])
_FIELDS = st.dictionaries(
    st.binary(min_size=1, max_size=1).filter(lambda one: one != b"\0"), _NO_NUL, max_size=5
)

_BIND = st.builds(
    frontend.Bind,
    portal=_NO_NUL,
    statement=_NO_NUL,
    formats=_FORMATS,
    values=_VALUES,
    result_formats=_FORMATS,
)
_EXECUTE = st.builds(frontend.Execute, portal=_NO_NUL, max_rows=_INT32)

FRONTEND: st.SearchStrategy[frontend.Frontend] = st.one_of(
    st.builds(frontend.Query, sql=_NO_NUL),
    st.builds(
        frontend.Parse, name=_NO_NUL, sql=_NO_NUL, types=st.lists(_OID, max_size=4).map(tuple)
    ),
    _BIND,
    st.builds(frontend.Describe, target=_TARGET, name=_NO_NUL),
    st.builds(frontend.Close, target=_TARGET, name=_NO_NUL),
    _EXECUTE,
    st.just(frontend.Sync()),
    st.just(frontend.Flush()),
    st.just(frontend.Terminate()),
    st.just(frontend.CopyDone()),
    st.builds(frontend.FunctionCall, body=st.binary(max_size=20)),
    st.builds(frontend.CopyData, data=st.binary(max_size=20)),
    st.builds(frontend.CopyFail, reason=_NO_NUL),
    st.builds(frontend.PasswordMessage, password=_NO_NUL),
)
BACKEND: st.SearchStrategy[backend.Backend] = st.one_of(
    st.builds(backend.Authentication, code=_INT32, data=st.binary(max_size=8)),
    st.builds(backend.ParameterStatus, name=_NO_NUL, value=_NO_NUL),
    st.builds(backend.BackendKeyData, process_id=_INT32, secret=st.binary(max_size=32)),
    st.builds(backend.ReadyForQuery, status=st.sampled_from([b"I", b"T", b"E"])),
    st.builds(
        backend.RowDescription,
        fields=st.lists(
            st.builds(
                backend.Field,
                name=_NO_NUL,
                table=_OID,
                attribute=_SIGNED16,
                type=_OID,
                size=_SIGNED16,
                modifier=_INT32,
                format=_INT16,
            ),
            max_size=4,
        ).map(tuple),
    ),
    st.builds(backend.DataRow, values=_VALUES),
    st.builds(backend.CommandComplete, tag=_NO_NUL),
    st.builds(backend.CopyData, data=st.binary(max_size=20)),
    st.builds(backend.ParameterDescription, types=st.lists(_OID, max_size=4).map(tuple)),
    st.builds(backend.ErrorResponse, fields=_FIELDS),
    st.builds(backend.NoticeResponse, fields=_FIELDS),
    st.builds(backend.CopyOutResponse, format=st.integers(0, 1), columns=_FORMATS),
    st.builds(
        backend.NegotiateProtocolVersion,
        minor=_INT16,
        options=st.lists(_NO_NUL, max_size=3).map(tuple),
    ),
    st.sampled_from(
        [
            backend.PARSE_COMPLETE,
            backend.BIND_COMPLETE,
            backend.CLOSE_COMPLETE,
            backend.NO_DATA,
            backend.EMPTY_QUERY_RESPONSE,
            backend.PORTAL_SUSPENDED,
            backend.COPY_DONE,
        ]
    ),
)
_TEXT = st.text(
    min_size=1, max_size=10, alphabet=st.characters(exclude_characters="\0", codec="utf-8")
)
FIRST: st.SearchStrategy[startup.First] = st.one_of(
    st.just(startup.SSLRequest()),
    st.just(startup.GSSENCRequest()),
    st.builds(startup.CancelRequest, process_id=_INT32, secret=st.binary(min_size=4, max_size=256)),
    st.builds(
        startup.StartupMessage,
        version=st.sampled_from([startup.VERSION_3_0, startup.VERSION_3_2, 3 << 16 | 9999]),
        parameters=st.dictionaries(_TEXT, _TEXT, max_size=5),
    ),
)


def _cut(stream: bytes, pieces: Sequence[int]) -> list[Frame]:
    frames, found, at = Frames(limit=1 << 20), [], 0
    for size in [*pieces, len(stream)]:
        frames.feed(stream[at : at + size])
        at += size
        while (frame := frames.next()) is not None:
            found.append(frame)
    assert len(frames) == 0
    return found


@given(st.lists(FRONTEND, max_size=6), st.lists(st.integers(1, 9), max_size=30))
def test_client_messages_survive_any_split(
    messages: list[frontend.Frontend], pieces: list[int]
) -> None:
    stream = b"".join(message.encode() for message in messages)
    frames = _cut(stream, pieces)
    assert [parse_frontend(frame) for frame in frames] == messages
    assert b"".join(frame.raw for frame in frames) == stream


@given(st.lists(BACKEND, max_size=6), st.lists(st.integers(1, 9), max_size=30))
def test_server_messages_survive_any_split(
    messages: list[backend.Backend], pieces: list[int]
) -> None:
    stream = b"".join(message.encode() for message in messages)
    assert [parse_backend(frame) for frame in _cut(stream, pieces)] == messages


@given(FIRST, st.integers(0, 40))
def test_first_messages_survive_any_split(message: startup.First, at: int) -> None:
    raw = message.encode()
    frames = Frames(limit=startup.MAX_STARTUP)
    frames.feed(raw[:at])
    frames.feed(raw[at:])
    body = frames.first()
    assert body is not None
    assert startup.parse(body) == message


@given(st.binary(min_size=1, max_size=1), st.binary(max_size=60))
def test_what_is_accepted_encodes_to_the_same_bytes(kind: bytes, body: bytes) -> None:
    raw = kind + (len(body) + 4).to_bytes(4, "big") + body
    frame = Frame(kind[0], body, raw)
    for parse in (parse_frontend, parse_backend):
        try:
            message = parse(frame)
        except WireError:
            continue
        assert message.encode() == raw


@st.composite
def _damaged(draw: st.DrawFn) -> Frame:
    """Make a Bind or Execute message, whole or with bytes of its body changed or left out."""
    raw = draw(_BIND | _EXECUTE).encode()
    kind, body = raw[0], bytearray(raw[5:])
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(body)))
        body[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    head = bytes([kind]) + (len(body) + 4).to_bytes(4, "big")
    return Frame(kind, bytes(body), head + body)


_MINUS_TWO = b"\0\0" + b"\0\0" + b"\0\1" + b"\xff\xff\xff\xfe" + b"\0\0"


@given(_damaged())
@example(Frame(ord("B"), _MINUS_TWO, b"B\0\0\0\x10" + _MINUS_TWO))
def test_names_are_told_of_what_parses_and_of_nothing_else(frame: Frame) -> None:
    skim = bind_names if frame.kind == ord("B") else execute_portal
    try:
        message = parse_frontend(frame)
    except WireError:
        with pytest.raises(WireError, match="malformed"):
            skim(frame.body)
        return
    assert isinstance(message, frontend.Bind | frontend.Execute)
    told = message.portal
    whole = (told, message.statement) if isinstance(message, frontend.Bind) else told
    assert skim(frame.body) == whole


@st.composite
def _first_damaged(draw: st.DrawFn) -> bytes:
    """Make the body of a first message, whole or with bytes changed, left out or added."""
    body = bytearray(draw(FIRST).encode()[4:])
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(body)))
        body[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    return bytes(body)


@given(st.binary(min_size=4, max_size=60) | _first_damaged())
def test_a_first_message_that_is_accepted_encodes_to_the_same_bytes(body: bytes) -> None:
    try:
        message = startup.parse(body)
    except WireError:
        return
    assert message.encode() == (len(body) + 4).to_bytes(4, "big") + body


@pytest.mark.parametrize("length", [-(1 << 31), -1, 0, 3, 1 << 20 | 1, (1 << 31) - 1])
def test_a_length_out_of_bounds_is_refused_before_its_body(length: int) -> None:
    frames = Frames(limit=1 << 20)
    frames.feed(b"Q" + length.to_bytes(4, "big", signed=True))
    with pytest.raises(WireError, match="out of bounds"):
        frames.next()
