"""The envelope: what a carrier sees, who opens it, and what is noticed."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.codec import decode, encode
from fieldkit.crypto.hashes import digest
from fieldkit.crypto.keys import Identity, Suite
from fieldkit.errors import CodecError, CryptoError, NotARecipientError
from fieldkit.sync.envelope import (
    ENVELOPE_BYTES_MAX,
    HYBRID_BYTES_MIN,
    Kind,
    envelope_id,
    key_id,
    keys_by_id,
    open_envelope,
    peek,
    seal_envelope,
)


def identity(name: str, suite: Suite = Suite.X25519) -> Identity:
    raw = digest("test", name.encode()) * (1 if suite is Suite.X25519 else 3)
    return Identity(bytes((suite,)) + raw)


SMALL, LARGE = identity("province"), identity("province", Suite.HYBRID)
PROVINCE = {one.suite: one.recipient for one in (SMALL, LARGE)}
KEYS = keys_by_id(SMALL, LARGE)


class Open:
    """The simulator's sealer: bytes as they are, after the key they are for."""

    def seal(self, plain: bytes, recipient: bytes, info: bytes) -> bytes:
        return recipient + sha256(info).digest() + plain

    def unseal(self, sealed: bytes, identity: bytes, info: bytes) -> bytes:
        head = Identity(identity).recipient.raw + sha256(info).digest()
        if not sealed.startswith(head):
            raise NotARecipientError("crypto.not_a_recipient")
        return sealed[len(head) :]


@given(st.binary(max_size=3000), st.sampled_from(Kind))
def test_what_is_sealed_opens_as_it_was(plain, kind):
    envelope = seal_envelope(kind, plain, PROVINCE)

    assert open_envelope(envelope, KEYS) == (kind, plain)
    assert peek(envelope) == (kind, key_id(SMALL.recipient))


def test_a_large_envelope_is_sealed_with_the_hybrid_key():
    below, above = bytes(HYBRID_BYTES_MIN // 2), bytes(HYBRID_BYTES_MIN)

    assert peek(seal_envelope(1, below, PROVINCE)).key_id == key_id(SMALL.recipient)
    assert peek(seal_envelope(1, above, PROVINCE)).key_id == key_id(LARGE.recipient)
    assert open_envelope(seal_envelope(1, above, PROVINCE), KEYS).plain == above


def test_a_device_with_one_key_gets_large_envelopes_too():
    large = bytes(2 * HYBRID_BYTES_MIN)

    for recipient in (SMALL.recipient, {Suite.X25519: SMALL.recipient}):
        assert open_envelope(seal_envelope(4, large, recipient), KEYS).plain == large


def test_a_province_without_a_key_is_no_recipient():
    with pytest.raises(NotARecipientError):
        seal_envelope(1, b"", {})


def test_an_envelope_says_little_of_its_size():
    sizes = {len(seal_envelope(1, bytes(n), PROVINCE)) for n in range(0, 1000, 100)}

    assert sizes == {1024 + 49 + 15}


def test_another_key_does_not_open_it():
    envelope = seal_envelope(1, b"plain", PROVINCE)
    other = identity("other")

    for keys in ({}, keys_by_id(other), {key_id(SMALL.recipient): other}):
        with pytest.raises(NotARecipientError):
            open_envelope(envelope, keys)


def test_kind_and_key_id_cannot_be_altered():
    _, _, name, sealed = decode(
        seal_envelope(Kind.BATCH, b"plain", PROVINCE), bytes_max=ENVELOPE_BYTES_MAX
    )
    renamed = {b"8 bytes!": SMALL}

    with pytest.raises(NotARecipientError):
        open_envelope(encode([1, 2, name, sealed]), KEYS)
    with pytest.raises(NotARecipientError):
        open_envelope(encode([1, 1, b"8 bytes!", sealed]), renamed)


def test_every_flipped_bit_is_noticed():
    envelope = seal_envelope(Kind.ENROL, b"plain", PROVINCE)
    for place in range(len(envelope) * 8):
        spoilt = bytearray(envelope)
        spoilt[place // 8] ^= 1 << place % 8
        with pytest.raises((CodecError, CryptoError)):
            open_envelope(bytes(spoilt), KEYS)


def test_an_envelope_cut_anywhere_is_refused():
    envelope = seal_envelope(Kind.ENROL, b"plain", PROVINCE)
    for end in range(len(envelope)):
        with pytest.raises(CodecError):
            peek(envelope[:end])


@pytest.mark.parametrize(
    "value",
    [
        [2, 1, bytes(8), b""],
        [1, 0, bytes(8), b""],
        [1, True, bytes(8), b""],
        [1, 1, bytes(7), b""],
        [1, 1, bytes(8)],
        "<html>",
    ],
)
def test_what_is_no_envelope_is_refused(value):
    with pytest.raises(CodecError) as caught:
        peek(encode(value))

    assert caught.value.code == "codec.shape"


def test_a_relay_carries_kinds_that_it_does_not_know():
    envelope = seal_envelope(77, b"plain", PROVINCE)

    assert peek(envelope).kind == 77
    assert open_envelope(envelope, KEYS) == (77, b"plain")


def test_an_envelope_is_known_by_its_bytes():
    first, second = (seal_envelope(1, b"plain", PROVINCE) for _ in range(2))

    assert envelope_id(first) == sha256(first).digest() != envelope_id(second)


def test_the_simulator_may_leave_the_sealing_out():
    envelope = seal_envelope(Kind.ASK, b"plain", PROVINCE, Open())

    assert b"plain" in envelope
    assert open_envelope(envelope, KEYS, Open()).plain == b"plain"
    with pytest.raises(NotARecipientError):
        open_envelope(envelope.replace(b"plain", b"plaiN")[:-1] + b"\1", {}, Open())
