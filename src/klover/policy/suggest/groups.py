"""Organisations, and what is theirs: tables that reach a person only through who runs a group.

``shops.owner_id`` makes a shop's opening hours no private act of its owner. A table is a group's
own where every key of it that leads to people leads through a group, and it names nobody itself.
"""

from collections.abc import Mapping

from klover.catalog import Catalog, Table, TableName
from klover.policy.labels import label
from klover.policy.suggest.guess import Ties
from klover.policy.words import kinds
from klover.policy.words.split import words

_A_PERSONS = ("user.name.", "user.demographic", "user.authorization.password", "user.government")


def organisations(catalog: Catalog, people: tuple[TableName, ...]) -> frozenset[TableName]:
    """Find the tables of organisations: called so, and with nothing of a person in them."""
    return frozenset(
        table.name
        for table in catalog.base_tables()
        if set(words(table.name.name)[-1:]) & kinds.ORGANISATIONS
        and not set(words(table.name.name)) & (kinds.PRIVATE | kinds.RELATION | kinds.SYSTEM)
        and table.name not in people
        and not _holds_people(table)
    )


def _holds_people(table: Table) -> bool:
    """Tell whether rows have what only people have; an address and a telephone shops have too."""
    return any(
        (label(column.name) or "").startswith(_A_PERSONS)
        for column in table.columns
        if words(column.name)[-1:] != ("id",)
    )


def theirs(
    ties: Ties, groups: frozenset[TableName], ways: Mapping[TableName, object]
) -> frozenset[TableName]:
    """Find the tables whose every way to people leads through a group."""
    found = set(groups)
    count = -1
    while count != len(found):
        count = len(found)
        for name, tie in ties.items():
            onward = {
                guess.target
                for guess in tie.all()
                if not guess.audit and guess.target in ways and guess.target != name
            }
            if name not in found and onward and onward <= found:
                found.add(name)
    return frozenset(found - groups)
