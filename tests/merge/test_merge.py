"""The merge keeps its laws, and what the oracle says is live."""

from collections.abc import Sequence
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldkit.causality import Dot
from fieldkit.merge.merge import forget, join, merge
from fieldkit.records.part import EMPTY, Entry, Part, decode_part, encode_part
from tests.merge.fleet import AForm, Fleet, Laptop, actions, run

FORM = AForm(("f", "g", "h"))
Actions = Sequence[tuple[str, int, int]]


def fleet_after(steps: Actions, names: str = "VWC") -> Fleet:
    fleet = Fleet.born(FORM, names)
    run(fleet, steps)
    return fleet


def parts_of(fleet: Fleet, data: st.DataObject, count: int) -> list[Part]:
    """Draw parts, each of some of the fleet's changes, in any order and repetition."""
    some = st.lists(st.sampled_from(sorted(fleet.alone)), max_size=8)
    drawn = [data.draw(some) for _ in range(count)]
    return [
        merge(EMPTY, (fleet.alone[d] for d in dots), fleet.layouts) for dots in drawn
    ]


@settings(max_examples=300)
@given(actions)
def test_every_laptop_shows_at_every_step_what_the_oracle_says(steps: Actions) -> None:
    fleet = fleet_after(steps)

    for laptop in fleet.laptops:
        laptop.hear_all()
        assert fleet.agrees(laptop)
    assert fleet.oracle.live(fleet.alone) == fleet.oracle.live_at_rest()


@given(actions, st.data())
def test_merge_is_commutative(steps: Actions, data: st.DataObject) -> None:
    fleet = fleet_after(steps)
    one, two = parts_of(fleet, data, 2)

    assert join(one, two, fleet.layouts) == join(two, one, fleet.layouts)


@given(actions, st.data())
def test_merge_is_associative(steps: Actions, data: st.DataObject) -> None:
    fleet = fleet_after(steps)
    one, two, three = parts_of(fleet, data, 3)

    left = join(join(one, two, fleet.layouts), three, fleet.layouts)
    right = join(one, join(two, three, fleet.layouts), fleet.layouts)

    assert left == right


@given(actions, st.data())
def test_merge_is_idempotent(steps: Actions, data: st.DataObject) -> None:
    fleet = fleet_after(steps)
    one, two = parts_of(fleet, data, 2)
    both = join(one, two, fleet.layouts)

    assert join(both, both, fleet.layouts) == both
    assert join(both, two, fleet.layouts) == both
    assert join(both, EMPTY, fleet.layouts) == both == join(EMPTY, both, fleet.layouts)


@given(actions, st.data())
def test_any_order_repetition_and_grouping_gives_the_same_bytes(
    steps: Actions, data: st.DataObject
) -> None:
    fleet = fleet_after(steps)
    dots = sorted(fleet.alone)
    order = data.draw(st.permutations(dots))
    again = data.draw(st.lists(st.sampled_from(dots), max_size=6))
    cut = data.draw(st.integers(0, len(order)))
    groups = [order[:cut], [*order[cut:], *again]]

    straight = merge(EMPTY, (fleet.alone[d] for d in dots), fleet.layouts)
    grouped = reduce(
        lambda ours, theirs: join(ours, theirs, fleet.layouts),
        [merge(EMPTY, (fleet.alone[d] for d in g), fleet.layouts) for g in groups],
    )

    assert encode_part(grouped) == encode_part(straight)
    assert encode_part(forget(grouped, fleet.alone.__contains__)) == encode_part(
        forget(straight, fleet.alone.__contains__)
    )


@given(actions, st.data())
def test_forgetting_what_has_arrived_changes_nothing_that_comes_later(
    steps: Actions, data: st.DataObject
) -> None:
    fleet = fleet_after(steps)
    order = data.draw(st.permutations(sorted(fleet.alone)))
    whole = forgetful = EMPTY
    here: set[Dot] = set()
    for dot in order:
        here.add(dot)
        whole = join(whole, fleet.alone[dot], fleet.layouts)
        forgetful = join(forgetful, fleet.alone[dot], fleet.layouts)
        forgetful = forget(forgetful, here.__contains__)

        assert forgetful == forget(whole, here.__contains__)


@given(actions)
def test_a_part_is_read_from_its_own_bytes(steps: Actions) -> None:
    fleet = fleet_after(steps)

    for laptop in fleet.laptops:
        assert decode_part(encode_part(laptop.part)) == laptop.part


def save_at_save(laptop: Laptop, value: str) -> None:
    """Do what must never be done: replace what was there at save, not at opening."""
    laptop.save({"f": value}, at_save=True)


@pytest.mark.parametrize(("fault", "agrees"), [(False, True), (True, False)])
def test_the_oracle_catches_replaces_taken_at_save(fault: bool, agrees: bool) -> None:
    fleet = Fleet.born(FORM)
    ours, theirs = fleet.laptops
    ours.open()
    theirs.save({"f": "unseen"})
    ours.hear_all()

    ours.save({"f": "mine"}, at_save=fault)

    shown = {s.value for s in ours.record().siblings("f")}
    assert fleet.agrees(ours) is agrees
    assert ("unseen" in shown) is agrees


def test_replaces_taken_at_save_still_converges_so_only_an_oracle_sees_it() -> None:
    fleet = Fleet.born(FORM)
    ours, theirs = fleet.laptops
    ours.open()
    theirs.save({"f": "unseen"})
    ours.hear_all()

    ours.save({"f": "mine"}, at_save=True)

    assert [s.value for s in fleet.meet().siblings("f")] == ["mine"]
    assert {value for _, value in fleet.oracle.live_at_rest()["f"]} == {
        repr("unseen"),
        repr("mine"),
    }


def test_a_replacement_that_comes_before_its_change_waits_for_it() -> None:
    fleet = Fleet.born(FORM, "VWC")
    first, second, third = fleet.laptops
    old = first.save({"f": "old"})
    second.hear_all()
    new = second.save({"f": "new"})
    assert old is not None
    assert new is not None

    third.hear([new])
    third.hear([old])

    assert [s.value for s in third.record().siblings("f")] == ["new"]


def test_clearing_an_answer_stands_beside_another_edit() -> None:
    fleet = Fleet.born(FORM, first={"f": "a"})
    ours, theirs = fleet.laptops

    ours.save({"f": None})
    theirs.save({"f": "b"})

    assert {s.value for s in fleet.meet().siblings("f")} == {None, "b"}


def test_fields_that_do_not_meet_merge_by_themselves() -> None:
    fleet = Fleet.born(FORM)
    ours, theirs = fleet.laptops

    ours.save({"f": 1})
    theirs.save({"g": 2})

    merged = fleet.meet()
    assert [s.value for s in merged.siblings("f")] == [1]
    assert [s.value for s in merged.siblings("g")] == [2]


def test_two_leaves_forged_to_one_tag_merge_the_same_on_every_machine() -> None:
    fleet = Fleet.born(FORM, first={"f": "a"})
    (dot,) = fleet.alone
    honest = fleet.entries[dot]
    forged = honest._replace(values=("z", None, None))
    parts = [Part((honest,)), Part((forged._replace(position=7),))]

    one = join(parts[0], parts[1], fleet.layouts)
    two = join(parts[1], parts[0], fleet.layouts)

    assert one == two
    assert len(one.entries) == 1


def test_the_position_of_the_log_wins_over_none() -> None:
    fleet = Fleet.born(FORM)
    (dot,) = fleet.alone
    local: Entry = fleet.entries[dot]
    applied = local._replace(position=9)

    merged = join(Part((local,)), Part((applied,)), fleet.layouts)

    assert merged.entries == (applied,)


@pytest.mark.parametrize("turned", [False, True])
def test_what_was_replaced_stays_so_beside_a_part_that_never_heard_of_it(
    turned: bool,
) -> None:
    fleet = Fleet.born(FORM, first={"f": "old", "g": "kept"})
    whole = fleet.laptops[1].part
    fleet.laptops[0].save({"f": "new"})
    ours = forget(fleet.laptops[0].part, fleet.alone.__contains__)
    parts = (whole, ours) if turned else (ours, whole)

    merged = join(parts[0], parts[1], fleet.layouts)

    assert merged == ours
