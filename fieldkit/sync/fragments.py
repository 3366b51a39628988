"""Fragments: a packed column as the encoded bytes of each of its values.

A page carries parts in columns, a store keeps each as one blob. Joining the values'
encodings makes the blob without building the values themselves, which is several
times quicker: a name is encoded once, and a text is cut out of the joined texts.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from struct import Struct
from typing import Any, Final

from fieldkit.codec import encode, encode_unchecked, head
from fieldkit.errors import CodecError
from fieldkit.sync.columns import (
    Column,
    check_names,
    check_width,
    split_column,
    unpack_column,
)

Fragments = bytes | list[bytes]
"""One encoding for every row, or one encoding a row."""

_BYTES, _TEXT = 2, 3
_NAMED = 2
_FLOAT, _DOUBLE = b"\xfb", Struct(">d")
_SMALL: Final = tuple(encode(number) for number in range(256))
_SHORT_TEXT: Final = tuple(head(_TEXT, length) for length in range(256))
_NONE: Final = encode(None)
_WIDTHS: Final = tuple(
    (encode((1 << 8 * width) - 1)[:1], width, 1 << 4 * width, (1 << 8 * width) - 1)
    for width in (2, 4, 8)
)
_PLAIN: Final = frozenset({type(None), bool, int, str, bytes})


def fragments(column: Column, count: int) -> Fragments:
    """Return the encodings of the ``count`` values of a packed column.

    Raises:
        CodecError: not a column, or not of ``count`` values.
    """
    try:
        kind, rest = split_column(column)
        found = _KINDS.get(kind, _any)(column, rest, count)
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise CodecError("codec.column") from error
    if type(found) is list and len(found) != count:
        raise CodecError("codec.column")
    return found


def join(pieces: Sequence[Fragments], count: int) -> list[bytes]:
    """Return each row's fragments as one."""
    merged: list[Fragments] = []
    for piece in pieces:
        if type(piece) is bytes and merged and type(merged[-1]) is bytes:
            merged[-1] += piece
        else:
            merged.append(piece)
    if all(type(piece) is bytes for piece in merged):
        return [b"".join(piece for piece in merged if type(piece) is bytes)] * count
    rows: Iterable[Sequence[bytes]] = zip(*map(_rows, merged), strict=False)
    return list(map(b"".join, rows))


def integers(values: Sequence[int]) -> list[bytes]:
    """Return the encodings of integers."""
    low, high = min(values, default=0), max(values, default=0)
    for mark, width, least, most in _WIDTHS:
        if least <= low and high <= most:
            return [mark + value.to_bytes(width) for value in values]
    small = _SMALL
    return [
        small[value] if 0 <= value < 256 else encode_unchecked(value)  # noqa: PLR2004
        for value in values
    ]


def _rows(piece: Fragments) -> Iterator[bytes]:
    return repeat(piece) if isinstance(piece, bytes) else iter(piece)


def _same(_column: Column, rest: list[Any], _count: int) -> Fragments:
    (value,) = rest
    if type(value) not in _PLAIN:
        raise CodecError("codec.column")
    return encode(value)


def _names(_column: Column, rest: list[Any], _count: int) -> Fragments:
    names, codes = rest
    check_names(names, codes)
    encoded = [encode(name) for name in names]
    return list(map(encoded.__getitem__, codes))


def _texts(_column: Column, rest: list[Any], _count: int) -> Fragments:
    (joined,) = rest
    short = _SHORT_TEXT
    return [
        (short[size] if (size := len(text)) < 256 else head(_TEXT, size)) + text  # noqa: PLR2004
        for text in str.encode(joined).split(b"\0")
    ]


def _wide(_column: Column, rest: list[Any], count: int) -> Fragments:
    width, joined = rest
    check_width(width, joined, count)
    mark = head(_BYTES, width)
    starts = range(0, len(joined), width)
    return [mark + joined[start : start + width] for start in starts]


def _raw(column: Column, _rest: list[Any], count: int) -> Fragments:
    values = unpack_column(column, count)
    if {*map(type, values)} == {int}:
        return integers(values)
    write = encode_unchecked if _PLAIN.issuperset(map(type, values)) else encode
    return list(map(write, values))


def _decimals(column: Column, _rest: list[Any], count: int) -> Fragments:
    mark, pack = _FLOAT, _DOUBLE.pack
    return [mark + pack(value) for value in unpack_column(column, count)]


def _sets(_column: Column, rest: list[Any], count: int) -> Fragments:
    (column,) = rest
    kind, inner = split_column(column)
    if kind != _NAMED:
        return _any(_column, rest, count)
    names, codes = inner
    check_names(names, codes)
    alone: Column = [8, [1, names]]
    encoded = [encode(value) for value in unpack_column(alone, len(names))]
    return list(map(encoded.__getitem__, codes))


def _steps(column: Column, _rest: list[Any], count: int) -> Fragments:
    return integers(unpack_column(column, count))


def _some(_column: Column, rest: list[Any], count: int) -> Fragments:
    mask, column = rest
    if type(mask) is not bytes or len(mask) != count:
        raise CodecError("codec.column")
    present = mask.count(1)
    if present + mask.count(0) != count:
        raise CodecError("codec.column")
    values = _rows(fragments(column, present))
    return [next(values) if there else _NONE for there in mask]


def _any(column: Column, _rest: list[Any], count: int) -> Fragments:
    return list(map(encode, unpack_column(column, count)))


_KINDS: Final[dict[object, Callable[[Column, list[Any], int], Fragments]]] = {
    0: _same,
    1: _raw,
    2: _names,
    3: _texts,
    4: _wide,
    5: _steps,
    6: _decimals,
    8: _sets,
    9: _some,
}
