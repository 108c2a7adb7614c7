"""The lists of commands: each line whole at 80 columns, in the order of use."""

import pytest
from typer.testing import CliRunner

from klover.cli import app


@pytest.mark.parametrize("group", ["", "policy", "doors", "migrate", "log"])
def test_no_line_of_a_list_of_commands_is_cut(group: str) -> None:
    told = CliRunner().invoke(app, [*group.split(), "--help"]).stdout
    commands = told.partition("Commands:")[2].strip().splitlines()
    assert len(commands) >= 3
    assert [line for line in commands if line.endswith("...")] == []


@pytest.mark.parametrize(
    ("group", "order"),
    [
        ("policy", ["check", "explain", "suggest", "homes", "diff", "keygen", "sign", "propose"]),
        ("doors", ["plan", "apply", "prove", "status", "drift", "suspend", "resume", "drop"]),
    ],
)
def test_commands_stand_in_the_order_of_use(group: str, order: list[str]) -> None:
    told = CliRunner().invoke(app, [group, "--help"]).stdout
    commands = told.partition("Commands:")[2].strip().splitlines()
    assert [line.split()[0] for line in commands][: len(order)] == order
