"""The bundle: a file with any number of envelopes, for sticks and couriers.

    "FKB1"  item …  manifest  "FKBE"
    item     = length, 4 bytes  |  SHA-256 of the envelope, 32 bytes  |  envelope
    manifest = 0, 4 bytes  |  length, 4 bytes  |  [count, SHA-256 over all items]

Sticks are pulled out half-way and disks flip bits. Every envelope that is whole is
given out, in order, before the fault is told; whoever reads keeps what came. Names and
order of envelopes say nothing of what is inside them.
"""

from collections.abc import Container, Iterable, Iterator
from hashlib import sha256
from typing import Final, NamedTuple

from fieldkit.codec import decode, encode
from fieldkit.errors import AccessError, CodecError
from fieldkit.sync.envelope import (
    ENVELOPE_BYTES_MAX,
    ENVELOPE_ID_BYTES,
    envelope_id,
    peek,
)

ENVELOPES_MAX: Final = 100_000

_MAGIC: Final = b"FKB1"
_END: Final = b"FKBE"
_LENGTH_BYTES: Final = 4
_NO_ITEM: Final = bytes(_LENGTH_BYTES)
_MANIFEST_BYTES_MAX: Final = 64


def bundle_pieces(envelopes: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a bundle piece by piece, to be written one after another."""
    seen, count = sha256(), 0
    yield _MAGIC
    for envelope in envelopes:
        item = _length(envelope) + envelope_id(envelope) + envelope
        seen.update(item)
        count += 1
        yield item
    manifest = encode([count, seen.digest()])
    yield _NO_ITEM + _length(manifest) + manifest + _END


def make_bundle(envelopes: Iterable[bytes]) -> bytes:
    """Return a bundle of ``envelopes``, in their order."""
    return b"".join(bundle_pieces(envelopes))


def read_bundle(data: bytes) -> Iterator[bytes]:
    """Yield each whole envelope, then tell what was wrong, if anything was.

    Raises:
        CodecError: ``bundle.not_a_bundle`` before anything else; or, after the last
            whole envelope, ``bundle.truncated`` or ``bundle.damaged``.
    """
    if data[: len(_MAGIC)] != _MAGIC:
        raise CodecError("bundle.not_a_bundle")
    start = at = len(_MAGIC)
    whole = count = 0
    while (length := _read_length(data, at)) and count < ENVELOPES_MAX:
        begin = at + _LENGTH_BYTES + ENVELOPE_ID_BYTES
        envelope = data[begin : begin + length]
        if length > ENVELOPE_BYTES_MAX or len(envelope) < length:
            break
        count, at = count + 1, begin + length
        if envelope_id(envelope) == data[begin - ENVELOPE_ID_BYTES : begin]:
            whole += 1
            yield envelope
    if whole < count or not _ends_well(data, start, at, count):
        code = "bundle.damaged" if data.endswith(_END) else "bundle.truncated"
        raise CodecError(code, whole=whole)


class Divided(NamedTuple):
    """Envelopes told apart by the key they are sealed to."""

    known: tuple[bytes, ...]
    unknown: tuple[bytes, ...]


def divide(envelopes: Iterable[bytes], key_ids: Container[bytes]) -> Divided:
    """Return which envelopes are for keys that the roster knows, and which are not.

    Unknown ones may be for a laptop newer than this roster: they are kept and carried.

    Raises:
        AccessError: there are envelopes, and not one is for a known key: the bundle is
            another province's.
        CodecError: one is not an envelope.
    """
    known: list[bytes] = []
    unknown: list[bytes] = []
    for envelope in envelopes:
        side = known if peek(envelope).key_id in key_ids else unknown
        side.append(envelope)
    if unknown and not known:
        raise AccessError("bundle.other_province")
    return Divided(tuple(known), tuple(unknown))


def _length(data: bytes) -> bytes:
    return len(data).to_bytes(_LENGTH_BYTES)


def _read_length(data: bytes, at: int) -> int:
    """Return the length written at ``at``; 0 where none is."""
    return int.from_bytes(data[at : at + _LENGTH_BYTES])


def _ends_well(data: bytes, start: int, at: int, count: int) -> bool:
    """Return whether the manifest at ``at`` fits and nothing follows it."""
    if data[at : at + _LENGTH_BYTES] != _NO_ITEM:
        return False
    at += _LENGTH_BYTES
    begin, length = at + _LENGTH_BYTES, _read_length(data, at)
    items = data[start : at - _LENGTH_BYTES]
    if data[begin + length :] != _END:
        return False
    try:
        manifest = decode(data[begin : begin + length], bytes_max=_MANIFEST_BYTES_MAX)
    except CodecError:
        return False
    return bool(manifest == [count, sha256(items).digest()])
