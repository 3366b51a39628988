"""What two who share 32 secret bytes can do: derive keys, prove, lock and unlock."""

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fieldkit.crypto.hashes import framed
from fieldkit.crypto.randomness import SYSTEM
from fieldkit.errors import BadSignatureError, NotARecipientError
from fieldkit.ports import Random

KEY_BYTES = 32
NONCE_ONCE = bytes(12)  # only ever under a key that encrypts once
_DRAWN_BYTES = 32


def derive(secret: bytes, label: str, *context: bytes) -> bytes:
    """Return a 32-byte key for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, None, framed(label, *context)).derive(secret)


def mac(secret: bytes, label: str, *parts: bytes) -> bytes:
    """Return 32 bytes that prove knowledge of ``secret`` (HMAC-SHA256)."""
    return hmac.digest(derive(secret, "fieldkit/mac"), framed(label, *parts), "sha256")


def check_mac(secret: bytes, label: str, proof: bytes, *parts: bytes) -> None:
    """Return if ``proof`` is the ``mac`` of ``parts``.

    Raises:
        BadSignatureError: it is not.
    """
    if not hmac.compare_digest(mac(secret, label, *parts), proof):
        raise BadSignatureError("crypto.mac")


def lock(secret: bytes, label: str, plain: bytes, random: Random = SYSTEM) -> bytes:
    """Return ``plain`` so that only who has ``secret`` reads it.

    Each call draws 32 bytes, and with them derives a key that is used once.
    """
    drawn = random.bytes(_DRAWN_BYTES)
    key = derive(secret, "fieldkit/lock", label.encode(), drawn)
    return drawn + ChaCha20Poly1305(key).encrypt(NONCE_ONCE, plain, None)


def unlock(secret: bytes, label: str, locked: bytes) -> bytes:
    """Return what was locked with the same ``secret`` and ``label``.

    Raises:
        NotARecipientError: another secret or label, or altered bytes.
    """
    drawn, body = locked[:_DRAWN_BYTES], locked[_DRAWN_BYTES:]
    key = derive(secret, "fieldkit/lock", label.encode(), drawn)
    try:
        return ChaCha20Poly1305(key).decrypt(NONCE_ONCE, body, None)
    except (InvalidTag, ValueError) as error:
        raise NotARecipientError("crypto.not_a_recipient") from error
