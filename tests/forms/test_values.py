"""What is typed, or comes from a table, is read to one value; the rest is refused."""

import datetime
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.errors import AnswerError
from fieldkit.forms.question import Question
from fieldkit.forms.values import coerce, type_test
from tests.forms.library import small

FORM = small(
    """
    {type: text, name: text, label: {th: ก}}
    {type: text, name: cid, label: {th: ก}, appearance: citizen_id}
    {type: integer, name: integer, label: {th: ก}}
    {type: decimal, name: decimal, label: {th: ก}}
    {type: date, name: date, label: {th: ก}}
    {type: area, name: area, label: {th: ก}}
    {type: select_one c, name: one, label: {th: ก}}
    {type: select_multiple c, name: many, label: {th: ก}}
    {type: reference person, name: reference, label: {th: ก}}
    {type: attachment image, name: attachment, label: {th: ก}}
    {type: geopoint, name: geopoint, label: {th: ก}}
    {type: acknowledge, name: acknowledge, label: {th: ก}}
    {type: calculate, name: calculate, calculation: "1"}
    """,
    "choices: {c: [{name: 0, label: {th: ไม่มีเลย, en: Not at all}},"
    " {name: 1, label: {th: บางวัน, en: Some days}},"
    " {name: no, label: {th: ไม่, en: No}}]}",
)
RECORD_ID = bytes(range(16))
PHOTO = [bytes(32), 1024, "image/jpeg"]


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("text", "  สมบัติ ", "สมบัติ"),
        ("text", 12, "12"),
        ("text", "a\nb", "a\nb"),
        ("cid", "๓-๙๙๙๙-00000-02-8", "3999900000028"),
        ("integer", "๑,๒๐๐", 1200),
        ("integer", 12.0, 12),
        ("integer", "13.0", 13),
        ("integer", "-5", -5),
        ("decimal", "๑.๕", 1.5),
        ("decimal", 2, 2.0),
        ("date", "30 ม.ค. 2566", "2023-01-30"),
        ("date", "2566-01-30", "2023-01-30"),
        ("date", "2023-01-30", "2023-01-30"),
        ("date", datetime.datetime(2023, 1, 30, 16, 3), "2023-01-30"),  # noqa: DTZ001
        ("area", 90110103, "90110103"),
        ("area", "๙๐", "90"),
        ("one", 0, "0"),
        ("one", 1.0, "1"),
        ("one", "บางวัน", "1"),
        ("one", "not at all", "0"),
        ("one", False, "no"),
        ("many", "1 0", ["0", "1"]),
        ("many", "Some days; ไม่มีเลย", ["0", "1"]),
        ("many", ["no", 0, "no"], ["0", "no"]),
        ("reference", RECORD_ID.hex(), RECORD_ID),
        ("reference", RECORD_ID, RECORD_ID),
        ("reference", 0, 0),
        ("attachment", PHOTO, PHOTO),
        ("geopoint", "7.0086 100.4747", [7.0086, 100.4747, None, None]),
        ("geopoint", [7, 100, None, 12], [7.0, 100.0, None, 12.0]),
        ("acknowledge", "OK", True),
        ("acknowledge", False, None),
    ],
)
def test_what_is_typed_is_read(name: str, raw: object, value: object) -> None:
    question = FORM.question(name)

    read = coerce(question, raw)

    assert read == value
    assert type(read) is type(value)
    assert read is None or type_test(question)(read)


@pytest.mark.parametrize("question", FORM.questions, ids=lambda q: q.name)
@pytest.mark.parametrize("raw", [None, "", "  ", []], ids=repr)
def test_nothing_typed_is_no_answer(question: Question, raw: object) -> None:
    assert coerce(question, raw) is None


@pytest.mark.parametrize(
    ("name", "raw", "code"),
    [
        ("text", ["a"], "answer.type"),
        ("text", "a\x00", "answer.type"),
        ("text", "\ud800", "answer.type"),
        ("text", True, "answer.type"),
        ("text", "x" * 100_001, "answer.type"),
        ("integer", "1.5", "answer.type"),
        ("integer", True, "answer.type"),
        ("integer", 1 << 63, "answer.type"),
        ("integer", "twelve", "answer.type"),
        ("decimal", math.nan, "answer.type"),
        ("decimal", "1e400", "answer.type"),
        ("decimal", math.inf, "answer.type"),
        ("date", "31/2/2566", "answer.date"),
        ("date", 20230130, "answer.type"),
        ("area", "901", "answer.type"),
        ("one", "2", "answer.choice"),
        ("one", ["0"], "answer.choice"),
        ("many", ["0", "9"], "answer.choice"),
        ("many", {"0": 1}, "answer.type"),
        ("reference", "00ff", "answer.type"),
        ("reference", "someone", "answer.type"),
        ("attachment", "photo.jpg", "answer.type"),
        ("attachment", [bytes(31), 1, "image/jpeg"], "answer.type"),
        ("geopoint", [95, 100], "answer.type"),
        ("geopoint", "7", "answer.type"),
        ("acknowledge", "perhaps", "answer.type"),
        ("calculate", 1, "answer.calculated"),
    ],
)
def test_what_does_not_fit_is_refused_and_named(
    name: str, raw: object, code: str
) -> None:
    with pytest.raises(AnswerError) as caught:
        coerce(FORM.question(name), raw)

    assert caught.value.code == code
    assert caught.value.details["path"] == name
    assert "ยังอยู่ครบ" in caught.value.message("th")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.binary(max_size=20)
    | st.sampled_from(["0", "1", "no", "2566-01-30", "๑๒", "7.1 100.2", -0.0]),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=5,
)


@given(question=st.sampled_from(FORM.questions), raw=JSON)
def test_reading_gives_a_value_of_the_type_or_an_answer_error(
    question: Question, raw: object
) -> None:
    try:
        value = coerce(question, raw)
    except AnswerError:
        return

    assert value is None or type_test(question)(value)


@given(question=st.sampled_from(FORM.questions), raw=JSON)
def test_reading_is_idempotent(question: Question, raw: object) -> None:
    try:
        value = coerce(question, raw)
    except AnswerError:
        return

    assert coerce(question, value) == value


@given(question=st.sampled_from(FORM.questions), value=JSON)
def test_a_test_of_a_value_is_total(question: Question, value: object) -> None:
    assert type_test(question)(value) in {True, False}
