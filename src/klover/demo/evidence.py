"""The log, judged from its files: the real one, and two false copies that have to be caught.

The overseer is a second party by its own key and its own state; here both keys were made by one
program on one machine, which the summary says.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from klover.config import Deployment
from klover.event import Denial, Intent, SessionOpened
from klover.log.files import Entry, list_entries
from klover.log.forge import rewritten_copy, tampered_copy
from klover.log.verify import Verified, verify_directory
from klover.tlog.key import SignerKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the verifier said of the log and of the false copies."""

    verified: Verified
    statements: int
    """Statements on record: those answered have an intent, those refused unasked a denial."""
    of_sessions: int
    """Entries that belong to a session; each one's inclusion was proved."""
    tampered: Verified
    resigned: Verified
    """The copy rewritten and signed anew with the log's own key, judged with the overseer's key."""
    resigned_alone: Verified
    """The same copy judged by the log's key alone: it passes, which is why there is an overseer."""

    @property
    def tampered_detected(self) -> bool:
        """Whether the changed record was noticed, in a log that is otherwise sound."""
        return self.verified.ok and not self.tampered.ok

    @property
    def resigned_detected(self) -> bool:
        """Whether only the overseer's cosignature gave the forgery away."""
        return self.verified.ok and self.resigned_alone.ok and not self.resigned.ok


def gather(deployment: Deployment, log_key: SignerKey, scratch: Path) -> Evidence:
    """Verify the published log, then two false copies made in the folder ``scratch``."""
    directory = Path(deployment.log.directory)
    vkey = log_key.verifier.vkey
    witnesses = deployment.log.witnesses
    entries = list(list_entries(directory))
    of_sessions = [entry.index for entry in entries if _session(entry)]
    opened = {_session(entry) for entry in entries if entry.kind == SessionOpened.kind}
    intents = [entry.index for entry in entries if entry.kind == Intent.kind]
    changed = tampered_copy(directory, scratch / "tampered", intents[len(intents) // 2])
    rewritten = rewritten_copy(directory, scratch / "rewritten", log_key, _is_not_denial)
    return Evidence(
        verified=verify_directory(directory, vkey, witnesses, entries=of_sessions),
        statements=len(intents) + sum(_is_refused_statement(entry, opened) for entry in entries),
        of_sessions=len(of_sessions),
        tampered=verify_directory(changed, vkey, witnesses),
        resigned=verify_directory(rewritten, vkey, witnesses),
        resigned_alone=verify_directory(rewritten, vkey),
    )


def _session(entry: Entry) -> object:
    return (entry.payload or {}).get("session")


def _is_refused_statement(entry: Entry, opened: Collection[object]) -> bool:
    """Tell a statement's denial from that of a session, which never opened."""
    return entry.kind == Denial.kind and _session(entry) in opened


def _is_not_denial(entry: Entry) -> bool:
    """Leave out what a thief would: that somebody was refused."""
    return entry.kind != Denial.kind
