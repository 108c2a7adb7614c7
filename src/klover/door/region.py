"""A country, in any usual spelling, as its continent: what ``coarsen: region`` shows, as SQL.

The spellings are those that ``policy.country`` knows, folded here by Postgres as they are folded
there; one that stands nowhere becomes NULL, never a guess. Nothing depends on the collation of the
database. Which continent a country is on stands in ``policy.continents``.
"""

import unicodedata
from collections.abc import Mapping
from functools import cache

from psycopg import sql

from klover.policy.continents import CONTINENTS
from klover.policy.country import MOST_CHARACTERS, spellings

BETWEEN = (
    "[ \t-\r\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    "_'`\u00b4\u02bb\u2018\u2019\u2010-\u2015-]+"
)
"""White space, hyphens and apostrophes: spellings of one name differ in them."""
LETTERS = {"\xe6": "ae", "\u0153": "oe", "\xfe": "th", "\xdf": "ss"}
"""Letters that are written as two; those written as one stand in ``plain_letters``."""


def region(value: sql.Composable, ordinal: int) -> sql.Composed:
    """Write the continent of the country that ``value`` spells, NULL where it is none known."""
    letters = plain_letters()
    key: sql.Composable = sql.SQL(
        "translate(lower(regexp_replace(normalize({}::text collate \"C\", NFKD), {}, '', 'g')),"
        " {}, {})"
    ).format(
        value,
        sql.Literal(combining()),
        sql.Literal("".join(letters)),
        sql.Literal("".join(letters.values())),
    )
    for letter, written in LETTERS.items():
        key = sql.SQL("replace({}, {}, {})").format(key, sql.Literal(letter), sql.Literal(written))
    folded = sql.SQL("btrim(regexp_replace({}, {}, ' ', 'g'))").format(key, sql.Literal(BETWEEN))
    name = sql.Identifier(f"k{ordinal}")
    cases = sql.SQL(" ").join(
        sql.SQL("when {}.folded = any ({}::text[]) then {}").format(
            name, sql.Literal(list(names)), sql.Literal(continent)
        )
        for continent, names in continent_spellings().items()
    )
    # Folded once, however many continents there are.
    return sql.SQL(
        "(select case {cases} end from (select case when length({value}::text) <= {most}"
        " then {folded} end as folded offset 0) as {name})"
    ).format(name=name, cases=cases, value=value, most=sql.Literal(MOST_CHARACTERS), folded=folded)


@cache
def plain_letters() -> Mapping[str, str]:
    """Map letters to what they count as: those of any case to the small ones spellings have."""
    found = {"\xf8": "o", "\xd8": "o", "\u0142": "l", "\u0141": "l", "\u0111": "d", "\u0110": "d"}
    found |= {"\xf0": "d", "\xd0": "d", "\u0131": "i", "\u03c2": "\u03c3"}
    found |= {"\xc6": "\xe6", "\u0152": "\u0153", "\xde": "\xfe", "\u1e9e": "\xdf"}
    for letter in sorted({letter for name in spellings() for letter in name}):
        above = letter.upper()
        if not letter.isascii() and len(above) == 1 and above != letter:
            found[above] = letter
    return found


@cache
def combining() -> str:
    """Write the pattern of all marks that combine with a letter (in the basic plane)."""
    marks = [at for at in range(0x300, 0xFFFF) if unicodedata.combining(chr(at))]
    known = set(marks)
    starts = [at for at in marks if at - 1 not in known]
    ends = [at for at in marks if at + 1 not in known]
    ranges = "".join(f"{chr(a)}-{chr(b)}" for a, b in zip(starts, ends, strict=True))
    return f"[{ranges}]"


@cache
def continent_spellings() -> Mapping[str, tuple[str, ...]]:
    """List every folded spelling of a country of each continent."""
    where = {code: name for name, codes in CONTINENTS.items() for code in codes.split()}
    found: dict[str, list[str]] = {name: [] for name in CONTINENTS}
    for spelling, code in sorted(spellings().items()):
        found[where[code]].append(spelling)
    return {name: tuple(names) for name, names in found.items()}
