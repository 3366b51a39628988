"""The province's parts as they lie here: brought, moved out, absorbed, remembered."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from fieldkit.codec import decode_packed, encode_unchecked
from fieldkit.merge.merge import join, written
from fieldkit.records.layout import CLASSES, LIFE, Layout
from fieldkit.records.part import (
    EMPTY,
    PART_BYTES_MAX,
    Entry,
    Part,
    decode_part,
    encode_entry,
    live_places,
)
from fieldkit.store.log import APPLIED, ERASED, Log, OwnWrite
from fieldkit.store.search import OWN
from fieldkit.sync.states import PartKey, PartState

_CHUNK: Final = 10_000
"""A page's parts at once: sorted by key they are written from left to right."""
_CLASS: Final = tuple(bytes([number]) for number in range(8))
_LAYOUT, _VALUES = 9, 11
"""Where an encoded entry names its layout, and where its values begin."""
# Every class that the write touches was brought, or moved out, late enough.
_SPOKEN_OF: Final = " AND ".join(
    f"(w.classes & {1 << number} = 0 OR EXISTS (SELECT 1 FROM parts p"
    f" WHERE p.key = w.record * 8 + {number} AND p.position >= w.position))"
    for number in range(len(CLASSES))
)


class _Old(NamedTuple):
    """A part as it lay here before."""

    blob: bytes | None
    position: int


class Parts(Log):
    """Parts by (record, class), and the own writes that they come to speak of."""

    # --- Reading ---

    def held(self, keys: Sequence[PartKey]) -> Mapping[PartKey, Part]:
        """Return those of the province's parts that lie here, our writes left out."""
        numbers = self._numbers(record_id for record_id, _ in keys)
        wanted = {numbers[r] * 8 + c: (r, c) for r, c in keys if r in numbers}
        return {wanted[key]: part for key, part in self._parts(list(wanted)).items()}

    def own_parts(self, keys: Sequence[PartKey]) -> Mapping[PartKey, Part]:
        """Return the parts among ``keys`` in which a value written here is live.

        Each is ``join`` of the held part and of our writes that the province applied
        and that are not absorbed yet.
        """
        epochs = self.own_epochs()
        if not epochs:
            return {}
        numbers = self._numbers(record_id for record_id, _ in keys)
        wanted = {numbers[r] * 8 + c: (r, c) for r, c in keys if r in numbers}
        own = [
            one
            for one in self._own_writes(list(numbers.values()))
            if one.disposition == APPLIED
        ]
        # An epoch's bytes stand in each entry of ours: most blobs need no more.
        spoken = " OR ".join(f"instr(blob, X'{epoch.hex()}')" for epoch in epochs)
        parts = self._parts(list(wanted), f"AND ({spoken})")
        touched = [key for one in own for key in one.keys if key in wanted]
        self._join_own(parts, own, self._parts(touched))
        return {
            wanted[key]: part
            for key, part in parts.items()
            if key in wanted and any(e.dot.epoch in epochs for e in part.entries)
        }

    def _parts(self, keys: Sequence[int], where: str = "") -> dict[int, Part]:
        rows = self._db.pick(
            "SELECT key, blob FROM parts"
            f" WHERE key IN ({{keys}}) AND blob IS NOT NULL {where}",
            keys,
        )
        return {key: decode_part(blob) for key, blob in rows}

    def _join_own(
        self,
        parts: dict[int, Part],
        own: Sequence[OwnWrite],
        held: Mapping[int, Part] | None = None,
    ) -> None:
        """Put our writes into ``parts``, but for those that one speaks of already."""
        keys = [key for one in own for key in one.keys]
        known = dict(
            self._db.pick("SELECT key, position FROM parts WHERE key IN ({keys})", keys)
        )
        for one in own:
            for key, (_, entry) in zip(one.keys, one.entries, strict=True):
                if not one.is_spoken_of(known.get(key)):
                    part = parts.get(key) or (held or {}).get(key, EMPTY)
                    parts[key] = self._with_own(part, one, entry)

    def _with_own(self, part: Part, own: OwnWrite, entry: Entry) -> Part:
        """Return ``part`` having seen a write of ours.

        One in review or quarantine stands beside the others: it replaces nothing.
        """
        stands_beside = own.mark in {"review", "quarantined"}
        replaces = () if stands_beside else own.write.replaces
        alone = written(entry, replaces, self._layouts[entry.layout])
        return join(part, alone, self._layouts)

    # --- Bringing ---

    def put_parts(self, states: Iterable[PartState]) -> None:
        """Put each state in place of the part held; their layouts are known already.

        Entries that are no longer live become history; the search follows.
        """
        with self.transaction():
            rest = iter(states)
            while chunk := list(islice(rest, _CHUNK)):
                # Of a part that comes twice the later state counts.
                newest = {state[0] + _CLASS[state[3]]: state for state in chunk}
                self._put_chunk([newest[name] for name in sorted(newest)])

    def _put_chunk(self, states: Sequence[PartState]) -> None:
        numbers, fresh = self._homes(states)
        keys = [numbers[state.record_id] * 8 + state.class_number for state in states]
        before = self._before([key for key in keys if key >> 3 not in fresh])
        rows: list[tuple[int, int, int, bytes]] = []
        new: list[tuple[int, str]] = []
        again: list[tuple[int, str]] = []
        for key, state in zip(keys, states, strict=True):
            part = None if state.ordinary else state.part
            several = 0 if part is None else self._several(part)
            rows.append((key, state.position, several, state.blob))
            text = self._text_in(state.blob, part)
            if key in before:
                again.append((key, text))
                self._remember(key, before[key], part or state)
            elif text:
                new.append((key, text))
        self._db.many("INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?)", rows)
        if self._db.value("SELECT 1 FROM leaving LIMIT 1"):
            self._db.many("DELETE FROM leaving WHERE key = ?", [(key,) for key in keys])
        self._add_texts(new)
        self._put_texts(again)

    def _homes(self, states: Sequence[PartState]) -> tuple[dict[bytes, int], set[int]]:
        """Return the number of each record, and which are new here; make them known."""
        homes = {state.record_id: state for state in states}
        numbers = self._numbers(homes)
        strangers = sorted(record_id for record_id in homes if record_id not in numbers)
        first = self._next_record()
        fresh = dict(zip(strangers, range(first, first + len(strangers)), strict=True))
        numbers |= fresh
        rows = [
            (number, one, self._form_number(homes[one].form_id))
            for one, number in fresh.items()
        ]
        self._db.many(
            "INSERT INTO records (number, record_id, form) VALUES (?, ?, ?)", rows
        )
        self._hang_on(homes, numbers)
        return numbers, set(fresh.values())

    def _hang_on(
        self, homes: Mapping[bytes, PartState], numbers: Mapping[bytes, int]
    ) -> None:
        """Note form and subject of the records of which they are not known here."""
        subjects = {state.subject for state in homes.values() if state.subject}
        hangs_on = self._numbers_for(subjects)
        said = {
            numbers[record_id]: (
                self._form_number(state.form_id), hangs_on.get(state.subject or b"")
            )
            for record_id, state in homes.items()
        }  # fmt: skip
        select = "SELECT number, form, subject FROM records WHERE number IN ({keys})"
        known = {row[0]: tuple(row[1:]) for row in self._db.pick(select, list(said))}
        self._db.many(
            "UPDATE records SET form = ?, subject = ? WHERE number = ?",
            [(*said[n], n) for n in said if known.get(n) != said[n]],
        )

    def _before(self, keys: Sequence[int]) -> dict[int, _Old]:
        rows = self._db.pick(
            "SELECT key, blob, position FROM parts WHERE key IN ({keys})", keys
        )
        return {key: _Old(blob, position) for key, blob, position in rows}

    def _several(self, part: Part) -> int:
        """Return 0 for one entry, 1 for several, 2 where they say different things."""
        if len(part.entries) < 2:  # noqa: PLR2004 - one says the same as itself
            return 0
        names: set[str] = set()
        for entry in part.entries:
            live = {name for _, name in live_places(entry, self._layouts[entry.layout])}
            if names & live or LIFE in live:
                return 2
            names |= live
        return 1

    def _text_in(self, blob: bytes, part: Part | None) -> str:
        """Return what is searched of a part; of an ordinary one, by its blob alone."""
        if part is not None:
            return self._text_of_entries(part.entries)
        entry = decode_packed(blob, bytes_max=PART_BYTES_MAX)[0][0]
        return self._text_of(entry[_LAYOUT], entry[_VALUES:])

    def _remember(self, key: int, before: _Old, after: Part | PartState) -> None:
        """Keep as history what was live in the part and is no longer."""
        if before.blob is None:
            return
        part = after if isinstance(after, Part) else after.part
        lost = _lost(decode_part(before.blob), part, self._layouts)
        rows = [(key, encode_unchecked(encode_entry(entry))) for entry in lost]
        self._db.many("INSERT INTO history (part, entry) VALUES (?, ?)", rows)

    # --- Moving out ---

    def move_out(self, keys: Iterable[PartKey], position: int) -> None:
        """Remove parts that are no longer ours to hold, as of ``position``.

        A part whose form is open here waits until it is closed; writes not absorbed
        stay.
        """
        with self.transaction():
            wanted = list(keys)
            numbers = self._numbers_for(record_id for record_id, _ in wanted)
            open_ones = self._open_in_drafts()
            for record_id, class_number in wanted:
                key = numbers[record_id] * 8 + class_number
                if record_id in open_ones:
                    self._db.run(
                        "INSERT OR REPLACE INTO leaving VALUES (?, ?)", [key, position]
                    )
                else:
                    self._take_out(key, position)

    def _take_out(self, key: int, position: int) -> None:
        self._db.run("DELETE FROM history WHERE part = ?", [key])
        # What stays is how far the part was known: own writes are absorbed by it.
        self._db.run(
            "INSERT OR REPLACE INTO parts VALUES (?, ?, 0, NULL)", [key, position]
        )
        self._db.run("DELETE FROM leaving WHERE key = ?", [key])
        self._put_texts([(key, "")])

    def _let_go(self, record_id: bytes) -> None:
        """Carry out the moves that waited for a form of this record to be closed."""
        if record_id in self._open_in_drafts():
            return
        number = self._numbers([record_id]).get(record_id, 0)
        waiting = self._db.rows(
            "SELECT key, position FROM leaving WHERE key BETWEEN ? AND ?",
            [number * 8, number * 8 + 7],
        )
        for key, position in waiting:
            self._take_out(key, position)

    def _open_in_drafts(self) -> frozenset[bytes]:
        rows = self._db.rows("SELECT record_id FROM drafts WHERE record_id IS NOT NULL")
        return frozenset(row[0] for row in rows)

    def is_leaving(self, record_id: bytes) -> bool:
        """Return whether the record is read-only: it goes with its open form."""
        found = self._db.value(
            "SELECT 1 FROM records r JOIN leaving l ON l.key BETWEEN r.number * 8"
            " AND r.number * 8 + 7 WHERE r.record_id = ?",
            [record_id],
        )
        return found is not None

    # --- Absorbing ---

    def absorb(self) -> None:
        """Drop the own writes of which the province's part now speaks.

        That is: each part that the write touches was brought, or its move out carried
        out, at a position at or beyond the write's verdict ``applied`` or ``erased``.
        """
        with self.transaction():
            self._db.run(
                "UPDATE writes AS w SET absorbed = 1 WHERE absorbed = 0"
                f" AND disposition IN ({APPLIED}, {ERASED}) AND {_SPOKEN_OF}"
            )
            still_open = "SELECT 1 FROM writes w WHERE w.absorbed = 0 AND w.record ="
            gone = self._db.rows(
                f"SELECT key FROM texts t WHERE key & 7 = {OWN}"
                f" AND NOT EXISTS ({still_open} t.key >> 3)"
            )
            self._put_texts((row[0], "") for row in gone)
            self._db.run(
                "DELETE FROM parts WHERE blob IS NULL"
                f" AND NOT EXISTS ({still_open} parts.key >> 3)"
            )


def _lost(before: Part, after: Part, layouts: Mapping[bytes, Layout]) -> list[Entry]:
    """Return the entries of ``before``, with what of them is live no more."""

    def alive(entry: Entry) -> set[int]:
        return {place for place, _ in live_places(entry, layouts[entry.layout])}

    still: dict[object, set[int]] = defaultdict(set)
    for entry in after.entries:
        still[entry.dot] |= alive(entry)
    gone = ((entry, alive(entry) - still[entry.dot]) for entry in before.entries)
    return [
        entry._replace(live=tuple(sorted(places))) for entry, places in gone if places
    ]
