"""The parts of a page that are not ordinary: entries in columns, some only named.

    mixed  = [count, ids, forms, subjects, classes, positions, entries a part,
              marks a part, kinds, named, marks, [rows, …]]
    named  = [count, tags, dead places]
    marks  = [count, epochs, counters, tags, registers]
    rows   = [layout, count, order, heads, positions, live places, [column, …]]

``kinds`` says of each entry where it lies: 0 among the named, else in the rows with
that number. A named entry is one that the device holds; its tag and the places that
are no longer live make it what it is now. ``order`` undoes the sorting by author.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from fieldkit.causality import Dot
from fieldkit.errors import CodecError
from fieldkit.records.part import Entry, Part, encode_entry
from fieldkit.sync.columns import pack_column, unpack_column, unpack_numbers
from fieldkit.sync.page_groups import ROWS_MAX, Ids, Tables, pack_subjects
from fieldkit.sync.page_rows import (
    HEAD_FIELDS,
    AuthorFrames,
    Reader,
    by_author,
    pack_heads,
    pack_values,
    runs_of,
)
from fieldkit.sync.shape import are, are_whole, is_whole
from fieldkit.sync.states import Home, PartKey, PartState, is_class, state_of

_SHARED = 8
_POSITION, _LIVE = 8, 10


class Named(NamedTuple):
    """An entry that the device holds already: its tag, and what of it is dead."""

    tag: bytes
    dead: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Mixed:
    """One part of a page before what is only named was looked up."""

    home: Home
    position: int
    entries: tuple[Entry | Named, ...]
    replaced: Mapping[Dot, frozenset[str]]

    @property
    def is_short(self) -> bool:
        """Return whether an entry is only named."""
        return any(isinstance(entry, Named) for entry in self.entries)

    def settle(self, held: Part | None) -> PartState | None:
        """Return the part's whole state; None if something named is not held."""
        by_tag = {entry.dot.tag: entry for entry in held.entries} if held else {}
        entries: list[Entry] = []
        for entry in self.entries:
            if isinstance(entry, Entry):
                entries.append(entry)
            elif entry.tag in by_tag:
                entries.append(_as_named(by_tag[entry.tag], entry))
            else:
                return None
        return state_of(self.home, self.position, Part(tuple(entries), self.replaced))


def _as_named(entry: Entry, named: Named) -> Entry:
    dead = set(named.dead)
    if not dead:
        return entry._replace(live=None)
    live = tuple(place for place in range(len(entry.values)) if place not in dead)
    return entry._replace(live=live)


# --- Packing --------------------------------------------------------------------------


class _Rows:
    """Entries by layout, in columns at last, each known by where it was put."""

    def __init__(self) -> None:
        self.by_layout: dict[bytes, list[list[object]]] = {}
        self._numbers: dict[bytes, int] = {}

    def add(self, entry: Entry) -> int:
        """Put an entry behind the others of its layout; return the rows' number."""
        rows = self.by_layout.setdefault(entry.layout, [])
        rows.append(encode_entry(entry))
        return self._numbers.setdefault(entry.layout, len(self._numbers) + 1)


def pack_mixed(
    states: Sequence[PartState],
    known: Collection[PartKey],
    base: int,
    tables: Tables,
    frames: AuthorFrames,
) -> list[Any]:
    """Return parts of any kind; of ``known`` ones, entries up to ``base`` are named."""
    layouts, _, ids = tables
    parts = [state.part for state in states]
    rows, named, kinds = _Rows(), [], []
    for state, part in zip(states, parts, strict=True):
        holdable = base if state.key in known else 0
        for entry in part.entries:
            if is_held(entry, part, holdable):
                named.append(_name(entry))
                kinds.append(0)
            else:
                kinds.append(rows.add(entry))
    return [
        len(states),
        ids.pack([state.record_id for state in states]),
        pack_column([state.form_id for state in states]),
        pack_subjects(states, ids),
        pack_column([state.class_number for state in states]),
        pack_column([state.position for state in states]),
        pack_column([len(part.entries) for part in parts]),
        pack_column([len(part.replaced) for part in parts]),
        pack_column(kinds),
        _pack_named(named),
        _pack_marks(parts, tables),
        [
            _pack_rows(layouts.number(layout), found, tables, frames)
            for layout, found in rows.by_layout.items()
        ],
    ]


def is_held(entry: Entry, part: Part, base: int) -> bool:
    """Return whether whoever held ``part`` at ``base`` need only be told a tag."""
    if not 0 < entry.position <= base:
        return False
    return sum(other.dot.tag == entry.dot.tag for other in part.entries) == 1


def _name(entry: Entry) -> Named:
    if entry.live is None:
        return Named(entry.dot.tag, ())
    live = set(entry.live)
    places = range(len(entry.values))
    return Named(entry.dot.tag, tuple(place for place in places if place not in live))


def _pack_named(named: Sequence[Named]) -> list[Any]:
    return [
        len(named),
        pack_column([one.tag for one in named]),
        pack_column([list(one.dead) for one in named]),
    ]


def _pack_marks(parts: Sequence[Part], tables: Tables) -> list[Any]:
    marks = [mark for part in parts for mark in sorted(part.replaced.items())]
    return [
        len(marks),
        tables[1].pack([dot.epoch for dot, _ in marks]),
        pack_column([dot.counter for dot, _ in marks]),
        pack_column([dot.tag for dot, _ in marks]),
        pack_column([sorted(registers) for _, registers in marks]),
    ]


def _pack_rows(
    layout: int, rows: list[list[object]], tables: Tables, frames: AuthorFrames
) -> list[Any]:
    places = sorted(range(len(rows)), key=lambda place: by_author(rows[place]))
    order = sorted(range(len(rows)), key=places.__getitem__)
    columns = list(zip(*[rows[place] for place in places], strict=True))
    runs = runs_of(cast("Sequence[bytes]", columns[0]))
    return [
        layout,
        len(rows),
        pack_column(order),
        pack_heads(columns[:_SHARED], tables[1], runs, frames),
        pack_column(columns[_POSITION]),
        pack_column(columns[_LIVE]),
        pack_values(columns[HEAD_FIELDS:], runs, frames),
    ]


# --- Opening --------------------------------------------------------------------------


def read_mixed(
    wire: Any, reader: Reader, ids: Ids, layouts: Sequence[bytes]
) -> tuple[Mixed, ...]:
    """Return the parts, what is only named still to be looked up.

    Raises:
        CodecError: not what ``pack_mixed`` writes.
    """
    (
        count, records, forms, subjects, classes, positions, entry_counts, mark_counts,
        kinds, named, marks, rows,
    ) = wire  # fmt: skip
    _check_count(count)
    homes = map(
        Home,
        ids.records(records, count),
        _texts(forms, count),
        ids.subjects(subjects, count),
        _classes(classes, count),
    )
    entries_of = unpack_numbers(entry_counts, count)
    marks_of = unpack_numbers(mark_counts, count)
    entries = _read_entries(kinds, sum(entries_of), named, [
        _read_rows(one, reader, layouts) for one in rows
    ])  # fmt: skip
    found = _read_marks(marks, reader.names)
    return tuple([
        Mixed(
            home,
            position,
            tuple([next(entries) for _ in range(many)]),
            dict([next(found) for _ in range(replaced)]),
        )
        for home, position, many, replaced in zip(
            homes, unpack_numbers(positions, count), entries_of, marks_of, strict=True
        )
    ])  # fmt: skip


def _check_count(count: Any) -> None:
    if not is_whole(count) or count > ROWS_MAX:
        raise CodecError("codec.shape", what="page parts")


def _texts(column: Any, count: int) -> Sequence[str]:
    texts = unpack_column(column, count)
    if not are(str, texts):
        raise CodecError("codec.shape", what="page parts")
    return texts


def _classes(column: Any, count: int) -> Sequence[int]:
    numbers = unpack_column(column, count)
    if not all(map(is_class, numbers)):
        raise CodecError("codec.shape", what="page parts")
    return numbers


def _places(wire: Any) -> tuple[int, ...]:
    if type(wire) is not list or not are_whole(wire):
        raise CodecError("codec.shape", what="page entry")
    return tuple(wire)


def _read_entries(
    kinds: Any, count: int, named: Any, rows: list[Iterator[Entry]]
) -> Iterator[Entry | Named]:
    total, tags, dead = named
    _check_count(total)
    _check_count(count)
    names = map(
        Named, unpack_column(tags, total), map(_places, unpack_column(dead, total))
    )
    queues: list[Iterator[Entry | Named]] = [names, *rows]
    return iter([next(queues[kind]) for kind in unpack_numbers(kinds, count)])


def _read_marks(
    wire: Any, names: Sequence[bytes]
) -> Iterator[tuple[Dot, frozenset[str]]]:
    count, epochs, counters, tags, registers = wire
    _check_count(count)
    authors = (names[number] for number in unpack_numbers(epochs, count))
    dots = map(
        Dot, authors, unpack_numbers(counters, count), unpack_column(tags, count)
    )
    return zip(dots, map(frozenset, unpack_column(registers, count)), strict=True)


def _read_rows(wire: Any, reader: Reader, layouts: Sequence[bytes]) -> Iterator[Entry]:
    layout, count, order, heads, positions, lives, columns = wire
    _check_count(count)
    _check_count(layout)
    shared, runs = reader.heads(heads, count)
    epochs, counters, tags, *others = shared
    values = reader.values(columns, runs, count)
    found = zip(
        map(Dot, epochs, counters, tags),
        zip(*others, strict=True),
        unpack_numbers(positions, count),
        unpack_column(lives, count),
        zip(*values, strict=True) if values else [()] * count,
        strict=True,
    )
    entries = [_entry(layouts[layout], row) for row in found]
    return iter([entries[place] for place in unpack_numbers(order, count)])


def _entry(layout: bytes, row: tuple[Any, ...]) -> Entry:
    dot, (person, role, shown_at, roster, because), position, live, values = row
    places = None if live is None else _places(live)
    return Entry(
        dot, person, role, shown_at, roster, because, position, layout, places, values
    )
