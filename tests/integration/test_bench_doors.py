"""The benchmark of doors runs, at a size that says nothing about speed but all about its form."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def bench(*arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "doors.py"), "--json", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        timeout=150,
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    return json.loads(line)


def check(cases: list[dict[str, Any]]) -> None:
    for case in cases:
        assert {"case", "ours", "other", "unit", "ratio", "spread"} <= set(case)
        assert case["ours"] > 0
        low, high = case["spread"]
        assert low <= case["ratio"] <= high


@pytest.mark.slow
def test_it_compares_doors_with_tables_and_a_lookup_by_pseudonym_reads_an_index() -> None:
    told = bench("--rows", "3000", "--rounds", "3")
    assert told["name"] == "doors"
    check(told["cases"])
    cases = {case["case"]: case for case in told["cases"]}
    assert cases["point lookup by pseudonym"]["plan"] == "index"
    assert "100 k rows, pseudonyms and a condition on rows" in cases
    assert sum(name.startswith("row-level security") for name in cases) == 3


@pytest.mark.slow
def test_it_measures_apply_on_a_schema(tmp_path: Path) -> None:
    from doubles.tiny_doors import POLICY, SCHEMA

    (tmp_path / "schema.sql").write_text(SCHEMA)
    (tmp_path / "klover.yaml").write_text(POLICY)
    schema, policy = str(tmp_path / "schema.sql"), str(tmp_path / "klover.yaml")
    told = bench("--schema", schema, "--policy", policy, "--rounds", "1")
    check(told["cases"])
    first, again = told["cases"]
    assert (first["other"], again["other"]) == (5.0, 1.0)
