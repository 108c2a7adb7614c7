"""Who is let in: startup message, token, location, decision, and what is left of the day.

Whatever is refused is on record before the client hears of it, and the client hears one sentence.
Whether an audience exists is told only to those who are of it.
"""

from dataclasses import dataclass

from klover.errors import DeniedError, StoreError, WireError
from klover.gateway import startup
from klover.gateway.authenticate import Credential, authenticate
from klover.gateway.daily import account_of
from klover.gateway.house import Arrival, House
from klover.gateway.meter import LIMITED, DayAccount, Meter
from klover.gateway.peer import Peer
from klover.gateway.record import Who, denial
from klover.policy import zones
from klover.policy.decide import Deny, Permit, candidates, decide
from klover.policy.locate import Location, locate
from klover.wire import frontend
from klover.wire.backend import AUTHENTICATION_CLEARTEXT_PASSWORD
from klover.wire.parse import parse_frontend
from klover.wire.startup import CancelRequest, StartupMessage, parse

_NO_SEAT = "another gateway may be counting the days of this audience"


class UsedUpError(DeniedError):
    """A limit of the day is reached before anything was asked."""

    sqlstate = LIMITED


class UncountedError(StoreError):
    """The days of a door cannot be counted here."""

    sqlstate = "57P03"

    def __init__(self) -> None:
        super().__init__(
            "The days of this audience are counted, and another gateway may be counting them; "
            "try again in a moment, or tell the operator."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A client whom the policy lets in."""

    who: Who
    permit: Permit
    credential: Credential
    wanted: startup.Wanted
    meter: Meter | None
    """Counts what the session is shown; None where nothing is limited."""


class Entrance:
    """Asks one client who it is, and decides."""

    def __init__(self, house: House, client: Peer, arrival: Arrival, session: str) -> None:
        self._house = house
        self._client = client
        self._arrival = arrival
        self._session = session

    async def admit(self) -> Admitted | None:
        """Tell who was let in; None for a client that only cancels.

        Raises DeniedError, WireError, StoreError, and ConnectionResetError where the client leaves.
        """
        message = parse(await self._client.first())
        if isinstance(message, CancelRequest):
            self._house.cancels.request(message)
            self._client.close()
            return None
        if not isinstance(message, StartupMessage):
            raise WireError("Encryption was asked for inside of encryption.")
        wanted = startup.read(message)
        if wanted.negotiate is not None:
            self._client.write(wanted.negotiate.encode())
        self._client.write(AUTHENTICATION_CLEARTEXT_PASSWORD.encode())
        answer = parse_frontend(await self._client.frame())
        if not isinstance(answer, frontend.PasswordMessage):
            raise WireError("A password was asked for, and another message came.")
        try:
            credential = authenticate(answer.password, self._house.trust, self._house.now())
        except DeniedError as denied:
            await self._deny(self._who(wanted, None), str(denied))
            raise
        return await self._decide(wanted, credential)

    async def _decide(self, wanted: startup.Wanted, credential: Credential) -> Admitted:
        house = self._house
        who = self._who(wanted, credential)
        decision = decide(
            house.policy,
            principal=credential.principal,
            audience=wanted.audience,
            location=self._location(credential),
            purpose=wanted.purpose,
            reference=wanted.reference,
            now=house.now(),
        )
        if isinstance(decision, Deny):
            await self._deny(who, decision.reason)
            raise DeniedError(self._told(wanted, credential, decision))
        if wanted.audience not in house.doors:
            raise StoreError("This audience has no door yet; `klover doors apply` makes it.")
        if not house.seats.allow(wanted.audience):
            await self._deny(who, _NO_SEAT)
            raise UncountedError
        day = self._day_account(decision, credential)
        reached = day.used_up() if day is not None else None
        if reached is not None:
            await self._deny(who, reached.reason)
            raise UsedUpError(reached.sentence)
        limits = decision.audience.limits
        return Admitted(
            who=who,
            permit=decision,
            credential=credential,
            wanted=wanted,
            meter=Meter(limits, day) if limits else None,
        )

    def _day_account(self, permit: Permit, credential: Credential) -> DayAccount | None:
        limit, daily = permit.audience.limits.day, self._house.daily
        if not limit or daily is None:
            return None
        return DayAccount(
            daily=daily,
            key=account_of(credential.principal, permit.audience.name),
            limit=limit,
            now=self._house.now,
        )

    def _told(self, wanted: startup.Wanted, credential: Credential, denied: Deny) -> str:
        """Tell why, but whether an audience exists only to those who are of it."""
        rule = self._house.policy.audiences.get(wanted.audience)
        others = self._others(wanted, credential)
        instead = f" You can enter as {others}: give that as the user name." if others else ""
        if rule is None or not credential.principal.groups.intersection(rule.groups):
            mend = "." if others else "; the user name has to be one of yours."
            reason = f"this token's groups are let in to no audience of this name{mend}"
        else:
            reason = f"{denied.reason}."
        return f"Denied: {reason}{instead}"

    def _others(self, wanted: startup.Wanted, credential: Credential) -> str:
        """Name the audiences that would let the principal in from here now, given a purpose.

        None where the one that was wanted would.
        """
        found = candidates(
            self._house.policy,
            principal=credential.principal,
            location=self._location(credential),
            now=self._house.now(),
        )
        fitting = [each.audience.name for each in found if each.fits]
        return "" if wanted.audience in fitting else " or ".join(fitting)

    def _location(self, credential: Credential | None) -> Location:
        house = self._house
        return locate(
            house.policy,
            credential.country if credential is not None else None,
            self._arrival.address,
            simulated=self._arrival.simulated,
            on=house.now().date(),
        )

    def _who(self, wanted: startup.Wanted, credential: Credential | None) -> Who:
        house = self._house
        known = wanted.audience in house.policy.audiences
        location = self._location(credential)
        return Who(
            session=self._session,
            principal=credential.principal.subject if credential is not None else None,
            audience=wanted.audience if known else "unknown",
            door=house.policy.audiences[wanted.audience].slug if known else "",
            countries=tuple(sorted(location.countries)),
            evidence=(*location.evidence, *self._clocks(wanted)),
            policy=house.policy.digest,
            countries_edition=house.policy.countries.edition,
        )

    def _clocks(self, wanted: startup.Wanted) -> tuple[str, ...]:
        """Tell the edition of the time zones that a decision about hours rests on."""
        rule = self._house.policy.audiences.get(wanted.audience)
        return (f"time zones {zones.edition()}",) if rule and rule.requires.hours else ()

    async def _deny(self, who: Who, reason: str) -> None:
        self._house.release.append(denial(who, reason, self._house.stamp()))
        await self._house.release.settled()
