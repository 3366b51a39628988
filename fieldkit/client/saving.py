"""Saving: writes become a change under our epoch, one at a time or by the thousand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fieldkit.causality import Stamp
from fieldkit.client.clock import HybridClock
from fieldkit.client.installation import Installation
from fieldkit.codec import decode, encode
from fieldkit.records.change import (
    SEED_SPAN,
    Births,
    Change,
    Identity,
    Write,
    change_bytes,
    identify,
    seed_index,
)
from fieldkit.records.layout import Layout
from fieldkit.store.log import Made
from fieldkit.store.store import Store
from fieldkit.sync.roster import Roster

Written = tuple[Layout, Write]
_LATEST: Final = "hybrid time"
_MINUS_ZERO: Final = b"\xfb\x80" + bytes(7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who saves: a person in one of their roles."""

    person: bytes
    role: str


class Pen:
    """Saves what was written, under this laptop's epoch and time."""

    def __init__(
        self,
        store: Store,
        installation: Installation,
        clock: HybridClock,
        author: Author,
    ) -> None:
        self._store = store
        self._installation = installation
        self._clock = clock
        self._author = author
        kept = store.setting(_LATEST)
        if kept is not None:
            clock.resume(decode(kept, bytes_max=64))

    def save(
        self,
        written: Sequence[Written],
        roster: Roster,
        because: str | None = None,
        draft: int | None = None,
    ) -> Identity:
        """Keep ``written`` as one save and return what it is; its draft goes with it.

        Raises:
            CodecError: a value cannot be written.
            StoreError: the disk is full, or another program is writing for long.
        """
        with self._store.transaction():
            stamp = self._stamp(roster, 1, because)
            change = Change(stamp, tuple(write for _, write in written))
            data = change_bytes(change)
            encode(_values(change))
            seed = self._installation.seed(stamp.epoch, stamp.counter)
            identity = identify(change, seed)
            layouts = [layout for layout, _ in written]
            self._store.save(Made(change, identity, data), layouts, draft=draft)
        return identity

    def save_births(
        self, layout: Layout, rows: Sequence[tuple[object, ...]], roster: Roster
    ) -> list[bytes]:
        """Keep each row as a new record, in one transaction; return the records' ids.

        Rows of one call have one time: they were brought together. Their values have
        passed the tests of their questions.

        Raises:
            StoreError: the disk is full; none was kept.
        """
        if not rows:
            return []
        with self._store.transaction():
            stamp = self._stamp(roster, len(rows), None)
            made = list(self._births(layout.id, stamp, rows))
            self._store.save_many(made, [layout])
        return [one.identity.records[0] for one in made]

    def _births(
        self, layout: bytes, stamp: Stamp, rows: Sequence[tuple[object, ...]]
    ) -> Iterator[Made]:
        seeds = _Seeds(self._installation, stamp.epoch)
        births = Births(stamp, layout, len(rows[0]))
        for counter, given in enumerate(rows, stamp.counter):
            values, seed = given, seeds[seed_index(counter)]
            own, identity, data = births.make(counter, values, seed)
            if _MINUS_ZERO in data:  # has no encoding; all else was looked at before
                values = tuple(map(_plain_zero, given))
                own, identity, data = births.make(counter, values, seed)
            write = Write(layout, None, (), values)
            yield Made(Change(own, (write,)), identity, data)

    def _stamp(self, roster: Roster, count: int, because: str | None) -> Stamp:
        """Return the stamp of the next save, of which ``count`` are coming."""
        epoch, saved = self._installation.author(roster, count)
        reading = self._clock.tick()
        self._store.set_setting(_LATEST, encode(self._clock.latest_ms))
        return Stamp(
            epoch, saved + 1, self._author.person, self._author.role, roster.version,
            reading.time, reading.lead, because,
        )  # fmt: skip


class _Seeds(dict[int, bytes]):
    """The salt seeds of one epoch, each looked up once."""

    def __init__(self, installation: Installation, epoch: bytes) -> None:
        super().__init__()
        self._installation = installation
        self._epoch = epoch

    def __missing__(self, index: int) -> bytes:
        seed = self._installation.seed(self._epoch, index * SEED_SPAN + 1)
        self[index] = seed
        return seed


def _values(change: Change) -> list[object]:
    """Return all values of a change, to be looked at by the codec."""
    return [list(write.values) for write in change.writes]


def _plain_zero(value: object) -> object:
    return value + 0.0 if type(value) is float else value
