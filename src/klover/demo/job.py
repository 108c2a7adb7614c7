"""The main job: people elsewhere, doors inside, the move, the visits, the log; then the sum.

``run`` leaves the gateway open; leaving its context ends everything that was started.
"""

import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from klover import assemble
from klover.config import Deployment
from klover.demo.deployment import make_deployment
from klover.demo.ground import Ground, check_ports, folder, servers
from klover.demo.judge import Seen, judge
from klover.demo.screen import Screen
from klover.demo.steps import Steps
from klover.demo.summarise import log_of, rows_of, session_of, source_of, subjects_of
from klover.demo.summary import NOT_PROVED, Feed, Summary
from klover.log.witness import Witness
from klover.serving import Serving


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line chose."""

    people: int
    seed: int
    port: int
    directory: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The job is done and the gateway is open."""

    summary: Summary
    ground: Ground
    deployment: Deployment
    serving: Serving
    log_vkey: str


@contextmanager
def run(options: Options, screen: Screen) -> Iterator[Finished]:
    """Do the job. Raises InputError before anything is started for what cannot work."""
    started = time.monotonic()
    ports = check_ports(options.port)
    with ExitStack() as stack:
        place = stack.enter_context(folder(options.directory))
        screen.title(options.people)
        with screen.step("servers", "Start three Postgres servers") as step:
            ground = stack.enter_context(servers(place, ports, step.update))
            step.detail = "elsewhere (us-east), hamar (the enclave), its standby; on unix sockets"
        deployment, overseer = make_deployment(ground)
        steps = Steps(
            people=options.people,
            seed=options.seed,
            screen=screen,
            ground=ground,
            deployment=deployment,
        )
        serving, seen = _take(steps, stack, overseer)
        summary = Summary(
            people=options.people,
            seed=options.seed,
            subjects=seen.subjects,
            rows=seen.rows,
            source=seen.source,
            feed=Feed(before=len(seen.before.rows), after=len(seen.after.rows)),
            sessions=tuple(map(session_of, [*seen.visits, seen.intruder])),
            log=log_of(seen.evidence),
            steps=screen.seconds,
            seconds=round(time.monotonic() - started, 2),
            memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            checks=judge(seen),
            not_proved=NOT_PROVED,
        )
        screen.summary(summary)
        yield Finished(
            summary=summary,
            ground=ground,
            deployment=deployment,
            serving=serving,
            log_vkey=assemble.log_key(deployment).verifier.vkey,
        )


def _take(steps: Steps, stack: ExitStack, overseer: Witness) -> tuple[Serving, Seen]:
    """Take every step in its order; what ``stack`` holds afterwards is still open."""
    population, sought = steps.populate()
    steps.check_policy()
    steps.doors()
    before = steps.look_elsewhere(population, sought)
    plan, outcome = steps.move()
    after = steps.look_again(population, sought)
    serving, visits, intruder = steps.receive(stack, overseer)
    evidence = steps.judge_log(serving)
    return serving, Seen(
        population=population,
        subjects=subjects_of(plan),
        rows=rows_of(plan, outcome),
        source=source_of(before, after, sought),
        before=before.feed,
        after=after.feed,
        visits=visits,
        intruder=intruder,
        evidence=evidence,
    )
