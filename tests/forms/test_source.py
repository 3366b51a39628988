"""Form text is read as YAML 1.2 with every place known, and nothing else of YAML."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.errors import FormError
from fieldkit.forms.source import DEPTH_MAX, Plain, read_source, resolve


@pytest.mark.parametrize("word", ["no", "yes", "on", "0", "007", "2023-01-30", "1_000"])
def test_a_plain_word_stays_the_text_that_was_written(word: str) -> None:
    assert read_source(f"name: {word}").value == {"name": word}


def test_quoted_numbers_stay_text_when_words_are_resolved() -> None:
    value = read_source("a: 1\nb: '1'\nc: [true, no, 1.5, 007, null]").value

    assert resolve(value) == {"a": 1, "b": "1", "c": [True, "no", 1.5, "007", None]}


def test_every_value_knows_its_row_and_column() -> None:
    source = read_source("a:\n  - b: 1\n    c: 2\n")

    assert source.place_of(("a", 0, "c")) == (3, 5)
    assert source.place_of(("a", 0, "unknown", "deeper")) == (2, 5)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: &x 1\nb: *x", "form.anchor"),
        ("a: *x", "form.anchor"),
        ("a: !!python/object:os.system 1", "form.tag"),
        ("a: 1\na: 2", "form.key_twice"),
        ("a: 1\n---\nb: 2", "form.several_documents"),
        ("a: [1", "form.yaml"),
        ("a: b: c", "form.yaml"),
        ("? [a]\n: b", "form.yaml"),
        ("\x00", "form.yaml"),
        ("[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1), "form.too_deep"),
        ("a: " + "x" * (1 << 20), "form.too_big"),
    ],
)
def test_what_a_form_may_not_use_is_refused(text: str, code: str) -> None:
    with pytest.raises(FormError) as caught:
        read_source(text)

    assert caught.value.code == code
    assert caught.value.details["row"]


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#,\n \t\\%@`?01\u0e01\x85", max_size=40))
def test_any_text_gives_a_value_or_a_form_error(text: str) -> None:
    with suppress(FormError):
        value = read_source(text).value

        assert isinstance(value, Plain | str | list | dict | None)
