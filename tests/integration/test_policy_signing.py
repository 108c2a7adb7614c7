"""Signing on a real enclave: the commands, the doors and what opens by which policy."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from conftest import NewDatabase
from doubles.memory_recorder import MemoryRecorder
from doubles.signed import OLGA
from doubles.signed_house import BASE, LOOSER, RUN, TIGHTER, UNSIGNED, House, make_house
from klover import assemble
from klover.adopt import (
    Texts,
    keep,
    objection,
    outdated,
    pin,
    propose,
    read_standing,
    take_objection,
)
from klover.cli import app
from klover.errors import CheckFailed, InputError, KloverError, VerifyError
from klover.event import PolicyAdopted
from klover.log.files import list_entries
from klover.policy import change_take
from klover.policy.change import State, advance
from klover.policy.diff import diff
from klover.policy.difference import Difference, Direction
from klover.policy.model import Policy
from klover.policy.statement import Point
from klover.store.connect import connect
from klover.store.embedded import Server
from klover.tlog.note import sign_note

ATTACKS = (
    "update klover.policy_entry set policy = replace(policy, 'restricted', 'public')",
    "update klover.policy_entry set at = '2026-01-01T00:00:00.000000+00:00' where number = 1",
    "update klover.policy_entry set kind = 'objection' where number = 2",
    "update klover.policy_entry set at = 'yesterday' where number = 2",
    "delete from klover.policy_entry where number = 2",
    "delete from klover.policy_entry",
    "drop table klover.policy_entry",
    """insert into klover.policy_entry select 3, kind, at, policy, countries, note, link
         from klover.policy_entry where number = 2""",
)


@pytest.fixture
def house(server: Server, standby: Server, new_database: NewDatabase, tmp_path: Path) -> House:
    return make_house(server, standby, new_database(), tmp_path)


def test_the_whole_way(house: House) -> None:
    assert "Nobody signs" in house.ok("policy", "status").output
    path = house.write(BASE)
    missing = house.run("doors", "apply")
    assert isinstance(missing.exception, CheckFailed)
    assert "never put into effect" in str(missing.exception)
    house.begin()
    assert [one["state"] for one in house.status()] == ["in effect"]
    house.ok("doors", "apply")

    house.write(LOOSER)
    refused = house.run("doors", "apply")
    assert isinstance(refused.exception, CheckFailed)
    assert "not the one in effect" in str(refused.exception)
    house.sign(path, "anna")
    alone = house.run("policy", "propose", path)
    assert isinstance(alone.exception, CheckFailed)
    assert "anna has signed, bert could" in str(alone.exception)
    assert [one["state"] for one in house.status()] == ["in effect"]
    house.sign(path, "bert")
    waits = house.ok("policy", "propose", path)
    assert "takes effect in 2d" in waits.output
    refused = house.run("doors", "apply")
    assert "is not in effect before" in str(refused.exception)

    told = house.ok("policy", "status").output.splitlines()
    assert max(map(len, told)) <= 80, told
    assert ": pending" in told[0]
    assert told[2].startswith("   takes effect ")
    assert told[2].endswith(" h left")
    pending = house.status()[-1]
    assert pending["state"] == "pending"
    assert 172_000 < int(str(pending["seconds_left"])) <= 172_800
    stranger = house.run(
        "policy", "object", str(pending["digest"])[:12], "--key", house.key("mallory")
    )
    assert isinstance(stranger.exception, VerifyError)
    house.ok("policy", "object", str(pending["digest"])[:12], "--key", house.key("olga"))
    assert house.status()[-1]["state"] == "objected"

    house.write(TIGHTER)
    house.sign(path, "bert")
    assert "is in effect" in house.ok("policy", "propose", path).output
    house.ok("doors", "apply")
    house.ok("policy", "current", "-o", house.folder / "now.yaml")
    assert (house.folder / "now.yaml").read_text() == TIGHTER


def test_everything_is_on_record(house: House) -> None:
    house.begin()
    path = house.write(LOOSER)
    house.sign(path, "anna", "bert")
    house.ok("policy", "propose", path)
    house.ok("policy", "object", house.status()[-1]["digest"], "--key", house.key("olga"))  # type: ignore[arg-type]  # a text
    deployment = assemble.load_deployment(house.config)
    log = assemble.open_log(deployment)
    try:
        log.integrate()
    finally:
        log.close()
    told = [
        entry.payload
        for entry in list_entries(Path(deployment.log.directory))
        if entry.payload and str(entry.payload["kind"]).startswith("policy-")
    ]
    kinds = [payload["kind"] for payload in told]
    assert kinds == ["policy-proposed", "policy-adopted", "policy-proposed", "policy-objected"]
    assert told[2]["meaning"] == "loosens"
    assert told[2]["signers"] == ["anna", "bert"]
    assert told[2]["replaces"] == told[0]["digest"]
    with connect(house.dsn, what="the enclave") as connection:
        entries = keep.read(connection)
    assert [payload["link"] for payload in (told[0], *told[2:])] == [e.link for e in entries]


def test_whoever_edits_the_table_opens_nothing(house: House) -> None:
    house.begin()
    path = house.write(TIGHTER)
    house.sign(path, "anna")
    house.ok("policy", "propose", path)
    house.write(UNSIGNED)
    with psycopg.connect(house.dsn, autocommit=True) as owner:
        owner.execute("create table klover.kept as select * from klover.policy_entry")
        for attack in ATTACKS:
            owner.execute(attack.encode())
            for words in (("policy", "status"), ("doors", "apply")):
                done = house.run(*words)
                assert isinstance(done.exception, VerifyError), (attack, words, done.output)
            owner.execute("drop table if exists klover.policy_entry")
            owner.execute("create table klover.policy_entry as select * from klover.kept")
    assert len(house.status()) == 2  # the control: put back as it was, it holds


def test_a_standby_that_is_behind_opens_nothing(house: House) -> None:
    house.begin()
    deployment = assemble.load_deployment(house.config)
    pinned = assemble.policy_pin(deployment)
    house.replicate()
    with assemble.open_standby(deployment) as standby:
        assert assemble.policy_in_effect(deployment, standby)[1] is not None
        pin.move(pinned, Point(number=9, link="f" * 64))
        with pytest.raises(VerifyError, match="had 9 before"):
            assemble.policy_in_effect(deployment, standby)


def test_a_running_gateway_is_told_to_stop_by_a_tightening_and_not_by_a_loosening(
    house: House,
) -> None:
    house.begin()
    house.replicate()
    deployment = assemble.load_deployment(house.config)
    with assemble.open_standby(deployment) as standby:
        policy, version = assemble.policy_in_effect(deployment, standby)
    watch = assemble.policy_watch(deployment, policy, version)
    watch()
    path = house.write(LOOSER)
    house.sign(path, "anna", "bert")
    house.ok("policy", "propose", path)
    house.replicate()
    watch()
    with assemble.open_standby(deployment) as standby:
        standing = assemble.policy_standing(deployment, standby)
        assert standing is not None
        later = advance(standing, datetime.now(UTC) + timedelta(days=3))
        assert later.versions[-1].state is State.IN_EFFECT
        assert not outdated(version, policy.digest, later)
    path = house.write(TIGHTER)
    house.sign(path, "anna")
    house.ok("policy", "propose", path)
    house.replicate()
    with pytest.raises(CheckFailed, match="has stopped"):
        watch()


def test_a_trial_goes_on_as_before(house: House) -> None:
    house.write(UNSIGNED)
    house.ok("doors", "apply")
    nothing = house.run("policy", "propose", house.folder / "klover.yaml")
    assert isinstance(nothing.exception, InputError)
    assert "no `signing:`" in str(nothing.exception)
    deployment = assemble.load_deployment(house.config)
    with assemble.open_primary(deployment) as primary:
        policy, version = assemble.policy_in_effect(deployment, primary)
    assert version is None
    assert (
        PolicyAdopted(time="", enclave=policy.enclave, digest="", countries_edition="").payload()[
            "number"
        ]
        == 0
    )


@pytest.mark.parametrize("point", ["record", "commit"])
def test_killed_while_it_is_handed_in(house: House, point: str) -> None:
    house.begin()
    path = house.write(TIGHTER)
    house.sign(path, "anna")
    script = Path(__file__).parents[1] / "doubles" / "killed_change.py"
    log = house.folder / "log"
    (log / "keys").mkdir()
    os.link(house.folder / "keys" / "writer-policy.key", log / "keys" / "writer-policy.key")
    sigs = house.folder / "klover.yaml.sigs"
    done = subprocess.run(
        [sys.executable, script, point, house.dsn, log, path, sigs],
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=120,
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    states = [one["state"] for one in house.status()]
    if point == "record":
        assert states == ["in effect"]
        house.ok("policy", "propose", path)
        states = [one["state"] for one in house.status()]
    assert states == ["replaced", "in effect"]
    house.ok("doors", "apply")


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_is_wrong_dates_nothing(house: House, hours: int) -> None:
    """Dated hours ahead, an entry would shut out every change until then."""
    house.begin()
    path = house.write(LOOSER)
    house.sign(path, "anna", "bert")
    deployment = assemble.load_deployment(house.config)
    with assemble.open_primary(deployment) as primary:
        recorder = MemoryRecorder()
        with pytest.raises(CheckFailed, match="apart; set them right first"):
            propose(
                primary,
                recorder,
                assemble.policy_pin(deployment),
                texts=Texts(policy=LOOSER),
                note=path.with_name("klover.yaml.sigs").read_text(),
                now=datetime.now(UTC) + timedelta(hours=hours),
            )
    assert recorder.events == []
    assert [one["state"] for one in house.status()] == ["in effect"]
    house.ok("policy", "propose", path)


@pytest.mark.parametrize("hours", [-2, 47, 49])
def test_a_clock_that_is_wrong_keeps_no_objection_out(house: House, hours: int) -> None:
    """What waits is in effect when both clocks say so; until then the overseer is in time."""
    house.begin()
    path = house.write(LOOSER)
    house.sign(path, "anna", "bert")
    house.ok("policy", "propose", path)
    deployment = assemble.load_deployment(house.config)
    now = datetime.now(UTC)
    with assemble.open_primary(deployment) as primary:
        pinned = assemble.policy_pin(deployment)
        standing = read_standing(primary, pinned, now)
        assert standing is not None
        assert standing.pending is not None
        text = objection(standing, standing.pending.policy.digest, now).text
        take_objection(
            primary,
            MemoryRecorder(),
            pinned,
            note=sign_note(text, OLGA).encode().decode(),
            now=now + timedelta(hours=hours),
        )
    assert [one["state"] for one in house.status()] == ["in effect", "objected"]


def test_a_stricter_version_opens_nothing_until_the_history_is_begun_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later Klover takes what two people once signed as a tightening for a loosening."""
    house.begin()
    path = house.write(TIGHTER)
    house.sign(path, "anna")
    house.ok("policy", "propose", path)
    monkeypatch.setattr(change_take, "diff", _stricter)
    for words in (("policy", "status"), ("doors", "apply"), ("policy", "propose", str(path))):
        refused = house.run(*words)
        assert isinstance(refused.exception, VerifyError), words
        assert "how to begin the history anew" in str(refused.exception)
    with psycopg.connect(house.dsn, autocommit=True) as owner:
        owner.execute("drop table klover.policy_entry")
    pinned = assemble.policy_pin(assemble.load_deployment(house.config))
    refused = house.run("doors", "apply")
    assert isinstance(refused.exception, VerifyError), "the pin misses what was taken away"
    pinned.rename(pinned.with_suffix(".before"))
    refused = house.run("doors", "apply")
    assert "never put into effect" in str(refused.exception)
    path.with_name("klover.yaml.sigs").unlink()
    house.sign(path, "anna", "bert")
    house.ok("policy", "propose", path)
    assert [one["state"] for one in house.status()] == ["in effect"]
    house.ok("doors", "apply")


def _stricter(old: Policy, new: Policy) -> tuple[Difference, ...]:
    loosens = Difference(direction=Direction.LOOSENS, text="is wider")
    return (*diff(old, new), loosens) if old.digest != new.digest else ()


def test_wrong_input_changes_nothing(house: House) -> None:
    house.begin()
    path = house.write(LOOSER)
    (house.folder / "klover.yaml.sigs").unlink()
    cases: list[tuple[list[str | Path], type[KloverError], str]] = [
        (
            ["policy", "sign", path, "--key", house.key("mallory")],
            InputError,
            "none of the signers",
        ),
        (["policy", "sign", path, "--key", house.key("nobody")], InputError, "cannot be read"),
        (["policy", "propose", path], InputError, "needs signatures"),
        (["policy", "propose", house.folder / "none.yaml"], InputError, "Cannot read"),
        (["policy", "object", "0000", "--key", house.key("olga")], InputError, "No proposal"),
    ]
    for words, kind, word in cases:
        done = house.run(*words)
        assert isinstance(done.exception, kind), (words, done.output)
        assert word in str(done.exception)
    (house.folder / "klover.yaml.sigs").write_text("nothing\n")
    done = house.run("policy", "propose", path)
    assert isinstance(done.exception, VerifyError)
    assert len(house.status()) == 1


def test_a_signer_without_the_enclave(house: House) -> None:
    """Bert signs on his own machine, against the policy in effect that he was given."""
    house.begin()
    house.ok("policy", "current", "-o", house.folder / "now.yaml")
    path = house.write(LOOSER)
    house.sign(path, "anna")
    words = ["policy", "sign", str(path), "--key", str(house.key("bert")), "--yes"]
    away = RUN.invoke(app, [*words, "--replaces", str(house.folder / "now.yaml")])
    assert away.exit_code == 0, away.exception
    house.ok("policy", "propose", path)
    path.with_name("klover.yaml.sigs").unlink()
    alone = RUN.invoke(app, [*words, "--replaces", str(house.folder / "now.yaml")])
    assert isinstance(alone.exception, InputError)


@pytest.mark.parametrize("answer", ["", "n\n"])
def test_nothing_is_signed_unless_somebody_says_so(house: House, answer: str) -> None:
    """A pipe that ends, or a no, is no consent."""
    path = house.write(BASE)
    words = ["policy", "sign", str(path), "--key", str(house.key("anna"))]
    silent = RUN.invoke(app, [*words, "--config", str(house.config)], input=answer)
    assert isinstance(silent.exception, InputError)
    assert not path.with_name("klover.yaml.sigs").exists()


def test_keygen_never_writes_over_a_key(tmp_path: Path) -> None:
    words = ["policy", "keygen", "anna", "-o", str(tmp_path / "anna.key")]
    done = RUN.invoke(app, [*words, "--json"])
    assert json.loads(done.stdout)["key"].startswith("anna+")
    assert (tmp_path / "anna.key").stat().st_mode & 0o777 == 0o600
    assert isinstance(RUN.invoke(app, words).exception, InputError)
    assert isinstance(RUN.invoke(app, ["policy", "keygen", "a b"]).exception, InputError)
