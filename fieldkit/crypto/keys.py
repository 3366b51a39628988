"""Keys, as raw bytes: pairs to sign with (Ed25519) and pairs to seal with.

A pair to seal with is X25519, or X25519 beside ML-KEM-768 where bytes may be kept
for decades and opened by machines that do not exist yet. Its first byte names its
suite. A key is known by its fingerprint, 16 bytes of a labelled SHA-256.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import (
    MLKEM768PrivateKey,
    MLKEM768PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.hpke import (
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
)

from fieldkit.crypto.hashes import digest
from fieldkit.crypto.randomness import SYSTEM
from fieldkit.errors import CryptoError
from fieldkit.ports import Random

FINGERPRINT_BYTES = 16
_MLKEM_SEED, _MLKEM_PUBLIC, _CURVE = 64, 1184, 32


class Suite(IntEnum):
    """How a thing is sealed; the first byte of a key and of what is sealed to it."""

    X25519 = 1
    HYBRID = 2


_SECRET_BYTES: Final = {Suite.X25519: _CURVE, Suite.HYBRID: _MLKEM_SEED + _CURVE}
_PUBLIC_BYTES: Final = {Suite.X25519: _CURVE, Suite.HYBRID: _MLKEM_PUBLIC + _CURVE}


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """The public half of a pair to sign with."""

    raw: bytes

    def __post_init__(self) -> None:
        _check_length(self.raw, _CURVE)

    @property
    def fingerprint(self) -> bytes:
        """Return the 16 bytes by which this key is known."""
        return digest("fieldkit/verify-key", self.raw)[:FINGERPRINT_BYTES]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The secret half of a pair to sign with."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _check_length(self.raw, _CURVE)

    @classmethod
    def generate(cls, random: Random = SYSTEM) -> "SigningKey":
        """Return a new one."""
        return cls(random.bytes(_CURVE))

    @property
    def verify_key(self) -> VerifyKey:
        """Return the public half."""
        private = Ed25519PrivateKey.from_private_bytes(self.raw)
        return VerifyKey(private.public_key().public_bytes_raw())


@dataclass(frozen=True, slots=True)
class Recipient:
    """The public half of a pair to seal with: suite byte, then the key."""

    raw: bytes

    def __post_init__(self) -> None:
        _check_length(self.raw, 1 + _PUBLIC_BYTES[_suite(self.raw)])

    @property
    def suite(self) -> Suite:
        """Return the suite of what is sealed to this key."""
        return Suite(self.raw[0])

    @property
    def fingerprint(self) -> bytes:
        """Return the 16 bytes by which this key is known."""
        return digest("fieldkit/recipient", self.raw)[:FINGERPRINT_BYTES]

    def public_key(self) -> X25519PublicKey | MLKEM768X25519PublicKey:
        """Return the key as ``cryptography`` takes it.

        Raises:
            CryptoError: the bytes are no key.
        """
        key = self.raw[1:]
        curve = X25519PublicKey.from_public_bytes(key[-_CURVE:])
        if self.suite is Suite.X25519:
            return curve
        try:
            lattice = MLKEM768PublicKey.from_public_bytes(key[:-_CURVE])
        except (ValueError, UnsupportedAlgorithm) as error:
            raise CryptoError("crypto.key") from error
        return MLKEM768X25519PublicKey(lattice, curve)


@dataclass(frozen=True, slots=True)
class Identity:
    """The secret half of a pair to seal with: suite byte, then the seeds."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _check_length(self.raw, 1 + _SECRET_BYTES[_suite(self.raw)])

    @classmethod
    def generate(cls, suite: Suite, random: Random = SYSTEM) -> "Identity":
        """Return a new one."""
        return cls(bytes((suite,)) + random.bytes(_SECRET_BYTES[suite]))

    @property
    def suite(self) -> Suite:
        """Return the suite of what this key opens."""
        return Suite(self.raw[0])

    @property
    def recipient(self) -> Recipient:
        """Return the public half."""
        head, curve = self.raw[:1], self._curve().public_key().public_bytes_raw()
        if self.suite is Suite.X25519:
            return Recipient(head + curve)
        lattice = self._lattice().public_key().public_bytes_raw()
        return Recipient(head + lattice + curve)

    def private_key(self) -> X25519PrivateKey | MLKEM768X25519PrivateKey:
        """Return the key as ``cryptography`` takes it."""
        if self.suite is Suite.X25519:
            return self._curve()
        return MLKEM768X25519PrivateKey(self._lattice(), self._curve())

    def _curve(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self.raw[-_CURVE:])

    def _lattice(self) -> MLKEM768PrivateKey:
        return MLKEM768PrivateKey.from_seed_bytes(self.raw[1:-_CURVE])


def _suite(raw: bytes) -> Suite:
    try:
        return Suite(raw[0])
    except (IndexError, ValueError) as error:
        raise CryptoError("crypto.key") from error


def _check_length(raw: bytes, length: int) -> None:
    if len(raw) != length:
        raise CryptoError("crypto.key")
