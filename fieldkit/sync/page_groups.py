"""The groups of a page: ordinary parts in columns, from blobs and back to blobs.

A group is the records of one form of which the same classes changed, each written
whole by one save in the same layouts. What the parts of a record share, its id and the
head of its one entry, is said once.

    group = [form, [[class, layout], …], count, ids, subjects, positions, lags, heads,
             [[column, …], …]]

``ids`` and ``subjects`` count in the page's table of ids (a subject from 1; 0 is none);
``lags`` say by how much the entry's position is older than the part's.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import repeat
from typing import Any, Final

from fieldkit.codec import decode_packed, encode, head
from fieldkit.errors import CodecError
from fieldkit.records.change import RECORD_ID_BYTES
from fieldkit.records.part import PART_BYTES_MAX
from fieldkit.sync.columns import pack_column, unpack_column, unpack_numbers
from fieldkit.sync.fragments import integers, join
from fieldkit.sync.page_rows import (
    HEAD_FIELDS,
    AuthorFrames,
    Reader,
    Table,
    pack_heads,
    pack_values,
    runs_of,
)
from fieldkit.sync.shape import are, are_whole, is_whole
from fieldkit.sync.states import PartKey, PartState, is_class

ROWS_MAX: Final = 1_000_000

_SHARED: Final = 9  # fields of an entry's head that the parts of one save share
_POSITION, _LAYOUT, _LIVE = 8, 9, 10  # of an entry
_ARRAY = 4
_PART_OF_ONE: Final = head(_ARRAY, 2) + head(_ARRAY, 1)
_NOTHING_REPLACED: Final = head(_ARRAY, 0)
_ALL_LIVE: Final = encode(None)

Member = tuple[PartState, list[Any]]
"""A part and its one entry, flat."""
GroupKey = tuple[str, tuple[tuple[int, bytes], ...]]
Tables = tuple[Table, Table, Table]
"""A page's tables of layouts, of epochs and persons, and of record ids."""


class Ids:
    """A page's record ids, named by number."""

    def __init__(self, joined: bytes) -> None:
        width = RECORD_ID_BYTES
        if len(joined) % width:
            raise CodecError("codec.shape", what="page ids")
        starts = range(0, len(joined), width)
        self._ids = [joined[start : start + width] for start in starts]
        self._or_none = [None, *self._ids]

    def records(self, column: Any, count: int) -> list[bytes]:
        """Return the ids that a column of numbers stands for."""
        return list(map(self._ids.__getitem__, unpack_numbers(column, count)))

    def subjects(self, column: Any, count: int) -> list[bytes | None]:
        """Return the ids that a column of numbers from 1 stands for; 0 is None."""
        return list(map(self._or_none.__getitem__, unpack_numbers(column, count)))


def pack_subjects(states: Sequence[PartState], ids: Table) -> list[Any]:
    """Return the subjects' numbers from 1, or 0 for none, as a column."""
    subjects = [state.subject for state in states]
    return pack_column([0 if one is None else ids.number(one) + 1 for one in subjects])


# --- Packing --------------------------------------------------------------------------


def pack_groups(
    states: Sequence[PartState],
    known: Collection[PartKey],
    base: int,
    tables: Tables,
    frames: AuthorFrames,
) -> tuple[list[Any], list[PartState]]:
    """Return the ordinary parts in groups, and the parts that are not ordinary.

    A part whose one entry the device held at ``base`` is not sent in a group either:
    its entry need only be named.
    """
    by_record: dict[bytes, list[Member]] = {}
    rest: list[PartState] = []
    for state in states:
        if state.ordinary:
            entries, marks = decode_packed(state.blob, bytes_max=PART_BYTES_MAX)
            entry = entries[0]
            is_new = not known or entry[_POSITION] > base or state.key not in known
            if is_new and entry[_LIVE] is None and not marks:
                by_record.setdefault(state.record_id, []).append((state, entry))
                continue
        rest.append(state)
    groups: dict[GroupKey, list[list[Member]]] = {}
    for members in by_record.values():
        for together in _by_save(members):
            groups.setdefault(_key(together), []).append(together)
    packed = [_pack_group(key, rows, tables, frames) for key, rows in groups.items()]
    return packed, rest


def _by_save(members: list[Member]) -> list[list[Member]]:
    """Return a record's parts as one, if one save wrote them all; else each alone."""
    if len(members) == 1:
        return [members]
    first, entry = members[0]
    shared = entry[:_SHARED]
    for state, other in members:
        if other[:_SHARED] != shared or state.position != first.position:
            return [[member] for member in members]
    members.sort(key=_class_of)
    return [members]


def _class_of(member: Member) -> int:
    return member[0].class_number


def _author_of(members: list[Member]) -> Any:
    return members[0][1][0]


def _key(members: list[Member]) -> GroupKey:
    classes = [(state.class_number, entry[_LAYOUT]) for state, entry in members]
    return members[0][0].form_id, tuple(classes)


def _pack_group(
    key: GroupKey, rows: list[list[Member]], tables: Tables, frames: AuthorFrames
) -> list[Any]:
    layouts, names, ids = tables
    rows.sort(key=_author_of)
    states = [members[0][0] for members in rows]
    columns = list(zip(*[members[0][1] for members in rows], strict=True))
    runs = runs_of(columns[0])
    positions = [state.position for state in states]
    lags = [a - b for a, b in zip(positions, columns[_POSITION], strict=True)]
    form_id, classes = key
    return [
        form_id,
        [[number, layouts.number(layout)] for number, layout in classes],
        len(rows),
        ids.pack([state.record_id for state in states]),
        pack_subjects(states, ids),
        pack_column(positions),
        pack_column(lags),
        pack_heads(columns[: _SHARED - 1], names, runs, frames),
        [
            pack_values(_columns(rows, nth, columns)[HEAD_FIELDS:], runs, frames)
            for nth in range(len(classes))
        ],
    ]


def _columns(
    rows: list[list[Member]], nth: int, first: list[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    if nth == 0:
        return first
    return list(zip(*[members[nth][1] for members in rows], strict=True))


# --- Opening --------------------------------------------------------------------------


def read_group(
    group: Any, reader: Reader, ids: Ids, layouts: Sequence[bytes]
) -> Iterator[PartState]:
    """Yield the parts of a group, their blobs made again.

    Raises:
        CodecError: not a group.
    """
    form_id, classes, count, records, subjects, positions, lags, heads, values = group
    if type(form_id) is not str or not is_whole(count) or not 0 < count <= ROWS_MAX:
        raise CodecError("codec.shape", what="page group")
    record_ids = ids.records(records, count)
    subject_ids = ids.subjects(subjects, count)
    at = unpack_numbers(positions, count)
    late = unpack_column(lags, count)
    written_at = [here - lag for here, lag in zip(at, late, strict=True)]
    if not are(int, late) or not are_whole(written_at):
        raise CodecError("codec.shape", what="page group")
    written = integers(written_at)
    shared, runs = reader.head_fragments(heads, count)
    for (number, layout), columns in zip(classes, values, strict=True):
        if not is_class(number) or not is_whole(layout):
            raise CodecError("codec.shape", what="page group")
        blobs = join(
            [
                _PART_OF_ONE + head(_ARRAY, HEAD_FIELDS + len(columns)),
                *shared,
                written,
                encode(layouts[layout]) + _ALL_LIVE,
                *reader.value_fragments(columns, runs, count),
                _NOTHING_REPLACED,
            ],
            count,
        )
        rows = zip(
            record_ids, repeat(form_id), subject_ids, repeat(number), at, blobs,
            repeat(True), strict=False,
        )  # fmt: skip
        yield from map(PartState._make, rows)
