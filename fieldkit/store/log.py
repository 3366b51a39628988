"""The own log: every save made here, and what became of it.

A save's bytes never change; what becomes of it stands in a narrow row beside, so that a
verdict over thousands of saves rewrites few pages. Saves of all epochs share one
numbering: ``seq = base of the epoch + counter``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from fieldkit.errors import StoreError
from fieldkit.records.change import (
    Change,
    Identity,
    Write,
    identify,
    read_change,
    seed_index,
    settle,
)
from fieldkit.records.layout import Layout, subject_place
from fieldkit.records.part import Entry
from fieldkit.records.record import Mark
from fieldkit.store.connection import Connection
from fieldkit.store.facts import Facts
from fieldkit.store.search import OWN, Search, Text
from fieldkit.sync.replica import SavedChange

DISPOSITIONS: Final = ("", "applied", "review", "quarantined", "erased")
APPLIED, REVIEW, QUARANTINED, ERASED = 1, 2, 3, 4
WRITE_SPAN: Final = 64
"""A write's row is ``seq × 64 + ordinal``."""


class Made(NamedTuple):
    """One save as it was made: the change, what is derived from it, its bytes."""

    change: Change
    identity: Identity
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One of our epochs.

    Attributes:
        epoch: its 16 bytes.
        keys: its secret keys, wrapped as the caller wishes.
        saved: counter of its last save.
    """

    epoch: bytes
    keys: bytes
    saved: int


class OwnWrite(NamedTuple):
    """One write of ours, cut into its classes: an entry of each."""

    leaf: int
    record: int
    disposition: int
    position: int
    entries: tuple[tuple[int, Entry], ...]
    write: Write

    @property
    def keys(self) -> tuple[int, ...]:
        """Return the row of each part that it touches, as ``entries`` are ordered."""
        return tuple(self.record * 8 + number for number, _ in self.entries)

    def is_spoken_of(self, position: int | None) -> bool:
        """Return whether a part known at ``position`` holds all that came of it."""
        if self.disposition == ERASED:
            return True
        return (
            self.disposition == APPLIED
            and position is not None
            and position >= self.position
        )

    @property
    def mark(self) -> Mark:
        """Return how its values are marked on a screen."""
        marks: tuple[Mark, ...] = (
            "local", "applied", "review", "quarantined", "applied"
        )  # fmt: skip
        return marks[self.disposition]


class _Rows(NamedTuple):
    """The rows of some saves, ready to be written."""

    changes: list[tuple[int, bytes, bytes]]
    writes: list[tuple[int, int, int]]
    births: list[tuple[int, bytes, int, int | None]]
    strangers: list[tuple[int, int]]
    texts: list[Text]
    texts_more: list[Text]


class _Shape(NamedTuple):
    """What the rows of a write need of its layout."""

    form: int
    class_bits: int
    subject_place: int | None


class Log(Search):
    """Epochs, saves and what is left of them to be absorbed."""

    def __init__(self, connection: Connection, facts: Facts) -> None:
        super().__init__(connection, facts)
        self._shapes: dict[bytes, _Shape] = {}
        self._seeds: dict[tuple[bytes, int], bytes] = {}

    def _forget(self) -> None:
        super()._forget()
        self._shapes.clear()
        self._seeds.clear()

    # --- Epochs ---

    def begin_epoch(self, epoch: bytes, keys: bytes) -> None:
        """Begin a new epoch: later saves carry it, earlier ones keep theirs."""
        with self.transaction():
            base = self._db.value("SELECT coalesce(max(base + saved), 0) FROM epochs")
            self._db.run(
                "INSERT INTO epochs (epoch, keys, base) VALUES (?, ?, ?)",
                [epoch, keys, base],
            )

    def epochs(self) -> list[Epoch]:
        """Return our epochs, oldest first; the last one is in use."""
        rows = self._db.rows("SELECT epoch, keys, saved FROM epochs ORDER BY number")
        return [Epoch(epoch=row[0], keys=row[1], saved=row[2]) for row in rows]

    def own_epochs(self) -> frozenset[bytes]:
        """Return every epoch that this laptop has written in."""
        rows = self._db.rows("SELECT epoch FROM epochs WHERE saved > 0")
        return frozenset(row[0] for row in rows)

    def add_seed(self, epoch: bytes, index: int, seed: bytes) -> None:
        """Keep the salt seed of 4,096 counters; one that is known stays."""
        self._db.run(
            "INSERT OR IGNORE INTO seeds"
            " SELECT number, ?, ? FROM epochs WHERE epoch = ?",
            [index, seed, epoch],
        )

    def seeds(self, epoch: bytes) -> Mapping[int, bytes]:
        """Return the salt seeds of one of our epochs, by ``change.seed_index``."""
        rows = self._db.rows(
            "SELECT place, seed FROM seeds JOIN epochs ON number = seeds.epoch"
            " WHERE epochs.epoch = ?",
            [epoch],
        )
        return dict(rows)

    # --- Saving ---

    def save_many(self, made: Sequence[Made], layouts: Iterable[Layout]) -> None:
        """Keep saves of one epoch, in the order of their counters; some 5,000 at once.

        Raises:
            StoreError: the counters do not follow, or the disk is full.
        """
        if not made:
            return
        with self.transaction():
            base = self._count_on(made)
            self.add_layouts(layouts)
            rows = self._rows(made, base)
            self._db.many(
                "INSERT INTO records (number, record_id, form, subject)"
                " VALUES (?, ?, ?, ?)",
                rows.births,
            )
            # A record edited here, whose parts are gone or not here yet, is shown too.
            self._db.many(
                "UPDATE records SET form = ? WHERE number = ? AND form IS NULL",
                rows.strangers,
            )
            self._db.many("INSERT INTO changes VALUES (?, ?, ?)", rows.changes)
            self._db.many(
                "INSERT INTO writes (leaf, record, classes) VALUES (?, ?, ?)",
                rows.writes,
            )
            self._add_texts(rows.texts)
            self._more_texts(rows.texts_more)

    def _count_on(self, made: Sequence[Made]) -> int:
        """Note the epoch's new last counter and return its base."""
        stamp = made[0].change.stamp
        row = self._db.row(
            "SELECT number, base, saved FROM epochs ORDER BY number DESC LIMIT 1"
        )
        number, base, saved = row or (0, 0, 0)
        counters = [one.change.stamp.counter for one in made]
        expected = list(range(saved + 1, saved + 1 + len(made)))
        if counters != expected or not self._is_epoch(number, stamp.epoch):
            raise StoreError("store.counter", counter=stamp.counter, next=saved + 1)
        self._db.run(
            "UPDATE epochs SET saved = ? WHERE number = ?", [counters[-1], number]
        )
        return int(base)

    def _is_epoch(self, number: int, epoch: bytes) -> bool:
        known = self._db.value("SELECT epoch FROM epochs WHERE number = ?", [number])
        return bool(known == epoch)

    def _rows(self, made: Sequence[Made], base: int) -> _Rows:
        """Return the rows of ``made``; births are numbered in the order of their ids.

        In that order the index of the ids is written from left to right.
        """
        numbers = self._number_all(made)
        rows = _Rows([], [], [], [], [], [])
        for change, identity, data in made:
            seq = base + change.stamp.counter
            rows.changes.append((seq, identity.hash, data))
            leaf = seq * WRITE_SPAN
            for write, record_id in zip(change.writes, identity.records, strict=True):
                number = numbers[record_id]
                shape = self._shapes.get(write.layout) or self._shape(write.layout)
                rows.writes.append((leaf, number, shape.class_bits))
                leaf += 1
                text = self._text_of(write.layout, write.values)
                if write.target is None:
                    subject = _subject(write, shape, identity)
                    hangs_on = None if subject is None else numbers[subject]
                    rows.births.append((number, record_id, shape.form, hangs_on))
                    if text:
                        rows.texts.append((number * 8 + OWN, text))
                    continue
                rows.strangers.append((shape.form, number))
                if text:
                    rows.texts_more.append((number * 8 + OWN, text))
        rows.births.sort()
        return rows

    def _number_all(self, made: Sequence[Made]) -> dict[bytes, int]:
        """Return the number of every record that ``made`` writes or names."""
        born: list[bytes] = []
        named: set[bytes] = set()
        for change, identity, _ in made:
            for write, record_id in zip(change.writes, identity.records, strict=True):
                if write.target is None:
                    born.append(record_id)
                    shape = self._shapes.get(write.layout) or self._shape(write.layout)
                    if (subject := _subject(write, shape, identity)) is not None:
                        named.add(subject)
                else:
                    named.add(record_id)
        numbers = self._numbers_for(named.difference(born))
        first = self._next_record()
        born.sort()
        numbers.update(zip(born, range(first, first + len(born)), strict=True))
        return numbers

    def _shape(self, layout_id: bytes) -> _Shape:
        """Return what is asked of a layout for each record, found once."""
        layout = self._layouts[layout_id]
        bits = sum(1 << cut.class_number for cut in self._cuts_of(layout_id))
        form = self._form_number(layout.form_id)
        shape = _Shape(form, bits, subject_place(layout))
        self._shapes[layout_id] = shape
        return shape

    def _more_texts(self, texts: Iterable[Text]) -> None:
        """Add texts to what is searched of our own writes."""
        for key, text in texts:
            had = self._db.value("SELECT text FROM texts WHERE key = ?", [key])
            self._put_texts([(key, f"{had}\n{text}" if had else text)])

    # --- Reading ---

    def _saved(
        self, first: int, last: int, base: int, epoch: bytes
    ) -> list[SavedChange]:
        rows = self._db.rows(
            "SELECT seq, hash, data FROM changes"
            " WHERE seq BETWEEN ? AND ? ORDER BY seq",
            [first, last],
        )
        return [
            SavedChange(seq, epoch, seq - base, change_hash, data)
            for seq, change_hash, data in rows
        ]

    def _own_writes(
        self, records: Sequence[int], *, absorbed: bool = False
    ) -> list[OwnWrite]:
        """Return our writes to ``records`` in the order they were saved.

        Only those that are not absorbed, which an index knows; or all, for a history.
        """
        where = "1" if absorbed else "absorbed = 0"
        rows = self._db.pick(
            "SELECT leaf, record, disposition, position, data FROM writes"
            f" JOIN changes ON seq = leaf / {WRITE_SPAN}"
            f" WHERE {where} AND record IN ({{keys}})",
            records,
        )
        return [self._own_write(*row) for row in sorted(rows)]

    def _own_write(
        self, leaf: int, record: int, disposition: int, position: int, data: bytes
    ) -> OwnWrite:
        change, ordinal = read_change(data), leaf % WRITE_SPAN
        stamp, write = change.stamp, change.writes[ordinal]
        identity = identify(change, self._seed(stamp.epoch, stamp.counter))
        values = settle(change, identity, ordinal, self._layouts[write.layout])
        entries = tuple(
            (cut.class_number, Entry(
                identity.dot(stamp, ordinal), stamp.person, stamp.role, stamp.shown_at,
                stamp.roster, stamp.because, position if disposition == APPLIED else 0,
                cut.layout_id, None, cut.pick(values),
            ))
            for cut in self._cuts_of(write.layout)
        )  # fmt: skip
        return OwnWrite(leaf, record, disposition, position, entries, write)

    def _seed(self, epoch: bytes, counter: int) -> bytes:
        place = (epoch, seed_index(counter))
        if place not in self._seeds:
            seed = self.seeds(epoch).get(place[1])
            assert seed is not None, "a seed is kept before the first save under it"
            self._seeds[place] = seed
        return self._seeds[place]

    def _rebuild_own_texts(self, records: Iterable[int]) -> None:
        """Search again through our writes that are not absorbed."""
        wanted = list(dict.fromkeys(records))
        texts: dict[int, list[Entry]] = {number: [] for number in wanted}
        for own in self._own_writes(wanted):
            texts[own.record] += [entry for _, entry in own.entries]
        self._put_texts(
            (number * 8 + OWN, self._text_of_entries(entries))
            for number, entries in texts.items()
        )


def _subject(write: Write, shape: _Shape, identity: Identity) -> bytes | None:
    """Return the id of the record that a newborn one hangs on."""
    if shape.subject_place is None:
        return None
    value = write.values[shape.subject_place]
    if type(value) is int:
        return identity.records[value]
    return value if isinstance(value, bytes) else None
