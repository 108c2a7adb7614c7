"""docs/doors-threats.md names tests that are there, and every family of attacks has one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "doors-threats.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", TEXT)))
SECTION = TEXT.partition("## Families")[2].partition("## What")[0]
FAMILIES = re.findall(r"^\| .* \|$", SECTION, re.MULTILINE)
ATTACKS = ("reading", "catalogs", "escape", "floods", "neighbours", "between", "limits")


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_it_names_is_there(name: str) -> None:
    file, _, test = name.partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert f"def {test}(" in text if test else re.search(r"def test_|\(Trials\)", text)


def test_every_family_has_its_tests() -> None:
    rows = FAMILIES[1:]
    assert len(rows) > 12
    for row in rows:
        assert re.search(r"`tests/[\w/]+\.py", row.rsplit("|", 2)[1]), row


@pytest.mark.parametrize("module", ATTACKS)
def test_every_module_of_attacks_is_named(module: str) -> None:
    assert f"tests/attack/test_door_{module}.py" in {name.partition("::")[0] for name in NAMED}


def test_the_attacks_are_more_than_a_hundred_and_differ() -> None:
    named: list[str] = []
    for module in ("reading", "catalogs", "escape"):
        text = (ROOT / "tests" / "attack" / f"test_door_{module}.py").read_text(encoding="utf-8")
        names = re.findall(r'^ +attack\(\s*"([^"]+)"', text, re.MULTILINE)
        assert len(set(names)) == len(names), module
        named += names
    assert len(set(named)) > 300


def test_security_points_to_it_and_its_own_tests_are_there() -> None:
    security = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "(docs/doors-threats.md)" in security
    for name in re.findall(r"`(tests/[\w/*]+\.py)`", security):
        assert any(ROOT.glob(name)), name
    for name in re.findall(r"`(docs/[\w/*-]+\.md)`", security):
        assert (ROOT / name).exists(), name
