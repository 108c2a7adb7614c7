"""One tree of errors; each says whose fault it is and what to do.

::

    KloverError            exit 1
      InputError           exit 2   what the caller gave is wrong; nothing was changed
        PolicyError                 the policy's text, with file and line
        ConfigError                 the deployment's file
        SourceError                 a database that cannot be reached or does not fit
      CheckFailed          exit 1   a check ran and did not hold
      StoreError           exit 1   the enclave's Postgres refused or went away
      RecordError          exit 1   what happens can no longer be recorded: stop
      VerifyError          exit 1   a log, proof or signature does not verify
      WireError            exit 1   a peer broke the Postgres protocol (SQLSTATE 08P01)
      DeniedError          exit 1   the policy says no (SQLSTATE 28000)

No message carries a value of user data: names, counts and digests only.
"""

from typing import ClassVar


class KloverError(Exception):
    """What happened, where, and what to do, in one or two sentences."""

    exit_code: ClassVar[int] = 1
    sqlstate: ClassVar[str] = "XX000"


class InputError(KloverError):
    """What the caller gave is wrong; nothing was changed."""

    exit_code: ClassVar[int] = 2
    sqlstate: ClassVar[str] = "22023"


class PolicyError(InputError):
    """The policy's text is wrong at ``file:line``."""

    def __init__(self, message: str, *, file: str = "", line: int = 0) -> None:
        """``line`` counts from 1; 0 when no line is to blame."""
        self.message = message
        self.file = file
        self.line = line
        where = f"{file}:{line}: " if line else (f"{file}: " if file else "")
        super().__init__(where + message)


class ConfigError(InputError):
    """The deployment's file is wrong or names something that is not there."""


class SourceError(InputError):
    """A database cannot be reached, or is not what the command needs."""

    sqlstate: ClassVar[str] = "08001"


class CheckFailed(KloverError):  # noqa: N818 - it reports a result, the check itself worked
    """A check ran and did not hold."""


class StoreError(KloverError):
    """The enclave's Postgres refused, or went away."""

    sqlstate: ClassVar[str] = "08006"


class RecordError(KloverError):
    """What happens can no longer be put on record; whoever sees this stops."""

    sqlstate: ClassVar[str] = "57P03"


class VerifyError(KloverError):
    """A log, a proof or a signature does not verify."""


class WireError(KloverError):
    """A peer broke the Postgres frontend/backend protocol."""

    sqlstate: ClassVar[str] = "08P01"


class DeniedError(KloverError):
    """The policy says no; the message says which rule."""

    sqlstate: ClassVar[str] = "28000"
