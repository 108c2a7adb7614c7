"""What opens a column though nobody listed its words: a type too narrow for what is protected.

A flag, a number, a place in an order, the sort of a thing or the time at which its row was written
holds no name, no address and no text. Where no word of the column or of its table speaks of an act,
of money, of a body or of a part that somebody plays, it is interoperable; never public. ``things``
tells the same of texts, where the table is a thing's or the operator's own.
"""

from klover.policy.labels import of_words
from klover.policy.model import DataClass
from klover.policy.neutral import bare_type
from klover.policy.suggest.case import (
    NUMBERS,
    TEXTS,
    Case,
    Opening,
    is_a_state,
    is_about_somebody,
    is_moderated,
    is_standing,
)
from klover.policy.suggest.nature import Nature
from klover.policy.suggest.opening import is_written
from klover.policy.suggest.things import (
    LOOSE,
    THINGS,
    is_about_an_act,
    is_of_somebody,
    judge_thing,
)
from klover.policy.words import kinds, plain
from klover.policy.words.split import words

_ROWS = ("smallint", "integer", "bigint", "uuid")
_WISHES = frozenset(["notification", "communication", "newsletter", "digest", "enabled"])
_MONEY = ("user.financial", "user.payment", "user.contact.phone", "user.government")
_BODILY = (
    "user.health",
    "user.demographic",
    "user.biometric",
    "user.criminal",
    "user.government",
    "user.financial",
)


def narrow(case: Case) -> Opening | None:
    """Tell why a column cannot hold what is protected; None where it may."""
    judges = [_row, _place, _technical, _wish, _figure, judge_thing]
    if case.nature in LOOSE and not case.strong:
        judges += [_sort, _flag, _measure, _time]
    why = next((found for judge in judges if (found := judge(case))), None)
    return None if why is None else (DataClass.INTEROPERABLE, 0.6, why)


def _row(case: Case) -> str | None:
    """Judge a number called an id: it names a row, here or elsewhere.

    Not an id of a known service, nor one whose words tell what was done: ``last_read_id``.
    """
    stem = case.said[:-1]
    opens = (of_words(stem, strong=True) or "").startswith(("user.authorization", "user.device"))
    if opens and _is(case, ("uuid",)):
        return None  # a number is no secret: anybody guesses it
    if not _is(case, _ROWS) or not stem or case.said[-1] != "id" or {*stem} & kinds.EXTERNAL:
        return None
    table = stem[-1] in kinds.ACTS | kinds.PUBLIC | kinds.REFERENCE | kinds.ORGANISATIONS
    return "a number that names a row" if table or of_words(stem) is None else None


def _place(case: Case) -> str | None:
    placed = _is(case, NUMBERS) and {*case.said[-1:]} & plain.PLACED
    if placed and not case.strong and case.nature is not Nature.PRIVATE:
        return "a place in an order"
    return None


def _technical(case: Case) -> str | None:
    heads = plain.TECHNICAL_HEADS - {"unit"}
    if _is_word(case) and not case.strong and {*case.said[-1:]} & heads:
        return "how something is written"
    return None


def _wish(case: Case) -> str | None:
    """Judge a flag of how somebody wants things: by which way to be told of what."""
    if not _is(case, ("boolean",)) or case.nature not in {Nature.SETTING, Nature.PERSON}:
        return None
    found = of_words(case.said, strong=True) or ""
    setting = case.nature is Nature.SETTING
    wish = {*case.said[-1:]} & _WISHES or (setting and found)
    opens = found.startswith("user.authorization") and not setting
    return "a wish" if wish and not opens and not found.startswith(_BODILY) else None


def _figure(case: Case) -> str | None:
    """Judge a number of a thing's or of the operator's own, whatever it counts, but for money."""
    if not _is(case, NUMBERS) or case.nature not in THINGS or not case.known:
        return None
    money = (of_words(case.said) or "").startswith(_MONEY) or {*case.said} & plain.PAID
    if money or is_about_an_act(case) or is_of_somebody(case):
        return None
    return "a number of a thing that is nobody's"


def _sort(case: Case) -> str | None:
    """Judge a word for one of a few sorts, by the last word of its name."""
    word = _is_word(case) or _is(case, NUMBERS)
    if not word or not {*case.said[-1:]} & plain.SORTED or is_standing(case) or is_a_state(case):
        return None
    weak = of_words(case.said) is not None and case.nature not in THINGS
    return None if weak or is_about_an_act(case) else "one of a few sorts"


def _flag(case: Case) -> str | None:
    if not _is(case, ("boolean",)) or is_moderated(case) or case.labelled:
        return None
    told = {*case.said} & (kinds.ROLES | plain.JUDGED)
    if told or _finds_somebody(case) or is_about_an_act(case):
        return None
    return "a flag, of which no word tells of anybody"


def _measure(case: Case) -> str | None:
    """Judge a number that is none of money, of a time, or of what somebody is worth."""
    if not _is(case, NUMBERS) or case.labelled or is_standing(case):
        return None
    told = {*case.said} & (plain.PAID | plain.CLOCKS | kinds.ROLES)
    unknown = case.nature is Nature.APART and not case.known
    if told or unknown or _finds_somebody(case) or is_of_somebody(case) or is_about_an_act(case):
        return None
    return "a number, of which no word tells of anybody"


def _time(case: Case) -> str | None:
    """Judge the time at which a row was written, where nothing says that writing it was an act.

    As of the people themselves: when somebody came is no secret, when a guest booked may be.
    """
    people = {*words(case.table.name.name)[-1:]} & (kinds.PEOPLE.keys() | kinds.ESTABLISHMENTS)
    found = _finds_somebody(case) and not people
    if case.nature is Nature.PUBLIC or is_about_an_act(case) or found:
        return None
    return "time the row was written, which was no act" if is_written(case.column) else None


def _is(case: Case, types: tuple[str, ...]) -> bool:
    return bare_type(case.column.base_type) in types


def _is_word(case: Case) -> bool:
    return case.column.type_kind == "e" or _is(case, TEXTS)


def _finds_somebody(case: Case) -> bool:
    """Tell whether rows of no known sort have what finds a person beside the column."""
    return case.nature is Nature.UNKNOWN and is_about_somebody(case)
