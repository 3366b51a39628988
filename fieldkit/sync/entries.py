"""The entries of a roster: signed bytes, each naming the one before.

Wire. An entry is ``[body, [[key_id, signature], …]]`` where

    body = [1, version, previous, issued_at_ms, [act, …]]

The hash of an entry is that of its body: signatures may be added on the way from one
holder of a root key to the next, and change nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from fieldkit.codec import decode, encode
from fieldkit.crypto.hashes import DIGEST_BYTES, digest
from fieldkit.crypto.keys import SigningKey, VerifyKey
from fieldkit.crypto.sign import sign, verify
from fieldkit.errors import BadSignatureError, CodecError
from fieldkit.sync.acts import ROOT_ACTS, Act, check_act
from fieldkit.sync.envelope import key_id
from fieldkit.sync.shape import is_version, is_whole

ENTRY_BYTES_MAX: Final = 4 << 20
SIGNATURES_MAX: Final = 32
FIRST_PREVIOUS: Final = bytes(DIGEST_BYTES)
"""The previous hash of the first entry."""

_VERSION: Final = 1
_SIGN: Final = "fieldkit/roster/1"
_HASH: Final = "fieldkit/roster-entry/1"

Keys = Mapping[bytes, VerifyKey]
"""Public keys by key id."""


class Entry(NamedTuple):
    """An entry as it was read; its signatures are not verified yet."""

    version: int
    previous: bytes
    issued_at_ms: int
    acts: tuple[Act, ...]
    body: bytes
    signatures: tuple[tuple[bytes, bytes], ...]

    @property
    def hash(self) -> bytes:
        """Return the 32 bytes that the next entry names."""
        return digest(_HASH, self.body)

    @property
    def is_for_roots(self) -> bool:
        """Return whether only the roots may say this."""
        kinds = {act[0] for act in self.acts if act and type(act[0]) is str}
        return self.version == 1 or not ROOT_ACTS.isdisjoint(kinds)

    def is_signed_by(self, keys: Keys, threshold: int) -> bool:
        """Return whether ``threshold`` different keys of ``keys`` signed it."""
        signers = {
            name
            for name, signature in self.signatures
            if name in keys and _fits(keys[name], self.body, signature)
        }
        return 0 < threshold <= len(signers)


def write_entry(
    version: int,
    previous: bytes,
    issued_at_ms: int,
    acts: Sequence[Act],
    keys: Iterable[SigningKey],
) -> bytes:
    """Return an entry signed by ``keys``.

    Raises:
        CodecError: an act of a kind or shape that this program does not know.
    """
    for act in acts:
        check_act(act)
    listed = [list(act) for act in acts]
    body = encode([_VERSION, version, previous, issued_at_ms, listed])
    return encode([body, [_signature(body, key) for key in keys]])


def cosign(entry: bytes, key: SigningKey) -> bytes:
    """Return ``entry`` with one signature more.

    Raises:
        CodecError: not an entry.
    """
    read = read_entry(entry)
    signed = _signature(read.body, key)
    others = [[name, given] for name, given in read.signatures if name != signed[0]]
    return encode([read.body, [*others, signed]])


def read_entry(data: bytes) -> Entry:
    """Return the pieces of an entry; its signatures are not verified yet.

    Raises:
        CodecError: not an entry.
    """
    match decode(data, bytes_max=ENTRY_BYTES_MAX):
        case [bytes() as body, [*signatures]] if len(signatures) <= SIGNATURES_MAX:
            signed = tuple(map(_read_signature, signatures))
        case _:
            raise CodecError("codec.shape", what="roster entry")
    match decode(body, bytes_max=ENTRY_BYTES_MAX):
        case [one, int(version), bytes() as previous, int(issued_at), [*acts]] if (
            is_version(one)
            and is_whole(version, issued_at)
            and version > 0
            and len(previous) == DIGEST_BYTES
            and all(type(act) is list for act in acts)
        ):
            return Entry(version, previous, issued_at, tuple(acts), body, signed)
    raise CodecError("codec.shape", what="roster entry")


def _signature(body: bytes, key: SigningKey) -> list[bytes]:
    return [key_id(key.verify_key), sign(key, _SIGN, body)]


def _read_signature(wire: object) -> tuple[bytes, bytes]:
    match wire:
        case [bytes() as name, bytes() as signature]:
            return name, signature
    raise CodecError("codec.shape", what="roster signature")


def _fits(key: VerifyKey, body: bytes, signature: bytes) -> bool:
    try:
        verify(key, _SIGN, body, signature)
    except BadSignatureError:
        return False
    return True
