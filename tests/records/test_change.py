"""A change's bytes, its hashes, and what is derived from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.causality import Dot, Stamp
from fieldkit.codec import decode, encode
from fieldkit.errors import CodecError
from fieldkit.records.change import (
    CHANGE_BYTES_MAX,
    Change,
    Write,
    change_bytes,
    identify,
    read_change,
    read_dot,
    seed_index,
    settle,
)
from fieldkit.records.layout import Layout
from tests.strategies import changes, seeds

PERSON = Layout("person", 1, ("name", "village"))
STAMP = Stamp(b"e" * 16, 7, b"p" * 16, "volunteer", 3, 1_700_000_000_000)
SEED = b"s" * 32


def birth(*values: object, layout: Layout = PERSON) -> Write:
    return Write(layout.id, None, (), values)


@given(changes)
def test_a_change_is_read_from_its_own_bytes(change: Change) -> None:
    assert read_change(change_bytes(change)) == change


@given(changes)
def test_a_changes_bytes_are_the_codecs(change: Change) -> None:
    data = change_bytes(change)

    assert encode(decode(data, bytes_max=CHANGE_BYTES_MAX)) == data


@given(changes, st.data())
def test_a_flipped_bit_is_refused_or_is_another_change(
    change: Change, data: st.DataObject
) -> None:
    good = change_bytes(change)
    bit = data.draw(st.integers(0, len(good) * 8 - 1))
    bad = bytearray(good)
    bad[bit // 8] ^= 1 << bit % 8

    try:
        read = read_change(bytes(bad))
    except CodecError:
        return

    assert change_bytes(read) == bytes(bad)
    assert identify(read, SEED).hash != identify(change, SEED).hash


@given(changes, st.integers(0, 200))
def test_cut_bytes_are_refused(change: Change, count: int) -> None:
    good = change_bytes(change)

    with pytest.raises(CodecError):
        read_change(good[: min(count, len(good) - 1)])


WIRE: list[object] = [
    b"e" * 16, 7, b"p" * 16, "volunteer", 3, 0, 0, None,
    [[b"l" * 8, None, [[b"e" * 16, 1, b"t" * 8]], "a"]],
]  # fmt: skip


def test_the_plain_wire_form_is_read() -> None:
    change = read_change(encode(WIRE))

    assert change.writes[0].replaces == (Dot(b"e" * 16, 1, b"t" * 8),)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, b"e" * 15), (1, 0), (1, True), (1, -1), (2, "p"), (3, None), (4, True),
        (5, 1.5), (6, -1), (6, False), (7, 1), (8, []), (8, {}),
        (8, [[b"l" * 8, None, [], "a"]] * 65),
        (8, [[b"l" * 7, None, [], "a"]]), (8, [[b"l" * 8, b"short", [], "a"]]),
        (8, [[b"l" * 8, None, {}, "a"]]), (8, [[b"l" * 8, 0, [], "a"]]),
        (8, [[b"l" * 8, None, [[b"e" * 16, True, b"t" * 8]], "a"]]),
        (8, [[b"l" * 8, None, [[b"e" * 16, 0, b"t" * 8]], "a"]]),
        (8, [[b"l" * 8, None, [[b"e" * 16, 1, b"t" * 9]], "a"]]),
    ],
)  # fmt: skip
def test_another_shape_is_refused(place: int, value: object) -> None:
    wire = [*WIRE]
    wire[place] = value

    with pytest.raises(CodecError) as error:
        read_change(encode(wire))

    assert error.value.code == "codec.shape"


def test_a_dot_is_read_only_in_its_own_shape() -> None:
    with pytest.raises(CodecError):
        read_dot([b"e" * 16, 1])


@given(changes, seeds, seeds)
def test_hash_and_tags_depend_on_the_secret_seed(
    change: Change, one: bytes, two: bytes
) -> None:
    ours, theirs = identify(change, one), identify(change, two)

    assert (ours == theirs) == (one == two)


@pytest.mark.parametrize(
    "other",
    [
        STAMP._replace(time=STAMP.time + 1),
        STAMP._replace(person=b"q" * 16),
        STAMP._replace(because="moved"),
        STAMP._replace(counter=8),
        STAMP._replace(epoch=b"f" * 16),
    ],
)
def test_two_branches_of_a_clone_never_share_a_dot_or_a_record(other: Stamp) -> None:
    write = birth("สมชาย", "90110101")
    ours, theirs = (identify(Change(s, (write,)), SEED) for s in (STAMP, other))

    assert ours.dot(STAMP, 0).tag != theirs.dot(other, 0).tag
    assert ours.records != theirs.records


def test_two_writes_alike_in_one_change_have_their_own_tag_and_record() -> None:
    identity = identify(Change(STAMP, (birth("ก", None), birth("ก", None))), SEED)

    assert len(set(identity.leaves)) == len(set(identity.records)) == 2


def test_a_write_to_an_old_record_keeps_its_id() -> None:
    write = Write(PERSON.id, b"r" * 16, (), ("ก", None))

    assert identify(Change(STAMP, (write,)), SEED).records == (b"r" * 16,)


def test_a_target_that_is_no_id_is_refused() -> None:
    write = Write(PERSON.id, b"short", (), ("ก", None))

    with pytest.raises(CodecError):
        identify(Change(STAMP, (write,)), SEED)


def test_a_seed_covers_4096_counters() -> None:
    assert [seed_index(n) for n in (1, 4_096, 4_097)] == [0, 0, 1]


def settled(layout: Layout, *values: object, writes: int = 1) -> tuple[object, ...]:
    change = Change(STAMP, tuple([birth(*values, layout=layout)] * writes))
    return settle(change, identify(change, SEED), 0, layout)


def test_plain_values_are_settled_as_they_are() -> None:
    assert settled(PERSON, "ก", None) == ("ก", None)


@pytest.mark.parametrize("writes", [1, 2])
def test_an_ordinal_as_subject_becomes_the_record_born_beside_it(writes: int) -> None:
    layout = Layout("screening", 1, ("_subject", "q1"))
    change = Change(STAMP, tuple([birth(writes - 1, 1, layout=layout)] * writes))
    identity = identify(change, SEED)

    assert settle(change, identity, 0, layout)[0] == identity.records[writes - 1]


def test_a_reference_to_a_record_born_beside_it_becomes_its_id() -> None:
    layout = Layout("referral", 1, ("person",))
    change = Change(STAMP, (birth("ก", None), birth({"born": 0}, layout=layout)))
    identity = identify(change, SEED)

    assert settle(change, identity, 1, layout) == (identity.records[0],)


def test_an_answer_that_only_looks_like_a_reference_stays() -> None:
    layout = Layout("referral", 1, ("a", "b"))

    values = ({"born": 9}, {"born": "x"})

    assert settled(layout, *values, writes=2) == values


HOMES = Layout(
    "household", 1,
    ("homes[]", "homes[0]/members[]", "homes[0]/members[0]/name", "homes[1]/members[]"),
)  # fmt: skip


def test_every_instance_born_in_a_write_gets_an_id_of_its_own() -> None:
    homes, first, _, second = settled(
        HOMES, [None, b"h" * 16], [None], "ก", [None, None]
    )

    found = [*homes, *first, *second]  # type: ignore[misc]
    assert b"h" * 16 in found
    assert len(set(found)) == len(found) == 5
    assert {len(one) for one in found} == {16}


@pytest.mark.parametrize(
    "values",
    [
        ([None], [None], "ก", []),
        ([b"h" * 16, b"h" * 16], [None], "ก", []),
        ([None, None], [], "ก", []),
        ([None, None], "members", "ก", []),
        ([None, 5], [None], "ก", []),
        ([None, b"short"], [None], "ก", []),
        ([None, None], [None], "ก"),
    ],
)
def test_instances_that_do_not_fit_the_layout_are_refused(
    values: tuple[object],
) -> None:
    with pytest.raises(CodecError):
        settled(HOMES, *values)


@pytest.mark.parametrize("writes", [1, 2])
@pytest.mark.parametrize("subject", [-1, 2, "x", b"short"])
def test_a_subject_that_is_no_record_is_refused(subject: object, writes: int) -> None:
    with pytest.raises(CodecError):
        settled(Layout("screening", 1, ("_subject",)), subject, writes=writes)
