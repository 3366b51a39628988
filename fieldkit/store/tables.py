"""The tables' small numbers: what stands for a record, a form, a layout, an epoch."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar

from fieldkit.codec import decode, encode
from fieldkit.errors import NotFoundError
from fieldkit.records import layout as layout_wire
from fieldkit.records.layout import Layout
from fieldkit.records.part import Cut, cuts
from fieldkit.store.connection import Connection
from fieldkit.store.facts import Facts, class_numbers

_LAYOUT_BYTES_MAX = 1 << 20
_SHOWN_PREFIX_MIN = 4

Value = TypeVar("Value")


class OnDemand(Mapping[bytes, Value], Generic[Value]):
    """Values by their key, each read when it is first asked for."""

    def __init__(
        self, keys: Callable[[], Iterable[bytes]], read: Callable[[bytes], Value | None]
    ) -> None:
        self._keys = keys
        self._read = read
        self._known: dict[bytes, Value] = {}

    def __getitem__(self, key: bytes) -> Value:
        if key not in self._known:
            value = self._read(key)
            if value is None:
                raise KeyError(key)
            self._known[key] = value
        return self._known[key]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._keys())

    def __len__(self) -> int:
        return len(list(self._keys()))

    def forget(self) -> None:
        """Read everything anew."""
        self._known.clear()


class RecordRow(NamedTuple):
    """One row of ``records``; ``form_id`` is None where only the name is known."""

    number: int
    record_id: bytes
    form_id: str | None
    subject: bytes | None


class Tables:
    """What every part of the store builds on."""

    def __init__(self, connection: Connection, facts: Facts) -> None:
        self._db = connection
        self._facts = facts
        self._own_cuts: dict[bytes, tuple[Cut, ...]] = {}
        self._searched: dict[bytes, tuple[int, ...]] = {}
        self._forms: dict[str, int] = {}
        connection.after_rollback.append(self._forget)

    def transaction(self) -> AbstractContextManager[None]:
        """Return a context in which all is kept at its end, or nothing."""
        return self._db.transaction()

    def _forget(self) -> None:
        """Forget what was read or written in a transaction that was rolled back."""
        self._layouts.forget()
        self._own_cuts.clear()
        self._searched.clear()
        self._forms.clear()

    # --- Settings ---

    def setting(self, name: str) -> bytes | None:
        """Return what was kept under ``name``, or None."""
        value: bytes | None = self._db.value(
            "SELECT value FROM settings WHERE name = ?", [name]
        )
        return value

    def set_setting(self, name: str, value: bytes) -> None:
        """Keep a few bytes under ``name``."""
        self._db.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", [name, value])

    # --- Layouts ---

    @cached_property
    def _layouts(self) -> OnDemand[Layout]:
        return OnDemand(
            lambda: [row[0] for row in self._db.rows("SELECT layout FROM layouts")],
            self._read_layout,
        )

    def layouts(self) -> Mapping[bytes, Layout]:
        """Return every layout known here, by its id, each read on demand."""
        return self._layouts

    def add_layouts(self, layouts: Iterable[Layout]) -> None:
        """Keep layouts; one that is known already is no error."""
        for layout in layouts:
            if layout.id not in self._layouts:
                self._db.run(
                    "INSERT INTO layouts (layout, wire) VALUES (?, ?)",
                    [layout.id, encode(layout_wire.to_wire(layout))],
                )

    def _read_layout(self, layout_id: bytes) -> Layout | None:
        wire = self._db.value("SELECT wire FROM layouts WHERE layout = ?", [layout_id])
        if wire is None:
            return None
        return layout_wire.from_wire(decode(wire, bytes_max=_LAYOUT_BYTES_MAX))

    def _cuts_of(self, layout_id: bytes) -> tuple[Cut, ...]:
        """Return how a write of our own is cut into classes.

        The classes are those that its form had when it was first saved with: kept, so
        that no later form changes what was written.
        """
        if layout_id not in self._own_cuts:
            layout = self._layouts[layout_id]
            found = cuts(layout, self._classes_of(layout))
            self.add_layouts(cut.layout for cut in found)
            self._own_cuts[layout_id] = found
        return self._own_cuts[layout_id]

    def _classes_of(self, layout: Layout) -> tuple[int | None, ...]:
        kept: bytes | None = self._db.value(
            "SELECT classes FROM layouts WHERE layout = ?", [layout.id]
        )
        if kept is not None:
            return tuple(decode(kept, bytes_max=_LAYOUT_BYTES_MAX))
        classes = class_numbers(self._facts, layout)
        self._db.run(
            "UPDATE layouts SET classes = ? WHERE layout = ?",
            [encode(list(classes)), layout.id],
        )
        return classes

    def _searched_places(self, layout_id: bytes) -> tuple[int, ...]:
        """Return which values of a layout's writes a search looks through."""
        if layout_id not in self._searched:
            layout = self._layouts[layout_id]
            paths = self._facts.searched(layout.form_id, layout.version)
            places = [n for n, path in enumerate(layout.paths) if path in paths]
            self._searched[layout_id] = tuple(places)
        return self._searched[layout_id]

    # --- Records ---

    def _form_number(self, form_id: str) -> int:
        if form_id not in self._forms:
            select = "SELECT number FROM form_names WHERE form_id = ?"
            number = self._db.value(select, [form_id])
            if number is None:
                insert = "INSERT INTO form_names (form_id) VALUES (?)"
                number = self._db.insert(insert, [form_id])
            self._forms[form_id] = number
        return self._forms[form_id]

    def _numbers(self, record_ids: Iterable[bytes]) -> dict[bytes, int]:
        """Return the numbers of those records that have one."""
        rows = self._db.pick(
            "SELECT record_id, number FROM records WHERE record_id IN ({keys})",
            list(dict.fromkeys(record_ids)),
        )
        return dict(rows)

    def _numbers_for(self, record_ids: Iterable[bytes]) -> dict[bytes, int]:
        """Return the number of each record; a stranger is given one, and no form."""
        wanted = list(dict.fromkeys(record_ids))
        numbers = self._numbers(wanted)
        strangers = [one for one in wanted if one not in numbers]
        first = self._next_record()
        # In the order of their ids the index is written from left to right.
        rows = [(first + place, one) for place, one in enumerate(sorted(strangers))]
        self._db.many("INSERT INTO records (number, record_id) VALUES (?, ?)", rows)
        return numbers | {one: number for number, one in rows}

    def _next_record(self) -> int:
        highest: int | None = self._db.value("SELECT max(number) FROM records")
        return (highest or 0) + 1

    def find_record(self, name: bytes | str) -> RecordRow:
        """Return the row of the record with that id, or whose id in hex begins so.

        Raises:
            NotFoundError: there is none, or more than one.
        """
        if isinstance(name, str):
            return self._by_prefix(name)
        row = self._db.row(f"{_RECORD_ROW} WHERE r.record_id = ?", [name])
        if row is None or row[2] is None:
            raise NotFoundError("record.unknown", record=name.hex())
        return RecordRow(*row)

    def _by_prefix(self, prefix: str) -> RecordRow:
        digits = prefix.strip().lower()
        try:
            first = bytes.fromhex(digits.ljust(32, "0"))
            last = bytes.fromhex(digits.ljust(32, "f"))
        except ValueError:
            raise NotFoundError("record.unknown", record=prefix) from None
        if len(digits) < _SHOWN_PREFIX_MIN:
            raise NotFoundError("record.ambiguous", record=prefix)
        where = "WHERE r.record_id BETWEEN ? AND ? AND r.form IS NOT NULL LIMIT 2"
        found = self._db.rows(f"{_RECORD_ROW} {where}", [first, last])
        if len(found) != 1:
            code = "record.ambiguous" if found else "record.unknown"
            raise NotFoundError(code, record=prefix)
        return RecordRow(*found[0])


_RECORD_ROW = """
SELECT r.number, r.record_id, f.form_id, s.record_id FROM records r
LEFT JOIN form_names f ON f.number = r.form
LEFT JOIN records s ON s.number = r.subject
"""
