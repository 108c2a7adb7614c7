"""The gateway and the log's sequencer as one running part, in a thread with a loop of its own.

Once a second the gateway's writer signs its head and what is new is merged, cosigned and
published. Beside ``assemble``, which says what it is made of; nothing is decided here.
"""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import Self

import uvloop

from klover import assemble
from klover.assemble import gate
from klover.config import Deployment
from klover.errors import RecordError
from klover.event import PolicyAdopted
from klover.gateway.server import Gateway
from klover.log.sequence import Cosigner
from klover.policy.change import Version
from klover.policy.model import Policy

_WRITER = "gateway"
_PUBLISH_SECONDS = 1.0
_TURN_SECONDS = 1.0
"""A signal that comes just before a wait begins does not interrupt it: it is seen when it ends."""
_WATCH_TURNS = 5
"""How many publications pass between two looks at whether the policy became tighter."""


class Serving:
    """A running gateway. Use as a context manager; leaving it closes every session.

    ``failure`` is what ended it early, if anything did: when nothing can be recorded or published
    any more, the gateway stops.
    """

    def __init__(
        self,
        deployment: Deployment,
        cosigners: Sequence[Cosigner] = (),
        *,
        count_anew: bool = False,
    ) -> None:
        """Nothing listens yet; ``cosigners`` have to cosign whatever is published.

        With ``count_anew`` days that were counted elsewhere are counted from nothing here.
        """
        self._count_anew = count_anew
        self._deployment = deployment
        self._cosigners = tuple(cosigners)
        self._thread = threading.Thread(target=self._run, name="klover-gateway", daemon=True)
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._publish: Callable[[], Coroutine[None, None, None]] | None = None
        self._watch: Callable[[], None] = lambda: None
        self._until = asyncio.Event()
        self._ended = threading.Event()
        self.failure: BaseException | None = None
        self.published = 0
        """How many entries the published checkpoint counts."""

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        if self.failure is not None:
            self._thread.join()
            raise self.failure
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if error is None and self.failure is not None:  # the last records could not be published
            raise self.failure

    def wait(self) -> None:
        """Wait until the gateway ends by itself; raises what ended it. Ctrl-C interrupts."""
        while not self._ended.wait(_TURN_SECONDS):
            pass
        if self.failure is not None:
            raise self.failure

    def publish(self) -> None:
        """Have everything recorded so far merged, cosigned and published; returns when it is."""
        if self._loop is None or self._publish is None:
            raise RecordError("The gateway does not run, so nothing can be published.")
        asyncio.run_coroutine_threadsafe(self._publish(), self._loop).result()

    def stop(self) -> None:
        """Close every session and listener, record and publish the rest. Safe to call twice."""
        if self._loop is not None and not self._ended.is_set():
            with contextlib.suppress(RuntimeError):  # the loop ended in between
                self._loop.call_soon_threadsafe(self._until.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            self.failure = error
        finally:
            self._ended.set()
            self._started.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        with (
            contextlib.closing(assemble.open_log(self._deployment)) as log,
            assemble.open_recorder(self._deployment, _WRITER) as recorder,
            gate.open_tally(self._deployment, _WRITER) as tally,
        ):
            with assemble.open_standby(self._deployment) as standby:
                policy, version = assemble.policy_in_effect(self._deployment, standby)
            gateway = gate.make_gateway(
                self._deployment, recorder, tally, policy, count_anew=self._count_anew
            )
            recorder.append(_adopted(policy, version))
            recorder.flush()
            turn = asyncio.Lock()

            async def publish() -> None:
                async with turn:
                    recorder.sign_head()
                    checkpoint = await asyncio.to_thread(log.integrate, self._cosigners)
                    self.published = checkpoint.size

            self._publish = publish
            self._watch = assemble.policy_watch(self._deployment, policy, version)
            await gateway.start()
            self._started.set()
            try:
                await self._publish_until_stopped(gateway)
            except RecordError as error:
                # What comes after the first failure fails, too; the first is the one to tell.
                with contextlib.suppress(RecordError):
                    await gateway.stop()
                with contextlib.suppress(RecordError):
                    await publish()
                raise self._stopped(error) from error
            except BaseException:
                await gateway.stop()
                await publish()
                raise
            await gateway.stop()
            await publish()

    async def _publish_until_stopped(self, gateway: Gateway) -> None:
        for turn in itertools.count():
            if self._until.is_set():
                return
            if self._publish is not None:
                await self._publish()
            if turn % _WATCH_TURNS == 0:
                await asyncio.to_thread(self._watch)
            waiting = {
                asyncio.ensure_future(self._until.wait()),
                asyncio.ensure_future(gateway.failed.wait()),
            }
            _, pending = await asyncio.wait(
                waiting, timeout=_PUBLISH_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            for one in pending:
                one.cancel()
            if gateway.failed.is_set():
                raise RecordError("Nothing can be put on record any more.")

    def _stopped(self, error: RecordError) -> RecordError:
        return RecordError(
            f"The gateway has stopped: {error} If the disk of {self._deployment.log.directory} "
            "is full, make room and start again; what was answered is on record."
        )


def _adopted(policy: Policy, version: Version | None) -> PolicyAdopted:
    return PolicyAdopted(
        time=assemble.now(),
        enclave=policy.enclave,
        digest=policy.digest,
        countries_edition=policy.countries.edition,
        number=version.point.number if version is not None else 0,
        link=version.point.link if version is not None else "",
    )
