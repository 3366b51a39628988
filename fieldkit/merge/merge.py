"""The merge: one pure function, the same on every laptop and on the server.

Theory of operation. A part (one record's values of one class) is two sets that only
grow: the writes, and the dots that writes have replaced. ``join`` unites both and
keeps what is live: writes less what is replaced, register by register. So merging is
commutative, associative and idempotent; it is total: it never raises, never asks,
never drops a value that nobody replaced, and knows no form: answers to questions that
this program has never heard of merge like all others. What only a person can settle
is left over as siblings (``conflict`` finds them); policies are views (``views``).

A store that knows which changes it has applied may drop the ``replaced`` marks of
those (``forget``), since they can no longer arrive.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import itemgetter

from fieldkit.causality import Dot
from fieldkit.codec import encode_unchecked
from fieldkit.records.layout import Layout
from fieldkit.records.part import EMPTY, Entry, Part, encode_entry, live_places

Layouts = Mapping[bytes, Layout]


def merge(part: Part, changes: Iterable[Part], layouts: Layouts) -> Part:
    """Return ``part`` having seen ``changes``, each as the part that it makes alone."""
    return reduce(lambda ours, theirs: join(ours, theirs, layouts), changes, part)


def written(entry: Entry, replaces: Iterable[Dot], layout: Layout) -> Part:
    """Return the part that one write makes by itself."""
    dots = tuple(replaces)
    if not dots:
        return Part((entry,), {})
    names = frozenset(name for _, name in live_places(entry, layout))
    return Part((entry,), dict.fromkeys(dots, names) if names else {})


def join(ours: Part, theirs: Part, layouts: Layouts) -> Part:
    """Return the union of two parts of the same record and class.

    Total: it never raises for parts whose layouts are at hand, never asks, never drops
    a value that nobody replaced.
    """
    if ours == EMPTY:
        return theirs
    replaced = dict(ours.replaced)
    for dot, names in theirs.replaced.items():
        replaced[dot] = replaced.get(dot, frozenset()) | names
    entries: dict[Dot, Entry] = {}
    for entry in (*ours.entries, *theirs.entries):
        twin = entries.get(entry.dot)
        joined = entry if twin is None else _meet(twin, entry, layouts[entry.layout])
        entries[entry.dot] = joined
    survivors = (
        _without(entry, replaced.get(entry.dot), layouts[entry.layout])
        for entry in entries.values()
    )
    kept = sorted(
        (entry for entry in survivors if entry is not None), key=itemgetter(0)
    )
    return Part(tuple(kept), replaced)


def _meet(ours: Entry, theirs: Entry, layout: Layout) -> Entry:
    """Return one leaf as both sides leave it: live only where it is live on both."""
    position = max(ours.position, theirs.position)
    if ours._replace(position=theirs.position) == theirs:
        return ours._replace(position=position)
    if _content(ours) != _content(theirs):
        # Two leaves made to have one tag: all machines must keep the same one.
        return min(ours, theirs, key=_content)._replace(position=position)
    alive = {place for place, _ in live_places(ours, layout)}
    both = tuple(place for place, _ in live_places(theirs, layout) if place in alive)
    return ours._replace(position=position, live=both)


def _content(entry: Entry) -> bytes:
    return encode_unchecked(encode_entry(entry._replace(position=0, live=None)))


def _without(
    entry: Entry, names: frozenset[str] | None, layout: Layout
) -> Entry | None:
    """Return ``entry`` less the replaced registers, or None if nothing is left."""
    if names is None:
        return entry if entry.live != () else None
    before = live_places(entry, layout)
    after = tuple(place for place, name in before if name not in names)
    if not after:
        return None
    return entry if len(after) == len(before) else entry._replace(live=after)


def forget(part: Part, is_applied: Callable[[Dot], bool]) -> Part:
    """Return ``part`` without the marks of changes that can no longer arrive."""
    if not part.replaced:
        return part
    waiting = {
        dot: names for dot, names in part.replaced.items() if not is_applied(dot)
    }
    return Part(part.entries, waiting)
