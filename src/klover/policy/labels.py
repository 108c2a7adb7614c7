"""What a column's name says it may hold, in the words of the fideslang taxonomy.

A heuristic that only ever makes things stricter: a label means *may be personal*, no label means
nothing at all. ``label`` knows the words that hardly ever stand for anything else, ``category``
also those that often do (``title``, ``value``).
https://ethyca.github.io/fideslang/taxonomy/data_categories/
"""

import re
from collections.abc import Sequence

from klover.policy.words.personal import LONGEST, OFTEN, PHRASES, WEAK
from klover.policy.words.split import words

COUNTRY = "user.contact.address.country"

_CARD = "user.financial.credit_card"
_TECHNICAL_ENDS = ({"type"}, {"size"}, {"format"}, {"content", "type"}, {"mime", "type"})
_VALUES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}\Z", re.IGNORECASE), "user.contact.email"),
    (re.compile(r"(\d{1,3}\.){3}\d{1,3}(/\d+)?\Z"), "user.device.ip_address"),
    (re.compile(r"([0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}\Z", re.IGNORECASE), "user.device.ip_address"),
    (re.compile(r"(\+|00)\d[\d ()./-]{6,}\Z"), "user.contact.phone_number"),
    (re.compile(r"[A-Z]{2}\d{2} ?[A-Z0-9]{4}( ?[A-Z0-9]{4}){2,6}( ?[A-Z0-9]{1,4})?\Z"), "iban"),
    (re.compile(r"(2[2-7]|[3-6]\d)\d\d[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}\Z"), _CARD),
    (re.compile(r"Mozilla/\d|Dalvik/\d|okhttp/\d|[\w-]+/\d[\d.]* \(.*\)"), "user.device"),
    (re.compile(r"\$2[aby]\$|\$argon2|pbkdf2|\{SSHA\}|\$[156]\$"), "user.authorization.password"),
    (re.compile(r"ey[JA][\w-]+\.[\w-]+\.[\w-]*\Z"), "user.authorization.credentials"),
    (re.compile(r"https?://"), "user.contact.url"),
)
_NAMES = {"iban": "user.financial.bank_account"}
_SOME = 0.2
"""The share of a column's values that have to have a form; personal data among others counts."""


def category(column: str) -> str | None:
    """Tell the category that a column's name may stand for; None where it says nothing."""
    return of_words(words(column))


def label(column: str) -> str | None:
    """Tell the category that a column's name clearly suggests; None where it suggests none."""
    said = words(column)
    if any(set(said[-len(end) :]) == end for end in _TECHNICAL_ENDS):
        return None
    return of_words(said, strong=True)


def of_words(said: Sequence[str], *, strong: bool = False) -> str | None:
    """Tell the category of a name's words: the longest phrase, and the last of equals.

    ``strong`` passes over words that often stand for harmless things.
    """
    for length in range(min(LONGEST, len(said)), 0, -1):
        for start in range(len(said) - length, -1, -1):
            phrase = tuple(said[start : start + length])
            found = PHRASES.get(phrase)
            if found is not None and not (strong and (found in WEAK or phrase in OFTEN)):
                return found
    return None


def label_values(values: Sequence[str]) -> str | None:
    """Tell the category that a share of a column's sample values have the form of."""
    filled = [value for value in values if value]
    for pattern, found in _VALUES:
        fitting = sum(_fits(pattern, found, value) for value in filled)
        if filled and fitting >= max(1, len(filled) * _SOME):
            return _NAMES.get(found, found)
    return None


def _fits(pattern: re.Pattern[str], found: str, value: str) -> bool:
    """Tell whether a value has a form; a card's number also has a check digit (ISO/IEC 7812)."""
    return bool(pattern.match(value)) and (found != _CARD or _has_check_digit(value))


def _has_check_digit(value: str) -> bool:
    digits = [int(sign) for sign in reversed(value) if sign.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
