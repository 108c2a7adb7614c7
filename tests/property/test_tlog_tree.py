"""The tree, its proofs and its tiles against a naive tree written from RFC 6962's definition."""

from contextlib import suppress
from hashlib import sha256

import pytest
from hypothesis import given, settings, strategies as st

from klover.errors import VerifyError
from klover.tlog.frontier import Frontier
from klover.tlog.merkle import (
    check_consistency,
    check_inclusion,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
)
from klover.tlog.tile import (
    Tile,
    TileTree,
    bundle_path,
    decode_bundle,
    encode_bundle,
    tile_at,
    tiles_of,
)


def naive_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(b"%d" % n) for n in range(size)]


def grown(steps: list[int]) -> tuple[Frontier, dict[Tile, bytes]]:
    frontier, tiles = Frontier(), dict[Tile, bytes]()
    leaves = leaves_of(sum(steps))
    for step in steps:
        frontier, written = frontier.grow(leaves[frontier.size : frontier.size + step])
        tiles.update(written)
    return frontier, tiles


sizes = st.integers(1, 700)
flips = st.tuples(st.integers(0, 1 << 20), st.integers(0, 7))


def flip(data: bytes, where: tuple[int, int]) -> bytes:
    at, bit = where[0] % len(data), where[1]
    return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]


@given(st.lists(st.integers(0, 400), max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_tree_grown_in_any_steps_is_the_naive_tree(steps: list[int]) -> None:
    frontier, tiles = grown(steps)
    leaves = leaves_of(frontier.size)
    assert frontier.root() == naive_root(leaves)
    for tile in tiles_of(frontier.size):
        span = 256**tile.level
        first = tile.index * 256
        expected = b"".join(
            naive_root(leaves[n * span : (n + 1) * span]) for n in range(first, first + tile.width)
        )
        assert tiles[tile] == expected
    assert Frontier.load(frontier.size, tiles.__getitem__) == frontier
    if frontier.size:
        assert TileTree(size=frontier.size, read=tiles.__getitem__).root() == frontier.root()


@given(sizes, st.data(), flips)
@settings(max_examples=60, deadline=None)
def test_inclusion_proofs_hold_and_any_flipped_bit_is_refused(
    size: int, data: st.DataObject, where: tuple[int, int]
) -> None:
    index = data.draw(st.integers(0, size - 1))
    frontier, tiles = grown([size])
    tree = TileTree(size=size, read=tiles.__getitem__)
    proof = prove_inclusion(tree.subtree, index, size)
    leaf, root = leaves_of(size)[index], frontier.root()
    check_inclusion(leaf=leaf, index=index, size=size, proof=proof, root=root)
    with pytest.raises(VerifyError):
        check_inclusion(leaf=flip(leaf, where), index=index, size=size, proof=proof, root=root)
    with pytest.raises(VerifyError):
        check_inclusion(leaf=leaf, index=index, size=size, proof=[*proof, leaf], root=root)
    if proof:
        whole = flip(b"".join(proof), where)
        bad = [whole[i : i + 32] for i in range(0, len(whole), 32)]
        with pytest.raises(VerifyError):
            check_inclusion(leaf=leaf, index=index, size=size, proof=bad, root=root)
        with pytest.raises(VerifyError):
            check_inclusion(leaf=leaf, index=index, size=size, proof=proof[:-1], root=root)


@given(sizes, st.data(), flips)
@settings(max_examples=60, deadline=None)
def test_consistency_proofs_hold_and_any_flipped_bit_is_refused(
    size: int, data: st.DataObject, where: tuple[int, int]
) -> None:
    old = data.draw(st.integers(1, size))
    frontier, tiles = grown([size])
    tree = TileTree(size=size, read=tiles.__getitem__)
    proof = prove_consistency(tree.subtree, old, size)
    before, root = naive_root(leaves_of(old)), frontier.root()
    check_consistency(old=old, size=size, old_root=before, root=root, proof=proof)
    with pytest.raises(VerifyError):
        check_consistency(old=old, size=size, old_root=flip(before, where), root=root, proof=proof)
    if proof:
        whole = flip(b"".join(proof), where)
        bad = [whole[i : i + 32] for i in range(0, len(whole), 32)]
        with pytest.raises(VerifyError):
            check_consistency(old=old, size=size, old_root=before, root=root, proof=bad)


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_bundles_round_trip_and_every_cut_is_refused_or_shorter(entries: list[bytes]) -> None:
    data = encode_bundle(entries)
    assert decode_bundle(data) == entries
    if data:
        with suppress(VerifyError):
            assert len(decode_bundle(data[:-1])) < len(entries)


def test_the_longest_entry_fits_and_a_longer_one_is_refused() -> None:
    assert decode_bundle(encode_bundle([b"x" * 65535])) == [b"x" * 65535]
    with pytest.raises(VerifyError):
        encode_bundle([b"x" * 65536])


def test_paths_are_those_of_the_specification() -> None:
    assert Tile(level=0, index=1234067).path == "tile/0/x001/x234/067"
    assert Tile(level=1, index=0, width=5).path == "tile/1/000.p/5"
    assert bundle_path(1000) == "tile/entries/x001/000"
    widths = [(tile.level, tile.width) for tile in tiles_of(70_000)]
    assert widths == [(0, 256)] * 273 + [(0, 112), (1, 256), (1, 17), (2, 1)]
    assert list(tiles_of(256)) == [tile_at(0, 0, 256), Tile(level=1, index=0, width=1)]
