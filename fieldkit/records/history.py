"""The history: who wrote what in one record, when, why, and what it replaced."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from fieldkit.causality import Dot
from fieldkit.records.change import Change, Identity, settle
from fieldkit.records.layout import Layout, registers
from fieldkit.records.part import Entry
from fieldkit.records.record import Mark, Sibling, brought_back

Replaced = Mapping[Dot, Collection[Dot]]
"""For each write the dots that it replaces."""


class Event(NamedTuple):
    """One register of one write: from what, to what, by whom, when and why.

    ``before`` holds the values it replaced, side by side; empty for the first.
    """

    register: str
    before: tuple[object, ...]
    after: object
    dot: Dot
    person: bytes
    role: str
    shown_at: int
    because: str | None
    version: int
    settles: tuple[Dot, ...]


class Told(NamedTuple):
    """Someone's value that another person's write did not keep."""

    event: Event
    dot: Dot
    value: object


def entry_of(
    change: Change, identity: Identity, ordinal: int, layout: Layout, position: int = 0
) -> Entry:
    """Return the whole write at ``ordinal`` as one entry, all of it live.

    Raises:
        CodecError: the write does not fit ``layout``.
    """
    stamp = change.stamp
    return Entry(
        identity.dot(stamp, ordinal), stamp.person, stamp.role, stamp.shown_at,
        stamp.roster, stamp.because, position, layout.id, None,
        settle(change, identity, ordinal, layout),
    )  # fmt: skip


def history(
    entries: Iterable[Entry],
    layouts: Mapping[bytes, Layout],
    replaced: Replaced | None = None,
) -> tuple[Event, ...]:
    """Return the events of one record, each after all that its author had seen.

    Args:
        entries: all writes of the record at hand, superseded ones too, cut or whole.
        layouts: the layouts that they name.
        replaced: what each write replaced, where it is known. Where it is not, a value
            is shown as following the one displayed before it in its register.
    """
    known = replaced or {}
    newest: dict[str, Event] = {}
    by_place: dict[tuple[Dot, str], Event] = {}
    events: list[Event] = []
    for entry in _ordered(tuple(entries), known):
        for name, value in _written(entry, layouts[entry.layout]):
            seen = _seen(entry.dot, name, known, by_place, newest)
            event = Event(
                name, tuple(was.after for was in seen), value, entry.dot, entry.person,
                entry.role, entry.shown_at, entry.because,
                layouts[entry.layout].version, tuple(was.dot for was in seen),
            )  # fmt: skip
            newest[name] = by_place[entry.dot, name] = event
            events.append(event)
    return tuple(events)


def _seen(
    dot: Dot,
    name: str,
    known: Replaced,
    by_place: Mapping[tuple[Dot, str], Event],
    newest: Mapping[str, Event],
) -> list[Event]:
    """Return the events of register ``name`` that the write ``dot`` replaced."""
    if dot not in known:
        return [newest[name]] if name in newest else []
    named = [by_place[d, name] for d in sorted(known[dot]) if (d, name) in by_place]
    over = _settled_by(named, by_place)
    return [event for event in named if event.dot not in over]


def _settled_by(
    events: Iterable[Event], by_place: Mapping[tuple[Dot, str], Event]
) -> set[Dot]:
    """Return all dots that ``events`` replaced, and those that these had replaced."""
    waiting = list(events)
    found: set[Dot] = set()
    while waiting:
        event = waiting.pop()
        fresh = set(event.settles) - found
        found |= fresh
        waiting += [by_place[dot, event.register] for dot in fresh]
    return found


def _written(entry: Entry, layout: Layout) -> list[tuple[str, object]]:
    """Return register and value of all that a leaf wrote, live or not."""
    names = registers(layout, entry.values)
    pairs = zip(names, entry.values, strict=True)
    return [(name, value) for name, value in pairs if name is not None]


def _ordered(entries: Sequence[Entry], known: Replaced) -> list[Entry]:
    """Return the entries by time, but never before what they replace."""
    by_dot: dict[Dot, list[Entry]] = {}
    for entry in sorted(entries, key=attrgetter("shown_at", "dot")):
        by_dot.setdefault(entry.dot, []).append(entry)
    rests_on = {dot: {*known.get(dot, ())} & by_dot.keys() for dot in by_dot}
    ordered: list[Entry] = []
    while rests_on:
        free = (dot for dot, under in rests_on.items() if not under & rests_on.keys())
        following = next(free, next(iter(rests_on)))
        del rests_on[following]
        ordered += by_dot[following]
    return ordered


def siblings_before(
    events: Sequence[Event], decision: Dot
) -> dict[str, tuple[Sibling, ...]]:
    """Return the siblings that the write ``decision`` replaced, for an undo."""
    by_place = {(event.dot, event.register): event for event in events}
    found: dict[str, tuple[Sibling, ...]] = {}
    for event in events:
        if event.dot == decision:
            was = [by_place[dot, event.register] for dot in event.settles]
            found[event.register] = tuple(s for e in was for s in siblings_of(e))
    return found


def siblings_of(event: Event, mark: Mark = "applied") -> tuple[Sibling, ...]:
    """Return what the event's value was as siblings: several where it was an undo."""
    undone = brought_back(event.after)
    if undone is not None:
        return tuple(
            was._replace(dot=event.dot, nth=nth, mark=mark)
            for nth, was in enumerate(undone)
        )
    return (
        Sibling(
            event.after, event.dot, event.person, event.role, event.shown_at,
            event.version, event.because, mark,
        ),
    )  # fmt: skip


def not_kept(events: Sequence[Event], person: bytes) -> tuple[Told, ...]:
    """Return what others replaced of the values of ``person`` in deciding.

    A decision is a write that replaced more than one value in a register. Its author
    is not told of their own.
    """
    by_place = {(event.dot, event.register): event for event in events}
    decisions = [e for e in events if len(e.settles) > 1 and e.person != person]
    return tuple(
        Told(event, dot, by_place[dot, event.register].after)
        for event in decisions
        for dot in event.settles
        if by_place[dot, event.register].person == person
        and by_place[dot, event.register].after != event.after
    )
