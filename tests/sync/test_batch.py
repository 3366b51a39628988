"""The batch: what was saved comes out of it byte for byte, or it is refused."""

from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.causality import Stamp
from fieldkit.errors import CodecError, FieldKitError
from fieldkit.records.change import Change, Write, change_bytes, identify, seed_index
from fieldkit.records.layout import Layout
from fieldkit.sync.batch import (
    FIRST_PREVIOUS,
    Batch,
    BatchHeader,
    cut,
    open_batch,
    read_batch,
    read_header,
    to_wire,
)
from tests.strategies import changes

SIGNATURE = bytes(64)
SEEDS = {index: bytes([index]) * 32 for index in range(4)}
EPOCH = b"e" * 16


def numbered(drawn: Sequence[Change], first: int) -> list[Change]:
    """Return the drawn changes as saves of one epoch that follow each other."""
    counters = count(first)
    return [
        Change(one.stamp._replace(epoch=EPOCH, counter=next(counters)), one.writes)
        for one in drawn
    ]


def known_layouts(saves: Sequence[Change]) -> dict[bytes, Layout]:
    """Return a layout of the right width for each that the changes name."""
    return {
        write.layout: Layout("f", 1, tuple(f"q{n}" for n in range(len(write.values))))
        for save in saves
        for write in save.writes
    }


def renamed(saves: Sequence[Change]) -> tuple[list[Change], dict[bytes, Layout]]:
    """Return the changes with layouts that really have the ids they name."""
    layouts = known_layouts(saves)
    ids = {old: layout.id for old, layout in layouts.items()}
    return [
        Change(save.stamp, tuple(w._replace(layout=ids[w.layout]) for w in save.writes))
        for save in saves
    ], {layout.id: layout for layout in layouts.values()}


def batch_of(saves: Sequence[Change], layouts: dict[bytes, Layout]) -> Batch:
    """Return a batch of changes that follow each other."""
    first = saves[0].stamp.counter
    header = BatchHeader(
        province=b"p" * 16,
        epoch=EPOCH,
        first=first,
        count=len(saves),
        previous=FIRST_PREVIOUS,
        roster=7,
    )
    hashes = [identify(s, SEEDS[seed_index(s.stamp.counter)]).hash for s in saves]
    return cut(header, saves, hashes, layouts, SEEDS)


@given(st.lists(changes, min_size=1, max_size=6), st.sampled_from([1, 4_094]))
def test_opening_a_batch_gives_the_changes_and_the_hash_that_were_cut(
    drawn: list[Change], first: int
) -> None:
    saves, layouts = renamed(numbered(drawn, first))
    batch = batch_of(saves, layouts)

    opened = open_batch(read_batch(to_wire(batch, SIGNATURE)))

    assert list(map(change_bytes, opened.changes)) == list(map(change_bytes, saves))
    assert opened.hash == batch.hash
    assert opened.layouts.keys() == {w.layout for s in saves for w in s.writes}


@given(st.lists(changes, min_size=1, max_size=3), st.data())
def test_a_damaged_batch_is_refused_or_has_another_hash(
    drawn: list[Change], data: st.DataObject
) -> None:
    saves, layouts = renamed(numbered(drawn, 1))
    batch = batch_of(saves, layouts)
    wire = bytearray(to_wire(batch, SIGNATURE))
    place = data.draw(st.integers(0, len(wire) - 1))
    wire[place] ^= 1 << data.draw(st.integers(0, 7))

    try:
        pieces = read_batch(bytes(wire))
        opened = open_batch(pieces)
    except FieldKitError:
        return
    same_bytes = [*map(change_bytes, opened.changes)] == [*map(change_bytes, saves)]
    assert opened.hash != batch.hash or same_bytes


def test_a_batch_without_the_seeds_of_its_counters_is_refused(save: Change) -> None:
    saves, layouts = renamed(numbered([save] * 2, 4_096))
    batch = batch_of(saves, layouts)
    without = batch_of(saves[:1], layouts)

    with pytest.raises(CodecError):
        open_batch(read_batch(to_wire(batch._replace(body=without.body), SIGNATURE)))


def test_a_header_of_a_later_version_is_refused(save: Change) -> None:
    saves, layouts = renamed(numbered([save], 1))
    header = bytearray(batch_of(saves, layouts).header)
    header[1] = 2

    with pytest.raises(CodecError):
        read_header(bytes(header))


@pytest.fixture
def save() -> Change:
    """Return one save of one new record."""
    layout = Layout("f", 1, ("q0",))
    stamp = Stamp(EPOCH, 1, b"person01", "volunteer", 1, 1_700_000_000_000)
    return Change(stamp, (Write(layout.id, None, (), ("ค่า",)),))
