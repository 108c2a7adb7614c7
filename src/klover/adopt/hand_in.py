"""Handing in: a proposal or an objection is judged, put on record, and kept, or nothing is.

One transaction under a lock. The record is durable before the entry is: after a crash in between
there is a record of what was handed in and did not come to count, and it can be handed in again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from klover.adopt import keep, pin
from klover.errors import CheckFailed, InputError, VerifyError
from klover.event import Event, PolicyAdopted, PolicyObjected, PolicyProposed, Recorder
from klover.event.moment import write_time
from klover.policy.change import Entry, Kind, Standing, State, Version, link
from klover.policy.change_take import SKEW, expected, replay, take
from klover.policy.span import span_text
from klover.policy.statement import NO_LINK, NONE, Change, Objection
from klover.policy.texts import Texts
from klover.store.connect import Connection
from klover.tlog.note import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """What came of it: the version it is about, and what stands now."""

    version: Version
    standing: Standing


def propose(
    connection: Connection,
    recorder: Recorder,
    pinned: Path,
    *,
    texts: Texts,
    note: str,
    now: datetime,
) -> HandedIn:
    """Hand in a policy's texts with their signed note (empty where none is asked for).

    Raises InputError, CheckFailed or VerifyError where it does not count; nothing has changed then.
    """

    def events(before: Standing, after: Standing) -> list[Event]:
        version = after.versions[-1]
        if note:
            _same_words(before, version, Change.parse(Note.parse(note.encode()).text))
        current = before.in_effect
        told: list[Event] = [_proposed(version, current)]
        if version.state is State.IN_EFFECT:
            told.append(adopted(version, write_time(version.at)))
        return told

    standing = _hand_in(connection, recorder, pinned, Kind.PROPOSAL, texts, note, now, events)
    return HandedIn(version=standing.versions[-1], standing=standing)


def objection(standing: Standing, wanted: str, now: datetime) -> Objection:
    """Tell the text of an objection to the pending proposal whose digest begins with ``wanted``.

    Raises InputError where none is pending by that digest.
    """
    pending, current = standing.pending, standing.in_effect
    if pending is None or current is None or not pending.policy.digest.startswith(wanted):
        raise InputError(
            "No proposal of this digest is pending; `klover policy status` lists what there is."
        )
    return Objection(
        enclave=current.policy.enclave,
        proposal=pending.point,
        objects=pending.policy.digest,
        time=now,
    )


def take_objection(
    connection: Connection, recorder: Recorder, pinned: Path, *, note: str, now: datetime
) -> HandedIn:
    """Hand in an objection. Raises InputError or VerifyError where it does not count."""
    number = Objection.parse(Note.parse(note.encode()).text).proposal.number

    def objected(standing: Standing) -> Version:
        return next(one for one in standing.versions if one.point.number == number)

    def events(_: Standing, after: Standing) -> list[Event]:
        version = objected(after)
        return [
            PolicyObjected(
                time=write_time(after.latest or now),
                enclave=version.policy.enclave,
                digest=version.policy.digest,
                proposal=version.point.number,
                number=after.head.number,
                link=after.head.link,
            )
        ]

    standing = _hand_in(connection, recorder, pinned, Kind.OBJECTION, Texts(), note, now, events)
    return HandedIn(version=objected(standing), standing=standing)


def adopted(version: Version, time: str) -> PolicyAdopted:
    """Tell for the record that a version took effect."""
    return PolicyAdopted(
        time=time,
        enclave=version.policy.enclave,
        digest=version.policy.digest,
        countries_edition=version.policy.countries.edition,
        number=version.point.number,
        link=version.point.link,
    )


def _hand_in(
    connection: Connection,
    recorder: Recorder,
    pinned: Path,
    kind: Kind,
    texts: Texts,
    note: str,
    now: datetime,
    events: Callable[[Standing, Standing], list[Event]],
) -> Standing:
    with connection.transaction():
        keep.prepare(connection)
        entries = keep.read(connection)
        pin.check(pinned, entries)
        at = _dated(entries, kind, now, keep.clock(connection))
        before = replay(entries, at)
        draft = Entry(
            number=before.head.number + 1,
            kind=kind,
            at=at,
            policy=texts.policy,
            countries=texts.countries,
            note=note,
            link=NO_LINK,
        )
        entry = replace(draft, link=link(before.head.link, draft))
        after = take(before, entry)
        for event in events(before, after):
            recorder.append(event)
        recorder.flush()
        keep.put(connection, entry)
    pin.move(pinned, after.head)
    return after


def _dated(entries: tuple[Entry, ...], kind: Kind, ours: datetime, servers: datetime) -> datetime:
    """Tell an entry's time by two clocks.

    A proposal's is the later one; clocks that are far apart date none, since one that runs ahead
    would shut out whatever comes next. A clock a little behind takes the last entry's time. An
    objection is in time for as long as one clock says so, for what waits is not in effect yet.
    """
    last = entries[-1].at if entries else min(ours, servers)
    if kind is Kind.OBJECTION:
        return max(min(ours, servers), last)
    apart, at = abs(ours - servers), max(ours, servers)
    if apart > SKEW:
        raise CheckFailed(
            f"This machine's clock and the enclave's stand {span_text(apart)} apart; set them "
            "right first. Nothing was handed in."
        )
    return last if at < last <= at + SKEW else at


def _same_words(before: Standing, version: Version, change: Change) -> None:
    """Ask that the signers were shown what the change is told to mean here."""
    wanted = expected(before, version.policy, change.time)
    if wanted.differences != change.differences:
        raise VerifyError(
            "The signers were shown other differences than this version of Klover finds; sign "
            "again with this version."
        )


def _proposed(version: Version, current: Version | None) -> PolicyProposed:
    return PolicyProposed(
        time=write_time(version.at),
        enclave=version.policy.enclave,
        digest=version.policy.digest,
        replaces=current.policy.digest if current is not None else NONE,
        meaning=version.meaning.value,
        differences=version.differences,
        signers=version.signers,
        need=version.need,
        effective_at=write_time(version.effective_at),
        number=version.point.number,
        link=version.point.link,
    )
