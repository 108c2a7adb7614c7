"""References as guesses: what a column refers to, how sure that is, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from klover.catalog import Column, Table, TableName
from klover.policy.neutral import bare_type
from klover.policy.words.split import words

_INTEGERS = frozenset({"smallint", "integer", "bigint", "numeric"})
_TEXTS = frozenset({"text", "character varying", "character", "citext"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A reference; ``declared`` is False where only names, types or values say so."""

    columns: tuple[str, ...]
    target: TableName
    target_columns: tuple[str, ...]
    declared: bool = False
    element: bool = False
    """The column is an array whose elements refer."""
    value: str | None = None
    """For a half of a pair: what the type column holds then."""
    audit: bool = False
    """It only says who entered the row."""
    confidence: float = 1.0
    reason: str = "declared key"

    @property
    def column(self) -> str:
        """The column that a path names: the last one, since earlier ones are often shared."""
        return self.columns[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two columns of which one tells what the other refers to; ``halves`` may be unknown."""

    type_column: str
    id_column: str
    halves: tuple[Guess, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """All that ties a table to others."""

    guesses: tuple[Guess, ...] = ()
    pairs: tuple[Pair, ...] = ()

    def all(self) -> tuple[Guess, ...]:
        """List the references, halves of pairs included."""
        return self.guesses + tuple(half for pair in self.pairs for half in pair.halves)

    def columns(self) -> frozenset[str]:
        """List the columns that refer somewhere or tell where."""
        own = {column for guess in self.guesses for column in guess.columns}
        own |= {name for pair in self.pairs for name in (pair.type_column, pair.id_column)}
        return frozenset(own)


Ties = Mapping[TableName, Tie]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Tables by the words of their names: whole, and by unmistakable endings."""

    whole: Mapping[tuple[str, ...], tuple[TableName, ...]] = field(default_factory=dict)
    endings: Mapping[tuple[str, ...], tuple[TableName, ...]] = field(default_factory=dict)


def family(type_name: str) -> str:
    """Tell which types compare: integers with integers, texts with texts, others alone."""
    bare = bare_type(type_name)
    if bare in _INTEGERS:
        return "integer"
    return "text" if bare in _TEXTS else bare


def comparable(column: Column, key: Column, *, element: bool = False) -> bool:
    """Tell whether values of ``column`` (or its elements) can be looked for in ``key``."""
    if key.element_type is not None or (column.element_type is not None) is not element:
        return False
    own = column.element_type if element else column.base_type
    return own is not None and family(own) == family(key.base_type)


def is_writable(name: str) -> bool:
    """Tell whether a policy can name a column: blanks around its name would be lost."""
    return bool(name) and name == name.strip()


def is_unique(table: Table, columns: tuple[str, ...]) -> bool:
    """Tell whether no two rows share values of ``columns``."""
    keys = [*table.uniques, *([table.primary_key] if table.primary_key else [])]
    return any(set(key.columns) == set(columns) for key in keys)


def is_id(columns: tuple[str, ...], table: Table) -> bool:
    """Tell whether a key is one column that is called the row's id, as no e-mail address is."""
    said = words(columns[0]) if len(columns) == 1 else ()
    return said[-1:] in {("id",), ("uuid",)} and said[:-1] in {(), words(table.name.name)}
