"""Whole provinces by the seed: everything goes wrong, and nothing is lost or hidden."""

from collections import Counter

import pytest

from tests.simulation.__main__ import PLANTED_SEEDS_MAX, failure, first_failure
from tests.simulation.planted import (
    PLANTED,
    Plant,
    first_branch_wins,
    local_write_dropped_at_receipt,
    page_applied_regardless_of_its_range,
    pruning_at_accepted,
)
from tests.simulation.scheduler import ACTIONS, Run

TROUBLE = {
    "dropped", "syncs cut", "new epochs", "forks told", "moves out waiting",
    "mail taken", "mail sync.other_device",
}  # fmt: skip


@pytest.mark.parametrize("first", range(0, 48, 8))
def test_a_province_comes_to_rest_with_nothing_lost_or_hidden(first: int) -> None:
    assert [why for seed in range(first, first + 8) if (why := failure(seed))] == []


def test_one_seed_replays_one_run() -> None:
    assert Run(5).run() == Run(5).run()
    assert Run(5).run() != Run(6).run()


def test_every_kind_of_trouble_is_met() -> None:
    counts: Counter[str] = Counter()

    assert [why for seed in range(60, 68) if (why := failure(seed, counts))] == []

    assert {*ACTIONS, *TROUBLE} - {name for name in counts if counts[name]} == set()


@pytest.mark.parametrize(
    "plant",
    [
        first_branch_wins,
        local_write_dropped_at_receipt,
        page_applied_regardless_of_its_range,
        pruning_at_accepted,
    ],
)
def test_a_planted_bug_is_caught_soon(plant: Plant) -> None:
    with plant():
        assert first_failure(range(8)) is not None


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTED)
def test_every_planted_bug_is_caught(plant: Plant) -> None:
    with plant():
        assert first_failure(range(PLANTED_SEEDS_MAX)) is not None


@pytest.mark.slow
@pytest.mark.parametrize("first", range(100, 400, 25))
def test_many_provinces_come_to_rest(first: int) -> None:
    assert [why for seed in range(first, first + 25) if (why := failure(seed))] == []
