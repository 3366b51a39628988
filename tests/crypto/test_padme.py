"""Padding: hides lengths at a bounded cost, and comes off without a doubt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.crypto.padme import PADDED_MIN, pad, padded_length, unpad
from fieldkit.errors import CryptoError

lengths = st.integers(0, 1 << 40)


@given(st.binary(max_size=3000))
def test_unpad_undoes_pad(plain):
    assert unpad(pad(plain)) == plain


@given(lengths)
def test_padding_costs_at_most_an_eighth_above_the_least(length):
    padded = padded_length(length)

    assert length <= padded <= max(PADDED_MIN, length * 1.12)


@given(lengths)
def test_a_padded_length_is_its_own(length):
    assert padded_length(padded_length(length)) == padded_length(length)


@given(lengths, lengths)
def test_a_longer_thing_is_never_padded_shorter(one, other):
    short, long = sorted((one, other))

    assert padded_length(short) <= padded_length(long)


def test_few_lengths_are_left_between_one_and_two_mebibytes():
    seen = {padded_length(n) for n in range(1 << 20, (1 << 21) + 1, 1000)}

    assert len(seen) <= 33


@pytest.mark.parametrize(
    "padded",
    [
        b"",
        bytes(1024),
        b"\x80",
        b"a\x80" + bytes(1021),
        b"a\x80" + bytes(1023),
        b"a" * 1024,
        b"a" * 2000 + b"\x80" + bytes(700),
    ],
)
def test_what_pad_would_not_write_is_refused(padded):
    with pytest.raises(CryptoError) as caught:
        unpad(padded)

    assert caught.value.code == "crypto.padding"
