"""The history of a record: who changed what, from what to what, when and why."""

import pytest
from hypothesis import given

from fieldkit.records.history import history, not_kept, siblings_before
from tests.merge.fleet import AForm, Fleet, actions, run

FORM = AForm(("name", "phone"))


def of(
    fleet: Fleet, *, known: bool = True
) -> list[tuple[str, tuple[object, ...], object]]:
    events = history(
        fleet.entries.values(), fleet.layouts, fleet.replaced if known else None
    )
    return [(e.register, e.before, e.after) for e in events if e.register == "name"]


def contested() -> Fleet:
    fleet = Fleet.born(FORM, "VWC")
    ours, theirs, third = fleet.laptops
    ours.save({"name": "ก"}, time=9)
    theirs.save({"name": "ข"}, time=5)
    third.hear_all()
    third.save({"name": "ค"}, time=1)
    return fleet


def test_history_tells_from_what_to_what() -> None:
    assert of(contested()) == [
        ("name", (), None),
        ("name", (None,), "ข"),
        ("name", (None,), "ก"),
        ("name", ("ก", "ข"), "ค"),
    ]


def test_a_decision_comes_after_what_it_saw_whatever_the_clocks_say() -> None:
    assert of(contested())[-1][2] == "ค"


def test_where_replacements_are_not_known_each_follows_the_one_displayed_before() -> (
    None
):
    fleet = Fleet.born(FORM)
    fleet.laptops[0].save({"name": "ก"}, time=1)
    fleet.laptops[0].save({"name": "ข"}, time=2)

    assert of(fleet, known=False) == of(fleet)


def test_an_event_says_who_when_and_why() -> None:
    fleet = Fleet.born(FORM, C="coordinator", names="C")
    laptop = fleet.laptops[0]
    laptop.save({"name": "ก"}, time=7)

    event = history(fleet.entries.values(), fleet.layouts, fleet.replaced)[-1]

    assert (event.person, event.role, event.shown_at, event.because) == (
        b"C" * 16,
        "coordinator",
        7,
        None,
    )


def test_what_was_replaced_is_what_stood_there_and_not_what_it_had_replaced() -> None:
    fleet = Fleet.born(FORM, first={"name": "ก", "phone": "081"})
    laptop = fleet.laptops[0]
    laptop.save({"name": "ข"})
    last = laptop.save({"name": "ค", "phone": "082"})

    events = history(fleet.entries.values(), fleet.layouts, fleet.replaced)

    assert last is not None
    before = siblings_before(events, last)
    assert {n: [s.value for s in was] for n, was in before.items()} == {
        "name": ["ข"],
        "phone": ["081"],
    }


def test_only_those_whose_value_was_not_kept_are_told() -> None:
    fleet = contested()

    events = history(fleet.entries.values(), fleet.layouts, fleet.replaced)

    told = {who: not_kept(events, who.encode() * 16) for who in "VWC"}
    assert [t.value for t in told["V"]] == ["ก"]
    assert [t.value for t in told["W"]] == ["ข"]
    assert told["C"] == ()


def test_an_ordinary_edit_of_someone_elses_answer_tells_nobody() -> None:
    fleet = Fleet.born(FORM)
    ours, theirs = fleet.laptops
    ours.save({"name": "ก"})
    theirs.hear_all()
    theirs.save({"name": "ข"})

    events = history(fleet.entries.values(), fleet.layouts, fleet.replaced)

    assert not_kept(events, ours.epoch) == ()


@pytest.mark.parametrize("known", [True, False])
@given(actions)
def test_every_write_is_in_the_history_once_and_after_what_it_replaced(
    known: bool, steps: list[tuple[str, int, int]]
) -> None:
    fleet = Fleet.born(FORM, "VWC")
    run(fleet, steps)
    replaced = fleet.replaced if known else None

    events = history(fleet.entries.values(), fleet.layouts, replaced)

    places = [(event.dot, event.register) for event in events]
    assert {*places} == fleet.oracle.values.keys()
    assert len({*places}) == len(places)
    for place, event in enumerate(events):
        assert {(d, event.register) for d in event.settles} <= {*places[:place]}
