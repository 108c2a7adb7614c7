"""What lets people in: the gateway of a deployment, its counts of the day, tokens of a trial."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from klover.assemble.reading import now
from klover.assemble.servers import open_primary
from klover.config import Deployment
from klover.door import counting, naming
from klover.errors import ConfigError
from klover.event import CountsBegun, Recorder
from klover.gateway.authenticate import trust
from klover.gateway.door import DoorAddress
from klover.gateway.server import Gateway
from klover.gateway.token import LIFETIME, issue
from klover.log.sequence import SPOOL
from klover.log.tally import TallyFile
from klover.policy.model import Policy
from klover.policy.sight import sees_restricted


def trial_token(
    deployment: Deployment,
    *,
    user: str,
    groups: Sequence[str],
    country: str | None,
    lifetime: timedelta = LIFETIME,
    claims: Mapping[str, object] | None = None,
) -> str:
    """Sign a token with the deployment's trial key. Raises ConfigError where it has none."""
    issuer = deployment.issuer
    if issuer is None or issuer.trial_key is None:
        raise ConfigError(
            "This deployment has no trial issuer; take a token from your identity provider and "
            "set KLOVER_TOKEN to it."
        )
    try:
        key = Path(issuer.trial_key).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read the trial issuer's key {issuer.trial_key}.") from error
    return issue(
        key,
        issuer=issuer.name,
        audience=issuer.audience,
        subject=user,
        groups=groups,
        country=country,
        now=datetime.now(UTC),
        lifetime=lifetime,
        claims=claims,
    )


def open_tally(deployment: Deployment, writer: str) -> TallyFile:
    """Open the counts of the day of the gateway that ``writer`` records; one process at a time."""
    return TallyFile(Path(deployment.log.directory) / SPOOL / writer / "day")


def make_gateway(
    deployment: Deployment,
    recorder: Recorder,
    tally: TallyFile,
    policy: Policy,
    *,
    count_anew: bool = False,
) -> Gateway:
    """Build the gateway of a deployment. Raises ConfigError for what is missing in its file.

    With ``count_anew`` its counts of the day take the place of others that the enclave knows.
    """
    if deployment.gateway is None or deployment.issuer is None:
        raise ConfigError("The configuration needs [gateway] and [issuer] to open the gateway.")
    doors = {
        name: DoorAddress(
            schema=naming.schema(name),
            session_roles=naming.session_roles(name),
            conceals_rows=not sees_restricted(policy, audience),
        )
        for name, audience in policy.audiences.items()
    }
    return Gateway(
        settings=deployment.gateway,
        policy=policy,
        doors=doors,
        trust=trust(deployment.issuer, _read(deployment.issuer.keys, "the issuer's keys")),
        recorder=recorder,
        tally=tally,
        seated=partial(_go_on, deployment, recorder, tally, policy, count_anew=count_anew),
    )


def _go_on(
    deployment: Deployment,
    recorder: Recorder,
    tally: TallyFile,
    policy: Policy,
    *,
    count_anew: bool,
) -> None:
    """See to it that the days of the doors are counted where they were, or on record anew."""
    doors = {
        name: naming.schema(name)
        for name, audience in policy.audiences.items()
        if audience.limits.day
    }
    if not doors:
        return

    def anew(audiences: Sequence[str]) -> None:
        recorder.append(CountsBegun(time=now(), doors=tuple(audiences)))
        recorder.flush()

    with open_primary(deployment) as primary:
        word = counting.go_on(
            primary,
            doors,
            tally.words,
            next_word=tally.next_word,
            time=now(),
            anew=anew if count_anew else None,
        )
    tally.settle_word(word)


def _read(path: str, what: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read {what}, {path}.") from error
