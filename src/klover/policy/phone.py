"""The country of a phone number in international form, by libphonenumber's ranges.

A number without its country (``22 12 34 56``, ``0047 …``) says nothing, for dialling prefixes
differ; nor do toll-free numbers, internet telephony and pagers. Where countries share a range the
main one of the calling code stands for them, as in libphonenumber: Norway for Svalbard, Guadeloupe
for Saint Barthélemy. https://github.com/google/libphonenumber
"""

import phonenumbers
from phonenumbers import PhoneNumberType

_OF_A_PERSON = frozenset(
    {PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
)


def region_of(value: str) -> str | None:
    """Tell the region of a valid number of somebody's; None for anything else."""
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.number_type(number) not in _OF_A_PERSON:
        return None
    return phonenumbers.region_code_for_number(number)
