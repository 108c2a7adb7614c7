"""What opens a text: a word of a few, or what a thing that is nobody's is called.

A name of a thing is open where the thing is the operator's and has more than a name, or has a name
for a public address. What somebody wrote stays closed wherever it stands.
"""

from klover.policy.labels import of_words
from klover.policy.model import DataClass
from klover.policy.suggest.case import (
    Case,
    Opening,
    has_an_address,
    has_more_than_a_name,
    is_a_state,
    is_about_somebody,
    is_an_organisation,
    is_standing,
)
from klover.policy.suggest.nature import Nature
from klover.policy.words import kinds, plain
from klover.policy.words.split import words

WHERE = (
    "user.location",
    "user.contact.address.city",
    "user.contact.address.country",
    "user.contact.address.state",
)
"""Where a thing is that is nobody's: a city's country, a shop's region."""


def judge_text(case: Case) -> Opening | None:
    """Tell what opens a column of text; None where nothing does."""
    if case.nature is Nature.REFERENCE:
        return _operators_text(case)
    return _named_publicly(case) or _named_thing(case) or _enumerated(case)


def _enumerated(case: Case) -> Opening | None:
    said = set(case.said)
    heads = plain.TEXT_HEADS | ({"category"} if case.nature is Nature.GUARDED else set())
    if case.strong or not said & heads or is_standing(case):
        return None
    if {"language", "lang"} & said and case.nature is not Nature.PUBLIC:
        return None  # there it is somebody's language, not a thing's
    if case.nature is Nature.UNKNOWN and not set(case.said[-1:]) & plain.TECHNICAL_HEADS:
        return None
    if case.plain and not is_a_state(case):
        return case.seen, 0.6, "an enumerated text, every word of its name plain"
    return None


def _tells(case: Case) -> bool:
    """Tell whether a name speaks of a person; things are displayed under a name as well."""
    things = case.said[-2:] == ("display", "name") and not is_about_somebody(case)
    return case.strong and not things


def _named_publicly(case: Case) -> Opening | None:
    """Judge a name of an organisation, or of a thing whose row has a name for a public address."""
    said, rest = set(case.said), plain.PLAIN | plain.ADDRESSED | case.vocabulary
    named = bool(said & plain.ADDRESSED) and said <= rest and not _tells(case)
    if not named or not has_an_address(case):
        return None
    if case.nature is Nature.GROUP and is_an_organisation(case):
        return DataClass.INTEROPERABLE, 0.7, "what an organisation with a public address is called"
    shown = set(words(case.table.name.name)) & (kinds.PUBLIC - {"category"})
    if case.nature is Nature.PUBLIC and shown and not is_about_somebody(case):
        return DataClass.PUBLIC, 0.7, "what a thing with a public address is called"
    return None


def _named_thing(case: Case) -> Opening | None:
    """Judge the name of a thing that is the operator's, where it has more than a name."""
    said, about = set(case.said), set(words(case.table.name.name)[-1:])
    if case.nature is not Nature.GUARDED or _tells(case):
        return None
    if about & (kinds.PUBLIC | kinds.ROLES | kinds.PRIVATE):
        return None
    rest = plain.PLAIN | plain.IMAGES | case.vocabulary
    if said & plain.CALLED and said <= plain.CALLED | rest and has_more_than_a_name(case):
        return DataClass.INTEROPERABLE, 0.7, "a word for a thing of the operator's"
    return None


def _operators_text(case: Case) -> Opening | None:
    """Judge a text of a table that nothing ties to a person and that names nobody."""
    said = set(case.said)
    table = words(case.table.name.name)
    if case.said == table:
        return DataClass.PUBLIC, 0.8, "the thing's own name"
    if _tells(case) and (of_words(case.said, strong=True) or "") not in WHERE:
        return None
    heads = plain.SHARED_NAMES | plain.TEXT_HEADS | ({"url"} if said & plain.IMAGES else set())
    rest = plain.PLAIN | plain.IMAGES | plain.LANGUAGES | case.vocabulary | {"remote"}
    if case.said[-2:] == ("file", "name") and not said & plain.IMAGES:
        return None  # what somebody called what they sent
    if said & heads and said <= heads | rest | set(table):
        return DataClass.PUBLIC, 0.8, "a word for a thing that is nobody's"
    content = (of_words(case.said) or "") == "user.content.private"
    if content and set(table) & kinds.PUBLISHED and not said & plain.OPERATORS_OWN:
        return DataClass.PUBLIC, 0.6, "a text that the operator writes for everybody"
    return None
