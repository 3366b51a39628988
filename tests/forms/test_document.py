"""A form file's shape: what is wrong is told all at once, each with its place."""

import pytest

from fieldkit.errors import FormError
from fieldkit.forms.document import problems_of, read_form, read_list
from tests.forms.library import HEAD, library, written

LISTS = library().lists


def problems(text: str) -> list[tuple[str, object, object]]:
    with pytest.raises(FormError) as caught:
        read_form(text, lists=LISTS)
    found = problems_of(caught.value)
    return [(p.code, p.details["path"], p.details["row"]) for p in found]


def test_all_problems_of_a_file_are_told_at_once() -> None:
    text = "form_id: x\nversion: a\ntitle: {en: T}\nkind: k\nsurvey:\n  - {nme: a}\n"

    assert problems(text) == [
        ("form.value", "version", 2),
        ("form.missing", "title/th", 3),
        ("form.missing", "survey/0/type", 6),
        ("form.missing", "survey/0/name", 6),
        ("form.unknown_key", "survey/0/nme", 6),
    ]


def test_several_problems_are_one_error_that_tells_how_many() -> None:
    with pytest.raises(FormError) as caught:
        read_form("form_id: x", lists=LISTS)

    assert caught.value.code == "form.several"
    assert str(caught.value.details["count"]) in caught.value.message("th")


def test_a_misspelt_key_is_answered_with_the_nearest_one() -> None:
    text = written("{type: text, name: a, label: {th: ก}, requird: true}")

    with pytest.raises(FormError) as caught:
        read_form(text, lists=LISTS)

    assert caught.value.details["near"] == "required"


def test_choices_named_no_and_0_stay_text() -> None:
    text = written(
        "{type: select_one c, name: no, label: {th: ก}}",
        "choices: {c: [{name: no, label: {th: ก}}, {name: 0, label: {th: ข}}]}",
    )

    document = read_form(text, lists=LISTS)

    assert document.survey[0].name == "no"
    assert [choice.name for choice in document.choices["c"].choices] == ["no", "0"]


def test_a_list_is_taken_from_its_own_file() -> None:
    text = written(
        "{type: select_one c, name: a, label: {th: ก}}", "choices: {c: list://yes_no/1}"
    )

    choices = read_form(text, lists=LISTS).choices["c"]

    assert choices.ref == "list://yes_no/1"
    assert [choice.name for choice in choices.choices] == ["yes", "no"]


def test_an_unknown_list_is_told_with_its_place() -> None:
    text = written(
        "{type: select_one c, name: a, label: {th: ก}}", "choices: {c: list://none/1}"
    )

    assert problems(text) == [("form.list_unknown", "choices/c", 10)]


@pytest.mark.parametrize("text", ["", "- a", "form"])
def test_a_file_that_is_no_form_is_told_so(text: str) -> None:
    with pytest.raises(FormError) as caught:
        read_form(text, lists=LISTS)

    assert caught.value.code == "form.not_a_form"


@pytest.mark.parametrize(
    "action",
    [
        "{when: 'true()'}",
        "{when: 'true()', open: a, follow_up: {task: t, within: 1 day}}",
    ],
)
def test_an_action_does_exactly_one_thing(action: str) -> None:
    text = written("{type: text, name: a, label: {th: ก}}", f"actions: [{action}]")

    assert problems(text) == [("form.value", "actions/0", 10)]


def test_the_hash_looks_at_the_words_and_not_at_their_order_or_comments() -> None:
    one = written("{type: text, name: a, label: {th: ก}}")
    same = "# a comment\n" + written("{label: {th: ก}, name: a, type: text}")
    other = written("{type: text, name: a, label: {th: ข}}")

    hashes = [read_form(text, lists=LISTS).hash for text in (one, same, other)]

    assert hashes[0] == hashes[1] != hashes[2]


def test_the_hash_covers_the_choices_of_a_list() -> None:
    text = written(
        "{type: select_one c, name: a, label: {th: ก}}", "choices: {c: list://yes_no/1}"
    )
    changed = read_list(
        "list_id: yes_no\nversion: 1\ntitle: {th: ก}\n"
        "choices: [{name: maybe, label: {th: อาจ}}]"
    )

    ours = read_form(text, lists=LISTS)
    theirs = read_form(text, lists={"yes_no/1": changed})

    assert ours.hash != theirs.hash


def test_a_form_without_a_title_names_the_row_where_it_belongs() -> None:
    text = written(
        "{type: text, name: a, label: {th: ก}}", head=HEAD.replace("th:", "x:")
    )

    assert problems(text)[0] == ("form.missing", "title/th", 3)
