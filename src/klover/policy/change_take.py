"""Whether an entry counts: the same rules when it is handed in and whenever the chain is read.

An entry is a proposal or an objection, each with its signed note. The policy *in effect* decides
who may sign, how long the delay is, and whose objection counts; what a proposal itself says of
signers has no say in it. A loosening needs as many signers as the policy says, a tightening one.
The first policy that names signers is signed by its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from klover.errors import CheckFailed, InputError, VerifyError
from klover.event.moment import write_time
from klover.policy.change import (
    Entry,
    Happening,
    Kind,
    Standing,
    State,
    Version,
    adopt,
    advance,
    link,
    sha256,
)
from klover.policy.diff import diff, digest
from klover.policy.difference import Difference, Direction, overall
from klover.policy.model import Policy
from klover.policy.parse import parse
from klover.policy.signing import Signing
from klover.policy.statement import NONE, START, Change, Meaning, Objection
from klover.tlog.note import Note

SKEW = timedelta(minutes=5)
"""How far two clocks may stand apart."""
FRESH = timedelta(days=30)
"""Signatures older than this are asked for again: people and reasons change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a proposal has to have: whose signatures, how many of them, and how long it waits."""

    rules: Signing | None = None
    need: int = 0
    delay: timedelta = timedelta()


def replay(entries: Iterable[Entry], now: datetime) -> Standing:
    """Check every entry as if it were handed in, and tell what stands at ``now``.

    Raises VerifyError where an entry is missing, altered or should not have been taken.
    """
    standing = Standing()
    for entry in entries:
        if entry.number != standing.head.number + 1 or entry.link != link(
            standing.head.link, entry
        ):
            raise VerifyError(
                f"Entry {entry.number} of the policy's history was altered, or one before it is "
                "missing. Nothing opens by it; restore the table klover.policy_entry."
            )
        try:
            standing = take(standing, entry)
        except (InputError, CheckFailed, VerifyError) as error:
            raise VerifyError(
                f"Entry {entry.number} of the policy's history does not hold: {error} Nothing "
                "opens by it. Where this Klover is newer than the entry and judges more strictly, "
                "docs/change.md tells how to begin the history anew."
            ) from error
    return advance(standing, now)


def take(standing: Standing, entry: Entry) -> Standing:
    """Take one more entry. Raises InputError, CheckFailed or VerifyError where it does not count.

    The entry's number and link are the caller's to check.
    """
    if standing.latest is not None and entry.at < standing.latest:
        raise CheckFailed(
            f"The clock stands before the last change ({write_time(standing.latest)}); set it "
            "right first."
        )
    standing = advance(standing, entry.at)
    if entry.kind is Kind.PROPOSAL:
        versions = _proposed(standing, entry)
    else:
        versions = _objected(standing, entry)
    return Standing(
        versions=versions,
        head=entry.point,
        latest=entry.at,
        notes=standing.notes | ({sha256(_signed_text(entry))} if entry.note else set()),
    )


def expected(standing: Standing, policy: Policy, time: datetime) -> Change:
    """Tell what signers of ``policy`` put their names to at this point of the chain."""
    current = standing.in_effect
    meaning, differences = meaning_of(current.policy if current else None, policy)
    return Change(
        enclave=current.policy.enclave if current else policy.enclave,
        follows=current.point if current else START,
        replaces=current.policy.digest if current else NONE,
        adopts=policy.digest,
        meaning=meaning,
        differences=digest(differences),
        time=time,
    )


def meaning_of(current: Policy | None, policy: Policy) -> tuple[Meaning, tuple[Difference, ...]]:
    """Tell what a change amounts to, and its differences."""
    if current is None:
        return Meaning.FIRST, ()
    differences = diff(current, policy)
    direction = overall(differences)
    if direction is Direction.SAME:
        return Meaning.SAME, differences
    return Meaning(direction.value), differences


def _proposed(standing: Standing, entry: Entry) -> tuple[Version, ...]:
    policy = _parsed(entry.policy, entry.countries)
    current = standing.in_effect
    if current is not None and current.policy.digest == policy.digest:
        raise InputError("This policy is in effect already.")
    change = expected(standing, policy, entry.at)
    terms = _terms(current, policy, change.meaning)
    signers: tuple[str, ...] = ()
    if terms.rules is not None:
        change, signers = _signed(standing, entry, change, terms.rules)
        _enough(signers, terms.need, terms.rules)
    version = Version(
        point=entry.point,
        policy=policy,
        text=entry.policy,
        countries=entry.countries,
        meaning=change.meaning,
        differences=change.differences,
        signers=signers,
        need=terms.need,
        at=entry.at,
        effective_at=entry.at + terms.delay,
        state=State.PENDING,
    )
    before = tuple(
        one.moved(Happening.PROPOSAL) if one.state is State.PENDING else one
        for one in standing.versions
    )
    versions = (*before, version)
    return versions if terms.delay else adopt(versions, version)


@lru_cache(maxsize=32)
def _parsed(text: str, countries: str) -> Policy:
    """Read a text that is kept; whoever watches reads the same ones again and again."""
    return parse(text, f"policy {sha256(text)[:16]}", countries or None)


def _terms(current: Version | None, policy: Policy, meaning: Meaning) -> Terms:
    """Tell the terms: those of the policy in effect; where it has none, the new one's own."""
    governing = current.policy.signing if current is not None else None
    if governing is not None and meaning is Meaning.LOOSENS:
        return Terms(rules=governing, need=governing.need, delay=governing.delay)
    if governing is not None:
        return Terms(rules=governing, need=1)
    if policy.signing is not None:
        return Terms(rules=policy.signing, need=policy.signing.need)
    if current is None:
        raise InputError(
            "This policy has no `signing:`, so there is nothing to sign; it holds as it stands in "
            "the file."
        )
    return Terms()


def _signed(
    standing: Standing, entry: Entry, wanted: Change, rules: Signing
) -> tuple[Change, tuple[str, ...]]:
    """Check that the note says what is wanted, is fresh and new; tell whose signatures it bears."""
    if not entry.note:
        raise InputError("This change needs signatures; `klover policy sign` makes them.")
    note = Note.parse(entry.note.encode())
    change = Change.parse(note.text)
    if change.adopts != wanted.adopts:
        raise VerifyError("The signatures are for another text of the policy; sign this one.")
    # The words of a difference may be put better one day; what it amounts to is decided again.
    if change != replace(wanted, time=change.time, differences=change.differences):
        raise VerifyError(
            "The signatures were given for a change from another policy, or for one of another "
            "meaning; sign again."
        )
    if change.time > entry.at + SKEW:
        raise VerifyError("The signatures are dated in the future; set the clocks right.")
    if entry.at - change.time > FRESH:
        raise VerifyError(f"The signatures are older than {FRESH.days} days; sign again.")
    if sha256(note.text) in standing.notes:
        raise VerifyError("These signatures were handed in before; sign again.")
    names = {signer.key: name for name, signer in rules.signers.items()}
    found = {names[verified.key] for verified in note.signed_by(*names)}
    return change, tuple(sorted(found))


def _enough(signers: tuple[str, ...], need: int, rules: Signing) -> None:
    if len(signers) < need:
        have = ", ".join(signers) or "nobody"
        left = ", ".join(sorted(set(rules.signers) - set(signers)))
        raise CheckFailed(
            f"This change needs {need} of the signers that the policy in effect names; {have} has "
            f"signed, {left} could."
        )


def _objected(standing: Standing, entry: Entry) -> tuple[Version, ...]:
    pending, current = standing.pending, standing.in_effect
    note = Note.parse(entry.note.encode())
    objection = Objection.parse(note.text)
    if pending is None or current is None or objection.objects != pending.policy.digest:
        raise InputError(_too_late(standing, objection.objects))
    rules = current.policy.signing
    if rules is None or not note.signed_by(rules.overseer):
        raise VerifyError("The objection is not signed by the overseer of the policy in effect.")
    if (objection.enclave, objection.proposal) != (current.policy.enclave, pending.point):
        raise VerifyError("The objection is against another proposal; object to this one.")
    if objection.time > entry.at + SKEW:
        raise VerifyError("The objection is dated in the future; set the clocks right.")
    if sha256(note.text) in standing.notes:
        raise VerifyError("This objection was handed in before.")
    return tuple(
        replace(one.moved(Happening.OBJECTION), objected_at=entry.at) if one is pending else one
        for one in standing.versions
    )


def _too_late(standing: Standing, objected: str) -> str:
    found = [one for one in standing.versions if one.policy.digest == objected]
    if not found:
        return "No policy of this digest was proposed; `klover policy status` lists them."
    last = found[-1]
    if last.state is State.IN_EFFECT:
        return (
            f"The policy took effect on {write_time(last.effective_at)}; an objection has to come "
            "before. A change back that tightens takes effect at once."
        )
    return f"The proposal is {last.state}; there is nothing to object to."


def _signed_text(entry: Entry) -> str:
    return Note.parse(entry.note.encode()).text
