"""Escrow: every right passphrase gives the key, nothing else does."""

import time
from dataclasses import replace

import pytest

from fieldkit.codec import encode
from fieldkit.crypto.escrow import FOR_TESTS, NORMAL, Cost, KeyBox, stretch
from fieldkit.crypto.keys import Identity, Suite
from fieldkit.errors import (
    CryptoError,
    DamagedStoreError,
    FieldKitError,
    NewerStoreError,
    NotARecipientError,
    StoreLockedError,
)

KEY = bytes(range(32))
RECOVERY = Identity.generate(Suite.HYBRID)


@pytest.fixture(scope="module")
def box() -> KeyBox:
    made = KeyBox().with_passphrase(KEY, "somchai", "ข้าวหอมมะลิ", FOR_TESTS)
    made = made.with_passphrase(KEY, "malee", "ปลาทูนึ่ง", FOR_TESTS)
    return made.with_recovery(KEY, RECOVERY.recipient)


def refusal(action, *args) -> FieldKitError:
    with pytest.raises(FieldKitError) as caught:
        action(*args)
    return caught.value


def test_each_person_and_the_recovery_key_open_the_box(box):
    again = KeyBox.decode(box.encode())

    assert again == box
    assert again.names == ("somchai", "malee")
    assert again.unlock("somchai", "ข้าวหอมมะลิ", FOR_TESTS) == KEY
    assert again.unlock("malee", "ปลาทูนึ่ง", FOR_TESTS) == KEY
    assert again.recover(RECOVERY) == KEY


def test_a_wrong_passphrase_opens_nothing(box):
    for name, passphrase in (("somchai", "ปลาทูนึ่ง"), ("somchai", ""), ("malee", "x")):
        error = refusal(box.unlock, name, passphrase, FOR_TESTS)

        assert isinstance(error, StoreLockedError)
        assert error.code == "store.passphrase"


def test_a_name_without_a_slot_is_told(box):
    assert refusal(box.unlock, "nobody", "x", FOR_TESTS).code == "store.no_such_person"


def test_another_recovery_key_opens_nothing(box):
    error = refusal(box.recover, Identity.generate(Suite.HYBRID))

    assert isinstance(error, NotARecipientError)


def test_the_two_ways_to_type_sara_am_are_one_passphrase():
    composed, split = "น\u0e33", "น\u0e4d\u0e32"
    box = KeyBox().with_passphrase(KEY, "a", composed, FOR_TESTS)

    assert box.unlock("a", split, FOR_TESTS) == KEY


def test_a_changed_passphrase_replaces_the_old_one(box):
    changed = box.with_changed_passphrase("malee", "ปลาทูนึ่ง", "new", FOR_TESTS)

    assert changed.unlock("malee", "new", FOR_TESTS) == KEY
    assert (
        refusal(changed.unlock, "malee", "ปลาทูนึ่ง", FOR_TESTS).code == "store.passphrase"
    )
    assert changed.unlock("somchai", "ข้าวหอมมะลิ", FOR_TESTS) == KEY
    assert sorted(changed.names) == sorted(box.names)


def test_a_wrong_old_passphrase_changes_nothing(box):
    error = refusal(box.with_changed_passphrase, "malee", "wrong", "new", FOR_TESTS)

    assert error.code == "store.passphrase"


def test_a_forgotten_passphrase_is_set_again_through_recovery(box):
    key = box.recover(RECOVERY)

    again = box.with_passphrase(key, "malee", "fresh", FOR_TESTS)

    assert again.unlock("malee", "fresh", FOR_TESTS) == KEY
    assert again.names == ("somchai", "malee")


def test_a_new_recovery_slot_of_the_same_key_takes_the_place_of_the_old(box):
    assert len(box.with_recovery(KEY, RECOVERY.recipient).slots) == len(box.slots)


def test_a_person_is_removed_but_never_the_last_slot(box):
    assert box.without("malee").names == ("somchai",)

    alone = KeyBox().with_passphrase(KEY, "a", "x", FOR_TESTS)

    assert refusal(alone.without, "a").code == "crypto.last_slot"


def test_a_cheap_slot_is_refused_whoever_wrote_it(box):
    error = refusal(box.unlock, "malee", "ปลาทูนึ่ง", NORMAL)

    assert isinstance(error, DamagedStoreError)
    assert error.code == "store.key_box"


def test_a_slot_that_would_fill_the_memory_is_refused(box):
    huge = Cost(memory_kib=1 << 30, passes=3, lanes=1)
    slot = replace(box.slots[0], cost=huge)

    assert refusal(KeyBox((slot,)).unlock, "somchai", "x").code == "store.key_box"


def test_what_stands_beside_a_locked_key_is_bound_to_it(box):
    renamed = KeyBox((replace(box.slots[0], name="malee"),))
    dearer = replace(FOR_TESTS.cost, passes=2)
    altered = KeyBox((replace(box.slots[0], cost=dearer),))

    for other, name in ((renamed, "malee"), (altered, "somchai")):
        error = refusal(other.unlock, name, "ข้าวหอมมะลิ", FOR_TESTS)

        assert error.code == "store.passphrase"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x82\x01",
        encode([1, 2]),
        encode([0, []]),
        encode({"a": 1}),
        encode([1, [[3, b"a", b"b"]]]),
        encode([1, [[2, "a", b"b"]]]),
        encode([1, [[1, "a", bytes(16), 64, 1, b""]]]),
        encode([1, [[1, "a", bytes(7), 64, 1, 1, b""]]]),
    ],
)
def test_bytes_that_are_no_box_are_damage(data):
    assert refusal(KeyBox.decode, data).code == "store.key_box"


def test_a_box_of_a_newer_program_is_told_from_a_damaged_one():
    error = refusal(KeyBox.decode, encode([2, [], "more"]))

    assert isinstance(error, NewerStoreError)


def test_only_32_bytes_are_a_key():
    for make in (
        lambda: KeyBox().with_passphrase(b"short", "a", "x", FOR_TESTS),
        lambda: KeyBox().with_recovery(b"short", RECOVERY.recipient),
    ):
        assert refusal(make).code == "crypto.key"


def test_a_pin_gives_one_key_in_arabic_and_in_thai_digits():
    salt = bytes(16)

    key = stretch("012345", salt, FOR_TESTS)

    assert key == stretch("๐๑๒ ๓๔๕", salt, FOR_TESTS)
    assert key != stretch("012346", salt, FOR_TESTS)
    assert key != stretch("012345", b"\x01" * 16, FOR_TESTS)


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "abcdef"])
def test_a_pin_has_six_digits(pin):
    with pytest.raises(CryptoError) as caught:
        stretch(pin, bytes(16), FOR_TESTS)

    assert caught.value.code == "crypto.pin"


def test_a_guess_costs_real_time_by_default():
    start = time.process_time()

    box = KeyBox().with_passphrase(KEY, "a", "x")
    spent = time.process_time() - start

    assert spent > 0.1
    assert NORMAL.admits(NORMAL.cost)
    assert box.unlock("a", "x") == KEY
