"""The comparison of two streams: what is equal, different, missing and extra, in flat memory."""

import struct
from collections.abc import Iterator

from hypothesis import example, given, strategies as st

from klover.migrate.compare import Compared, _streams
from klover.migrate.token import tokens, values

Rows = dict[int, bytes]


def frame(key: int, value: bytes) -> bytes:
    """Write a binary tuple: the key's field, then the value's."""
    name = struct.pack("!q", key)
    fields = [struct.pack("!i", len(part)) + part for part in (name, value)]
    return struct.pack("!h", 2) + b"".join(fields)


def stream(rows: Rows, size: int) -> Iterator[list[bytes]]:
    frames = [frame(key, rows[key]) for key in sorted(rows)]
    return (frames[at : at + size] for at in range(0, len(frames), size))


ROWS = st.dictionaries(st.integers(0, 40), st.binary(max_size=3))


@given(ROWS, ROWS, st.integers(1, 7))
def test_every_difference_is_counted(ours: Rows, theirs: Rows, size: int) -> None:
    found = _streams(
        stream(ours, size), stream(theirs, size), keys=1, found=Compared(table="t", kind="member")
    )
    both = ours.keys() & theirs.keys()
    assert found.equal_rows == sum(ours[key] == theirs[key] for key in both)
    assert found.different == sum(ours[key] != theirs[key] for key in both)
    assert found.missing == len(ours.keys() - theirs.keys())
    assert found.extra == len(theirs.keys() - ours.keys())
    assert found.equal == (ours == theirs)


@given(ROWS, st.integers(1, 7), st.integers(1, 7))
def test_the_digest_does_not_depend_on_the_batches(rows: Rows, one: int, other: int) -> None:
    digests = {
        _streams(
            stream(rows, size), stream(rows, size), keys=1, found=Compared(table="t", kind="x")
        ).digest
        for size in (one, other)
    }
    assert len(digests) == 1


@example([1, 1, 2], [2, 1])
@given(st.lists(st.integers(0, 3), max_size=8), st.lists(st.integers(0, 3), max_size=8))
def test_rows_that_stand_twice_on_one_side_are_never_equal(
    ours: list[int], theirs: list[int]
) -> None:
    """Tables without a key may hold a row twice; whatever the order, nothing is swallowed."""
    sides = [iter([[frame(key, b"") for key in side]] if side else []) for side in (ours, theirs)]
    found = _streams(*sides, keys=1, found=Compared(table="t", kind="shared"))
    assert not found.equal or sorted(ours) == sorted(theirs)


def test_tokens_are_found_within_free_text() -> None:
    block = (
        b'1\tplease write to Kari@Fjord.example, or call +47 22 11 33 44.\t{"ip": "192.0.2.7"}\n'
    )
    found = tokens(block)
    assert {b"kari@fjord.example", b"+47 22 11 33 44", b"192.0.2.7"} <= found
    assert b"1" not in found
    assert values(b"a\tKari Nordmann\n") == {b"kari nordmann"}
