"""A first policy for a database, written from its tables, keys and names.

Conservative: what the names do not settle is restricted, rows are never public, and a table that
cannot be traced and looks personal is left to a person. Such points are marked ``# decide:``.
Every line says how it came about, so that a reader can doubt it. Without samples no value of a
row has been seen; with samples only their form counts and none is repeated here.
"""

import json
from collections.abc import Mapping, Sequence

from klover.catalog import Catalog, Table, TableName
from klover.policy.identify import is_harmless
from klover.policy.labels import COUNTRY, label, label_values
from klover.policy.suggest_shape import Shape, guess_shape

Samples = Mapping[TableName, Mapping[str, Sequence[str]]]

_PLAIN_NAMES = frozenset(
    {
        "category",
        "code",
        "currency",
        "description",
        "kind",
        "label",
        "language",
        "language_code",
        "name",
        "slug",
        "state",
        "status",
        "title",
        "type",
        "unit",
        "version",
    }
)
"""Texts of a table that nobody's key leads to and that nothing personal stands in."""

_HEAD = """\
# A first policy, suggested from tables, keys and names. Read every line.
# What is marked `# decide:` could not be known; what was unsure is restricted.

klover: 1
enclave: europe
rests_in: [EEA, GB, CH]

subjects:
  table: {table}
  key: {key}
  home: {home}
  inside: [EEA, GB, CH]

tables:
"""
_TAIL = """
audiences:

  trust-and-safety:                        # decide: which groups of your identity provider
    who: {groups: [trust-safety], located: [EEA, GB, CH]}
    sees: [restricted, interoperable, public]
    identifiers: clear
    requires: {purpose: [abuse, legal], expires: 8h}

  engineering-abroad:                      # decide: which groups, and whether at all
    who: {groups: [engineering], located: any}
    sees: [interoperable, public]

# decide: the networks whose country you know; an address outside them is outside.
# networks:
#   10.20.0.0/16: IE

never:
  - {located: not adequate, sees: restricted}
"""


def suggest(catalog: Catalog, samples: Samples | None) -> str:
    """Write a first policy as YAML. ``samples`` are text values by table and column."""
    shape = guess_shape(catalog)
    table, key = ("accounts  # decide: whose data it is; no table is named for people", "id")
    if shape.subjects is not None:
        table, key = _text(str(shape.subjects)), _text(shape.key)
    home = _text(shape.home) if shape.home else f"none  # decide: {_no_home(catalog, shape)}"
    parts = [_HEAD.format(table=table, key=key, home=home)]
    for base in catalog.base_tables():
        lines = _table(base, shape, (samples or {}).get(base.name, {}))
        parts.append("\n".join(f"  {line}" if line else "" for line in lines) + "\n\n")
    return "".join(parts).rstrip("\n") + "\n" + _TAIL


def _no_home(catalog: Catalog, shape: Shape) -> str:
    """Tell that everybody counts as inside, and which columns might be evidence."""
    evidence = [
        f"{table.name}.{column.name}"
        for table in catalog.base_tables()
        if table.name in shape.ways
        for column in table.columns
        if column.name in {"locale", "time_zone", "timezone"} or "sign_up_ip" in column.name
    ]
    hint = f" Evidence may be {', '.join(evidence)}." if evidence else ""
    return f"no column names a country, so everybody counts as inside.{hint}"


def _table(table: Table, shape: Shape, samples: Mapping[str, Sequence[str]]) -> list[str]:
    name = _text(str(table.name))
    if table.name == shape.subjects:
        return [
            f"{name}:",
            *_key(table),
            *_references(table, shape),
            *_columns(table, shape, samples),
        ]
    if table.name in shape.ways:
        subject, how = _subject(table, shape)
        return [
            f"{name}:",
            f"  subject: {subject}{how}",
            *_key(table),
            *_references(table, shape),
            *_columns(table, shape, samples),
        ]
    tied = {guess.column for guess in shape.references[table.name]}
    personal = [
        column.name
        for column in table.columns
        if label(column.name) not in {None, COUNTRY}
        and not is_harmless(column)
        and column.name not in tied
    ]
    if personal:
        return _undecided(table, shape, personal)
    return _shared(table, name)


def _undecided(table: Table, shape: Shape, personal: Sequence[str]) -> list[str]:
    """Leave a table to a person: it looks personal and no key leads to its subject for sure."""
    name = _text(str(table.name))
    way = shape.possible.get(table.name)
    lines = [
        f"# decide: no key leads from {name} to one person, but it has {', '.join(personal)}.",
        "# Uncomment one line, or say more:",
    ]
    if way is not None:
        lines.append(f"# {name}: {{subject: {_text(way)}}}")
    guarded = ", ".join(f"{_text(column)}: restricted" for column in _doubtful(table))
    return [*lines, f"# {name}: {{shared: true, columns: {{{guarded}}}}}"]


def _subject(table: Table, shape: Shape) -> tuple[str, str]:
    """Tell the path or paths, and a comment on how sure they are."""
    ways = shape.ways[table.name]
    text = _text(ways[0]) if len(ways) == 1 else f"[{', '.join(_text(way) for way in ways)}]"
    first = {way.partition(".")[0].partition(" ")[0].strip('"') for way in ways}
    guessed = sorted(
        guess.column
        for guess in shape.references[table.name]
        if guess.column in first and not guess.declared
    )
    if guessed:
        return text, f"  # by the name of {', '.join(guessed)}; no key is declared"
    if any(way.startswith("from ") for way in ways):
        return text, "  # by a key that leads here"
    return text, ""


def _key(table: Table) -> list[str]:
    if table.primary_key is not None:
        return []
    full = {column.name for column in table.columns if column.not_null}
    if any(full.issuperset(unique.columns) for unique in table.uniques):
        return []
    return ["  # decide: `key: […]`, the columns that tell its rows apart; none is declared"]


def _references(table: Table, shape: Shape) -> list[str]:
    """State the references that only names tell of, where they lead to a traced table."""
    guessed = [
        guess
        for guess in shape.references[table.name]
        if not guess.declared and guess.target in shape.ways
    ]
    if not guessed:
        return []
    stated = ", ".join(
        f"{_text(guess.column)}: {_text(f'{guess.target}.{guess.target_column}')}"
        for guess in guessed
    )
    return [f"  references: {{{stated}}}  # by name and type"]


def _columns(table: Table, shape: Shape, samples: Mapping[str, Sequence[str]]) -> list[str]:
    """Classify each column: keys and references interoperable, everything else restricted."""
    keys = set(table.primary_key.columns if table.primary_key else ())
    keys |= {
        guess.column
        for guess in shape.references[table.name]
        if guess.target in shape.ways or guess.declared
    }
    own = {guess.column for guess in shape.references[table.name] if guess.target in shape.ways}
    unique = {
        column
        for key in table.uniques
        if not own.intersection(key.columns)
        for column in key.columns[:1]
    }
    lines = ["  columns:"]
    for column in table.columns:
        category = None
        if column.name not in keys:
            category = label_values(samples.get(column.name, ())) or label(column.name)
        data_class = "interoperable" if column.name in keys else "restricted"
        lines.append(
            f"    {_text(column.name)}: "
            + _rule(data_class, category, unique=column.name in unique)
        )
    return lines


def _rule(data_class: str, category: str | None, *, unique: bool) -> str:
    if category is None and not unique:
        return data_class
    parts = [f"class: {data_class}"]
    if category is not None:
        parts.append(f"category: {category}")
    if unique:
        parts.append("unique: global")  # the stricter of the two
    return f"{{{', '.join(parts)}}}"


def _shared(table: Table, name: str) -> list[str]:
    """Share a table that no key ties to people; its texts are restricted unless plain."""
    doubtful = _doubtful(table)
    why = "no key leads to a person and nothing in it looks personal"
    if not doubtful:
        return [f"{name}: shared  # {why}"]
    lines = [f"{name}:  # {why}", "  shared: true", "  columns:"]
    return lines + [f"    {_text(column)}: restricted" for column in doubtful]


def _doubtful(table: Table) -> list[str]:
    """List the columns of a table to be shared that are restricted until somebody says more."""
    keys = {name for key in table.foreign_keys for name in key.columns}
    keys |= set(table.primary_key.columns if table.primary_key else ())
    return [
        column.name
        for column in table.columns
        if not is_harmless(column) and column.name not in keys | _PLAIN_NAMES
    ]


def _text(text: str) -> str:
    """Write a text as YAML: plain where it is a plain word or path, else in double quotes."""
    plain = text.replace(".", "").replace("_", "").replace(" ", "")
    words = {"null", "true", "false", "none", "shared"}
    if plain.isascii() and plain.isalnum() and plain[0].isalpha() and text.lower() not in words:
        return text
    return json.dumps(text)
