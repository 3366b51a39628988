"""Seals: opened by their recipient, for their purpose, unaltered; by nobody else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldkit.crypto.keys import Identity, Recipient, Suite
from fieldkit.crypto.seal import (
    CHUNK_BYTES,
    OVERHEAD_BYTES,
    SINGLE_MAX,
    Hpke,
    seal,
    unseal,
)
from fieldkit.errors import CryptoError, NotARecipientError

IDENTITIES = {suite: Identity.generate(suite) for suite in Suite}
suites = pytest.mark.parametrize("suite", list(Suite))


def assert_not_a_recipient(sealed: bytes, identity: Identity, info: bytes) -> None:
    with pytest.raises(NotARecipientError):
        unseal(sealed, identity, info)


@given(st.sampled_from(Suite), st.binary(), st.binary())
def test_unseal_undoes_seal(suite, plain, info):
    identity = IDENTITIES[suite]

    assert unseal(seal(plain, identity.recipient, info), identity, info) == plain


@suites
def test_a_seal_costs_what_it_says_and_names_its_suite(suite):
    sealed = seal(b"12345", IDENTITIES[suite].recipient, b"")

    assert len(sealed) == 5 + OVERHEAD_BYTES[suite]
    assert sealed[0] == suite


@suites
def test_sealing_twice_gives_other_bytes(suite):
    recipient = IDENTITIES[suite].recipient

    assert seal(b"a", recipient, b"") != seal(b"a", recipient, b"")


@suites
def test_another_identity_opens_nothing(suite):
    sealed = seal(b"a", IDENTITIES[suite].recipient, b"")

    assert_not_a_recipient(sealed, Identity.generate(suite), b"")
    for other in set(Suite) - {suite}:
        assert_not_a_recipient(sealed, IDENTITIES[other], b"")


@suites
def test_another_purpose_opens_nothing(suite):
    identity = IDENTITIES[suite]

    assert_not_a_recipient(seal(b"a", identity.recipient, b"one"), identity, b"two")


@given(st.sampled_from(Suite), st.data())
@settings(max_examples=200)
def test_a_flipped_bit_is_noticed(suite, data):
    identity = IDENTITIES[suite]
    sealed = bytearray(seal(b"plain", identity.recipient, b""))
    place = data.draw(st.integers(1, len(sealed) - 1))
    bit = data.draw(st.integers(0, 7))
    sealed[place] ^= 1 << bit

    assert_not_a_recipient(bytes(sealed), identity, b"")


def test_the_bit_of_a_point_that_rfc_7748_ignores_is_bound_too():
    identity = IDENTITIES[Suite.X25519]
    sealed = bytearray(seal(b"plain", identity.recipient, b""))
    sealed[32] ^= 0x80

    assert_not_a_recipient(bytes(sealed), identity, b"")


@suites
def test_truncated_bytes_are_noticed(suite):
    identity = IDENTITIES[suite]
    sealed = seal(b"plain", identity.recipient, b"")

    for end in (0, 1, 2, 20, 33, len(sealed) - 1):
        assert_not_a_recipient(sealed[:end], identity, b"")


def test_a_point_without_a_secret_is_refused_on_both_sides():
    identity = IDENTITIES[Suite.X25519]

    with pytest.raises(CryptoError) as caught:
        seal(b"a", Recipient(b"\x01" + bytes(32)), b"")

    assert caught.value.code == "crypto.key"
    assert_not_a_recipient(b"\x01" + bytes(64), identity, b"")


@pytest.mark.parametrize("first", [0, 3, 0x10, 0x13, 0x21, 0xFF])
def test_an_unknown_suite_is_named(first):
    with pytest.raises(CryptoError) as caught:
        unseal(bytes((first,)) + bytes(80), IDENTITIES[Suite.X25519], b"")

    assert caught.value.code == "crypto.suite"
    assert caught.value.details == {"suite": first}


@suites
@pytest.mark.parametrize(
    "length",
    [SINGLE_MAX, SINGLE_MAX + 1, SINGLE_MAX + CHUNK_BYTES, 3 * SINGLE_MAX + 5],
)
def test_any_length_comes_back(suite, length):
    identity = IDENTITIES[suite]
    plain = (b"0123456789abcdef" * (length // 16 + 1))[:length]

    sealed = seal(plain, identity.recipient, b"info")

    assert unseal(sealed, identity, b"info") == plain
    assert sealed[0] == (suite if length == SINGLE_MAX else suite | 0x10)


@pytest.fixture(scope="module")
def chunked() -> tuple[bytes, int]:
    sealed = seal(bytes(SINGLE_MAX + 100), IDENTITIES[Suite.X25519].recipient, b"")
    return sealed, OVERHEAD_BYTES[Suite.X25519] + 32


def test_chunks_cannot_be_cut_swapped_repeated_or_added(chunked):
    sealed, start = chunked
    size = CHUNK_BYTES + 16
    head, body = sealed[:start], sealed[start:]
    first, second, rest = body[:size], body[size : 2 * size], body[2 * size :]
    last = body[-116:]

    for altered in (
        b"",
        body[:-1],
        body[:-116],
        second + first + rest,
        first + first + rest,
        second + rest,
        body + b"\0",
        body + last,
        last,
        bytes(len(body)),
    ):
        assert_not_a_recipient(head + altered, IDENTITIES[Suite.X25519], b"")


def test_chunks_are_bound_to_identity_and_info(chunked):
    sealed, _ = chunked

    assert_not_a_recipient(sealed, Identity.generate(Suite.X25519), b"")
    assert_not_a_recipient(sealed, IDENTITIES[Suite.X25519], b"other")


def test_one_form_cannot_be_passed_off_as_the_other(chunked):
    sealed, start = chunked
    identity = IDENTITIES[Suite.X25519]
    single = seal(bytes(32), identity.recipient, b"")

    assert_not_a_recipient(b"\x01" + sealed[1:start], identity, b"")
    assert_not_a_recipient(b"\x11" + single[1:] + sealed[start:], identity, b"")


def test_the_sealer_takes_raw_keys():
    identity = IDENTITIES[Suite.X25519]

    sealed = Hpke().seal(b"a", identity.recipient.raw, b"i")

    assert Hpke().unseal(sealed, identity.raw, b"i") == b"a"
