"""Looks for Europeans' restricted values in all text columns of a database.

What is sought comes from the invention of the people, not from the policy, the plan or the
product's own report: an oracle of its own. Texts are cut into words; a value counts wherever it is
a word of a text, in a document, a message or a column of its own. Real names count as given name,
initials and family name in a row. Only counts and the tables' names come out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from klover.demo.cast import Cast, cast
from klover.demo.relation_rows import messages
from klover.store.sql import statements

_BREAKS = str.maketrans(dict.fromkeys("\"'`,;()[]{}<>|\t\n\r\\", " "))
_SQL = statements("klover.demo", "scan.sql")
_BLOCK = 1 << 18
_DEVICES = 4
"""As many addresses of its own as a person's sessions may come from."""

Triple = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Words and names that no row of anybody else may hold."""

    words: frozenset[str]
    names: frozenset[Triple]
    initials: frozenset[str]
    """The middle words of the names."""

    @property
    def values(self) -> int:
        """Count what is sought."""
        return len(self.words) + len(self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How often anything sought occurred, by table; ``columns`` and ``rows`` were looked at."""

    occurrences: dict[str, int]
    columns: int
    rows: int

    @property
    def total(self) -> int:
        """Count all occurrences."""
        return sum(self.occurrences.values())


def seek(*, people: int, seed: int) -> Sought:
    """List what to look for among ``people`` people of ``seed``."""
    everybody = cast(people=people, seed=seed)
    words: set[str] = set()
    names: set[Triple] = set()
    for person in range(people):
        if everybody.inside(person):
            words.update(_words_of(everybody, person))
            names.update(_triples(_cut(everybody.name(person))))
    words.update(_message_numbers(everybody))
    return Sought(
        words=frozenset(words),
        names=frozenset(names),
        initials=frozenset(initials for _, initials, _ in names),
    )


def scan(connection: psycopg.Connection[Any], sought: Sought) -> Found:
    """Read every text column of every table of the schema ``public`` and count what is found."""
    occurrences: dict[str, int] = {}
    columns = rows = 0
    for table, names in connection.execute(_SQL["text_columns"]).fetchall():
        columns += len(names)
        hits = 0
        for text in _texts(connection, table, names):
            rows += text.count("\n")
            hits += _count(text, sought)
        if hits:
            occurrences[table] = hits
    return Found(occurrences=occurrences, columns=columns, rows=rows)


def _words_of(everybody: Cast, person: int) -> Iterator[str]:
    mailbox = _cut(everybody.email(person))[-1]  # an apostrophe cuts: the last word has the "@"
    yield mailbox
    yield f"old.{mailbox}"
    yield everybody.phone(person)
    yield everybody.ip4(person)
    yield from (everybody.ip6(person, device) for device in range(_DEVICES))


def _message_numbers(everybody: Cast) -> Iterator[str]:
    """Tell the reference in each message to or from a European."""
    for line in messages(everybody):
        number, sender, recipient = line.split("\t", 3)[:3]
        if everybody.inside(int(sender) - 1) or everybody.inside(int(recipient) - 1):
            yield f"KX-{int(number):07X}"


def _cut(text: str) -> list[str]:
    """Cut a text of COPY into words; an escaped line end or tab separates them too."""
    plain = text.replace("\\n", " ").replace("\\t", " ").replace("\\r", " ")
    return plain.translate(_BREAKS).split()


def _texts(connection: psycopg.Connection[Any], table: str, columns: list[str]) -> Iterator[str]:
    """Yield a table's texts in blocks that end with a row."""
    command = _SQL["read_texts"].format(
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        table=sql.Identifier("public", table),
    )
    held = bytearray()
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        for row in copy:
            held += row
            if len(held) > _BLOCK:
                yield held.decode()
                held.clear()
    if held:
        yield held.decode()


def _count(text: str, sought: Sought) -> int:
    words = _cut(text)
    found = sum(map(sought.words.__contains__, words))
    middles = [place for place, word in enumerate(words) if word in sought.initials]
    return found + sum(tuple(words[place - 1 : place + 2]) in sought.names for place in middles)


def _triples(words: list[str]) -> Iterator[Triple]:
    """Yield given name, initials and what follows; a name's initials are never its first word."""
    for place in range(1, len(words) - 1):
        if words[place].endswith(".") and words[place].isupper():
            yield words[place - 1], words[place], words[place + 1]
