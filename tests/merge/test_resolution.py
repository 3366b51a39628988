"""Resolutions: a choice settles on every machine, can be undone, and hides nothing."""

import pytest

from fieldkit.errors import AnswerError, NotFoundError
from fieldkit.merge.conflict import conflicts_by
from fieldkit.merge.policies import Contested
from fieldkit.merge.resolution import bring_back, resolve, save, undo
from fieldkit.merge.views import effective
from fieldkit.records.edit import withdraw
from fieldkit.records.history import Event, history, not_kept, siblings_before
from tests.merge.fleet import AForm, Fleet, question
from tests.merge.test_conflict import no_rules
from tests.merge.test_views import said

FORM = AForm(
    ("name", "systolic", "diastolic", "area"),
    groups=(("systolic", "diastolic"),),
    questions={"area": question("authority", roles="coordinator")},
)


def contested(**answers: tuple[object, object]) -> Fleet:
    """Return a fleet of which V and W differ and C has heard both."""
    fleet = Fleet.born(FORM, "VWC", C="coordinator")
    for place, laptop in enumerate(fleet.laptops[:2]):
        laptop.save(
            {name: values[place] for name, values in answers.items()}, time=place
        )
    fleet.meet()
    return fleet


def values(fleet: Fleet, register: str) -> list[object]:
    return [s.value for s in fleet.meet().siblings(register)]


def events(fleet: Fleet) -> tuple[Event, ...]:
    return history(fleet.entries.values(), fleet.layouts, fleet.replaced)


def decide(fleet: Fleet, registers: tuple[str, ...], choice: object) -> None:
    coordinator = fleet.laptops[2]
    shown = coordinator.record()
    one = resolve(shown, FORM, registers, choice, because="asked")  # type: ignore[arg-type]
    coordinator.write(one, because="asked", time=50)


def test_a_resolution_settles_the_conflict_on_every_device() -> None:
    fleet = contested(name=("ก", "ข"))

    decide(fleet, ("name",), {"name": "ค"})

    assert values(fleet, "name") == ["ค"]
    assert all(fleet.agrees(laptop) for laptop in fleet.laptops)


def test_an_alternative_is_kept_by_its_dot_with_its_whole_group() -> None:
    fleet = contested(systolic=(120, 130), diastolic=(80, 85))
    (found,) = conflicts_by(no_rules, fleet.laptops[2].record(), FORM, 0)
    keep = next(one for one in found.alternatives if one.values == (130, 85))

    decide(fleet, ("systolic",), keep.lead.dot)

    answers = effective(fleet.meet(), FORM).answers
    assert (answers["systolic"], answers["diastolic"]) == (130, 85)


@pytest.mark.parametrize("because", [None, "", "  "])
def test_a_resolution_without_a_reason_is_refused(because: str | None) -> None:
    record = contested(name=("ก", "ข")).meet()

    with pytest.raises(AnswerError) as error:
        resolve(record, FORM, ("name",), {"name": "ค"}, because=because)

    assert error.value.code == "resolution.because"


def test_half_a_group_is_refused() -> None:
    record = contested(systolic=(120, 130), diastolic=(80, 85)).meet()

    with pytest.raises(AnswerError) as error:
        resolve(record, FORM, ("systolic",), {"systolic": 1}, because="x")

    assert error.value.code == "answer.group"


def test_an_alternative_that_is_gone_cannot_be_kept() -> None:
    fleet = contested(name=("ก", "ข"))
    born = next(iter(fleet.alone))

    with pytest.raises(NotFoundError) as error:
        resolve(fleet.meet(), FORM, ("name",), born, because="x")

    assert error.value.code == "resolution.sibling"


def test_a_sibling_that_arrives_later_stands_against_the_resolution() -> None:
    fleet = Fleet.born(FORM, "VWCX")
    for laptop, name in zip(fleet.laptops, "กขคง", strict=True):
        if name != "ค":
            laptop.save({"name": name})
    heard = [dot for dot in fleet.alone if dot.epoch[:1] in b"VW"]
    fleet.laptops[2].hear(heard)

    decide(fleet, ("name",), {"name": "ค"})

    assert set(values(fleet, "name")) == {"ค", "ง"}


def test_two_resolutions_of_one_conflict_are_a_conflict_again() -> None:
    fleet = contested(name=("ก", "ข"))
    shown = fleet.laptops[0].record()

    decide(fleet, ("name",), {"name": "ค"})
    fleet.laptops[0].write(resolve(shown, FORM, ("name",), {"name": "ง"}, because="x"))

    assert set(values(fleet, "name")) == {"ค", "ง"}


def undone(fleet: Fleet, registers: tuple[str, ...]) -> None:
    (decision,) = (dot for dot in fleet.alone if dot.epoch[:1] == b"C")
    before = siblings_before(events(fleet), decision)
    laptop = fleet.laptops[2]
    laptop.write(
        undo(laptop.record(), FORM, registers, before), because="wrong", time=60
    )


def test_undo_brings_the_former_siblings_back_side_by_side() -> None:
    fleet = contested(name=("ก", "ข"))
    was = {
        (s.value, s.person, s.role, s.shown_at) for s in fleet.meet().siblings("name")
    }
    decide(fleet, ("name",), {"name": "ค"})

    undone(fleet, ("name",))

    now = {
        (s.value, s.person, s.role, s.shown_at) for s in fleet.meet().siblings("name")
    }
    assert now == was
    assert effective(fleet.meet(), FORM).answers["name"] == Contested(("ก", "ข"))


def test_undo_brings_a_group_back_as_it_was_entered_together() -> None:
    fleet = contested(systolic=(120, 130), diastolic=(80, 85))
    decide(fleet, ("systolic",), {"systolic": 1, "diastolic": 2})

    undone(fleet, ("diastolic",))

    (found,) = conflicts_by(no_rules, fleet.meet(), FORM, 0)
    assert [one.values for one in found.alternatives] == [(120, 80), (130, 85)]


def test_what_an_undo_brought_back_can_be_settled_again() -> None:
    fleet = contested(systolic=(120, 130), diastolic=(80, 85))
    decide(fleet, ("systolic",), {"systolic": 1, "diastolic": 2})
    undone(fleet, ("systolic",))
    (found,) = conflicts_by(no_rules, fleet.meet(), FORM, 0)
    second = found.alternatives[1].lead

    decide(fleet, found.registers, (second.dot, second.nth))

    assert values(fleet, "systolic") == [130]
    assert values(fleet, "diastolic") == [85]


def test_an_undo_of_what_was_never_written_leaves_nothing_said() -> None:
    fleet = Fleet.born(FORM)
    ours = fleet.laptops[0]

    ours.write(undo(ours.record(), FORM, ("name",), {}))

    assert values(fleet, "name") == [None]


def test_an_undo_keeps_a_group_together_where_someone_wrote_only_half_of_it() -> None:
    before = {
        "systolic": [said(120), said(130, by="W")],
        "diastolic": [said(85, by="W")],
    }
    fleet = Fleet.born(FORM)
    ours = fleet.laptops[0]

    ours.write(undo(ours.record(), FORM, ("systolic",), before))

    (found,) = conflicts_by(no_rules, fleet.meet(), FORM, 0)
    assert [one.values for one in found.alternatives] == [(120, None), (130, 85)]


def test_whoever_wrote_what_was_not_kept_is_told_and_can_bring_it_back() -> None:
    fleet = contested(name=("ก", "ข"))
    decide(fleet, ("name",), {"name": "ข"})
    ours, theirs = fleet.laptops[:2]
    fleet.meet()

    (told,) = not_kept(events(fleet), ours.epoch)
    before = siblings_before(events(fleet), told.event.dot)
    ours.write(bring_back(ours.record(), FORM, ("name",), before, told.dot))

    assert (told.value, told.event.after, told.event.because) == ("ก", "ข", "asked")
    assert not_kept(events(fleet), theirs.epoch) == ()
    assert set(values(fleet, "name")) == {"ก", "ข"}


def test_a_record_that_was_withdrawn_unseen_can_be_let_live() -> None:
    fleet = Fleet.born(FORM, "VWC")
    ours, theirs = fleet.laptops[:2]
    ours.save({"name": "ก"})
    theirs.write(withdraw(theirs.record(), FORM))
    assert fleet.meet().life == "contested"

    decide(fleet, ("_life",), {"_life": "live"})

    assert fleet.meet().life == "live"
    assert conflicts_by(no_rules, fleet.meet(), FORM, 0) == ()


def test_a_withdrawal_that_is_confirmed_has_seen_everything() -> None:
    fleet = Fleet.born(FORM, "VWC")
    ours, theirs = fleet.laptops[:2]
    ours.save({"name": "ก"})
    theirs.write(withdraw(theirs.record(), FORM))
    (found,) = conflicts_by(no_rules, fleet.meet(), FORM, 0)

    decide(fleet, found.registers, found.siblings[0].dot)

    assert fleet.meet().life == "withdrawn"


def typed(fleet: Fleet, who: int, **answers: object) -> None:
    laptop = fleet.laptops[who]
    laptop.hear_all()
    for one in save(laptop.record(), FORM, answers, laptop.role):
        laptop.write(one)


def test_a_role_that_does_not_decide_proposes_and_replaces_no_decision() -> None:
    fleet = Fleet.born(FORM, "VWC", C="coordinator")
    typed(fleet, 0, area="1")
    typed(fleet, 2, area="2")

    typed(fleet, 1, area="3", name="ก")
    typed(fleet, 1, area="4")

    assert values(fleet, "name") == ["ก"]
    assert set(values(fleet, "area")) == {"2", "4"}
    assert effective(fleet.meet(), FORM).answers["area"] == "2"


def test_typing_what_was_decided_proposes_nothing() -> None:
    fleet = Fleet.born(FORM, "VWC", C="coordinator")
    typed(fleet, 2, area="2")

    assert save(fleet.meet(), FORM, {"area": "2"}, "volunteer") == ()


def test_a_role_that_decides_settles_the_proposals() -> None:
    fleet = Fleet.born(FORM, "VWC", C="coordinator")
    typed(fleet, 2, area="2")
    typed(fleet, 0, area="3")

    typed(fleet, 2, area="3")

    assert values(fleet, "area") == ["3"]
