"""How a column that identifies indirectly is made coarse: the key ``coarsen`` of a column.

A column that names a person outright would still do so when it is cut short, and one that
identifies nobody needs none: the key goes with ``identifies: indirectly`` and nothing else.
"""

from klover.policy.coarsen import MAX_FIRST, WORDS, read_coarsen
from klover.policy.document import Node
from klover.policy.model import Coarsen, Identifies
from klover.policy.reading import Reader


def read_coarsening(
    node: Node | None, identifies: Identifies | None, what: str, reader: Reader
) -> Coarsen | None:
    """Read ``coarsen``."""
    if node is None:
        return None
    text = reader.text(node, f"{what}: `coarsen`")
    if text is None:
        return None
    made = read_coarsen(text)
    if made is None:
        reader.faults.add(
            f"{what}: `coarsen` has to be {WORDS}, N a number from 1 (`first` up to {MAX_FIRST}).",
            node.line,
        )
    if identifies is not Identifies.INDIRECTLY:
        reader.faults.add(
            f"{what}: `coarsen` goes with `identifies: indirectly`; say so, or take it out.",
            node.line,
        )
    return made
