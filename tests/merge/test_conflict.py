"""Conflicts: what is left for a person, found the same on every machine."""

from collections.abc import Iterator, Mapping

import pytest

from fieldkit.merge.conflict import (
    COMBINATIONS_MAX,
    Conflict,
    conflicts_by,
    find_conflicts,
)
from fieldkit.records.edit import withdraw
from fieldkit.records.history import history
from tests.forms.library import NOW, library
from tests.merge.fleet import AForm, Fleet, question
from tests.merge.test_views import FORM as POLICIES
from tests.merge.test_views import record, said

FORM = AForm(
    ("name", "born", "died", "systolic", "diastolic"),
    groups=(("systolic", "diastolic"),),
)


class Broken:
    def __init__(self, path: str, kind: str = "constraint") -> None:
        self.path, self.kind = path, kind


def validate(_form: AForm, answers: Mapping[str, object], now: int) -> Iterator[Broken]:
    """Judge as the form would: nobody dies before they are born, or after today."""
    born, died = answers.get("born"), answers.get("died")
    if isinstance(died, int) and (
        died > now or (isinstance(born, int) and died < born)
    ):
        yield Broken("died")
    if answers.get("name") is None:
        yield Broken("name", "required")


def no_rules(_form: AForm, _answers: Mapping[str, object], _now: int) -> tuple[Broken]:
    return (Broken("name", "required"),)


def conflicts(fleet: Fleet) -> tuple[Conflict, ...]:
    return conflicts_by(validate, fleet.meet(), fleet.form, 2600)


def test_a_quiet_record_has_none() -> None:
    assert conflicts(Fleet.born(FORM, first={"name": "ก"})) == ()


def test_two_answers_to_one_question_are_a_conflict_with_both_siblings() -> None:
    fleet = Fleet.born(FORM)
    for laptop, name in zip(fleet.laptops, "กข", strict=True):
        laptop.save({"name": name})

    (found,) = conflicts(fleet)

    assert (found.kind, found.urgency, found.registers) == (
        "contested",
        "normal",
        ("name",),
    )
    assert {s.value for s in found.siblings} == {"ก", "ข"}


def test_a_merge_group_is_one_conflict() -> None:
    fleet = Fleet.born(FORM)
    for laptop, top in zip(fleet.laptops, (120, 130), strict=True):
        laptop.save({"systolic": top, "diastolic": 80})

    (found,) = conflicts(fleet)

    assert found.registers == ("systolic", "diastolic")
    assert len(found.siblings) == 4


def test_a_conflict_keeps_its_id_while_more_people_join_it() -> None:
    fleet = Fleet.born(FORM, "VWC")
    ours, theirs, third = fleet.laptops
    ours.save({"name": "ก"})
    theirs.save({"name": "ข"})
    third.open()
    (before,) = conflicts(fleet)

    third.save({"name": "ค"})

    (after,) = conflicts(fleet)
    assert after.id == before.id
    assert len(after.alternatives) == len(before.alternatives) + 1


def test_conflicts_on_other_registers_and_records_have_other_ids() -> None:
    ids = {
        conflicts_by(no_rules, one, FORM, 0)[0].id
        for one in (
            record(name=[said(1), said(2, by="W")]),
            record(born=[said(1), said(2, by="W")]),
        )
    }

    assert len(ids) == 2


@pytest.mark.parametrize(
    ("register", "values", "kind", "urgency"),
    [
        ("triage", ("urgent", "soon"), "worst", "low"),
        ("status", ("received", "cancelled"), "illegal_transition", "normal"),
        ("area", ("1", "2"), "proposal", "normal"),
    ],
)
def test_a_policy_says_what_kind_of_conflict_it_is(
    register: str, values: tuple[str, str], kind: str, urgency: str
) -> None:
    whole = record(**{register: [said(values[0]), said(values[1], by="W")]})

    (found,) = conflicts_by(no_rules, whole, POLICIES, 0)

    assert (found.kind, found.urgency) == (kind, urgency)


@pytest.mark.parametrize("register", ["phone", "signs", "note", "given"])
def test_policies_that_need_nobody_leave_no_conflict(register: str) -> None:
    whole = record(**{register: [said(1), said(2, by="W")]})

    assert conflicts_by(no_rules, whole, POLICIES, 0) == ()


def test_delete_against_edit_is_a_conflict_that_names_what_was_unseen() -> None:
    fleet = Fleet.born(FORM)
    ours, theirs = fleet.laptops
    ours.save({"name": "ก"})
    theirs.write(withdraw(theirs.record(), FORM))

    (found,) = conflicts(fleet)

    assert (found.kind, found.registers, found.because) == (
        "withdrawn",
        ("_life",),
        ("name",),
    )


def test_a_withdrawal_that_saw_everything_is_none() -> None:
    fleet = Fleet.born(FORM)
    ours, theirs = fleet.laptops
    ours.save({"name": "ก"})
    theirs.hear_all()
    theirs.write(withdraw(theirs.record(), FORM))

    assert conflicts(fleet) == ()
    assert fleet.meet().life == "withdrawn"


def test_removing_a_member_that_someone_edits_is_a_conflict() -> None:
    fleet = Fleet.born(FORM)
    ours, theirs = fleet.laptops
    ours.save({"members[+1]/name": "ก"})
    (member,) = fleet.meet().instances("members")
    ours.save({f"{member}/name": "ข"})
    theirs.write(withdraw(theirs.record(), FORM, member))

    (found,) = (c for c in conflicts(fleet) if c.kind == "withdrawn")

    assert found.registers == (f"{member}/_life",)
    assert found.because == (f"{member}/name",)
    assert fleet.meet().instances("members") == (member,)


def test_answers_that_fit_alone_and_not_together_are_a_conflict() -> None:
    fleet = Fleet.born(FORM, first={"name": "ก"})
    ours, theirs = fleet.laptops
    ours.save({"born": 2500})
    theirs.save({"died": 2490})

    (found,) = conflicts(fleet)

    assert (found.kind, found.registers) == ("inconsistent", ("died",))
    assert [s.value for s in found.siblings] == [2490]


def test_a_missing_answer_is_no_conflict() -> None:
    assert conflicts(Fleet.born(FORM)) == ()


def test_a_rule_is_broken_only_if_it_is_however_the_others_are_settled() -> None:
    whole = record(
        name=[said("ก")], born=[said(2480), said(2500, by="W")], died=[said(2490)]
    )
    worse = record(
        name=[said("ก")], born=[said(2495), said(2500, by="W")], died=[said(2490)]
    )

    kinds = [
        [c.kind for c in conflicts_by(validate, one, FORM, 2600)]
        for one in (whole, worse)
    ]

    assert kinds == [["contested"], ["contested", "inconsistent"]]


def test_beyond_the_bound_of_combinations_no_rule_is_judged() -> None:
    many = [said(n, by=chr(65 + n)) for n in range(9)]
    whole = record(name=many, born=many, died=[said(3000)])

    assert len(many) ** 2 > COMBINATIONS_MAX
    assert {c.kind for c in conflicts_by(validate, whole, FORM, 2600)} == {"contested"}


def test_a_step_that_the_machine_does_not_allow_is_found_in_the_history() -> None:
    form = AForm(("status",), questions={"status": question("machine")})
    fleet = Fleet.born(form, first={"status": "completed"})
    fleet.laptops[0].save({"status": "draft"}, time=9)
    merged = fleet.meet()
    events = history(fleet.entries.values(), fleet.layouts, fleet.replaced)

    (found,) = conflicts_by(no_rules, merged, form, 0, events=events)

    assert found.kind == "illegal_transition"
    assert conflicts_by(no_rules, merged, form, 0) == ()


def test_a_form_of_the_library_judges_its_own_merged_records() -> None:
    form = library().latest("home_visit")
    visit = record(
        visited_on=[said("2023-02-20", by="W")],
        outcome=[said("met")],
        next_visit=[said("2023-02-13")],
        **{"measured/systolic": [said(130), said(120, by="W")]},
        **{"measured/diastolic": [said(80), said(85, by="W")]},
    )

    found = find_conflicts(visit, form, NOW)

    assert [(c.kind, c.registers) for c in found] == [
        ("contested", ("measured/systolic", "measured/diastolic")),
        ("inconsistent", ("next_visit",)),
    ]
