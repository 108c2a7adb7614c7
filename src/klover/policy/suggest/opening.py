"""What opens a column that is no key: its type, every word of its name, and its table's nature.

One function a kind of type. Each tells the class, how sure that is and why, or None: restricted.
The orders of the checks matter only for the reason that is told; every check can only keep closed.
"""

from collections.abc import Callable

from klover.catalog import Column
from klover.policy.labels import of_words
from klover.policy.model import DataClass
from klover.policy.neutral import bare_type
from klover.policy.suggest.case import (
    NUMBERS,
    OPERATORS,
    SEEN,
    TEXTS,
    Case,
    has_an_amount,
    has_its_text,
    is_a_state,
    is_moderated,
    is_standing,
    is_word,
    names_a_value,
)
from klover.policy.suggest.nature import Nature
from klover.policy.words import kinds, plain
from klover.policy.words.split import words

Opening = tuple[DataClass, float, str]

_TIMES = ("timestamp without time zone", "timestamp with time zone", "date")
_CLOCK = frozenset(
    ["at", "on", "date", "time", "timestamp", "last", "row", "when", "sent", "by", "is", "day"]
)
_WHERE = (
    "user.location",
    "user.contact.address.city",
    "user.contact.address.country",
    "user.contact.address.state",
)
"""Where a thing is that is nobody's: a city's country, a shop's region."""
_CLOSED = frozenset({Nature.PRIVATE, Nature.SYSTEM})


def opened(case: Case) -> Opening | None:
    """Tell what opens the column of ``case``; None where nothing does."""
    found = _bookkeeping(case)
    if found is not None:
        return found
    if case.nature in _CLOSED:
        return _wish(case)
    if names_a_value(case):
        return case.seen, 0.7, "names the value beside it"
    if _shown(case):
        return DataClass.PUBLIC, 0.6, "shown to everybody: the row says whether it may be found"
    return _by_type(case.column)(case)


def _bookkeeping(case: Case) -> Opening | None:
    """Tell what a program keeps beside what people write, in whatever table."""
    if frozenset(case.said) in plain.TECHNICAL:
        return DataClass.INTEROPERABLE, 0.9, "bookkeeping"
    ends = plain.TECHNICAL_ENDS[:3] if case.nature in _CLOSED else plain.TECHNICAL_ENDS
    if case.said[-2:] in ends:
        return case.seen, 0.8, "what a program keeps beside a file"
    if case.said[-1:] == ("currency",) and is_word(case.column) and has_an_amount(case):
        return case.seen, 0.8, "what the amount beside it is in"
    if case.said[-1:] == ("format",) and is_word(case.column) and has_its_text(case):
        return case.seen, 0.8, "how the text beside it is written"
    return None


def _by_type(column: Column) -> Callable[[Case], Opening | None]:
    """Choose who judges a column by its type; whatever is unknown is a document."""
    if column.type_kind == "e":
        return _word
    if column.element_type is not None:
        return _list
    bare = bare_type(column.base_type)
    judges = {"boolean": _flag}
    judges |= dict.fromkeys(_TIMES, _time)
    judges |= dict.fromkeys(NUMBERS, _number)
    judges |= dict.fromkeys(TEXTS, _text)
    return judges.get(bare, _document)


def _wish(case: Case) -> Opening | None:
    """How somebody wants things is a setting, wherever it stands."""
    flag = bare_type(case.column.base_type) == "boolean"
    if flag and case.nature is Nature.PRIVATE and not case.strong and _begins_with_a_verb(case):
        return DataClass.INTEROPERABLE, 0.6, "a setting"
    return None


def _begins_with_a_verb(case: Case) -> bool:
    opt = case.said[-2:] in {("opt", "in"), ("opt", "out")}
    return opt or (bool(case.said) and case.said[0] in plain.SETTING_VERBS)


def _shown(case: Case) -> bool:
    """Tell whether a row that may be made findable shows the column: a profile, a collection."""
    if case.nature not in {Nature.PERSON, Nature.PUBLIC} or not case.findable:
        return False
    said = set(case.said)
    return bool(said & plain.SHOWN) and said <= plain.SHOWN | plain.PLAIN | case.vocabulary


def _time(case: Case) -> Opening | None:
    about = set(case.said) - _CLOCK
    if case.nature is Nature.REFERENCE and not case.strong:
        return DataClass.PUBLIC, 0.8, "time of a thing that is nobody's"
    if case.nature in OPERATORS and not case.strong:
        return DataClass.INTEROPERABLE, 0.7, "time of the operator's own"
    times = about & plain.PUBLIC_TIMES
    rest = plain.PLAIN | plain.IMAGES | case.vocabulary
    if case.nature is Nature.PUBLIC and times and about - times <= rest:
        return DataClass.PUBLIC, 0.8, "time of a thing for everybody to see"
    kept = case.nature in {Nature.PERSON, Nature.SETTING, Nature.RELATION, Nature.APART}
    if kept and about and about <= plain.TIMES:
        return DataClass.INTEROPERABLE, 0.7, "time the row was written"
    return None


def _flag(case: Case) -> Opening | None:
    if case.strong or is_moderated(case):
        return None
    thing = case.nature is Nature.PUBLIC and case.known
    if thing or case.nature in {Nature.REFERENCE, Nature.SETTING} or _begins_with_a_verb(case):
        return case.seen, 0.8, "a flag"
    if case.nature in {Nature.RELATION, *OPERATORS} and not case.labelled:
        return DataClass.INTEROPERABLE, 0.7, "a flag of a relation or of the operator's own"
    if case.plain:
        return DataClass.INTEROPERABLE, 0.7, "a flag, every word of it plain"
    return None


def _word(case: Case) -> Opening | None:
    """Judge an enumerated word."""
    if case.strong or is_standing(case):
        return None
    if case.nature in SEEN | {Nature.SETTING}:
        return case.seen, 0.8, "an enumerated word"
    if case.plain:
        return DataClass.INTEROPERABLE, 0.7, "an enumerated word, every word of its name plain"
    return None


def _number(case: Case) -> Opening | None:
    if set(case.said) & plain.TIMES and set(case.said) <= plain.TIMES | _CLOCK:
        return _time(case)  # seconds since 1970, as some applications keep times
    if case.nature is Nature.REFERENCE and not _personal_number(case):
        return DataClass.PUBLIC, 0.8, "a number of a thing that is nobody's"
    if case.strong or is_standing(case):
        return None
    if case.nature in {Nature.PUBLIC, Nature.SETTING} and case.known:
        return case.seen, 0.7, "a number"
    guarded = case.nature in OPERATORS and not case.labelled
    unknown = case.nature is Nature.UNKNOWN and set(case.said) & case.vocabulary - plain.PLAIN
    if guarded or (case.plain and not unknown and set(case.said) & plain.NUMBER_HEADS):
        return DataClass.INTEROPERABLE, 0.7, "a count or state, every word of it plain"
    return None


def _personal_number(case: Case) -> bool:
    """Prices of things are nobody's; wages are somebody's."""
    found = of_words(case.said, strong=True) or ""
    thing = ("user.financial", "user.payment", "user.health", *_WHERE, "user.device")
    worst = {"salary", "wage", "income", "bonus", "debt", "credit", "pension", "pay", "payroll"}
    return bool(found) and (not found.startswith(thing) or bool(worst & set(case.said)))


def _list(case: Case) -> Opening | None:
    if case.nature is Nature.REFERENCE and not case.strong:
        return DataClass.PUBLIC, 0.6, "a list of a thing that is nobody's"
    bare = bare_type(case.column.element_type or "")
    if case.nature is Nature.PUBLIC and bare in NUMBERS and not case.labelled:
        return DataClass.PUBLIC, 0.6, "numbers of a thing for everybody to see"
    return None


def _text(case: Case) -> Opening | None:
    said = set(case.said)
    if case.nature is Nature.REFERENCE:
        return _operators_text(case)
    heads = plain.TEXT_HEADS | ({"category"} if case.nature is Nature.GUARDED else set())
    if case.strong or not said & heads or is_standing(case):
        return None
    if {"language", "lang"} & said and case.nature is not Nature.PUBLIC:
        return None  # there it is somebody's language, not a thing's
    if case.nature is Nature.UNKNOWN:
        return None
    if case.plain and not is_a_state(case):
        return case.seen, 0.6, "an enumerated text, every word of its name plain"
    return None


def _operators_text(case: Case) -> Opening | None:
    """Judge a text of a table that nothing ties to a person and that names nobody."""
    said = set(case.said)
    table = words(case.table.name.name)
    if case.said == table:
        return DataClass.PUBLIC, 0.8, "the thing's own name"
    if case.strong and (of_words(case.said, strong=True) or "") not in _WHERE:
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


def _document(case: Case) -> Opening | None:
    """Documents, media and unknown types stay closed; search words of a thing need not."""
    bare = bare_type(case.column.base_type)
    if case.nature is Nature.REFERENCE and bare == "tsvector":
        return DataClass.PUBLIC, 0.7, "search words of a thing that is nobody's"
    return None
