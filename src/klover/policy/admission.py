"""What an audience asks of those who enter, and how much they may take out, as values.

Read by ``parse.entry`` and ``parse.limits``; ``decide`` holds a principal against the first three,
the gateway counts against the limits. Each value has the line it stands on, for denials and
explanations to name; two values that say the same are equal whatever their lines.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim of the token and the values of which it has to hold one."""

    name: str
    values: tuple[str, ...]
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours of some weekdays in a zone: ``Mon-Fri 08:00-18:00 Europe/Dublin``.

    ``days`` count from Monday, 0; ``begins`` and ``ends`` are minutes of the day, ``ends`` of the
    next one where it is not after ``begins``. ``zone`` is an IANA name that ``zones`` knows.
    """

    days: frozenset[int]
    begins: int
    ends: int
    zone: str
    text: str = field(compare=False)
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """So many rows and so many bytes at most; None is no limit."""

    rows: int | None = None
    bytes: int | None = None

    def __bool__(self) -> bool:
        """Tell whether anything is limited."""
        return self.rows is not None or self.bytes is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one session may be shown, and what one principal on one day (UTC)."""

    session: Amount = Amount()
    day: Amount = Amount()
    line: int = field(default=0, compare=False)

    def __bool__(self) -> bool:
        """Tell whether anything is limited."""
        return bool(self.session) or bool(self.day)
