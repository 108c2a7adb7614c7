"""Where subjects may be at home: columns that are evidence, the best kind first.

A declared country comes first, then what tells one by and by: phone, locale, time zone, address
of sign-up. Looked for in the subjects' own rows, in rows beside them (a login beside a profile),
and in the places their keys lead to (address, city, country).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from klover.catalog import Catalog, Column, Table, TableName
from klover.policy.labels import COUNTRY, label
from klover.policy.suggest.guess import Guess, family
from klover.policy.suggest.shape import Shape, quoted, table_text
from klover.policy.words.split import words

KINDS = ("country", "phone", "locale", "time_zone", "ip")
_PLACES = frozenset(
    {
        "address",
        "city",
        "country",
        "region",
        "state",
        "province",
        "county",
        "place",
        "location",
        "district",
        "town",
        "zip",
        "postal",
        "contact",
        "profile",
        "detail",
        "home",
        "residence",
        "info",
        "person",
        "party",
    }
)
_NOT_HOME = frozenset(
    {
        "birth",
        "born",
        "nationality",
        "citizenship",
        "origin",
        "passport",
        "ship",
        "shipping",
        "tax",
        "bank",
        "issue",
        "issuing",
        "visa",
    }
)
_COUNTRY_NAMES = (("iso",), ("code",), ("iso", "code"), ("alpha",), ("name",), ("country",))
_FARTHEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One piece of evidence: its kind, and the path to its column."""

    kind: str
    path: str


def find_home(catalog: Catalog, shape: Shape) -> tuple[Home, ...]:
    """List the evidence for a subject's home, best first."""
    if shape.subjects is None:
        return ()
    found = list(dict.fromkeys(_found(catalog, shape)))
    near = sorted(found, key=lambda home: (KINDS.index(home.kind), _far(home.path), home.path))
    kept: list[Home] = []
    for home in near:
        same = [one for one in kept if one.kind == home.kind]
        if not same or (home.kind != "country" and _far(same[0].path) == _far(home.path)):
            kept.append(home)
    return tuple(kept)


def _far(path: str) -> int:
    return path.count(".") + path.count("from ")


def _found(catalog: Catalog, shape: Shape) -> Iterator[Home]:
    assert shape.subjects is not None  # noqa: S101 - the caller asked
    starts: list[tuple[str, TableName]] = [("", shape.subjects)]
    for name in sorted(shape.ties):
        if name in shape.split or (name != shape.subjects and set(words(name.name)) & _PLACES):
            starts += [
                (f"from {table_text(name)}.{quoted(guess.column)}.", name)
                for guess in shape.ties[name].guesses
                if guess.target == shape.subjects and not guess.audit and not guess.element
            ]
    for prefix, name in starts:
        yield from _along(catalog, shape, prefix, name)


def _along(catalog: Catalog, shape: Shape, prefix: str, name: TableName) -> Iterator[Home]:
    """Look at a table and at the places its keys lead to."""
    ways, seen = [(prefix, name)], {name}
    for _ in range(_FARTHEST):
        onward: list[tuple[str, TableName]] = []
        for before, at in ways:
            for column in catalog.tables[at].columns:
                kind = evidence_of(column, catalog.tables[at])
                if kind is not None:
                    yield Home(kind=kind, path=before + quoted(column.name))
            for guess in shape.ties[at].guesses:
                if guess.target not in seen and _leads_to_a_place(guess):
                    seen.add(guess.target)
                    onward.append((f"{before}{quoted(guess.column)}.", guess.target))
        ways = onward


def _leads_to_a_place(guess: Guess) -> bool:
    place = set(words(guess.target.name)) & _PLACES
    return bool(place) and not guess.element and not set(words(guess.column)) & _NOT_HOME


def evidence_of(column: Column, table: Table) -> str | None:
    """Tell the kind of evidence a column is; None where it is none."""
    said = words(column.name)
    kind = family(column.base_type)
    if kind in {"inet", "cidr"} or (kind == "text" and said[-1:] == ("ip",)):
        return "ip"
    if (kind != "text" and not column.enum_labels) or set(said) & _NOT_HOME:
        return None
    country = "country" in said or label(column.name) == COUNTRY
    country = country and not set(said) & {"id", "phone", "dial", "calling", "currency"}
    country = country or (words(table.name.name)[-1:] == ("country",) and said in _COUNTRY_NAMES)
    fitting = (
        (country, "country"),
        ("phone" in said and said[-1] in {"phone", "number"}, "phone"),
        (said[-1:] == ("locale",), "locale"),
        (said[-2:] == ("time", "zone"), "time_zone"),
    )
    return next((name for fits, name in fitting if fits), None)
