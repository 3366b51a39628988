"""The server's storage in plain dicts: what the simulator runs thousands of seeds on.

Values are never changed in place, so that a transaction is undone by putting the old
ones back.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, TypeVar

from sync_server.storage.contract import (
    AreaSpan,
    LoggedBatch,
    MailRow,
    ParkedRow,
    PartRow,
    RecordRow,
    VerdictRow,
)
from sync_server.storage.spans import after_move, is_move

K = TypeVar("K")
V = TypeVar("V")
_ABSENT: Final = object()
_HEAD: Final = "storage.head"
_MAIL: Final = "storage.mail"


class _Envelope(NamedTuple):
    envelope_id: bytes
    number: int
    received: int
    total: int
    data: bytes


class _Held(NamedTuple):
    batch_hash: bytes
    number: int
    epoch: bytes
    data: bytes


class MemoryStorage:
    """The storage contract on dicts, for one thread."""

    def __init__(self) -> None:
        self._facts: dict[str, bytes] = {}
        self._log: dict[int, LoggedBatch] = {}
        self._positions: dict[bytes, int] = {}
        self._of_epoch: dict[bytes, tuple[LoggedBatch, ...]] = {}
        self._verdicts: dict[bytes, tuple[VerdictRow, ...]] = {}
        self._parked: dict[bytes, ParkedRow] = {}
        self._records: dict[int, RecordRow] = {}
        self._numbers: dict[bytes, int] = {}
        self._owned: dict[int, tuple[int, ...]] = {}
        self._parts: dict[int, PartRow] = {}
        self._areas: dict[int, tuple[AreaSpan, ...]] = {}
        self._envelopes: dict[bytes, _Envelope] = {}
        self._held: dict[bytes, _Held] = {}
        self._mail: dict[int, MailRow] = {}
        self._undo: list[tuple[dict[Any, Any], Any, Any]] | None = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        assert self._undo is None, "one write transaction at a time"
        self._undo = []
        try:
            yield
        except BaseException:
            for table, key, old in reversed(self._undo):
                if old is _ABSENT:
                    table.pop(key, None)
                else:
                    table[key] = old
            raise
        finally:
            self._undo = None

    def close(self) -> None:
        assert self._undo is None, "closed inside a transaction"

    def _set(self, table: dict[K, V], key: K, value: V) -> None:
        assert self._undo is not None, "every write happens inside a transaction"
        self._undo.append((table, key, table.get(key, _ABSENT)))
        table[key] = value

    def _drop(self, table: dict[K, V], key: K) -> None:
        assert self._undo is not None, "every write happens inside a transaction"
        if key in table:
            self._undo.append((table, key, table.pop(key)))

    # --- small facts ---
    def get(self, key: str) -> bytes | None:
        return self._facts.get(key)

    def put(self, key: str, value: bytes) -> None:
        self._set(self._facts, key, value)

    def facts(self, beginning: str) -> dict[str, bytes]:
        return {n: v for n, v in self._facts.items() if n.startswith(beginning)}

    def _number(self, key: str) -> int:
        return int.from_bytes(self._facts.get(key, b""), "big")

    # --- the log ---
    def head(self) -> int:
        return self._number(_HEAD)

    def set_head(self, position: int) -> None:
        self.put(_HEAD, position.to_bytes(8, "big"))

    def append(self, batch: LoggedBatch) -> None:
        assert batch.position not in self._log, "a position is given once"
        assert batch.hash not in self._positions, "a batch is logged once"
        known = self._of_epoch.get(batch.epoch, ())
        self._set(self._log, batch.position, batch)
        self._set(self._positions, batch.hash, batch.position)
        self._set(self._of_epoch, batch.epoch, (*known, batch))

    def batch(self, batch_hash: bytes) -> LoggedBatch | None:
        position = self._positions.get(batch_hash)
        return None if position is None else self._log[position]

    def overlapping(self, epoch: bytes, first: int, last: int) -> list[LoggedBatch]:
        return sorted(
            batch
            for batch in self._of_epoch.get(epoch, ())
            if batch.first <= last and batch.first + batch.size > first
        )

    def batches(self, after: int = 0) -> Iterator[LoggedBatch]:
        yield from (self._log[key] for key in sorted(self._log) if key > after)

    # --- verdicts ---
    def add_verdicts(self, rows: Iterable[VerdictRow]) -> None:
        for row in rows:
            known = self._verdicts.get(row.batch_hash, ())
            self._set(self._verdicts, row.batch_hash, (*known, row))

    def verdicts_of(self, batch_hash: bytes) -> list[VerdictRow]:
        return sorted(self._verdicts.get(batch_hash, ()))

    def verdicts_since(
        self, epochs: Sequence[bytes], after: int, to: int
    ) -> list[VerdictRow]:
        wanted = set(epochs)
        return sorted(
            row
            for rows in self._verdicts.values()
            if rows[0].epoch in wanted
            for row in rows
            if row.position <= to and row.position + row.size > after + 1
        )

    def park(self, rows: Iterable[ParkedRow]) -> None:
        for row in rows:
            self._set(self._parked, row.change_hash, row)

    def unpark(self, change_hash: bytes) -> None:
        self._drop(self._parked, change_hash)

    def parked(
        self, waits_for: Sequence[bytes | None] | None = None
    ) -> list[ParkedRow]:
        found: Iterable[ParkedRow] = self._parked.values()
        if waits_for is not None:
            wanted = set(waits_for)
            found = (row for row in found if row.waits_for in wanted)
        return sorted(found, key=self._place_in_log)

    def _place_in_log(self, row: ParkedRow) -> tuple[int, bytes, int, bytes]:
        position = self._positions.get(row.batch_hash, 0)
        return position, row.batch_hash, row.offset, row.change_hash

    # --- records and parts ---
    def records(self, record_ids: Sequence[bytes]) -> dict[bytes, RecordRow]:
        numbers = self._numbers
        return {
            one: self._records[numbers[one]] for one in record_ids if one in numbers
        }

    def records_by_number(self, numbers: Sequence[int]) -> dict[int, RecordRow]:
        known = self._records
        return {number: known[number] for number in numbers if number in known}

    def record_count(self) -> int:
        return max(self._records, default=0)

    def add_records(self, rows: Sequence[RecordRow]) -> None:
        for row in rows:
            assert row.number not in self._records, "a number is given once"
            assert row.record_id not in self._numbers, "a record is added once"
            self._set(self._records, row.number, row)
            self._set(self._numbers, row.record_id, row.number)
            owned = self._owned.get(row.owner, ())
            self._set(self._owned, row.owner, (*owned, row.number))

    def parts(self, keys: Sequence[int]) -> dict[int, PartRow]:
        known = self._parts
        return {key: known[key] for key in keys if key in known}

    def put_parts(self, rows: Sequence[PartRow]) -> None:
        for row in rows:
            self._set(self._parts, row.key, row)

    def changed_parts(
        self,
        after: int,
        to: int,
        areas: Sequence[str],
        classes: Sequence[int],
        count_max: int,
    ) -> list[PartRow]:
        owners = set(self.owners_in(areas))
        wanted = set(classes)
        found = [
            row
            for row in self._parts.values()
            if after < row.position <= to
            and row.key % 8 in wanted
            and (record := self._records.get(row.key >> 3))
            and record.owner in owners
        ]
        found.sort(key=lambda row: (row.position, row.key))
        end = min(count_max, len(found))
        while 0 < end < len(found) and found[end].position == found[end - 1].position:
            end += 1
        return found[:end]

    def parts_of_owners(
        self, owners: Sequence[int], classes: Sequence[int]
    ) -> list[PartRow]:
        keys = {
            number * 8 + class_number
            for owner in owners
            for number in self._owned.get(owner, ())
            for class_number in classes
        }
        return [self._parts[key] for key in sorted(keys) if key in self._parts]

    # --- areas ---
    def areas_of(self, owners: Sequence[int]) -> dict[int, list[AreaSpan]]:
        known = self._areas
        return {owner: list(known[owner]) for owner in owners if known.get(owner)}

    def set_areas(self, owner: int, areas: Sequence[str], position: int) -> None:
        spans = after_move(owner, self._areas.get(owner, ()), areas, position)
        self._set(self._areas, owner, tuple(spans))

    def add_areas(self, spans: Sequence[AreaSpan]) -> None:
        for span in spans:
            known = (*self._areas.get(span.owner, ()), span)
            self._set(self._areas, span.owner, _in_order(known))

    def moved_owners(self, after: int, to: int) -> list[AreaSpan]:
        return sorted(
            (
                span
                for spans in self._areas.values()
                for span in spans
                if is_move(span, spans[0].since, after, to)
            ),
            key=_by_owner,
        )

    def owners_in(self, areas: Sequence[str]) -> list[int]:
        prefixes = tuple(areas)
        return sorted(
            owner
            for owner, spans in self._areas.items()
            if any(s.until is None and s.area.startswith(prefixes) for s in spans)
        )

    # --- unverified and travelling bytes ---
    def keep_envelope(
        self, envelope_id: bytes, envelope: bytes, received: int, total: int
    ) -> None:
        known = self._envelopes.get(envelope_id)
        number = known.number if known else _next(self._envelopes.values())
        row = _Envelope(envelope_id, number, received, total, envelope)
        self._set(self._envelopes, envelope_id, row)

    def envelope(self, envelope_id: bytes) -> tuple[bytes, int] | None:
        row = self._envelopes.get(envelope_id)
        return None if row is None else (row.data, row.total)

    def drop_envelope(self, envelope_id: bytes) -> None:
        self._drop(self._envelopes, envelope_id)

    def envelopes(self, count_max: int) -> list[tuple[bytes, bytes]]:
        whole = (row for row in self._envelopes.values() if row.received >= row.total)
        oldest = sorted(whole, key=lambda row: row.number)[:count_max]
        return [(row.envelope_id, row.data) for row in oldest]

    def hold(self, epoch: bytes, batch_hash: bytes, data: bytes) -> None:
        if batch_hash not in self._held:
            number = _next(self._held.values())
            self._set(self._held, batch_hash, _Held(batch_hash, number, epoch, data))

    def held(self, epoch: bytes) -> list[tuple[bytes, bytes]]:
        rows = (row for row in self._held.values() if row.epoch == epoch)
        oldest = sorted(rows, key=lambda row: row.number)
        return [(row.batch_hash, row.data) for row in oldest]

    def release(self, batch_hash: bytes) -> None:
        self._drop(self._held, batch_hash)

    def post(self, key_id: bytes, envelope: bytes) -> None:
        number = self._number(_MAIL) + 1
        self.put(_MAIL, number.to_bytes(8, "big"))
        self._set(self._mail, number, MailRow(number, key_id, envelope))

    def mail(self, key_id: bytes, after: int = 0) -> list[MailRow]:
        rows = self._mail.values()
        return sorted(
            row for row in rows if row.key_id == key_id and row.number > after
        )

    def drop_mail(self, key_id: bytes, upto: int) -> None:
        for row in self.mail(key_id):
            if row.number <= upto:
                self._drop(self._mail, row.number)

    # --- backup ---
    def dump(self) -> Iterator[tuple[str, list[Sequence[object]]]]:
        tables: dict[str, Iterable[Sequence[object]]] = {
            "facts": self._facts.items(),
            "log": self.batches(),
            "verdicts": (row for rows in self._verdicts.values() for row in rows),
            "parked": self._parked.values(),
            "records": self._records.values(),
            "parts": self._parts.values(),
            "areas": (
                (*span, spans[0].since)
                for spans in self._areas.values()
                for span in spans
            ),
            "envelopes": self._envelopes.values(),
            "held": self._held.values(),
            "mail": self._mail.values(),
        }
        copy: dict[str, list[Sequence[object]]] = {
            name: [tuple(row) for row in rows] for name, rows in tables.items()
        }
        yield from ((name, rows) for name, rows in copy.items() if rows)

    def load(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        match table:
            case "records" | "parts" | "areas" | "verdicts" | "parked":
                self._load_rows(table, rows)
            case "log":
                for row in rows:
                    self.append(LoggedBatch._make(row))
            case _:
                self._load_keyed(table, rows)

    def _load_rows(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        match table:
            case "records":
                self.add_records([RecordRow._make(row) for row in rows])
            case "parts":
                self.put_parts([PartRow._make(row) for row in rows])
            case "areas":
                self.add_areas([AreaSpan._make(row[:4]) for row in rows])
            case "verdicts":
                self.add_verdicts(map(VerdictRow._make, rows))
            case "parked":
                self.park(map(ParkedRow._make, rows))

    def _load_keyed(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        keyed: dict[str, tuple[dict[Any, Any], Callable[[Any], Any]]] = {
            "facts": (self._facts, lambda row: row[1]),
            "envelopes": (self._envelopes, _Envelope._make),
            "held": (self._held, _Held._make),
            "mail": (self._mail, MailRow._make),
        }
        values, make = keyed[table]
        for row in rows:
            self._set(values, row[0], make(row))


def _next(rows: Iterable[_Envelope | _Held]) -> int:
    return max((row.number for row in rows), default=0) + 1


def _by_owner(span: AreaSpan) -> tuple[int, int, str]:
    return span.owner, span.since, span.area


def _in_order(spans: Iterable[AreaSpan]) -> tuple[AreaSpan, ...]:
    return tuple(sorted(spans, key=_by_owner))
