"""The world as the core sees it while it judges: what is stored, and what is new.

One batch touches thousands of records. They are looked up in bulk, changed here, and
written in bulk at the end of the transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fieldkit.causality import Dot
from fieldkit.records.part import EMPTY, Part, decode_part, encode_part
from sync_server.storage.contract import AreaSpan, PartRow, RecordRow, Storage


@dataclass(slots=True)
class World:
    """Records, areas and parts: read through, written back by ``flush``."""

    storage: Storage
    records: dict[bytes, RecordRow] = field(default_factory=dict)
    areas: dict[int, list[AreaSpan]] = field(default_factory=dict)
    touched: set[bytes] = field(default_factory=set)
    seen: set[Dot] = field(default_factory=set)
    """Dots that were live in a part looked at here: applied, and their tags fit."""
    _looked_up: set[bytes] = field(default_factory=set)
    _next_number: int = 0
    _births: list[RecordRow] = field(default_factory=list)
    _first_areas: list[AreaSpan] = field(default_factory=list)
    _parts: dict[int, PartRow] = field(default_factory=dict)
    _decoded: dict[int, Part] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._next_number = self.storage.record_count() + 1

    def look_up(self, record_ids: Iterable[bytes]) -> None:
        """Fetch records and the areas of their owners, all at once."""
        wanted = [one for one in set(record_ids) if one not in self._looked_up]
        if not wanted:
            return
        self._looked_up.update(wanted)
        found = self.storage.records(wanted)
        self.records.update(found)
        owners = {row.owner for row in found.values()} - self.areas.keys()
        if owners:
            self.areas.update({owner: [] for owner in owners})
            self.areas.update(self.storage.areas_of(sorted(owners)))

    def record(self, record_id: bytes) -> RecordRow | None:
        """Return a record, stored or born in this transaction."""
        row = self.records.get(record_id)
        if row is None and record_id not in self._looked_up:
            self.look_up([record_id])
            row = self.records.get(record_id)
        return row

    def bear(
        self, record_id: bytes, form_id: str, subject: bytes | None, owner: int | None
    ) -> RecordRow:
        """Return a new record's row; ``owner`` None means that it is its own."""
        number = self._next_number
        self._next_number = number + 1
        row = RecordRow(
            number, record_id, form_id, subject, number if owner is None else owner
        )
        self.records[record_id] = row
        self._births.append(row)
        self.touched.add(record_id)
        return row

    def settle(self, owner: int, areas: Sequence[str], position: int) -> None:
        """Put a new owner into its first areas."""
        spans = [AreaSpan(owner, area, position, None) for area in areas]
        self.areas[owner] = spans
        self._first_areas.extend(spans)

    def move(self, row: RecordRow, areas: Sequence[str], position: int) -> None:
        """Put an owner into just ``areas`` from ``position`` on, if it is not there."""
        spans = self.areas.get(row.owner, [])
        now = {span.area for span in spans if span.until is None}
        if now == set(areas):
            return
        self.flush()
        self.storage.set_areas(row.owner, sorted(areas), position)
        self.areas.update({row.owner: []})
        self.areas.update(self.storage.areas_of([row.owner]))
        self.touched.add(row.record_id)

    def fetch_parts(self, keys: Sequence[int]) -> None:
        """Fetch parts that will be asked for, all at once."""
        wanted = [
            key for key in keys if key not in self._decoded and key not in self._parts
        ]
        found = self.storage.parts(wanted) if wanted else {}
        for key in wanted:
            self._remember(key, decode_part(found[key].blob) if key in found else EMPTY)

    def part(self, key: int) -> Part:
        """Return a part's state; empty if it was never written."""
        if key not in self._decoded:
            if (row := self._parts.get(key)) is not None:
                self._remember(key, decode_part(row.blob))
            else:
                self.fetch_parts([key])
        return self._decoded[key]

    def put_blob(self, key: int, position: int, blob: bytes) -> None:
        """Write the first state of a new record's part."""
        self._parts[key] = PartRow(key, position, blob)

    def put_part(self, key: int, position: int, part: Part) -> None:
        """Write a part's state."""
        self._parts[key] = PartRow(key, position, encode_part(part))
        self._remember(key, part)

    def _remember(self, key: int, part: Part) -> None:
        self._decoded[key] = part
        self.seen.update(entry.dot for entry in part.entries)

    def flush(self) -> None:
        """Write what is new to the storage, in bulk."""
        if self._births:
            self.storage.add_records(self._births)
            self._births = []
        if self._first_areas:
            self.storage.add_areas(self._first_areas)
            self._first_areas = []
        if self._parts:
            self.storage.put_parts(list(self._parts.values()))
            self._parts = {}
