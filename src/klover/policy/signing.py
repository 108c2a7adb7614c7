"""Who may change a policy, as values: the signers, how many have to sign, the overseer.

Keys are verifier keys of signed notes. What a change needs, and when it takes effect, is
``change``'s business; reading the section is ``parse.signing``'s. https://c2sp.org/signed-note
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from klover.tlog.key import VerifierKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """One named person who may sign changes. ``located`` is a country where data may rest."""

    name: str
    key: VerifierKey
    located: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Who signs, and how long the overseer has to object to what loosens."""

    signers: Mapping[str, Signer]
    need: int
    """How many different signers a loosening needs, two at least."""
    delay: timedelta
    overseer: VerifierKey
    line: int = 0
