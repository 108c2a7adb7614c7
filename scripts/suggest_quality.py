"""Measures `klover policy suggest`; run by scripts/suggest-quality.

Recall and precision for `restricted`, precision where the suggestion is sure, and how many declared
keys are found again without them.

Mastodon and Pagila are the schemas it was tuned on; those in tests/fixtures/heldout were written
after its design, to see how it does elsewhere (decision 0017 has the figures of their first run).
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from doubles.truth import (
    FIXTURES,
    KeysFound,
    Score,
    find_keys_again,
    read_marks,
    read_truth,
    score,
)
from klover.policy.suggest import draft
from klover.store import embedded
from klover.store.binaries import find_binaries
from klover.store.connect import connect
from klover.store.inspect import read_catalog

REALDATA = Path(__file__).parents[2] / "shared" / "realdata"


def measured() -> Iterator[tuple[str, tuple[Score, KeysFound]]]:
    """Load each schema into a database of its own and score what is suggested for it."""
    binaries = find_binaries()
    files = {name: REALDATA / name / f"{name}.sql" for name in ("pagila",)}
    files["mastodon"] = REALDATA / "mastodon" / "schema.sql"
    heldout = {file.stem: file for file in sorted((FIXTURES / "heldout").glob("*.sql"))}
    with embedded.scratch(name="quality", binaries=binaries) as server:
        for name, file in {**files, **heldout}.items():
            if not file.exists():
                print(f"{name}: no {file}, passed over", file=sys.stderr)
                continue
            with connect(server.dsn(), what="the scratch server") as connection:
                connection.execute(f'create database "{name}"'.encode())
            psql = [binaries.program("psql"), "-X", "-q", "-d", server.dsn(name), "-f", str(file)]
            subprocess.run(psql, check=True, capture_output=True)
            truth = read_marks(file.read_text()) if name in heldout else read_truth(name)
            with connect(server.dsn(name), what=name) as connection:
                catalog = read_catalog(connection)
            yield name, (score(draft(catalog), truth), find_keys_again(catalog))


def main() -> int:
    """Print the scores; tell by the exit code whether a restricted column was missed."""
    found = dict(measured())
    if "--json" in sys.argv[1:]:
        body = {
            name: {
                "columns": one.columns,
                "restricted": one.hits + len(one.missed),
                "recall": round(one.recall, 4),
                "precision": round(one.precision, 4),
                "sure": one.sure,
                "precision_of_sure": round(one.precision_of_sure, 4),
                "missed": one.missed,
                "needless": one.needless,
                "keys": {
                    "declared": keys.declared,
                    "found": keys.found,
                    "elsewhere": keys.elsewhere,
                    "lost": keys.lost,
                },
            }
            for name, (one, keys) in found.items()
        }
        print(json.dumps(body, indent=2))
    else:
        for name, (one, keys) in found.items():
            print(
                f"{name:<10} {one.columns:>5} columns  recall {one.recall:.3f}  "
                f"precision {one.precision:.3f}  of {one.sure:>3} sure "
                f"{one.precision_of_sure:.3f}  keys found again {keys.found}/{keys.declared}  "
                f"missed: {', '.join(one.missed) or 'none'}"
            )
    return 1 if any(one.missed for one, _ in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
