"""The continent of a country as the proof writes it; the data is the same, the text is its own."""

from psycopg import sql

from klover.door.region import BETWEEN, LETTERS, combining, plain_letters
from klover.policy.continents import CONTINENTS
from klover.policy.country import MOST_CHARACTERS, spellings


def expect_region(value: str, ordinal: int) -> str:
    """Write the continent of the country that ``value`` spells."""
    known, letters = spellings(), plain_letters()
    bare = f'normalize({value}::text collate "C", NFKD)'
    unmarked = f"regexp_replace({bare}, {_q(combining())}, '', 'g')"
    small, plain = _q("".join(letters.keys())), _q("".join(letters.values()))
    key = f"translate(lower({unmarked}), {small}, {plain})"
    for letter in LETTERS:
        key = f"replace({key}, {_q(letter)}, {_q(LETTERS[letter])})"
    key = f"btrim(regexp_replace({key}, {_q(BETWEEN)}, ' ', 'g'))"
    k = f'"k{ordinal}"'
    cases = ""
    for continent, codes in CONTINENTS.items():
        names = sorted(name for name, code in known.items() if code in codes.split())
        listed = ", ".join(_q(name) for name in names)
        cases += f" when {k}.folded = any (array[{listed}]::text[]) then {_q(continent)}"
    once = f"case when length({value}::text) <= {MOST_CHARACTERS} then {key} end as folded offset 0"
    return f"(select case{cases} end from (select {once}) as {k})"


def _q(text: str) -> str:
    return sql.Literal(text).as_string(None)
