"""Who may change the policy: the part ``signing``.

A loosening needs two people at least, so two keys at least, each another. A signer has to be
located where protected data may rest, on every day the country data knows of. The overseer is
nobody of them.
"""

from collections.abc import Mapping as Map
from datetime import timedelta

from klover.errors import VerifyError
from klover.policy.country import within
from klover.policy.document import Mapping, Node
from klover.policy.model import Region
from klover.policy.reading import Reader
from klover.policy.signing import Signer, Signing
from klover.policy.span import read_span
from klover.tlog.key import SignatureType, VerifierKey

SIGNING_KEYS = ("signers", "delay", "overseer")
SIGNING_OPTIONAL = ("need",)
SIGNER_KEYS = ("key", "located")
LEAST = 2
"""Fewer than two signers for a loosening would be no second pair of eyes."""
MOST = 20


def read_signing(node: Node | None, reader: Reader, rests_in: Region) -> Signing | None:
    """Read ``signing``; None where the policy has none."""
    if node is None:
        return None
    parts = reader.mapping(node, "`signing`", required=SIGNING_KEYS, optional=SIGNING_OPTIONAL)
    signers = _signers(parts.get("signers"), reader, rests_in)
    need = _need(parts.get("need"), reader, len(signers), node.line)
    delay = read_span(parts.get("delay"), "`signing.delay`", reader)
    overseer = _key(parts.get("overseer"), "`signing.overseer`", reader)
    if overseer is None:
        return None
    for signer in signers.values():
        if signer.key.public == overseer.public:
            reader.faults.add(
                f"The overseer's key is also signer {signer.name}'s; the overseer is somebody "
                "else.",
                signer.line,
            )
    return Signing(
        signers=signers, need=need, delay=delay or timedelta(), overseer=overseer, line=node.line
    )


def _signers(node: Node | None, reader: Reader, rests_in: Region) -> Map[str, Signer]:
    if node is None:
        return {}
    found: dict[str, Signer] = {}
    for name, entry in reader.entries(node, "`signing.signers`").items():
        line = node.lines[name] if isinstance(node, Mapping) else node.line
        what = f"Signer {name}"
        parts = reader.mapping(entry, what, required=SIGNER_KEYS)
        key = _key(parts.get("key"), f"{what}: `key`", reader)
        located = (
            reader.country(parts["located"], f"{what}: `located`") if "located" in parts else None
        )
        if located is not None and not within(Region(names=(located,)), rests_in, reader.countries):
            reader.faults.add(
                f"{what} is located in {located}, where protected data may not rest; name "
                "somebody inside.",
                line,
            )
        if key is None:
            continue
        for other in found.values():
            if other.key.public == key.public:
                reader.faults.add(f"{what} has the key of {other.name}; each needs one.", line)
        found[name] = Signer(name=name, key=key, located=located or "", line=line)
    return found


def _need(node: Node | None, reader: Reader, signers: int, line: int) -> int:
    need = LEAST
    if node is not None:
        need = reader.integer(node, "`signing.need`", low=LEAST, high=MOST) or LEAST
    if signers < need:
        reader.faults.add(
            f"`signing` needs {need} signatures but names {signers} signers; name more.", line
        )
    return need


def _key(node: Node | None, what: str, reader: Reader) -> VerifierKey | None:
    text = reader.text(node, what) if node is not None else None
    if node is None or text is None:
        return None
    try:
        key = VerifierKey.parse(text)
    except VerifyError:
        reader.faults.add(
            f"{what} is no verifier key (name+hash+base64); `klover policy keygen` tells one.",
            node.line,
        )
        return None
    if key.type is not SignatureType.NOTE:
        reader.faults.add(f"{what} is a witness's key; it signs checkpoints only.", node.line)
        return None
    return key
