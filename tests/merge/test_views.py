"""What a record says by each policy, while people differ and when they agree."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.causality import Dot
from fieldkit.merge.policies import Contested
from fieldkit.merge.views import effective
from fieldkit.records.edit import withdraw
from fieldkit.records.record import Record, Sibling
from tests.merge.fleet import AForm, Fleet, actions, question, run

LEVELS = ("routine", "soon", "urgent", "emergency")
FORM = AForm(
    (
        "name", "phone", "triage", "signs", "note", "given", "status", "area",
        "systolic", "diastolic", "seen_at", "pulse", "fever",
    ),
    groups=(("systolic", "diastolic"), ("seen_at", "pulse")),
    questions={
        "name": question("register"),
        "phone": question("latest"),
        "triage": question("worst", *LEVELS),
        "fever": question("worst"),
        "signs": question("union", "cough", "blood", "fits"),
        "note": question("append"),
        "given": question("sum"),
        "status": question("machine"),
        "area": question("authority", roles="coordinator"),
        "seen_at": question("latest"),
        "pulse": question("latest"),
    },
)  # fmt: skip


def said(value: object, *, by: str = "V", at: int = 0, **more: Any) -> Sibling:
    who = by.encode() * 16
    sibling = Sibling(value, Dot(who, 1, b"t" * 8), who, "volunteer", at, 1, None)
    return sibling._replace(**more)


def record(**registers: list[Sibling]) -> Record:
    ordered = {
        n: tuple(sorted(s, key=lambda one: one.dot)) for n, s in registers.items()
    }
    return Record(id=b"r" * 16, form_id="visit", registers=ordered)


def shown(register: str, *siblings: Sibling) -> object:
    return effective(record(**{register: [*siblings]}), FORM).answers[register]


def test_one_writers_record_says_what_was_written() -> None:
    whole = record(name=[said("ก")], phone=[said(None)], given=[said(3)])

    assert effective(whole, FORM).answers == {"name": "ก", "phone": None, "given": 3}


def test_a_register_on_which_people_differ_is_contested() -> None:
    assert shown("name", said("ก"), said("ข", by="W")) == Contested(("ก", "ข"))


def test_a_register_on_which_people_agree_is_settled() -> None:
    assert shown("name", said("ก"), said("ก", by="W")) == "ก"


def test_a_number_is_not_the_yes_that_python_takes_it_for() -> None:
    assert shown("name", said(1), said(True, by="W")) == Contested((1, True))


def test_a_cleared_answer_against_a_value_is_contested() -> None:
    assert shown("name", said(None), said("ข", by="W")) == Contested((None, "ข"))


def test_a_question_that_this_form_does_not_know_is_contested_too() -> None:
    assert shown("new_in_v9", said(1), said(2, by="W")) == Contested((1, 2))


def test_latest_shows_the_newest_and_keeps_the_other_beside() -> None:
    whole = record(phone=[said("081", at=5), said("082", by="W", at=9)])

    view = effective(whole, FORM)

    assert view.answers["phone"] == "082"
    assert [one.values for one in view.unsettled[0].beside] == [("081",)]
    assert view.unsettled[0].flag is None


def test_latest_of_the_same_moment_is_the_same_on_every_machine() -> None:
    assert shown("phone", said("081"), said("082", by="W")) == "082"
    assert shown("phone", said("082", by="W"), said("081")) == "082"


@pytest.mark.parametrize("other", ["routine", "soon", None, "not on the list"])
def test_worst_never_shows_less_than_anyone_said(other: object) -> None:
    siblings = [said("urgent"), said(other, by="W", at=9)]

    assert shown("triage", *siblings) == "urgent"


def test_worst_of_numbers_is_the_highest() -> None:
    assert shown("fever", said(38.5), said(40, by="W")) == 40


def test_worst_asks_someone_to_look_again() -> None:
    whole = record(triage=[said("urgent"), said("soon", by="W")])

    assert effective(whole, FORM).unsettled[0].flag == "worst"


def test_union_holds_all_that_anyone_chose_in_the_order_of_the_list() -> None:
    siblings = said(["fits", "cough"]), said(["blood"], by="W"), said(None, by="X")

    assert shown("signs", *siblings) == ["cough", "blood", "fits"]


def test_union_of_nothing_is_nothing() -> None:
    assert shown("signs", said(None), said(None, by="W")) is None


def test_append_shows_every_note_in_the_order_of_time() -> None:
    siblings = said("second", at=9), said("first", by="W", at=5), said(None, by="X")

    assert shown("note", *siblings) == "first\nsecond"


@pytest.mark.parametrize(
    ("amounts", "total"),
    [((2, 3), 5), ((0.1, 0.2), 0.30000000000000004), ((2, None), 2)],
)
def test_sum_adds_all_amounts(amounts: tuple[object, object], total: object) -> None:
    assert shown("given", said(amounts[0]), said(amounts[1], by="W")) == total


def test_a_fact_beats_an_intention_whatever_the_clocks_say() -> None:
    whole = record(status=[said("received", at=1), said("cancelled", by="W", at=9)])

    view = effective(whole, FORM)

    assert view.answers["status"] == "received"
    assert view.unsettled[0].flag == "illegal_transition"


def test_a_step_further_along_the_same_way_is_quiet() -> None:
    whole = record(status=[said("sent"), said("received", by="W")])

    view = effective(whole, FORM)

    assert view.answers["status"] == "received"
    assert view.unsettled[0].flag is None


def test_only_the_roles_that_decide_are_shown_and_others_propose() -> None:
    decided = said("90110101", role="coordinator", at=1)
    whole = record(area=[decided, said("90110102", by="W", at=9)])

    view = effective(whole, FORM)

    assert view.answers["area"] == "90110101"
    assert view.unsettled[0].flag == "proposal"


def test_the_newest_decision_is_shown() -> None:
    siblings = [
        said(str(n), by=b, role="coordinator", at=n) for n, b in enumerate("VW")
    ]

    assert shown("area", *siblings) == "1"


def test_proposals_before_any_decision_are_contested() -> None:
    assert shown("area", said("1"), said("2", by="W")) == Contested(("1", "2"))


def test_a_merge_group_is_shown_as_it_was_entered_together() -> None:
    whole = record(
        seen_at=[said("mon", at=1), said("tue", by="W", at=2)],
        pulse=[said(60, at=1), said(None, by="W", at=2)],
    )

    answers = effective(whole, FORM).answers

    assert (answers["seen_at"], answers["pulse"]) == ("tue", None)


def test_a_merge_group_is_one_thing_to_settle() -> None:
    whole = record(
        systolic=[said(120), said(130, by="W")], diastolic=[said(80), said(80, by="W")]
    )

    (view,) = effective(whole, FORM).unsettled

    assert view.registers == ("systolic", "diastolic")
    assert view.values == (Contested((120, 130)), 80)
    assert [one.values for one in view.alternatives] == [(120, 80), (130, 80)]


def test_values_of_a_group_from_different_writers_are_not_shown_as_one() -> None:
    whole = record(systolic=[said(120)], diastolic=[said(80, by="W")])

    (view,) = effective(whole, FORM).unsettled

    assert view.flag == "contested"


def test_a_quarantined_value_counts_for_its_author_alone() -> None:
    waiting = said("ข", by="W", mark="quarantined")
    whole = record(name=[said("ก"), waiting])

    assert effective(whole, FORM).answers["name"] == "ก"
    assert effective(whole, FORM, me=b"W" * 16).contested == ("name",)
    assert effective(whole, FORM).unsettled[0].beside[0].lead == waiting


def test_a_register_with_nothing_but_quarantined_values_says_nothing() -> None:
    whole = record(name=[said("ข", mark="quarantined")])

    assert effective(whole, FORM).answers == {"name": None}
    assert effective(whole, FORM, me=b"V" * 16).answers == {"name": "ข"}


def test_a_value_in_review_counts_like_others() -> None:
    assert shown("name", said("ก"), said("ข", by="W", mark="review")) == Contested(
        ("ก", "ข")
    )


def test_possible_values_are_one_or_those_contested() -> None:
    whole = record(name=[said("ก"), said("ข", by="W")], phone=[said("081")])

    view = effective(whole, FORM)

    assert view.possible("name") == ("ก", "ข")
    assert view.possible("phone") == ("081",)
    assert view.possible("unheard_of") == (None,)


def test_contested_scores_are_handed_the_values_of_a_group_together() -> None:
    whole = record(
        name=[said("ก")],
        systolic=[said(120), said(130, by="W"), said(120, by="X")],
        diastolic=[said(80), said(80, by="W"), said(80, by="X")],
    )

    assert effective(whole, FORM).possible_answers() == {
        "name": ("ก",),
        "systolic": (120, 130),
        "diastolic": (80, 80),
    }


def test_instances_come_in_their_merged_order_without_the_removed() -> None:
    fleet = Fleet.born(AForm(("f",)))
    ours, theirs = fleet.laptops
    ours.save({"members[+1]/name": "ก", "members[+1]/_order": 2})
    ours.save({"members[+1]/name": "ข", "members[+1]/_order": 1})
    theirs.save({"members[+1]/name": "ค", "members[+1]/_order": 0})
    last = fleet.meet().instances("members")[0]
    theirs.write(withdraw(theirs.record(), fleet.form, last))

    answers = effective(fleet.meet(), fleet.form).answers

    assert list(answers.values()) == [None, "ข", "ก"]


VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "name": st.text(max_size=2),
    "phone": st.text(max_size=2),
    "triage": st.sampled_from([None, *LEVELS]),
    "signs": st.lists(st.sampled_from(["cough", "blood", "fits"]), unique=True),
    "note": st.text(max_size=2),
    "given": st.integers(),
    "status": st.sampled_from(["draft", "sent", "received", "cancelled", "?"]),
    "area": st.text(max_size=2),
}


@pytest.mark.parametrize("register", VALUES)
@given(st.data())
def test_every_view_is_a_function_of_the_set_of_siblings(
    register: str, data: st.DataObject
) -> None:
    people = data.draw(st.lists(st.sampled_from("VWXYZ"), min_size=1, unique=True))
    siblings = [
        said(
            data.draw(VALUES[register]),
            by=who,
            at=data.draw(st.integers(0, 2)),
            role=data.draw(st.sampled_from(["volunteer", "coordinator"])),
        )
        for who in people
    ]
    again = data.draw(st.permutations(siblings))

    assert shown(register, *siblings) == shown(register, *again)


@given(actions)
def test_a_view_is_total_and_same_on_every_laptop(
    steps: list[tuple[str, int, int]],
) -> None:
    fleet = Fleet.born(AForm(("f", "g", "h"), groups=(("g", "h"),)), "VWC")
    run(fleet, steps)
    merged = fleet.meet()

    view = effective(merged, fleet.form)

    live = {n for n in merged.registers if not n.endswith(("_life", "_order"))}
    assert {n for n in view.answers if "[" not in n} == {
        n for n in live if "[" not in n
    }
    assert set(view.answers) <= live
