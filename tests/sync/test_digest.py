"""Digests: the same parts give the same, anything else another."""

from hypothesis import given
from hypothesis import strategies as st

from fieldkit.causality import Dot
from fieldkit.records.layout import Layout
from fieldkit.records.part import EMPTY, Entry, Part
from fieldkit.sync.digest import part_digest, total

LAYOUT = Layout("person", 1, ("name", "birth"))
LAYOUTS = {LAYOUT.id: LAYOUT}
RECORD = b"r" * 16


def entry(
    counter: int, live: tuple[int, ...] | None = None, position: int = 1
) -> Entry:
    return Entry(
        Dot(b"e" * 16, counter, b"t" * 8), b"p" * 8, "volunteer", 5, 1, None, position,
        LAYOUT.id, live, ("a", 2),
    )  # fmt: skip


def digest(*entries: Entry, record: bytes = RECORD, class_number: int = 0) -> int:
    return part_digest(record, class_number, Part(entries), LAYOUTS)


def test_the_digest_is_of_what_is_live_and_not_of_when_it_came() -> None:
    assert digest(entry(1, position=3)) == digest(entry(1, position=9))
    assert digest(entry(1), entry(2)) == digest(entry(2), entry(1))
    assert digest(entry(1)) != digest(entry(1, live=(0,)))


def test_all_live_is_one_thing_however_it_is_said() -> None:
    assert digest(entry(1)) == digest(entry(1, live=(0, 1)))


def test_the_digest_knows_whose_part_it_is() -> None:
    assert digest(entry(1)) != digest(entry(1), class_number=1)
    assert digest(entry(1)) != digest(entry(1), record=b"s" * 16)


def test_a_part_of_nothing_counts_nothing() -> None:
    assert part_digest(RECORD, 0, EMPTY, LAYOUTS) == 0
    assert total([]) == total([0]) == bytes(32)


@given(st.lists(st.integers(0, 2**256 - 1)), st.randoms())
def test_a_total_is_commutative(digests: list[int], random: object) -> None:
    shuffled = list(digests)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert total(shuffled) == total(digests)
