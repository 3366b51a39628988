"""The check before publishing: soundness, examples, nothing published changed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldkit.forms.check import check_form, run_example
from fieldkit.forms.document import ExampleDocument
from tests.forms.library import NOW, library, written

LISTS = library().lists
SUM = """
{type: integer, name: a, label: {th: ก}}
{type: calculate, name: b, calculation: "${a} + 1"}
"""


def codes(text: str, **more) -> list[str]:
    return [finding.code for finding in check_form(text, lists=LISTS, now=NOW, **more)]


def test_a_sound_form_gives_no_finding() -> None:
    assert codes(written(SUM, "examples: [{answers: {a: 1}, expect: {b: 2}}]")) == []


def test_every_finding_has_a_place_and_words_for_it() -> None:
    text = written(
        "{type: text, name: a, label: {th: ก}, relevant: '${x} = 1', constraint: '('}"
    )

    findings = check_form(text, lists=LISTS, now=NOW)

    assert {(f.path, f.row) for f in findings} == {("a", 9)}
    assert all(finding.error.message("th") for finding in findings)
    assert all(finding.error.hint("th") for finding in findings)


def test_an_example_that_does_not_hold_is_a_finding() -> None:
    assert codes(written(SUM, "examples: [{answers: {a: 1}, expect: {b: 3}}]")) == [
        "form.example"
    ]


@pytest.mark.parametrize("key", ["z", "members[]/z", ""])
def test_an_example_that_names_no_question_is_a_finding(key: str) -> None:
    example = f"examples: [{{answers: {{'{key}': 1}}, expect: {{b: 2}}}}]"

    assert codes(written(SUM, example)) == ["form.example"]


SHIPPED = [library().text(form_id, 1) for form_id in library()]
PIECES = st.sampled_from(
    [
        "",
        "survey:",
        "  - {type: group, name: g}",
        "    relevant: ${a} +",
        "score: {of: total, bands: []}",
        "from_previous: [1, {a: {b: [c]}}]",
        "  x: [",
        "version: 99999999999999999999999",
        "examples: [{answers: {first_name: [1]}, expect: {band: []}}]",
    ]
)


@given(text=st.sampled_from(SHIPPED), data=st.data())
@settings(max_examples=60)
def test_a_damaged_form_gives_findings_and_never_another_error(text, data) -> None:
    lines = text.split("\n")
    place = data.draw(st.integers(0, len(lines) - 1))
    lines[place] = data.draw(PIECES | st.just(lines[-place]) | st.text(max_size=20))

    for finding in check_form("\n".join(lines), lists=LISTS, now=NOW):
        assert finding.row >= 1
        assert finding.error.message("th")


def test_a_published_version_cannot_change() -> None:
    text = written(SUM)

    assert codes(text, published={("small", 1): bytes(32)}) == ["form.published"]
    assert codes(text, published={("small", 2): bytes(32)}) == []


@pytest.mark.parametrize(
    ("expect", "wrong"),
    [
        ({"total": 1, "band": "none", "red_flags": ["self_harm"]}, 1),
        ({"total": 2}, 1),
        ({"actions": []}, 1),
        ({"problems": {}}, 1),
        ({"irrelevant": ["next_step"]}, 1),
    ],
)
def test_an_example_says_what_came_instead(expect, wrong: int) -> None:
    form = library().latest("screening_9q")
    answers = {"q9_9": 1} | {f"q9_{n}": 0 for n in range(1, 9)}

    found = run_example(form, ExampleDocument(answers=answers, expect=expect), NOW)

    assert len(found) == (0 if "band" in expect else wrong)


def test_an_answer_that_cannot_be_read_is_a_problem_of_the_example() -> None:
    form = library().latest("person")
    example = ExampleDocument(
        answers={"first_name": "สมบัติ", "village": "90110103", "sex": 7},
        expect={"problems": {"who/sex": "choice"}},
    )

    assert run_example(form, example, NOW) == ()
