"""Tokens for trials: an issuer's key of our own, and what it signs.

A deployment's real tokens come from its identity provider. These are for demonstrations, tests
and first steps, signed with the key that ``trial_key`` names; whoever holds it can be anybody.
JWT with Ed25519 signatures: https://www.rfc-editor.org/rfc/rfc8037, https://www.rfc-editor.org/rfc/rfc9864
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from klover.errors import ConfigError

ALGORITHM = "Ed25519"
LIFETIME = timedelta(hours=8)


def make_keys() -> tuple[str, str]:
    """Make an issuer's key; returns the private key (JWK) and the public ones (JWKS) as JSON."""
    key = OKPKey.generate_key("Ed25519", parameters={"use": "sig"}, auto_kid=True)
    private = json.dumps(key.as_dict(private=True), indent=2)
    return private, json.dumps(KeySet([key]).as_dict(private=False), indent=2)


def issue(
    trial_key: str,
    *,
    issuer: str,
    audience: str,
    subject: str,
    groups: Sequence[str],
    country: str | None,
    now: datetime,
    lifetime: timedelta = LIFETIME,
    claims: Mapping[str, object] | None = None,
) -> str:
    """Sign a token. ``trial_key`` is a private JWK as JSON; raises ConfigError when it is not.

    ``claims`` are more of them; they take no other claim's place.
    """
    try:
        # Its algorithm is ours to name: Ed25519 has an old name, EdDSA, that some keys bear.
        jwk = {name: value for name, value in json.loads(trial_key).items() if name != "alg"}
        key = OKPKey.import_key(jwk)
    except (ValueError, AttributeError, JoseError) as error:
        raise ConfigError("The issuer's `trial_key` is not a private Ed25519 key (JWK).") from error
    moment = int(now.timestamp())
    body: dict[str, object] = {
        **{name: value for name, value in (claims or {}).items() if name != "country"},
        "iss": issuer,
        "aud": audience,
        "sub": subject,
        "iat": moment,
        "nbf": moment,
        "exp": moment + int(lifetime.total_seconds()),
        "jti": secrets.token_hex(16),
        "groups": list(groups),
    }
    if country is not None:
        body["country"] = country
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}
    return jwt.encode(header, body, key, algorithms=[ALGORITHM])
