"""Rows that the storage tests keep, and a database with one of every kind."""

from collections.abc import Iterable
from hashlib import sha256

from sync_server.storage.contract import (
    AreaSpan,
    LoggedBatch,
    ParkedRow,
    PartRow,
    RecordRow,
    Storage,
    VerdictRow,
)

ALL = tuple(range(8))
ANNE, BEN = b"a" * 16, b"b" * 16


def digest(name: object) -> bytes:
    return sha256(str(name).encode()).digest()


def batch(position: int, *, epoch: bytes = ANNE, first: int = 1, size: int = 1):
    return LoggedBatch(
        position=position,
        epoch=epoch,
        first=first,
        size=size,
        hash=digest(("batch", position)),
        previous=bytes(32),
        data=b"packed %d" % position,
        received_at=1_790_000_000_000 + position,
    )


def person(number: int) -> RecordRow:
    return RecordRow(number, digest(number)[:16], "person", None, number)


def screening(number: int, of: int) -> RecordRow:
    return RecordRow(number, digest(number)[:16], "2q", digest(of)[:16], of)


def verdict(position: int, place: int, size: int, *, epoch: bytes = ANNE) -> VerdictRow:
    return VerdictRow(position, epoch, digest("one"), place, size, "applied", "")


def parked(name: str, place: int, waits_for: bytes | None) -> ParkedRow:
    return ParkedRow(
        digest(name), digest("one"), place, "quarantined", "out_of_scope", waits_for
    )


def fill(storage: Storage) -> None:
    """Add two persons in two villages, a screening, and a row of every kind."""
    with storage.transaction():
        storage.put("device", b"cursor")
        storage.append(batch(1, size=3))
        storage.append(batch(4, epoch=BEN, size=2))
        storage.set_head(5)
        storage.add_verdicts([verdict(1, 0, 3)])
        storage.park([parked("late", 1, None)])
        storage.add_records([person(1), person(2), screening(3, 1)])
        storage.add_areas(
            [AreaSpan(1, "90010101", 1, None), AreaSpan(2, "90020101", 4, None)]
        )
        storage.put_parts(
            [
                PartRow(8, 1, b"one"),
                PartRow(10, 1, b"one private"),
                PartRow(16, 4, b"two"),
                PartRow(24, 2, b"screening"),
            ]
        )
        storage.keep_envelope(digest("envelope"), b"sealed", 6, 6)
        storage.hold(BEN, digest("held"), b"a batch")
        storage.post(b"key", b"a page")


def contents(storage: Storage) -> dict[str, list[tuple[object, ...]]]:
    found: dict[str, list[tuple[object, ...]]] = {}
    for name, rows in storage.dump():
        found.setdefault(name, []).extend(map(tuple, rows))
    return {name: sorted(rows) for name, rows in found.items()}


def keys(rows: Iterable[PartRow]) -> list[int]:
    return [row.key for row in rows]
