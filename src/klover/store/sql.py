"""Named SQL statements from the ``.sql`` files beside a module.

A file holds statements, each below a line ``-- name: the_name`` and a comment with its purpose.
Identifiers that vary are written ``{name}`` and composed by the driver's own quoting.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from psycopg import sql

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def statements(package: str, file: str) -> Mapping[str, sql.SQL]:
    """Read the statements of ``file`` in ``package``, by name.

    Raises ValueError for a file without names or with one name twice.
    """
    text = files(package).joinpath(file).read_text(encoding="utf-8")
    parts = _NAME.split(text)
    names, bodies = parts[1::2], parts[2::2]
    if not names or len(set(names)) != len(names):
        raise ValueError(f"{package}/{file}: statements need names of their own")
    # The text is ours, from the package: it is a literal in all but syntax.
    return {
        name: sql.SQL(body.strip().rstrip(";")) for name, body in zip(names, bodies, strict=True)
    }
