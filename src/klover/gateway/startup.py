"""What a client asks for when it starts: an audience, a purpose, a reference, a few settings.

The user name is the audience. Purpose and reference come in the ``options`` parameter
(``-c klover.purpose=abuse -c klover.reference=CASE-1``). What is not understood is refused, except
for the database's name and the application's, which do not matter here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from klover.errors import DeniedError, WireError
from klover.gateway import settings
from klover.wire.backend import NegotiateProtocolVersion
from klover.wire.startup import VERSION_3_0, VERSION_3_2, StartupMessage

_IGNORED = frozenset({"user", "database", "application_name", "options", "replication"})
_NOT_REPLICATION = frozenset({"", "false", "off", "no", "0"})
# SQL_ASCII asks for no conversion: the client says nothing of its encoding, and is told UTF-8.
_ENCODINGS = frozenset({"utf8", "utf-8", "unicode", "sql_ascii"})
_NEWEST_MINOR = VERSION_3_2 & 0xFFFF
_OURS = "klover."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the client wants; ``version`` is the protocol that will be spoken."""

    audience: str
    purpose: str | None
    reference: str | None
    settings: Mapping[str, str]
    version: int
    negotiate: NegotiateProtocolVersion | None


def read(message: StartupMessage) -> Wanted:
    """Read a startup message. Raises DeniedError or WireError with what to do."""
    parameters = message.parameters
    if parameters.get("replication", "").lower() not in _NOT_REPLICATION:
        raise DeniedError("Replication is not spoken at a door.")
    audience = parameters.get("user", "")
    if not audience:
        raise WireError("The startup message has no user; it has to be an audience's name.")
    options = settings.options(parameters.get("options", ""))
    if options is None:
        raise WireError("The `options` cannot be read; write them as -c name=value.")
    chosen: dict[str, str] = {}
    for name, content in {**_plain(parameters), **_plain_options(options)}.items():
        if not settings.at_startup(name, content):
            raise DeniedError(f"The setting {name[:63]!r} is not passed on; leave it out.")
        chosen[name] = content
    version, negotiate = _negotiate(message)
    return Wanted(
        audience=audience,
        purpose=options.get("klover.purpose") or None,
        reference=options.get("klover.reference") or None,
        settings=chosen,
        version=version,
        negotiate=negotiate,
    )


def _plain(parameters: Mapping[str, str]) -> dict[str, str]:
    encoding = parameters.get("client_encoding", "utf8").strip("'\"").lower()
    if encoding not in _ENCODINGS:
        raise DeniedError("Klover speaks UTF-8 only; set client_encoding (PGCLIENTENCODING) so.")
    return {
        name: content
        for name, content in parameters.items()
        if name not in _IGNORED and name != "client_encoding" and not name.startswith("_pq_.")
    }


def _plain_options(options: Mapping[str, str]) -> dict[str, str]:
    unknown = [name for name in options if name.startswith(_OURS)]
    for name in ("klover.purpose", "klover.reference"):
        if name in unknown:
            unknown.remove(name)
    if unknown:
        raise DeniedError("Of klover's own options there are klover.purpose and klover.reference.")
    return {name: content for name, content in options.items() if not name.startswith(_OURS)}


def _negotiate(message: StartupMessage) -> tuple[int, NegotiateProtocolVersion | None]:
    """Settle the minor version: 3.2, or 3.0 for whoever asks for less; no protocol options."""
    minor = message.version & 0xFFFF
    options = tuple(name.encode() for name in message.parameters if name.startswith("_pq_."))
    version = VERSION_3_2 if minor >= _NEWEST_MINOR else VERSION_3_0
    if minor in {0, _NEWEST_MINOR} and not options:
        return version, None
    return version, NegotiateProtocolVersion(minor=version & 0xFFFF, options=options)
