"""Who asks: a token read strictly, or one sentence that says what is wrong with it.

Only Ed25519 signatures by the issuer's keys count; the algorithm is ours to name, never the
token's. Every claim that is used has to be there and of its type, and no token lives longer than
``MAX_LIFETIME``. https://www.rfc-editor.org/rfc/rfc8725
"""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import KeySet, OKPKey

from klover.config import Issuer
from klover.errors import ConfigError, DeniedError
from klover.policy.decide import Principal

MAX_LIFETIME = timedelta(hours=24)
LEEWAY = timedelta(seconds=30)
"""How far the issuer's clock may be ahead of ours."""
_ALGORITHMS = ["Ed25519", "EdDSA"]  # one algorithm by its new and its old name (RFC 9864)
_HEADER = frozenset({"alg", "kid", "typ"})
_TYPES = frozenset({"JWT", "at+jwt"})
_MAX_TEXT = 256
_MAX_GROUPS = 256
_READ_APART = frozenset({"aud", "country", "exp", "groups", "iat", "iss", "jti", "nbf"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose tokens count: the issuer's name, the expected ``aud``, and its public keys."""

    issuer: str
    audience: str
    keys: KeySet


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a valid token says. ``country`` is the issuer's claim of where the principal is."""

    principal: Principal
    country: str | None


def trust(issuer: Issuer, jwks: str) -> Trust:
    """Read an issuer's public keys, JSON as in RFC 7517. Raises ConfigError."""
    what = f"The keys of the issuer {issuer.name}"
    try:
        entries = json.loads(jwks)["keys"]
        # The algorithm is ours to name: Ed25519 has an old name, EdDSA, that some keys bear.
        bare = [{k: v for k, v in entry.items() if k != "alg"} for entry in entries]
        keys = [OKPKey.import_key(entry) for entry in bare]
    except (ValueError, KeyError, TypeError, AttributeError, JoseError) as error:
        raise ConfigError(f"{what} are not a JSON Web Key Set of Ed25519 keys.") from error
    if not keys or any(key.curve_name != "Ed25519" or not key.kid for key in keys):
        raise ConfigError(f"{what} have to be Ed25519 keys with a `kid` each.")
    if any(key.is_private for key in keys):
        raise ConfigError(f"{what} hold a private key; publish the public ones only.")
    return Trust(issuer=issuer.name, audience=issuer.audience, keys=KeySet(list(keys)))


def authenticate(token: bytes, trusted: Trust, now: datetime) -> Credential:
    """Tell who a token is of. Raises DeniedError; its sentence tells nothing of the token."""
    claims = _verified(token, trusted)
    _check_times(claims, now)
    if claims.get("iss") != trusted.issuer:
        raise DeniedError("The token is another issuer's; log in again.")
    audience = claims.get("aud")
    if audience not in (trusted.audience, [trusted.audience]):
        raise DeniedError("The token is for another service; log in again.")
    groups = claims.get("groups")
    if not isinstance(groups, list) or len(groups) > _MAX_GROUPS:
        raise DeniedError("The token has no list of groups; ask the issuer for the claim `groups`.")
    country = claims.get("country")
    _text(claims, "jti")
    return Credential(
        principal=Principal(
            subject=_text(claims, "sub"),
            issuer=trusted.issuer,
            groups=frozenset(group for group in groups if isinstance(group, str)),
            expires=_time(claims, "exp"),
            claims={
                name: _texts(value) for name, value in claims.items() if name not in _READ_APART
            },
        ),
        country=country if isinstance(country, str) else None,
    )


def _texts(value: object) -> frozenset[str]:
    """Tell the texts of a claim that is a text or a list; anything else holds none."""
    values = value if isinstance(value, list) else [value]
    return frozenset(text for text in values[:_MAX_GROUPS] if isinstance(text, str))


def _verified(token: bytes, trusted: Trust) -> Mapping[str, Any]:
    wrong = DeniedError("The password is not a valid token; `klover login` gives one.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # the name EdDSA is old, not unsafe
            found = jwt.decode(token, trusted.keys, algorithms=_ALGORITHMS)
    except (JoseError, ValueError, TypeError, KeyError):
        raise wrong from None
    header = found.header
    if not _HEADER.issuperset(header) or "kid" not in header:
        raise wrong
    if header.get("typ", "JWT") not in _TYPES or not isinstance(found.claims, dict):
        raise wrong
    return found.claims


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    begins, issued, ends = (_time(claims, name) for name in ("nbf", "iat", "exp"))
    if ends <= now:
        raise DeniedError("The token has expired; log in again.")
    if max(begins, issued) > now + LEEWAY:
        raise DeniedError("The token is not valid yet; see whether the clocks agree.")
    if ends - issued > MAX_LIFETIME:
        hours = int(MAX_LIFETIME.total_seconds()) // 3600
        raise DeniedError(f"The token lives longer than {hours} hours; ask for a shorter one.")


def _time(claims: Mapping[str, Any], name: str) -> datetime:
    found = claims.get(name, claims.get("iat") if name == "nbf" else None)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < 1 << 35:
        raise DeniedError(f"The token's `{name}` is missing or not a whole number.")
    return datetime.fromtimestamp(found, UTC)


def _text(claims: Mapping[str, Any], name: str) -> str:
    found = claims.get(name)
    if not isinstance(found, str) or not 0 < len(found) <= _MAX_TEXT or not found.isprintable():
        raise DeniedError(f"The token's `{name}` is missing or not a short text.")
    return found
