"""Messages: each comes out as it went in, and only by the key that it names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.crypto.keys import SigningKey
from fieldkit.errors import BadSignatureError, CodecError, CryptoError
from fieldkit.sync.envelope import key_id
from fieldkit.sync.messages import (
    Answer,
    DigestRequest,
    Digests,
    PageRequest,
    Reply,
    Request,
    SyncRequest,
    forms_digest,
    read_reply,
    read_request,
    sign_reply,
    sign_request,
)
from fieldkit.sync.positions import is_dead, shared_position

DEVICE, PROVINCE = SigningKey(b"d" * 32), SigningKey(b"p" * 32)
KEYS = {key_id(PROVINCE.verify_key): PROVINCE.verify_key}
EPOCH, NONCE, HASH = b"e" * 16, b"n" * 8, b"h" * 32
IDLE = SyncRequest(
    epoch=EPOCH, nonce=NONCE, incarnation=2, position=1 << 20, roster=400, forms=NONCE
)
NOTHING_NEW = Answer(
    province=EPOCH, nonce=NONCE, incarnations=((1, 0), (2, 40)), head=1 << 20
)
REQUESTS: list[Request] = [
    IDLE,
    SyncRequest(epoch=EPOCH, nonce=NONCE, batches=(HASH, HASH)),
    PageRequest(epoch=EPOCH, nonce=NONCE, incarnation=1, base=3, after=5, head=9),
    DigestRequest(epoch=EPOCH, nonce=NONCE, first=bytes(16), last=EPOCH, detail=True),
]
REPLIES: list[Reply] = [
    NOTHING_NEW,
    Answer(
        province=EPOCH, nonce=NONCE, incarnations=(), head=0, roster_entries=(b"1",),
        receipt=b"r", documents=((HASH, b"form"),),
    ),
    Digests(
        province=EPOCH, nonce=NONCE, position=4, digest=HASH, records=((EPOCH, HASH),)
    ),
]  # fmt: skip


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_comes_out_as_it_went_in(request_: Request) -> None:
    signed = read_request(sign_request(request_, DEVICE))

    signed.check(DEVICE.verify_key)
    assert signed.request == request_


@pytest.mark.parametrize("reply", REPLIES)
def test_a_reply_comes_out_as_it_went_in(reply: Reply) -> None:
    signed = read_reply(sign_reply(reply, PROVINCE))

    signed.check(KEYS)
    assert signed.reply == reply


def test_a_sync_with_nothing_to_do_is_small_both_ways() -> None:
    assert len(sign_request(IDLE, DEVICE)) < 200
    assert len(sign_reply(NOTHING_NEW, PROVINCE)) < 200
    assert not NOTHING_NEW.is_private


def test_a_request_of_another_device_is_refused() -> None:
    signed = read_request(sign_request(IDLE, SigningKey(b"x" * 32)))

    with pytest.raises(BadSignatureError):
        signed.check(DEVICE.verify_key)


def test_a_reply_of_a_stranger_is_refused() -> None:
    signed = read_reply(sign_reply(NOTHING_NEW, DEVICE))

    with pytest.raises(BadSignatureError):
        signed.check(KEYS)


def test_every_flipped_bit_of_a_message_is_noticed() -> None:
    data = sign_request(IDLE, DEVICE)

    for place in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises((CodecError, CryptoError)):
            read_request(bytes(flipped)).check(DEVICE.verify_key)


@given(st.binary(max_size=80))
def test_bytes_that_are_no_message_are_refused(data: bytes) -> None:
    for read in (read_request, read_reply):
        with pytest.raises(CodecError):
            read(data)


def test_the_digest_of_forms_knows_no_order() -> None:
    assert forms_digest([HASH, EPOCH]) == forms_digest([EPOCH, HASH])
    assert forms_digest([HASH]) != forms_digest([])


# --- Positions ---


def test_one_log_shares_all_positions_with_itself() -> None:
    assert shared_position(((1, 0),), ((1, 0),)) is None


def test_a_log_restored_twice_from_one_backup_shares_only_the_backup() -> None:
    assert shared_position(((1, 0), (2, 40)), ((1, 0), (2, 40), (3, 20))) == 20


def test_a_log_that_was_left_is_dead() -> None:
    assert is_dead(((1, 0), (2, 40)), ((1, 0),))
    assert not is_dead(((1, 0),), ((1, 0), (2, 40)))


def test_two_logs_of_one_number_are_an_alarm() -> None:
    from fieldkit.errors import RemoteProtocolError

    with pytest.raises(RemoteProtocolError) as caught:
        shared_position(((1, 0), (2, 40)), ((1, 0), (2, 41)))

    assert caught.value.code == "sync.forked_log"
