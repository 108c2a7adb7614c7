"""What signers and the overseer put their names to: two short texts, one form each.

A text names everything that decides whether it counts: the enclave, the policies by their
digests, the entry it goes on from, what the change means, and when it was drawn up. Its first line
keeps it apart from every other text that such a key may sign. What does not encode again to the
same text is refused.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from klover.errors import VerifyError
from klover.event.moment import read_time, write_time

_CHANGE = "klover.policy-change/v1"
_OBJECTION = "klover.policy-objection/v1"
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
NONE = "none"
"""In place of a digest, where there is nothing before."""
NO_LINK = "0" * 64


class Meaning(StrEnum):
    """What a change amounts to, as its signers understood it."""

    FIRST = "first"
    """Nothing was in effect before."""
    SAME = "same"
    TIGHTENS = "tightens"
    LOOSENS = "loosens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place in the chain of entries: its number and the digest of everything up to it."""

    number: int
    link: str

    def __str__(self) -> str:
        """Tell it as texts have it."""
        return f"{self.number} {self.link}"


START = Point(number=0, link=NO_LINK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A policy shall take another's place."""

    enclave: str
    follows: Point
    """The entry that brought the policy now in effect; ``START`` where there is none."""
    replaces: str
    adopts: str
    meaning: Meaning
    differences: str
    """SHA-256 of what changes for whom, as the signers were shown it."""
    time: datetime

    @property
    def text(self) -> str:
        """The text to sign."""
        return (
            f"{_CHANGE}\nenclave {self.enclave}\nfollows {self.follows}\n"
            f"replaces {self.replaces}\nadopts {self.adopts}\nmeaning {self.meaning}\n"
            f"differences {self.differences}\ntime {write_time(self.time)}\n"
        )

    @classmethod
    def parse(cls, text: str) -> "Change":
        """Read a text. Raises VerifyError on anything that is not exactly one."""
        names = ("enclave", "follows", "replaces", "adopts", "meaning", "differences", "time")
        parts = _lines(text, _CHANGE, names)
        try:
            found = cls(
                enclave=parts["enclave"],
                follows=_point(parts["follows"]),
                replaces=_digest(parts["replaces"], none=True),
                adopts=_digest(parts["adopts"]),
                meaning=Meaning(parts["meaning"]),
                differences=_digest(parts["differences"]),
                time=read_time(parts["time"]),
            )
        except ValueError:
            raise VerifyError("The signed text is no change of a policy.") from None
        if found.text != text:
            raise VerifyError("The signed text is not in its one proper form.")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """The overseer objects to a proposal, before it takes effect."""

    enclave: str
    proposal: Point
    objects: str
    """The digest of the policy proposed."""
    time: datetime

    @property
    def text(self) -> str:
        """The text to sign."""
        return (
            f"{_OBJECTION}\nenclave {self.enclave}\nproposal {self.proposal}\n"
            f"objects {self.objects}\ntime {write_time(self.time)}\n"
        )

    @classmethod
    def parse(cls, text: str) -> "Objection":
        """Read a text. Raises VerifyError on anything that is not exactly one."""
        parts = _lines(text, _OBJECTION, ("enclave", "proposal", "objects", "time"))
        try:
            found = cls(
                enclave=parts["enclave"],
                proposal=_point(parts["proposal"]),
                objects=_digest(parts["objects"]),
                time=read_time(parts["time"]),
            )
        except ValueError:
            raise VerifyError("The signed text is no objection.") from None
        if found.text != text:
            raise VerifyError("The signed text is not in its one proper form.")
        return found


def _lines(text: str, head: str, names: tuple[str, ...]) -> dict[str, str]:
    first, *rest = text.removesuffix("\n").split("\n")
    if first != head or len(rest) != len(names):
        raise VerifyError("The signed text is about something else.")
    found = {}
    for name, line in zip(names, rest, strict=True):
        word, _, value = line.partition(" ")
        if word != name or not value:
            raise VerifyError("The signed text is not in its one proper form.")
        found[name] = value
    return found


def _point(text: str) -> Point:
    number, _, link = text.partition(" ")
    return Point(number=int(number), link=_digest(link))


def _digest(text: str, *, none: bool = False) -> str:
    if _DIGEST.match(text) is None and not (none and text == NONE):
        raise ValueError(text)
    return text
