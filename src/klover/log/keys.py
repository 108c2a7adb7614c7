"""Key files: one line, the skey text of Go's ``sumdb/note``, readable by their owner only.

The skey form was chosen over PEM because it carries the name and the type, which belong to the
key, and because other C2SP tools read it. A file that others may read is refused.
"""

import os
import stat
from pathlib import Path

from klover.errors import ConfigError, RecordError, VerifyError
from klover.log.durable import FOLDER_MODE, sync_folder, write_file
from klover.tlog.key import SignatureType, SignerKey

_SEED_BYTES = 32


def make_key(name: str, *, witness: bool = False, seed: bytes | None = None) -> SignerKey:
    """Make a signing key in memory; a witness's key signs timestamped cosignatures."""
    kind = SignatureType.COSIGNATURE if witness else SignatureType.NOTE
    return SignerKey(name=name, type=kind, seed=seed or os.urandom(_SEED_BYTES))


def create_key(path: Path, name: str, *, witness: bool = False) -> SignerKey:
    """Make a key and write its file, which must not exist yet."""
    key = make_key(name, witness=witness)
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    # Whole or not at all: an empty key file left by a full disk would be refused ever after.
    fresh = path.with_name(path.name + ".new")
    try:
        write_file(fresh, f"{key.skey}\n".encode("ascii"))
        os.link(fresh, path)
        sync_folder(path.parent)
    except FileExistsError:
        raise ConfigError(f"{path} exists already; a key is never overwritten.") from None
    except OSError as error:
        raise RecordError(
            f"The key file {path} cannot be written: {error.strerror}. "
            "Make room or mend the folder's rights, then start again."
        ) from None
    finally:
        fresh.unlink(missing_ok=True)
    return key


def load_key(path: Path) -> SignerKey:
    """Read a key file. Raises ConfigError when it is missing, damaged, or open to others."""
    try:
        with path.open(encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"The key file {path} cannot be read.") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"Others may read the key file {path}: run chmod 600 on it.")
    try:
        return SignerKey.parse(text.removesuffix("\n"))
    except VerifyError as error:
        raise ConfigError(f"{path}: {error}") from None


def open_key(path: Path, name: str, *, witness: bool = False) -> SignerKey:
    """Read the key file, or make it where it is missing. The name must be the one asked for."""
    key = load_key(path) if path.exists() else create_key(path, name, witness=witness)
    if key.name != name:
        raise ConfigError(f"The key in {path} belongs to {key.name}, not to {name}.")
    return key
