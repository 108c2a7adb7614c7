"""A log on a bench: keys from fixed seeds, one or more writers, an overseer, in one folder."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from klover.event import Finding
from klover.log import Log, SpoolWriter, Verified, Witness, verify_directory
from klover.log.durable import Batch, Failpoint, no_failpoint
from klover.log.files import LogFiles
from klover.log.forge import copy_published
from klover.log.keys import make_key
from klover.log.tree import Addition, write_additions
from klover.tlog.checkpoint import Checkpoint
from klover.tlog.frontier import Frontier
from klover.tlog.key import SignerKey
from klover.tlog.note import Note, sign_note
from klover.tlog.tile import WIDTH

ORIGIN = "log.test/enclave"
LOG_KEY = make_key(ORIGIN, seed=b"\x01" * 32)
WITNESS_KEY = make_key("overseer.test/witness", witness=True, seed=b"\x02" * 32)


def writer_key(name: str) -> SignerKey:
    """Make the same key for the same writer each time."""
    return make_key(f"{ORIGIN}/writers/{name}", seed=name.encode().ljust(32, b"."))


def finding(number: int) -> Finding:
    """Make an event that tells its number."""
    return Finding(time="2026-11-24T10:00:00.000000Z", check="n", verdict="ok", detail=str(number))


@dataclass(slots=True, kw_only=True)
class Bench:
    """Folders of a log and its witness below ``folder``."""

    folder: Path
    written: dict[str, int] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def spool(self) -> Path:
        return self.log / "spool"

    def witness(self) -> Witness:
        return Witness(
            directory=self.folder / "witness",
            key=WITNESS_KEY,
            logs={ORIGIN: LOG_KEY.verifier},
            clock=lambda: 1_795_000_000.0,
        )

    def writer(self, name: str = "gateway", failpoint: Failpoint = no_failpoint) -> SpoolWriter:
        return SpoolWriter.open(self.spool, name, writer_key(name), failpoint=failpoint)

    def write(self, count: int, name: str = "gateway") -> None:
        """Put ``count`` numbered findings on record by a writer that closes again."""
        first = self.written.get(name, 0)
        with self.writer(name) as writer:
            for number in range(first, first + count):
                writer.append(finding(number))
        self.written[name] = first + count

    def integrate(self, *, witnessed: bool = True, failpoint: Failpoint = no_failpoint) -> int:
        """Merge, cosign and publish; returns the size."""
        log = Log.open(self.log, ORIGIN, LOG_KEY, failpoint=failpoint)
        try:
            return log.integrate([self.witness()] if witnessed else []).size
        finally:
            log.close()

    def erase(self, index: int, failpoint: Failpoint = no_failpoint) -> None:
        log = Log.open(self.log, ORIGIN, LOG_KEY, failpoint=failpoint)
        try:
            log.erase(index, [self.witness()])
        finally:
            log.close()

    def verify(self, path: Path | None = None, *, witnessed: bool = True) -> Verified:
        witnesses = [WITNESS_KEY.verifier] if witnessed else []
        return verify_directory(path or self.log, LOG_KEY.verifier, witnesses)

    def entries(self, path: Path | None = None) -> list[bytes]:
        """Read the entries of the published log, in order."""
        files = LogFiles(path or self.log)
        size = Checkpoint.parse(Note.parse(files.checkpoint()).text).size
        return [e for n in range(-(-size // WIDTH)) for e in files.bundle(n, size)]

    def resigned(self, entries: list[bytes]) -> Path:
        """Copy the log with other entries under the real key: tiles, root and signature fit."""
        target = copy_published(self.log, self.folder / "resigned")
        shutil.rmtree(target / "tile")
        payloads = target / "payload"
        kept = payloads.rename(target / "kept")
        batch = Batch()
        frontier = write_additions(
            LogFiles(target), Frontier(), [Addition(leaf=entry) for entry in entries], batch
        )
        kept.rename(payloads)
        text = Checkpoint(origin=ORIGIN, size=frontier.size, root=frontier.root()).text
        (target / "checkpoint").write_bytes(sign_note(text, LOG_KEY).encode())
        return target
