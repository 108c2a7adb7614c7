"""One column and what is known of where it stands: its table, and what is beside it.

What stands beside a column may tell what the column is. A currency beside an amount is the
amount's, a key beside a value names it, a flag ``visible`` beside a text tells of a moderator.
"""

from dataclasses import dataclass

from klover.catalog import Column, Table
from klover.policy.labels import of_words
from klover.policy.model import DataClass
from klover.policy.neutral import bare_type
from klover.policy.suggest.nature import Nature
from klover.policy.words import kinds, plain
from klover.policy.words.split import KNOWN, words

SEEN = frozenset({Nature.PUBLIC, Nature.REFERENCE})
OPERATORS = frozenset({Nature.GUARDED, Nature.MACHINERY, Nature.GROUP})
_WRITTEN = frozenset({"body", "text", "content", "description", "comment", "message", "subject"})
NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision")
TEXTS = ("text", "character varying", "character", "citext", "name")

Opening = tuple[DataClass, float, str]
"""The class of what is opened, how sure that is, and why."""


_PERSONS = ("user.name.", "user.demographic.", "user.contact.email", "user.authorization.password")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One column and what is known of where it stands."""

    column: Column
    table: Table
    nature: Nature
    vocabulary: frozenset[str]
    """Words that are plain here because the table is named so."""

    @property
    def said(self) -> tuple[str, ...]:
        """The words of the column's name."""
        return words(self.column.name)

    @property
    def strong(self) -> bool:
        """Whether the name has a word that hardly ever stands for something harmless."""
        return of_words(self.said, strong=True) is not None

    @property
    def labelled(self) -> bool:
        """Whether the name has a word that may stand for something personal."""
        return of_words(self.said) is not None

    @property
    def plain(self) -> bool:
        """Whether every word of the name is plain."""
        return bool(self.said) and set(self.said) <= plain.PLAIN | self.vocabulary

    @property
    def findable(self) -> bool:
        """Whether the rows say if anybody may find them."""
        return any(set(words(column.name)) & plain.FINDABLE for column in self.table.columns)

    @property
    def known(self) -> bool:
        """Whether every word of the name is one we know."""
        return set(self.said) <= KNOWN | self.vocabulary

    @property
    def seen(self) -> DataClass:
        """The class of what is opened here."""
        return DataClass.PUBLIC if self.nature in SEEN else DataClass.INTEROPERABLE


def is_word(column: Column) -> bool:
    """Tell whether a column holds a word or number for one of a few, as its type allows."""
    return column.type_kind == "e" or bare_type(column.base_type) in TEXTS + NUMBERS


def has_an_amount(case: Case) -> bool:
    """Tell whether a row has money of its own: then a currency is not how somebody lives."""
    return case.nature not in {Nature.PERSON, Nature.SYSTEM} and any(
        set(words(column.name)) & {"amount", "price", "total", "cost", "balance", "fee"}
        and bare_type(column.base_type) in NUMBERS
        for column in case.table.columns
    )


def has_an_address(case: Case) -> bool:
    """Tell whether rows have a name for a public address: then the thing's name is in it.

    Not of what somebody writes: a draft has an address too.
    """
    written = set(words(case.table.name.name)) & kinds.WRITTEN
    return not written and any(
        set(words(column.name)) & plain.ADDRESSES for column in case.table.columns
    )


def is_about_somebody(case: Case) -> bool:
    """Tell whether rows have what people have, or are called after people."""
    found = [of_words(words(column.name), strong=True) or "" for column in case.table.columns]
    people = kinds.ROLES | kinds.PEOPLE.keys()
    return any(one.startswith(_PERSONS) for one in found) or bool(
        set(words(case.table.name.name)[-1:]) & people
    )


def counts_things(case: Case) -> bool:
    """Tell whether rows count things that no key ties to anybody: ``site_aggregates``."""
    return case.nature is Nature.APART and bool(
        set(words(case.table.name.name)[-1:]) & kinds.COUNTS
    )


def has_more_than_a_name(case: Case) -> bool:
    """Tell whether rows have what things have beside a name: a place in an order, a price, a sort.

    A table of a name alone, called by a word that nobody knows, may be one of people.
    """
    others = [column for column in case.table.columns if column.name != case.column.name]
    return any(set(words(column.name)) & plain.THINGS_HAVE for column in others)


def is_an_organisation(case: Case) -> bool:
    """Tell whether a row is an organisation, and not only something of one."""
    return bool(set(words(case.table.name.name)[-1:]) & kinds.ORGANISATIONS)


def has_its_text(case: Case) -> bool:
    """Tell whether the text that a ``…_format`` is of stands beside it."""
    return any(words(column.name) == case.said[:-1] for column in case.table.columns)


def names_a_value(case: Case) -> bool:
    """Tell whether a column names what stands beside it: a setting's key, a tag's."""
    here = case.nature in {Nature.SETTING, Nature.PUBLIC, *OPERATORS}
    beside = {words(column.name) for column in case.table.columns}
    pairs = ((("key",), ("value",)), (("var",), ("value",)), (("k",), ("v",)))
    settings = case.nature in OPERATORS and {*words(case.table.name.name)[-1:]} & kinds.SETTING
    if settings and case.said in {("name",), ("title",), ("option",)}:
        return any(said[-1:] in {("value",), ("content",)} for said in beside)
    return here and any(case.said == key and value in beside for key, value in pairs)


def is_moderated(case: Case) -> bool:
    """Tell whether a flag may say that somebody's text was taken down, or of what they are one."""
    if case.nature is Nature.PERSON:
        return case.said in {("member",), ("is", "member")}
    return _is_written(case) and case.said in {("visible",), ("hidden",), ("is", "hidden")}


def _is_written(case: Case) -> bool:
    """Tell whether rows have a text that somebody wrote, for everybody to see."""
    return case.nature not in {Nature.REFERENCE, *OPERATORS} and any(
        set(words(column.name)) & _WRITTEN and bare_type(column.base_type) in TEXTS
        for column in case.table.columns
    )


def is_standing(case: Case) -> bool:
    """Tell whether a word says how somebody stands with the operator: active, suspended."""
    told = case.nature in {Nature.PERSON, Nature.UNKNOWN} or _is_written(case)
    return told and case.said[-1:] in {("status",), ("state",)}


def is_a_state(case: Case) -> bool:
    """Tell whether a ``state`` is one of an address: a city or a street stands beside it."""
    beside = [of_words(words(column.name), strong=True) or "" for column in case.table.columns]
    address = any(one.startswith("user.contact.address") for one in beside)
    return address and "state" in case.said
