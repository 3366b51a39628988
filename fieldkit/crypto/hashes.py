"""Hashes: each with its own label, each part with its length, so no two collide.

SHA-256 for what is signed and kept, keyed BLAKE2b for the salts of leaves, of
which there is one a leaf and which must be quick.
"""

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b, sha256

DIGEST_BYTES = 32
SALT_BYTES = 16
SEED_BYTES = 32

_NODE = b"\x0dfieldkit/node"
_ROOT = b"\x0dfieldkit/root"


def digest(label: str, *parts: bytes) -> bytes:
    """Return the SHA-256 of ``label`` and ``parts``, each with its length before it.

    >>> digest("a", b"bc") == digest("a", b"b", b"c")
    False
    """
    return sha256(framed(label, *parts)).digest()


def framed(label: str, *parts: bytes) -> bytes:
    """Return ``label`` and ``parts`` as one, so that no two lists give the same."""
    pieces = [_framed_label(label)]
    for part in parts:
        pieces.append(len(part).to_bytes(8))
        pieces.append(part)
    return b"".join(pieces)


def merkle_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root of the tree over ``hashes``, each of 32 bytes.

    Pairs are hashed level by level; an odd last one goes up as it is, which is the
    tree of RFC 9162, section 2.1. The count is hashed into the root: inner nodes
    passed off as leaves give another one.
    """
    assert all(len(one) == DIGEST_BYTES for one in hashes), "a hash is 32 bytes"
    level = list(hashes)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [sha256(_NODE + left + right).digest() for left, right in pairs]
        level = above + level[-1:] if len(level) % 2 else above
    return sha256(_ROOT + len(hashes).to_bytes(8) + b"".join(level)).digest()


def salt(seed: bytes, counter: int, ordinal: int) -> bytes:
    """Return the 16-byte salt of one leaf, which nobody without ``seed`` can tell."""
    place = counter.to_bytes(8) + ordinal.to_bytes(4)
    keyed = blake2b(place, digest_size=SALT_BYTES, key=seed, person=b"fieldkit/salt")
    return keyed.digest()


@cache
def _framed_label(label: str) -> bytes:
    raw = label.encode()
    return len(raw).to_bytes(8) + raw
