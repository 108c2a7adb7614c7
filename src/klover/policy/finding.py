"""One finding of a check, as a value."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is: must not be deployed, wants somebody's eyes, is for the record."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found, where, and what mends it. ``line`` is 0 where no line is to blame."""

    severity: Severity
    file: str
    line: int
    message: str
    mend: str

    def __str__(self) -> str:
        """Tell it as one line of a compiler's form."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.severity}: {self.message} {self.mend}"
