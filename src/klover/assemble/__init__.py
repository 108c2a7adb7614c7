"""Builds each process from its configuration; the only place where concrete parts meet.

Every command comes here for its parts: the deployment's values and the policy (``reading``),
connections (``servers``), the policy that counts, held against a database (``effect``), the
recorder of a writer and the log (``records``), a look at a database (``looking``), a migration's
parts (``moving``), the gateway (``gate``). Nothing is decided here. Each is loaded when it is asked
for: a command starts with what it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from klover.assemble.effect import (
        compile_doors,
        doors_in_effect,
        policy_in_effect,
        policy_pin,
        policy_standing,
        policy_watch,
        prove_doors,
        resolve_policy,
    )
    from klover.assemble.looking import read_live_catalog, refused_conditions, suggest
    from klover.assemble.moving import count_homes, migration_parts
    from klover.assemble.reading import load_deployment, now, policy_texts, read_policy
    from klover.assemble.records import log_key, open_log, open_recorder
    from klover.assemble.servers import open_primary, open_source, open_standby, standby_follows

_PLACES = {
    "compile_doors": "effect",
    "count_homes": "moving",
    "doors_in_effect": "effect",
    "load_deployment": "reading",
    "log_key": "records",
    "migration_parts": "moving",
    "now": "reading",
    "open_log": "records",
    "open_primary": "servers",
    "open_recorder": "records",
    "open_source": "servers",
    "open_standby": "servers",
    "policy_in_effect": "effect",
    "policy_pin": "effect",
    "policy_standing": "effect",
    "policy_texts": "reading",
    "policy_watch": "effect",
    "prove_doors": "effect",
    "read_live_catalog": "looking",
    "read_policy": "reading",
    "refused_conditions": "looking",
    "resolve_policy": "effect",
    "standby_follows": "servers",
    "suggest": "looking",
}
__all__ = [
    "compile_doors",
    "count_homes",
    "doors_in_effect",
    "load_deployment",
    "log_key",
    "migration_parts",
    "now",
    "open_log",
    "open_primary",
    "open_recorder",
    "open_source",
    "open_standby",
    "policy_in_effect",
    "policy_pin",
    "policy_standing",
    "policy_texts",
    "policy_watch",
    "prove_doors",
    "read_live_catalog",
    "read_policy",
    "refused_conditions",
    "resolve_policy",
    "standby_follows",
    "suggest",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load the part that has ``name``."""
        place = _PLACES.get(name)
        if place is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{place}"), name)
