"""Files that a deployment is configured by: ``klover.toml``, and the policy that it names.

No database is opened here and no driver loaded: a command that only reads starts fast.
"""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

from klover import config
from klover.config import Deployment
from klover.errors import ConfigError, InputError, VerifyError
from klover.policy.model import Policy
from klover.policy.parse import parse
from klover.policy.parse.countries import named_file
from klover.policy.texts import Texts


def load_deployment(path: Path) -> Deployment:
    """Read ``klover.toml``. Raises ConfigError with what is wrong and where."""
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except FileNotFoundError as error:
        raise ConfigError(
            f"There is no configuration {path}; go to its folder or name it with --config "
            "(`klover trial DIR` writes a complete one)."
        ) from error
    except OSError as error:
        raise ConfigError(f"Cannot read the configuration {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error
    folder = path.resolve().parent
    try:
        deployment = config.parse(table, lambda text: str(folder / text))
        _check_witnesses(deployment)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return deployment


def _check_witnesses(deployment: Deployment) -> None:
    from klover.tlog.key import VerifierKey

    for number, text in enumerate(deployment.log.witnesses, start=1):
        try:
            VerifierKey.parse(text)
        except VerifyError as error:
            raise ConfigError(f"[log] `witnesses`, number {number}: {error}") from None


def read_policy(path: Path) -> Policy:
    """Read and parse a policy, with the file of countries that it names.

    Raises InputError or PolicyError with file and line.
    """
    texts = policy_texts(path)
    return parse(texts.policy, str(path), texts.countries or None)


def policy_texts(path: Path) -> Texts:
    """Read a policy's text, and that of the file of countries that it names."""
    text = _read_text(path, "the policy")
    named = named_file(text, str(path))
    if named is None:
        return Texts(policy=text)
    countries = _read_text(path.parent / named, "the policy's file of countries")
    return Texts(policy=text, countries=countries)


def _read_text(path: Path, what: str) -> str:
    try:
        return path.read_bytes().decode("utf-8")  # as it is: its digest is that of the bytes
    except OSError as error:
        raise InputError(f"Cannot read {what} {path}: {error.strerror}.") from error
    except (UnicodeDecodeError, ValueError) as error:
        raise InputError(f"{what[0].upper()}{what[1:]} {path} is not UTF-8 text.") from error


def now() -> str:
    """Tell the time as records carry it."""
    from klover.event.moment import write_time

    return write_time(datetime.now(UTC))
