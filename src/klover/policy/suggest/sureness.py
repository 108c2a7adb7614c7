"""How sure it is that a closed column is restricted, and why.

Closed is not the same as restricted: most of what stays closed does so because nothing speaks for
more. What a name says, the width of the type, and whose rows they are tell the two apart. The steps
are shares that were found on schemas judged by hand (decision 0017), rounded to what can be told:
``SURE`` is right at least four times in five, ``UNSURE`` one time in three or less.
"""

from klover.policy.identify import is_harmless
from klover.policy.labels import of_words
from klover.policy.neutral import bare_type
from klover.policy.suggest.case import NUMBERS, Case
from klover.policy.suggest.nature import Nature
from klover.policy.words import plain

SURE, LIKELY, UNTOLD, UNSURE = 0.9, 0.7, 0.4, 0.3
_THEIRS = frozenset({Nature.PERSON, Nature.PRIVATE, Nature.SYSTEM})
_THINGS = frozenset(
    {Nature.GROUP, Nature.GUARDED, Nature.REFERENCE, Nature.PUBLIC, Nature.APART, Nature.SETTING}
)
_FINDS = (
    "user.contact.email",
    "user.contact.phone_number",
    "user.authorization.password",
    "user.device.ip_address",
    "user.device.device_id",
    "user.name.first",
    "user.name.last",
    "user.government_id",
    "user.financial.bank_account",
    "user.financial.credit_card",
)
"""What finds somebody or opens something wherever it stands."""
_VAGUE = (
    "user.contact.address.country",
    "user.contact.address.state",
    "user.contact.url",
    "user.contact.organization",
    "user.demographic.language",
    "user.behavior",
    "user.unique_id",
    "user.social",
    "user.workplace",
    "user.location.imprecise",
)
"""What many share, or what machines call things by."""
_SECRETS = frozenset(["token", "secret", "password", "pin", "otp", "salt", "digest", "hash"])
_SHORT = plain.TEXT_HEADS | {"id", "uuid", "brand", "indicator", "source", "method"}
"""Last words of short texts, that say of what sort or whose something is."""
_COUNTED = ("user.financial", "user.payment", "user.location.precise")
_BODILY = (
    "user.demographic",
    "user.government_id",
    "user.criminal_history",
    "user.biometric",
    "user.health_and_medical",
)
_TOLD = ("user.content.private", "user.telemetry", "user.health_and_medical", "user.job_title")


def how_sure(case: Case) -> tuple[float, str]:
    """Tell how sure it is that a closed column is restricted, and why."""
    strong = of_words(case.said, strong=True) or ""
    if is_harmless(case.column):
        return _of_narrow(case, strong)
    weak = of_words(case.said) or ""
    finds = strong.startswith(_FINDS) and not {*case.said[-1:]} & plain.TEXT_HEADS
    if finds or _opens(case, strong) or _is_called(case):
        return SURE, "by its name"
    if case.nature in _THEIRS:
        told = strong or (weak if weak.startswith(_TOLD) else "")
        short = {*case.said[-1:]} & _SHORT
        if told and not short and not told.startswith(_VAGUE):
            return SURE, "by its name"
        return (LIKELY if weak else UNTOLD), "by its name" if weak else "nothing speaks for more"
    if strong and case.nature not in _THINGS and not strong.startswith(_VAGUE):
        return LIKELY, "by its name"
    return (UNTOLD if weak else UNSURE), "nothing speaks for more"


def _opens(case: Case, strong: str) -> bool:
    """Tell whether a text opens something, whatever it belongs to; a ``key`` may be any."""
    return strong.startswith("user.authorization") and bool(set(case.said[-1:]) & _SECRETS)


def _is_called(case: Case) -> bool:
    """Tell whether a text is a person's name."""
    return case.nature is Nature.PERSON and "name" in case.said


def _of_narrow(case: Case, strong: str) -> tuple[float, str]:
    """Judge a flag, a number, a time or a word of a few: sure only of money, bodies and places."""
    number = bare_type(case.column.base_type) in NUMBERS
    told = strong.startswith((*_COUNTED, *_BODILY) if number else _BODILY)
    if told and case.nature not in _THINGS and not strong.startswith(_VAGUE):
        return (SURE if case.nature in _THEIRS else LIKELY), "by its name"
    if case.nature is Nature.PERSON and strong.startswith("user.authorization"):
        return LIKELY, "by its name"  # when somebody was last here
    if case.nature in _THEIRS:
        return UNSURE, "what somebody did or how they stand"
    return UNSURE, "nothing speaks for more"
