"""The generated modules are what their generator makes of the sources they name."""

import importlib.util
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
POLICY = ROOT / "src" / "klover" / "policy"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "generate_countries", ROOT / "scripts" / "generate_countries.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("file", "package"), [("country_native.py", "babel"), ("time_zones.py", "tzdata")]
)
def test_a_generated_module_is_up_to_date(file: str, package: str) -> None:
    text = (POLICY / file).read_text(encoding="utf-8")
    version = metadata.version(package)
    if f" {version} " not in text:
        pytest.skip(f"the module was made from another {package} than {version}")
    made = generator()
    assert made.MODULES[file]() == text
