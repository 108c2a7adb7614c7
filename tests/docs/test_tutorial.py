"""The tutorial, followed to the letter: its commands are run, its edits are made."""

import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from doubles.deployed import KLOVER, environment
from doubles.ports import free_ports
from klover.demo import people
from klover.store import embedded
from klover.store.binaries import Binaries
from klover.store.connect import connect

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
FIRST_PORT = 6432


def steps() -> list[tuple[str, str]]:
    """List the blocks in their order: ``sh`` to run, ``diff`` to make."""
    return re.findall(r"```(sh|diff)\n(.*?)```", TUTORIAL, re.DOTALL)


@pytest.fixture(scope="module")
def place(binaries: Binaries) -> Iterator[Path]:
    """Make a folder with ``app.sql``: an application's tables and its 120 people."""
    folder = Path(tempfile.mkdtemp(prefix="klover-tutorial-"))
    folder.chmod(0o711)
    with embedded.scratch(name="app", binaries=binaries) as server:
        with connect(server.dsn(), what="the application") as connection:
            people.create_application(connection)
            people.populate(connection, people=120, seed=7, progress=lambda *_: None)
        dump = [binaries.program("pg_dump"), "--file", str(folder / "app.sql")]
        subprocess.run([*dump, server.dsn()], check=True, timeout=120)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def open_terminal(words: list[str], folder: Path) -> Iterator[str]:
    """Run a command in a terminal of its own; gives what it said when it was ready."""
    process = subprocess.Popen(
        [KLOVER, *words], cwd=folder, stdout=subprocess.PIPE, text=True, env=environment()
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        yield said
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=240)
    assert process.returncode == 0, said


class Reader:
    """Somebody who does what the tutorial says, in one terminal and in those left open."""

    def __init__(self, place: Path, stack: ExitStack) -> None:
        self.folder = place
        self.dsn = ""
        self.said: dict[str, str] = {}
        self._stack = stack
        self._port = free_ports()[0]
        self._trial = ""

    def follow(self, line: str) -> None:
        """Do one line; what it should refuse has to be refused."""
        words = shlex.split(line, comments=True)
        if words[0] == "pg_dump":
            assert line.endswith("> app.sql")
        elif words[:2] == ["klover", "trial"]:
            more = [*words[1:], "--port", str(self._port)]
            self._trial = self._stack.enter_context(open_terminal(more, self.folder))
        elif words[0] == "cd":
            self.folder /= words[1]
            assert f"cd {self.folder}" in self._trial
        elif words[0] == "export":
            (export,) = re.findall(r"export KLOVER_DSN='(.*)'", self._trial)
            assert words[1].startswith("KLOVER_DSN=")
            self.dsn = export
        elif line == "klover up":
            self._stack.enter_context(open_terminal(["up"], self.folder))
        else:
            self.said[line] = self._run(words, refused=line.endswith("# refused"))

    def _run(self, words: list[str], *, refused: bool) -> str:
        assert words[0] == "klover"
        ports = {str(FIRST_PORT + office): str(self._port + office) for office in range(3)}
        done = subprocess.run(
            [KLOVER, *(ports.get(word, word) for word in words[1:])],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={**environment(), "KLOVER_DSN": self.dsn, "PAGER": "cat"},
            stdin=subprocess.DEVNULL,
            timeout=240,
        )
        told = f"{words}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        assert done.returncode == (2 if refused else 0), told
        return done.stderr if refused else done.stdout

    def edit(self, diff: str) -> None:
        """Make one edit of the policy; what it takes out has to be there, once."""
        policy = self.folder / "klover.yaml"
        lines = diff.splitlines()
        before = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
        after = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
        # The tutorial shows lines without how sure they are.
        text = policy.read_text(encoding="utf-8")
        plain = re.sub(r" {2,}# \d\.\d(: .*)?$", "", text, flags=re.MULTILINE)
        assert plain.count(before) == 1, before
        policy.write_text(plain.replace(before, after), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_tutorial_works_as_written(place: Path) -> None:
    kinds = [kind for kind, _ in steps()]
    assert kinds.count("diff") == 5
    with ExitStack() as stack:
        reader = Reader(place, stack)
        for kind, block in steps():
            if kind == "diff":
                reader.edit(block)
                continue
            for line in block.splitlines():
                reader.follow(line)
        said = reader.said
    assert len(said) == 15
    (check,) = (out for line, out in said.items() if "policy check" in line)
    assert "holds" in check
    (why,) = (out for line, out in said.items() if "accounts.email" in line)
    assert "restricted" in why
    assert said["klover doors prove"].splitlines()[-1].startswith("The doors hold")
    abroad, inside, refused = (out for line, out in said.items() if "klover psql" in line)
    assert "(3 rows)" in abroad
    assert re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-8", abroad)
    assert "(3 rows)" in inside
    assert "Denied: audience trust-and-safety: it is not known where" in refused
