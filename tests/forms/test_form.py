"""A form knows its paths, registers and classes, and refuses what makes no sense."""

import pytest

from fieldkit.errors import FormError, NotFoundError
from fieldkit.forms.document import problems_of
from fieldkit.forms.form import template_of
from tests.forms.library import HEAD, library, small

ID = "0" * 31 + "1"
BAND = "{from: 0, to: 1, code: x, label: {th: ก}}"
B = "{type: text, name: b, label: {th: ก}"
A = "{type: text, name: a, label: {th: ก}}"


def codes(survey: str, more: str = "", head: str = HEAD) -> list[str]:
    with pytest.raises(FormError) as caught:
        small(survey, more, head)
    found = problems_of(caught.value)
    assert all(problem.details["row"] for problem in found)
    return [problem.code for problem in found]


NESTED = """
{type: group, name: g, survey: [
  {type: text, name: x, label: {th: ก}}, {type: text, name: y, label: {th: ก}}]}
{type: group, name: h, survey: [{type: text, name: x, label: {th: ก}}]}
{type: repeat, name: members, survey: [
  {type: text, name: n, label: {th: ก}, merge_group: m},
  {type: group, name: deep, survey: [
    {type: text, name: o, label: {th: ก}, merge_group: m}]}]}
{type: calculate, name: c, calculation: "count(${members})"}
"""


def test_paths_join_groups_and_repeats() -> None:
    form = small(NESTED)

    paths = [question.path for question in form.questions]

    assert paths == ["g/x", "g/y", "h/x", "members[]/n", "members[]/deep/o", "c"]
    assert form.layout_paths == ("g/x", "g/y", "h/x")
    assert [question.path for question in form.stored] == paths[:-1]


def test_a_bare_name_works_wherever_it_is_unique() -> None:
    form = small(NESTED)

    assert form.path_of("y") == "g/y"
    assert form.path_of("h/x") == "h/x"
    assert form.question("n").repeat == "members[]"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("x", "form.question_ambiguous"),
        ("z", "form.no_question"),
        ("g", "form.no_question"),
    ],
)
def test_a_name_that_means_no_one_question_is_refused(name: str, code: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        small(NESTED).path_of(name)

    assert caught.value.code == code


def test_a_register_of_an_instance_finds_its_question() -> None:
    form = small(NESTED)

    assert form.question_at(f"members[{ID}]/n") is form.question("members[]/n")
    assert form.question_at(f"members[{ID}]/_life") is None
    assert template_of(f"a/members[{ID}]/b[{ID}]/c") == "a/members[]/b[]/c"


def test_a_merge_group_is_named_by_each_of_its_members_in_the_same_instance() -> None:
    form = small(NESTED)

    members = (f"members[{ID}]/n", f"members[{ID}]/deep/o")

    assert form.group_of(members[0]) == form.group_of(members[1]) == members
    assert form.group_of("g/x") == ("g/x",)


def test_reserved_and_unknown_registers_have_a_class() -> None:
    household = library().latest("household")

    assert household.class_of("_life") == "general"
    assert household.class_of(f"members[{ID}]/_order") == "general"
    assert household.class_of("necessities/food") == "identity"
    assert household.class_of("necessities/of_a_newer_version") == "identity"
    assert household.class_of("unknown") == "general"


def test_choices_grow_worse_in_their_order_unless_severity_says_otherwise() -> None:
    form = small(
        "{type: select_one c, name: a, label: {th: ก}, merge: worst}",
        "choices: {c: [{name: u, label: {th: ก}, severity: -1},"
        " {name: v, label: {th: ก}}]}",
    )

    question = form.question("a")

    assert question.severity_of("v") > question.severity_of("u")


@pytest.mark.parametrize(
    ("survey", "code"),
    [
        (
            "{type: text, name: b, label: {th: ก}, relevant: '${z} = 1'}",
            "form.name_unknown",
        ),
        (
            "{type: text, name: b, label: {th: ก}, relevant: '../z = 1'}",
            "form.name_unknown",
        ),
        (
            "{type: text, name: b, label: {th: ก}, constraint: '. = ('}",
            "expression.end",
        ),
        ("{type: calculate, name: b, calculation: '${b} + 1'}", "form.cycle"),
        ("{type: calculate, name: b}", "form.calculation_missing"),
        (
            "{type: text, name: b, label: {th: ก}, calculation: '1'}",
            "form.calculation_stored",
        ),
        ("{type: text, name: a, label: {th: ก}}", "form.path_twice"),
        ("{type: text, name: b}", "form.label_missing"),
        ("{type: choose, name: b, label: {th: ก}}", "form.type_unknown"),
        ("{type: reference, name: b, label: {th: ก}}", "form.type_argument"),
        ("{type: select_one c, name: b, label: {th: ก}}", "form.choices_missing"),
        (
            "{type: text, name: b, label: {th: ก}, purpose: [sale]}",
            "form.purpose_unknown",
        ),
        ("{type: text, name: b, label: {th: ก}, merge: newest}", "form.merge_unknown"),
        ("{type: text, name: b, label: {th: ก}, merge: sum}", "form.merge_type"),
        (
            "{type: text, name: b, label: {th: ก}, sensitivity: secret}",
            "form.sensitivity_unknown",
        ),
        (
            "{type: text, name: b, label: {th: ก}, sensitivity: sealed}",
            "form.sealed_to",
        ),
        (
            "{type: text, name: b, label: {th: ก}, sealed_to: [volunteer]}",
            "form.sealed_to",
        ),
        (
            f"{B}, sensitivity: sealed, sealed_to: [king]}}",
            "form.role_unknown",
        ),
        ("{type: group, name: g}", "form.group_empty"),
        (
            f"{B}, survey: [{A}]}}",
            "form.survey_in_question",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(survey: str, code: str) -> None:
    assert codes(f"{A}\n{survey}") == [code]


def test_questions_that_wait_for_each_other_are_refused() -> None:
    ring = """
    {type: text, name: a, label: {th: ก}, relevant: "${b} = 1"}
    {type: text, name: b, label: {th: ก}, relevant: "${c} = 1"}
    {type: calculate, name: c, calculation: "${a}"}
    """

    assert codes(ring) == ["form.cycle"]


def test_a_group_may_not_wait_for_what_it_holds() -> None:
    survey = '{type: group, name: g, relevant: "${a} = 1", survey: [' + A + "]}"

    assert codes(survey) == ["form.cycle"]


def test_an_ambiguous_name_in_an_expression_is_refused() -> None:
    survey = NESTED + '{type: text, name: z, label: {th: ก}, relevant: "${x} = 1"}'

    assert codes(survey) == ["form.name_ambiguous"]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("subject: person\n", "form.subject_missing"),
        ("sensitivity: general\n", "form.sensitivity_missing"),
        ("purpose: [care]\n", "form.purpose_missing"),
    ],
)
def test_subject_sensitivity_and_purpose_are_obligatory(key: str, code: str) -> None:
    assert code in codes(A, head=HEAD.replace(key, ""))


@pytest.mark.parametrize("change", ["sensitivity: health", "merge: latest"])
def test_a_merge_group_has_one_class_and_one_policy(change: str) -> None:
    survey = f"""
    {{type: integer, name: x, label: {{th: ก}}, merge_group: g}}
    {{type: integer, name: y, label: {{th: ก}}, merge_group: g, {change}}}
    """

    assert codes(survey) == ["form.merge_group"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (
            f"score: {{of: z, bands: [{BAND}]}}",
            "form.name_unknown",
        ),
        (
            f"score: {{of: a, bands: [{BAND}, {BAND}]}}",
            "form.bands",
        ),
        ("actions: [{when: '${z} = 1', open: f}]", "form.name_unknown"),
        (
            "choices: {c: [{name: x, label: {th: ก}}, {name: x, label: {th: ข}}]}",
            "form.choice_twice",
        ),
    ],
)
def test_scores_actions_and_choices_are_checked_too(more: str, code: str) -> None:
    assert codes(A, more) == [code]
