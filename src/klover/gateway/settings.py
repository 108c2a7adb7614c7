"""The settings a client may choose, at startup or by SET; everything else is refused.

What is listed changes how values are written or how long things may take. What is not listed
might change how SQL is read (the lexer relies on standard-conforming strings and UTF-8), what names
mean (the search path is the door), who the session is, or what it may do. How long things may take
has a ceiling: nobody keeps a session role, a lock or the standby's replay for as long as they like.
"""

import re
from collections.abc import Mapping

_ANY = None
_ON = frozenset({"on", "true", "yes", "1"})
_UTF8 = frozenset({"utf8", "utf-8", "unicode"})

_ALLOWED: Mapping[str, frozenset[str] | None] = {
    "bytea_output": _ANY,
    "client_encoding": _UTF8,
    "client_min_messages": frozenset({"notice", "warning", "error"}),
    "datestyle": _ANY,
    "default_transaction_deferrable": _ANY,
    "default_transaction_isolation": _ANY,
    "default_transaction_read_only": _ON,
    "extra_float_digits": _ANY,
    "idle_in_transaction_session_timeout": _ANY,  # up to a ceiling
    "idle_session_timeout": _ANY,
    "intervalstyle": _ANY,
    "lock_timeout": _ANY,  # up to a ceiling
    "standard_conforming_strings": _ON,
    "statement_timeout": _ANY,  # up to a ceiling
    "timezone": _ANY,
    "transaction_deferrable": _ANY,
    "transaction_isolation": _ANY,
    "transaction_read_only": _ON,
    "transaction_timeout": _ANY,
}
_MINUTE = 60_000.0
_CEILINGS: Mapping[str, float] = {
    "idle_in_transaction_session_timeout": 10 * _MINUTE,
    "lock_timeout": _MINUTE,
    "statement_timeout": 30 * _MINUTE,
}
"""In milliseconds. Postgres takes 0 for no limit at all."""
_UNITS: Mapping[str, float] = {
    "us": 0.001, "ms": 1.0, "": 1.0, "s": 1000.0, "min": _MINUTE, "h": 60 * _MINUTE,
    "d": 1440 * _MINUTE,
}  # fmt: skip
_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) *(us|ms|s|min|h|d|)", re.ASCII)
_AT_STARTUP = frozenset(_ALLOWED) - {"client_encoding"}
_OPTION = re.compile(
    r"(?:-c\s*|--)([A-Za-z_][A-Za-z0-9_.\-]*)=((?:[^\s\\]|\\.)*)(?:\s+|$)", re.DOTALL
)


def known(name: str) -> bool:
    """Tell whether a setting is one that a client may choose."""
    return name.lower() in _ALLOWED


def allowed(name: str, content: str) -> bool:
    """Tell whether a client may give a setting this value."""
    if not known(name):
        return False
    if name.lower() in _CEILINGS:
        return content.lower() == "default" or 1 <= _duration(content) <= _CEILINGS[name.lower()]
    choices = _ALLOWED[name.lower()]
    return choices is None or content.lower() in choices or content.lower() == "default"


def ceiling(name: str) -> str | None:
    """Tell the longest that a client may choose; None where there is no such bound."""
    most = _CEILINGS.get(name.lower())
    return None if most is None else f"{most / _MINUTE:.0f}min"


def _duration(content: str) -> float:
    """Read a time as Postgres does, in milliseconds; what it might read otherwise is 0."""
    found = _DURATION.fullmatch(content.strip(" "))
    return float(found[1]) * _UNITS[found[2]] if found else 0.0


def at_startup(name: str, content: str) -> bool:
    """Tell whether a startup parameter is passed on to the store's server."""
    return name.lower() in _AT_STARTUP and allowed(name, content)


def options(text: str) -> Mapping[str, str] | None:
    """Read the ``options`` startup parameter, ``-c name=value …``; None where it has another form.

    A backslash keeps the character after it, as in Postgres.
    """
    found: dict[str, str] = {}
    at = len(text) - len(text.lstrip())
    while at < len(text):
        option = _OPTION.match(text, at)
        if option is None:
            return None
        found[option[1].replace("-", "_").lower()] = re.sub(
            r"\\(.)", r"\1", option[2], flags=re.DOTALL
        )
        at = option.end()
    return found
