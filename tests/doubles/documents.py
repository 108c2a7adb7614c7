"""A policy with most of the language, and policies as the documents that an editor sees."""

from typing import Any

from doubles.signed import BASE
from klover.policy.document import Mapping, Node, Scalar, Sequence

FULL = (
    BASE
    + """\
applications:
  video-api: {certificate: "spiffe://example/video-api", role: app_video, hosts: admitted}
places:
  media-bucket: {kind: object-store, jurisdiction: NO, state: declared}
defaults:
  tables: {"*_types": shared}
  columns: {"*_at": public}
"""
)


def value(node: Node) -> Any:
    """Tell a node as JSON has it, in the kinds of YAML 1.2."""
    if isinstance(node, Mapping):
        return {key: value(entry) for key, entry in node.entries.items()}
    if isinstance(node, Sequence):
        return [value(item) for item in node.items]
    assert isinstance(node, Scalar)
    if node.kind == "flag":
        return node.text.casefold() == "true"
    if node.kind == "integer":
        return int(node.text, 0) if node.text[:2] in {"0x", "0o"} else int(node.text)
    if node.kind == "float":
        return float(node.text.replace(".inf", "inf").replace(".nan", "nan"))
    return None if node.kind == "null" else node.text
