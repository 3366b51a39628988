"""Paging: what a device is told of what changed since its cursor.

For the device's scope as it is now, and a window ``(from, to]`` of the log, a page
holds every part in scope that changed in the window, or that was out of scope at any
moment of it; and a move out for every part out of scope that was in scope at any moment
of it, or that the device wrote in it. Comparing the two ends would not do: another page
may have taken the device to any moment between. Pages up to one head become visible
together on the device, so it is enough that each of them looks at the scope as it is
now.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from fieldkit.records.part import part_key
from fieldkit.sync.roster import DeviceCertificate, Roster
from fieldkit.sync.scope import Scope
from sync_server.storage.contract import (
    AreaSpan,
    PartRow,
    RecordRow,
    Storage,
    VerdictRow,
)

PARTS_MAX = 10000
CLASS_SPAN = 8

PartName = tuple[bytes, int]


class Contents(NamedTuple):
    """What one page holds, before it is packed.

    Attributes:
        to: the last position of the window; equal to the head for the last page.
        parts: parts in scope with the records they belong to.
        short_from: entries of parts up to this position lie on the device, unless the
            part is among ``whole``.
        whole: keys of parts that must be sent whole: they were out of scope meanwhile.
        move_outs: (record id, class) of parts the device may no longer hold.
        verdicts: of the device's own epochs, said in the window.
    """

    to: int
    parts: list[tuple[PartRow, RecordRow]]
    short_from: int
    whole: frozenset[int]
    move_outs: list[PartName]
    verdicts: list[VerdictRow]


class Window(NamedTuple):
    """From which position to which; ``base`` is the device's own cursor."""

    base: int
    after: int
    head: int


class Pager:
    """Finds the contents of pages."""

    def __init__(
        self, storage: Storage, roster: Roster, parts_max: int | None = None
    ) -> None:
        self._parts_max = parts_max or PARTS_MAX
        self._storage = storage
        self._roster = roster

    def contents(self, device: DeviceCertificate, window: Window) -> Contents:
        """Return the contents of the next page after ``window.after``."""
        scope = self._roster.scope(device.person)
        parts, to = self._changed(scope, window)
        part_of = Window(window.base, window.after, to)
        gained = self._gained(device, scope, part_of)
        rows = list({row.key: row for row in (*gained, *parts)}.values())
        records = self._records(rows)
        return Contents(
            to=to,
            parts=[(row, records[row.key // CLASS_SPAN]) for row in rows],
            short_from=window.base,
            whole=frozenset(self._not_always(device, rows, window.base)),
            move_outs=self._move_outs(device, scope, part_of),
            verdicts=self._storage.verdicts_since(
                self._own_epochs(device), window.after, to
            ),
        )

    def _changed(self, scope: Scope, window: Window) -> tuple[list[PartRow], int]:
        """Return parts in scope that changed, and up to which position.

        A scope may differ from class to class; what is cut short for one set of areas
        ends the page for all.
        """
        groups: dict[tuple[str, ...], list[int]] = {}
        for number, areas in scope.prefixes.items():
            groups.setdefault(areas, []).append(number)
        found: list[PartRow] = []
        to = window.head
        for areas, classes in groups.items():
            rows = self._storage.changed_parts(
                window.after, window.head, areas, classes, self._parts_max
            )
            if len(rows) >= self._parts_max:
                to = min(to, rows[-1].position)
            found += rows
        return [row for row in found if row.position <= to], to

    # --- What came into scope without changing ---

    def _gained(
        self, device: DeviceCertificate, scope: Scope, window: Window
    ) -> list[PartRow]:
        """Return unchanged parts in scope that were out of it at some moment.

        In a run from the very beginning whoever takes this page has taken the earlier
        ones too, or is beyond the moment of its certificate.
        """
        after = self._since(device, window)
        if not window.after or after >= window.head:
            return []
        owners = self._moved(after, window.head)
        if len(self._scopes(device, after, window.head)) > 1:
            owners |= set(self._storage.owners_in(scope.areas))
        rows = self._in_scope(self._parts_of(owners, scope), scope)
        old = [row for row in rows if row.position <= window.after]
        absent = self._not_always(device, old, after, window.head)
        return [row for row in old if row.key in absent]

    def _not_always(
        self,
        device: DeviceCertificate,
        rows: Sequence[PartRow],
        after: int,
        to: int | None = None,
    ) -> set[int]:
        """Return the parts that were out of scope at some moment since ``after``."""
        if not after:
            return set()
        end = self._storage.head() if to is None else to
        scopes = self._scopes(device, after, end)
        moved = self._moved(after, end)
        if not moved and len(scopes) == 1:
            return set()
        records = self._records(rows)
        return {
            row.key
            for row, areas in zip(rows, self._areas_now(rows), strict=True)
            if records[row.key // CLASS_SPAN].owner in moved
            or not all(s.covers_any(areas, row.key % CLASS_SPAN) for s in scopes)
        }

    def _scopes(
        self, device: DeviceCertificate, after: int, to: int
    ) -> tuple[Scope, ...]:
        """Return each scope that the device had at some moment of ``[after, to]``."""
        known = roster_positions(self._storage).items()
        since = max((v for v, position in known if position <= after), default=0)
        until = max((v for v, position in known if position <= to), default=0)
        return self._roster.scopes_between(device.person, since, until)

    # --- What left the scope ---

    def _move_outs(
        self, device: DeviceCertificate, scope: Scope, window: Window
    ) -> list[PartName]:
        rows = {row.key: row for row in self._left(device, window)}
        rows |= {row.key: row for row in self._written_by(device, window)}
        outside = self._outside(list(rows.values()), scope)
        records = self._records(outside)
        names = {
            (records[r.key // CLASS_SPAN].record_id, r.key % CLASS_SPAN)
            for r in outside
        }
        return sorted(names)

    def _left(self, device: DeviceCertificate, window: Window) -> list[PartRow]:
        """Return parts that were in scope at some moment, where anything changed.

        Also a page from the very beginning may find a device that has gone on since it
        asked; but nothing was sent to it before it was certified.
        """
        after = self._since(device, window)
        if after >= window.head:
            return []
        scopes = self._scopes(device, after, window.head)
        owners = self._moved(after, window.head)
        if len(scopes) > 1:
            ever = {area for scope in scopes for area in scope.areas}
            owners |= set(self._storage.owners_in(sorted(ever)))
        rows = self._parts_of(owners, None)
        areas = self._areas_since(rows, after)
        return [
            row
            for row, spans in zip(rows, areas, strict=True)
            if any(s.covers_any(spans, row.key % CLASS_SPAN) for s in scopes)
        ]

    def _written_by(self, device: DeviceCertificate, window: Window) -> list[PartRow]:
        """Return parts of records that the device wrote outside its scope."""
        own = self._own_epochs(device)
        written = [
            record_id
            for epoch in own
            for position, record_id in outside_writes(self._storage, epoch)
            if window.after < position <= window.head
        ]
        rows = self._storage.records(written) if written else {}
        keys = [
            part_key(row.number, c) for row in rows.values() for c in range(CLASS_SPAN)
        ]
        return list(self._storage.parts(keys).values()) if keys else []

    # --- Small ---

    def _since(self, device: DeviceCertificate, window: Window) -> int:
        """Return from where on the scopes of a device count.

        In a run from the very beginning not before its certificate: nothing was sent
        to it until then. Later runs may go to an older laptop under a new epoch.
        """
        if window.base:
            return window.after
        certified = roster_positions(self._storage).get(device.since, 0)
        return max(window.after, certified)

    def _own_epochs(self, device: DeviceCertificate) -> list[bytes]:
        return [one.epoch for one in self._roster.devices_of(device.person)]

    def _records(self, rows: Sequence[PartRow]) -> dict[int, RecordRow]:
        numbers = sorted({row.key // CLASS_SPAN for row in rows})
        return self._storage.records_by_number(numbers) if numbers else {}

    def _moved(self, after: int, to: int) -> set[int]:
        return {span.owner for span in self._storage.moved_owners(after, to)}

    def _parts_of(self, owners: set[int], scope: Scope | None) -> list[PartRow]:
        classes = range(CLASS_SPAN) if scope is None else scope.classes
        return self._storage.parts_of_owners(sorted(owners), classes) if owners else []

    def _in_scope(self, rows: Sequence[PartRow], scope: Scope) -> list[PartRow]:
        areas = self._areas_now(rows)
        return [
            row
            for row, spans in zip(rows, areas, strict=True)
            if scope.covers_any(spans, row.key % CLASS_SPAN)
        ]

    def _outside(self, rows: Sequence[PartRow], scope: Scope) -> list[PartRow]:
        inside = {row.key for row in self._in_scope(rows, scope)}
        return [row for row in rows if row.key not in inside]

    def _areas_now(self, rows: Sequence[PartRow]) -> Iterator[list[str]]:
        for spans in self._spans(rows):
            yield [span.area for span in spans if span.until is None]

    def _areas_since(self, rows: Sequence[PartRow], after: int) -> Iterator[list[str]]:
        """Yield for each part the areas that it was in at some moment since then."""
        for spans in self._spans(rows):
            yield [s.area for s in spans if s.until is None or s.until > after]

    def _spans(self, rows: Sequence[PartRow]) -> Iterator[Sequence[AreaSpan]]:
        records = self._records(rows)
        owners = sorted({record.owner for record in records.values()})
        spans = self._storage.areas_of(owners) if owners else {}
        for row in rows:
            yield spans.get(records[row.key // CLASS_SPAN].owner, ())


def outside_writes(storage: Storage, epoch: bytes) -> list[tuple[int, bytes]]:
    """Return (position, record id) of what an author wrote outside their own scope."""
    kept = storage.get(f"outside/{epoch.hex()}") or b""
    return [
        (int.from_bytes(kept[at : at + 8]), kept[at + 8 : at + 24])
        for at in range(0, len(kept), 24)
    ]


def keep_outside_writes(
    storage: Storage, epoch: bytes, written: Iterable[tuple[int, bytes]]
) -> None:
    """Note writes of an author to records that their scope does not cover."""
    kept = storage.get(f"outside/{epoch.hex()}") or b""
    more = b"".join(position.to_bytes(8) + record_id for position, record_id in written)
    storage.put(f"outside/{epoch.hex()}", kept + more)


def roster_positions(storage: Storage) -> dict[int, int]:
    """Return the log position at which each roster version came into force."""
    kept = storage.get("roster_positions") or b""
    numbers = [int.from_bytes(kept[at : at + 8]) for at in range(0, len(kept), 8)]
    return dict(enumerate(numbers, start=1))


def keep_roster_position(storage: Storage, position: int) -> None:
    """Note that the next roster version came into force at ``position``."""
    kept = storage.get("roster_positions") or b""
    storage.put("roster_positions", kept + position.to_bytes(8))
