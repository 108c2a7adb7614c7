"""The names of everything a door consists of: schemas, roles, stored columns, views.

The rule: a name is a function of the policy alone, fits Postgres' 63 bytes, and no two audiences
share one (``slugs`` refuses that). The prefixes are Klover's own; nobody else may use them, and
``prove`` reports whoever does.
https://www.postgresql.org/docs/18/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from klover.catalog import OWN_COLUMNS, OWN_DOORS, TableName
from klover.errors import PolicyError

SESSIONS = 16
"""Session roles a door has unless told otherwise: how many people may use it at once."""
GROUP = "klover_session"
"""The group of all session roles; ``pg_hba.conf`` of the servers whose doors open admits it."""
APPLICATION = "klover_application"
"""What PUBLIC could do before the doors closed; the enclave's applications are members."""
WATCH = "klover_watch"
"""The login role by which a gateway reads what the comments of doors say; it sees nothing else."""
PSEUDONYMS = "klover_pseudonym"
"""The schema of the keys and of the functions that compute pseudonyms with them."""
KEYS = TableName(PSEUDONYMS, "key")
KEEPER = "klover_keeper"
"""Runs those functions: it may read the keys and nothing else."""
STORED_PREFIX = OWN_COLUMNS
SCHEMA_PREFIX = OWN_DOORS
OWNER_PREFIX = "klover_owner_"
ROLE_PREFIX = "klover_door_"
SESSION_PREFIX = "klover_s_"
ROLE_PREFIXES = (OWNER_PREFIX, ROLE_PREFIX, SESSION_PREFIX)

_MOST_BYTES = 63
_SLUG_BYTES = _MOST_BYTES - len(OWNER_PREFIX)
_MOST_SESSIONS = 999
_DIGEST = 8
_STORED = re.compile(rf"{OWN_COLUMNS}[a-z0-9_]*_[0-9a-f]{{12}}")
_LONG_DIGEST = 12


def slug(audience: str) -> str:
    """Turn an audience's name into the part of identifiers that stands for it."""
    plain = re.sub(r"[^a-z0-9]+", "_", audience.lower()).strip("_")
    if plain.encode() and len(plain) <= _SLUG_BYTES:
        return plain
    return f"{plain[: _SLUG_BYTES - _DIGEST - 1]}_{_digest(audience)}".lstrip("_")


def slugs(audiences: Iterable[str]) -> Mapping[str, str]:
    """Give each audience its slug. Raises PolicyError where two would share one."""
    found = {audience: slug(audience) for audience in audiences}
    for name, count in Counter(found.values()).items():
        if count > 1:
            same = ", ".join(sorted(who for who, its in found.items() if its == name))
            raise PolicyError(
                f"The audiences {same} would share the door {name!r}; rename all but one."
            )
    return found


def schema(audience: str) -> str:
    """Tell the schema that holds the views of ``audience``."""
    return SCHEMA_PREFIX + slug(audience)


def owner_role(audience: str) -> str:
    """Tell the role without login that owns the views and holds the columns they need."""
    return OWNER_PREFIX + slug(audience)


def door_role(audience: str) -> str:
    """Tell the role without login that may read the views."""
    return ROLE_PREFIX + slug(audience)


def session_roles(audience: str, count: int = SESSIONS) -> tuple[str, ...]:
    """Tell the login roles that sessions of ``audience`` are leased."""
    if not 0 < count <= _MOST_SESSIONS:
        raise ValueError(f"a door has 1 to {_MOST_SESSIONS} session roles")
    return tuple(f"{SESSION_PREFIX}{slug(audience)}_{number:02d}" for number in range(1, count + 1))


def stored(audience: str, table: TableName, column: str, epoch: int) -> str:
    """Tell the column of ``table`` that holds what ``audience`` is shown instead of ``column``."""
    whole = f"{audience}/{table.schema}/{table.name}/{column}/{epoch}"
    plain = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")
    return f"{STORED_PREFIX}{slug(audience)[:14]}_{plain[:14]}_{_digest(whole, _LONG_DIGEST)}"


def is_stored(column: str) -> bool:
    """Tell whether a column has the name of one of pseudonyms; what only begins so is none."""
    return _STORED.fullmatch(column) is not None


def stored_index(column: str, relation: TableName) -> str:
    """Tell the index on a stored column of ``relation``, which may be a partition."""
    return f"{column}_{_digest(f'{relation.schema}.{relation.name}')}"


def keeper(entity: TableName) -> str:
    """Tell the trigger function that keeps ``entity``'s pseudonyms complete."""
    name = f"keep__{_flat(entity)}"
    if len(name.encode()) > _MOST_BYTES:
        name = f"keep__{_digest(f'{entity.schema}.{entity.name}')}"
    return name


def trigger(table: TableName, operation: str) -> str:
    """Tell the trigger for ``insert`` or ``update`` that calls the keeper.

    Its name sorts last, so that it fires last.
    """
    return f"~klover_p_{operation}_{_digest(f'{table.schema}.{table.name}')}"


def previous_view(name: str) -> str:
    """Tell the view that leads from a view's previous pseudonyms to its current ones."""
    found = f"{name}__previous_pseudonyms"
    if len(found.encode()) <= _MOST_BYTES:
        return found
    return f"{_digest(name, _LONG_DIGEST)}__previous_pseudonyms"


def element_alias(table: TableName, column: str) -> str:
    """Tell what the elements of an array are called in a condition; no two are called the same."""
    return f"e_{_digest(f'{table.schema}.{table.name}.{column}')}"


def view_names(tables: Iterable[TableName]) -> Mapping[TableName, str]:
    """Give each table the name its view has: its own, with the schema before it where two clash.

    Raises PolicyError where even that is not unique.
    """
    ordered = sorted(tables, key=lambda table: (table.schema != "public", table))
    counts = Counter(table.name for table in ordered)
    found: dict[TableName, str] = {}
    for table in ordered:
        bare = table.schema == "public" or counts[table.name] == 1
        name = table.name if bare else f"{table.schema}_{table.name}"
        if name in found.values() or len(name.encode()) > _MOST_BYTES:
            raise PolicyError(
                f"The view of {table} has no name of its own; rename the table or its schema."
            )
        found[table] = name
    return found


def _flat(table: TableName) -> str:
    """Write a table's name as one; with a digest where another table's could read the same."""
    schema, name = table.schema, table.name
    if "__" in schema or "__" in name or schema.endswith("_") or name.startswith("_"):
        return f"{name}__{_digest(f'{schema}.{name}')}"
    return name if schema == "public" else f"{schema}__{name}"


def _digest(text: str, length: int = _DIGEST) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
