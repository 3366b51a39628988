"""Receipts: whom they bind, what they say of which change, and what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.codec import decode, encode
from fieldkit.crypto.hashes import digest
from fieldkit.crypto.keys import SigningKey
from fieldkit.crypto.sign import sign
from fieldkit.errors import BadSignatureError, CodecError, RemoteProtocolError
from fieldkit.sync.envelope import key_id
from fieldkit.sync.receipts import (
    BatchReceipt,
    Judged,
    Receipt,
    Verdict,
    each,
    open_receipt,
    run_to_wire,
    runs,
    sign_receipt,
    supersedes,
)

PROVINCE, EPOCH = b"province of song", b"epoch of a lapto"
KEY = SigningKey(digest("test", b"receipts"))
KEYS = {key_id(KEY.verify_key): KEY.verify_key}
HASH, TWIN = digest("test", b"batch"), digest("test", b"twin")

JUDGED = st.lists(
    st.builds(
        Judged,
        st.sampled_from(["applied", "review", "quarantined", "erased"]),
        st.integers(1, 9),
        st.sampled_from(["", "out_of_scope"]),
    ),
    max_size=12,
)


def batch(*verdicts: Verdict, of: bytes = HASH, **more: object) -> BatchReceipt:
    given: dict[str, Any] = {"epoch": EPOCH, "first": 1, "count": 5, **more}
    return BatchReceipt(hash=of, verdicts=verdicts, **given)


def receipt(*batches: BatchReceipt, durable: bool = False) -> Receipt:
    return Receipt(
        province=PROVINCE,
        incarnations=((1, 0), (3, 40)),
        batches=batches,
        durable=((EPOCH, HASH),) if durable else (),
    )


ORDINARY = receipt(
    batch(
        Verdict(HASH, 0, 3, "applied", 41),
        Verdict(HASH, 3, 2, "quarantined", 44, "out_of_scope"),
        duplicate=True,
    ),
    durable=True,
)


def test_a_receipt_says_what_was_signed():
    assert open_receipt(sign_receipt(ORDINARY, KEY), PROVINCE, KEYS) == ORDINARY


@given(st.lists(JUDGED, max_size=4))
def test_opening_is_the_inverse_of_signing(batches):
    receipts = [
        batch(*runs(HASH, judged), count=len(judged) + 1, duplicate=bool(judged))
        for judged in batches
    ]
    whole = receipt(*receipts)

    assert open_receipt(sign_receipt(whole, KEY), PROVINCE, KEYS) == whole


@given(JUDGED)
def test_runs_hold_every_change_of_the_batch_once(judged):
    found = runs(HASH, judged)

    spread = [pair for verdict in found for pair in each(verdict)]
    assert spread == list(enumerate(judged))


def test_an_ordinary_batch_is_one_run():
    judged = [Judged("applied", 10 + place) for place in range(5000)]

    assert runs(HASH, judged) == (Verdict(HASH, 0, 5000, "applied", 10),)


def test_a_gap_in_the_positions_ends_a_run():
    judged = [Judged("applied", 10), Judged("applied", 12)]

    assert [verdict.count for verdict in runs(HASH, judged)] == [1, 1]


def test_a_laptop_takes_only_what_it_holds_with_that_hash():
    twin = Verdict(TWIN, 0, 5, "applied", 46)
    whole = receipt(*ORDINARY.batches, batch(twin, of=TWIN))

    assert whole.verdicts({TWIN}) == (twin,)
    assert whole.verdicts({HASH}) == ORDINARY.batches[0].verdicts
    assert whole.verdicts(frozenset()) == ()


def test_a_lower_position_never_overrides_a_higher_one():
    assert supersedes(5, None)
    assert supersedes(6, 5)
    assert supersedes(5, 5)
    assert not supersedes(4, 5)


def test_a_receipt_of_another_province_is_refused():
    with pytest.raises(RemoteProtocolError) as caught:
        open_receipt(sign_receipt(ORDINARY, KEY), b"another province", KEYS)

    assert caught.value.code == "receipt.other_province"


def test_a_receipt_counts_only_by_a_key_of_the_roster():
    other = SigningKey(digest("test", b"other"))
    posing = {key_id(KEY.verify_key): other.verify_key}

    for keys in ({}, posing, {key_id(other.verify_key): other.verify_key}):
        with pytest.raises(BadSignatureError):
            open_receipt(sign_receipt(ORDINARY, KEY), PROVINCE, keys)


def test_a_signature_for_another_purpose_is_none():
    body, name, _ = decode(sign_receipt(ORDINARY, KEY), bytes_max=9999)
    forged = encode([body, name, sign(KEY, "fieldkit/page/1", body)])

    with pytest.raises(BadSignatureError):
        open_receipt(forged, PROVINCE, KEYS)


def test_every_flipped_bit_of_a_receipt_is_noticed():
    data = sign_receipt(ORDINARY, KEY)
    for place in range(len(data) * 8):
        spoilt = bytearray(data)
        spoilt[place // 8] ^= 1 << place % 8
        with pytest.raises((CodecError, BadSignatureError)):
            open_receipt(bytes(spoilt), PROVINCE, KEYS)


GOOD_RUN = run_to_wire(ORDINARY.batches[0].verdicts[0])


@pytest.mark.parametrize(
    "items",
    [
        [HASH, EPOCH, 1, 5, [GOOD_RUN, GOOD_RUN], False],
        [HASH, EPOCH, 1, 2, [GOOD_RUN], False],
        [HASH, EPOCH, 1, 5, [[0, 0, "applied", 41, ""]], False],
        [HASH, EPOCH, 1, 5, [[-1, 3, "applied", 41, ""]], False],
        [HASH, EPOCH, 1, 5, [[0, 3, "duplicate", 41, ""]], False],
        [HASH, EPOCH, 1, 5, [[0, 3, "applied", True, ""]], False],
        [HASH, EPOCH, 1, 5, [[0, 3, "applied", 41, "x" * 65]], False],
        [HASH, EPOCH, 0, 5, [GOOD_RUN], False],
        [HASH[:9], EPOCH, 1, 5, [GOOD_RUN], False],
        [HASH, EPOCH, 1, 5, [GOOD_RUN], 0],
    ],
)
def test_a_signed_receipt_that_makes_no_sense_is_refused(items):
    body = encode([1, PROVINCE, [[1, 0]], [items], []])
    data = encode([body, key_id(KEY.verify_key), sign(KEY, "fieldkit/receipt/1", body)])

    with pytest.raises(CodecError):
        open_receipt(data, PROVINCE, KEYS)


@pytest.mark.parametrize("value", [[], [b"", b""], [[2, b""], b"", b""], "<html>"])
def test_what_is_no_receipt_is_refused(value):
    with pytest.raises(CodecError):
        open_receipt(encode(value), PROVINCE, KEYS)
