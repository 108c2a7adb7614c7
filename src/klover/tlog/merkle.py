"""The Merkle tree of RFC 6962: hashes, and making and checking of proofs.

Proofs are made from a function that tells the hash of any complete subtree, so the same code
serves a tree in memory and one in tiles. ``subtree(level, index)`` is the hash over the leaves
``index * 2**level`` up to ``(index + 1) * 2**level``.

Checking follows RFC 9162, sections 2.1.3.2 and 2.1.4.2. Two cases the RFC leaves open are refused:
consistency from an empty tree (it would prove nothing) and a leaf hash that is no hash.
https://www.rfc-editor.org/rfc/rfc9162#section-2.1
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

from klover.errors import VerifyError

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

Subtree = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry as a leaf."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into the one above."""
    return sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Fold a power of two of sibling hashes into the root above them."""
    row = hashes
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


def fold(peaks: Sequence[bytes]) -> bytes:
    """Join the roots of complete subtrees, largest (leftmost) first, into the tree's root."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def range_root(subtree: Subtree, start: int, end: int) -> bytes:
    """Hash the leaves ``start`` to ``end``; ``start`` is aligned as RFC 6962 splits a tree."""
    peaks: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        peaks.append(subtree(level, start >> level))
        start += 1 << level
    return fold(peaks)


def prove_inclusion(subtree: Subtree, index: int, size: int) -> list[bytes]:
    """Make the inclusion proof of leaf ``index`` in the tree of ``size`` leaves."""
    if not 0 <= index < size:
        raise VerifyError(f"There is no entry {index} in a tree of {size} entries.")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(range_root(subtree, middle, end))
            end = middle
        else:
            proof.append(range_root(subtree, start, middle))
            start = middle
    proof.reverse()
    return proof


def prove_consistency(subtree: Subtree, old: int, size: int) -> list[bytes]:
    """Make the proof that the tree of ``size`` leaves continues the one of ``old`` leaves."""
    if not 0 < old <= size:
        raise VerifyError(f"There is no consistency proof from size {old} to size {size}.")
    proof: list[bytes] = []
    start, end, whole = 0, size, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(range_root(subtree, middle, end))
            end = middle
        else:
            proof.append(range_root(subtree, start, middle))
            start, whole = middle, False
    if not whole:
        proof.append(range_root(subtree, start, end))
    proof.reverse()
    return proof


def check_inclusion(
    *, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that the leaf hash ``leaf`` stands at ``index``; raises VerifyError when not."""
    if not 0 <= index < size:
        raise VerifyError(f"The proof names entry {index} of a tree of {size} entries.")
    if len(leaf) != HASH_BYTES:
        raise VerifyError("The leaf hash of an inclusion proof must have 32 bytes.")
    _check_widths(proof)
    node, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise VerifyError("The inclusion proof is too long.")
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise VerifyError("The inclusion proof is too short.")
    if result != root:
        raise VerifyError("The inclusion proof does not lead to the tree's root.")


def check_consistency(
    *, old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the larger tree continues the smaller; raises VerifyError when not."""
    if not 0 < old <= size:
        raise VerifyError(f"A proof from size {old} to size {size} proves nothing.")
    _check_widths(proof)
    if old == size:
        if proof or old_root != root:
            raise VerifyError("Two trees of the same size have different roots.")
        return
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise VerifyError("The consistency proof is too short.")
    if _climb(path, old - 1, size - 1) != (old_root, root):
        raise VerifyError("The consistency proof does not lead to both roots: history was changed.")


def _climb(path: Sequence[bytes], node: int, last: int) -> tuple[bytes, bytes]:
    """Compute the roots of both trees from a consistency proof (RFC 9162, 2.1.4.2, step 6)."""
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise VerifyError("The consistency proof is too long.")
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise VerifyError("The consistency proof is too short.")
    return first, second


def _split(width: int) -> int:
    """Tell the largest power of two below ``width`` (at least 2)."""
    return 1 << ((width - 1).bit_length() - 1)


def _check_widths(proof: Sequence[bytes]) -> None:
    if any(len(sibling) != HASH_BYTES for sibling in proof):
        raise VerifyError("Every hash of a proof must have 32 bytes.")
