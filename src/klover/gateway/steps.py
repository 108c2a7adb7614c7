"""What the server still owes answers for: one step a message, in order, shared by both halves.

The client's half (``asking``) adds steps, the server's half (``answering``) takes them off. Only
one group is under way at a time, a Query or extended messages up to their Sync, so that what names
stand for is exact when a message is read; the client may send on, its messages wait.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto

from klover.gateway.meter import LIMITED, Meter, Reached
from klover.gateway.names import Names, Portal, Prepared, Undo
from klover.gateway.record import Opened, SessionRecord
from klover.wire.backend import ErrorResponse, error

_IDLE = b"I"


class Expect(Enum):
    """Which answer a step waits for."""

    PARSE = auto()
    BIND = auto()
    DESCRIBE = auto()
    CLOSE = auto()
    EXECUTE = auto()
    SYNC = auto()
    QUERY = auto()
    REFUSAL = auto()
    """None of the server's: the gateway's own error, once its turn comes."""


@dataclass(slots=True, kw_only=True)
class Step:
    """One message that waits for its answer.

    ``opened`` are the statements it runs, first to last; ``describes`` is what a Describe is of;
    ``undo`` takes back what the message changed, should the server skip it.
    """

    expect: Expect
    opened: deque[Opened] = field(default_factory=deque)
    describes: Prepared | Portal | None = None
    portal: Portal | None = None
    undo: list[Undo] = field(default_factory=list)
    refusal: ErrorResponse | None = None
    ours: bool = False
    """True where the gateway asked, not the client: the answer is not passed on."""

    def take_back(self) -> None:
        """Take back what the message and its statements changed, last change first."""
        for opened in reversed(self.opened):
            while opened.undo:
                opened.undo.pop()()
        while self.undo:
            self.undo.pop()()


@dataclass(slots=True, kw_only=True)
class Progress:
    """The state of one session's conversation."""

    record: SessionRecord
    steps: deque[Step] = field(default_factory=deque)
    waiting: dict[int, Opened] = field(default_factory=dict)
    """Intents of Parse and Bind messages that no Execute has taken up, by number."""
    prepared: Names[Prepared] = field(default_factory=Names)
    portals: Names[Portal] = field(default_factory=Names)
    in_group: bool = False
    """True from a Query or Sync until the server is ready again."""
    failed: bool = False
    """True from an error in a group until its Sync: the server skips what comes."""
    status: bytes = b"I"
    to_server: list[bytes] = field(default_factory=list)
    to_client: list[bytes | memoryview] = field(default_factory=list)
    ended: bool = False
    """True once the client has said goodbye."""
    meter: Meter | None = None
    """Counts what is released; None where nothing is limited."""
    reached: Reached | None = None
    """The limit that stopped the session: nothing more of the server's is released."""

    def release_refusals(self) -> None:
        """Answer refusals whose turn has come."""
        while self.steps and self.steps[0].expect is Expect.REFUSAL:
            refusal = self.steps.popleft().refusal
            if refusal is not None:
                self.to_client.append(refusal.encode())

    def stop(self, reached: Reached) -> None:
        """End with a limit: put on record what it stopped, and tell the client."""
        self.reached = reached
        under_way = [opened for step in self.steps for opened in step.opened]
        for at, opened in enumerate(under_way):
            if at == 0:
                self.record.complete(opened, "stopped", LIMITED)
            else:
                self.record.complete(opened, "skipped")
        self.record.refuse(reached.reason)
        self.to_client.append(error("FATAL", LIMITED, reached.sentence).encode())

    def break_off(self) -> None:
        """Put on record what no answer has ended, with what was shown of it. Raises RecordError."""
        for step in self.steps:
            for opened in step.opened:
                self.record.complete(opened, "unfinished")
        self._close_waiting("unfinished")

    def fail(self, sqlstate: str | None) -> None:
        """Follow an error: the first step failed, and the server skips the rest up to the Sync.

        Records of what was skipped are closed, and changes to names are taken back, last first.
        """
        steps = list(self.steps)
        sync = [step for step in steps if step.expect is Expect.SYNC]
        self.failed = not sync
        for opened in steps[0].opened:
            self.record.complete(opened, "error", sqlstate)
        for step in reversed(steps):
            step.take_back()
        for step in steps:
            for opened in step.opened:
                self.record.complete(opened, "skipped")
        self._close_waiting("skipped")
        self.steps = deque(sync)

    def ready(self, status: bytes) -> None:
        """Follow the end of a group."""
        self._close_waiting("prepared")
        if status == _IDLE:
            self.portals.keep(_is_held)
        self.status = status
        self.in_group = False
        self.failed = False

    def _close_waiting(self, outcome: str) -> None:
        for opened in self.waiting.values():
            self.record.complete(opened, outcome)
        self.waiting.clear()


def _is_held(portal: Portal) -> bool:
    return portal.held
