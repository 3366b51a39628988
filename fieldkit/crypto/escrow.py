"""Escrow: one database key, and every way to get at it.

A key box holds the same 32-byte key several times: once for each person, under
their passphrase (Argon2id, RFC 9106), and once sealed to a recovery key, so that a
forgotten passphrase loses nothing. Changing a passphrase writes 100 bytes again
and touches no data.

    box  = [1, [slot, …]]                          deterministic CBOR
    slot = [1, name, salt, memory_kib, passes, lanes, locked]
         | [2, fingerprint, sealed]

The costs stand in the box, so that they can grow. A box with less than the floor
is not ours: a passphrase must never be tried, nor written, under a cheap cost.
"""

import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from fieldkit.codec import decode, encode
from fieldkit.crypto.keys import Identity, Recipient
from fieldkit.crypto.randomness import random_bytes
from fieldkit.crypto.seal import seal, unseal
from fieldkit.crypto.secret import KEY_BYTES, derive, lock, unlock
from fieldkit.errors import (
    CodecError,
    CryptoError,
    DamagedStoreError,
    NewerStoreError,
    NotARecipientError,
    StoreLockedError,
)

BOX_BYTES_MAX = 1 << 20
PIN_DIGITS = 6
_SALT_BYTES = 16
_VERSION = 1
_LABEL = "fieldkit/key-slot"
_INFO = b"fieldkit/key-slot"


class _Kind(IntEnum):
    PASSPHRASE = 1
    RECOVERY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one guess of a passphrase costs: memory, passes over it, threads."""

    memory_kib: int
    passes: int
    lanes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """The cost of a new slot, and the bounds of a slot that is read."""

    cost: Cost
    floor: Cost
    ceiling: Cost

    def admits(self, cost: Cost) -> bool:
        """Return whether ``cost`` is neither cheap nor a way to fill the memory."""
        return (
            self.floor.memory_kib <= cost.memory_kib <= self.ceiling.memory_kib
            and self.floor.passes <= cost.passes <= self.ceiling.passes
            and self.floor.lanes <= cost.lanes <= self.ceiling.lanes
        )


_CEILING = Cost(memory_kib=1 << 20, passes=16, lanes=16)
# One lane: a laptop of one core is not punished, an attacker gains nothing by more.
# The work of RFC 9106's 64 MiB and 3 passes twice over, about half a second on a
# laptop of 2020, in a quarter of the memory: a whole sync must fit into 100 MiB.
NORMAL = Strength(
    cost=Cost(memory_kib=32 << 10, passes=12, lanes=1),
    floor=Cost(memory_kib=32 << 10, passes=3, lanes=1),
    ceiling=_CEILING,
)
# For tests and the simulator alone: a box made with it is refused by NORMAL.
FOR_TESTS = Strength(
    cost=Cost(memory_kib=64, passes=1, lanes=1),
    floor=Cost(memory_kib=64, passes=1, lanes=1),
    ceiling=_CEILING,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassphraseSlot:
    """The key, locked under one person's passphrase."""

    name: str
    salt: bytes
    cost: Cost
    locked: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverySlot:
    """The key, sealed to a recovery key that lies elsewhere."""

    fingerprint: bytes
    sealed: bytes


Slot = PassphraseSlot | RecoverySlot


@dataclass(frozen=True, slots=True)
class KeyBox:
    """Every slot of one key; each change gives a new box, to be kept in its place."""

    slots: tuple[Slot, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return who has a passphrase here."""
        return tuple(s.name for s in self.slots if isinstance(s, PassphraseSlot))

    def with_passphrase(
        self, key: bytes, name: str, passphrase: str, strength: Strength = NORMAL
    ) -> "KeyBox":
        """Return the box with a slot for ``name``, in place of an earlier one."""
        _check_key(key)
        salt = random_bytes(_SALT_BYTES)
        wrap = _slot_key(passphrase, name, salt, strength.cost)
        slot = PassphraseSlot(
            name=name, salt=salt, cost=strength.cost, locked=lock(wrap, _LABEL, key)
        )
        return KeyBox((*self._others(name), slot))

    def with_recovery(self, key: bytes, recipient: Recipient) -> "KeyBox":
        """Return the box with a slot for ``recipient``, in place of an earlier one."""
        _check_key(key)
        slot = RecoverySlot(
            fingerprint=recipient.fingerprint, sealed=seal(key, recipient, _INFO)
        )
        others = tuple(s for s in self.slots if not _is_for(s, slot.fingerprint))
        return KeyBox((*others, slot))

    def without(self, name: str) -> "KeyBox":
        """Return the box without the slot of ``name``.

        Raises:
            CryptoError: it is the last way to the key.
        """
        others = self._others(name)
        if not others:
            raise CryptoError("crypto.last_slot", name=name)
        return KeyBox(others)

    def unlock(self, name: str, passphrase: str, strength: Strength = NORMAL) -> bytes:
        """Return the key.

        Raises:
            StoreLockedError: a wrong passphrase, or nobody of that name.
            DamagedStoreError: the costs in the slot are not ours.
        """
        slot = self._passphrase_slot(name)
        if not strength.admits(slot.cost):
            raise DamagedStoreError("store.key_box")
        wrap = _slot_key(passphrase, name, slot.salt, slot.cost)
        try:
            return unlock(wrap, _LABEL, slot.locked)
        except NotARecipientError as error:
            raise StoreLockedError("store.passphrase") from error

    def with_changed_passphrase(
        self, name: str, old: str, new: str, strength: Strength = NORMAL
    ) -> "KeyBox":
        """Return the box in which ``new`` opens the slot of ``name``.

        Raises:
            StoreLockedError: ``old`` does not open it.
        """
        key = self.unlock(name, old, strength)
        return self.with_passphrase(key, name, new, strength)

    def recover(self, identity: Identity) -> bytes:
        """Return the key, by the recovery key.

        Raises:
            NotARecipientError: no slot is for ``identity``.
        """
        fingerprint = identity.recipient.fingerprint
        for slot in self.slots:
            if isinstance(slot, RecoverySlot) and slot.fingerprint == fingerprint:
                return unseal(slot.sealed, identity, _INFO)
        raise NotARecipientError("crypto.not_a_recipient")

    def encode(self) -> bytes:
        """Return the bytes of the box."""
        return encode([_VERSION, [_slot_items(slot) for slot in self.slots]])

    @classmethod
    def decode(cls, data: bytes) -> "KeyBox":
        """Return the box of which ``data`` are the bytes.

        Raises:
            DamagedStoreError: they are not a box of ours.
            NewerStoreError: a newer program wrote it.
        """
        try:
            value = decode(data, bytes_max=BOX_BYTES_MAX)
        except CodecError as error:
            raise DamagedStoreError("store.key_box") from error
        match value:
            case [int(version), [*slots]] if version == _VERSION:
                return cls(tuple(_parse_slot(slot) for slot in slots))
            case [int(version), *_] if version > _VERSION:
                raise NewerStoreError("store.newer_key_box", version=version)
        raise DamagedStoreError("store.key_box")

    def _others(self, name: str) -> tuple[Slot, ...]:
        return tuple(
            s
            for s in self.slots
            if not (isinstance(s, PassphraseSlot) and s.name == name)
        )

    def _passphrase_slot(self, name: str) -> PassphraseSlot:
        for slot in self.slots:
            if isinstance(slot, PassphraseSlot) and slot.name == name:
                return slot
        raise StoreLockedError("store.no_such_person", name=name)


def stretch(pin: str, salt: bytes, strength: Strength = NORMAL) -> bytes:
    """Return the 32-byte key that a spoken PIN gives; Thai digits count as digits.

    A PIN has a million values: the cost slows a guess, it does not stop guessing.
    What it locks must expire and serve once.

    Raises:
        CryptoError: not six digits.
    """
    digits = "".join(str(unicodedata.decimal(c)) for c in pin if c.isdecimal())
    if len(digits) != PIN_DIGITS:
        raise CryptoError("crypto.pin", digits=PIN_DIGITS)
    return derive(_argon2(digits, salt, strength.cost), "fieldkit/pin")


def _slot_key(passphrase: str, name: str, salt: bytes, cost: Cost) -> bytes:
    """Return the key of one slot; altering what stands beside it gives another."""
    stretched = _argon2(passphrase, salt, cost)
    about = encode([name, salt, cost.memory_kib, cost.passes, cost.lanes])
    return derive(stretched, _LABEL, about)


def _argon2(text: str, salt: bytes, cost: Cost) -> bytes:
    # NFKC: two keyboards may write the same Thai word in other code points.
    plain = unicodedata.normalize("NFKC", text).encode()
    function = Argon2id(
        salt=salt,
        length=KEY_BYTES,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    )
    return function.derive(plain)


def _slot_items(slot: Slot) -> list[object]:
    if isinstance(slot, RecoverySlot):
        return [int(_Kind.RECOVERY), slot.fingerprint, slot.sealed]
    cost = slot.cost
    costs = [cost.memory_kib, cost.passes, cost.lanes]
    return [int(_Kind.PASSPHRASE), slot.name, slot.salt, *costs, slot.locked]


def _parse_slot(items: Any) -> Slot:
    match items:
        case [_Kind.PASSPHRASE, str(name), bytes(salt), *costs, bytes(locked)]:
            if len(salt) == _SALT_BYTES:
                cost = _parse_cost(costs)
                return PassphraseSlot(name=name, salt=salt, cost=cost, locked=locked)
        case [_Kind.RECOVERY, bytes(fingerprint), bytes(sealed)]:
            return RecoverySlot(fingerprint=fingerprint, sealed=sealed)
    raise DamagedStoreError("store.key_box")


def _parse_cost(items: list[object]) -> Cost:
    match items:
        case [int(memory_kib), int(passes), int(lanes)]:
            return Cost(memory_kib=memory_kib, passes=passes, lanes=lanes)
    raise DamagedStoreError("store.key_box")


def _is_for(slot: Slot, fingerprint: bytes) -> bool:
    return isinstance(slot, RecoverySlot) and slot.fingerprint == fingerprint


def _check_key(key: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise CryptoError("crypto.key")
