from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.client.clock import AHEAD_MS_MAX, HybridClock, SystemClock, moment_of

NOON = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp() * 1_000)
IN_1970 = 86_400_000
IN_2570 = int(datetime(2570, 1, 1, tzinfo=UTC).timestamp() * 1_000)


class Hands:
    """A clock that someone sets."""

    def __init__(self, now: int) -> None:
        self.now = now

    def now_ms(self) -> int:
        return self.now


def test_a_right_clock_is_taken_as_it_is() -> None:
    reading = HybridClock(Hands(NOON)).tick()

    assert (reading.time, reading.lead, reading.doubtful) == (NOON, 0, False)


def test_two_saves_in_one_millisecond_have_two_times() -> None:
    clock = HybridClock(Hands(NOON))

    assert clock.tick().shown_at < clock.tick().shown_at


def test_a_clock_in_1970_is_flagged_and_counts_on_from_the_latest_time() -> None:
    reading = HybridClock(Hands(IN_1970), NOON).tick()

    assert reading.doubtful
    assert reading.time == IN_1970
    assert reading.shown_at == NOON + 1


def test_a_clock_in_2570_is_flagged_and_clamped() -> None:
    clock = HybridClock(Hands(IN_2570), NOON)

    reading = clock.tick()

    assert reading.doubtful
    assert reading.shown_at == NOON + 1
    assert clock.tick().moment.year == 2026


def test_a_laptop_whose_clock_was_mended_shows_the_right_time_again() -> None:
    hands = Hands(IN_2570)
    clock = HybridClock(hands, NOON)
    clock.tick()
    hands.now = NOON + 60_000

    assert clock.tick() == (NOON + 60_000, 0, False)


def test_another_laptops_wrong_clock_does_not_move_ours() -> None:
    clock = HybridClock(Hands(NOON))

    clock.see(IN_2570)
    clock.see(NOON + 3 * AHEAD_MS_MAX)

    assert clock.tick().shown_at == NOON


def test_another_laptops_slightly_later_save_comes_before_our_next() -> None:
    clock = HybridClock(Hands(NOON))

    clock.see(NOON + 5_000)

    assert clock.tick().shown_at == NOON + 5_001


@given(st.lists(st.integers(-(10**13), 10**14), min_size=2, max_size=20))
def test_hybrid_time_never_goes_back_whatever_the_clock_says(times: list[int]) -> None:
    hands = Hands(0)
    clock = HybridClock(hands)

    shown = []
    for now in times:
        hands.now = now
        reading = clock.tick()
        assert reading.lead >= 0
        shown.append(reading.shown_at)

    assert shown == sorted(set(shown))


@pytest.mark.parametrize("ms", [-(10**18), 0, NOON, IN_2570, 10**18])
def test_every_time_can_be_shown(ms: int) -> None:
    assert moment_of(ms).tzinfo is not None


def test_days_begin_at_midnight_in_thailand() -> None:
    late = int(datetime(2026, 11, 22, 17, 30, tzinfo=UTC).timestamp() * 1_000)

    assert moment_of(late).date().isoformat() == "2026-11-23"


def test_the_systems_clock_tells_milliseconds() -> None:
    assert SystemClock().now_ms() > 1_700_000_000_000
