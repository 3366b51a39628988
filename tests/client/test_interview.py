from collections.abc import Mapping
from datetime import datetime

import pytest

from fieldkit.client.clock import BANGKOK
from fieldkit.client.interview import Interview, Step
from fieldkit.client.library import shipped_forms
from fieldkit.forms.form import Form

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=BANGKOK)


def form(form_id: str) -> Form:
    return shipped_forms().latest(form_id)


def step_of(interview: Interview) -> Step:
    step = interview.step
    assert step is not None
    return step


def answer_all(interview: Interview, answers: Mapping[str, object]) -> list[str]:
    """Answer by name until the end and return the paths that were asked."""
    asked = []
    while (step := interview.step) is not None:
        asked.append(step.path)
        if step.question is None:
            interview.answer(step, False)
        elif not step.question.is_stored:
            interview.pass_over(step)
        else:
            shown = interview.answers.get(step.path)
            typed = answers.get(step.question.name, shown)
            problem = interview.answer(step, typed)
            assert problem is None, problem
    return asked


NINE = {f"q9_{n}": "0" for n in range(1, 10)}


def test_what_is_not_relevant_is_not_asked() -> None:
    quiet = answer_all(Interview(form("screening_9q"), NOW), NINE)
    grave = answer_all(Interview(form("screening_9q"), NOW), NINE | {"q9_9": "1"})

    assert "next_step" not in quiet
    assert "next_step" in grave


def test_every_form_that_ships_can_be_walked_through() -> None:
    for form_id in shipped_forms():
        interview = Interview(form(form_id), NOW)
        for _ in range(500):
            step = interview.step
            if step is None:
                break
            if step.question is None:
                interview.answer(step, False)
            else:
                interview.pass_over(step)

        assert interview.step is None, form_id


def test_an_answer_that_does_not_fit_is_asked_again() -> None:
    interview = Interview(form("person"), NOW)
    interview.answer(step_of(interview), "นาง")
    first_name = step_of(interview)

    assert interview.answer(first_name, "") is not None
    assert step_of(interview) == first_name
    assert interview.answer(first_name, "บุญมี") is None
    assert step_of(interview) != first_name


def test_going_back_keeps_the_answers() -> None:
    interview = Interview(form("person"), NOW)
    interview.answer(step_of(interview), "นาง")
    interview.answer(step_of(interview), "บุญมี")

    assert interview.back()
    assert step_of(interview).path == "who/first_name"
    assert interview.answers["who/first_name"] == "บุญมี"
    assert interview.back()
    assert not interview.back()


@pytest.mark.parametrize("typed", ["1", "๑", "ชาย", "Male"])
def test_a_choice_is_named_by_code_place_or_label(typed: str) -> None:
    interview = Interview(form("person"), NOW, {"who/first_name": "ก"}, "who/sex")

    assert interview.answer(step_of(interview), typed) is None
    assert interview.answers["who/sex"] == "1"


def test_a_place_in_the_list_is_meant_where_codes_are_words() -> None:
    interview = Interview(form("person"), NOW, {}, "home/housing_status")
    step = step_of(interview)

    assert interview.answer(step, "2") is None
    assert interview.answers[step.path] == interview.choices(step)[1].name


def test_a_number_that_is_no_code_is_no_place_where_codes_are_numbers() -> None:
    interview = Interview(form("person"), NOW, {}, "who/sex")
    step = step_of(interview)

    assert [choice.name for choice in interview.choices(step)] == ["1", "2", "9"]
    assert interview.answer(step, "3") is not None


def test_an_interview_goes_on_at_the_place_it_was_left() -> None:
    first = Interview(form("person"), NOW)
    first.answer(step_of(first), "นาง")
    first.answer(step_of(first), "บุญมี")
    place = step_of(first).path

    again = Interview(form("person"), NOW, first.answers, place)

    assert step_of(again).path == place
    assert again.answers == first.answers


def test_an_instance_can_be_added_and_taken_back() -> None:
    interview = Interview(form("household"), NOW)
    while step_of(interview).question is not None:
        interview.pass_over(step_of(interview))
    more = step_of(interview)

    interview.answer(more, True)
    assert step_of(interview).path.startswith("members[1]/")
    interview.back()
    assert step_of(interview) == more
    assert not any(path.startswith("members") for path in interview.answers)


def test_the_score_is_there_at_the_end() -> None:
    interview = Interview(form("screening_9q"), NOW)

    answer_all(interview, NINE | {"q9_1": "3", "q9_2": "3", "q9_3": "1"})

    assert (interview.score.value, interview.score.band) == (7, "mild")
