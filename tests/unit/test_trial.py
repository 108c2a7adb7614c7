"""``klover trial`` beside another one: what it holds is not taken away."""

from pathlib import Path

import pytest

from klover.demo import trial
from klover.demo.trial import Options, run
from klover.errors import InputError


def test_what_another_made_in_the_meantime_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It began to make a trial here first, and ended between our first look and our lock."""
    kept = tmp_path / "trial" / "servers" / "elsewhere"

    def made(*_: object, **__: object) -> None:
        kept.mkdir(parents=True)
        (tmp_path / "klover.toml").write_text("")

    monkeypatch.setattr(trial, "_check", made)
    options = Options(directory=tmp_path, schema=None, dsn=None, port=None)
    with pytest.raises(InputError, match="was made just now"), run(options, lambda _: None):
        pytest.fail("nothing is started")
    assert kept.exists()


def test_a_port_for_a_trial_that_has_its_ports_is_refused(tmp_path: Path) -> None:
    (tmp_path / "trial").mkdir()
    (tmp_path / "trial" / "lock").touch()
    (tmp_path / "klover.toml").touch()
    options = Options(directory=tmp_path, schema=None, dsn=None, port=7000)
    with pytest.raises(InputError, match="change its ports in"), run(options, lambda _: None):
        pytest.fail("nothing is started")
