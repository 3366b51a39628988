"""Signatures hold for one key, one purpose and one message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.crypto.keys import SigningKey, VerifyKey
from fieldkit.crypto.sign import SIGNATURE_BYTES, sign, verify
from fieldkit.errors import BadSignatureError

KEY = SigningKey(bytes(range(32)))


def assert_bad(key: VerifyKey, label: str, message: bytes, signature: bytes) -> None:
    with pytest.raises(BadSignatureError) as caught:
        verify(key, label, message, signature)

    assert caught.value.code == "crypto.signature"


@given(st.text(max_size=8), st.binary())
def test_what_is_signed_verifies(label, message):
    signature = sign(KEY, label, message)

    verify(KEY.verify_key, label, message, signature)
    assert len(signature) == SIGNATURE_BYTES


def test_another_key_label_message_or_signature_is_bad():
    signature = sign(KEY, "batch", b"message")
    ours = KEY.verify_key

    assert_bad(SigningKey.generate().verify_key, "batch", b"message", signature)
    assert_bad(ours, "roster", b"message", signature)
    assert_bad(ours, "batch", b"messagE", signature)
    assert_bad(ours, "batch", b"message", signature[:-1])
    assert_bad(ours, "batch", b"message", bytes(64))
    assert_bad(ours, "batc", b"hmessage", signature)


@given(st.integers(0, 63), st.integers(0, 7))
def test_a_flipped_bit_of_the_signature_is_bad(place, bit):
    signature = bytearray(sign(KEY, "a", b"m"))
    signature[place] ^= 1 << bit

    assert_bad(KEY.verify_key, "a", b"m", bytes(signature))
