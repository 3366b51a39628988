"""Columns: rows of one layout turned on their side, each column written the short way.

Values of one question are alike, so zstd packs them far better side by side than
record by record. ``unpack_rows(pack_rows(rows))`` gives the same rows for every value
the codec can write; whoever unpacks makes the original bytes again and checks them by
their hash, so nothing here is trusted.

A packed column is ``[kind, …]``. The packer takes the first kind that fits:

==  ==========  =====================================================================
 0  same        ``[0, value]``                 one plain value in every row
 1  raw         ``[1, [value, …]]``            anything
 2  names       ``[2, [text, …], codes]``      few different texts; a byte a row
 3  text        ``[3, joined]``                texts, joined by U+0000
 4  bytes       ``[4, width, joined]``         bytes of one width
 5  steps       ``[5, first, [step, …]]``      integers close to the one before
 6  decimals    ``[6, digits, column]``        floats that are short decimals
 7  lists       ``[7, width, [column, …]]``    lists of one width
 8  sets        ``[8, column]``                lists of text, joined by U+0002
 9  some        ``[9, mask, column]``          none in some rows; a byte a row
10  dates       ``[10, column]``               ISO dates, as days since 0001-01-01
==  ==========  =====================================================================
"""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import accumulate, pairwise
from typing import Any, Final

from fieldkit.codec import INT_MAX, INT_MIN, encode
from fieldkit.errors import CodecError
from fieldkit.sync.shape import are, are_whole, is_whole

Column = list[Any]

NAMES_MAX: Final = 255
ROWS_A_NAME_MIN: Final = 4
DECIMALS_MAX: Final = 6
LIST_WIDTH_MAX: Final = 16
_JOIN, _SET_JOIN, _EMPTY_SET = "\x00", "\x02", "\x03"
_DEPTH_MAX: Final = 6
_DATE_LENGTH: Final = 10
_SAMPLE: Final = 8  # floats tried before all are
_NONE: Final = frozenset({type(None)})
_SCALARS: Final = frozenset({type(None), bool, int, str, bytes})


def pack_rows(rows: Sequence[Sequence[object]]) -> list[Column]:
    """Return the columns of ``rows``, which all have the same width."""
    return [pack_column(column) for column in zip(*rows, strict=True)]


def unpack_rows(columns: Sequence[Column], count: int) -> list[tuple[Any, ...]]:
    """Return the ``count`` rows of ``columns``.

    Raises:
        CodecError: a column that ``pack_rows`` would not write, or of another length.
    """
    if not columns:
        return [()] * count
    return list(zip(*(unpack_column(column, count) for column in columns), strict=True))


def pack_column(values: Sequence[Any]) -> Column:
    """Return ``values`` in the first kind of column that fits them."""
    types = set(map(type, values))
    if len(types) == 1:
        (only,) = types
        first = values[0]
        if only in _SCALARS and values.count(first) == len(values):
            return [0, first]
        if packer := _PACKERS.get(only):
            return packer(values)
    elif types - _NONE != types and len(types - _NONE) == 1:
        mask = bytes([value is not None for value in values])
        return [9, mask, pack_column([value for value in values if value is not None])]
    return [1, list(values)]


def _pack_texts(values: Sequence[str]) -> Column:
    names = list(dict.fromkeys(values))
    if len(names) <= min(NAMES_MAX, len(values) // ROWS_A_NAME_MIN):
        codes = {name: code for code, name in enumerate(names)}
        return [2, names, bytes(map(codes.__getitem__, values))]
    if len(values[0]) == _DATE_LENGTH and (days := _days(values)) is not None:
        return [10, pack_column(days)]
    joined = _JOIN.join(values)
    return [3, joined] if joined.count(_JOIN) == len(values) - 1 else [1, list(values)]


def _days(values: Sequence[str]) -> list[int] | None:
    """Return the day numbers of ISO dates; None if one of them is anything else."""
    if set(map(len, values)) != {_DATE_LENGTH}:
        return None
    try:
        return [_day(value) for value in values]
    except ValueError:
        return None


def _day(text: str) -> int:
    day = date.fromisoformat(text)
    if day.isoformat() != text:  # a week date has ten letters too
        raise ValueError(text)
    return day.toordinal()


def _pack_bytes(values: Sequence[bytes]) -> Column:
    widths = set(map(len, values))
    if len(widths) == 1 and (width := widths.pop()) > 0:
        return [4, width, b"".join(values)]
    return [1, list(values)]


def _pack_integers(values: Sequence[int]) -> Column:
    steps = [after - before for before, after in pairwise(values)]
    if max(map(abs, steps), default=0) * 4 < max(map(abs, values)):
        return [5, values[0], steps]
    return [1, list(values)]


def _pack_floats(values: Sequence[float]) -> Column:
    largest = max(map(abs, values))
    for digits in range(DECIMALS_MAX + 1):
        scale = 10**digits
        if largest * scale >= 1 << 53:
            break
        if any(round(value * scale) / scale != value for value in values[:_SAMPLE]):
            continue
        whole = [round(value * scale) for value in values]
        if all(n / scale == value for n, value in zip(whole, values, strict=True)):
            return [6, digits, pack_column(whole)]
    return [1, list(values)]


def _pack_lists(values: Sequence[list[Any]]) -> Column:
    items = {type(item) for value in values for item in value}
    widths = set(map(len, values))
    if items == {str}:
        flat = [_SET_JOIN.join(value) if value else _EMPTY_SET for value in values]
        if [_split_set(text) for text in flat] == list(values):
            return [8, pack_column(flat)]
    elif (
        len(widths) == 1
        and 0 < (width := widths.pop()) <= LIST_WIDTH_MAX
        and not items & {list, dict}
    ):
        return [7, width, [pack_column(column) for column in zip(*values, strict=True)]]
    return [1, list(values)]


def _split_set(text: str) -> list[str]:
    return [] if text == _EMPTY_SET else text.split(_SET_JOIN)


_PACKERS: Final[dict[type, Callable[[Any], Column]]] = {
    str: _pack_texts,
    bytes: _pack_bytes,
    int: _pack_integers,
    float: _pack_floats,
    list: _pack_lists,
}


def unpack_column(column: Column, count: int, depth: int = 0) -> Sequence[Any]:
    """Return the ``count`` values of a packed column.

    Raises:
        CodecError: not a column, or not of ``count`` values.
    """
    if depth > _DEPTH_MAX:
        raise CodecError("codec.depth", depth_max=_DEPTH_MAX)
    try:
        kind, rest = split_column(column)
        values = _UNPACKERS[kind](rest, count, depth)
    except (TypeError, ValueError, KeyError, IndexError, OverflowError) as error:
        raise CodecError("codec.column") from error
    if len(values) != count:
        raise CodecError("codec.column")
    return values


def unpack_numbers(column: Column, count: int) -> Sequence[int]:
    """Return the ``count`` values of a packed column of integers from 0 on.

    Raises:
        CodecError: not such a column, or not of ``count`` values.
    """
    values = unpack_column(column, count)
    if not are_whole(values):
        raise CodecError("codec.column")
    return values


def split_column(column: Any) -> tuple[int, list[Any]]:
    """Return the kind of a packed column, and what else it says.

    Raises:
        CodecError: not a list that begins with a number.
    """
    if type(column) is not list or not is_whole(*column[:1]):
        raise CodecError("codec.column")
    kind, *rest = column
    return kind, rest


def _same(rest: Any, count: int, _depth: int) -> Sequence[Any]:
    (value,) = rest
    if type(value) not in _SCALARS:
        raise CodecError("codec.column")
    encode(value)
    return [value] * count


def _raw(rest: Any, count: int, _depth: int) -> Sequence[Any]:
    (values,) = rest
    if type(values) is not list or len(values) != count:
        raise CodecError("codec.column")
    encode(values)
    return values


def _names(rest: Any, _count: int, _depth: int) -> Sequence[Any]:
    names, codes = rest
    check_names(names, codes)
    return list(map(names.__getitem__, codes))


def check_names(names: Any, codes: Any) -> None:
    """Return if these are texts, and bytes that may count in them.

    Raises:
        CodecError: they are not.
    """
    if type(codes) is not bytes or type(names) is not list or not are(str, names):
        raise CodecError("codec.column")


def _text(rest: Any, _count: int, _depth: int) -> Sequence[Any]:
    (joined,) = rest
    return str.split(joined, _JOIN)


def _bytes(rest: Any, count: int, _depth: int) -> Sequence[Any]:
    width, joined = rest
    check_width(width, joined, count)
    return [joined[start : start + width] for start in range(0, len(joined), width)]


def check_width(width: Any, joined: Any, count: int) -> None:
    """Return if ``joined`` is bytes for ``count`` rows of this width.

    Raises:
        CodecError: it is not.
    """
    if type(joined) is not bytes or not is_whole(width) or len(joined) != width * count:
        raise CodecError("codec.column")


def _steps(rest: Any, _count: int, _depth: int) -> Sequence[Any]:
    first, steps = rest
    if type(steps) is not list or not are(int, (first, *steps)):
        raise CodecError("codec.column")
    values = list(accumulate(steps, initial=first))
    if min(values) < INT_MIN or max(values) > INT_MAX:
        raise CodecError("codec.column")
    return values


def _decimals(rest: Any, count: int, depth: int) -> Sequence[Any]:
    digits, column = rest
    if not is_whole(digits) or digits > DECIMALS_MAX:
        raise CodecError("codec.column")
    scale = 10**digits
    whole = unpack_column(column, count, depth + 1)
    if not are(int, whole):
        raise CodecError("codec.column")
    return [value / scale for value in whole]


def _lists(rest: Any, count: int, depth: int) -> Sequence[Any]:
    width, columns = rest
    if type(columns) is not list or not is_whole(width) or len(columns) != width:
        raise CodecError("codec.column")
    turned = [unpack_column(column, count, depth + 1) for column in columns]
    return list(map(list, zip(*turned, strict=True)))


def _sets(rest: Any, count: int, depth: int) -> Sequence[Any]:
    (column,) = rest
    texts = unpack_column(column, count, depth + 1)
    if not are(str, texts):
        raise CodecError("codec.column")
    return list(map(_split_set, texts))


def _some(rest: Any, count: int, depth: int) -> Sequence[Any]:
    mask, column = rest
    if type(mask) is not bytes or len(mask) != count:
        raise CodecError("codec.column")
    present = mask.count(1)
    if present + mask.count(0) != count:
        raise CodecError("codec.column")
    values = iter(unpack_column(column, present, depth + 1))
    return [next(values) if there else None for there in mask]


def _dates(rest: Any, count: int, depth: int) -> Sequence[Any]:
    (column,) = rest
    days = unpack_column(column, count, depth + 1)
    if not are_whole(days):
        raise CodecError("codec.column")
    return [date.fromordinal(day).isoformat() for day in days]


_UNPACKERS: Final[dict[int, Callable[[Any, int, int], Sequence[Any]]]] = {
    0: _same,
    1: _raw,
    2: _names,
    3: _text,
    4: _bytes,
    5: _steps,
    6: _decimals,
    7: _lists,
    8: _sets,
    9: _some,
    10: _dates,
}
