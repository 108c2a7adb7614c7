"""When a session has to end: by the loop's clock and by the world's, whichever comes first.

A timer alone would run on where the machine slept or its clock was set forward; the clock alone
would stand still where it is set back.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

_LOOK_SECONDS = 10.0


class Deadline:
    """Calls ``call`` once, at ``until`` at the latest; ``cancel`` calls it off."""

    def __init__(
        self,
        until: datetime,
        *,
        now: Callable[[], datetime],
        loop: asyncio.AbstractEventLoop,
        call: Callable[[], None],
    ) -> None:
        self._until, self._now, self._loop, self._call = until, now, loop, call
        self._at = loop.time() + (until - now()) / timedelta(seconds=1)
        self._timer = self._set()

    def cancel(self) -> None:
        """Call it off."""
        self._timer.cancel()

    def _set(self) -> asyncio.TimerHandle:
        left = max(self._at - self._loop.time(), 0.0)
        return self._loop.call_later(min(left, _LOOK_SECONDS), self._look)

    def _look(self) -> None:
        if self._loop.time() >= self._at or self._now() >= self._until:
            self._call()
        else:
            self._timer = self._set()
