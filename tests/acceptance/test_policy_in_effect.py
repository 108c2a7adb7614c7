"""A running gateway and the policy in effect: it opens by no other, and a tightening ends it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from doubles.deployed import Deployed, Done, deployed, klover, up
from doubles.signed import ANNA, BERT, signing
from klover.tlog.key import SignerKey

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place() -> Iterator[Deployed]:
    with deployed() as made:
        yield made


def ok(*words: str | Path) -> Done:
    done = klover(*words)
    assert done.code == 0, done.err
    return done


def put_into_effect(policy: Path, config: Path, *keys: SignerKey) -> None:
    for key in keys:
        file = policy.with_name(f"{key.name}.key")
        file.write_text(key.skey + "\n")
        file.chmod(0o600)
        ok("policy", "sign", policy, "--key", file, "--config", config, "--yes")
    ok("policy", "propose", policy, "--config", config)


def test_a_tightening_ends_a_running_gateway(place: Deployed) -> None:
    config = place.variant("signed", (r"^policy = .*$", 'policy = "signed.yaml"'))
    policy = place.folder / "signed.yaml"
    text = (place.folder / "klover.yaml").read_text()
    text += signing(("anna", ANNA), ("bert", BERT))
    policy.write_text(text)
    klover("up", "--config", config).refused(1, "never put into effect")
    put_into_effect(policy, config, ANNA, BERT)
    ok("doors", "apply", "--config", config)
    klover("up", "--config", place.folder / "klover.toml").refused(1, "not the one in effect")

    tighter = place.folder / "tighter.yaml"
    public = "title:         {class: public"
    assert public in text
    tighter.write_text(text.replace(public, "title:         {class: restricted"))
    with up("--config", config) as running:
        put_into_effect(tighter, config, BERT)
        ended = running.end(signal=None)
    ended.refused(1, "The gateway has stopped", "tighter")
    klover("up", "--config", config).refused(1, "not the one in effect")
    policy.write_bytes(tighter.read_bytes())
    ok("doors", "apply", "--config", config)
    with up("--config", config) as running:
        assert running.end().code == 0
    kinds = ok("log", "show", "--kind", "policy-adopted", "--json", "--config", config).out
    assert [line.count('"number": 2') for line in kinds.splitlines()][-1] == 1
