"""Laws of the hashes: framed, labelled, and a tree that tells its leaves apart."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from fieldkit.crypto.hashes import digest, merkle_root, salt

parts = st.lists(st.binary(max_size=12), max_size=4)
leaves = st.lists(st.binary(min_size=32, max_size=32), max_size=12)


@given(parts, parts)
def test_two_lists_of_parts_have_two_digests(one, other):
    assert (digest("a", *one) == digest("a", *other)) == (one == other)


def test_a_label_is_no_part():
    assert digest("ab", b"c") != digest("a", b"bc")
    assert digest("a") != digest("a", b"")


@given(leaves, leaves)
def test_two_lists_of_leaves_have_two_roots(one, other):
    assert (merkle_root(one) == merkle_root(other)) == (one == other)


def test_inner_nodes_are_no_leaves():
    four = [digest("leaf", bytes([n])) for n in range(4)]
    left, right = (
        sha256(b"\x0dfieldkit/node" + a + b).digest() for a, b in (four[:2], four[2:])
    )

    assert merkle_root([left, right]) != merkle_root(four)


@given(st.tuples(st.integers(0, 2**40), st.integers(0, 2**20)))
def test_each_leaf_has_its_own_salt(place):
    counter, ordinal = place
    seed = bytes(32)

    ours = salt(seed, counter, ordinal)

    assert len(ours) == 16
    assert ours != salt(seed, counter, ordinal + 1)
    assert ours != salt(seed, counter + 1, ordinal)
    assert ours != salt(bytes(31) + b"\x01", counter, ordinal)
