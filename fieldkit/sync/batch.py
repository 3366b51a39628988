"""The batch: contiguous changes of one epoch, packed in columns, signed as one.

Wire. ``[header, signature, body]``, where ``header`` and ``body`` are bytes:

    header = [1, province, epoch, first, count, previous, roster, incarnation, position]
    body   = zstd([seeds, layouts, changes, groups])

``seeds`` are the epoch's salt seeds ``[[index, seed], …]`` that these counters need;
``layouts`` the layouts in the order they are numbered here; ``changes`` the columns of
the heads (counters are implicit) and of how many writes each has; ``groups`` for each
layout the columns of its writes. The root of the Merkle tree over the change hashes
and the header make the batch's hash, and the signature covers it. A reader makes each
change's bytes again and compares the root: what is packed is never trusted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from fieldkit.causality import EPOCH_BYTES, Stamp
from fieldkit.codec import decode, decode_packed, encode, encode_unchecked
from fieldkit.crypto.hashes import DIGEST_BYTES, SEED_BYTES, digest, merkle_root
from fieldkit.errors import CodecError
from fieldkit.records import layout as layout_wire
from fieldkit.records.change import (
    WRITES_MAX,
    Change,
    Identity,
    Write,
    identify,
    read_dot,
    seed_index,
)
from fieldkit.records.layout import Layout
from fieldkit.sync.columns import (
    Column,
    pack_column,
    pack_rows,
    unpack_column,
    unpack_numbers,
    unpack_rows,
)
from fieldkit.sync.frames import compress, decompress
from fieldkit.sync.shape import is_bytes, is_version, is_whole

CHANGES_MAX: Final = 5_000
BATCH_BYTES_MAX: Final = 4 << 20
FIRST_PREVIOUS: Final = bytes(32)
"""The previous hash of an epoch's first batch."""

BATCH_LABEL: Final = "fieldkit/batch-signature/1"
"""The label under which an author signs a batch's hash."""

_VERSION: Final = 1
_HEAD_BYTES_MAX: Final = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchHeader:
    """What is signed beside the changes themselves.

    Attributes:
        province: fingerprint of the province's root keys, 16 bytes.
        epoch: whose changes.
        first: counter of the first change; the others follow without a gap.
        count: how many changes.
        previous: hash of this epoch's batch before, 32 bytes.
        roster: highest roster version the device knew when it cut.
        incarnation: number of the log last seen, 0 for none.
        position: last position seen in it.
    """

    province: bytes
    epoch: bytes
    first: int
    count: int
    previous: bytes
    roster: int
    incarnation: int = 0
    position: int = 0


class Batch(NamedTuple):
    """A packed batch, not signed yet: sign ``hash``, then ``seal`` it."""

    header: bytes
    root: bytes
    body: bytes

    @property
    def hash(self) -> bytes:
        """Return the 32 bytes that the signature covers and the next batch names."""
        return batch_hash(self.header, self.root)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBatch:
    """A batch whose bytes were made again and agree with its hash."""

    header: BatchHeader
    hash: bytes
    changes: tuple[Change, ...]
    identities: tuple[Identity, ...]
    layouts: Mapping[bytes, Layout]
    seeds: Mapping[int, bytes]


def batch_hash(header: bytes, root: bytes) -> bytes:
    """Return the hash of a batch: of its signed header and its root."""
    return digest("fieldkit/batch/1", header, root)


def cut(
    header: BatchHeader,
    changes: Sequence[Change],
    hashes: Sequence[bytes],
    layouts: Mapping[bytes, Layout],
    seeds: Mapping[int, bytes],
) -> Batch:
    """Return ``changes`` as one batch.

    Args:
        header: names exactly these changes.
        changes: in the order of their counters.
        hashes: the change hashes, as computed when each was saved.
        layouts: every layout that the changes name.
        seeds: the epoch's salt seeds by index, those that the counters need at least.
    """
    assert header.count == len(changes) <= CHANGES_MAX
    needed = sorted({seed_index(change.stamp.counter) for change in changes})
    body = _pack_body(changes, layouts, [[index, seeds[index]] for index in needed])
    return Batch(_header_bytes(header), merkle_root(hashes), compress(body))


def to_wire(batch: Batch, signature: bytes) -> bytes:
    """Return the signed batch's bytes, ready to be sealed."""
    return encode_unchecked([batch.header, signature, batch.body])


class SignedBatch(NamedTuple):
    """The three byte strings of a batch on the wire."""

    header: bytes
    signature: bytes
    body: bytes


def read_batch(data: bytes) -> SignedBatch:
    """Return the pieces of a signed batch.

    Raises:
        CodecError: not a batch.
    """
    match decode_packed(data, bytes_max=BATCH_BYTES_MAX):
        case [bytes() as header, bytes() as signature, bytes() as body]:
            return SignedBatch(header, signature, body)
    raise CodecError("codec.shape", what="batch")


def open_batch(batch: SignedBatch) -> OpenBatch:
    """Return the batch with every change made again.

    The caller then verifies the signature over ``hash`` with the key that the roster
    (or, for a first envelope, the invitation) certifies for ``header.epoch``.

    Raises:
        CodecError: not packed as ``cut`` packs.
    """
    header = read_header(batch.header)
    body = decode_packed(decompress(batch.body), bytes_max=1 << 30)
    match body:
        case [[*seeds], [*layouts], [*heads], [*groups]]:
            known = [layout_wire.from_wire(wire) for wire in layouts]
        case _:
            raise CodecError("codec.shape", what="batch body")
    try:
        changes = _unpack_changes(header, known, heads, groups)
        by_index = _read_seeds(seeds, header)
    except (TypeError, ValueError, IndexError, RuntimeError, StopIteration) as error:
        raise CodecError("codec.shape", what="batch body") from error
    identities = tuple(
        [
            identify(change, by_index[seed_index(change.stamp.counter)])
            for change in changes
        ]
    )
    root = merkle_root([identity.hash for identity in identities])
    return OpenBatch(
        header=header,
        hash=batch_hash(batch.header, root),
        changes=changes,
        identities=identities,
        layouts={layout.id: layout for layout in known},
        seeds=by_index,
    )


def _header_bytes(header: BatchHeader) -> bytes:
    return encode([
        _VERSION, header.province, header.epoch, header.first, header.count,
        header.previous, header.roster, header.incarnation, header.position,
    ])  # fmt: skip


def read_header(data: bytes) -> BatchHeader:
    """Return the header of its bytes.

    Raises:
        CodecError: not a header, or of a version this program does not know.
    """
    match decode(data, bytes_max=_HEAD_BYTES_MAX):
        case [
            version, bytes() as province, bytes() as epoch, first, count,
            bytes() as previous, roster, incarnation, position,
        ] if (
            is_version(version, _VERSION)
            and is_whole(first, count, roster, incarnation, position)
            and len(epoch) == EPOCH_BYTES
            and len(previous) == DIGEST_BYTES
            and first > 0
            and 0 < count <= CHANGES_MAX
        ):  # fmt: skip
            return BatchHeader(
                province=province, epoch=epoch, first=first, count=count,
                previous=previous, roster=roster, incarnation=incarnation,
                position=position,
            )  # fmt: skip
    raise CodecError("codec.shape", what="batch header")


def _read_seeds(wire: Iterable[Any], header: BatchHeader) -> dict[int, bytes]:
    seeds = {
        index: seed
        for index, seed in wire
        if is_whole(index) and is_bytes(seed, SEED_BYTES)
    }
    last = header.first + header.count - 1
    if not set(range(seed_index(header.first), seed_index(last) + 1)) <= seeds.keys():
        raise CodecError("codec.shape", what="batch seeds")
    return seeds


# --- Packing --------------------------------------------------------------------------


def _pack_body(
    changes: Sequence[Change],
    layouts: Mapping[bytes, Layout],
    seeds: list[list[object]],
) -> bytes:
    numbers: dict[bytes, int] = {}
    rows: list[list[Write]] = []
    order: list[int] = []
    for change in changes:
        for write in change.writes:
            number = numbers.setdefault(write.layout, len(numbers))
            if number == len(rows):
                rows.append([])
            rows[number].append(write)
            order.append(number)
    heads = pack_rows([(*change.stamp[2:], len(change.writes)) for change in changes])
    names = [layout_wire.to_wire(layouts[layout]) for layout in numbers]
    groups = [_pack_writes(writes) for writes in rows]
    return encode_unchecked([seeds, names, [*heads, pack_column(order)], groups])


def _pack_writes(writes: Sequence[Write]) -> list[Any]:
    """Return ``[count, targets, dots a write, [dot columns], [value columns]]``."""
    dots = [dot for write in writes for dot in write.replaces]
    return [
        len(writes),
        pack_column([write.target for write in writes]),
        pack_column([len(write.replaces) for write in writes]),
        pack_rows(dots) if dots else [],
        pack_rows([write.values for write in writes]),
    ]


def _unpack_changes(
    header: BatchHeader,
    layouts: Sequence[Layout],
    heads: list[Column],
    groups: list[Any],
) -> tuple[Change, ...]:
    stamps, writes_each, order = _unpack_heads(header, heads)
    total = sum(writes_each)
    if len(groups) != len(layouts) or total > header.count * WRITES_MAX:
        raise CodecError("codec.shape", what="batch body")
    queues = [
        iter(_unpack_writes(layout, group))
        for layout, group in zip(layouts, groups, strict=True)
    ]
    writes = iter([next(queues[number]) for number in unpack_numbers(order, total)])
    return tuple([
        Change(stamp, tuple([next(writes) for _ in range(many)]))
        for stamp, many in zip(stamps, writes_each, strict=True)
    ])  # fmt: skip


def _unpack_heads(
    header: BatchHeader, heads: list[Column]
) -> tuple[list[Stamp], Sequence[int], Column]:
    """Return stamps, how many writes each change has, and the order of the layouts.

    Types are checked a column at a time; ``read_stamp`` does the same for one head.
    """
    *columns, order = heads
    fields = [unpack_column(column, header.count) for column in columns]
    persons, roles, rosters, times, leads, becauses, writes_each = fields
    right = (
        {*map(type, persons)} == {bytes}
        and {*map(type, roles)} == {str}
        and {*map(type, (*rosters, *times, *leads, *writes_each))} == {int}
        and {*map(type, becauses)} <= {str, type(None)}
        and min(leads) >= 0
        and min(writes_each) > 0
    )
    if not right:
        raise CodecError("codec.shape", what="change head")
    epoch, first = header.epoch, header.first
    stamps = [
        Stamp(epoch, counter, *fields)
        for counter, fields in enumerate(
            zip(persons, roles, rosters, times, leads, becauses, strict=True), first
        )
    ]
    return stamps, writes_each, order


def _unpack_writes(layout: Layout, group: Any) -> list[Write]:
    count, targets, dot_counts, dot_columns, columns = group
    if not is_whole(count) or count > CHANGES_MAX * WRITES_MAX:
        raise CodecError("codec.shape", what="batch group")
    if len(columns) != len(layout.paths):
        raise CodecError("codec.shape", what="batch group")
    counts = unpack_numbers(dot_counts, count)
    dots = map(read_dot, unpack_rows(dot_columns, sum(counts)) if dot_columns else ())
    values = unpack_rows(columns, count)
    layout_id = layout.id
    if not any(counts):
        return [
            Write(layout_id, target, (), row)
            for target, row in zip(unpack_column(targets, count), values, strict=True)
        ]
    return [
        Write(layout_id, target, tuple([next(dots) for _ in range(many)]), row)
        for target, many, row in zip(
            unpack_column(targets, count), counts, values, strict=True
        )
    ]
