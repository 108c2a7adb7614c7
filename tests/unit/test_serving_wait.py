"""Ctrl-C at the very moment at which somebody begins to wait for a gateway's end."""

import _thread
import threading

import pytest

from doubles.gateway_house import until
from klover.config import Cell, Deployment, LogFiles
from klover.serving import Serving


class Waited(threading.Event):
    """Tells when somebody began to wait."""

    begun = False

    def wait(self, timeout: float | None = None) -> bool:
        self.begun = True
        return super().wait(timeout)


def test_a_signal_that_does_not_interrupt_the_wait_is_seen_all_the_same() -> None:
    """A flag is all that such a signal leaves, and here nothing but the flag is set."""
    serving = Serving(
        Deployment(
            policy="",
            cell=Cell(name="c", primary="", standby=None),
            sources=(),
            log=LogFiles(directory="", origin="", keys=""),
        )
    )
    ended = Waited()
    serving._ended = ended

    def signal() -> None:
        until(lambda: ended.begun)
        _thread.interrupt_main()

    thread = threading.Thread(target=signal)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        serving.wait()
    thread.join()
