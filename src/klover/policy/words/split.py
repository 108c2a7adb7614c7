"""A name cut into its words: lower case, English, singular.

``firstName``, ``FIRST_NAME``, ``firstname``, ``prenom`` and ``Vorname`` all give
``("first", "name")``. Words run together are cut only where known words cover all of them.
"""

import re
import unicodedata
from functools import cache

from klover.policy.words import kinds, plain
from klover.policy.words.foreign import FOREIGN
from klover.policy.words.personal import PHRASES

_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_RUNS = re.compile(r"[a-z]+")
_SPECIAL = str.maketrans({"ß": "ss", "ı": "i", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "œ": "oe"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_SHORT = frozenset({"id", "ip", "at", "by", "to", "is", "no", "in", "on", "uid"})
_SHORTEST = 3
_LONGEST_CUT = 40
_LONG = 7

KNOWN = (
    frozenset(word for phrase in PHRASES for word in phrase)
    | frozenset(FOREIGN)
    | frozenset(word for words in FOREIGN.values() for word in words)
    | plain.PLAIN
    | plain.NUMBER_HEADS
    | plain.TEXT_HEADS
    | plain.PUBLIC_TIMES
    | plain.OF_THINGS
    | plain.SHARED_NAMES
    | frozenset(kinds.PEOPLE)
    | kinds.ROLES
    | kinds.AUDIT
    | kinds.SELF
    | kinds.SETTING
    | kinds.RELATION
    | kinds.PUBLIC
    | kinds.PRIVATE
    | kinds.SYSTEM
    | kinds.PUBLISHED
    | kinds.REFERENCE
    | kinds.ORGANISATIONS
    | _SHORT
    | frozenset(
        """sale sales header line detail business entity home
        work property required ship unit material measure illustration culture scrap special
        territory shopping organization per quantity other secondary total net
        gross half full short long big small real true whole low high min max avg average amount
        sum mean percent ratio hash name number date time year day reference value""".split()
    )
)


@cache
def words(name: str) -> tuple[str, ...]:
    """Cut a name into words; digits are dropped."""
    found: list[str] = []
    plain_name = unicodedata.normalize("NFC", name).translate(_SPECIAL)
    for form in (plain_name.translate(_UMLAUTS), plain_name):
        folded = unicodedata.normalize("NFKD", form)
        folded = "".join(sign for sign in folded if not unicodedata.combining(sign))
        runs = _RUNS.findall(_HUMPS.sub("_", folded).lower())
        found = [word for run in runs for word in _run(run)]
        if all(word in KNOWN for word in found):
            break
    return tuple(found)


def singular(word: str) -> str:
    """Take a plural's ending off a word."""
    if word in {"ids", "ips", "ons"} or (
        word.endswith("s") and word[:-1] in KNOWN and len(word) > _SHORTEST
    ):
        return word[:-1]
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + instead
    if word.endswith(("ses", "xes")) and word[:-2] in KNOWN and word[:-1] not in KNOWN:
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > _SHORTEST:
        return word[:-1]
    return word


def _run(run: str) -> tuple[str, ...]:
    """Tell the words of one run of letters."""
    whole = _word(run)
    if whole is not None:
        return whole
    if len(run) <= _LONGEST_CUT:
        cut = _cut(run)
        if cut is not None:
            return tuple(word for piece in cut for word in _word(piece) or (piece,))
    return (singular(run),)


@cache
def _word(run: str) -> tuple[str, ...] | None:
    """Tell the English of a word we know, in either number."""
    for form in (run, singular(run), *_german(run)):
        if form in FOREIGN:
            return FOREIGN[form]
        if form in KNOWN and form in {run, singular(run)}:
            return (singular(form) if singular(form) in KNOWN else form,)
    return None


def _german(run: str) -> tuple[str, ...]:
    """Take German plurals' endings off a word that is long enough for one."""
    endings = ("en", "n", "e", "er") if len(run) > _LONG else ()
    return tuple(run.removesuffix(end) for end in endings if run.endswith(end))


def _cut(run: str) -> tuple[str, ...] | None:
    """Cover a run with the fewest known words."""
    best: list[tuple[str, ...] | None] = [()] + [None] * len(run)
    for end in range(1, len(run) + 1):
        for start in range(end):
            before, piece = best[start], run[start:end]
            if before is None or (len(piece) < _SHORTEST + 1 and piece not in _CUTS):
                continue
            if _word(piece) is None:
                continue
            held = best[end]
            if held is None or len(before) + 1 < len(held):
                best[end] = (*before, piece)
    return best[-1]


_CUTS = _SHORT | frozenset(
    """age api app bic cap day dob end fax job key lat log lng lon mac mail max min new pay pin plz
    row sex sim ssn sum tax tel url vat via zip tag set sub""".split()
)
"""Words of two and three letters that may stand inside a run; others would cut by accident."""
