"""Laws of the codec: one encoding a value, nothing else is read."""

import math

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fieldkit.codec import DEPTH_MAX, decode, encode, encode_unchecked, head
from fieldkit.errors import CodecError

LIMIT = 1 << 20

numbers = st.integers(-(2**64), 2**64 - 1) | st.floats(
    allow_nan=False, allow_infinity=False
).filter(lambda x: math.copysign(1, x) > 0 or x != 0)
leaves = st.none() | st.booleans() | numbers | st.text() | st.binary()
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def nested(depth: int) -> object:
    value: object = 0
    for _ in range(depth):
        value = [value]
    return value


def code_of(action, *args, **details) -> str:
    with pytest.raises(CodecError) as caught:
        action(*args, **details)
    return caught.value.code


@given(values)
def test_decode_undoes_encode(value):
    again = decode(encode(value), bytes_max=LIMIT)

    assert again == value
    assert encode(again) == encode(value)


@given(st.binary(max_size=40))
@example(bytes.fromhex("1800"))
@example(bytes.fromhex("d81c80"))
def test_what_is_read_is_written_again_the_same(data):
    try:
        value = decode(data, bytes_max=LIMIT)
    except CodecError:
        return

    assert encode(value) == data


@given(values, st.data())
def test_a_changed_byte_is_refused_or_is_another_value(value, data):
    good = encode(value)
    place = data.draw(st.integers(0, len(good) - 1))
    flip = data.draw(st.integers(1, 255))
    bad = bytearray(good)
    bad[place] ^= flip

    try:
        other = decode(bytes(bad), bytes_max=LIMIT)
    except CodecError:
        return

    assert encode(other) == bytes(bad) != good


@given(st.dictionaries(st.text(), st.integers()))
def test_maps_are_sorted_by_their_encoded_keys(value):
    small = dict.fromkeys(value, 0)

    keys = list(decode(encode(small), bytes_max=LIMIT))

    assert [encode(key) for key in keys] == sorted(encode(key) for key in small)


@given(st.dictionaries(st.text(max_size=3), st.booleans()))
def test_the_order_in_which_a_map_was_made_leaves_no_trace(value):
    backwards = dict(reversed(value.items()))

    assert encode(backwards) == encode(value)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (math.nan, "codec.number"),
        (math.inf, "codec.number"),
        ([1, -math.inf], "codec.number"),
        ([-0.0], "codec.number"),
        ({"a": [-0.0]}, "codec.number"),
        (2**64, "codec.number"),
        ([[-(2**64) - 1]], "codec.number"),
        ("\ud800", "codec.text"),
        (["a", ["\udfff"]], "codec.text"),
        ({"\ud800": 1}, "codec.text"),
        ({1: 2}, "codec.key"),
        ({b"a": 2}, "codec.key"),
        ({1, 2}, "codec.type"),
        ([object()], "codec.type"),
        (cbor2.undefined, "codec.type"),
        (nested(DEPTH_MAX + 1), "codec.depth"),
    ],
)
def test_what_has_no_encoding_is_refused(value, code):
    assert code_of(encode, value) == code


@pytest.mark.parametrize("number", [2**64 - 1, -(2**64), 0.0, 5e-324, 1.5, 194, 249])
def test_numbers_at_the_edge_have_an_encoding(number):
    assert decode(encode([number]), bytes_max=LIMIT) == [number]


def test_bytes_that_look_like_bad_numbers_are_only_bytes():
    value = [b"\xc2\xc3\xf9\xfb\x80", "é÷", -1.0]

    assert decode(encode(value), bytes_max=LIMIT) == value


def test_sixteen_levels_are_read_and_seventeen_are_not():
    assert decode(encode(nested(DEPTH_MAX)), bytes_max=LIMIT) == nested(DEPTH_MAX)

    too_deep = b"\x81" * (DEPTH_MAX + 1) + b"\x00"

    assert code_of(decode, too_deep, bytes_max=LIMIT) == "codec.malformed"


def test_more_bytes_than_allowed_are_not_looked_at():
    assert code_of(decode, b"\xff" * 9, bytes_max=8) == "codec.limit"


def test_a_tag_is_refused_before_what_it_tags_is_built():
    regular_expression = bytes.fromhex("d823") + encode("((a+)+)+$")

    assert code_of(decode, regular_expression, bytes_max=99) == "codec.malformed"


def test_a_tuple_is_written_as_a_list():
    assert encode((1, ("a", [2]))) == encode([1, ["a", [2]]])


@given(values)
def test_encode_unchecked_writes_the_same_bytes_for_what_was_read(value):
    read = decode(encode(value), bytes_max=LIMIT)

    assert encode_unchecked(read) == encode(value)


@pytest.mark.parametrize("count", [0, 23, 24, 255, 256, 65535, 65536])
def test_a_head_is_the_start_of_what_it_heads(count):
    assert head(2, count) + bytes(count) == encode(bytes(count))
    assert head(4, count) + b"\x00" * count == encode([0] * count)


def test_a_head_holds_any_length():
    assert head(4, 2**32).hex() == "9b0000000100000000"
