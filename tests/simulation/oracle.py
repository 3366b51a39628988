"""The oracle: all that was saved and what each author was shown, and nothing clever.

It is told of every save with the screen that its author saw, never what the change says
of itself. So it knows which values nobody who had seen them replaced: those must be
live, whatever way they travelled.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from fieldkit.causality import Dot
from fieldkit.records.change import settle
from fieldkit.records.layout import RELEASE_FORM, SUBJECT, Layout
from fieldkit.records.part import Part, live_places
from fieldkit.records.record import Record
from tests.simulation.laptop import Laptop, Saved
from tests.simulation.memory import TAKEN
from tests.simulation.province import class_number

Place = tuple[Dot, str]
Live = dict[bytes, dict[Place, object]]


class BrokenLawError(AssertionError):
    """Something that must hold does not."""


class Spoken(NamedTuple):
    """One save, as the oracle remembers it."""

    dot: Dot
    record: bytes
    person: bytes
    roster: int
    change_hash: bytes
    values: dict[str, object]
    replaced: frozenset[Place]
    is_release: bool


@dataclass
class Oracle:
    """Everything that was ever saved, and what became visible where."""

    said: dict[bytes, Spoken] = field(default_factory=dict)
    places: dict[Place, bytes] = field(default_factory=dict)
    replaced_by: dict[Place, list[bytes]] = field(default_factory=dict)
    owners: dict[bytes, bytes] = field(default_factory=dict)
    may_be_lost: set[bytes] = field(default_factory=set)
    seen: dict[str, dict[bytes, set[Place]]] = field(default_factory=dict)

    # --- What is told ---

    def note(self, saved: Saved) -> Spoken:
        """Note a save, and that it replaces nothing that was not shown."""
        change, identity, layout, shown = saved
        [write], [record] = change.writes, identity.records
        dot = identity.dot(change.stamp, 0)
        values = dict(
            zip(layout.paths, settle(change, identity, 0, layout), strict=True)
        )
        subject = values.pop(SUBJECT, None)
        if write.target is None:
            self.owners[record] = subject if isinstance(subject, bytes) else record
        screen = places_of(shown) if shown else set()
        dots = {was for was, register in screen if register in values}
        if not set(write.replaces) <= {was for was, _ in screen}:
            raise BrokenLawError("a save replaces what was not shown")
        replaced = frozenset((was, name) for was in dots for name in values)
        spoken = Spoken(
            dot, record, change.stamp.person, change.stamp.roster, identity.hash,
            values, replaced, layout.form_id == RELEASE_FORM,
        )  # fmt: skip
        self.said[identity.hash] = spoken
        for place in replaced:
            self.replaced_by.setdefault(place, []).append(identity.hash)
        self.places.update({(dot, name): identity.hash for name in values})
        return spoken

    # --- What must be live ---

    def live(self, applied: set[bytes]) -> Live:
        """Return what is live by record where these changes are applied."""
        gone = {place for one in applied for place in self.said[one].replaced}
        found: Live = {}
        for change_hash in applied:
            dot, record, *_, values, _, is_release = self.said[change_hash]
            if not is_release:
                live = {(dot, n): v for n, v in values.items() if (dot, n) not in gone}
                found.setdefault(record, {}).update(live)
        return found

    # --- What one laptop shows, step by step ---

    def look(self, laptop: Laptop, applied: set[bytes]) -> None:
        """Check that nothing vanished from a laptop that nobody had seen and replaced.

        Its own writes are among what it showed, so this is read-your-writes too.
        """
        before = self.seen.get(laptop.name, {})
        now = shown_on(laptop)
        own = {saved.hash for saved in laptop.replica.kept.log}
        for record, places in before.items():
            for place in places - now.get(record, set()):
                if not self._may_vanish(place, record, laptop, applied | own):
                    raise BrokenLawError(
                        f"{laptop.name} no longer shows {place[1]} of a record"
                    )
        self._look_beside(laptop, now)
        self.seen[laptop.name] = now

    def _look_beside(self, laptop: Laptop, now: dict[bytes, set[Place]]) -> None:
        """Check that a write of ours which waits for a look hides nothing meanwhile."""
        kept = laptop.replica.kept
        waiting = {
            seq for seq, one in kept.judged.items() if one.disposition not in TAKEN
        }
        own = {saved.hash for saved in kept.log if saved.seq not in waiting}
        for key in {key for seq in waiting for key, *_ in kept.writes[seq]}:
            state = kept.parts.get(key)
            for place in _live_in(state.part, kept.layouts) if state else ():
                if place not in now.get(key[0], set()) and not own.intersection(
                    self.replaced_by.get(place, ())
                ):
                    raise BrokenLawError(f"{laptop.name} hides what others say")

    def _may_vanish(
        self, place: Place, record: bytes, laptop: Laptop, known: set[bytes]
    ) -> bool:
        if known.intersection(self.replaced_by.get(place, ())):
            return True
        form_id, _ = laptop.replica.kept.homes[record]
        key = (record, class_number(form_id, place[1]))
        kept = laptop.replica.kept
        moved_out = key not in kept.parts and kept.brought.get(key, 0) > 0
        return moved_out and self.places.get(place) in known

    def forget(self, laptop: Laptop) -> None:
        """Begin anew with a laptop whose disk was put back or copied."""
        self.seen[laptop.name] = shown_on(laptop)


def _live_in(part: Part, layouts: Mapping[bytes, Layout]) -> Iterator[Place]:
    for entry in part.entries:
        for _, name in live_places(entry, layouts[entry.layout]):
            yield entry.dot, name


def places_of(record: Record) -> set[Place]:
    """Return the values on the screen."""
    return {
        (sibling.dot, name)
        for name, siblings in record.registers.items()
        for sibling in siblings
    }


def shown_on(laptop: Laptop) -> dict[bytes, set[Place]]:
    """Return all that a laptop shows, by record."""
    found: dict[bytes, set[Place]] = {}
    for record in sorted(laptop.replica.records()):
        opened = laptop.replica.open_record(record)
        if opened.form_id != RELEASE_FORM:
            found[record] = places_of(opened)
    return found
