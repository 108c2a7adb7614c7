"""A JSON Schema of the policy's language, for editors that complete and check while one writes.

Keys and words are the parser's own, so a key that the parser learns has to be told here: building
the schema fails until it is. The schema is never stricter than the parser; what only the parser
can know (paths, predicates, countries, names that stand twice) it lets pass.
https://json-schema.org/draft/2020-12
"""

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from klover.policy import parse
from klover.policy.model import (
    Coarsening,
    DataClass,
    EvidenceKind,
    Identifiers,
    Identifies,
    Unique,
)
from klover.policy.parse import tables as parse_tables
from klover.policy.parse.audiences import MAX_APPROVALS
from klover.policy.parse.countries import PIN_KEYS
from klover.policy.parse.parts import OF_COLUMNS
from klover.policy.parse.places import STATES
from klover.policy.parse.signing import LEAST, MOST, SIGNER_KEYS, SIGNING_KEYS, SIGNING_OPTIONAL
from klover.policy.schema_words import WORDS
from klover.policy.span import SPAN

Schema = dict[str, Any]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NAME = "^[a-z][a-z0-9-]{0,39}$"
_VKEY = r"^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$"
_TEXT: Schema = {"type": "string", "pattern": r"\S"}
_DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_SIZE = r"^[1-9][0-9]{0,5} [A-Za-z]{2,3}$"
_MOST_ROWS = 999_999_999
_TARGET: Schema = {"type": "string", "pattern": r"\."}
_SEVERAL = r"^([A-Za-z_]\w*\[\]|\([A-Za-z_]\w*( *, *[A-Za-z_]\w*)+ *\))$"
_NOBODYS: Schema = {"properties": {"shared": {"const": True}}, "required": ["shared"]}


def schema() -> Schema:
    """Build the schema of a whole policy."""
    top: dict[str, Schema] = {
        "klover": {"const": parse.VERSION},
        "enclave": {"type": "string", "pattern": _NAME},
        "rests_in": _texts(),
        "countries": _object({"file": _TEXT, "sha256": _DIGEST}, PIN_KEYS),
        "subjects": _subjects(),
        "defaults": _defaults(),
        "tables": _named(_ref("table")),
        "audiences": _named(_audience(), names=_NAME),
        "stays_outside": _many(_words(DataClass, without="restricted"), empty=True),
        "networks": _named(_texts()),
        "applications": _named(_record("certificate", "role", "hosts")),
        "places": _named(_place()),
        "never": _many(_never()),
        "signing": _signing(),
    }
    return {
        "$schema": _DIALECT,
        "title": "A policy of Klover",
        **_object(top, parse._REQUIRED, parse._OPTIONAL),  # noqa: SLF001 - the parser's own keys
        "$defs": {
            "table": _table(),
            "column": _column(),
            "part": _part(),
            "region": _region(),
        },
    }


def text() -> str:
    """Write the schema as it is published."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _object(
    known: Mapping[str, Schema], required: Iterable[str] = (), optional: Iterable[str] = ()
) -> Schema:
    """Describe a mapping with exactly these keys; each has to be described."""
    required = list(required)
    keys = [*required, *optional]
    described = {
        key: known[key] | ({"description": WORDS[key]} if key in WORDS else {}) for key in keys
    }
    made: Schema = {
        "type": "object",
        "properties": described,
        "additionalProperties": False,
        "minProperties": 1,
    }
    return made | ({"required": required} if required else {})


def _whole(known: Mapping[str, Schema], *required: str) -> Schema:
    """Describe a mapping whose keys are all told here."""
    return _object(known, required, [key for key in known if key not in required])


def _named(each: Schema, names: str | None = None) -> Schema:
    """Describe a mapping whose keys are names of the author's."""
    made: Schema = {"type": "object", "minProperties": 1, "additionalProperties": each}
    return made | ({"propertyNames": {"pattern": names}} if names else {})


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _words(kind: type[StrEnum], *, without: str = "") -> Schema:
    return {"enum": [member.value for member in kind if member.value != without]}


def _many(each: Schema, *, empty: bool = False) -> Schema:
    """Describe one of something, or a list of it."""
    several: Schema = {"type": "array", "items": each}
    return {"anyOf": [each, several if empty else several | {"minItems": 1}]}


def _texts(*, empty: bool = False) -> Schema:
    several: Schema = {"type": "array", "items": _TEXT, "uniqueItems": True}
    return {"anyOf": [_TEXT, several if empty else several | {"minItems": 1}]}


def _record(*keys: str) -> Schema:
    return _object(dict.fromkeys(keys, _TEXT), keys)


def _region() -> Schema:
    return {"anyOf": [*_texts()["anyOf"], _object({"not": _texts()}, ["not"])]}


def _subjects() -> Schema:
    kinds = {kind.value: _TEXT for kind in EvidenceKind}
    piece = {"anyOf": [_TEXT, _whole(kinds) | {"maxProperties": 1}]}
    keys = {"table": _TEXT, "key": _texts(), "home": _many(piece), "inside": _ref("region")}
    return _object(keys, keys)


def _defaults() -> Schema:
    return _whole({"tables": _named(_pattern()), "columns": _named(_ref("column"))})


def _pattern() -> Schema:
    """Describe a table's rule by pattern: it says whose rows they are, and nothing of columns."""
    told = [{"const": "shared"}, _NOBODYS, {"required": ["subject"]}]
    without = {"not": {"type": "object", "required": ["columns"]}}
    return {"allOf": [_ref("table"), {"anyOf": told}, without]}


def _table() -> Schema:
    pair = _named(_TARGET) | {"properties": {"by": _TEXT}, "required": ["by"], "minProperties": 2}
    keys: dict[str, Schema] = {
        "shared": {"type": "boolean"},
        "subject": _texts(),
        "public_rows": {"anyOf": [{"type": "boolean"}, _TEXT]},
        "hangs_off": _texts(empty=True),
        "key": _texts(),
        # What stands on an array or on several columns is no pair.
        "references": _named({"anyOf": [_TARGET, pair]})
        | {"patternProperties": {_SEVERAL: _TARGET}},
        "columns": _named(_ref("column")),
    }
    rule = _object(keys, (), parse_tables._TABLE_KEYS)  # noqa: SLF001 - the parser's own keys
    whose = [{"required": [key]} for key in ("subject", "public_rows", "hangs_off")]
    rule["not"] = {"allOf": [_NOBODYS, {"anyOf": whose}]}
    return {"anyOf": [{"const": "shared"}, rule]}


def _column() -> Schema:
    plain = "|".join(kind.value for kind in Coarsening if kind.value not in {"round", "first"})
    keys: dict[str, Schema] = {
        "class": _words(DataClass),
        "identifies": _words(Identifies),
        "category": _TEXT,
        "unique": _words(Unique),
        "stub": {"type": ["string", "boolean", "number"]},
        "paths": _named(_ref("part")),
        "coarsen": {"type": "string", "pattern": rf"^({plain}|(round|first) [0-9]+)$"},
        "coarse_of": _texts(),
    }
    rule = _object(keys, ["class"], parse_tables._COLUMN_KEYS)  # noqa: SLF001 - the same
    rule["dependentSchemas"] = {
        "coarsen": {
            "properties": {"identifies": {"const": Identifies.INDIRECTLY.value}},
            "required": ["identifies"],
        }
    }
    rule["dependentRequired"] = {"coarse_of": ["identifies"]}
    return {"anyOf": [_words(DataClass), rule]}


def _part() -> Schema:
    """Describe the rule of a part of a JSON column: what is of whole columns is left out."""
    classes, rule = _column()["anyOf"]
    known = {key: one for key, one in rule["properties"].items() if key not in OF_COLUMNS}
    return {"anyOf": [classes, _whole(known, "class")]}


def _audience() -> Schema:
    who = {
        "groups": _texts(),
        "located": _ref("region"),
        "claims": _named(_texts()),
        "networks": _texts(),
    }
    requires = {
        "purpose": _texts(),
        "reference": _TEXT,
        "approvals": {"type": "integer", "minimum": 0, "maximum": MAX_APPROVALS},
        "expires": _span(),
        "hours": _texts(),
    }
    amount = _whole(
        {
            "rows": {"type": "integer", "minimum": 1, "maximum": _MOST_ROWS},
            "bytes": {"type": "string", "pattern": _SIZE},
        }
    )
    keys = {
        "who": _whole(who, "groups", "located"),
        "sees": _many(_words(DataClass)),
        "identifiers": _words(Identifiers),
        "requires": _whole(requires) | {"dependentRequired": {"reference": ["purpose"]}},
        "limits": _whole({"session": amount, "day": amount}),
    }
    return _whole(keys, "who", "sees")


def _span() -> Schema:
    return {"type": "string", "pattern": f"^{SPAN}$"}


def _place() -> Schema:
    keys = {"kind": _TEXT, "jurisdiction": _TEXT, "state": {"enum": list(STATES)}}
    return _object(keys, keys)


def _never() -> Schema:
    keys = {
        "located": _ref("region"),
        "sees": _many(_words(DataClass)),
        "identifiers": _words(Identifiers),
    }
    either = [{"required": ["sees"]}, {"required": ["identifiers"]}]
    return _whole(keys, "located") | {"anyOf": either}


def _signing() -> Schema:
    vkey: Schema = {"type": "string", "pattern": _VKEY}
    keys = {
        "signers": _named(_object({"key": vkey, "located": _TEXT}, SIGNER_KEYS))
        | {"minProperties": LEAST},
        "need": {"type": "integer", "minimum": LEAST, "maximum": MOST},
        "delay": _span(),
        "overseer": vkey,
    }
    return _object(keys, SIGNING_KEYS, SIGNING_OPTIONAL)
