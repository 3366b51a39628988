"""Judging in one sweep says the same as judging one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.errors import AnswerError, FormError, NotFoundError
from fieldkit.forms.bulk import compile_reader, compile_validator, is_flat
from fieldkit.forms.evaluate import validate
from fieldkit.forms.question import Question
from fieldkit.forms.values import coerce
from tests.forms.library import NOW, library, small

FLAT = [form for form in map(library().latest, library()) if is_flat(form)]
VALIDATORS = {form.form_id: compile_validator(form, NOW) for form in FLAT}
ODD = [
    None,
    5,
    -1,
    2.5,
    "",
    "x",
    "2023-01-30",
    "2569-12-31",
    "2030-01-01",
    "900101",
    ["x"],
    True,
]


def values_of(question: Question):
    ordinary = st.sampled_from(ODD)
    codes = sorted(question.choice_names)
    if question.type == "select_one":
        return ordinary | st.sampled_from(codes)
    if question.type == "select_multiple":
        return ordinary | st.lists(st.sampled_from(codes), min_size=1, unique=True)
    if question.type == "integer":
        return ordinary | st.integers(0, 400)
    return ordinary


@st.composite
def records(draw, form):
    asked = draw(st.sets(st.sampled_from(form.layout_paths), max_size=12))
    return {path: draw(values_of(form.question(path))) for path in sorted(asked)}


@given(data=st.data(), form=st.sampled_from(FLAT))
def test_the_sweep_finds_what_the_evaluation_finds(data, form) -> None:
    validator = VALIDATORS[form.form_id]

    for _ in range(3):  # one after another: nothing may be left of the one before
        answers = data.draw(records(form))

        assert tuple(validator(answers)) == validate(form, answers, NOW)


@given(data=st.data(), form=st.sampled_from(FLAT))
def test_the_reader_reads_as_typing_does(data, form) -> None:
    raw = data.draw(records(form))
    reader = compile_reader(form, form.layout_paths, NOW)
    read, unread = {}, set()
    for path, value in raw.items():
        try:
            read[path] = coerce(form.question(path), value)
        except AnswerError:
            unread.add(path)

    values, problems = reader(raw)

    found = dict(zip(form.layout_paths, values, strict=True))
    assert found == {path: read.get(path) for path in form.layout_paths}
    expected = {p.path for p in validate(form, read, NOW)}
    assert {p.path for p in problems} == expected | unread


def test_the_reader_takes_bare_names_thai_digits_and_buddhist_dates() -> None:
    form = library().latest("person")
    keys = ["first_name", "birth_date", "village", "groups", "income"]
    row = {
        "first_name": " สมบัติ",
        "birth_date": "๓๐ ม.ค. ๒๔๙๓",
        "village": "๙๐๑๑๐๑๐๓",
        "groups": "muslim older_person",
        "income": "๓,๐๐๐",
        "unknown": "left alone",
    }

    values, problems = compile_reader(form, keys, NOW)(row)

    named = dict(zip(form.layout_paths, values, strict=True))
    assert problems == []
    assert {
        form.question(path).name: v for path, v in named.items() if v is not None
    } == {
        "first_name": "สมบัติ",
        "birth_date": "1950-01-30",
        "village": "90110103",
        "groups": ["older_person", "muslim"],
        "income": 3000,
    }


def test_what_cannot_be_read_is_left_out_and_told_once() -> None:
    form = library().latest("person")

    values, problems = compile_reader(form, ["first_name", "village"], NOW)(
        {"first_name": "สมบัติ", "village": "บ้านเหนือ"}
    )

    assert values[form.layout_paths.index("home/village")] is None
    assert [(p.path, p.kind) for p in problems] == [("home/village", "type")]


def test_a_column_that_is_no_question_is_refused() -> None:
    with pytest.raises(NotFoundError):
        compile_reader(library().latest("person"), ["age"], NOW)


def test_a_form_with_repeats_is_not_for_the_sweep() -> None:
    with pytest.raises(FormError) as caught:
        compile_validator(library().latest("household"), NOW)

    assert caught.value.code == "form.not_flat"


def test_a_calculation_counts_in_what_follows_from_it() -> None:
    form = small(
        """
        {type: integer, name: a, label: {th: ก}}
        {type: calculate, name: b, calculation: "${a} * 2", relevant: "${a} < 50"}
        {type: text, name: c, label: {th: ก}, required: "${b} > 10"}
        {type: integer, name: d, label: {th: ก}, constraint: ". > ${b}"}
        """
    )
    validator = compile_validator(form, NOW)

    for a in (1, 6, 60, None, 6):
        answers = {"a": a, "d": 5}
        assert tuple(validator(answers)) == validate(form, answers, NOW)
