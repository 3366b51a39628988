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

DEPTH = 7
STATES_MIN = 60_000
FIELDS = ("f", "g")
LAPTOPS = (0, 1, 2)
LAYOUTS = {layout.id: layout for layout in (Layout("visit", 1, (f,)) for f in FIELDS)}
LAYOUT_OF = {layout.paths[0]: layout for layout in LAYOUTS.values()}


T = TypeVar("T")


class Saved(NamedTuple):
    """One save as the set model knows it: who and which, a field, and what was seen."""

    who: int
    counter: int
    field: str
    seen: frozenset["Saved"]


Heard = frozenset[Saved]


class State(NamedTuple):
    """What each laptop has heard of, and what is open on its screen."""

    heard: tuple[Heard, ...] = (frozenset(),) * 3
    screens: tuple[Heard | None, ...] = (None,) * 3


@cache
def set_model(heard: Heard) -> Heard:
    """Return what is live: all that was saved less all that was seen and replaced."""
    return heard - {was for saved in heard for was in saved.seen}


@cache
def dot_of(saved: Saved) -> Dot:
    return Dot(bytes([saved.who]), saved.counter, b"")


@cache
def alone(saved: Saved) -> Part:
    layout = LAYOUT_OF[saved.field]
    value = f"{saved.who}.{saved.counter}"
    entry = Entry(dot_of(saved), b"", "", 0, 0, None, 0, layout.id, None, (value,))
    return written(entry, map(dot_of, saved.seen), layout)


def shown_by(part: Part) -> set[tuple[Dot, str]]:
    return {
        (entry.dot, name)
        for entry in part.entries
        for _, name in live_places(entry, LAYOUTS[entry.layout])
    }


Step = tuple[State, int, Heard]
"""The next state, the laptop whose record changes, and what it hears of."""


def steps(state: State) -> Iterator[Step]:
    acted = [bool(h) or s is not None for h, s in zip(*state, strict=True)]
    for who in LAPTOPS:
        if who and not acted[who - 1]:
            return
        if state.screens[who] is None:
            yield opened(state, who)
        for field in FIELDS if any(state.heard) else FIELDS[:1]:
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
    seen = frozenset(one for one in shown if one.field == field)
    closed = state._replace(screens=put(state.screens, who, None))
    return hearing(closed, who, frozenset({Saved(who, counter, field, seen)}))


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
    level: dict[State, tuple[Part, ...]] = {State(): (EMPTY,) * 3}
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
                assert shown_by(part) == {(dot_of(s), s.field) for s in model}
                following[after] = (*parts[:who], part, *parts[who + 1 :])
        level = following
        count += len(level)

    assert count > STATES_MIN
