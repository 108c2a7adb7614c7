"""Signers, an overseer, and policies they change: for tests of signing.

``BASE`` names Anna and Bert as signers, Olga as overseer, two days as delay. ``LOOSER`` shows one
column more, ``TIGHTER`` one less. Keys are made from fixed seeds: they are nobody's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from doubles.catalogs import POLICY
from klover.log.keys import make_key
from klover.policy.change import Entry, Kind, Standing, link
from klover.policy.change_take import expected, replay, take
from klover.policy.model import Policy
from klover.policy.parse import parse
from klover.policy.statement import NO_LINK, Change, Objection
from klover.tlog.key import SignerKey
from klover.tlog.note import Note, sign_note

ANNA, BERT, CARL, OLGA, MALLORY = (
    make_key(name, seed=bytes([number]) * 32)
    for number, name in enumerate(("anna", "bert", "carl", "olga", "mallory"), 1)
)
START = datetime(2026, 11, 27, 9, tzinfo=UTC)
DELAY = timedelta(hours=48)


def signing(
    *signers: tuple[str, SignerKey], overseer: SignerKey = OLGA, delay: str = "48h", need: int = 2
) -> str:
    """Write a section ``signing``."""
    people = "".join(
        f'    {name}: {{key: "{key.verifier.vkey}", located: IE}}\n' for name, key in signers
    )
    return (
        f"signing:\n  signers:\n{people}  need: {need}\n  delay: {delay}\n"
        f'  overseer: "{overseer.verifier.vkey}"\n'
    )


PEOPLE = (("anna", ANNA), ("bert", BERT))
BASE = POLICY + signing(*PEOPLE)
LOOSER = BASE.replace("email:   {class: restricted", "email:   {class: public")
TIGHTER = BASE.replace("title: public", "title: restricted")
OTHER = LOOSER.replace("title: public", "title: restricted")
SAME = BASE.replace("rests_in: [EEA, GB, CH]", "rests_in: [CH, GB, EEA]")
UNSIGNED = POLICY


def sign(change: Change | Objection, *keys: SignerKey) -> str:
    """Make a note of a text with signatures of ``keys``."""
    first, *others = keys
    note = sign_note(change.text, first)
    for key in others:
        note = note.with_signatures(sign_note(change.text, key).signatures)
    return note.encode().decode()


@cache
def _parsed(text: str, countries: str = "") -> Policy:
    return parse(text, "new.yaml", countries or None)


@dataclass(slots=True, kw_only=True)
class Chain:
    """A chain in memory, with a clock of its own."""

    now: datetime = START
    entries: list[Entry] = field(default_factory=list)
    countries: str = ""
    """The file of countries that goes with what is proposed."""

    def standing(self, at: datetime | None = None) -> Standing:
        return replay(self.entries, at or self.now)

    def change(self, text: str, **other: object) -> Change:
        """Tell what signers would be asked to sign now, with parts of it replaced."""
        wanted = expected(self.standing(), _parsed(text, self.countries), self.now)
        return replace(wanted, **other)  # type: ignore[arg-type]  # a test's own names

    def propose(
        self, text: str, *keys: SignerKey, note: str | None = None, at: datetime | None = None
    ) -> Standing:
        """Hand in a policy, signed now by ``keys`` or with a note made before."""
        if note is None:
            note = sign(self.change(text), *keys) if keys else ""
        return self._take(Kind.PROPOSAL, text, note, at or self.now)

    def object(self, *keys: SignerKey, note: str | None = None) -> Standing:
        """Object to what is pending, or hand in an objection made before."""
        return self._take(Kind.OBJECTION, "", note or sign(self.objection(), *keys), self.now)

    def objection(self) -> Objection:
        pending, current = self.standing().pending, self.standing().in_effect
        assert pending is not None
        assert current is not None
        return Objection(
            enclave=current.policy.enclave,
            proposal=pending.point,
            objects=pending.policy.digest,
            time=self.now,
        )

    def digest(self) -> str | None:
        """Tell the digest of the policy in effect."""
        found = self.standing().in_effect
        return found.policy.digest if found is not None else None

    def _take(self, kind: Kind, policy: str, note: str, at: datetime) -> Standing:
        before = self.standing(at)
        draft = Entry(
            number=before.head.number + 1,
            kind=kind,
            at=at,
            policy=policy,
            countries=self.countries,
            note=note,
            link=NO_LINK,
        )
        entry = replace(draft, link=link(before.head.link, draft))
        after = take(before, entry)
        self.entries.append(entry)
        return after


def begun() -> Chain:
    """Make a chain in which ``BASE`` is in effect, an hour ago."""
    chain = Chain()
    chain.propose(BASE, ANNA, BERT)
    chain.now += timedelta(hours=1)
    return chain


def relinked(entries: Sequence[Entry]) -> list[Entry]:
    """Renumber and bind entries anew, as somebody who holds the table can."""
    found: list[Entry] = []
    before = NO_LINK
    for number, entry in enumerate(entries, 1):
        moved = replace(entry, number=number)
        moved = replace(moved, link=link(before, moved))
        found.append(moved)
        before = moved.link
    return found


def digest(text: str) -> str:
    """Tell a policy's digest."""
    return _parsed(text).digest


def stripped(note: str) -> Note:
    """Read a note."""
    return Note.parse(note.encode())
