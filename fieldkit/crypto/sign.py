"""Signatures: Ed25519 over a label and the exact bytes; nothing is written again.

The label keeps a signature for one purpose from serving another.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from fieldkit.crypto.hashes import framed
from fieldkit.crypto.keys import SigningKey, VerifyKey
from fieldkit.errors import BadSignatureError

SIGNATURE_BYTES = 64


def sign(key: SigningKey, label: str, message: bytes) -> bytes:
    """Return the 64-byte signature of ``message`` for the purpose ``label``."""
    private = Ed25519PrivateKey.from_private_bytes(key.raw)
    return private.sign(framed(label, message))


def verify(key: VerifyKey, label: str, message: bytes, signature: bytes) -> None:
    """Return if ``signature`` is that of ``message``, for ``label``, by ``key``.

    Raises:
        BadSignatureError: it is not.
    """
    try:
        public = Ed25519PublicKey.from_public_bytes(key.raw)
        public.verify(signature, framed(label, message))
    except (InvalidSignature, ValueError) as error:
        raise BadSignatureError("crypto.signature") from error
