"""What a statement may show and change when it runs another one by name.

EXECUTE may run a prepared EXECUTE, FETCH a portal that was made of one, and what is prepared may
itself be PREPARE or DEALLOCATE. So names are followed to the end, and where that is not known the
whole door is the bound and every name is forgotten.
"""

from klover.gateway.names import Names, Portal, Prepared, Undo
from klover.gateway.reading import Reading
from klover.gateway.steps import Progress

MAX_DEPTH = 16
"""Names followed in a row; a statement that runs itself ends at Postgres' stack limit."""
_CURSORS = frozenset({"FETCH", "MOVE"})


def bound(progress: Progress, reading: Reading, depth: int = 0) -> frozenset[str]:
    """Tell every view that a statement may show now."""
    everything = progress.record.catalog.everything
    if not reading.runs:
        return reading.views
    if depth == MAX_DEPTH:
        return everything
    if reading.kind in _CURSORS:
        portal = progress.portals.get(reading.name or b"")
        return everything if portal is None else reading.views | run(progress, portal, depth + 1)
    prepared = progress.prepared.get(reading.name or b"")
    if prepared is None:
        return everything
    return reading.views | bound(progress, prepared.reading, depth + 1)


def run(progress: Progress, portal: Portal, depth: int = 0) -> frozenset[str]:
    """Tell every view that a portal may show now or could when it was run before.

    A portal may keep rows of its first run, while the names in its text come to mean others.
    """
    portal.ran |= bound(progress, portal.prepared.reading, depth)
    return portal.ran


def apply(progress: Progress, reading: Reading, depth: int = 0) -> list[Undo]:
    """Follow what a statement does to names; returns how to take each change back."""
    name, inner = reading.name, reading.inner
    prepared, portals = progress.prepared, progress.portals
    match reading.kind:
        case "PREPARE" if inner is not None and name is not None:
            return [prepared.put(name, Prepared(reading=inner))]
        case "DECLARE" if inner is not None and name is not None:
            return [portals.put(name, Portal(prepared=Prepared(reading=inner)))]
        case "DEALLOCATE" | "CLOSE":
            table: Names[Prepared] | Names[Portal]
            table = prepared if reading.kind == "DEALLOCATE" else portals
            return [table.drop(name) if name is not None else table.clear()]
        case "EXECUTE" | "FETCH" | "MOVE":
            ran = _ran(progress, reading)
            if ran is not None and depth < MAX_DEPTH:
                return apply(progress, ran, depth + 1)
            return [prepared.clear(), portals.clear()]
    return []


def _ran(progress: Progress, reading: Reading) -> Reading | None:
    if reading.kind in _CURSORS:
        portal = progress.portals.get(reading.name or b"")
        return portal.prepared.reading if portal is not None else None
    prepared = progress.prepared.get(reading.name or b"")
    return prepared.reading if prepared is not None else None
