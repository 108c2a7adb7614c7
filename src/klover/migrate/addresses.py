"""Countries of network addresses, from a table in MaxMind's format that the user supplies.

GeoLite2, DB-IP and others publish such tables. Klover ships none: the file is named in
``klover.toml``, and every outcome names the table and the day it was built. An address that the
table calls an anonymiser's or a host's says nothing of where somebody lives.
https://maxmind.github.io/MaxMind-DB/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from klover.errors import ConfigError
from klover.policy.country import resolve
from klover.policy.evidence import Address, LookUp

_PLAIN = ("country_code", "country")
"""Where tables with flat records have the code."""
_NOBODYS_HOME = (
    "is_anonymous",
    "is_anonymous_proxy",
    "is_anonymous_vpn",
    "is_hosting_provider",
    "is_public_proxy",
    "is_satellite_provider",
    "is_tor_exit_node",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """A table of addresses; ``name`` tells which one, and the day it was built."""

    name: str
    look_up: LookUp


def open_addresses(path: Path) -> Addresses:
    """Open a table. Raises ConfigError where it is missing or of another format."""
    import maxminddb

    try:
        reader = maxminddb.open_database(path)
    except OSError as error:
        raise ConfigError(
            f"Cannot read the table of addresses {path}: {error.strerror or 'no such file'}."
        ) from error
    except (maxminddb.InvalidDatabaseError, ValueError) as error:
        raise ConfigError(f"{path} is no table of addresses in MaxMind's format.") from error
    told = reader.metadata()
    built = datetime.fromtimestamp(told.build_epoch, UTC).date()

    def look_up(address: Address) -> tuple[str | None, int]:
        try:
            record, prefix = reader.get_with_prefix_len(address)
        except ValueError:  # an IPv6 address, and a table of IPv4 only
            return None, 0
        except maxminddb.InvalidDatabaseError as error:
            raise ConfigError(f"The table of addresses {path} is damaged.") from error
        return country_of(record), prefix

    return Addresses(name=f"{told.database_type} {built.isoformat()}", look_up=look_up)


def country_of(record: object) -> str | None:
    """Read the country of a record: where the address is, not where it is registered."""
    if not isinstance(record, Mapping):
        return None
    traits = record.get("traits")
    if isinstance(traits, Mapping) and any(traits.get(flag) for flag in _NOBODYS_HOME):
        return None
    nested = record.get("country")
    if isinstance(nested, Mapping):
        return _code(nested.get("iso_code"))
    return next((code for key in _PLAIN if (code := _code(record.get(key)))), None)


def _code(value: object) -> str | None:
    return resolve(value) if isinstance(value, str) else None
