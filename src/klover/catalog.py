"""What a database looks like, as values: tables, columns, keys.

The rule of this module: it only describes. ``store/inspect.py`` reads these values from a live
Postgres, ``policy/`` reasons about them, ``door/`` and ``migrate/`` build SQL from them.
Names are as Postgres stores them (never quoted); quoting is the driver's work.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_PART = r'"(?:[^"]|"")+"|[^".][^.]*'
_DOTTED = re.compile(rf"(?:{_PART})(?:\.(?:{_PART}))*", re.DOTALL)


def dotted(text: str) -> tuple[str, ...]:
    """Split a name at its dots; a part with a dot in it stands in double quotes.

    Empty where the text is no such name.
    """
    if _DOTTED.fullmatch(text) is None:
        return ()
    parts: list[str] = re.findall(_PART, text, re.DOTALL)
    return tuple(part[1:-1].replace('""', '"') if part.startswith('"') else part for part in parts)


def quoted(part: str) -> str:
    """Write one part of a name so that ``dotted`` reads it back."""
    odd = "." in part or part.startswith('"')
    return '"' + part.replace('"', '""') + '"' if odd else part


@dataclass(frozen=True, slots=True, order=True)
class TableName:
    """A schema-qualified name, unquoted."""

    schema: str
    name: str

    def __str__(self) -> str:
        """Tell the name the way people write it: without the schema where it is ``public``."""
        name = quoted(self.name)
        return name if self.schema == "public" else f"{quoted(self.schema)}.{name}"

    @classmethod
    def parse(cls, text: str) -> "TableName":
        """Read ``name`` or ``schema.name``; a name without a schema is in ``public``.

        Parts with dots stand in double quotes: ``"odd.schema"."Odd Table"``. Both parts are empty
        where the text is no name.
        """
        *schema, name = dotted(text) or ("", "")
        return cls(".".join(schema) if schema else "public", name)


OWN_SCHEMAS = ("klover", "klover_pseudonym")
"""Where Klover's own tables stand."""
OWN_TABLES = (
    "klover.door_counting", "klover.door_ground", "klover.door_refill", "klover.door_right",
    "klover.door_suspension", "klover.door_version", "klover.door_view", "klover.home_evidence",
    "klover.key_space", "klover.migrated", "klover.migration_guest", "klover.migration_needle",
    "klover.migration_run", "klover.migration_step", "klover.migration_subject",
    "klover.policy_entry", "klover.subject_home", "klover_pseudonym.key",
)  # fmt: skip
"""All of them, in an enclave or at a source; whatever else stands there is an application's."""
OWN_COLUMNS = "klover_p_"
"""How the columns begin that doors keep in an application's tables."""
OWN_DOORS = "door_"
"""How the schemas of doors begin."""


class TableKind(StrEnum):
    """``pg_class.relkind`` of the relations that hold or show rows."""

    TABLE = "r"
    PARTITIONED = "p"
    VIEW = "v"
    MATERIALIZED = "m"
    FOREIGN = "f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. ``type`` is ``format_type()``'s text, fit for a cast.

    ``type_kind`` is ``pg_type.typtype`` (b base, c composite, d domain, e enum, r range,
    m multirange); ``base_type`` is the type behind a domain, ``element_type`` that of an array
    (both as ``format_type()`` writes them; ``base_type`` equals ``type`` for the others).
    """

    name: str
    ordinal: int
    type: str
    type_kind: str
    base_type: str
    element_type: str | None = None
    portable_binary: bool = True
    """False where the binary form embeds an oid (composites, arrays of user types, reg* types)."""
    not_null: bool = False
    default: str | None = None
    generated: bool = False
    identity: bool = False
    sequence: TableName | None = None
    """The sequence that feeds it, for identity columns, serials and nextval() defaults."""
    enum_labels: tuple[str, ...] = ()
    deterministic: bool = True
    """False where its collation calls texts equal that are written differently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A primary key or a unique constraint or index (without expressions or predicate)."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A foreign key, declared in the catalog or stated by the policy (then ``name`` is empty)."""

    name: str
    columns: tuple[str, ...]
    target: TableName
    target_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One relation. Partitions are listed under their parent and do not stand on their own."""

    name: TableName
    kind: TableKind
    columns: tuple[Column, ...]
    primary_key: Key | None = None
    uniques: tuple[Key, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    partitions: tuple[TableName, ...] = ()
    """All leaf and intermediate partitions, at any depth."""
    inherits: tuple[TableName, ...] = ()
    """The tables it inherits from (``INHERITS``), directly."""
    reads: tuple[tuple[TableName, str], ...] = ()
    """For views: the columns of tables that its query reads, through other views too."""
    estimated_rows: int = 0

    @property
    def holds_rows(self) -> bool:
        """Whether rows are stored here by whoever writes to it (not so for views)."""
        return self.kind in {TableKind.TABLE, TableKind.PARTITIONED}

    @property
    def is_view(self) -> bool:
        """Whether it shows what a query finds in other tables."""
        return self.kind in {TableKind.VIEW, TableKind.MATERIALIZED}

    def column(self, name: str) -> Column | None:
        """Find a column by its name."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Everything of one database that is not Postgres' own."""

    server_version: int
    """``server_version_num``, e.g. 180004."""
    tables: Mapping[TableName, Table] = field(default_factory=dict)

    def base_tables(self) -> tuple[Table, ...]:
        """List the tables that hold rows (views and materialised views left out), by name."""
        return tuple(
            self.tables[name] for name in sorted(self.tables) if self.tables[name].holds_rows
        )
