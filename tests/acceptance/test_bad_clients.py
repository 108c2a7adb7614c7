"""Clients that should not get in at a real gateway: one sentence each, and a record of it."""

import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from doubles.deployed import Deployed, klover, tells_nobody, up
from klover.demo.deployment import ISSUER, TOKEN_AUDIENCE
from klover.gateway.token import issue, make_keys
from klover.store import embedded

pytestmark = [pytest.mark.xdist_group("one-deployment"), pytest.mark.timeout(600)]

GROUPS = ("trust-safety",)
PURPOSE = "-c klover.purpose=abuse -c klover.reference=CASE-17"
_FEW = 16 * 1024


def token(house: Deployed, **changes: object) -> str:
    """Sign a token as the deployment's issuer does, but for what is changed."""
    said: dict[str, object] = {
        "issuer": ISSUER,
        "audience": TOKEN_AUDIENCE,
        "groups": GROUPS,
        "country": "IE",
        "now": datetime.now(UTC),
        "key": (house.folder / "keys" / "issuer.key").read_text(),
        **changes,
    }
    return issue(
        str(said["key"]),
        issuer=str(said["issuer"]),
        audience=str(said["audience"]),
        subject="mallory",
        groups=list(said["groups"]),  # type: ignore[call-overload]
        country=str(said["country"]),
        now=said["now"],  # type: ignore[arg-type]
        lifetime=timedelta(hours=1),
    )


def ask(house: Deployed, password: str, **changes: str | int) -> str:
    """Connect and ask one thing; tell the sentence of the refusal, empty where let in."""
    wanted: dict[str, str | int] = {
        "host": "127.0.0.1",
        "port": house.ground.ports["Dublin"],
        "dbname": "app",
        "user": "trust-and-safety",
        "options": PURPOSE,
        "sslmode": "verify-full",
        "sslrootcert": str(house.folder / "tls" / "root.pem"),
        **changes,
    }
    try:
        with psycopg.connect(
            psycopg.conninfo.make_conninfo("", password=password, **wanted), connect_timeout=90
        ) as connection:
            connection.execute("select count(*) from accounts")
    except psycopg.OperationalError as error:
        return str(error)
    return ""


def test_whoever_may_not_in_gets_a_sentence_and_a_record(house: Deployed) -> None:
    good = token(house)
    hour = timedelta(hours=1)
    other = make_keys()[0]
    dublin, beijing = house.ground.ports["Dublin"], house.ground.ports["Beijing"]
    cases: list[tuple[str, dict[str, str | int], str]] = [
        ("garbage", {}, "not a valid token"),
        (good[:-8], {}, "not a valid token"),
        (token(house, key=other), {}, "not a valid token"),
        (token(house, now=datetime.now(UTC) - 3 * hour), {}, "expired"),
        (token(house, now=datetime.now(UTC) + hour), {}, "not valid yet"),
        (token(house, issuer="https://evil.example"), {}, "another issuer"),
        (token(house, audience="mail"), {}, "another service"),
        (good, {"options": ""}, "purpose"),
        (good, {"options": "-c klover.purpose=fun -c klover.reference=CASE-1"}, "purpose"),
        (good, {"options": "-c klover.purpose=abuse -c klover.reference=X"}, "reference"),
        (good, {"user": "nobody-knows"}, "audience"),
        (token(house, groups=("cooks",)), {}, "group"),
        (good, {"port": beijing}, "located"),
        (token(house, country="CN"), {"port": dublin}, "located"),
    ]
    with up("--config", house.ground.configuration) as gateway:
        assert not ask(house, good)
        for password, changes, words in cases:
            said = ask(house, password, **changes)
            assert words in said, (words, said)
            assert "Traceback" not in said
            assert "garbage" not in said
            tells_nobody(said)
        plain = ask(house, good, sslmode="disable")
        assert "lets nobody in without TLS" in plain
        klover("up", "--config", house.ground.configuration).refused(1, "Another process holds")
        assert not ask(house, good), "whoever may come in still may"
        done = gateway.end(signal.SIGINT)
    assert done.code == 0, done.err
    assert done.err.splitlines() == ["Stopping: every session is closed and recorded."]
    listed = klover(
        "log", "show", "--kind", "denial", "--json", "--config", house.ground.configuration
    )
    denials = [json.loads(line) for line in listed.out.splitlines()]
    assert len(denials) == len(cases)
    tells_nobody(listed.out)
    vkey = (house.folder / "keys" / "log.vkey").read_text().strip()
    verified = klover("log", "verify", house.folder / "log", "--key", vkey, "--json").json()
    assert isinstance(verified, dict)
    assert verified["ok"] is True
    proof = house.folder / "one.tlog-proof"
    klover(
        "log", "prove", "0", "-o", proof, "--json", "--config", house.ground.configuration
    ).json()
    klover("log", "verify", proof, "--key", vkey, "--json").json()
    # The same log with another key, or with a witness that never cosigned.
    stranger, witness = strangers(house.folder)
    klover("log", "verify", house.folder / "log", "--key", stranger).refused(1)
    klover("log", "verify", house.folder / "log", "--key", vkey, "--witness", witness).refused(1)


def test_a_log_whose_disk_is_full_ends_the_gateway_and_loses_nothing(house: Deployed) -> None:
    log = (r'^directory = "log"$', 'directory = "full-log"')
    config = house.variant("full-log", log, (r'^keys = "keys"$', 'keys = "full-keys"'))
    good = token(house)
    with up("--config", config, file_bytes=_FEW) as gateway:
        said = [ask(house, good) for _ in range(200) if gateway.process.poll() is None]
        refused = [sentence for sentence in said if sentence]
        assert said[0] == ""
        assert refused or len(said) < 200, "the disk never was full"
        done = gateway.end(signal=None)
    done.refused(1, "The gateway has stopped", "full-log")
    let_in = len(said) - len(refused)
    vkey = (house.folder / "full-keys" / "log.vkey").read_text().strip()
    with up("--config", config) as gateway:  # there is room again
        assert not ask(house, good)
        assert gateway.end().code == 0
    verified = klover("log", "verify", house.folder / "full-log", "--key", vkey, "--json").json()
    assert isinstance(verified, dict)
    assert verified["kinds"]["intent"] >= let_in + 1, "whoever was answered is on record"


def test_doors_that_are_out_of_reach(house: Deployed) -> None:
    names = (
        (r'^directory = "log"$', 'directory = "far-log"'),
        (r'^keys = "keys"$', 'keys = "far"'),
    )
    nowhere = (r'^host = "/.*$', 'host = "/nonexistent"')
    with up("--config", house.variant("far", nowhere, *names)) as gateway:
        said = ask(house, token(house))
        assert "FATAL:" in said
        assert "Traceback" not in said
        assert gateway.end().code == 0


def test_a_gateway_whose_standby_stops(house: Deployed) -> None:
    """Whoever comes gets a sentence, and the gateway stays."""
    names = (
        (r'^directory = "log"$', 'directory = "gone-log"'),
        (r'^keys = "keys"$', 'keys = "gone"'),
    )
    data = house.folder / "second"
    standby = embedded.create_standby(primary=house.ground.primary, name="second", data=data)
    config = house.variant(
        "gone",
        (r"^standby = .*$", f'standby = "{standby.dsn("app")}"'),
        (r'^host = "/.*$', f'host = "{standby.sockets}"'),
        *names,
    )
    with up("--config", config) as gateway:
        assert not ask(house, token(house))
        standby.stop()
        said = ask(house, token(house))
        assert "FATAL:" in said
        assert "Traceback" not in said
        assert gateway.process.poll() is None
        assert gateway.end().code == 0


def strangers(folder: Path) -> tuple[str, str]:
    """Make the keys of a log and of a witness that nobody has heard of."""
    from klover.demo.deployment import ORIGIN
    from klover.log.keys import create_key

    log = create_key(folder / "stranger.key", ORIGIN)
    witness = create_key(folder / "witness.key", "witness.example/w", witness=True)
    return log.verifier.vkey, witness.verifier.vkey
