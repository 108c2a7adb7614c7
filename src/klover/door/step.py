"""One step of a plan: a statement, and why it is taken. Steps run in the order of their phases.

Revokes come first, so that whatever fails later has already taken away what must go; everything
is one transaction all the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from psycopg import sql


class Phase(IntEnum):
    """The order in which steps run."""

    REVOKE = 1
    DROP_VIEW = 2
    DROP = 3
    DROP_ROLE = 4
    ROLE = 5
    CREATE = 6
    FILL = 7
    CHECK = 8
    VIEW = 9
    GRANT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A complete SQL statement with a short clause that says what it is for."""

    phase: Phase
    sql: str
    why: str


def write(phase: Phase, why: str, text: str, parts: Mapping[str, Any] | None = None) -> Step:
    """Compose a step: ``parts`` are SQL fragments, or names to be quoted."""
    quoted = {
        name: part if isinstance(part, sql.Composable) else sql.Identifier(part)
        for name, part in (parts or {}).items()
    }
    # The texts are the callers' own literals; what varies arrives in ``parts``, quoted.
    query = sql.SQL(text).format(**quoted)
    return Step(phase=phase, sql=query.as_string(None), why=why)


def names(parts: Iterable[str]) -> sql.Composed:
    """Quote a list of names."""
    return sql.SQL(", ").join(sql.Identifier(part) for part in parts)


def raw(text: str) -> sql.SQL:
    """Pass text that Postgres itself quoted (a function's signature, say)."""
    return sql.SQL(text)
