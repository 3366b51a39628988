"""Reading: records as a person sees them, with the province's word and our own."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from fieldkit.causality import Dot
from fieldkit.codec import decode_packed
from fieldkit.errors import NotFoundError
from fieldkit.records.history import Event
from fieldkit.records.history import history as tell
from fieldkit.records.part import (
    PART_BYTES_MAX,
    Entry,
    Part,
    decode_entry,
)
from fieldkit.records.record import Mark, Record
from fieldkit.records.record import open_record as assemble
from fieldkit.store.drafts import Drafts
from fieldkit.store.log import ERASED, QUARANTINED, REVIEW, OwnWrite
from fieldkit.store.search import Found
from fieldkit.store.tables import RecordRow

_CHUNK: Final = 500


class Reading(Drafts):
    """Records, opened one by one or walked through."""

    def open_record(self, name: bytes | str) -> Record:
        """Return the record with that id, or whose id in hex begins so.

        It is ``join`` of what the province says and of our writes that it does not
        speak of yet; those are marked, and replace nothing while in review or
        quarantine.

        Raises:
            NotFoundError: there is none, or more than one.
        """
        row = self.find_record(name)
        opened = self._open([row])
        if not opened:
            raise NotFoundError("record.unknown", record=row.record_id.hex())
        return opened[0]

    def records(self, form_id: str | None = None) -> Iterator[Record]:
        """Yield every record here, or those of one form, in the order they came."""
        last = 0
        while rows := self._db.rows(
            "SELECT r.number, r.record_id, f.form_id, s.record_id FROM records r"
            " JOIN form_names f ON f.number = r.form"
            " LEFT JOIN records s ON s.number = r.subject"
            " WHERE r.number > ? AND (? IS NULL OR f.form_id = ?)"
            f" ORDER BY r.number LIMIT {_CHUNK}",
            [last, form_id, form_id],
        ):
            last = rows[-1][0]
            yield from self._open([RecordRow(*row) for row in rows])

    def records_of(self, subject: bytes) -> list[Found]:
        """Return the records that hang on ``subject``, in the order they came."""
        rows = self._db.rows(
            "SELECT r.record_id, f.form_id FROM records r"
            " JOIN records s ON s.number = r.subject"
            " JOIN form_names f ON f.number = r.form"
            f" WHERE s.record_id = ? AND {_IS_HERE} ORDER BY r.number",
            [subject],
        )
        return [Found(*row) for row in rows]

    def record_count(self, form_id: str | None = None) -> int:
        """Return how many records are here, or of one form."""
        count: int = self._db.value(
            "SELECT count(*) FROM records r JOIN form_names f ON f.number = r.form"
            f" WHERE (? IS NULL OR f.form_id = ?) AND {_IS_HERE}",
            [form_id, form_id],
        )
        return count

    def conflict_candidates(self) -> list[bytes]:
        """Return the records in which something may be contested; oldest first.

        Where a part has several entries, where a write of ours waits in review or
        quarantine, or where one meets other writes. ``merge.conflict`` decides.
        """
        rows = self._db.rows(
            "SELECT record_id FROM records WHERE number IN ("
            " SELECT key >> 3 FROM parts WHERE several > 0"
            " UNION SELECT record FROM writes"
            f" WHERE absorbed = 0 AND disposition <> {ERASED} GROUP BY record"
            f" HAVING count(*) > 1 OR max(disposition) IN ({REVIEW}, {QUARANTINED})"
            " OR EXISTS (SELECT 1 FROM parts WHERE key BETWEEN record * 8"
            " AND record * 8 + 7)) ORDER BY number"
        )
        return [row[0] for row in rows]

    def contested_count(self) -> int:
        """Return in how many records a register has more than one live value."""
        count: int = self._db.value(
            "SELECT count(DISTINCT key >> 3) FROM parts WHERE several > 1"
        )
        return count

    def reasons(self, name: bytes | str) -> dict[Dot, str]:
        """Return why writes of ours to the record are not plainly applied, by dot."""
        number = self.find_record(name).number
        found: dict[Dot, str] = {}
        for own in self._own_writes([number]):
            if own.disposition in {REVIEW, QUARANTINED}:
                reason = self._db.value(
                    "SELECT reason FROM writes WHERE leaf = ?", [own.leaf]
                )
                found |= {entry.dot: reason or "" for _, entry in own.entries}
        return found

    # --- Opening ---

    def _open(self, rows: Sequence[RecordRow]) -> list[Record]:
        """Return those of the records of which anything lies here."""
        parts, marks = self._shown(rows)
        found = []
        for row in rows:
            own = [part for _, part in parts.get(row.number, [])]
            if own:
                blank = Record(
                    id=row.record_id, form_id=row.form_id or "", subject=row.subject
                )
                found.append(assemble(blank, own, self._layouts, marks))
        return found

    def _shown(
        self, rows: Sequence[RecordRow]
    ) -> tuple[dict[int, list[tuple[int, Part]]], dict[Dot, Mark]]:
        """Return the parts of each record as they are shown, and the marks of dots."""
        numbers = [row.number for row in rows]
        parts = self._parts([number * 8 + c for number in numbers for c in range(8)])
        own = self._own_writes(numbers)
        self._join_own(parts, own)
        marks: dict[Dot, Mark] = {
            entry.dot: one.mark
            for one in own
            for _, entry in one.entries
            if one.mark != "applied"
        }
        by_record = groupby(sorted(parts), key=lambda key: key >> 3)
        return (
            {n: [(key, parts[key]) for key in keys] for n, keys in by_record},
            marks,
        )

    # --- History ---

    def history(self, name: bytes | str) -> tuple[Event, ...]:
        """Return who wrote what in the record, each after all that they had seen.

        Of others' values those that were ever held here; of our own, all that our log
        still keeps.

        Raises:
            NotFoundError: there is no such record, or more than one.
        """
        number = self.find_record(name).number
        own = self._own_writes([number], absorbed=True)
        entries: dict[tuple[int, Dot], Entry] = {}
        for key, entry in (*self._past(number), *_entries_of(own)):
            entries.setdefault((key, entry.dot), entry)
        replaced = {
            entry.dot: one.write.replaces for one in own for _, entry in one.entries
        }
        return tell(entries.values(), self._layouts, replaced)

    def _past(self, number: int) -> Iterator[tuple[int, Entry]]:
        """Yield each part's entries that are held, then those that were."""
        for key, part in self._parts([number * 8 + c for c in range(8)]).items():
            for entry in part.entries:
                yield key, entry
        rows = self._db.rows(
            "SELECT part, entry FROM history"
            " WHERE part BETWEEN ? AND ? ORDER BY number",
            [number * 8, number * 8 + 7],
        )
        for key, blob in rows:
            yield key, decode_entry(decode_packed(blob, bytes_max=PART_BYTES_MAX))


def _entries_of(own: Iterable[OwnWrite]) -> Iterator[tuple[int, Entry]]:
    for one in own:
        for key, (_, entry) in zip(one.keys, one.entries, strict=True):
            yield key, entry


_IS_HERE: Final = (
    "(EXISTS (SELECT 1 FROM parts p WHERE p.key BETWEEN r.number * 8"
    " AND r.number * 8 + 7 AND p.blob IS NOT NULL)"
    " OR EXISTS (SELECT 1 FROM writes w WHERE w.absorbed = 0"
    f" AND w.disposition <> {ERASED} AND w.record = r.number))"
)
