"""The lists of commands: each line whole at 80 columns, in the order of use."""

import pytest
from typer.testing import CliRunner

from klover.cli import app
from klover.cli.groups import KLOVER


@pytest.mark.parametrize("group", ["", "policy", "doors", "migrate", "log"])
def test_no_line_of_a_list_of_commands_is_cut(group: str) -> None:
    told = CliRunner().invoke(app, [*group.split(), "--help"]).stdout
    commands = told.partition("Commands:")[2].strip().splitlines()
    assert len(commands) >= 3
    assert [line for line in commands if line.endswith("...")] == []


@pytest.mark.parametrize(
    ("group", "order"),
    [
        ("", ["demo", "trial", "policy", "doors", "migrate", "up", "login", "psql", "log"]),
        ("policy", ["suggest", "check", "explain", "homes", "diff", "keygen", "sign", "propose"]),
        ("doors", ["plan", "apply", "prove", "status", "drift", "suspend", "resume", "drop"]),
        ("migrate", ["schema", "plan", "run", "compare", "retire", "status"]),
    ],
)
def test_commands_stand_in_the_order_of_use(group: str, order: list[str]) -> None:
    told = CliRunner().invoke(app, [*group.split(), "--help"]).stdout
    commands = told.partition("Commands:")[2].strip().splitlines()
    assert [line.split()[0] for line in commands][: len(order)] == order


def test_every_command_is_listed() -> None:
    listed = CliRunner().invoke(app, ["--help"]).stdout.partition("Commands:")[2].split()
    assert KLOVER
    assert set(KLOVER) <= set(listed)


@pytest.mark.parametrize("group", ["", "policy", "doors", "migrate", "log"])
def test_no_help_speaks_in_marks_of_the_code(group: str) -> None:
    words = group.split()
    told = CliRunner().invoke(app, [*words, "--help"]).stdout
    names = [line.split()[0] for line in told.partition("Commands:")[2].strip().splitlines()]
    for name in names:
        shown = CliRunner().invoke(app, [*words, name, "--help"]).stdout
        assert "``" not in shown, name
        options = [line for line in shown.splitlines() if line.startswith("  --")]
        assert [line for line in options if "<list[" in line] == [], name


_PRINT_A_FILE = {"psql", "schema", "current"}


@pytest.mark.parametrize("group", ["", "policy", "doors", "migrate", "log"])
def test_every_command_takes_json_except_those_the_readme_names(group: str) -> None:
    words = group.split()
    told = CliRunner().invoke(app, [*words, "--help"]).stdout
    names = {line.split()[0] for line in told.partition("Commands:")[2].strip().splitlines()}
    groups = {"policy", "doors", "migrate", "log"} if not group else set()
    with_json = {
        name
        for name in names
        if "--json" in CliRunner().invoke(app, [*words, name, "--help"]).stdout
    }
    assert names - with_json - groups <= (_PRINT_A_FILE if group in {"", "policy"} else set())
