"""What stands on a door for whoever may look at it: its version, and whether it is suspended.

It is the comment of the door's schema: the doors' owner writes it, any session may read it, the
gateway does. No secret, and no value of user data, stands in it.
"""

import re
from dataclasses import dataclass

_TEXT = re.compile(r"Klover's door, version (\d{1,9})(?:, suspended since ([0-9TZ:.+-]{1,40}))?\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """``version`` is 0 where none is told, ``suspended`` the time since when (UTC), or None."""

    version: int = 0
    suspended: str | None = None

    def text(self) -> str:
        """Write it as a comment."""
        since = f", suspended since {self.suspended}" if self.suspended is not None else ""
        return f"Klover's door, version {self.version}{since}."

    @classmethod
    def read(cls, text: str) -> "Plate":
        """Read a comment; one that is not ours tells nothing."""
        found = _TEXT.fullmatch(text)
        return cls(version=int(found[1]), suspended=found[2]) if found else cls()
