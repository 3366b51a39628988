"""The change: one save, its bytes for ever, and what is derived from them.

Bytes. A change is one deterministic CBOR array,

    [epoch, counter, person, role, roster, time, lead, because, [write, …]]
    write = [layout, target, replaces, value, …]

``target`` is the record's id, or null for a record born here; ``replaces`` the dots
``[epoch, counter, tag]`` that were on the screen. These bytes are what is hashed and
signed. A write is a *leaf*: it is hashed with a salt of its own, so that it can be
erased later and its hash stay; the change's hash covers its head and its leaf hashes.

Derived, never sent: the tag (first 8 bytes of the leaf hash), the id of a record born
here and of a repeat's instance born here. A reference to a record born in the same
change is its ordinal: plain as ``_subject``, ``{"born": ordinal}`` as an answer.
"""

import hashlib
import struct
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, cast

from fieldkit.causality import TAG_BYTES, Dot, Stamp
from fieldkit.codec import decode, encode_unchecked
from fieldkit.errors import CodecError
from fieldkit.records.layout import SUBJECT, Layout, has_instances

RECORD_ID_BYTES: Final = 16
SEED_SPAN: Final = 4_096
"""How many counters of an epoch share one salt seed."""
CHANGE_BYTES_MAX: Final = 1 << 20
WRITES_MAX: Final = 64

_HEAD_FIELDS: Final = 8
_ARRAY_OF_9: Final = b"\x89"
_SALT = struct.Struct(">QI")
_LEAF: Final = b"fieldkit/leaf/1"
_CHANGE: Final = b"fieldkit/change/1"
_RECORD: Final = b"fieldkit/record/1"
_INSTANCE: Final = b"fieldkit/instance/1"

_sha256 = hashlib.sha256


class Write(NamedTuple):
    """What one save says of one record: values in the order of the layout's paths."""

    layout: bytes
    target: bytes | None
    replaces: tuple[Dot, ...]
    values: tuple[object, ...]


class Change(NamedTuple):
    """One save: atomic, judged whole."""

    stamp: Stamp
    writes: tuple[Write, ...]


class Identity(NamedTuple):
    """What a change's bytes and salt seed make of it.

    Attributes:
        hash: 32 bytes; receipts name the change by it.
        leaves: the salted hash of each write, 32 bytes.
        records: the id of each write's record, 16 bytes; born here or targeted.
    """

    hash: bytes
    leaves: tuple[bytes, ...]
    records: tuple[bytes, ...]

    def dot(self, stamp: Stamp, ordinal: int) -> Dot:
        """Return the dot of the write at ``ordinal``."""
        return Dot(stamp.epoch, stamp.counter, self.leaves[ordinal][:TAG_BYTES])


def seed_index(counter: int) -> int:
    """Return which of the epoch's salt seeds covers ``counter`` (from 1)."""
    return (counter - 1) // SEED_SPAN


def head_bytes(stamp: Stamp) -> bytes:
    """Return the change's bytes up to its writes."""
    return _ARRAY_OF_9 + encode_unchecked(list(stamp))[1:]


def write_bytes(write: Write) -> bytes:
    """Return one write's bytes: the leaf without its salt."""
    layout, target, replaces, values = write
    dots = [list(dot) for dot in replaces] if replaces else []
    return encode_unchecked([layout, target, dots, *values])


def change_bytes(change: Change) -> bytes:
    """Return the change's bytes: its head, then its writes as one array."""
    writes = [[w.layout, w.target, list(map(list, w.replaces)), *w.values] for w in change.writes]
    return head_bytes(change.stamp) + encode_unchecked(writes)


def read_change(data: bytes) -> Change:
    """Return the change of its bytes.

    Raises:
        CodecError: bytes we would not have written, or of another shape.
    """
    match decode(data, bytes_max=CHANGE_BYTES_MAX):
        case [*head, [*writes]] if len(head) == _HEAD_FIELDS and 0 < len(writes) <= WRITES_MAX:
            return Change(read_stamp(head), tuple(map(_read_write, writes)))
    raise CodecError("codec.shape", what="change")


def read_stamp(head: Sequence[object]) -> Stamp:
    """Return the stamp of a decoded head, its types checked."""
    match head:
        case [
            bytes() as epoch, int(counter), bytes() as person, str(role),
            int(roster), int(time), int(lead), (str() | None) as because,
        ] if len(epoch) == RECORD_ID_BYTES and counter > 0 and lead >= 0:  # fmt: skip
            return Stamp(epoch, counter, person, role, roster, time, lead, because)
    raise CodecError("codec.shape", what="change head")


def _read_write(wire: object) -> Write:
    match wire:
        case [bytes() as layout, (bytes() | None) as target, [*dots], *values]:
            return Write(layout, target, tuple(map(read_dot, dots)), tuple(values))
    raise CodecError("codec.shape", what="write")


def read_dot(wire: object) -> Dot:
    """Return the dot of its decoded encoding ``[epoch, counter, tag]``."""
    match wire:
        case [bytes() as epoch, int(counter), bytes() as tag] if len(tag) == TAG_BYTES:
            return Dot(epoch, counter, tag)
    raise CodecError("codec.shape", what="dot")


def salt(seed: bytes, counter: int, ordinal: int) -> bytes:
    """Return the 16-byte salt of one leaf, from its epoch's secret seed."""
    return hashlib.blake2b(_SALT.pack(counter, ordinal), key=seed, digest_size=16).digest()


def leaf_hash(leaf_salt: bytes, data: bytes) -> bytes:
    """Return the hash of one write's bytes under its salt."""
    return _sha256(_LEAF + leaf_salt + data).digest()


def identify(change: Change, seed: bytes) -> Identity:
    """Return the change's hash, its leaf hashes and its records' ids.

    Args:
        change: a change whose values the codec would write.
        seed: the 32-byte salt seed of the epoch for this counter.
    """
    counter = change.stamp.counter
    leaves = tuple([
        leaf_hash(salt(seed, counter, ordinal), write_bytes(write))
        for ordinal, write in enumerate(change.writes)
    ])
    digest = _sha256(_CHANGE + head_bytes(change.stamp) + b"".join(leaves)).digest()
    return Identity(digest, leaves, record_ids(change, digest))


def record_ids(change: Change, change_hash: bytes) -> tuple[bytes, ...]:
    """Return the id of each write's record: its target, or one derived for a birth."""
    place = change.stamp.epoch + change.stamp.counter.to_bytes(8)
    return tuple([
        write.target
        or _sha256(_RECORD + place + ordinal.to_bytes(4) + change_hash).digest()[:RECORD_ID_BYTES]
        for ordinal, write in enumerate(change.writes)
    ])


def instance_id(stamp: Stamp, change_hash: bytes, ordinal: int, nth: int) -> bytes:
    """Return the id of the ``nth`` repeat instance born in the write at ``ordinal``."""
    place = stamp.epoch + stamp.counter.to_bytes(8) + ordinal.to_bytes(4)
    return _sha256(_INSTANCE + place + nth.to_bytes(4) + change_hash).digest()[:RECORD_ID_BYTES]


def settle(change: Change, identity: Identity, ordinal: int, layout: Layout) -> tuple[object, ...]:
    """Return a write's values with every id in place of what was only a number.

    Instances born here get their derived ids, references to records born here their
    record ids. What comes out can be read without the change.
    """
    values = change.writes[ordinal].values
    if len(change.writes) == 1 and not has_instances(layout):
        return values
    minted = iter(range(1 << 16))
    settled: list[object] = []
    for path, value in zip(layout.paths, values, strict=True):
        if path.endswith("[]"):
            settled.append([
                slot if slot is not None
                else instance_id(change.stamp, identity.hash, ordinal, next(minted))
                for slot in cast("Iterable[bytes | None]", value)
            ])  # fmt: skip
        else:
            settled.append(_settle_reference(path, value, identity.records))
    return tuple(settled)


def _settle_reference(path: str, value: object, records: Sequence[bytes]) -> object:
    if path == SUBJECT and type(value) is int:
        return records[value]
    if type(value) is dict and value.keys() == {"born"}:
        return records[cast("int", value["born"])]
    return value
