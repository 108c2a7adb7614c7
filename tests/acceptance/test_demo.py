"""The main job, run as a stranger runs it: one command, a summary, nothing left behind."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from doubles.ports import free_ports

KLOVER = str(Path(sys.executable).with_name("klover"))


def command_lines() -> Iterator[str]:
    """List what runs on this machine, from /proc."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            yield path.read_bytes().replace(b"\0", b" ").decode(errors="replace")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [KLOVER, "demo", *arguments], check=False, capture_output=True, text=True, timeout=300
    )


@pytest.fixture(scope="module")
def summary() -> dict[str, Any]:
    port = free_ports()[0]
    done = run("--exit", "--json", "--people", "1500", "--port", str(port))
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "the gateway's port is still open"
    return found


def test_every_check_holds(summary: dict[str, Any]) -> None:
    assert summary["ok"] is True
    assert [check for check in summary["checks"] if not check["holds"]] == []
    assert len(summary["checks"]) >= 8


def test_everyone_is_somewhere(summary: dict[str, Any]) -> None:
    subjects = summary["subjects"]
    assert subjects["inside"] + subjects["outside"] == 1500
    assert 0 < subjects["undecided"] < subjects["inside"]


def test_what_moved_is_equal_and_nothing_restricted_is_left(summary: dict[str, Any]) -> None:
    assert summary["rows"]["moved"] == summary["rows"]["equal"] > 0
    assert summary["rows"]["different"] == 0
    assert summary["source"]["restricted_before"] > 0
    assert summary["source"]["restricted_left"] == 0


def test_the_american_feed_works_before_and_after(summary: dict[str, Any]) -> None:
    assert summary["feed"]["before"] == summary["feed"]["after"] > 0


def test_three_people_see_three_truths(summary: dict[str, Any]) -> None:
    let_in = [session for session in summary["sessions"] if session["denied"] is None]
    assert [session["place"] for session in let_in] == ["Dublin", "Singapore", "Beijing"]
    dublin, singapore, beijing = let_in
    assert dublin["refused"] < singapore["refused"] == beijing["refused"]
    assert dublin["door"] != singapore["door"]
    assert all(session["simulated"] for session in summary["sessions"])
    (intruder,) = (session for session in summary["sessions"] if session["denied"] is not None)
    assert intruder["place"] == "Beijing"
    assert intruder["door"] is None


def test_the_log_is_verified_and_forgeries_are_caught(summary: dict[str, Any]) -> None:
    log = summary["log"]
    asked = sum(session["statements"] for session in summary["sessions"])
    assert log["verified"] is True
    assert log["tampered_detected"] is True
    assert log["resigned_detected"] is True
    assert log["statements_recorded"] == asked > 0
    assert len(log["cosigned_by"]) == 1


def test_it_says_what_it_does_not_prove(summary: dict[str, Any]) -> None:
    assert len(summary["not_proved"]) >= 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--port", "80"), "out of range"),
        (("--people", "3"), "people"),
        (("--people", "many"), "'--people'"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_two(
    arguments: tuple[str, ...], sentence: str
) -> None:
    done = run("--exit", *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_told_before_anything_starts() -> None:
    port = free_ports()[0]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + 1))
        taken.listen()
        done = run("--exit", "--port", str(port))
    assert done.returncode == 2
    assert f"Port {port + 1} is in use" in done.stderr


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    done = run("--exit", "--dir", str(tmp_path), "--port", str(free_ports()[0]))
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_it_stays_open_to_be_tried_and_ctrl_c_leaves_nothing() -> None:
    port = free_ports()[0]
    process = subprocess.Popen(
        [KLOVER, "demo", "--people", "200", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said: list[str] = []
    scripts: list[str] = []
    try:
        for line in process.stdout:
            said.append(line)
            scripts += [word for word in line.split() if "/psql-" in word]
            if line.startswith("Ctrl-C"):
                break
        assert len(scripts) == 3, "".join(said)
        folder = Path(scripts[0]).parent
        query = "select count(*), (select pg_typeof(id) from accounts limit 1) from accounts"
        seen = [
            subprocess.run(
                [script, "-X", "-A", "-t", "-c", query],
                check=True,
                capture_output=True,
                text=True,
                timeout=240,
            ).stdout.strip()
            for script in scripts
        ]
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(240) == 0, rest
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    people, _, kind = seen[0].partition("|")
    assert int(people) > 0
    assert kind == "bigint"
    assert seen[1:] == [f"{people}|uuid"] * 2
    assert not folder.exists()
    for number in range(port, port + 3):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", number)) != 0
    assert not [line for line in command_lines() if str(folder) in line]
