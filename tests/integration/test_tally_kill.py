"""The counts of a day, killed with SIGKILL before every step of theirs, and started again."""

import subprocess
import sys
from pathlib import Path

import pytest

from doubles.killed_tally import KEY, LIMIT, NOON
from klover.log.tally import TallyFile

TESTS = Path(__file__).parents[1]
SOURCE = TESTS.parent / "src"


@pytest.mark.slow
def test_killed_at_every_step_no_row_is_shown_twice_over(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, str(TESTS / "doubles" / "killed_tally.py"), str(tmp_path)],
        env={"PYTHONPATH": f"{SOURCE}:{TESTS}"},
        capture_output=True,
        check=True,
        text=True,
    )
    killed = int(ended.stdout)
    assert killed > 80
    for step in range(killed + 1):
        shown = (tmp_path / str(step) / "shown").stat().st_size
        with TallyFile(tmp_path / str(step) / "day") as tally:
            day, counts = tally.read()
        if day > NOON.date():
            continue  # the next day had begun
        left = LIMIT - counts.get(KEY, (0, 0))[0]
        assert shown + left <= LIMIT, f"killed before step {step}"
        assert left >= LIMIT - shown - 2 * (LIMIT // 64 + 1), "and a crash costs a step each run"
