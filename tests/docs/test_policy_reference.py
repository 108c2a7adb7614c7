"""Each example of docs/policy.md parses; its commands and its claims hold."""

import re
from pathlib import Path

import pytest

from klover.catalog import TableName
from klover.policy.document import load
from klover.policy.model import Backward, EvidenceKind, Policy
from klover.policy.parse import parse

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "policy.md").read_text()
WHOLE = re.findall(r"```yaml\n(.*?)```", TEXT, flags=re.DOTALL)
PARTS = re.findall(r"```yaml part\n(.*?)```", TEXT, flags=re.DOTALL)
(SMALLEST,) = WHOLE
(COUNTRIES,) = re.findall(r"```yaml countries\n(.*?)```", TEXT, flags=re.DOTALL)
"""The file that the example of `countries:` pins by its digest."""


def completed(part: str) -> str:
    """Put a part in place of what the smallest policy says of the same top-level keys."""
    given = load(part, "part").entries
    kept, keep = [], True
    for line in SMALLEST.splitlines(keepends=True):
        if not line.startswith(" "):
            keep = line.partition(":")[0] not in given
        if keep:
            kept.append(line)
    return "".join(kept) + part


def test_the_smallest_policy_is_whole() -> None:
    assert parse(SMALLEST, "policy.md").enclave == "europe"


@pytest.mark.parametrize("part", PARTS, ids=[part.split("\n", 1)[0] for part in PARTS])
def test_an_example_parses(part: str) -> None:
    assert isinstance(parse(completed(part), "policy.md", COUNTRIES), Policy)


def test_every_key_of_the_language_is_in_an_example() -> None:
    from klover.policy import parse as top
    from klover.policy.parse import countries as parse_countries, tables as parse_tables

    keys = {*top._REQUIRED, *top._OPTIONAL, *parse_tables._TABLE_KEYS, *parse_tables._COLUMN_KEYS}
    keys |= {"who", "groups", "located", "sees", "identifiers", "requires"}
    keys |= {*parse_countries.PIN_KEYS, *parse_countries.FILE_KEYS, *parse_countries.ROW_KEYS}
    keys |= {kind.value for kind in EvidenceKind if kind is not EvidenceKind.COUNTRY}
    keys |= {"purpose", "reference", "approvals", "expires", "hours"}
    keys |= {"claims", "networks", "limits", "session", "day", "rows", "bytes"}
    examples = SMALLEST + COUNTRIES + "".join(PARTS)
    assert [key for key in sorted(keys) if f"{key}:" not in examples] == []


def test_the_paths_of_the_examples_read_as_described() -> None:
    (tables,) = (part for part in PARTS if "audit.events" in part)
    policy = parse(completed(tables), "policy.md")
    (path,) = policy.tables[TableName("audit", "events")].subjects
    first = path.steps[0]
    assert isinstance(first, Backward)
    assert first.table == TableName("audit", "visits")


def test_the_commands_exist() -> None:
    from typer.testing import CliRunner

    from klover.cli.groups import policy as app

    for command in re.findall(r"\$ klover policy (\w+)", TEXT):
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0
