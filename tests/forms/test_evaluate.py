"""Relevance, calculations, constraints, choices and defaults, by steps or at once."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.forms.evaluate import Evaluation, defaults, plain, validate
from fieldkit.forms.expressions import NodeSet
from tests.forms.library import NOW, TODAY, library, small

ONE, TWO = "0" * 31 + "1", "0" * 31 + "2"

CHAIN = small(
    """
    {type: integer, name: a, label: {th: ก}, required: true,
      constraint: ". < 100", constraint_message: {th: น้อยกว่า 100, en: Below 100}}
    {type: group, name: g, relevant: "${a} > 1", survey: [
      {type: integer, name: b, label: {th: ข}, required: "${a} > 2"},
      {type: group, name: h, relevant: "${b} > 1", survey: [
        {type: text, name: c, label: {th: ค}, required: true}]}]}
    {type: calculate, name: sum, calculation: "${a} + ${b}"}
    {type: calculate, name: twice, calculation: "${sum} * 2", relevant: "${sum} < 50"}
    {type: text, name: end, label: {th: ง}, relevant: "${twice} > 10"}
    """
)


def kinds(form, answers) -> dict[str, str]:
    return {p.path: p.kind for p in validate(form, answers, NOW)}


def test_a_missing_answer_is_a_problem_only_while_it_is_relevant() -> None:
    assert kinds(CHAIN, {}) == {"a": "required"}
    assert kinds(CHAIN, {"a": 2}) == {}
    assert kinds(CHAIN, {"a": 3}) == {"g/b": "required"}
    assert kinds(CHAIN, {"a": 3, "g/b": 2}) == {"g/h/c": "required"}


def test_a_group_hides_all_that_is_in_it() -> None:
    evaluation = Evaluation(CHAIN, {"a": 1, "g/b": 5, "g/h/c": "x"}, NOW)

    assert evaluation.irrelevant() == ("g/b", "g/h/c", "end")
    assert not evaluation.is_relevant("g/h")


def test_an_answer_made_irrelevant_is_kept_and_counts_as_empty() -> None:
    evaluation = Evaluation(CHAIN, {"a": 3, "g/b": 5}, NOW)

    evaluation.answer("a", 1)

    assert evaluation.answers["g/b"] == 5
    assert evaluation.value("g/b") is None
    assert evaluation.calculations() == {"sum": None, "twice": None}

    evaluation.answer("a", 3)

    assert evaluation.calculations() == {"sum": 8, "twice": 16}


def test_a_broken_constraint_speaks_in_the_forms_own_words() -> None:
    (problem,) = validate(CHAIN, {"a": 100}, NOW)[:1]

    assert (problem.path, problem.kind) == ("a", "constraint")
    assert problem.message.in_language("en") == "Below 100"
    assert problem.message.in_language("ms") == problem.message.th == "น้อยกว่า 100"


def test_a_value_of_another_type_is_a_problem_of_its_own() -> None:
    assert kinds(CHAIN, {"a": "0"}) == {"a": "type"}


ANSWERS = st.dictionaries(
    st.sampled_from(["a", "g/b", "g/h/c", "end"]),
    st.none() | st.integers(0, 120) | st.sampled_from(["", "x"]),
)


@given(
    first=ANSWERS,
    steps=st.lists(
        st.tuples(st.sampled_from(CHAIN.layout_paths), st.none() | st.integers(0, 120)),
        max_size=6,
    ),
)
def test_answering_step_by_step_is_the_same_as_answering_at_once(first, steps) -> None:
    evaluation = Evaluation(CHAIN, first, NOW)

    for path, value in steps:
        evaluation.answer(path, value)

    whole = Evaluation(CHAIN, {**first, **dict(steps)}, NOW)
    assert evaluation.problems() == whole.problems()
    assert evaluation.calculations() == whole.calculations()
    assert evaluation.irrelevant() == whole.irrelevant()


HOUSE = {
    "village": "90110103",
    "house_number": "12/3",
    f"members[{TWO}]/name": "ตาดำ",
    f"members[{ONE}]/name": "ยายแดง",
    f"members[{ONE}]/age": 200,
}


def test_each_instance_of_a_repeat_is_judged_by_itself() -> None:
    form = library().latest("household")

    assert kinds(form, HOUSE) == {f"members[{ONE}]/age": "constraint"}


def test_instances_stand_in_the_order_given() -> None:
    evaluation = Evaluation(library().latest("household"), HOUSE, NOW)

    found = [
        path for path, question in evaluation.questions() if question.name == "name"
    ]

    assert found == [f"members[{TWO}]/name", f"members[{ONE}]/name"]


def test_adding_and_removing_an_instance_is_reckoned_with() -> None:
    evaluation = Evaluation(library().latest("household"), HOUSE, NOW)
    three = "0" * 31 + "3"

    evaluation.answer(f"members[{three}]/age", 7)

    assert evaluation.value("member_count") == 3
    assert evaluation.is_required(f"members[{three}]/name")

    evaluation.remove_instance(f"members[{three}]")
    evaluation.remove_instance(f"members[{ONE}]")

    assert evaluation.value("member_count") == 1
    assert evaluation.problems() == ()


def test_a_repeat_within_a_repeat_finds_its_own_instances() -> None:
    form = small(
        """
        {type: repeat, name: houses, survey: [
          {type: text, name: street, label: {th: ก}},
          {type: repeat, name: people, survey: [
            {type: integer, name: age, label: {th: ก}, constraint: ". < 10"}]},
          {type: calculate, name: total, calculation: "sum(${age})"}]}
        """
    )
    answers = {
        f"houses[{ONE}]/people[{ONE}]/age": 3,
        f"houses[{ONE}]/people[{TWO}]/age": 4,
        f"houses[{TWO}]/people[{ONE}]/age": 11,
    }

    evaluation = Evaluation(form, answers, NOW)

    assert evaluation.value(f"houses[{ONE}]/total") == 7
    assert [p.path for p in evaluation.problems()] == [
        f"houses[{TWO}]/people[{ONE}]/age"
    ]


FILTERED = small(
    """
    {type: select_one region, name: region, label: {th: ภาค}}
    {type: select_one town, name: town, label: {th: เมือง},
      choice_filter: "region = ${region}"}
    """,
    "choices: {region: [{name: s, label: {th: ใต้}}, {name: n, label: {th: เหนือ}}],"
    " town: [{name: hatyai, label: {th: หาดใหญ่}, region: s},"
    " {name: nan, label: {th: น่าน}, region: n}]}",
)


def test_a_choice_filter_offers_what_fits_the_other_answers() -> None:
    evaluation = Evaluation(FILTERED, {"region": "s", "town": "nan"}, NOW)

    assert [choice.name for choice in evaluation.choices("town")] == ["hatyai"]
    assert [problem.kind for problem in evaluation.problems()] == ["choice"]

    evaluation.answer("region", "n")

    assert evaluation.problems() == ()


def test_defaults_are_typed_and_leave_given_answers_alone() -> None:
    form = small(
        """
        {type: date, name: on, label: {th: ก}, default: today()}
        {type: integer, name: count, label: {th: ก}, default: 3}
        {type: text, name: word, label: {th: ก}, default: hello world}
        {type: select_one c, name: pick, label: {th: ก}, default: x}
        {type: select_one c, name: wrong, label: {th: ก}, default: z}
        """,
        "choices: {c: [{name: x, label: {th: ก}}]}",
    )

    assert defaults(form, NOW) == {
        "on": TODAY,
        "count": 3,
        "word": "hello world",
        "pick": "x",
    }
    assert "count" not in Evaluation(form, {"count": 9}, NOW).defaults()


def test_today_is_the_day_it_is_where_the_laptop_stands() -> None:
    form = library().latest("screening_2q")
    late = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)

    assert defaults(form, late)["screened_on"] == "2026-11-22"
    assert defaults(form, late.astimezone(NOW.tzinfo))["screened_on"] == "2026-11-23"


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (float("nan"), None),
        (float("inf"), None),
        (2.0, 2),
        (2.5, 2.5),
        ("", None),
        ("a", "a"),
        (True, True),
        (NodeSet(()), None),
    ],
)
def test_a_result_becomes_an_answer(value, answer) -> None:
    assert plain(value) == answer
