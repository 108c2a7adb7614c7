"""What a statement may show and change when it runs another one by name.

SQL's EXECUTE and FETCH name prepared statements and portals, and those could again run others, or
themselves: Postgres (18 at least) then recurses until it crashes, with everybody's sessions. So
names lead one step only: EXECUTE runs queries and nothing else, and what FETCH reads from never
runs another. That also keeps the record exact: nothing changes a name behind its back.
"""

from klover.gateway.names import Portal, Prepared, Undo
from klover.gateway.reading import Reading
from klover.gateway.steps import Progress
from klover.wire.statement import QUERIES

_CURSORS = frozenset({"FETCH", "MOVE"})


def bound(progress: Progress, reading: Reading) -> frozenset[str]:
    """Tell every view that a statement may show now."""
    if not reading.runs:
        return reading.views
    name = reading.name or b""
    if reading.kind in _CURSORS:
        portal = progress.portals.get(name)
        ran = portal.prepared.reading.views if portal is not None else None
    else:
        prepared = progress.prepared.get(name)
        ran = prepared.reading.views if prepared is not None else None
    return progress.record.catalog.everything if ran is None else reading.views | ran


def run(progress: Progress, portal: Portal) -> frozenset[str]:
    """Tell every view that a portal may show now or could when it was run before.

    A portal may keep rows of its first run, while the name in its text has come to mean another.
    """
    portal.ran |= bound(progress, portal.prepared.reading)
    return portal.ran


def refuse_run(progress: Progress, reading: Reading) -> str | None:
    """Tell why a statement is not let through as names stand now; None where it is."""
    if not reading.runs or reading.kind in _CURSORS:
        return None
    prepared = progress.prepared.get(reading.name or b"")
    if prepared is not None and prepared.reading.kind not in QUERIES:
        return "EXECUTE is let through for queries only"
    return None


def refuse_name(progress: Progress, name: bytes, reading: Reading) -> str | None:
    """Tell why a statement may not be prepared under ``name``; None where it may."""
    if name and progress.prepared.full:
        return "this session has too many prepared statements"
    if not name or reading.kind != "EXECUTE":
        return None
    prepared = progress.prepared.get(reading.name or b"")
    if prepared is None or prepared.reading.kind not in QUERIES:
        return "EXECUTE can be prepared for queries only"
    return None


def refuse_portal(progress: Progress, name: bytes, reading: Reading) -> str | None:
    """Tell why a portal may not be made under ``name``; None where it may."""
    if name and progress.portals.full:
        return "this session has too many portals"
    if name and reading.runs:
        return "EXECUTE and FETCH are let through in the unnamed portal only"
    return None


def refuse_all(progress: Progress, readings: tuple[Reading, ...]) -> str | None:
    """Tell why a text is not let through, each statement after what the ones before it change."""
    undone: list[Undo] = []
    try:
        for reading in readings:
            refusal = reading.refusal or refuse_run(progress, reading) or _full(progress, reading)
            if refusal is not None:
                return refusal
            undone += apply(progress, reading)
    finally:
        for undo in reversed(undone):
            undo()
    return None


def _full(progress: Progress, reading: Reading) -> str | None:
    if reading.kind == "PREPARE" and progress.prepared.full:
        return "this session has too many prepared statements"
    if reading.kind == "DECLARE" and progress.portals.full:
        return "this session has too many cursors"
    return None


def apply(progress: Progress, reading: Reading) -> list[Undo]:
    """Follow what a statement does to names; returns how to take each change back."""
    name, inner = reading.name, reading.inner
    prepared, portals = progress.prepared, progress.portals
    match reading.kind:
        case "PREPARE" if inner is not None and name is not None:
            undo = prepared.put(name, Prepared(reading=inner))
        case "DECLARE" if inner is not None and name is not None:
            portal = Portal(prepared=Prepared(reading=inner), held=reading.held)
            undo = portals.put(name, portal)
        case "DEALLOCATE":
            undo = prepared.drop(name) if name is not None else prepared.clear()
        case "CLOSE" if name is not None:  # CLOSE ALL spares the portal that runs it: all are kept
            undo = portals.drop(name)
        case _:
            return []
    return [undo]
