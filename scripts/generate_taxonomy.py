#!/usr/bin/env python3
"""Write src/klover/policy/taxonomy.py from the installed ``fideslang`` (pip install fideslang).

Only keys are taken: the categories' names, no description. Prints nothing when all is well.
"""

import textwrap
from importlib.metadata import version
from pathlib import Path

from fideslang.default_taxonomy import DEFAULT_TAXONOMY

HEAD = '''\
"""The categories of data of the fideslang taxonomy: its keys, generated.

`scripts/generate_taxonomy.py` writes this file: do not edit.

Source: fideslang {version} (https://github.com/ethyca/fideslang) by Ethyca, Inc., whose
taxonomy is licensed CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/), its program
Apache-2.0. Taken unchanged, but for the descriptions, which were left out.
"""

EDITION = "fideslang {version}"

CATEGORIES = frozenset(
    """
{keys}
    """.split()
)
'''
TARGET = Path(__file__).parents[1] / "src" / "klover" / "policy" / "taxonomy.py"

if __name__ == "__main__":
    keys = sorted(category.fides_key for category in DEFAULT_TAXONOMY.data_category)
    lines = textwrap.fill(
        " ".join(keys),
        96,
        initial_indent=" " * 4,
        subsequent_indent=" " * 4,
        break_on_hyphens=False,
    )
    TARGET.write_text(HEAD.format(version=version("fideslang"), keys=lines), encoding="utf-8")
