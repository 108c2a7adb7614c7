"""ARCHITECTURE.md names what is there: every module, test and document it mentions."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
NAMES = sorted(set(re.findall(r"`([a-z_*]+(?:/[\w.*-]+)+/?)`", TEXT)))
DOCUMENTS = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))


def test_it_is_short_enough_to_be_read() -> None:
    assert len(TEXT.splitlines()) <= 300
    assert len(NAMES) > 30


@pytest.mark.parametrize("name", NAMES)
def test_what_it_names_is_there(name: str) -> None:
    package = ROOT / "src" / "klover"
    candidates = [ROOT / name, package / name, package / f"{name}.py", package / f"{name}.sql"]
    found = any(path.exists() for path in candidates) or any(ROOT.glob(name))
    found = found or any(package.glob(f"{name}.py"))
    assert found, f"ARCHITECTURE.md names {name}, which is not there"


@pytest.mark.parametrize("room", sorted(p.name for p in (ROOT / "src" / "klover").iterdir()))
def test_every_room_is_told_of(room: str) -> None:
    if room.startswith("__") or room == "py.typed":
        pytest.skip("no room")
    assert f"`{room.removesuffix('.py')}`" in TEXT or f"{room.removesuffix('.py')} " in TEXT


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not target.startswith(("http:", "https:")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
