"""The oracle: a record as all writes and all replacements, and nothing clever.

It keeps what the merge forgets, is told what each author was really shown, and says
which values must be live: those that nobody who had been shown them replaced.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from fieldkit.causality import Dot

Place = tuple[Dot, str]
Live = dict[str, set[tuple[Dot, str]]]


@dataclass
class Oracle:
    """Everything that was ever saved, and by whom it was replaced."""

    values: dict[Place, str] = field(default_factory=dict)
    named: dict[Dot, set[Place]] = field(default_factory=dict)
    seen: dict[Dot, set[Place]] = field(default_factory=dict)

    def save(self, dot: Dot, values: dict[str, object], shown: Iterable[Place]) -> None:
        """Note a save: what it wrote, and what was on the screen at its opening."""
        for register, value in values.items():
            self.values[dot, register] = repr(value)
        self.seen[dot] = {place for place in shown if place[1] in values}
        dots = {was for was, _ in self.seen[dot]}
        self.named[dot] = {(was, register) for was in dots for register in values}

    def live(self, applied: Iterable[Dot]) -> Live:
        """Return what is live where ``applied`` have arrived, in whatever order.

        A write names dots: what one of these dots said of another register that is
        written here was seen too, or was replaced by something that was seen and is
        still under way.
        """
        return self._live(set(applied), self.named)

    def live_at_rest(self) -> Live:
        """Return what is live once all has arrived: what nobody who saw it replaced."""
        return self._live(set(self.seen), self.seen)

    def _live(self, here: set[Dot], replaced: dict[Dot, set[Place]]) -> Live:
        gone = {place for dot in here for place in replaced[dot]}
        found: Live = {}
        for (dot, register), value in self.values.items():
            if dot in here and (dot, register) not in gone:
                found.setdefault(register, set()).add((dot, value))
        return found
