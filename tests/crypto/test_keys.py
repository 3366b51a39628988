"""Keys: raw bytes there and back, and no key of the wrong kind."""

from hashlib import sha256

import pytest

from fieldkit.crypto.keys import Identity, Recipient, SigningKey, Suite, VerifyKey
from fieldkit.crypto.randomness import random_bytes
from fieldkit.errors import CryptoError

SUITES = list(Suite)


class Seeded:
    """The simulator's chance: a seed and a count."""

    def __init__(self, seed: int) -> None:
        self.seed, self.drawn = seed, 0

    def bytes(self, count: int) -> bytes:
        self.drawn += 1
        block = sha256(f"{self.seed}/{self.drawn}".encode()).digest()
        return (block * (count // 32 + 1))[:count]


def test_one_seed_makes_one_key():
    assert SigningKey.generate(Seeded(1)) == SigningKey.generate(Seeded(1))
    assert SigningKey.generate(Seeded(1)) != SigningKey.generate(Seeded(2))
    assert Identity.generate(Suite.HYBRID, Seeded(1)).raw[0] == Suite.HYBRID


def test_the_system_never_draws_the_same_twice():
    assert random_bytes(16) != random_bytes(16)
    assert len(random_bytes(7)) == 7


@pytest.mark.parametrize("suite", SUITES)
def test_keys_come_back_from_their_bytes(suite):
    identity = Identity.generate(suite)

    again = Identity(identity.raw)

    assert again.recipient == identity.recipient == Recipient(identity.recipient.raw)
    assert again.recipient.suite is again.suite is suite


@pytest.mark.parametrize("suite", SUITES)
def test_two_keys_have_two_fingerprints_of_16_bytes(suite):
    one, other = (Identity.generate(suite).recipient for _ in range(2))

    assert one.fingerprint != other.fingerprint
    assert len(one.fingerprint) == 16


def test_one_key_to_sign_and_to_seal_has_two_fingerprints():
    raw = SigningKey.generate(Seeded(1)).verify_key.raw

    assert VerifyKey(raw).fingerprint != Recipient(b"\x01" + raw).fingerprint


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (SigningKey, bytes(31)),
        (VerifyKey, bytes(33)),
        (Recipient, b""),
        (Recipient, b"\x07" + bytes(32)),
        (Recipient, b"\x02" + bytes(32)),
        (Identity, b"\x01" + bytes(31)),
        (Identity, b"\x00" + bytes(32)),
    ],
)
def test_bytes_that_are_no_key_are_refused(kind, raw):
    with pytest.raises(CryptoError) as caught:
        kind(raw)

    assert caught.value.code == "crypto.key"


def test_a_lattice_key_out_of_range_is_refused():
    with pytest.raises(CryptoError):
        Recipient(b"\x02" + b"\xff" * 1216).public_key()


def test_a_secret_is_not_printed():
    assert "raw" not in repr(SigningKey.generate())
    assert "raw" not in repr(Identity.generate(Suite.X25519))
