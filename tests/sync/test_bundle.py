"""Bundles: sticks are pulled out half-way and disks flip bits; no more is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.crypto.hashes import digest
from fieldkit.crypto.keys import Identity
from fieldkit.errors import AccessError, CodecError
from fieldkit.sync.bundle import bundle_pieces, divide, make_bundle, read_bundle
from fieldkit.sync.envelope import envelope_id, key_id, seal_envelope

ENVELOPES = [b"first", b"second envelope", b"\0\0\0\0third", b"FKBE"]


def identity(name: str) -> Identity:
    return Identity(b"\1" + digest("test", name.encode()))


def taken_from(data: bytes) -> tuple[list[bytes], str]:
    """Return what was given out before the fault, and the fault's code."""
    taken: list[bytes] = []
    code = ""
    envelopes = read_bundle(data)
    while True:
        try:
            taken.append(next(envelopes))
        except StopIteration:
            return taken, code
        except CodecError as error:
            return taken, error.code


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=8))
def test_reading_is_the_inverse_of_making(envelopes):
    assert taken_from(make_bundle(envelopes)) == (envelopes, "")


def test_a_bundle_is_written_piece_by_piece():
    pieces = bundle_pieces(iter(ENVELOPES))

    assert next(pieces) == b"FKB1"
    assert ENVELOPES[0] in next(pieces)


def test_a_bundle_cut_at_any_byte_gives_every_whole_envelope():
    data = make_bundle(ENVELOPES)
    ends = [4]
    for envelope in ENVELOPES:
        ends.append(ends[-1] + 4 + 32 + len(envelope))

    for cut in range(4, len(data)):
        whole = sum(end <= cut for end in ends) - 1
        assert taken_from(data[:cut]) in (
            (ENVELOPES[:whole], "bundle.truncated"),
            (ENVELOPES[:whole], "bundle.damaged"),  # cut where an envelope says FKBE
        )
    assert taken_from(data[:-1]) == (ENVELOPES, "bundle.truncated")


def test_every_flipped_bit_is_noticed_and_no_altered_envelope_is_given_out():
    data = make_bundle(ENVELOPES)
    for place in range(len(data) * 8):
        spoilt = bytearray(data)
        spoilt[place // 8] ^= 1 << place % 8

        taken, code = taken_from(bytes(spoilt))

        assert code
        assert set(taken) <= set(ENVELOPES)


def test_one_damaged_envelope_costs_no_other():
    spoilt = make_bundle(ENVELOPES).replace(b"second", b"secund")

    assert taken_from(spoilt) == (
        [ENVELOPES[0], *ENVELOPES[2:]],
        "bundle.damaged",
    )


def test_what_follows_the_end_is_noticed():
    data = make_bundle(ENVELOPES)

    assert taken_from(data + b"x") == (ENVELOPES, "bundle.truncated")
    assert taken_from(data + data) == (ENVELOPES, "bundle.damaged")


@pytest.mark.parametrize("data", [b"", b"FKB", b"PK\3\4", b"FKB2" + bytes(50)])
def test_another_file_is_no_bundle(data):
    assert taken_from(data) == ([], "bundle.not_a_bundle")


def test_a_huge_length_costs_nothing():
    data = b"FKB1" + b"\xff\xff\xff\xff" + bytes(100)

    assert taken_from(data) == ([], "bundle.truncated")


def test_the_envelopes_of_another_province_are_told_apart():
    ours, theirs = identity("ours"), identity("theirs")
    mine = seal_envelope(1, b"a", ours.recipient)
    foreign = seal_envelope(1, b"b", theirs.recipient)
    known = {key_id(ours.recipient)}

    assert divide([mine, foreign], known) == ((mine,), (foreign,))
    assert divide([], known) == ((), ())
    with pytest.raises(AccessError) as caught:
        divide([foreign], known)
    assert caught.value.code == "bundle.other_province"


def test_the_same_envelope_twice_is_the_same_by_its_id():
    taken, _ = taken_from(make_bundle([ENVELOPES[0]] * 2))

    assert {envelope_id(one) for one in taken} == {envelope_id(ENVELOPES[0])}
