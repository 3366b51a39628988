"""Every schedule of three laptops and two questions, to a depth, against the set model.

A laptop opens the form, saves one of the questions, or takes over all that another
has. Schedules that lead to the same state are followed once, and so are those that
differ only in the names of laptops or questions: the first to act has the first name.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple, TypeVar

from fieldkit.causality import Dot
from fieldkit.merge.merge import join, merge, written
from fieldkit.records.layout import Layout
from fieldkit.records.part import EMPTY, Entry, Part, live_places

DEPTH = 6
"""After the record's birth, which makes it seven."""
STATES_MIN = 20_000
FIELDS = ("f", "g")
LAPTOPS = (0, 1, 2)
LAYOUT_OF: dict[tuple[str, ...], Layout] = {
    fields: Layout("visit", 1, fields) for fields in (FIELDS, FIELDS[:1], FIELDS[1:])
}
LAYOUTS = {layout.id: layout for layout in LAYOUT_OF.values()}


T = TypeVar("T")


class Saved(NamedTuple):
    """One save as the set model knows it: who and which, a field, and what was seen."""

    who: int
    counter: int
    fields: tuple[str, ...]
    seen: frozenset[tuple["Saved", str]]


Heard = frozenset[Saved]
Shown = frozenset[tuple[Saved, str]]
BIRTH = Saved(0, 1, FIELDS, frozenset())
"""The record's first save, of both questions, which the first laptop has made."""


class State(NamedTuple):
    """What each laptop has heard of, and what is open on its screen."""

    heard: tuple[Heard, ...] = (frozenset({BIRTH}), frozenset(), frozenset())
    screens: tuple[Shown | None, ...] = (None,) * 3


@cache
def set_model(heard: Heard) -> Shown:
    """Return what is live: all that was saved less all that was seen and replaced."""
    written = {(saved, field) for saved in heard for field in saved.fields}
    return frozenset(written.difference(*(saved.seen for saved in heard)))


@cache
def dot_of(saved: Saved) -> Dot:
    return Dot(bytes([saved.who]), saved.counter, b"")


@cache
def alone(saved: Saved) -> Part:
    layout = LAYOUT_OF[saved.fields]
    values = (f"{saved.who}.{saved.counter}",) * len(saved.fields)
    entry = Entry(dot_of(saved), b"", "", 0, 0, None, 0, layout.id, None, values)
    return written(entry, (dot_of(was) for was, _ in saved.seen), layout)


def shown_by(part: Part) -> set[tuple[Dot, str]]:
    return {
        (entry.dot, name)
        for entry in part.entries
        for _, name in live_places(entry, LAYOUTS[entry.layout])
    }


Step = tuple[State, int, Heard]
"""The next state, the laptop whose record changes, and what it hears of."""


def steps(state: State) -> Iterator[Step]:
    any_edit = any(heard - {BIRTH} for heard in state.heard)
    acted = [bool(h) or s is not None for h, s in zip(*state, strict=True)]
    for who in LAPTOPS:
        if who and not acted[who - 1]:
            return
        if state.screens[who] is None:
            yield opened(state, who)
        for field in FIELDS if any_edit else FIELDS[:1]:
            yield saved(state, who, field)
        for other in LAPTOPS:
            if not state.heard[other] <= state.heard[who]:
                yield hearing(state, who, state.heard[other])


def opened(state: State, who: int) -> Step:
    screen = set_model(state.heard[who])
    return state._replace(screens=put(state.screens, who, screen)), who, frozenset()


def saved(state: State, who: int, field: str) -> Step:
    screen = state.screens[who]
    shown = set_model(state.heard[who]) if screen is None else screen
    counter = 1 + sum(one.who == who for one in state.heard[who])
    seen = frozenset(place for place in shown if place[1] == field)
    closed = state._replace(screens=put(state.screens, who, None))
    return hearing(closed, who, frozenset({Saved(who, counter, (field,), seen)}))


def hearing(state: State, who: int, news: Heard) -> Step:
    heard = put(state.heard, who, state.heard[who] | news)
    return state._replace(heard=heard), who, news


def put(items: tuple[T, ...], place: int, item: T) -> tuple[T, ...]:
    return (*items[:place], item, *items[place + 1 :])


def part_after(state: State, parts: tuple[Part, ...], who: int, news: Heard) -> Part:
    """Return a laptop's part once it has heard: another's part as one, or one save."""
    if news in state.heard:
        return join(parts[who], parts[state.heard.index(news)], LAYOUTS)
    return merge(parts[who], map(alone, news), LAYOUTS)


def test_no_schedule_of_three_laptops_shows_anything_but_the_set_model() -> None:
    level: dict[State, tuple[Part, ...]] = {State(): (alone(BIRTH), EMPTY, EMPTY)}
    count = 0
    for _ in range(DEPTH):
        following: dict[State, tuple[Part, ...]] = {}
        for state, parts in level.items():
            for after, who, news in steps(state):
                part = part_after(state, parts, who, news) if news else parts[who]
                if after in following:
                    assert part == following[after][who]
                    continue
                model = set_model(after.heard[who])
                assert shown_by(part) == {(dot_of(s), field) for s, field in model}
                following[after] = (*parts[:who], part, *parts[who + 1 :])
        level = following
        count += len(level)

    assert count > STATES_MIN
