"""The change: one save, its bytes for ever, and what is derived from them.

Bytes. A change is one deterministic CBOR array,

    [epoch, counter, person, role, roster, time, lead, because, [write, …]]
    write = [layout, target, replaces, value, …]

``target`` is the record's id, or null for a record born here; ``replaces`` the dots
``[epoch, counter, tag]`` that were on the screen. These bytes are what is hashed and
signed. A write is a *leaf*: it is hashed after the change's head with a salt of its
own, so that it can be erased later and its hash stay; the change's hash covers its
leaf hashes. As the head is hashed into each leaf, two branches of a cloned
laptop have different tags even where they save the same answers.

Derived, never sent: the tag (first 8 bytes of the leaf hash), the id of a record born
here and of a repeat's instance born here. A reference to a record born in the same
change is its ordinal: plain as ``_subject``, ``{"born": ordinal}`` as an answer.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from fieldkit.causality import EPOCH_BYTES, TAG_BYTES, Dot, Stamp
from fieldkit.codec import decode, decode_packed, encode_unchecked
from fieldkit.codec import head as array_head
from fieldkit.crypto.hashes import salt as salt
from fieldkit.errors import CodecError
from fieldkit.records.layout import (
    LAYOUT_ID_BYTES,
    SUBJECT,
    Layout,
    instance_lists,
    subject_place,
)

RECORD_ID_BYTES: Final = 16
SEED_SPAN: Final = 4_096
"""How many counters of an epoch share one salt seed."""
CHANGE_BYTES_MAX: Final = 1 << 20
WRITES_MAX: Final = 64

_HEAD_FIELDS: Final = 8
_ARRAY: Final = 4  # the major type of a list
_ARRAY_OF_9: Final = b"\x89"
_ARRAY_OF_1: Final = b"\x81"
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


def leaf_bytes(stamp: Stamp, write: Write) -> bytes:
    """Return what a leaf's hash covers: the change's head, then this one write.

    It is the change's bytes with the write in place of the list of writes.
    """
    layout, target, replaces, values = write
    dots = [list(dot) for dot in replaces] if replaces else []
    return encode_unchecked([*stamp, [layout, target, dots, *values]])


def change_bytes(change: Change) -> bytes:
    """Return the change's bytes: its head, then its writes as one array."""
    writes = [
        [w.layout, w.target, list(map(list, w.replaces)), *w.values]
        for w in change.writes
    ]
    return head_bytes(change.stamp) + encode_unchecked(writes)


def read_change(data: bytes) -> Change:
    """Return the change of its bytes.

    Raises:
        CodecError: bytes we would not have written, or of another shape.
    """
    match decode(data, bytes_max=CHANGE_BYTES_MAX):
        case [*head, [*writes]] if (
            len(head) == _HEAD_FIELDS and 0 < len(writes) <= WRITES_MAX
        ):
            return Change(read_stamp(head), tuple(map(_read_write, writes)))
    raise CodecError("codec.shape", what="change")


def reread_change(data: bytes) -> Change:
    """Return a change of bytes that this laptop wrote and kept under its own key.

    Nothing is checked again: whoever receives it checks it all.
    """
    *head, writes = decode_packed(data, bytes_max=CHANGE_BYTES_MAX)
    return Change(
        Stamp(*head),
        tuple([
            Write(layout, target, tuple([Dot(*dot) for dot in dots]), tuple(values))
            for layout, target, dots, *values in writes
        ]),
    )  # fmt: skip


def read_stamp(head: Sequence[object]) -> Stamp:
    """Return the stamp of a decoded head, its types checked."""
    match head:
        case [
            bytes() as epoch, int(counter), bytes() as person, str(role),
            int(roster), int(time), int(lead), (str() | None) as because,
        ] if (
            len(epoch) == EPOCH_BYTES
            and counter > 0
            and lead >= 0
            and bool not in map(type, (counter, roster, time, lead))
        ):  # fmt: skip
            return Stamp(epoch, counter, person, role, roster, time, lead, because)
    raise CodecError("codec.shape", what="change head")


def _read_write(wire: object) -> Write:
    match wire:
        case [bytes() as layout, (bytes() | None) as target, [*dots], *values] if (
            len(layout) == LAYOUT_ID_BYTES
        ):
            _check_id(target)
            return Write(layout, target, tuple(map(read_dot, dots)), tuple(values))
    raise CodecError("codec.shape", what="write")


def read_dot(wire: object) -> Dot:
    """Return the dot of its decoded encoding ``[epoch, counter, tag]``."""
    match wire:
        case [bytes() as epoch, int(counter), bytes() as tag] if (
            len(epoch) == EPOCH_BYTES
            and len(tag) == TAG_BYTES
            and type(counter) is not bool
            and counter > 0
        ):
            return Dot(epoch, counter, tag)
    raise CodecError("codec.shape", what="dot")


def _check_id(value: object) -> None:
    if value is not None and (
        type(value) is not bytes or len(value) != RECORD_ID_BYTES
    ):
        raise CodecError("codec.shape", what="record id")


def leaf_hash(leaf_salt: bytes, data: bytes) -> bytes:
    """Return the hash of a leaf; ``data`` is what ``leaf_bytes`` gives."""
    return _sha256(_LEAF + leaf_salt + data).digest()


def identify(change: Change, seed: bytes) -> Identity:
    """Return the change's hash, its leaf hashes and its records' ids.

    Args:
        change: a change whose values the codec would write.
        seed: the 32-byte salt seed of the epoch for this counter.

    Raises:
        CodecError: a write names a record by something that is no id.
    """
    stamp, writes = change
    leaves = tuple([
        leaf_hash(salt(seed, stamp.counter, ordinal), leaf_bytes(stamp, write))
        for ordinal, write in enumerate(writes)
    ])  # fmt: skip
    digest = _sha256(_CHANGE + b"".join(leaves)).digest()
    return Identity(digest, leaves, record_ids(change, digest))


class Births:
    """Makes changes that are one new record each, thousands of one layout and time.

    What they share is encoded once. The result is what ``identify`` and
    ``change_bytes`` give.
    """

    def __init__(self, stamp: Stamp, layout: bytes, width: int) -> None:
        """Begin; only the counter of ``stamp`` will differ, and the values."""
        self._stamp = stamp
        self._before = _ARRAY_OF_9 + encode_unchecked(stamp.epoch)
        self._after = b"".join(map(encode_unchecked, stamp[2:]))
        opening = array_head(_ARRAY, 3 + width) + encode_unchecked(layout)
        self._opening = opening + encode_unchecked(None) + encode_unchecked([])
        self._skipped = len(array_head(_ARRAY, width))

    def make(
        self, counter: int, values: Sequence[object], seed: bytes
    ) -> tuple[Stamp, Identity, bytes]:
        """Return the stamp, the identity and the bytes of one birth."""
        stamp = self._stamp._replace(counter=counter)
        head = self._before + encode_unchecked(counter) + self._after
        written = self._opening + encode_unchecked(list(values))[self._skipped :]
        leaf = leaf_hash(salt(seed, counter, 0), head + written)
        digest = _sha256(_CHANGE + leaf).digest()
        born = _derived(_RECORD, stamp, (0,), digest)
        return stamp, Identity(digest, (leaf,), (born,)), head + _ARRAY_OF_1 + written


def record_ids(change: Change, change_hash: bytes) -> tuple[bytes, ...]:
    """Return the id of each write's record: its target, or one derived for a birth."""
    stamp = change.stamp
    ids: list[bytes] = []
    for ordinal, write in enumerate(change.writes):
        if write.target is None:
            ids.append(_derived(_RECORD, stamp, (ordinal,), change_hash))
        else:
            _check_id(write.target)
            ids.append(write.target)
    return tuple(ids)


def instance_id(stamp: Stamp, change_hash: bytes, ordinal: int, nth: int) -> bytes:
    """Return the id of the ``nth`` repeat instance born in the write at ``ordinal``."""
    return _derived(_INSTANCE, stamp, (ordinal, nth), change_hash)


def _derived(
    label: bytes, stamp: Stamp, place: tuple[int, ...], change_hash: bytes
) -> bytes:
    numbers = b"".join([number.to_bytes(4) for number in place])
    where = stamp.epoch + stamp.counter.to_bytes(8) + numbers
    return _sha256(label + where + change_hash).digest()[:RECORD_ID_BYTES]


def settle(
    change: Change, identity: Identity, ordinal: int, layout: Layout
) -> tuple[object, ...]:
    """Return a write's values with every id in place of what was only a number.

    Instances born here get their derived ids, references to records born here their
    record ids. What comes out can be read without the change.

    Raises:
        CodecError: the values do not fit the layout.
    """
    values = change.writes[ordinal].values
    if len(values) != len(layout.paths):
        raise CodecError("codec.shape", what="write")
    lists = instance_lists(layout)
    subject = subject_place(layout)
    if len(change.writes) == 1 and not lists:
        if subject is None:
            return values
        if type(values[subject]) is bytes:
            _check_id(values[subject])
            return values
    settled = [_settle_born(value, identity.records) for value in values]
    if subject is not None:
        settled[subject] = _settle_subject(values[subject], identity.records)
    ids = _instance_ids(change, identity, ordinal)
    for place, count in lists:
        settled[place] = _settle_instances(values[place], count, ids)
    return tuple(settled)


def _instance_ids(change: Change, identity: Identity, ordinal: int) -> Iterator[bytes]:
    for nth in range(CHANGE_BYTES_MAX):
        yield instance_id(change.stamp, identity.hash, ordinal, nth)


def _settle_instances(value: object, count: int, ids: Iterator[bytes]) -> list[bytes]:
    """Return the ids of a list of instances, of which ``count`` are written to."""
    slots = value if isinstance(value, list | tuple) else ()
    for slot in slots:
        _check_id(slot)
    settled = [next(ids) if slot is None else slot for slot in slots]
    if len(settled) < count or len(set(settled)) < len(settled):
        raise CodecError("codec.shape", what="instances")
    return settled


def _settle_subject(value: object, records: Sequence[bytes]) -> object:
    if type(value) is int:
        if not 0 <= value < len(records):
            raise CodecError("codec.shape", what=SUBJECT)
        return records[value]
    _check_id(value)
    return value


def _settle_born(value: object, records: Sequence[bytes]) -> object:
    """Return the id of a record born in this change; any other value as it is."""
    if type(value) is dict and value.keys() == {"born"}:
        born = value["born"]
        if type(born) is int and 0 <= born < len(records):
            return records[born]
    return value
