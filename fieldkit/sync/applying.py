"""Applying pages: all of one run become visible together, and nobody is left untold.

Called inside a transaction. The order matters: verdicts first, for what they release is
absorbed by the parts that follow; notices before each state is replaced.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from fieldkit.causality import Dot
from fieldkit.errors import RemoteProtocolError
from fieldkit.records.layout import Layout
from fieldkit.records.part import Entry, Part, live_places
from fieldkit.sync.pages import Page
from fieldkit.sync.replica import Notice, Replica
from fieldkit.sync.states import PartKey, PartState, ordinary_author

GAP: Final = "sync.page_gap"
Layouts = Mapping[bytes, Layout]


def apply_page(replica: Replica, page: Page) -> int:
    """Apply a page and return how many parts it brought.

    Raises:
        RemoteProtocolError: ``GAP``; something that it only names is not held here, so
            it must be asked for whole. The transaction must be given up.
    """
    held = replica.held(page.leans_on())
    if page.missing(held):
        raise RemoteProtocolError(GAP)
    replica.add_layouts(page.layouts.values())
    replica.take_verdicts(page.verdicts)
    put_states(replica, list(page.states(held)))
    replica.move_out(page.move_outs, page.header.to)
    return page.count


def put_states(replica: Replica, states: Sequence[PartState]) -> None:
    """Put states in place of those held, and tell authors what was not kept."""
    foreign = [state.key for state in _with_others(states, replica.own_epochs())]
    own = replica.own_parts(foreign)
    if own:
        replica.add_notices(list(_notices(states, own, replica)))
    replica.put_parts(states)


def _with_others(
    states: Iterable[PartState], own_epochs: frozenset[bytes]
) -> Iterator[PartState]:
    """Yield the states in which somebody else may have written."""
    for state in states:
        if not state.ordinary or ordinary_author(state.blob) not in own_epochs:
            yield state


def _notices(
    states: Iterable[PartState], own: Mapping[PartKey, Part], replica: Replica
) -> Iterator[Notice]:
    layouts, epochs = replica.layouts(), replica.own_epochs()
    for state in states:
        before = own.get(state.key)
        if before is not None:
            ours = [entry for entry in before.entries if entry.dot.epoch in epochs]
            yield from _not_kept(state, ours, layouts)


def _not_kept(
    state: PartState, ours: Iterable[Entry], layouts: Layouts
) -> Iterator[Notice]:
    """Yield what tells that values of ``ours`` are gone and others' stand there."""
    after = state.part
    live = {entry.dot: _registers(entry, layouts) for entry in after.entries}
    for mine in ours:
        said = _said(mine, layouts)
        gone = said.keys() - live.get(mine.dot, frozenset())
        by_decision: dict[Dot, list[str]] = {}
        entries = {entry.dot: entry for entry in after.entries}
        for register in sorted(gone):
            others = [
                entry
                for entry in after.entries
                if register in live[entry.dot] and entry.person != mine.person
            ]
            decided = max(others, key=_shown_at, default=None)
            if decided is None:
                continue
            # A blank that was filled in, or the same said again, is no loss.
            if said[register] not in (None, _said(decided, layouts)[register]):
                by_decision.setdefault(decided.dot, []).append(register)
        for dot, registers in by_decision.items():
            yield _notice(state, mine, entries[dot], registers)


def _notice(
    state: PartState, mine: Entry, decided: Entry, registers: Iterable[str]
) -> Notice:
    return Notice(
        record_id=state.record_id,
        class_number=state.class_number,
        registers=tuple(registers),
        person=decided.person,
        because=decided.because,
        at=decided.shown_at,
        dot=mine.dot,
    )


def _registers(entry: Entry, layouts: Layouts) -> frozenset[str]:
    return frozenset(name for _, name in live_places(entry, layouts[entry.layout]))


def _said(entry: Entry, layouts: Layouts) -> dict[str, object]:
    """Return the live values of an entry by register."""
    places = live_places(entry, layouts[entry.layout])
    return {name: entry.values[place] for place, name in places}


def _shown_at(entry: Entry) -> tuple[int, Dot]:
    return entry.shown_at, entry.dot
