"""The part: what of one record lies in one sensitivity class, stored and sent as one.

A part is two sets that only grow, seen through what they leave over: *entries*, one
for each leaf of which something is still live, and *replaced*, the dots that applied
writes have replaced, register by register. ``merge.merge.join`` unites two parts.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple, cast

from fieldkit.causality import Dot
from fieldkit.codec import decode, encode_unchecked
from fieldkit.errors import CodecError
from fieldkit.records.layout import (
    CLASSES,
    SUBJECT,
    Layout,
    registers,
    repeats_above,
)

PART_BYTES_MAX: Final = 4 << 20
_ONE_ENTRY: Final = b"\x82\x81"
_NO_MARKS: Final = b"\x80"


class Entry(NamedTuple):
    """What is still live of one leaf in one part.

    Attributes:
        dot: the leaf's name.
        person: who wrote it, by their id in the roster.
        role: the role they wrote it in.
        shown_at: hybrid time (ms since 1970), for display order only.
        roster: the roster version their form was opened under.
        because: the reason they gave, if any.
        position: where the province's log applied it; 0 while it is only local.
        layout: the id of the layout of this class's paths.
        live: which values are live, by place; None for all.
        values: settled values, in the order of the layout's paths.
    """

    dot: Dot
    person: bytes
    role: str
    shown_at: int
    roster: int
    because: str | None
    position: int
    layout: bytes
    live: tuple[int, ...] | None
    values: tuple[object, ...]


class Part(NamedTuple):
    """The live entries of one record in one class, and what has been replaced."""

    entries: tuple[Entry, ...] = ()
    replaced: Mapping[Dot, frozenset[str]] = {}


EMPTY: Final = Part()


def live_places(entry: Entry, layout: Layout) -> tuple[tuple[int, str], ...]:
    """Return (place, register) of each live value of ``entry``."""
    found = enumerate(registers(layout, entry.values))
    if entry.live is None:
        return tuple((place, name) for place, name in found if name is not None)
    kept = set(entry.live)
    return tuple(
        (place, name) for place, name in found if name is not None and place in kept
    )


# --- Cutting a write into its classes -------------------------------------------------


class Cut(NamedTuple):
    """How one class takes its values out of a whole write."""

    class_number: int
    layout: Layout
    layout_id: bytes
    pick: Callable[[Sequence[object]], tuple[object, ...]]


def cuts(layout: Layout, classes: Sequence[int | None]) -> tuple[Cut, ...]:
    """Return how each class present takes its values out of a write of ``layout``.

    Args:
        layout: the whole write's layout.
        classes: the class number of each path; None for the instances of a repeat,
            which go wherever a value of that repeat goes. ``_subject`` is left out: it
            belongs to the record itself.
    """
    return _cuts(layout, tuple(classes))


@lru_cache(maxsize=4_096)
def _cuts(layout: Layout, classes: tuple[int | None, ...]) -> tuple[Cut, ...]:
    present = sorted({number for number in classes if number is not None})
    return tuple(_cut(layout, classes, number) for number in present)


def _cut(layout: Layout, classes: tuple[int | None, ...], number: int) -> Cut:
    own = [
        place
        for place, path in enumerate(layout.paths)
        if classes[place] == number and path != SUBJECT
    ]
    needed = {
        repeat
        for place in own
        for repeat in repeats_above(layout.paths[place])
    }  # fmt: skip
    places = sorted([*own, *(layout.paths.index(repeat) for repeat in needed)])
    paths = tuple(layout.paths[place] for place in places)
    small = Layout(layout.form_id, layout.version, paths)
    return Cut(number, small, small.id, _picker(tuple(places)))


def _picker(
    places: tuple[int, ...],
) -> Callable[[Sequence[object]], tuple[object, ...]]:
    if not places:
        return lambda _values: ()
    if len(places) == 1:
        only = places[0]
        return lambda values: (values[only],)
    return cast("Callable[[Sequence[object]], tuple[object, ...]]", itemgetter(*places))


# --- Bytes ----------------------------------------------------------------------------


def encode_part(part: Part) -> bytes:
    """Return the part as one blob.

    It is ``[[entry, …], [[epoch, counter, tag, [name, …]], …]]``.
    """
    return encode_unchecked(
        [
            [encode_entry(entry) for entry in part.entries],
            [[*dot, sorted(names)] for dot, names in sorted(part.replaced.items())],
        ]
    )


def encode_part_of_one(flat: list[object]) -> bytes:
    """Return the blob of a part of one flat entry, with nothing replaced.

    The outer lists are put around it as bytes: the ordinary case is the hot one.
    """
    return _ONE_ENTRY + encode_unchecked(flat) + _NO_MARKS


def encode_entry(entry: Entry) -> list[object]:
    """Return the entry as a flat list, its dot first and its values last."""
    dot, person, role, shown_at, roster, because, position, layout, live, values = entry
    places = None if live is None else list(live)
    return [
        *dot,
        person,
        role,
        shown_at,
        roster,
        because,
        position,
        layout,
        places,
        *values,
    ]


def decode_part(blob: bytes) -> Part:
    """Return the part of its blob; the inverse of ``encode_part``.

    Raises:
        CodecError: not a part's bytes.
    """
    match decode(blob, bytes_max=PART_BYTES_MAX):
        case [[*entries], [*marks]]:
            return Part(
                tuple(map(decode_entry, entries)), dict(map(_decode_mark, marks))
            )
    raise CodecError("codec.shape", what="part")


def decode_entry(flat: object) -> Entry:
    """Return the entry of its flat list; the inverse of ``encode_entry``."""
    match flat:
        case [
            bytes() as epoch, int(counter), bytes() as tag,
            bytes() as person, str(role), int(shown_at),
            int(roster), (str() | None) as because, int(position), bytes() as layout,
            (list() | None) as live, *values,
        ]:  # fmt: skip
            return Entry(
                Dot(epoch, counter, tag), person, role, shown_at, roster, because,
                position, layout, None if live is None else tuple(live), tuple(values),
            )  # fmt: skip
    raise CodecError("codec.shape", what="entry")


def _decode_mark(flat: object) -> tuple[Dot, frozenset[str]]:
    match flat:
        case [bytes() as epoch, int(counter), bytes() as tag, [*names]]:
            return Dot(epoch, counter, tag), frozenset(cast("list[str]", names))
    raise CodecError("codec.shape", what="mark")


def part_key(record: int, class_number: int) -> int:
    """Return the row number of a part: a store's record number × 8 + class."""
    return record * len(_CLASS_SPAN) + class_number


_CLASS_SPAN: Final = range(8)
assert len(CLASSES) <= len(_CLASS_SPAN)
