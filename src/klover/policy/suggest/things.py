"""Texts of things: what is called, said and written of what is nobody's, and where it stands.

An operator's table of plans, a shop's own page, the words of a translation: they name and find
nobody, whoever wrote them. They are interoperable and not public, since nobody said that they are
shown. What is written about an act, what somebody sent and what opens something stays closed.
"""

from klover.policy.labels import of_words
from klover.policy.neutral import bare_type
from klover.policy.suggest.case import TEXTS, Case, is_about_somebody
from klover.policy.suggest.nature import Nature
from klover.policy.words import kinds, plain
from klover.policy.words.split import KNOWN, words

THINGS = frozenset({Nature.GROUP, Nature.REFERENCE, Nature.GUARDED, Nature.APART})
LOOSE = THINGS | {Nature.UNKNOWN, Nature.SETTING, Nature.PUBLIC, Nature.MACHINERY}
"""Natures whose rows are not known to be somebody's acts."""
_DONE = (
    kinds.PRIVATE
    | kinds.ACTS
    | kinds.RELATION
    | kinds.SYSTEM
    | kinds.DONE
    | kinds.RATED
    | kinds.BELONGINGS
)
_PEOPLE = kinds.ROLES | kinds.PEOPLE.keys()
_WHERE = ("user.contact.address", "user.location.precise")
_WRITTEN = ("user.content.private", "user.content.self_image", "user.behavior.browsing_history")


def judge_thing(case: Case) -> str | None:
    """Tell why a column is a thing's own; None where it may be somebody's."""
    if case.nature in LOOSE | {Nature.PERSON} and case.said[-2:] == ("public", "key"):
        return "a key that is made to be given away"
    if case.nature not in LOOSE:
        return None
    return _premises(case) or _language(case) or _text(case)


def is_about_an_act(case: Case) -> bool:
    """Tell whether a word of the table's name speaks of what people do, have or are judged by.

    The sorts of orders are no orders.
    """
    said = words(case.table.name.name)
    if set(said[-1:]) & plain.LISTED:
        return False
    return bool(set(said) & _DONE) or of_words(said, strong=True) is not None


def is_of_somebody(case: Case) -> bool:
    """Tell whether rows are people or of people, by the table's name, or what anybody writes."""
    said = words(case.table.name.name)
    people = set(said[-1:]) & (_PEOPLE - kinds.REFERENCE) or set(said) & kinds.PEOPLE.keys()
    return bool(people) or bool(set(said) & kinds.WRITTEN)


def _premises(case: Case) -> str | None:
    """Judge where an organisation is, or a place that the public may enter."""
    last = set(words(case.table.name.name)[-1:])
    found = of_words(case.said, strong=True) or ""
    told = {"email", "mail", "ip", "billing", *kinds.ROLES} & set(case.said)
    if not last & kinds.ESTABLISHMENTS or is_about_somebody(case) or told:
        return None
    return "where a place is that the public may enter" if found.startswith(_WHERE) else None


def _language(case: Case) -> str | None:
    """Judge the language that a thing's text is in: no person's own."""
    text = bare_type(case.column.base_type) in TEXTS
    if not text or case.said not in plain.TONGUES or is_about_somebody(case):
        return None
    return None if is_about_an_act(case) or is_of_somebody(case) else "a text's language"


def _text(case: Case) -> str | None:
    """Judge a word or text of a thing, by what its name does not say."""
    said, found = set(case.said), of_words(case.said)
    text = bare_type(case.column.base_type) in TEXTS and not case.strong
    closed = plain.KEPT | plain.OPERATORS_OWN | kinds.EXTERNAL | _PEOPLE
    if not text or not _is_a_thing(case) or said & closed or case.said[-1:] == ("id",):
        return None
    if is_about_an_act(case) or is_of_somebody(case) or _may_be_a_person(case):
        return None
    thing = found is None or found in _WRITTEN
    return "a word or text of a thing that is nobody's" if thing else None


def _is_a_thing(case: Case) -> bool:
    """Tell whether rows are things, or are at least called the sorts of something."""
    last = set(words(case.table.name.name)[-1:])
    called = last & (kinds.SORTS | kinds.REFERENCE | kinds.ESTABLISHMENTS | plain.LISTED)
    called -= kinds.ROLES | {"version", "dictionary"}  # of whatever a row has, or of one's words
    return case.nature in THINGS or (case.nature is Nature.UNKNOWN and bool(called))


def _may_be_a_person(case: Case) -> bool:
    """Tell whether a name stands in a table called by a word that nobody knows."""
    last = words(case.table.name.name)[-1:]
    return bool({"name", "title"} & set(case.said)) and not set(last) <= KNOWN
