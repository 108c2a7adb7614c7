"""The demonstration's steps: each does one thing with the product's parts and tells the screen.

What a step found is what it returns; ``demo.job`` takes them in order and sums up.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from klover import assemble, door
from klover.assemble import gate
from klover.config import Deployment
from klover.demo import scan
from klover.demo.evidence import Evidence, gather
from klover.demo.feed import FeedSeen, feed, like_newest
from klover.demo.ground import SOURCE, Ground
from klover.demo.people import Population, create_application, populate
from klover.demo.scan import Sought
from klover.demo.screen import Screen
from klover.demo.statements import STATEMENTS
from klover.demo.summarise import Elsewhere
from klover.demo.visitors import INTRUDER, VISITORS, Address, Visit, Visitor, visit
from klover.door.proof import Verdict
from klover.errors import CheckFailed
from klover.log.witness import Witness
from klover.migrate.outcome import Outcome
from klover.migrate.plan import Plan
from klover.migrate.run import Migration
from klover.migrate.schema import bring_schema
from klover.policy.check import check
from klover.policy.finding import Severity
from klover.serving import Serving
from klover.store.connect import connect
from klover.store.replay import flushed_position, wait_replayed


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The steps, in the order in which the job takes them."""

    people: int
    seed: int
    screen: Screen
    ground: Ground
    deployment: Deployment

    def populate(self) -> tuple[Population, Sought]:
        """Fill the application's database elsewhere."""
        with (
            self.screen.step("people", "Fill the database elsewhere") as step,
            assemble.open_source(self.deployment) as source,
        ):
            create_application(source)
            population = populate(source, people=self.people, seed=self.seed, progress=step.update)
            step.detail = f"{population.total:,} rows in {len(population.rows)} tables"
            return population, scan.seek(people=self.people, seed=self.seed)

    def check_policy(self) -> None:
        """``klover policy check``, against the application's live schema."""
        with self.screen.step("policy", "Check the policy") as step:
            policy = assemble.read_policy(Path(self.deployment.policy))
            catalog = assemble.read_live_catalog(self.ground.source_dsn(), what="elsewhere")
            found = check(policy, catalog, datetime.now(UTC).date())
            errors = [one for one in found if one.severity is Severity.ERROR]
            if errors:
                raise CheckFailed(str(errors[0]))
            warned = sum(one.severity is Severity.WARNING for one in found)
            step.detail = (
                f"{len(policy.tables)} tables, {len(policy.audiences)} audiences; "
                f"no error, {warned} warning"
            )

    def doors(self) -> None:
        """Bring schema and doors into the enclave; then prove them where they open."""
        with self.screen.step("doors", "Schema and doors into the enclave") as step:
            step.update("schema")
            bring_schema(
                source=self.ground.source_dsn(),
                enclave=self.deployment.cell.primary,
                binaries=self.ground.primary.binaries,
            )
            with assemble.open_primary(self.deployment) as primary:
                resolved = assemble.resolve_policy(self.deployment, primary)
                compiled = assemble.compile_doors(resolved, primary)
                with assemble.open_recorder(self.deployment, "doors") as recorder:
                    applied = door.apply(
                        primary,
                        compiled,
                        recorder,
                        assemble.now(),
                        progress=lambda done, total, _: step.update("doors", done, total),
                    )
                position = flushed_position(primary)
            step.update("proof")
            with assemble.open_standby(self.deployment) as standby:
                wait_replayed(standby, position)
                proof = assemble.prove_doors(self.deployment, standby, resolved)
            if not proof.holds:
                first = proof.violations[0]
                raise CheckFailed(f"The doors are not proved: {first.why}. {first.mend}")
            allowed = sum(fact.verdict is Verdict.ALLOWED for fact in proof.facts)
            step.detail = (
                f"{len(compiled.doors)} doors in {len(applied.steps):,} statements; proved: "
                f"{len(proof.facts):,} facts, {allowed:,} allowed, no violation"
            )

    def look_elsewhere(self, population: Population, sought: Sought) -> Elsewhere:
        """Read the American's feed and scan every text column, before anything moves."""
        with self.screen.step("before", "Look at the source, before") as step:
            seen = self._look(population, sought)
            step.detail = (
                f"an American's feed: {len(seen.feed.rows)} videos, {_newest(seen.feed)}; "
                f"{seen.hits:,} restricted values of Europeans in {seen.columns} text columns"
            )
            return seen

    def move(self) -> tuple[Plan, Outcome]:
        """Copy, compare, separate the keys, erase at the source, sweep."""
        with (
            self.screen.step("move", "Bring Europeans home") as step,
            assemble.open_recorder(self.deployment, "migration") as recorder,
        ):
            migration = Migration(
                assemble.migration_parts(self.deployment, SOURCE, recorder, step.update)
            )
            outcome = migration.run()
            if outcome.plan is None:
                raise CheckFailed("The migration ended without a plan.")
            homes = outcome.plan.homes
            step.detail = (
                f"{homes.inside:,} people, {outcome.rows_moved:,} rows from one snapshot; "
                f"{outcome.rows_equal:,} equal, {outcome.rows_different:,} different; erased"
            )
            return outcome.plan, outcome

    def look_again(self, population: Population, sought: Sought) -> Elsewhere:
        """Read the same feed and scan again, and use the application once more."""
        with self.screen.step("after", "Look at the source, after") as step:
            seen = self._look(population, sought)
            with assemble.open_source(self.deployment) as source:
                like_newest(source, population.american, seen.feed)
            step.detail = (
                f"the feed: {len(seen.feed.rows)} videos, {_newest(seen.feed)}; "
                f"{seen.hits:,} restricted values left"
            )
            return seen

    def receive(
        self, stack: ExitStack, overseer: Witness
    ) -> tuple[Serving, tuple[Visit, ...], Visit]:
        """Open the gateway; the visitors run the same statements, the intruder tries the door."""
        with self.screen.step("sessions", "Open the gateway to visitors") as step:
            with assemble.open_primary(self.deployment) as primary:
                position = flushed_position(primary)
            with assemble.open_standby(self.deployment) as standby:
                wait_replayed(standby, position)
            serving = stack.enter_context(Serving(self.deployment, [overseer]))
            visits = []
            for number, visitor in enumerate(VISITORS):
                step.update(f"{visitor.name} in {visitor.office}", number, len(VISITORS) + 1)
                visits.append(self._visit(visitor))
            intruder = self._visit(INTRUDER)
            asked = sum(len(one.answers) for one in visits)
            refused = sum(one.refused for one in visits)
            step.detail = f"{asked} statements, {refused} refused; one refused at the door"
        self.screen.sessions(STATEMENTS, visits)
        self.screen.denied(intruder)
        return serving, tuple(visits), intruder

    def judge_log(self, serving: Serving) -> Evidence:
        """Publish, then judge the log from its files alone, and two false copies of it."""
        with self.screen.step("log", "Verify the log from its files") as step:
            serving.publish()
            scratch = self.ground.folder / "forgeries"
            scratch.mkdir(mode=0o700)
            proof = gather(self.deployment, assemble.log_key(self.deployment), scratch)
            verified = proof.verified
            step.detail = (
                f"{verified.size:,} entries, cosigned by "
                f"{', '.join(one.witness for one in verified.cosigned_by)}; two forgeries judged"
            )
            return proof

    def _look(self, population: Population, sought: Sought) -> Elsewhere:
        with connect(self.ground.source_dsn(), what="elsewhere") as source:
            seen = feed(source, population.american)
            found = scan.scan(source, sought)
        return Elsewhere(feed=seen, hits=found.total, columns=found.columns)

    def _visit(self, visitor: Visitor) -> Visit:
        address = Address(
            port=self.ground.ports[visitor.office],
            root_certificate=self.ground.folder / "tls" / "root.pem",
        )
        token = gate.trial_token(
            self.deployment,
            user=visitor.name,
            groups=visitor.groups,
            country=visitor.country,
        )
        return visit(visitor, address, token, STATEMENTS)


def _newest(seen: FeedSeen) -> str:
    """Tell the newest video of a feed: who made it, and how many like it."""
    if not seen.rows:
        return "none to show"
    _, handle, _, _, _, likes, _ = seen.rows[0]
    return f"the newest by {handle} with {likes} likes"
