"""Whatever is typed as an expression or a pattern: a value or an error of ours."""

import math
import re
import string
from datetime import UTC, datetime, timedelta, timezone
from timeit import default_timer

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fieldkit.errors import ExpressionError
from fieldkit.forms.expressions import (
    FUNCTIONS,
    AnswerNode,
    Context,
    NodeSet,
    Value,
    parse,
    to_boolean,
    to_number,
    to_text,
)
from fieldkit.forms.expressions.regexes import matcher
from fieldkit.forms.expressions.values import number_text, text_number


def words(line: str) -> list[str]:
    return line.split()


WORDS = st.sampled_from(
    [
        *sorted(FUNCTIONS),
        *words("if ${a} ${b} ${m} ${g/a} a m and or div mod self child node() text()"),
        *words("( ) [ ] , / // .. . @ :: | + - * = != < <= > >= $v"),
        *words("1 0 -1 2.5 1e9 99999999999 'x' '' '2026-01-30' '[a-'"),
        "'1 2;3 4'",
        "1 div 0",
        "0 div 0",
    ]
)


def context() -> Context:
    document = AnswerNode.document()
    group = document.add("g")
    here = group.add("a", "2026-01-30")
    group.add("b", ["x", "y"])
    for number in (1, None):
        document.add("m", repeat=True).add("n", number)
    return Context(
        node=here,
        root=document,
        now=datetime(2026, 1, 30, tzinfo=timezone(timedelta(hours=7))),
        random=lambda: 0.5,
        uuid=lambda: "01234567",
        choice_label=lambda code, _: code,
        itext=lambda text_id: text_id,
        instance=lambda _: document,
        last_saved=lambda _: None,
        property_of=lambda _: "",
    )


def outcome(text: str) -> tuple[Value, bool, float, str] | ExpressionError:
    """Return the value in all its kinds, or the error of ours."""
    try:
        expression = parse(text)
        return (
            expression.evaluate(context()),
            expression.evaluate_boolean(context()),
            expression.evaluate_number(context()),
            expression.evaluate_string(context()),
        )
    except ExpressionError as error:
        return error


def check_value_or_error(text: str) -> None:
    found = outcome(text)
    if isinstance(found, ExpressionError):
        assert "expression" in found.details
        assert found.message("th")
        assert found.message("en")
    else:
        value, *others = found
        assert isinstance(value, str | float | bool | NodeSet)
        assert isinstance(to_number(value, UTC), float)
        assert list(map(type, others[::2])) == [bool, str]
        assert isinstance(to_text(value), str)
        assert isinstance(to_boolean(value), bool)


def match_of(pattern: str, text: str) -> bool | str:
    """Return whether the text fits, or the code of the error of ours."""
    try:
        return matcher(pattern)(text)
    except ExpressionError as error:
        return error.code


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=60))
def test_any_text_gives_a_value_or_an_error_of_ours(text):
    check_value_or_error(text)


@settings(max_examples=1500, deadline=None)
@given(st.lists(WORDS, max_size=14).map(" ".join))
@example("a " + "[a" * 60)
@example("if(" * 60)
@example("1=1" * 5_000)
@example("1=" * 20_000 + "1")
@example("/" + "a/" * 20_000 + "a")
@example("-" * 50_000 + "1")
def test_any_words_of_the_language_give_a_value_or_an_error_of_ours(text):
    check_value_or_error(text)


ARGUMENTS = st.sampled_from(
    [
        *words("'' 'x' '1' -1 0 2.5 1e9 99999999999999999999 ${a} ${b} ${n} ${m} ."),
        *words("${nobody} true() today() date('x') '2026-01-30' '10:00' 'MD5' '\\'"),
        "1 div 0",
        "-1 div 0",
        "0 div 0",
        "'1 2;3 4;5 6;1 2'",
    ]
)


@settings(max_examples=2500, deadline=None)
@given(st.sampled_from([*sorted(FUNCTIONS), "if"]), st.lists(ARGUMENTS, max_size=6))
def test_any_function_of_any_arguments_gives_a_value_or_an_error_of_ours(name, given_):
    check_value_or_error(f"{name}({', '.join(given_)})")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_written_and_read_again_is_the_same(number):
    assert text_number(number_text(number), UTC) == number


@given(st.floats())
def test_a_number_is_written_without_exponent(number):
    assert re.fullmatch(r"-?[0-9]+(\.[0-9]+)?|NaN|-?Infinity", number_text(number))


@given(st.text(alphabet=string.digits + "-+.,eE: TZ", max_size=24))
def test_reading_a_number_is_total(text):
    assert isinstance(text_number(text, UTC), float)


@given(st.text(max_size=30), st.text(max_size=30))
def test_before_the_part_and_after_make_the_whole(text, part):
    at = context()
    at.variables = {"t": text, "p": part}
    before = parse("substring-before($t, $p)").evaluate(at)
    after = parse("substring-after($t, $p)").evaluate(at)

    if part and part in text:
        assert f"{before}{part}{after}" == text


@settings(deadline=None)
@given(st.text(max_size=20), st.text(max_size=40))
def test_any_pattern_matches_or_is_refused(pattern, text):
    refused = ("expression.regex", "expression.regex_slow")

    assert match_of(pattern, text) in (True, False, *refused)


PLAIN = st.lists(
    st.tuples(
        st.sampled_from(["a", "[ab]", "[^a]", ".", "\\d", "\\.", "[0-9-]", "ก", "-"]),
        st.sampled_from(["", "", "?", "*", "+", "{2}", "{1,3}", "{0,}"]),
    ),
    max_size=6,
).map(lambda pieces: "".join(map("".join, pieces)))


@settings(max_examples=400, deadline=None)
@given(PLAIN, st.text(alphabet="ab01.-ก\n๑", max_size=12))
def test_the_quick_way_of_plain_patterns_agrees_with_re2(pattern, text):
    quick, sure = matcher(pattern)(text), matcher(f"(?:{pattern})")(text)

    assert quick == sure


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+b", "a" * 5_000),
        ("(a|aa)+$", "a" * 5_000 + "c"),
        (".*.*.*.*=.*", "x" * 5_000),
        ("a*a*", "a" * 200_000 + "b"),
        ("(?=(a+)+b)a*", "a" * 40),
        ("(a+)+\\1b", "a" * 40),
    ],
)
def test_no_pattern_runs_away(pattern, text):
    began = default_timer()

    assert match_of(pattern, text) in (False, "expression.regex_slow")
    assert default_timer() - began < 2


def test_a_long_line_is_soon_checked_for_crossing_itself():
    points = ";".join(f"{math.sin(n / 50):.6f} {n / 100:.6f}" for n in range(5_000))
    began = default_timer()

    assert parse(f"intersects('{points}')").evaluate(context()) is False
    assert default_timer() - began < 5
