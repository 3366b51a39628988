"""The envelope: sealed bytes that anyone may carry and only one key opens.

Wire: ``[1, kind, key_id, sealed]``, deterministic CBOR. The kind and the key's id are
all that a carrier learns beside the padded size; both are bound into the seal, so
neither can be altered. What is inside was signed before: a seal says nothing of who
closed it. An envelope is known by its SHA-256.
"""

from collections.abc import Mapping
from enum import IntEnum
from hashlib import sha256
from typing import Final, NamedTuple

from fieldkit.codec import decode, encode
from fieldkit.crypto.keys import Identity, Recipient, Suite, VerifyKey
from fieldkit.crypto.padme import pad, padded_length, unpad
from fieldkit.crypto.seal import Hpke
from fieldkit.errors import CodecError, NotARecipientError
from fieldkit.ports import Sealer
from fieldkit.sync.shape import is_version, is_whole

ENVELOPE_BYTES_MAX: Final = 16 << 20
HYBRID_BYTES_MIN: Final = 64 << 10
"""From this padded size on, an envelope is sealed so that it may lie for decades."""
KEY_ID_BYTES: Final = 8
ENVELOPE_ID_BYTES: Final = 32

_VERSION: Final = 1
_INFO: Final = b"fieldkit/envelope/1"
_HPKE: Final = Hpke()


class Kind(IntEnum):
    """What lies in an envelope."""

    BATCH = 1
    ENROL = 2
    ASK = 3
    PAGE = 4
    ANSWER = 5
    ATTACHMENT = 6


class Opened(NamedTuple):
    """An opened envelope."""

    kind: int
    plain: bytes


class Outside(NamedTuple):
    """What a carrier reads on an envelope."""

    kind: int
    key_id: bytes


def key_id(key: VerifyKey | Recipient) -> bytes:
    """Return the 8 bytes that name a public key in messages."""
    return key.fingerprint[:KEY_ID_BYTES]


def keys_by_id(*identities: Identity) -> dict[bytes, Identity]:
    """Return ``identities`` by the ids of their public halves."""
    return {key_id(identity.recipient): identity for identity in identities}


def envelope_id(envelope: bytes) -> bytes:
    """Return the 32 bytes by which an envelope is known."""
    return sha256(envelope).digest()


def choose_recipient(
    length: int, recipients: Mapping[Suite, Recipient] | Recipient
) -> Recipient:
    """Return the key to seal ``length`` bytes to: the hybrid one for large ones.

    Who publishes one key alone gets everything sealed to it.

    Raises:
        NotARecipientError: no key at all.
    """
    if isinstance(recipients, Recipient):
        return recipients
    large = padded_length(length + 1) >= HYBRID_BYTES_MIN
    first, second = (
        (Suite.HYBRID, Suite.X25519) if large else (Suite.X25519, Suite.HYBRID)
    )
    chosen = recipients.get(first) or recipients.get(second)
    if chosen is None:
        raise NotARecipientError("crypto.not_a_recipient")
    return chosen


def seal_envelope(
    kind: int,
    plain: bytes,
    recipient: Mapping[Suite, Recipient] | Recipient,
    sealer: Sealer = _HPKE,
) -> bytes:
    """Return ``plain``, padded, in an envelope to ``recipient``.

    Sealing draws chance: keep these bytes before the first send, and send them again.
    """
    to = choose_recipient(len(plain), recipient)
    name = key_id(to)
    sealed = sealer.seal(pad(plain), to.raw, _info(kind, name))
    return encode([_VERSION, int(kind), name, sealed])


def open_envelope(
    envelope: bytes, keys: Mapping[bytes, Identity], sealer: Sealer = _HPKE
) -> Opened:
    """Return kind and content of an envelope to one of ``keys`` (by key id).

    Raises:
        CodecError: not an envelope.
        NotARecipientError: to another key, or altered.
        CryptoError: padded or sealed as this program does not.
    """
    kind, name, sealed = _read(envelope)
    identity = keys.get(name)
    if identity is None:
        raise NotARecipientError("crypto.not_a_recipient")
    return Opened(kind, unpad(sealer.unseal(sealed, identity.raw, _info(kind, name))))


def peek(envelope: bytes) -> Outside:
    """Return what is written on the outside.

    Raises:
        CodecError: not an envelope.
    """
    return Outside(*_read(envelope)[:2])


def _read(envelope: bytes) -> tuple[int, bytes, bytes]:
    match decode(envelope, bytes_max=ENVELOPE_BYTES_MAX):
        case [version, int(kind), bytes() as name, bytes() as sealed] if (
            is_version(version)
            and is_whole(kind)
            and kind > 0
            and len(name) == KEY_ID_BYTES
        ):
            return kind, name, sealed
    raise CodecError("codec.shape", what="envelope")


def _info(kind: int, name: bytes) -> bytes:
    return _INFO + encode([_VERSION, int(kind), name])
