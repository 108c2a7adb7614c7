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
    Opening,
    counts_things,
    has_an_amount,
    has_its_text,
    is_moderated,
    is_standing,
    is_word,
    names_a_value,
)
from klover.policy.suggest.nature import Nature
from klover.policy.suggest.texts import WHERE, judge_text
from klover.policy.words import kinds, plain
from klover.policy.words.split import words

_TIMES = ("timestamp without time zone", "timestamp with time zone", "date")
_CLOCK = frozenset(
    ["at", "on", "date", "time", "timestamp", "last", "row", "when", "sent", "by", "is", "day"]
)
_BODILY = (
    "user.health_and_medical",
    "user.demographic",
    "user.biometric",
    "user.criminal_history",
    "user.government_id",
)
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
    judges |= dict.fromkeys(TEXTS, judge_text)
    return judges.get(bare, _document)


def _wish(case: Case) -> Opening | None:
    """How somebody wants things is a setting, wherever it stands."""
    flag = bare_type(case.column.base_type) == "boolean"
    if flag and case.nature is Nature.PRIVATE and not case.strong and _begins_with_a_verb(case):
        return DataClass.INTEROPERABLE, 0.6, "a setting"
    return None


def _begins_with_a_verb(case: Case) -> bool:
    opt = case.said[-2:] in {("opt", "in"), ("opt", "out")}
    return opt or (bool(case.said) and case.said[0] in plain.SETTING_VERBS and case.known)


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
    if kept and is_written(case.column):
        return DataClass.INTEROPERABLE, 0.7, "time the row was written"
    return None


def is_written(column: Column) -> bool:
    """Tell whether a column is the time at which its row was written."""
    about = set(words(column.name)) - _CLOCK
    times = bare_type(column.base_type) in _TIMES
    return times and bool(about) and about <= plain.TIMES


def _flag(case: Case) -> Opening | None:
    nobodys = case.nature in {Nature.GUARDED, Nature.GROUP} and not _of_a_body(case)
    if (
        nobodys
        or case.nature is Nature.REFERENCE
        or (case.said[:1] != () and case.said[0] in plain.SHOWING)
    ):
        return case.seen, 0.8, "a flag"
    if case.strong or is_moderated(case):
        return None
    thing = case.nature is Nature.PUBLIC and case.known
    if thing or case.nature is Nature.SETTING or _begins_with_a_verb(case):
        return case.seen, 0.8, "a flag"
    if case.nature in {Nature.RELATION, *OPERATORS} and not case.labelled:
        return DataClass.INTEROPERABLE, 0.7, "a flag of a relation or of the operator's own"
    if case.plain:
        return DataClass.INTEROPERABLE, 0.7, "a flag, every word of it plain"
    return None


def _of_a_body(case: Case) -> bool:
    """Tell whether a name says what only people have or are, even of a thing."""
    return (of_words(case.said, strong=True) or "").startswith(_BODILY)


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
    people = set(words(case.table.name.name)) & kinds.PEOPLE.keys()
    secret = case.nature is Nature.GUARDED and (not case.vocabulary or people)
    nobodys = case.nature in {Nature.REFERENCE, Nature.GUARDED} and not secret
    if nobodys and not _personal_number(case):
        return case.seen, 0.8, "a number of a thing that is nobody's"
    if case.strong or is_standing(case):
        return None
    headed = set(case.said[-1:]) <= plain.NUMBER_HEADS and not case.labelled
    seen = case.nature in {Nature.PUBLIC, Nature.SETTING} and (case.known or headed)
    if seen or case.said[-1:] == ("count",) or _measures_an_image(case):
        return case.seen, 0.7, "a number"
    guarded = (case.nature in OPERATORS or counts_things(case)) and not case.labelled
    unknown = case.nature is Nature.UNKNOWN and set(case.said) & case.vocabulary - plain.PLAIN
    if guarded or (case.plain and not unknown and set(case.said) & plain.NUMBER_HEADS):
        return DataClass.INTEROPERABLE, 0.7, "a count or state, every word of it plain"
    return None


def _measures_an_image(case: Case) -> bool:
    return (
        case.said[-1:] != ()
        and case.said[-1] in plain.MEASURES
        and bool(set(case.said) & plain.IMAGES)
    )


def _personal_number(case: Case) -> bool:
    """Prices of things are nobody's; wages are somebody's."""
    found = of_words(case.said, strong=True) or ""
    thing = ("user.financial", "user.payment", "user.health", *WHERE, "user.device")
    worst = {"salary", "wage", "income", "bonus", "debt", "credit", "pension", "pay", "payroll"}
    return bool(found) and (not found.startswith(thing) or bool(worst & set(case.said)))


def _list(case: Case) -> Opening | None:
    if case.nature is Nature.REFERENCE and not case.strong:
        return DataClass.PUBLIC, 0.6, "a list of a thing that is nobody's"
    bare = bare_type(case.column.element_type or "")
    if case.nature is Nature.PUBLIC and bare in NUMBERS and not case.labelled:
        return DataClass.PUBLIC, 0.6, "numbers of a thing for everybody to see"
    return None


def _document(case: Case) -> Opening | None:
    """Documents, media and unknown types stay closed; search words of a thing need not."""
    bare = bare_type(case.column.base_type)
    if case.nature is Nature.REFERENCE and bare == "tsvector":
        return DataClass.PUBLIC, 0.7, "search words of a thing that is nobody's"
    return None
