"""Others' vectors: Merkle proofs, a real tiled log, signed notes, proof files.

The folder's README tells each file's source and licence.
"""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from klover.errors import VerifyError
from klover.tlog.checkpoint import Checkpoint
from klover.tlog.frontier import Frontier
from klover.tlog.key import VerifierKey
from klover.tlog.merkle import check_consistency, check_inclusion, leaf_hash
from klover.tlog.note import Note, open_note
from klover.tlog.proof import Proof
from klover.tlog.tile import TileTree, bundle_path, decode_bundle, encode_bundle, tile_at, tiles_of

FOLDER = Path(__file__).parents[2].parent / "shared" / "realdata" / "tlog_vectors"

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="needs ../shared/realdata/tlog_vectors (others' vectors)"
)


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text().splitlines()]


def hashes(proof: list[str] | None) -> list[bytes]:
    return [base64.b64decode(text) for text in proof or []]


def test_inclusion_proofs_of_the_go_library_get_its_verdict() -> None:
    cases = lines("merkle_inclusion.jsonl")
    assert len(cases) == 98
    for case in cases:
        verdict = True
        try:
            check_inclusion(
                leaf=base64.b64decode(case["leafHash"] or ""),
                index=case["leafIdx"],
                size=case["treeSize"],
                proof=hashes(case["proof"]),
                root=base64.b64decode(case["root"] or ""),
            )
        except VerifyError:
            verdict = False
        assert verdict is not case["wantErr"], case["file"]


def test_consistency_proofs_of_the_go_library_get_its_verdict() -> None:
    cases = lines("merkle_consistency.jsonl")
    assert len(cases) == 98
    for case in cases:
        verdict = True
        try:
            check_consistency(
                old=case["size1"],
                size=case["size2"],
                old_root=base64.b64decode(case["root1"] or ""),
                root=base64.b64decode(case["root2"] or ""),
                proof=hashes(case["proof"]),
            )
        except VerifyError:
            verdict = False
        assert verdict is not case["wantErr"], case["file"]


@pytest.mark.parametrize("size", range(16))
def test_a_log_written_by_tessera_is_read_and_would_be_written_the_same(size: int) -> None:
    log = FOLDER / "tessera_log"
    key = VerifierKey.parse((FOLDER / "tessera_log.vkey").read_text().strip())
    data = (log / f"checkpoint.{size}").read_bytes()
    note = open_note(data, key)
    assert note.encode() == data
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/log/testdata", size)
    if not size:
        assert Frontier().root() == checkpoint.root
        return
    bundle = (log / bundle_path(0, size)).read_bytes()
    entries = decode_bundle(bundle)
    assert encode_bundle(entries) == bundle
    frontier, tiles = Frontier().grow([leaf_hash(entry) for entry in entries])
    assert frontier.root() == checkpoint.root
    assert [tile for tile, _ in tiles] == list(tiles_of(size)) == [tile_at(0, 0, size)]
    assert all((log / tile.path).read_bytes() == hashes for tile, hashes in tiles)
    tree = TileTree(size=size, read=lambda tile: (log / tile.path).read_bytes())
    assert tree.root() == checkpoint.root


@pytest.mark.parametrize("case", range(9))
def test_signed_notes_of_go_and_c2sp_get_their_verdict(case: int) -> None:
    note = json.loads((FOLDER / "signed_notes.json").read_text())[case]
    data = note["note"].encode()
    if note["vkey"] is None:
        assert Note.parse(data).encode() == data
        assert Checkpoint.parse(Note.parse(data).text).size == 20852163
    elif note["valid"]:
        assert open_note(data, VerifierKey.parse(note["vkey"])).encode() == data
    else:
        with pytest.raises(VerifyError):
            open_note(data, VerifierKey.parse(note["vkey"]))


def test_proof_files_are_written_exactly_and_bad_ones_refused() -> None:
    vectors = json.loads((FOLDER / "tlog_proof_text.json").read_text())
    assert (len(vectors["marshal"]), len(vectors["must_fail_to_parse"])) == (3, 7)
    for case in vectors["marshal"]:
        proof = Proof(
            index=case["index"],
            hashes=tuple(hashes(case["hashes"])),
            checkpoint=case["checkpoint"].encode(),
            extra=case["extra"].encode() if case["extra"] else None,
        )
        assert proof.encode() == case["want"].encode(), case["name"]
        assert Proof.parse(case["want"].encode()) == proof
    for case in vectors["must_fail_to_parse"]:
        with pytest.raises(VerifyError):
            Proof.parse(case["proof"].encode())
