"""The rows of a page: entries of one layout in columns, free text by its author.

What one person typed never shares a compression window with what another typed, or
the length of a page would tell one about the other. So every column of free text is
cut by author and lies in a frame of that author alone. In the shared frame lie numbers,
bytes of one width, and texts of which few different ones stand in the rows of several
authors: a form's codes, as a rule, but the packer knows no form.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, groupby
from typing import Any, Final

from fieldkit.codec import decode_packed, encode, encode_unchecked
from fieldkit.errors import CodecError
from fieldkit.sync.columns import Column, pack_column, unpack_column, unpack_numbers
from fieldkit.sync.fragments import Fragments, fragments
from fieldkit.sync.frames import FRAME_BYTES_MAX, compress, decompress

HEAD_FIELDS: Final = 11
"""Epoch, counter, tag, person, role, time, roster, because, position, layout, live."""

_CODES_MAX: Final = 256
_FREE: Final = frozenset({1, 3})
_WRAPPED: Final = frozenset({6, 8, 9})
_NAMES: Final = 2
_LISTS: Final = 7

# How the encoding of a value begins: its major type, and of a tag its length.
_COUNT: Final = frozenset(range(0x20))
_INTEGER: Final = frozenset(range(0x40))
_TAG: Final = frozenset({0x48})
_TEXT: Final = frozenset(range(0x60, 0x80))
_NONE: Final = frozenset({0xF6})

Rows = Sequence[Sequence[Any]]
Runs = list[tuple[bytes, int]]
"""Authors in the order of the rows, each with how many rows are theirs."""


class Table:
    """Values that many rows repeat, each written once and then named by its number."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, value: Any) -> int:
        """Return the number of ``value``, a new one if it has none."""
        return self._numbers.setdefault(value, len(self._numbers))

    def pack(self, values: Sequence[Any]) -> Column:
        """Return the numbers of ``values`` as a column."""
        if values and values.count(values[0]) == len(values):
            return [0, self.number(values[0])]
        return pack_column([self.number(value) for value in values])

    def wire(self) -> list[Any]:
        """Return the values in the order of their numbers."""
        return list(self._numbers)


class AuthorFrames:
    """Columns of free text, kept apart by author while a page is packed."""

    def __init__(self) -> None:
        self._columns: dict[bytes, list[Column]] = {}

    def add(self, author: bytes, column: Column) -> None:
        """Put a column of texts of ``author`` behind their others."""
        self._columns.setdefault(author, []).append(column)

    def wire(self) -> list[list[bytes]]:
        """Return ``[[author, frame], …]``."""
        return [
            [author, compress(encode_unchecked(columns))]
            for author, columns in self._columns.items()
        ]


def read_frames(wire: Any) -> dict[bytes, Iterator[Column]]:
    """Return each author's columns of free text, to be taken in order.

    Raises:
        CodecError: not what ``AuthorFrames`` writes.
    """
    return dict(map(_read_frame, wire))


def _read_frame(wire: object) -> tuple[bytes, Iterator[Column]]:
    match wire:
        case [bytes() as author, bytes() as frame]:
            found = decode_packed(decompress(frame), bytes_max=FRAME_BYTES_MAX)
            if type(found) is list:
                return author, iter(found)
    raise CodecError("codec.shape", what="page frame")


# --- Packing --------------------------------------------------------------------------


def pack_values(
    columns: Sequence[Sequence[Any]], runs: Runs, frames: AuthorFrames
) -> list[Column | None]:
    """Return packed columns; None stands for one that lies with its authors."""
    return [_pack_values(values, runs, frames) for values in columns]


def _pack_values(
    values: Sequence[Any], runs: Runs, frames: AuthorFrames
) -> Column | None:
    packed = pack_column(values)
    if not is_free(packed) and not (len(runs) == 1 and holds_text(packed)):
        return packed
    if len(runs) == 1:
        frames.add(runs[0][0], packed)
        return None
    for (author, count), end in zip(
        runs, accumulate(count for _, count in runs), strict=True
    ):
        frames.add(author, pack_column(values[end - count : end]))
    return None


def is_free(column: Column) -> bool:
    """Return whether a packed column holds text that somebody typed freely."""
    kind = column[0]
    if kind == 1:
        return not {int, float, bool, type(None)}.issuperset(map(type, column[1]))
    if kind in _WRAPPED:
        return is_free(column[-1])
    if kind == _LISTS:
        return any(map(is_free, column[2]))
    return kind in _FREE


def holds_text(column: Column) -> bool:
    """Return whether a packed column holds text at all, typed or chosen."""
    kind = column[0]
    if kind == 0:
        return type(column[1]) is str
    if kind in _WRAPPED:
        return holds_text(column[-1])
    if kind == _LISTS:
        return any(map(holds_text, column[2]))
    return kind == _NAMES or is_free(column)


def runs_of(authors: Sequence[bytes]) -> Runs:
    """Return the runs of rows, which are sorted by author."""
    if authors and authors.count(authors[0]) == len(authors):
        return [(authors[0], len(authors))]
    return [(author, sum(1 for _ in rows)) for author, rows in groupby(authors)]


def by_author(row: Sequence[Any]) -> Any:
    """Return what rows are sorted by."""
    return row[0]


def pack_heads(
    columns: Sequence[Sequence[Any]], names: Table, runs: Runs, frames: AuthorFrames
) -> list[Column | None]:
    """Return the columns of the entries' heads, without position, layout and live."""
    epochs, counters, tags, persons, roles, times, rosters, because = columns
    return [
        names.pack(epochs),
        pack_column(counters),
        pack_column(tags),
        names.pack(persons),
        pack_column(roles),
        pack_column(times),
        pack_column(rosters),
        *pack_values([because], runs, frames),
    ]


# --- Opening --------------------------------------------------------------------------


class Reader:
    """Makes the rows of a page's groups again, as values or as encoded bytes."""

    def __init__(self, names: Sequence[bytes], frames: Any) -> None:
        self.names = names
        self._encoded = [encode(name) for name in names]
        self._frames = read_frames(frames)

    def head_fragments(self, heads: Any, count: int) -> tuple[list[Fragments], Runs]:
        """Return the encodings of the heads' columns, and whose the rows are."""
        epochs, counters, tags, persons, roles, times, rosters, because = heads
        numbers = unpack_numbers(epochs, count)
        runs = runs_of([self.names[number] for number in numbers])
        (reasons,) = self.value_fragments([because], runs, count)
        return [
            self._named(epochs, count),
            _begin(fragments(counters, count), _COUNT),
            _begin(fragments(tags, count), _TAG),
            self._named(persons, count),
            _begin(fragments(roles, count), _TEXT),
            _begin(fragments(times, count), _INTEGER),
            _begin(fragments(rosters, count), _INTEGER),
            _begin(reasons, _TEXT | _NONE),
        ], runs

    def heads(self, heads: Any, count: int) -> tuple[list[Sequence[Any]], Runs]:
        """Return the values of the heads' columns, and whose the rows are."""
        epochs, counters, tags, persons, roles, times, rosters, because = heads
        authors = [self.names[number] for number in unpack_numbers(epochs, count)]
        runs = runs_of(authors)
        return [
            authors,
            unpack_numbers(counters, count),
            unpack_column(tags, count),
            [self.names[number] for number in unpack_numbers(persons, count)],
            unpack_column(roles, count),
            unpack_column(times, count),
            unpack_column(rosters, count),
            *self.values([because], runs, count),
        ], runs

    def value_fragments(self, columns: Any, runs: Runs, count: int) -> list[Fragments]:
        """Return the encodings of the values' columns."""
        return [
            fragments(column, count)
            if column is not None
            else self._by_author(runs, _fragment_list)
            for column in _items(columns)
        ]

    def values(self, columns: Any, runs: Runs, count: int) -> list[Sequence[Any]]:
        """Return the values' columns."""
        return [
            unpack_column(column, count)
            if column is not None
            else self._by_author(runs, unpack_column)
            for column in _items(columns)
        ]

    def _by_author(
        self, runs: Runs, read: Callable[[Column, int], Sequence[Any]]
    ) -> list[Any]:
        found: list[Any] = []
        for author, count in runs:
            column = next(self._frames[author], None)
            if column is None:
                raise CodecError("codec.shape", what="page frame")
            found += read(column, count)
        return found

    def _named(self, column: Column, count: int) -> Fragments:
        if column[0] == 0:
            (number,) = unpack_numbers(column, 1)
            return self._encoded[number]
        return [self._encoded[number] for number in unpack_numbers(column, count)]


def _items(columns: Any) -> list[Any]:
    if type(columns) is not list:
        raise CodecError("codec.shape", what="page columns")
    return columns


def _begin(found: Fragments, marks: frozenset[int]) -> Fragments:
    """Return ``found`` if each encoding begins with one of ``marks``."""
    first = {found[0]} if isinstance(found, bytes) else {one[0] for one in found}
    if not first <= marks:
        raise CodecError("codec.shape", what="page head")
    return found


def _fragment_list(column: Column, count: int) -> list[bytes]:
    found = fragments(column, count)
    return [found] * count if isinstance(found, bytes) else found
