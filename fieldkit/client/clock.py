"""The clock: what this laptop's says, and one that orders saves whatever it says.

A volunteer's laptop may believe that it is 1970 (an empty battery) or 2570 (a Buddhist
year typed where a Christian one belongs). Nothing is refused for that. The *hybrid*
time never goes back: it follows the laptop's clock while that may be believed, and
otherwise counts on from the latest time that was seen. It only orders what is shown.
"""

import time
from datetime import datetime, timedelta, timezone
from typing import Final, NamedTuple

from fieldkit.ports import Clock

BANGKOK: Final = timezone(timedelta(hours=7), "+07")
"""The zone in which days begin and end, whatever zone a laptop is set to."""
EARLIEST_MS: Final = 1_767_225_600_000
"""The first moment of 2026: no save of this program is older."""
LATEST_MS: Final = 4_102_444_800_000
"""The first moment of 2100."""
AHEAD_MS_MAX: Final = 24 * 60 * 60 * 1_000
"""How far another laptop's time may lie ahead of ours and still move our own."""


class SystemClock:
    """The clock of this machine."""

    def now_ms(self) -> int:
        """Return the milliseconds since 1970, UTC, as this machine believes."""
        return time.time_ns() // 1_000_000


class Reading(NamedTuple):
    """One look at the clock.

    Attributes:
        time: the laptop's clock in ms; that of the hybrid one if it lies beyond 2100.
        lead: how far the hybrid clock is ahead of it.
        doubtful: whether the laptop's clock cannot be right.
    """

    time: int
    lead: int
    doubtful: bool

    @property
    def shown_at(self) -> int:
        """Return the hybrid time in ms."""
        return self.time + self.lead

    @property
    def moment(self) -> datetime:
        """Return the hybrid time as date and time in Thailand."""
        return moment_of(self.shown_at)


class HybridClock:
    """A clock that never goes back, kept on by whoever holds ``latest_ms``."""

    def __init__(self, clock: Clock, latest_ms: int = 0) -> None:
        self._clock = clock
        self.latest_ms = latest_ms

    def look(self) -> Reading:
        """Return the time without moving on: for what is only shown or judged."""
        said = self._clock.now_ms()
        doubtful = not EARLIEST_MS <= said < LATEST_MS
        floor = max(self.latest_ms, EARLIEST_MS)
        own = min(said, floor) if said >= LATEST_MS else said
        return Reading(own, max(0, floor - own), doubtful)

    def tick(self) -> Reading:
        """Return a time later than every one before: for a save."""
        reading = self.look()
        if reading.shown_at <= self.latest_ms:
            later = self.latest_ms + 1 - reading.time
            reading = reading._replace(lead=later)
        self.latest_ms = reading.shown_at
        return reading

    def resume(self, latest_ms: int) -> None:
        """Count on from the latest time that this laptop gave or took note of."""
        self.latest_ms = max(self.latest_ms, latest_ms)

    def see(self, shown_at: int) -> None:
        """Take note of a time that another place gave, if it may be believed."""
        said = self._clock.now_ms()
        bound = (
            LATEST_MS if said >= LATEST_MS else max(said, self.latest_ms, EARLIEST_MS)
        )
        if shown_at < min(bound + AHEAD_MS_MAX, LATEST_MS):
            self.latest_ms = max(self.latest_ms, shown_at)


def moment_of(shown_at: int) -> datetime:
    """Return a time in ms since 1970 as date and time in Thailand.

    Times that no calendar holds are shown as its first or last day.
    """
    seconds = min(max(shown_at / 1_000, -62_000_000_000), 253_000_000_000)
    return datetime.fromtimestamp(0, BANGKOK) + timedelta(seconds=seconds)
