"""What a column's name says it may hold, in the words of the fideslang taxonomy.

A heuristic that only ever makes things stricter: a label means *looks personal*, no label means
nothing at all. Names are English and compared part by part (``billing_email`` is an e-mail).
https://ethyca.github.io/fideslang/taxonomy/data_categories/
"""

import re
from collections.abc import Sequence

COUNTRY = "user.contact.address.country"

_LABELS: tuple[tuple[str, str], ...] = (
    (r"e?mail|email_address", "user.contact.email"),
    (r"phone|mobile|msisdn|telephone|fax", "user.contact.phone_number"),
    (r"ip|ip_addr|ip_address|locationip|remote_addr|inet", "user.device.ip_address"),
    (r"user_agent|useragent|browser|browser_used|device", "user.device"),
    (r"push_token|device_token|device_id|fingerprint|imei|idfa", "user.device.device_id"),
    (r"password|passwd|passphrase|otp|otp_secret|backup_codes", "user.authorization.password"),
    (r"token|secret|private_key|api_key|session_id|key_auth|key_p256dh", "user.authorization"),
    (r"(first|last|middle|full|real|legal|sur|family|given|display)_?name", "user.name"),
    (r"firstname|lastname|surname", "user.name"),
    (r"username|handle|login|nickname|acct|human_identifier", "user.account.username"),
    (r"address|address[12]|street|district|postcode", "user.contact.address.street"),
    (r"postal_code|zip|zipcode|zip_code", "user.contact.address.postal_code"),
    (r"country|country_code", COUNTRY),
    (r"birth|birthday|birthdate|birth_date|date_of_birth|dob", "user.demographic.date_of_birth"),
    (r"gender|sex", "user.demographic.gender"),
    (r"locale|time_zone|timezone", "user.demographic.language"),
    (r"latitude|longitude|lat|lon|lng|geo", "user.location.imprecise"),
    (r"card|iban|account_number|bic", "user.payment"),
    (r"amount|price|salary|balance", "user.financial"),
    (r"ssn|passport|national_id|tax_id", "user.government_id"),
    (r"picture|photo|avatar|portrait", "user.content.photos"),
    (r"bio|note|content|body|text|comment|message|caption|details", "user.content"),
)
_PATTERNS = tuple(
    (re.compile(rf"(^|_)({pattern})(s?)($|_)"), category) for pattern, category in _LABELS
)
_VALUES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}\Z", re.IGNORECASE), "user.contact.email"),
    (re.compile(r"(\d{1,3}\.){3}\d{1,3}\Z"), "user.device.ip_address"),
    (re.compile(r"\+\d[\d ()-]{6,}\Z"), "user.contact.phone_number"),
)


def label(column: str) -> str | None:
    """Tell the fideslang category that a column's name suggests; None where it suggests none."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column).lower()
    if name.endswith(("_type", "_size", "_format")):
        return None
    return next((category for pattern, category in _PATTERNS if pattern.search(name)), None)


def label_values(values: Sequence[str]) -> str | None:
    """Tell the category that most of a column's sample values have the form of."""
    filled = [value for value in values if value]
    for pattern, category in _VALUES:
        if filled and sum(bool(pattern.match(value)) for value in filled) * 2 > len(filled):
            return category
    return None
