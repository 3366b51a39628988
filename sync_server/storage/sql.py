"""The storage contract on SQLite and PostgreSQL: the one implementation."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, cast

from sync_server.storage import tables
from sync_server.storage.contract import (
    AreaSpan,
    LoggedBatch,
    MailRow,
    ParkedRow,
    PartRow,
    RecordRow,
    VerdictRow,
)
from sync_server.storage.database import Database
from sync_server.storage.drivers import Row, rows_at_once
from sync_server.storage.spans import after_move

_HEAD: Final = "storage.head"
_MAIL: Final = "storage.mail"
_LAST: Final = "\U0010ffff"  # sorts behind every code that begins alike

_LOG: Final = (
    "SELECT position, epoch, first, size, hash, previous, data, received_at FROM log"
)
_VERDICTS: Final = (
    "SELECT position, epoch, batch_hash, place, size, disposition, reason FROM verdicts"
)
_RECORDS: Final = "SELECT number, record_id, form_id, subject, owner FROM records"
_AREAS: Final = "SELECT owner, area, since, until FROM areas"

# One walk along the positions, with one look at each part's record and areas. EXISTS,
# or until IS NULL, would let PostgreSQL without fresh statistics search all areas for
# each part, which costs minutes.
_CHANGED: Final = """
    SELECT parts.key, parts.position, parts.blob FROM parts
    WHERE {range} AND parts.key & 7 IN ({classes}) AND (
        SELECT count(*) FROM areas WHERE areas.owner = (
            SELECT owner FROM records WHERE records.number = parts.key >> 3
        ) AND coalesce(areas.until, -1) = -1 AND {within}
    ) > 0 ORDER BY parts.position, parts.key LIMIT ?
"""
_REST: Final = _CHANGED.replace("ORDER BY parts.position, parts.key LIMIT ?", "")


class SqlStorage:
    """A database of the province; see ``contract.py`` for what each method returns."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def transaction(self) -> AbstractContextManager[None]:
        """Begin the one write transaction; roll back on any error."""
        return self._db.transaction()

    def close(self) -> None:
        """Give every connection back."""
        self._db.close()

    # --- small facts ---
    def get(self, key: str) -> bytes | None:
        """Return a small fact."""
        found = self._db.value("SELECT value FROM facts WHERE name = ?", key)
        return cast("bytes | None", found)

    def put(self, key: str, value: bytes) -> None:
        """Keep a small fact."""
        self._db.put(tables.FACTS, [(key, value)])

    def facts(self, beginning: str) -> dict[str, bytes]:
        """Return the small facts whose names begin so, by name."""
        query = "SELECT name, value FROM facts WHERE substr(name, 1, ?) = ?"
        return {n: bytes(v) for n, v in self._db.rows(query, len(beginning), beginning)}

    def _number(self, key: str) -> int:
        return int.from_bytes(self.get(key) or b"", "big")

    def _put_number(self, key: str, number: int) -> None:
        self.put(key, number.to_bytes(8, "big"))

    # --- the log ---
    def head(self) -> int:
        """Return the highest position given; 0 for an empty log."""
        return self._number(_HEAD)

    def set_head(self, position: int) -> None:
        """Set the highest position given."""
        self._put_number(_HEAD, position)

    def append(self, batch: LoggedBatch) -> None:
        """Add a batch to the log."""
        self._db.add(tables.LOG, [batch])

    def batch(self, batch_hash: bytes) -> LoggedBatch | None:
        """Return a batch by its hash."""
        rows = self._db.rows(f"{_LOG} WHERE hash = ?", batch_hash)
        return LoggedBatch._make(rows[0]) if rows else None

    def overlapping(self, epoch: bytes, first: int, last: int) -> list[LoggedBatch]:
        """Return the batches of ``epoch`` with a counter in ``first``..``last``."""
        where = "WHERE epoch = ? AND first <= ? AND first + size > ? ORDER BY position"
        rows = self._db.rows(f"{_LOG} {where}", epoch, last, first)
        return list(map(LoggedBatch._make, rows))

    def batches(self, after: int = 0) -> Iterator[LoggedBatch]:
        """Yield the batches beyond a position, in order."""
        query = f"{_LOG} WHERE position > ? ORDER BY position LIMIT ?"
        while rows := self._db.rows(query, after, rows_at_once(tables.LOG)):
            yield from map(LoggedBatch._make, rows)
            after = rows[-1][0]

    # --- verdicts ---
    def add_verdicts(self, rows: Iterable[VerdictRow]) -> None:
        """Add runs of verdicts; a later position counts over an earlier one."""
        self._db.add(tables.VERDICTS, list(rows))

    def verdicts_of(self, batch_hash: bytes) -> list[VerdictRow]:
        """Return all runs said of a batch, oldest first."""
        where = "WHERE batch_hash = ? ORDER BY position, place"
        rows = self._db.rows(f"{_VERDICTS} {where}", batch_hash)
        return list(map(VerdictRow._make, rows))

    def verdicts_since(
        self, epochs: Sequence[bytes], after: int, to: int
    ) -> list[VerdictRow]:
        """Return runs of these authors with a position in ``(after, to]``, in order."""
        where = f"WHERE position <= {to:d} AND position + size > {after + 1:d}"
        rows = self._db.rows_among(f"{_VERDICTS} {where} AND epoch", set(epochs))
        return sorted(map(VerdictRow._make, rows))

    def park(self, rows: Iterable[ParkedRow]) -> None:
        """Keep changes that are not applied; one row a change hash (replaces)."""
        self._db.put(tables.PARKED, list(rows))

    def unpark(self, change_hash: bytes) -> None:
        """Forget that a change is parked."""
        self._db.run("DELETE FROM parked WHERE change_hash = ?", change_hash)

    def parked(
        self, waits_for: Sequence[bytes | None] | None = None
    ) -> list[ParkedRow]:
        """Return what waits for one of these records (None: the roster), or all.

        It comes in the order of the log.
        """
        query = (
            "SELECT coalesce(log.position, 0), parked.batch_hash, place, change_hash,"
            " disposition, reason, waits_for"
            " FROM parked LEFT JOIN log ON log.hash = parked.batch_hash"
        )
        if waits_for is None:
            found = self._db.rows(query)
        else:
            records = {one for one in waits_for if one is not None}
            found = self._db.rows_among(f"{query} WHERE waits_for", records)
            if None in waits_for:
                found += self._db.rows(f"{query} WHERE waits_for IS NULL")
        found.sort(key=lambda row: row[:4])
        return [
            ParkedRow(change_hash, batch_hash, place, *rest)
            for _, batch_hash, place, change_hash, *rest in found
        ]

    # --- records and parts ---
    def records(self, record_ids: Sequence[bytes]) -> dict[bytes, RecordRow]:
        """Return those of the records that are known, by id; any number at once."""
        rows = self._db.rows_among(f"{_RECORDS} WHERE record_id", record_ids)
        return {row[1]: RecordRow._make(row) for row in rows}

    def records_by_number(self, numbers: Sequence[int]) -> dict[int, RecordRow]:
        """Return records by their number here; any number at once."""
        rows = self._db.rows_among(f"{_RECORDS} WHERE number", numbers)
        return {row[0]: RecordRow._make(row) for row in rows}

    def record_count(self) -> int:
        """Return the highest record number given; 0 for none."""
        return cast(
            "int", self._db.value("SELECT coalesce(max(number), 0) FROM records")
        )

    def add_records(self, rows: Sequence[RecordRow]) -> None:
        """Add records, in bulk."""
        self._db.add(tables.RECORDS, rows)

    def parts(self, keys: Sequence[int]) -> dict[int, PartRow]:
        """Return those of the parts that exist, by key; any number at once."""
        sql = "SELECT key, position, blob FROM parts WHERE key"
        rows = self._db.rows_among(sql, keys)
        return {row[0]: PartRow._make(row) for row in rows}

    def put_parts(self, rows: Sequence[PartRow]) -> None:
        """Write parts, in bulk; a key that exists is replaced."""
        self._db.put(tables.PARTS, rows)

    def changed_parts(
        self,
        after: int,
        to: int,
        areas: Sequence[str],
        classes: Sequence[int],
        count_max: int,
    ) -> list[PartRow]:
        """Return parts with a position in ``(after, to]``, ordered by (position, key).

        Parts of one position are never torn apart, even beyond ``count_max``.
        """
        if not areas or not classes:
            return []
        within, bounds = _within(areas)
        numbers = ", ".join(f"{number:d}" for number in classes)
        page = _CHANGED.format(
            range="parts.position > ? AND parts.position <= ?",
            classes=numbers,
            within=within,
        )
        rows = self._db.rows(page, after, to, *bounds, count_max + 1)
        if len(rows) > count_max:
            key, position, _ = rows.pop()
            if rows and rows[-1][1] == position:
                rest = _REST.format(
                    range="parts.position = ? AND parts.key >= ?",
                    classes=numbers,
                    within=within,
                )
                rows += sorted(self._db.rows(rest, position, key, *bounds))
        return list(map(PartRow._make, rows))

    def parts_of_owners(
        self, owners: Sequence[int], classes: Sequence[int]
    ) -> list[PartRow]:
        """Return all parts of all records of these owners, ordered by key."""
        numbers = self._db.rows_among("SELECT number FROM records WHERE owner", owners)
        keys = [n * 8 + one for (n,) in sorted(set(numbers)) for one in classes]
        return sorted(self.parts(keys).values())

    # --- areas ---
    def areas_of(self, owners: Sequence[int]) -> dict[int, list[AreaSpan]]:
        """Return every span of these owners, past ones too."""
        found: dict[int, list[AreaSpan]] = {}
        for row in self._db.rows_among(f"{_AREAS} WHERE owner", owners):
            found.setdefault(row[0], []).append(AreaSpan._make(row))
        for spans in found.values():
            spans.sort(key=lambda span: (span.since, span.area))
        return found

    def set_areas(self, owner: int, areas: Sequence[str], position: int) -> None:
        """Say that from ``position`` on the owner is in just these areas."""
        spans = after_move(
            owner, self.areas_of([owner]).get(owner, []), areas, position
        )
        self._db.run("DELETE FROM areas WHERE owner = ?", owner)
        self.add_areas(spans)

    def add_areas(self, spans: Sequence[AreaSpan]) -> None:
        """Add first spans of new owners, in bulk."""
        born: dict[int, int] = {}
        for owner, _, since, _ in spans:
            if since < born.setdefault(owner, since):
                born[owner] = since
        rows = [(owner, *rest, born[owner]) for owner, *rest in spans]
        self._db.add(tables.AREAS, cast("list[Row]", rows))

    def moved_owners(self, after: int, to: int) -> list[AreaSpan]:
        """Return spans that began or ended in ``(after, to]`` of older owners."""
        begun = f"{_AREAS} WHERE since > born AND since > ? AND since <= ?"
        ended = f"{_AREAS} WHERE until > ? AND until <= ?"
        order = "ORDER BY owner, since, area"
        rows = self._db.rows(f"{begun} UNION {ended} {order}", after, to, after, to)
        return list(map(AreaSpan._make, rows))

    def owners_in(self, areas: Sequence[str]) -> list[int]:
        """Return owners now in an area that begins with one of these."""
        if not areas:
            return []
        within, bounds = _within(areas)
        query = f"SELECT DISTINCT owner FROM areas WHERE until IS NULL AND {within}"  # noqa: S608
        return [owner for (owner,) in sorted(self._db.rows(query, *bounds))]

    # --- unverified and travelling bytes ---
    def keep_envelope(
        self, envelope_id: bytes, envelope: bytes, received: int, total: int
    ) -> None:
        """Keep an envelope, or what has come of it so far."""
        known = "SELECT number FROM envelopes WHERE envelope_id = ?"
        number = self._db.value(known, envelope_id) or self._next("envelopes")
        row = (envelope_id, number, received, total, envelope)
        self._db.put(tables.ENVELOPES, [row])

    def _next(self, table: str) -> object:
        return self._db.value(f"SELECT coalesce(max(number), 0) + 1 FROM {table}")  # noqa: S608

    def envelope(self, envelope_id: bytes) -> tuple[bytes, int] | None:
        """Return what has come of an envelope, and its whole size."""
        query = "SELECT data, total FROM envelopes WHERE envelope_id = ?"
        rows = self._db.rows(query, envelope_id)
        return cast("tuple[bytes, int]", rows[0]) if rows else None

    def drop_envelope(self, envelope_id: bytes) -> None:
        """Forget an envelope that the core has taken."""
        self._db.run("DELETE FROM envelopes WHERE envelope_id = ?", envelope_id)

    def envelopes(self, count_max: int) -> list[tuple[bytes, bytes]]:
        """Return whole envelopes that wait for the core: (id, bytes), oldest first."""
        query = (
            "SELECT envelope_id, data FROM envelopes WHERE received >= total"
            " ORDER BY number LIMIT ?"
        )
        return cast("list[tuple[bytes, bytes]]", self._db.rows(query, count_max))

    def hold(self, epoch: bytes, batch_hash: bytes, data: bytes) -> None:
        """Keep a batch whose author nobody has certified yet."""
        known = "SELECT 1 FROM held WHERE batch_hash = ?"
        if not self._db.rows(known, batch_hash):
            self._db.add(tables.HELD, [(batch_hash, self._next("held"), epoch, data)])

    def held(self, epoch: bytes) -> list[tuple[bytes, bytes]]:
        """Return batches kept for an author: (batch hash, data), oldest first."""
        query = "SELECT batch_hash, data FROM held WHERE epoch = ? ORDER BY number"
        return cast("list[tuple[bytes, bytes]]", self._db.rows(query, epoch))

    def release(self, batch_hash: bytes) -> None:
        """Forget a held batch: it is in the log now."""
        self._db.run("DELETE FROM held WHERE batch_hash = ?", batch_hash)

    def post(self, key_id: bytes, envelope: bytes) -> None:
        """Leave an envelope in a mailbox."""
        number = self._number(_MAIL) + 1  # never given twice, even if all was dropped
        self._put_number(_MAIL, number)
        self._db.add(tables.MAIL, [(number, key_id, envelope)])

    def mail(self, key_id: bytes, after: int = 0) -> list[MailRow]:
        """Return the envelopes of a mailbox beyond a number, oldest first."""
        query = (
            "SELECT number, key_id, envelope FROM mail"
            " WHERE key_id = ? AND number > ? ORDER BY number"
        )
        return list(map(MailRow._make, self._db.rows(query, key_id, after)))

    def drop_mail(self, key_id: bytes, upto: int) -> None:
        """Forget the envelopes of a mailbox up to a number."""
        self._db.run("DELETE FROM mail WHERE key_id = ? AND number <= ?", key_id, upto)

    # --- backup ---
    def dump(self) -> Iterator[tuple[str, list[Sequence[object]]]]:
        """Yield every table as (name, some of its rows), from one snapshot."""
        for name, rows in self._db.snapshot(list(tables.METADATA.tables.values())):
            yield name, list(rows)

    def load(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows that ``dump`` gave, to an empty database."""
        self._db.add(tables.METADATA.tables[table], [tuple(row) for row in rows])


def _within(areas: Sequence[str]) -> tuple[str, list[str]]:
    """Return a condition for areas that begin with one of ``areas``, and its values."""
    one = "(areas.area >= ? AND areas.area < ?)"
    bounds = [bound for area in areas for bound in (area, area + _LAST)]
    return f"({' OR '.join([one] * len(areas))})", bounds
