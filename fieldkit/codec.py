"""Deterministic, bounded bytes: a value has one encoding, and no other is read.

The encoding is CBOR (RFC 8949, section 4.2.1) made narrower: definite lengths,
shortest integers within 64 bits, every float in 64 bits, no NaN, infinity, -0.0,
tag or undefined, map keys only text, in the order of their encoded bytes. What is
hashed and signed today is then the same bytes for ever, on every machine.

``cbor2`` writes almost that. It also writes big integers as tags and NaN as a half
float, and keeps a map in the order it was given: so types are tested before, and
the bytes are looked through after for the few byte patterns such a number leaves.
"""

from collections.abc import Callable, Iterable
from typing import Any

import cbor2

from fieldkit.errors import CodecError

DEPTH_MAX = 16
INT_MIN, INT_MAX = -(2**64), 2**64 - 1

_FLAT = frozenset({type(None), bool, int, float, str, bytes})
_dumps = cbor2.dumps


def encode(value: object) -> bytes:
    """Return the one encoding of ``value``.

    Raises:
        CodecError: it holds what has no encoding here.
    """
    if type(value) is not list or not _FLAT.issuperset(map(type, value)):
        value = _ordered(value, 0)
    try:
        data = _dumps(value)
    except UnicodeEncodeError as error:
        raise CodecError("codec.text") from error
    # A big integer begins with C2 or C3, NaN and infinity with F9, -0.0 with FB 80.
    # Text and hashes hold these bytes too, so finding one only means: look closely.
    if b"\xf9" in data or b"\xc2" in data or b"\xc3" in data or b"\xfb\x80" in data:
        _check_numbers(value)
    return data


def encode_unchecked(value: object) -> bytes:
    """Return the encoding of a value that came from ``decode``, or was checked.

    Nothing is tested and maps are written as they stand: for any other value the
    bytes may be such that ``decode`` refuses them.
    """
    return _dumps(value)


def decode(data: bytes, *, bytes_max: int) -> Any:
    """Return the value of which ``data`` is the encoding.

    Raises:
        CodecError: more than ``bytes_max``, or not what ``encode`` would write.
    """
    value = decode_packed(data, bytes_max=bytes_max)
    if encode(value) != data:
        raise CodecError("codec.not_canonical")
    return value


def decode_packed(data: bytes, *, bytes_max: int) -> Any:
    """Return the value in ``data``, without asking that it be canonical.

    For packed bytes alone, of which the original bytes are made again and compared by
    their hash. Tags are refused and the depth is bounded as in ``decode``.

    Raises:
        CodecError: more than ``bytes_max``, or no value.
    """
    if len(data) > bytes_max:
        raise CodecError("codec.limit", bytes=len(data), bytes_max=bytes_max)
    try:
        return cbor2.loads(data, semantic_decoders=_NO_TAGS, max_depth=DEPTH_MAX)
    except (cbor2.CBORError, ValueError, OverflowError, MemoryError) as error:
        raise CodecError("codec.malformed") from error


def head(major: int, count: int) -> bytes:
    """Return the first bytes of an item, to put pieces together without decoding.

    Major type 2 is bytes, 3 text, 4 a list, 5 a map; ``count`` its length.

    >>> head(4, 2) + encode(1) + encode("a") == encode([1, "a"])
    True
    """
    first, *rest = _dumps(count)
    return bytes((first | major << 5, *rest))


def _ordered(value: object, depth: int) -> object:
    """Return ``value`` as lists and sorted maps of plain values."""
    if type(value) in _FLAT:
        return value
    if depth == DEPTH_MAX:
        raise CodecError("codec.depth", depth_max=DEPTH_MAX)
    if isinstance(value, list | tuple):
        return _ordered_list(value, depth + 1)
    if type(value) is dict:
        return _ordered_map(value, depth + 1)
    raise CodecError("codec.type", type=type(value).__name__)


def _ordered_list(values: Iterable[object], depth: int) -> object:
    if _FLAT.issuperset(map(type, values)):
        return values if type(values) is list else list(values)
    return [v if type(v) in _FLAT else _ordered(v, depth) for v in values]


def _ordered_map(values: dict[Any, object], depth: int) -> dict[str, object]:
    for key in values:
        if type(key) is not str:
            raise CodecError("codec.key", type=type(key).__name__)
    keys = sorted(values, key=_key_order)
    return {key: _ordered(values[key], depth) for key in keys}


def _key_order(key: str) -> tuple[int, bytes]:
    """Return what sorts keys as their encodings: the head grows with the length."""
    try:
        data = key.encode()
    except UnicodeEncodeError as error:
        raise CodecError("codec.text") from error
    return len(data), data


def _check_numbers(value: Any) -> None:
    """Refuse a number that has no encoding; ``value`` is known to be plain."""
    kind = type(value)
    if kind is list:
        for item in value:
            _check_numbers(item)
    elif kind is dict:
        _check_numbers(list(value.values()))
    elif kind is int:
        if not INT_MIN <= value <= INT_MAX:
            raise CodecError("codec.number", value=f"{value:x}"[:24])
    elif kind is float and (value - value != 0.0 or str(value) == "-0.0"):
        raise CodecError("codec.number", value=value)


def _refuse(_decoder: object, _value: object = None) -> object:
    raise ValueError


class _EveryTag(dict[int, Callable[..., object]]):
    """Tags to functions: each refuses, before what it tags is built.

    Left alone, ``cbor2`` compiles regular expressions and shares references on
    request: a few bytes then cost minutes.
    """

    def __missing__(self, tag: int) -> Callable[..., object]:
        return _refuse


_NO_TAGS = _EveryTag()
