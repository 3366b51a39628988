"""The machine: what may follow what, and which of two concurrent steps is shown.

Two people may move one referral at the same time. No step is refused, for it happened;
the machine only says which is shown. A fact of the world (received, completed) beats
an intention (scheduled, cancelled); among equals the later in ``states`` is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from fieldkit.records.history import Event
from fieldkit.records.record import Sibling


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """States in the order of precedence, and the steps between them.

    Attributes:
        states: lowest first.
        facts: the states that happened in the world.
        steps: pairs of a state and one that may follow it.
    """

    states: tuple[str, ...]
    facts: frozenset[str]
    steps: frozenset[tuple[str, str]]

    def allows(self, before: object, after: object) -> bool:
        """Return whether ``after`` may follow ``before``; anything may come first."""
        return before is None or before == after or (before, after) in self.steps

    def leads(self, before: object, after: object) -> bool:
        """Return whether steps lead from ``before`` to ``after``."""
        return before is None or after in _reachable(self, before)

    def precedence(self, sibling: Sibling) -> tuple[bool, int, int, object]:
        """Return what sorts siblings: the greatest is shown."""
        state = sibling.value
        place = self.states.index(state) if state in self.states else -1
        return state in self.facts, place, sibling.shown_at, (sibling.dot, sibling.nth)


@lru_cache(maxsize=1_024)
def _reachable(machine: Machine, start: object) -> frozenset[object]:
    found: set[object] = {start}
    waiting: list[object] = [start]
    while waiting:
        state = waiting.pop()
        following = {after for before, after in machine.steps if before == state}
        waiting.extend(following - found)
        found |= following
    return frozenset(found)


def fold(machine: Machine, siblings: Sequence[Sibling]) -> tuple[object, bool]:
    """Return the state to show, and whether some other does not lead there."""
    said = [s for s in siblings if s.value is not None]
    if not said:
        return None, False
    shown = max(said, key=machine.precedence).value
    return shown, not all(machine.leads(s.value, shown) for s in said)


def illegal_steps(machine: Machine, events: Sequence[Event]) -> tuple[Event, ...]:
    """Return the events of one register whose step the machine does not allow."""
    return tuple(
        event
        for event in events
        if not all(machine.allows(before, event.after) for before in event.before)
    )


_REFERRAL_STEPS: Final = {
    "draft": "sent cancelled",
    "sent": "received accepted rejected redirected cancelled lost",
    "received": "accepted rejected redirected scheduled in_service cancelled lost",
    "accepted": "received redirected scheduled in_service no_show cancelled lost",
    "rejected": "sent redirected cancelled",
    "redirected": "sent received accepted rejected cancelled lost",
    "scheduled": "scheduled received in_service no_show cancelled lost",
    "in_service": "completed redirected lost",
    "no_show": "scheduled in_service cancelled lost",
    "lost": "sent received scheduled in_service cancelled",
}


def parse_steps(steps: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Return the pairs of steps written as state to the states that may follow.

    >>> sorted(parse_steps({"draft": "sent cancelled"}))
    [('draft', 'cancelled'), ('draft', 'sent')]
    """
    return frozenset(
        (before, after) for before in steps for after in steps[before].split()
    )


REFERRAL: Final = Machine(
    states=(
        "draft", "sent", "accepted", "scheduled", "rejected", "redirected", "lost",
        "cancelled", "received", "no_show", "in_service", "completed",
    ),
    facts=frozenset({"received", "no_show", "in_service", "completed"}),
    steps=parse_steps(_REFERRAL_STEPS),
)  # fmt: skip
"""The way of a referral, from the slip to its answer."""
