"""Parts: their bytes, what is live in them, and how a write is cut into classes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.causality import Dot
from fieldkit.codec import encode
from fieldkit.errors import CodecError
from fieldkit.records.layout import Layout
from fieldkit.records.part import (
    EMPTY,
    Entry,
    Part,
    cuts,
    decode_part,
    encode_part,
    live_places,
    part_key,
)
from tests.strategies import answers, dots, ids, texts

GENERAL, IDENTITY, HEALTH = 0, 1, 2
LAYOUT = Layout(
    "person", 1,
    (
        "_subject", "name", "members[]", "phone",
        "members[0]/name", "members[0]/cid", "bp",
    ),
)  # fmt: skip
CLASSES = (None, GENERAL, None, IDENTITY, GENERAL, IDENTITY, HEALTH)
VALUES = (b"s" * 16, "ก", [b"m" * 16], "081", "ข", "123", 120)

entries = st.builds(
    Entry,
    dots,
    ids,
    texts,
    st.integers(0, 1 << 45),
    st.integers(0, 99),
    st.none() | texts,
    st.integers(0, 99),
    st.binary(min_size=8, max_size=8),
    st.none() | st.lists(st.integers(0, 9), unique=True).map(tuple),
    st.lists(answers, max_size=4).map(tuple),
)
parts = st.builds(
    Part,
    st.lists(entries, max_size=3).map(tuple),
    st.dictionaries(dots, st.frozensets(texts, max_size=3), max_size=3),
)


@given(parts)
def test_a_part_is_read_from_its_own_bytes(part: Part) -> None:
    assert decode_part(encode_part(part)) == part


def test_an_empty_part_has_bytes_too() -> None:
    assert decode_part(encode_part(EMPTY)) == EMPTY


@pytest.mark.parametrize(
    "wire", [None, [], [[], [], []], [[[]], []], [[], [[]]], [[], [[1, 2, 3, []]]]]
)
def test_bytes_of_another_shape_are_refused(wire: object) -> None:
    with pytest.raises(CodecError):
        decode_part(encode(wire))


def test_a_write_is_cut_into_its_classes_and_keeps_the_lists_that_slots_count_in() -> (
    None
):
    cut = {
        c.class_number: (c.layout.paths, c.pick(VALUES)) for c in cuts(LAYOUT, CLASSES)
    }

    members = [b"m" * 16]
    assert cut == {
        GENERAL: (("name", "members[]", "members[0]/name"), ("ก", members, "ข")),
        IDENTITY: (("members[]", "phone", "members[0]/cid"), (members, "081", "123")),
        HEALTH: (("bp",), (120,)),
    }


def test_a_cuts_layout_names_itself() -> None:
    assert all(one.layout_id == one.layout.id for one in cuts(LAYOUT, CLASSES))


def entry(live: tuple[int, ...] | None) -> Entry:
    dot = Dot(b"e" * 16, 1, b"t" * 8)
    return Entry(dot, b"p" * 16, "volunteer", 0, 0, None, 0, LAYOUT.id, live, VALUES)


def test_all_of_a_new_entry_is_live_but_its_subject_and_lists() -> None:
    member = (b"m" * 16).hex()

    assert live_places(entry(None), LAYOUT) == (
        (1, "name"),
        (3, "phone"),
        (4, f"members[{member}]/name"),
        (5, f"members[{member}]/cid"),
        (6, "bp"),
    )


def test_only_the_live_places_of_an_entry_are_live() -> None:
    assert live_places(entry((3, 6)), LAYOUT) == ((3, "phone"), (6, "bp"))


def test_a_part_has_a_row_number_of_its_own() -> None:
    keys = {part_key(record, number) for record in range(3) for number in range(5)}

    assert len(keys) == 15
