"""Agreeing: the digests by which a device sees whether it holds what the core holds."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from fieldkit.records.layout import Layout
from fieldkit.records.part import decode_part
from fieldkit.sync.digest import part_digest, total
from fieldkit.sync.scope import Scope
from sync_server.storage.contract import PartRow, Storage

ROWS_AT_ONCE = 5_000
CLASS_SPAN = 8


def record_digests(
    storage: Storage,
    layouts: Mapping[bytes, Layout],
    scope: Scope,
    first: bytes,
    last: bytes,
) -> dict[bytes, bytes]:
    """Return the digest of each record in ``scope`` whose id is ``first``…``last``."""
    found: dict[bytes, list[int]] = defaultdict(list)
    for areas, classes in areas_and_classes(scope):
        for rows in _rows(storage, areas, classes):
            numbers = sorted({row.key // CLASS_SPAN for row in rows})
            records = storage.records_by_number(numbers)
            for row in rows:
                record_id = records[row.key // CLASS_SPAN].record_id
                if first <= record_id <= last:
                    part = decode_part(row.blob)
                    number = row.key % CLASS_SPAN
                    one = part_digest(record_id, number, part, layouts)
                    found[record_id].append(one)
    return {record_id: total(found[record_id]) for record_id in sorted(found)}


def areas_and_classes(scope: Scope) -> list[tuple[tuple[str, ...], list[int]]]:
    """Return the classes of a scope that cover the same areas, together."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for number, areas in scope.prefixes.items():
        groups.setdefault(areas, []).append(number)
    return list(groups.items())


def _rows(
    storage: Storage, areas: tuple[str, ...], classes: list[int]
) -> Iterator[list[PartRow]]:
    after, head = 0, storage.head()
    while rows := storage.changed_parts(after, head, areas, classes, ROWS_AT_ONCE):
        yield rows
        after = rows[-1].position
