"""Agreement: digests of what is held here, to be compared with the province's."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from fieldkit.codec import decode_packed
from fieldkit.records.layout import CLASSES
from fieldkit.records.part import PART_BYTES_MAX, Part, decode_entry, live_places
from fieldkit.store.reading import Reading
from fieldkit.sync.digest import part_digest, total

_CHUNK: Final = 2_000


class _Held(NamedTuple):
    """One part that is held, with what says where its record belongs."""

    record_id: bytes
    number: int
    owner: int
    form_id: str
    class_number: int
    part: Part


class Agreement(Reading):
    """Digests over the province's parts; our own writes are left out."""

    def digest(self, area: str | None = None, class_number: int | None = None) -> bytes:
        """Return the digest (see ``sync.digest``) of the province's parts held here.

        Args:
            area: only records of which an area begins so; None for all.
            class_number: only parts of one class; None for all.
        """
        inside = None if area is None else self._owners_in(area)
        return total(
            self._digest_of(held)
            for held in self._walk()
            if (inside is None or held.owner in inside)
            and class_number in {None, held.class_number}
        )

    def part_digests(self, first: bytes, last: bytes) -> Mapping[bytes, bytes]:
        """Return the digest of each record whose id lies in ``first`` … ``last``."""
        found: dict[bytes, list[int]] = defaultdict(list)
        for held in self._walk_between(first, last):
            found[held.record_id].append(self._digest_of(held))
        return {record_id: total(digests) for record_id, digests in found.items()}

    def _digest_of(self, held: _Held) -> int:
        return part_digest(held.record_id, held.class_number, held.part, self._layouts)

    def _owners_in(self, area: str) -> set[int]:
        """Return the records that live in ``area``; a contested one in each of its."""
        return {
            held.number
            for held in self._walk()
            if (path := self._facts.area_path(held.form_id)) is not None
            and any(str(value).startswith(area) for value in self._said(held, path))
        }

    def _said(self, held: _Held, register: str) -> Iterator[object]:
        for entry in held.part.entries:
            for place, name in live_places(entry, self._layouts[entry.layout]):
                if name == register:
                    yield entry.values[place]

    def _walk(self) -> Iterator[_Held]:
        """Yield every part held, in the order in which they lie."""
        last = -1
        while rows := self._db.rows(
            f"{_SELECT} AND p.key > ? ORDER BY p.key LIMIT {_CHUNK}", [last]
        ):
            last = rows[-1][0]
            yield from map(_held, rows)

    def _walk_between(self, first: bytes, last: bytes) -> Iterator[_Held]:
        """Yield the parts of the records in a range, without a look at the others."""
        numbers = self._db.rows(
            "SELECT number FROM records WHERE record_id BETWEEN ? AND ?", [first, last]
        )
        keys = [row[0] * 8 + c for row in numbers for c in range(len(CLASSES))]
        for start in range(0, len(keys), _CHUNK):
            some = keys[start : start + _CHUNK]
            yield from map(
                _held, self._db.pick(f"{_SELECT} AND p.key IN ({{keys}})", some)
            )


_SELECT: Final = (
    "SELECT p.key, p.blob, r.record_id, coalesce(r.subject, r.number), f.form_id"
    " FROM parts p JOIN records r ON r.number = p.key >> 3"
    " JOIN form_names f ON f.number = r.form WHERE p.blob IS NOT NULL"
)


def _held(row: Any) -> _Held:
    key, blob, record_id, owner, form_id = row
    # Read back as it was checked when it was put here.
    entries, _ = decode_packed(blob, bytes_max=PART_BYTES_MAX)
    part = Part(tuple(map(decode_entry, entries)))
    return _Held(record_id, key >> 3, owner, form_id, key & 7, part)
