"""Pages: what is packed comes out again, and nothing else is taken."""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldkit.causality import Dot
from fieldkit.codec import decode, encode
from fieldkit.crypto.keys import SigningKey
from fieldkit.errors import BadSignatureError, CodecError, CryptoError
from fieldkit.records.layout import Layout
from fieldkit.records.part import Entry, Part
from fieldkit.sync.columns import pack_column, unpack_column
from fieldkit.sync.envelope import key_id
from fieldkit.sync.fragments import fragments, join
from fieldkit.sync.frames import decompress
from fieldkit.sync.pages import (
    Page,
    PageContent,
    PageHeader,
    open_page,
    pack_page,
    sign_page,
)
from fieldkit.sync.receipts import Verdict
from fieldkit.sync.states import Home, PartState, state_of

KEY = SigningKey(b"k" * 32)
KEYS = {key_id(KEY.verify_key): KEY.verify_key}
HEADER = PageHeader(
    province=b"p" * 16, epoch=b"d" * 16, incarnations=((1, 0),), base=10, after=10,
    to=50, head=90, roster=3,
)  # fmt: skip
PLAIN = Layout("person", 1, ("name", "birth", "groups", "note", "lat"))
SECRET = Layout("person", 1, ("citizen_id",))
ONE = Layout("person", 1, ("name",))
LAYOUTS = {layout.id: layout for layout in (PLAIN, SECRET, ONE)}

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**64), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda x: x + 0.0),
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.binary(max_size=4),
    st.lists(st.sampled_from(["a", "b", ""]), max_size=3),
    st.sampled_from([{}, {"k": 1}, {"k": 2, "aa": [3]}]),
)
ids = st.integers(0, 30).map(lambda n: bytes([n]) * 16)
epochs = st.sampled_from([b"a" * 16, b"b" * 16, b"c" * 16])
numbers = st.integers(1, 60)


@st.composite
def entries(draw: st.DrawFn, layout: Layout) -> Entry:
    width = len(layout.paths)
    some = draw(st.sets(st.integers(0, width - 1)))
    live = tuple(sorted(some)) if 0 < len(some) < width else None
    return Entry(
        Dot(draw(epochs), draw(numbers), draw(st.binary(min_size=8, max_size=8))),
        draw(st.sampled_from([b"p" * 8, b"q" * 8])), "volunteer",
        draw(st.integers(0, 2**42)), 3, draw(st.none() | st.text("ab", max_size=3)),
        draw(numbers), layout.id, live,
        tuple(draw(st.lists(values, min_size=width, max_size=width))),
    )  # fmt: skip


@st.composite
def parts(draw: st.DrawFn) -> Part:
    layout = draw(st.sampled_from([PLAIN, SECRET, ONE]))
    if draw(st.booleans()):
        return Part((draw(entries(layout))._replace(live=None),))
    found = draw(st.lists(entries(layout), max_size=3, unique_by=lambda e: e.dot))
    marks = st.dictionaries(
        st.builds(Dot, epochs, numbers, st.binary(min_size=8, max_size=8)),
        st.frozensets(st.sampled_from(["name", "note"]), min_size=1),
        max_size=2,
    )
    return Part(tuple(found), draw(marks))


@st.composite
def many_states(draw: st.DrawFn) -> list[PartState]:
    homes = draw(st.lists(st.tuples(ids, st.integers(0, 4)), max_size=6, unique=True))
    return [
        state_of(
            Home(record, draw(st.sampled_from(["person", "visit"])), subject, number),
            draw(numbers),
            draw(parts()),
        )
        for record, number in homes
        for subject in [draw(st.none() | ids)]
    ]


def page_of(content: PageContent, header: PageHeader = HEADER) -> Page:
    return open_page(sign_page(pack_page(header, content), KEY), KEYS)


def by_key(states: Iterable[PartState]) -> list[PartState]:
    return sorted(states, key=lambda state: state.key)


def entry(
    tag: int, *said: object, at: int = 20, layout: Layout = PLAIN, epoch: bytes = b"a"
) -> Entry:
    return Entry(
        Dot(epoch * 16, tag, sha256(bytes([tag])).digest()[:8]), b"p" * 8, "volunteer",
        1_700_000_000_000 + tag, 3, None, at, layout.id, None, said,
    )  # fmt: skip


def person(record: int, part: Part, at: int = 20, number: int = 0) -> PartState:
    return state_of(Home(bytes([record]) * 16, "person", None, number), at, part)


@settings(max_examples=40)
@given(many_states())
def test_unpacking_what_was_packed_gives_the_same_states(
    states: list[PartState],
) -> None:
    page = page_of(PageContent(states=states, layouts=LAYOUTS))

    assert by_key(page.states({})) == by_key(states)
    assert page.count == len(states)
    assert page.leans_on() == ()


@settings(max_examples=40)
@given(many_states(), st.integers(0, 60))
def test_what_the_device_held_at_the_base_is_named_and_comes_out_whole(
    states: list[PartState], base: int
) -> None:
    known = {state.key for state in states[::2]}
    held = {state.key: state.part for state in states}
    header = replace(HEADER, base=min(base, HEADER.after))

    page = page_of(PageContent(states=states, layouts=LAYOUTS, known=known), header)

    assert by_key(page.states(held)) == by_key(states)
    assert set(page.missing({})) == set(page.leans_on()) <= known


@given(st.lists(values, min_size=1, max_size=40))
def test_fragments_are_the_encodings_of_the_values(column: list[object]) -> None:
    packed = pack_column(column)

    made = join([fragments(packed, len(column))], len(column))

    assert made == list(map(encode, unpack_column(packed, len(column))))


def test_the_parts_that_one_save_wrote_share_their_head() -> None:
    tail: tuple[object, ...] = (1, [], None, 7.1)
    alone = [
        state
        for n in range(1, 100)
        for state in (
            person(n, Part((entry(n, f"นาย{n}", *tail),))),
            person(n, Part((entry(n, str(n), layout=SECRET),)), number=1),
        )
    ]
    torn = [s._replace(position=s.position + s.class_number) for s in alone]
    together = PageContent(states=alone, layouts=LAYOUTS)
    apart = PageContent(states=torn, layouts=LAYOUTS)

    small, large = (len(pack_page(HEADER, one).body) for one in (together, apart))

    assert small < large
    assert by_key(page_of(together).states({})) == by_key(alone)


def test_an_edit_of_something_held_costs_few_bytes() -> None:
    tail: tuple[object, ...] = ([], "ข้อความยาวที่ไม่ต้องส่งซ้ำ" * 4, 7.1)
    before = {n: entry(n, f"นาย{n}", n, *tail, at=5) for n in range(1, 101)}
    edits = {n: entry(n + 101, "ใหม่", layout=ONE) for n in before}
    states = [
        person(n, Part((old._replace(live=(1, 2, 3, 4)), edits[n])))
        for n, old in before.items()
    ]
    held = {state.key: Part((before[state.record_id[0]],)) for state in states}
    content = PageContent(states=states, layouts=LAYOUTS, known=held)

    page = page_of(content)

    assert len(pack_page(HEADER, content).body) < 4_000
    assert list(page.states(held)) == states


def test_free_text_of_two_authors_shares_no_window() -> None:
    text = sha256(b"what two people typed alike").hexdigest()
    tail: tuple[object, ...] = ([], text, 7.1)
    same = [person(n, Part((entry(n, f"x{n}", n, *tail),))) for n in (1, 2)]
    other = [
        person(1, Part((entry(1, "x1", 1, *tail),))),
        person(2, Part((entry(2, "x2", 2, *tail, epoch=b"b"),))),
    ]

    one, two = (
        len(pack_page(HEADER, PageContent(states=states, layouts=LAYOUTS)).body)
        for states in (same, other)
    )

    assert two > one + 32  # the text's own bytes, again


@pytest.mark.parametrize("rows", [1, 2, 20])
def test_text_in_the_rows_of_one_author_lies_in_their_frame(rows: int) -> None:
    said = ("1234567890123", ["secret"])
    layout = Layout("person", 1, ("citizen_id", "groups"))
    states = [
        person(n, Part((entry(n, *said, layout=layout)._replace(because="typo"),)))
        for n in range(1, rows + 1)
    ]
    content = PageContent(states=states, layouts={layout.id: layout})

    frame, groups, _ = decode(pack_page(HEADER, content).body, bytes_max=1 << 20)

    for text in (b"1234567890123", b"secret", b"typo"):
        assert text not in decompress(frame)
        assert text in decompress(groups[0][1])
    assert by_key(page_of(content).states({})) == by_key(states)


def test_an_entry_applied_after_the_base_is_not_named_though_older_than_the_page() -> (
    None
):
    header = replace(HEADER, base=0, after=10)
    state = person(1, Part((entry(1, "a", 1, [], "", 1.5, at=5),)), at=15)
    content = PageContent(states=[state], layouts=LAYOUTS, known={state.key})

    page = page_of(content, header)

    assert list(page.states({})) == [state]


def test_move_outs_verdicts_and_erased_ids_travel_with_the_parts() -> None:
    content = PageContent(
        move_outs=[(b"m" * 16, 2)],
        verdicts=[Verdict(b"h" * 32, 0, 7, "quarantined", 12, "out_of_scope")],
        erased=[b"e" * 16],
    )

    page = page_of(content)

    assert page.move_outs == ((b"m" * 16, 2),)
    assert page.verdicts == tuple(content.verdicts)
    assert page.erased == (b"e" * 16,)
    assert page.header == HEADER
    assert page.header.more


def test_a_page_signed_by_a_stranger_is_refused() -> None:
    data = sign_page(pack_page(HEADER, PageContent()), SigningKey(b"s" * 32))

    with pytest.raises(BadSignatureError) as caught:
        open_page(data, KEYS)

    assert caught.value.code == "crypto.signature"


def test_every_flipped_bit_is_noticed() -> None:
    state = person(1, Part((entry(1, "a", 1, [], "", 1.5),)))
    content = PageContent(states=[state], layouts=LAYOUTS)
    data = sign_page(pack_page(HEADER, content), KEY)

    for place in range(0, len(data) * 8, 3):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises((CodecError, CryptoError)):
            open_page(bytes(flipped), KEYS)


def test_a_page_that_runs_backwards_is_refused() -> None:
    header = replace(HEADER, after=50, to=50)

    with pytest.raises(CodecError):
        page_of(PageContent(), header)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_page_are_refused(data: bytes) -> None:
    with pytest.raises((CodecError, CryptoError)):
        open_page(data, KEYS)
