"""The forms that ship: their examples, every band edge, and the words of the source."""

from itertools import count

import pytest

from fieldkit.forms.check import action_text, check_form, run_example
from fieldkit.forms.form import Form
from fieldkit.forms.question import Label
from fieldkit.forms.score import score
from tests.forms.library import NOW, library

FORMS = {form_id: library().latest(form_id) for form_id in library()}
INSTRUMENTS = ["barthel_adl", "screening_2q", "screening_9q", "st5", "wg_ss"]
BANDS = {
    "screening_2q": [(0, "normal"), (1, "positive"), (2, "positive")],
    "screening_9q": [
        *((0, "none"), (6, "none"), (7, "mild"), (12, "mild")),
        *((13, "moderate"), (18, "moderate"), (19, "severe"), (27, "severe")),
    ],
    "st5": [
        *((0, "low"), (4, "low"), (5, "moderate"), (7, "moderate")),
        *((8, "high"), (9, "high"), (10, "very_high"), (15, "very_high")),
    ],
    "barthel_adl": [
        *((0, "bed_bound"), (4, "bed_bound"), (5, "home_bound")),
        *((11, "home_bound"), (12, "social_bound"), (20, "social_bound")),
    ],
}


def items(form: Form) -> list[str]:
    assert form.score is not None
    return list(form.score.items)


def adding_up_to(form: Form, total: int) -> dict[str, object]:
    """Return answers to every item, the highest first, that add up to ``total``."""
    answers: dict[str, object] = {}
    for path in items(form):
        most = max(int(choice.name) for choice in form.question(path).choices)
        answers[path] = str(min(most, total))
        total -= min(most, total)
    assert total == 0
    return answers


@pytest.mark.parametrize("form_id", FORMS)
def test_a_form_that_ships_has_nothing_to_find_fault_with(form_id: str) -> None:
    text = library().text(form_id, FORMS[form_id].version)

    assert check_form(text, lists=library().lists, now=NOW) == []


@pytest.mark.parametrize("form_id", FORMS)
def test_its_examples_come_out_as_written(form_id: str) -> None:
    form = FORMS[form_id]

    assert form.examples
    assert [run_example(form, example, NOW) for example in form.examples] == [()] * len(
        form.examples
    )


@pytest.mark.parametrize("form_id", FORMS)
def test_every_question_choice_and_band_is_in_thai_and_english(form_id: str) -> None:
    form = FORMS[form_id]
    labels: list[Label | None] = [form.title, *(q.label for q in form.stored)]
    labels += [q.constraint_message for q in form.stored if q.constraint]
    labels += [choice.label for choices in form.choices.values() for choice in choices]
    labels += [band.label for band in (form.score.bands if form.score else ())]

    assert [
        label for label in labels if label is None or not (label.th and label.en)
    ] == []


@pytest.mark.parametrize("form_id", FORMS)
def test_a_form_has_at_most_two_classes(form_id: str) -> None:
    assert len(FORMS[form_id].classes) <= 2


@pytest.mark.parametrize(
    ("form_id", "total", "band"),
    [(form_id, *edge) for form_id, edges in BANDS.items() for edge in edges],
)
def test_a_total_lies_in_its_band(form_id: str, total: int, band: str) -> None:
    form = FORMS[form_id]

    found = score(form, adding_up_to(form, total), NOW)

    assert (found.value, found.band) == (total, band)


@pytest.mark.parametrize("form_id", BANDS)
def test_every_possible_total_has_a_band(form_id: str) -> None:
    form = FORMS[form_id]
    highest = BANDS[form_id][-1][0]

    found = [score(form, adding_up_to(form, n), NOW).band for n in range(highest + 1)]

    assert None not in found


@pytest.mark.parametrize("form_id", INSTRUMENTS)
def test_there_is_never_half_a_score(form_id: str) -> None:
    form = FORMS[form_id]
    whole = {path: form.question(path).choices[-1].name for path in items(form)}

    for path in items(form):
        missing = {key: value for key, value in whole.items() if key != path}
        found = score(form, missing, NOW)
        assert (found.value, found.band) == (None, None)

    assert score(form, whole, NOW).value is not None


@pytest.mark.parametrize("answer", ["1", "2", "3"])
def test_thoughts_of_self_harm_are_a_red_flag_at_any_total(answer: str) -> None:
    form = FORMS["screening_9q"]
    answers = dict.fromkeys(items(form), "0") | {"symptoms/q9_9": answer}

    found = score(form, answers, NOW)

    assert (found.band, found.red_flags) == ("none", ("self_harm",))
    assert "refer hospital" in [action_text(action) for action in found.actions]


def test_thoughts_of_self_harm_are_a_red_flag_before_the_rest_is_asked() -> None:
    found = score(FORMS["screening_9q"], {"symptoms/q9_9": "1"}, NOW)

    assert (found.value, found.red_flags) == (None, ("self_harm",))


def test_no_total_raises_the_red_flag_by_itself() -> None:
    form = FORMS["screening_9q"]
    answers = dict.fromkeys(items(form), "3") | {"symptoms/q9_9": "0"}

    found = score(form, answers, NOW)

    assert (found.value, found.red_flags) == (24, ())


@pytest.mark.parametrize("domain", range(1, 7))
@pytest.mark.parametrize(
    ("code", "band"), [("2", "no_disability"), ("3", "disability"), ("4", "disability")]
)
def test_one_domain_with_a_lot_of_difficulty_is_enough(
    domain: int, code: str, band: str
) -> None:
    form = FORMS["wg_ss"]
    answers = dict.fromkeys(items(form), "1") | {f"difficulties/wg_{domain}": code}

    assert score(form, answers, NOW).band == band


def test_feeding_scores_at_most_two() -> None:
    feeding = FORMS["barthel_adl"].question("adl_1")

    assert [choice.name for choice in feeding.choices] == ["0", "1", "2"]


def test_the_third_of_the_nine_questions_asks_about_sleep() -> None:
    labels = [
        FORMS["screening_9q"].question(path).label.th
        for path in items(FORMS["screening_9q"])
    ]

    assert "หลับยาก" in labels[2]
    assert len(set(labels)) == 9


@pytest.mark.parametrize("form_id", INSTRUMENTS)
def test_items_are_numbered_without_a_gap(form_id: str) -> None:
    names = [path.rpartition("_")[2] for path in items(FORMS[form_id])]

    assert [int(name) for name, _ in zip(names, count(1), strict=False)] == list(
        range(1, len(names) + 1)
    )


def test_the_nine_groups_stand_in_the_order_of_the_programme() -> None:
    groups = [choice.name for choice in FORMS["person"].choices["population_group"]]

    assert len(groups) == 9
    assert (groups[0], groups[-1]) == ("older_person", "muslim")


def test_a_persons_number_contact_and_groups_travel_apart_from_the_name() -> None:
    person = FORMS["person"]

    assert person.area_path == "home/village"
    assert person.class_of(person.path_of("first_name")) == "general"
    assert {
        person.question(name).sensitivity for name in ("citizen_id", "phone", "groups")
    } == {"identity"}


@pytest.mark.parametrize(
    ("form_id", "name", "policy"),
    [
        ("person", "phone", "latest"),
        ("person", "note", "append"),
        ("home_visit", "danger_signs", "union"),
        ("referral", "status", "machine"),
        ("referral", "assignee", "authority"),
        ("referral", "urgency", "worst"),
        ("screening_9q", "q9_9", "worst"),
        ("person", "last_name", "register"),
    ],
)
def test_what_two_people_write_is_viewed_by_the_policy_it_needs(
    form_id: str, name: str, policy: str
) -> None:
    assert FORMS[form_id].question(name).merge == policy


def test_both_blood_pressures_are_one_register() -> None:
    assert FORMS["home_visit"].group_of("measured/systolic") == (
        "measured/systolic",
        "measured/diastolic",
    )


def test_emergency_is_the_worst_urgency() -> None:
    urgency = FORMS["referral"].question("urgency")

    assert max(urgency.choices, key=lambda choice: choice.severity).name == "emergency"
