"""What somebody tries who wants to be let in: without TLS, with a token made up, as another.

Each has to end in one clear sentence or in a closed connection, and whatever named a principal or
an audience has to be on record.
"""

import base64
import json
import socket
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from doubles.gateway_house import House, hand_made_doors
from doubles.raw_client import RawClient, error_of
from klover.config import Backend
from klover.event import Cancellation, Denial, SessionOpened
from klover.gateway.session import Session
from klover.gateway.token import make_keys
from klover.store.embedded import Server
from klover.wire import backend as answers, frontend
from klover.wire.startup import (
    VERSION_3_0,
    VERSION_3_2,
    CancelRequest,
    GSSENCRequest,
    SSLRequest,
    StartupMessage,
)


@pytest.fixture(scope="module")
def backend(server: Server, standby: Server) -> Iterator[Backend]:
    with hand_made_doors(server, standby) as found:
        yield found


@pytest.fixture
def house(backend: Backend, tmp_path: Path) -> Iterator[House]:
    made = House(folder=tmp_path, backend=backend)
    with made.run():
        yield made


def knock(house: House, listener: int = 0) -> RawClient:
    return RawClient(house.thread.addresses[listener])


def denials(house: House) -> list[Denial]:
    house.thread.stop()
    assert not house.recorded(SessionOpened)
    return house.recorded(Denial)


# Without TLS, or around it ---------------------------------------------------------------------


def test_a_client_without_tls_gets_one_sentence(house: House) -> None:
    with pytest.raises(psycopg.OperationalError, match="without TLS; connect with sslmode"):
        house.connect(sslmode="disable", sslrootcert=None)
    with knock(house) as client:
        client.send(StartupMessage(version=VERSION_3_0, parameters={"user": "trust-and-safety"}))
        severity, sqlstate, _ = error_of(client.until_ready())
    assert (severity, sqlstate) == ("FATAL", "28000")


def test_a_certificate_is_checked_by_the_client(house: House, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    stranger = House(folder=other, backend=house.backend)
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        house.connect(sslrootcert=str(stranger.root))


def test_bytes_before_the_handshake_are_refused(house: House) -> None:
    with knock(house) as client:
        smuggled = StartupMessage(version=VERSION_3_0, parameters={"user": "trust-and-safety"})
        client.socket.sendall(SSLRequest().encode() + smuggled.encode())
        assert client.read() is None


def test_gssapi_is_declined_and_tls_still_asked_for(house: House) -> None:
    with knock(house) as client:
        client.socket.sendall(GSSENCRequest().encode())
        assert client.socket.recv(1) == b"N"
        client.encrypt(house.root)
        assert isinstance(client.log_in(house.token())[-1], answers.ReadyForQuery)


def test_direct_tls_needs_its_protocol_named(house: House) -> None:
    with knock(house) as client:
        client.encrypt(house.root, ask=False)
        assert isinstance(client.log_in(house.token())[-1], answers.ReadyForQuery)
    with knock(house) as client:
        client.encrypt(house.root, ask=False, alpn=None)
        client.send(StartupMessage(version=VERSION_3_0, parameters={"user": "trust-and-safety"}))
        assert client.read() is None


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        struct.pack("!ii", 1 << 30, VERSION_3_0),
        struct.pack("!ii", -1, VERSION_3_0),
        struct.pack("!ii", 7, VERSION_3_0),
        struct.pack("!ii", 8, 2 << 16),
        struct.pack("!ii", 10_001, VERSION_3_0) + b"x" * 9_993,
        b"\0\0\0\x09" + struct.pack("!i", 80877103) + b"x",
    ],
)
def test_first_bytes_that_are_not_postgres_end_the_connection(house: House, first: bytes) -> None:
    with knock(house) as client:
        client.socket.sendall(first)
        assert client.read() is None
    with house.connect() as fine:
        assert fine.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize(
    "first",
    [
        struct.pack("!ii", 1 << 30, VERSION_3_0),
        struct.pack("!ii", -1, VERSION_3_0),
        SSLRequest().encode(),
        StartupMessage(version=VERSION_3_0, parameters={}).encode(),
        StartupMessage(version=VERSION_3_0, parameters={"user": "x"}).encode()[:-1] + b"x",
        struct.pack("!ii", 12, VERSION_3_0) + b"a\0\xff\0",
    ],
)
def test_a_malformed_startup_inside_tls_is_refused(house: House, first: bytes) -> None:
    with knock(house).encrypt(house.root) as client:
        client.socket.sendall(first)
        found = client.until_ready()
        assert all(isinstance(one, answers.ErrorResponse) for one in found)


def test_a_client_that_says_nothing_is_not_waited_for(backend: Backend, tmp_path: Path) -> None:
    house = House(folder=tmp_path, backend=backend, login_seconds=0.3)
    with house.run(), knock(house) as silent:
        assert silent.read() is None


def test_nor_one_that_says_nothing_inside_tls(
    backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Session.run
    monkeypatch.setattr(Session, "run", lambda self, _: run(self, 0.3))  # its handshake has time
    house = House(folder=tmp_path, backend=backend)
    with house.run(), knock(house).encrypt(house.root) as half:
        assert half.read() is None


# Tokens ----------------------------------------------------------------------------------------


def _tampered(token: str, header: dict[str, object] | None, claims: dict[str, object]) -> str:
    def part(raw: str) -> dict[str, object]:
        found = json.loads(base64.urlsafe_b64decode(raw + "=="))
        assert isinstance(found, dict)
        return found

    def text(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    head, body, signature = token.split(".")
    changed = text({**part(head), **header}) if header is not None else head
    return f"{changed}.{text({**part(body), **claims})}.{signature}"


def test_tokens_that_are_not_the_issuers_are_refused(house: House) -> None:
    now = datetime.now(UTC)
    stranger, _ = make_keys()
    good = house.token()
    unsigned = _tampered(good, {"alg": "none"}, {}).rsplit(".", 1)[0] + "."
    symmetric = _tampered(good, {"alg": "HS256"}, {})
    bad = {
        "another key": house.token(trial_key=stranger),
        "another issuer": house.token(issuer="https://elsewhere.test"),
        "another service": house.token(audience="elsewhere"),
        "expired": house.token(now=now - timedelta(hours=2)),
        "future": house.token(now=now + timedelta(hours=1)),
        "too long": house.token(lifetime=timedelta(days=30)),
        "alg none": unsigned,
        "alg HS256": symmetric,
        "claims changed": _tampered(good, None, {"groups": ["trust-safety"], "sub": "x"}),
        "critical header": _tampered(good, {"crit": ["b64"], "b64": False}, {}),
        "key in header": _tampered(good, {"jwk": {"kty": "OKP"}}, {}),
        "not a token": "secret",
        "empty parts": "..",
    }
    for what, token in bad.items():
        with pytest.raises(psycopg.OperationalError) as refused:
            house.connect(password=token)
        assert "token" in str(refused.value), what
        assert token not in str(refused.value)
    found = denials(house)
    assert len(found) == len(bad)
    assert all(denial.principal is None for denial in found)


def test_an_endless_password_is_refused(house: House) -> None:
    with knock(house).encrypt(house.root) as client:
        client.send(StartupMessage(version=VERSION_3_0, parameters={"user": "trust-and-safety"}))
        assert isinstance(client.read(), answers.Authentication)
        client.socket.sendall(struct.pack("!ci", b"p", 100_000) + b"x" * 100)
        assert error_of(client.until_ready())[1] == "08P01"


# The decision ----------------------------------------------------------------------------------


def test_where_somebody_sits_decides(house: House) -> None:
    """The claim says Ireland, the network says China: the strictest holds."""
    with pytest.raises(psycopg.OperationalError, match="CN is outside"):
        house.connect(listener=1)
    with pytest.raises(psycopg.OperationalError, match="not known"):
        house.connect(listener=2)
    with pytest.raises(psycopg.OperationalError, match="not known"):
        house.connect(password=house.token(country=None))
    first, second, _ = denials(house)
    assert first.evidence == ("claim IE", "simulated network 10.60.0.0/16 CN")
    assert second.evidence == ("claim IE", "network unknown")
    assert first.principal == "aoife"


def test_a_purpose_and_a_reference_have_to_fit(house: House) -> None:
    for options in (
        "",
        "-c klover.purpose=curiosity -c klover.reference=CASE-1",
        "-c klover.purpose=abuse",
        "-c klover.purpose=abuse -c klover.reference=x",
        "-c klover.purpose=abuse -c klover.reference=CASE-1\\ ",
        "-c klover.else=1",
        "--klover.purpose=abuse -c work_mem=1GB",
        "-c search_path=public",
        "-c session_authorization=klover",
        "-c standard_conforming_strings=off",
        "not options",
    ):
        with pytest.raises(psycopg.OperationalError):
            house.connect(options=options)
    denials(house)


def test_nobody_learns_which_audiences_there_are(house: House) -> None:
    token = house.token(groups=["engineering"])
    sentences = []
    for audience in ("trust-and-safety", "no-such-audience"):
        with pytest.raises(psycopg.OperationalError) as refused:
            house.connect(audience, password=token, options="")
        sentences.append(str(refused.value).split("FATAL:")[1])
    assert sentences[0] == sentences[1]
    assert {denial.audience for denial in denials(house)} == {"trust-and-safety", "unknown"}


@pytest.mark.parametrize(
    ("groups", "listener", "user", "told"),
    [
        (["engineering", "trust-safety"], 0, "me", "trust-and-safety or engineering-abroad"),
        (["engineering", "trust-safety"], 1, "me", "engineering-abroad"),
        (["engineering", "trust-safety"], 1, "trust-and-safety", "engineering-abroad"),
        (["engineering"], 0, "trust-and-safety", "engineering-abroad"),
        (["accounting"], 0, "me", None),
        (["trust-safety"], 1, "me", None),
        (["trust-safety"], 1, "trust-and-safety", None),
    ],
)
def test_who_names_none_that_fits_is_told_those_that_do_and_no_others(
    house: House, groups: list[str], listener: int, user: str, told: str | None
) -> None:
    with pytest.raises(psycopg.OperationalError) as refused:
        house.connect(user, listener, password=house.token(groups=groups), options="")
    sentence = str(refused.value)
    assert "Denied: " in sentence
    if told is not None:
        assert sentence.rstrip().endswith(f"You can enter as {told}: give that as the user name.")
    else:
        assert "You can enter" not in sentence
        assert "engineering-abroad" not in sentence
    assert "You can enter" not in denials(house)[0].reason


def test_replication_is_not_spoken(house: House) -> None:
    for word in ("true", "database", "on", "1"):
        with knock(house).encrypt(house.root) as client:
            found = client.log_in(house.token(), replication=word)
            assert error_of(found)[2].startswith("Replication is not spoken")


# Cancelling ------------------------------------------------------------------------------------


def test_a_wrong_cancel_key_does_nothing_and_says_nothing(house: House) -> None:
    with knock(house).encrypt(house.root) as client:
        greeting = client.log_in(house.token(), version=VERSION_3_2)
        (key,) = [one for one in greeting if isinstance(one, answers.BackendKeyData)]
        assert len(key.secret) == 32
        almost = key.secret[:-1] + bytes([key.secret[-1] ^ 1])
        for secret in (b"\0" * 32, key.secret[:4], almost, b"\xff" * 256):
            with knock(house) as stranger:
                request = CancelRequest(process_id=key.process_id, secret=secret)
                stranger.socket.sendall(request.encode())
                assert stranger.read() is None
        client.send(frontend.Query(sql=b"select pg_sleep(0.2)"))
        found = client.until_ready()
        assert not [one for one in found if isinstance(one, answers.ErrorResponse)]
    house.thread.stop()
    assert not house.recorded(Cancellation)


def test_the_stores_own_cancel_key_is_never_shown(house: House) -> None:
    with knock(house).encrypt(house.root) as client:
        greeting = client.log_in(house.token())
        (key,) = [one for one in greeting if isinstance(one, answers.BackendKeyData)]
        client.send(frontend.Query(sql=b"select pg_backend_pid()"))
        (row,) = [one for one in client.until_ready() if isinstance(one, answers.DataRow)]
        assert row.values[0] != str(key.process_id).encode()


def test_protocol_versions_are_negotiated(house: House) -> None:
    with knock(house).encrypt(house.root) as client:
        found = client.log_in(house.token(), version=3 << 16 | 9999, **{"_pq_.grease": ""})
        assert found[0] == answers.NegotiateProtocolVersion(minor=2, options=(b"_pq_.grease",))
        assert isinstance(found[-1], answers.ReadyForQuery)


def test_many_who_never_log_in_do_not_hinder_others(house: House) -> None:
    waiting = [socket.create_connection(house.thread.addresses[0]) for _ in range(40)]
    try:
        with house.connect() as client:
            assert client.execute("select 1").fetchone() == (1,)
    finally:
        for one in waiting:
            one.close()
