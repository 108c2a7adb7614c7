"""``klover log`` as a person runs it: show, prove, verify, and what each says when it fails."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from doubles.log_bench import LOG_KEY, WITNESS_KEY, Bench
from klover.cli.groups import log as app
from klover.errors import CheckFailed, ConfigError, InputError, VerifyError
from klover.log.forge import tampered_copy

KEYS = ["--key", LOG_KEY.verifier.vkey, "--witness", WITNESS_KEY.verifier.vkey]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(folder=tmp_path)
    made.write(3)
    made.integrate()
    return made


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_verify_tells_size_root_writers_and_cosignature(bench: Bench) -> None:
    ended = run("verify", bench.log, *KEYS)
    assert ended.exit_code == 0
    assert "4 entries" in ended.output
    assert "The log holds." in ended.output
    told = json.loads(run("verify", bench.log, *KEYS, "--json").output)
    assert (told["ok"], told["size"], told["kinds"]["finding"]) == (True, 4, 3)
    assert told["cosigned_by"] == [{"witness": "overseer.test/witness", "time": 1_795_000_000}]


def test_verify_fails_on_a_tampered_copy_and_says_where(bench: Bench) -> None:
    copy = tampered_copy(bench.log, bench.folder / "copy", 2)
    ended = run("verify", copy, *KEYS)
    assert isinstance(ended.exception, CheckFailed)
    assert "WRONG: The payload of entry 2" in ended.output
    assert json.loads(run("verify", copy, *KEYS, "--json").output)["ok"] is False


def test_verify_says_what_is_wrong_with_its_input(bench: Bench) -> None:
    assert isinstance(run("verify", bench.folder / "none", *KEYS).exception, InputError)
    assert isinstance(run("verify", bench.log, "--key", "nonsense").exception, InputError)


def test_prove_writes_a_proof_that_verifies_alone(bench: Bench) -> None:
    path = bench.folder / "entry.tlog-proof"
    assert run("prove", "2", "--log", bench.log, "-o", path).exit_code == 0
    told = json.loads(run("verify", path, *KEYS, "--json").output)
    assert (told["ok"], told["writer"], told["seq"], told["size"]) == (True, "gateway", 1, 4)
    path.write_bytes(path.read_bytes().replace(b"index 2", b"index 1"))
    assert isinstance(run("verify", path, *KEYS).exception, VerifyError)
    none = run("prove", "4", "--log", bench.log, "-o", path)
    assert isinstance(none.exception, InputError)


def test_show_lists_and_filters(bench: Bench) -> None:
    shown = run("show", "--log", bench.log)
    assert "gateway#1" in shown.output
    assert "writer-admitted" in shown.output
    heads = [line for line in shown.output.splitlines() if not line.startswith(" ")]
    assert [line.split()[0] for line in heads] == ["0", "1", "2", "3"]
    assert "time=" not in shown.output
    assert "vkey=" not in shown.output
    lines = run("show", "--log", bench.log, "--kind", "finding", "--json").output.splitlines()
    assert [json.loads(line)["detail"] for line in lines] == ["0", "1", "2"]
    assert not run("show", "--log", bench.log, "--session", "none", "--json").output


def test_without_a_folder_the_configuration_is_asked(bench: Bench) -> None:
    ended = run("show", "--config", bench.folder / "none.toml")
    assert isinstance(ended.exception, ConfigError)
