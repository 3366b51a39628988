"""A shared secret: each purpose its own key, and what is locked stays locked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.crypto.secret import check_mac, derive, lock, mac, unlock
from fieldkit.errors import BadSignatureError, NotARecipientError

SECRET = bytes(range(32))


def test_each_purpose_has_its_own_key():
    keys = {
        derive(SECRET, "a"),
        derive(SECRET, "b"),
        derive(SECRET, "a", b""),
        derive(SECRET, "a", b"xy"),
        derive(SECRET, "a", b"x", b"y"),
        derive(bytes(32), "a"),
    }

    assert len(keys) == 6
    assert {len(key) for key in keys} == {32}


@given(st.binary(), st.binary())
def test_a_mac_fits_what_it_was_made_of(one, other):
    check_mac(SECRET, "keys", mac(SECRET, "keys", one, other), one, other)


@pytest.mark.parametrize(
    ("secret", "label", "parts"),
    [
        (bytes(32), "keys", (b"a", b"b")),
        (SECRET, "key", (b"a", b"b")),
        (SECRET, "keys", (b"ab",)),
        (SECRET, "keys", (b"b", b"a")),
    ],
)
def test_a_mac_fits_nothing_else(secret, label, parts):
    proof = mac(SECRET, "keys", b"a", b"b")

    with pytest.raises(BadSignatureError) as caught:
        check_mac(secret, label, proof, *parts)

    assert caught.value.code == "crypto.mac"


@given(st.binary())
def test_unlock_undoes_lock(plain):
    assert unlock(SECRET, "invitation", lock(SECRET, "invitation", plain)) == plain


def test_locking_twice_gives_other_bytes():
    assert lock(SECRET, "a", b"x") != lock(SECRET, "a", b"x")


def test_another_secret_label_or_bytes_unlock_nothing():
    locked = lock(SECRET, "a", b"plain")
    flipped = bytearray(locked)
    flipped[40] ^= 1

    for secret, label, data in (
        (bytes(32), "a", locked),
        (SECRET, "b", locked),
        (SECRET, "a", locked[:-1]),
        (SECRET, "a", b"\0" + locked[1:]),
        (SECRET, "a", b""),
        (SECRET, "a", bytes(flipped)),
    ):
        with pytest.raises(NotARecipientError):
            unlock(secret, label, data)
