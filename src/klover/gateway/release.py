"""Record before release: what was appended is made durable once for each round of the loop.

Sessions append records and hand their answers to the client only when ``durable`` covers them.
The flush runs in the loop while the server already works on the query; one flush serves every
session. Completions need not hurry: they ride with the next flush, or follow within a moment.
Once the recorder fails nothing more is released, and ``failed`` is called, once.
"""

import asyncio
from collections.abc import Callable

from klover.errors import RecordError
from klover.event import Event, Recorder

_LATER_SECONDS = 0.05


class Release:
    """Stands between the sessions of one loop and the recorder."""

    def __init__(
        self, recorder: Recorder, *, loop: asyncio.AbstractEventLoop, failed: Callable[[], None]
    ) -> None:
        self._recorder = recorder
        self._loop = loop
        self._failed = failed
        self._waiting: dict[object, Callable[[], None]] = {}
        self._flushing: asyncio.Handle | None = None
        self._later: asyncio.TimerHandle | None = None
        self._appended = 0
        self.durable = 0
        """How many positions are durable; a record's answers wait for its position + 1."""
        self.broken = False

    def append(self, event: Event) -> int:
        """Order an event and have it flushed in this round; returns its position."""
        position = self._append(event)
        if self._flushing is None:
            self._flushing = self._loop.call_soon(self.flush)
        return position

    def append_later(self, event: Event) -> int:
        """Order an event that nothing waits for; returns its position."""
        position = self._append(event)
        if self._flushing is None and self._later is None:
            self._later = self._loop.call_later(_LATER_SECONDS, self.flush)
        return position

    def _append(self, event: Event) -> int:
        if self.broken:
            raise RecordError("Nothing can be put on record any more; sessions have to end.")
        try:
            position = self._recorder.append(event)
        except RecordError:
            self._break()
            raise
        self._appended = position + 1
        return position

    def when_durable(self, owner: object, call: Callable[[], None]) -> None:
        """Call ``call`` after the next flush; each owner has one call at most."""
        self._waiting[owner] = call

    def forget(self, owner: object) -> None:
        """Drop an owner's call."""
        self._waiting.pop(owner, None)

    async def settled(self) -> None:
        """Wait until everything appended so far is durable. Raises RecordError."""
        wanted = self._appended
        while self.durable < wanted:
            done: asyncio.Future[None] = self._loop.create_future()
            self.when_durable(done, lambda done=done: done.done() or done.set_result(None))  # type: ignore[misc]
            if self.broken:
                raise RecordError("Nothing can be put on record any more; sessions have to end.")
            await done

    def flush(self) -> None:
        """Make everything appended durable, then let go what waited for it."""
        for handle in (self._flushing, self._later):
            if handle is not None:
                handle.cancel()
        self._flushing = self._later = None
        if self.broken:
            return
        try:
            self.durable = self._recorder.flush()
        except Exception:  # noqa: BLE001 - whatever went wrong, nothing may be released any more
            self._break()
        waiting, self._waiting = self._waiting, {}
        for call in waiting.values():
            call()

    def _break(self) -> None:
        if not self.broken:
            self.broken = True
            self._loop.call_soon(self._failed)
