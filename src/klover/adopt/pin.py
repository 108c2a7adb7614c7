"""The last entry of the policy's history that this machine has seen: a file beside the log.

Signatures keep false entries out of the table; only memory can miss entries that were taken away.
So whoever reads the history holds it against the pin, and moves the pin on. A history that is
shorter, or another, is refused. The log's records say the same to whoever has no pin.
"""

from pathlib import Path

from klover.errors import VerifyError
from klover.log.durable import write_file
from klover.policy.change import Entry
from klover.policy.statement import START, Point

FILE = "policy.pin"
_HEAD = "klover.policy-pin/v1"


def read(path: Path) -> Point:
    """Read the pin; ``START`` where there is none. Raises VerifyError where it is damaged."""
    try:
        head, number, link, *rest = path.read_text(encoding="ascii").split("\n")
        point = Point(number=int(number), link=link)
    except FileNotFoundError:
        return START
    except (ValueError, UnicodeDecodeError):
        raise VerifyError(f"{path} is damaged; put it back from a backup.") from None
    if head != _HEAD or rest != [""]:
        raise VerifyError(f"{path} is damaged; put it back from a backup.")
    return point


def check(path: Path, entries: tuple[Entry, ...]) -> None:
    """Hold a history against the pin. Raises VerifyError where something was taken away."""
    pinned = read(path)
    if pinned == START:
        return
    if len(entries) < pinned.number:
        raise VerifyError(
            f"The policy's history has {len(entries)} entries, and had {pinned.number} before: a "
            "standby that is behind, an older backup, or somebody took them away. Nothing opens "
            "by it."
        )
    if entries[pinned.number - 1].point != pinned:
        raise VerifyError(
            f"Entry {pinned.number} of the policy's history is another than before. Nothing opens "
            "by it; restore the table klover.policy_entry."
        )


def move(path: Path, to: Point) -> None:
    """Remember ``to``, durably, where it is further on. Raises OSError."""
    if to.number > read(path).number:
        write_file(path, f"{_HEAD}\n{to.number}\n{to.link}\n".encode("ascii"))
