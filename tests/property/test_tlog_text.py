"""Every text form round-trips, and what does not encode again to the same bytes is refused."""

import string
from contextlib import suppress

import pytest
from hypothesis import assume, given, settings, strategies as st

from klover.errors import VerifyError
from klover.tlog.checkpoint import Checkpoint
from klover.tlog.cosignature import cosign
from klover.tlog.key import SignatureType, SignerKey, VerifierKey
from klover.tlog.leaf import Head, Leaf, commit, record_leaf
from klover.tlog.note import Note, Signature, open_note, sign_note
from klover.tlog.proof import Proof

hashes = st.binary(min_size=32, max_size=32)
names = st.text(string.ascii_letters + string.digits + "./-é", min_size=1, max_size=20)
writers = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)
counts = st.integers(0, 2**63 - 1)
flips = st.tuples(st.integers(0, 1 << 20), st.integers(0, 7))


@st.composite
def keys(draw: st.DrawFn) -> SignerKey:
    kind = draw(st.sampled_from(SignatureType))
    return SignerKey(name=draw(names), type=kind, seed=draw(hashes))


@st.composite
def checkpoints(draw: st.DrawFn) -> Checkpoint:
    return Checkpoint(origin=draw(names), size=draw(st.integers(1, 2**62)), root=draw(hashes))


@st.composite
def leaves(draw: st.DrawFn) -> Leaf:
    writer, seq, prev = draw(writers), draw(counts), draw(hashes)
    kind = draw(st.sampled_from(["record", "admission", "erasure"]))
    if kind == "record":
        return Leaf(writer=writer, seq=seq, prev=prev, commitment=draw(hashes))
    if kind == "admission":
        vkey = draw(st.text(max_size=40))
        return Leaf(writer=writer, seq=seq, prev=prev, admits=draw(writers), vkey=vkey)
    return Leaf(writer=writer, seq=seq, prev=prev, erases=draw(counts))


def flip(data: bytes, where: tuple[int, int]) -> bytes:
    at = where[0] % len(data)
    return data[:at] + bytes([data[at] ^ (1 << where[1])]) + data[at + 1 :]


@given(keys())
def test_keys_round_trip_and_do_not_show_their_secret(key: SignerKey) -> None:
    assert SignerKey.parse(key.skey) == key
    assert VerifierKey.parse(key.verifier.vkey) == key.verifier
    assert repr(key.seed) not in repr(key)


@given(keys(), flips)
def test_a_vkey_with_a_flipped_bit_is_refused(key: SignerKey, where: tuple[int, int]) -> None:
    damaged = flip(key.verifier.vkey.encode(), where).decode(errors="replace")
    with pytest.raises(VerifyError):
        VerifierKey.parse(damaged)


@given(checkpoints(), hashes, flips)
@settings(max_examples=200)
def test_a_signed_and_cosigned_checkpoint_opens_and_any_flipped_bit_is_refused(
    checkpoint: Checkpoint, seed: bytes, where: tuple[int, int]
) -> None:
    log = SignerKey(name=checkpoint.origin, type=SignatureType.NOTE, seed=seed)
    witness = SignerKey(name="w", type=SignatureType.COSIGNATURE, seed=seed[::-1])
    note = sign_note(checkpoint.text, log)
    data = cosign(witness, note.text, 1_700_000_000)
    line = Signature(name="w", key_id=witness.verifier.key_id, data=data)
    note = note.with_signatures([line])
    encoded = note.encode()
    opened = open_note(encoded, log.verifier, witness.verifier)
    assert Checkpoint.parse(opened.text) == checkpoint
    signed = opened.signed_by(log.verifier, witness.verifier)
    assert [one.time for one in signed] == [None, 1_700_000_000]
    damaged = flip(encoded, where)
    try:
        again = Note.parse(damaged)
        both = again.signed_by(log.verifier), again.signed_by(witness.verifier)
    except VerifyError:
        return
    assert not all(both)


@st.composite
def damaged_notes(draw: st.DrawFn) -> bytes:
    """Draw a signed note, whole or with bytes of it changed, left out or added."""
    key = SignerKey(name=draw(names), type=SignatureType.NOTE, seed=draw(hashes))
    data = bytearray(sign_note(draw(checkpoints()).text, key).encode())
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    return bytes(data)


@given(st.binary(max_size=200) | damaged_notes())
def test_bytes_that_parse_as_a_note_encode_again_the_same(data: bytes) -> None:
    try:
        note = Note.parse(data)
    except VerifyError:
        return
    assert note.encode() == data


@given(leaves(), flips)
def test_leaves_round_trip_and_a_changed_one_is_another(leaf: Leaf, where: tuple[int, int]) -> None:
    entry = leaf.encode()
    assert Leaf.parse(entry) == leaf
    with suppress(VerifyError):
        assert Leaf.parse(flip(entry, where)) != leaf


@given(writers, counts, hashes, hashes, st.binary(max_size=99))
def test_the_fast_leaf_is_the_slow_one(
    writer: str, seq: int, prev: bytes, salt: bytes, payload: bytes
) -> None:
    commitment = commit(salt, payload)
    slow = Leaf(writer=writer, seq=seq, prev=prev, commitment=commitment)
    assert record_leaf(writer, seq, prev, commitment) == slow.encode()


@given(writers, counts, hashes)
def test_heads_round_trip(writer: str, count: int, last: bytes) -> None:
    head = Head(writer=writer, count=count, last=last)
    assert Head.parse(head.text) == head
    with pytest.raises(VerifyError):
        Head.parse(head.text + "\n")


@given(counts, st.lists(hashes, max_size=63), st.none() | st.binary(max_size=99))
def test_proofs_round_trip(index: int, path: list[bytes], extra: bytes | None) -> None:
    proof = Proof(index=index, hashes=tuple(path), checkpoint=b"c\n", extra=extra)
    assert Proof.parse(proof.encode()) == proof


@given(st.text(max_size=40))
def test_text_that_is_no_leaf_is_refused(text: str) -> None:
    assume(not text.startswith("{"))
    with pytest.raises(VerifyError):
        Leaf.parse(text.encode(errors="replace"))


@pytest.mark.parametrize(
    "entry",
    [
        b'{"commitment":"'
        + b"00" * 32
        + b'","prev":"'
        + b"00" * 32
        + b'","seq":1,"v":2,"writer":"a"}',
        b'{"commitment":"'
        + b"00" * 32
        + b'","prev":"'
        + b"00" * 32
        + b'","seq":01,"v":1,"writer":"a"}',
        b'{"commitment":"'
        + b"00" * 32
        + b'","prev":"'
        + b"00" * 32
        + b'","seq":true,"v":1,"writer":"a"}',
        b'{"commitment":"'
        + b"00" * 32
        + b'","prev":"'
        + b"00" * 32
        + b'","seq":1,"v":1,"writer":"a" }',
        b'{"commitment":"'
        + b"00" * 32
        + b'","prev":"'
        + b"00" * 32
        + b'","seq":1,"v":1,"writer":"../a"}',
        b'{"erases":0,"commitment":"'
        + b"00" * 32
        + b'","prev":"'
        + b"00" * 32
        + b'","seq":1,"v":1,"writer":"a"}',
        b"[" * 5000,
        b"null",
    ],
)
def test_entries_in_another_form_are_refused(entry: bytes) -> None:
    with pytest.raises(VerifyError):
        Leaf.parse(entry)
