"""The language itself: operators, conversions, comparisons, errors and names."""

import math
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from fieldkit.errors import ExpressionError
from fieldkit.forms.expressions import (
    Answer,
    AnswerNode,
    Context,
    NodeSet,
    Value,
    parse,
)

NOW = datetime(2026, 1, 30, 9, 30, tzinfo=UTC)


def context(now: datetime = NOW, /, **answers: Answer) -> Context:
    document = AnswerNode.document()
    nodes = [document.add(name, value) for name, value in answers.items()]
    return Context(node=nodes[0] if nodes else document, root=document, now=now)


def value_of(text: str, **answers: Answer) -> Value:
    return parse(text).evaluate(context(**answers))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("1 - 2 - 3", -4),
        ("1 - (2 - 3)", 2),
        ("2 * 3 div 8 * 2", 1.5),
        ("-(8*5)", -40),
        ("--5", 5),
        ("---5", -5),
        ("- '19'", -19),
        ("3 + -4", -1),
        ("5 mod 3.1", 1.9),
        ("5 mod -3", 2),
        ("-5 mod 3", -2),
        ("5 mod 0", math.nan),
        ("1 div 0", math.inf),
        ("-1 div 0", -math.inf),
        ("1 div -0", -math.inf),
        ("0 div 0", math.nan),
        ("'123' * '456'", 56_088),
        ("true() + 8", 9),
        ("'' + 1", math.nan),
        ("2*3", 6),
        ("10 div 4 - 1", 1.5),
        ("1.", 1),
        (".5", 0.5),
        ("(6 < 7) - 4", -3),
        ("(false() or 0) + 2", 2),
        ("today()- 1 - today()", -1),
    ],
)
def test_arithmetic_follows_its_precedence(text, expected):
    assert value_of(text) == pytest.approx(expected, nan_ok=True, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true() or true() and false()", True),
        ("(true() or true()) and false()", False),
        ("false() and false() < true()", False),
        ("(false() and false()) < true()", True),
        ("3 < 4 < 5", True),
        ("3 < (4 < 5)", False),
        ("-3 < 3 = 6 >= 6", True),
        ("6 < 7 - 4", False),
        ("6.1 - 7.8 = -1.7", True),
        ("'abc' = 'abc'", True),
        ("'abc' != 'def'", True),
        ("true() = 17", True),
        ("0 = false()", True),
        ("true() = 'true'", True),
        ("true() != date('1999-09-09')", False),
        ("17 = '17.000'", True),
        ("'017.' = '17.000'", False),
        ("true() > 0.9999", True),
        ("true() > 17", False),
        ("/none < true()", True),
        ("'-17' > '-172'", True),
        ("'abc' < 'abcd'", False),
        ("0 div 0 = 0 div 0", False),
        ("0 div 0 != 0 div 0", True),
        ("1 div 0 = 1 div 0", True),
        ("'' = ''", True),
        ("'' or 17", True),
        ("true() or number('x')", True),
        ("1=1 and 2!=3", True),
        ("1 = 1 and 2 = 2 and 3 = 4", False),
        ("1 = 2 or 2 = 3 or 3 = 3", True),
        ("date('2001-12-26') > date('2001-12-25')", True),
        ("'2015-07-15' < today()", True),
        ("10 + '2012-07-24' = '2012-08-03'", True),
        ("'2018-06-25' = '2018-06-25T00:00:00.000Z'", False),
        ("date('2018-06-25') = date('2018-06-25T00:00:00.000Z')", True),
        ("'string' = date('1999-09-09')", False),
        ("today() < today() + 1", True),
        ("if('', 5, 'abc') = 'abc'", True),
        ("if(true(), 5, 'abc') = 5", True),
    ],
)
def test_comparisons_follow_xpath(text, expected):
    assert value_of(text) is expected


@pytest.mark.parametrize(
    ("text", "answers", "expected"),
    [
        (". > 0 and . < 300", {"x": 62}, True),
        (". > 0 and . < 300", {"x": None}, False),
        (".>=1", {"x": "1"}, True),
        (". <= today()", {"x": "2026-01-30"}, True),
        (". <= today()", {"x": "2026-01-31"}, False),
        ("${a} + ${b} = 7.5", {"a": 3, "b": 4.5}, True),
        ("${a} = ''", {"a": None}, True),
        ("${a} != ''", {"a": None}, False),
        ("${a} != ''", {"a": 0}, True),
        ("${nobody} = ''", {}, True),
        ("${nobody} != 'x'", {}, True),
        ("${nobody} > 0", {}, False),
        ("${a} = 'male'", {"a": "male"}, True),
        ("${a} = 5", {"a": "5.0"}, True),
        ("${a} = ${b}", {"a": "5", "b": 5.0}, True),
        ("${a} = true()", {"a": "x"}, True),
        ("${a} = 'x y'", {"a": ["x", "y"]}, True),
        ("${a} and ${b}", {"a": "0", "b": 1}, True),
        ("${a} or ${b}", {"a": 0, "b": ""}, False),
        ("not(${a})", {"a": None}, True),
        ("not(${a})", {"a": math.nan}, True),
        ("${a}", {"a": True}, True),
        ("${a}", {"a": []}, False),
        ("${หมู่ที่} = 4", {"หมู่ที่": 4}, True),
        ("/น้ำหนัก > 60", {"น้ำหนัก": 62}, True),
        ("if(${a} >= 18, ${a} < 60, ${b})", {"a": 20, "b": ""}, True),
        ("string-length(.) = 13", {"x": "1234567890123"}, True),
        ("${a} >= 9 and not(${b} = '1')", {"a": 9, "b": "0"}, True),
    ],
)
def test_conditions_of_a_form_hold_where_they_should(text, answers, expected):
    assert parse(text).evaluate_boolean(context(**answers)) is expected


def test_a_value_is_given_as_whatever_is_asked_for():
    at = context(a=3, b="สม", c=None)

    assert parse("${a}").evaluate_number(at) == 3.0
    assert parse("${a}").evaluate_string(at) == "3"
    assert parse("${b}").evaluate_string(at) == "สม"
    assert math.isnan(parse("${b}").evaluate_number(at))
    assert math.isnan(parse("${c} + ${a}").evaluate_number(at))
    assert parse("${c}").evaluate_string(at) == ""
    assert parse("1 div 3").evaluate_string(at) == "0.3333333333333333"
    assert parse("true()").evaluate_number(at) == 1.0
    assert parse("'12'").evaluate_number(at) == 12.0
    assert isinstance(parse("${a}").evaluate(at), NodeSet)


def test_a_variable_is_what_the_caller_set():
    at = Context(node=AnswerNode("x"), root=AnswerNode.document(), now=NOW)
    at.variables = {"five": 5, "name": "สม"}

    assert parse("$five + 1").evaluate(at) == 6
    assert parse("$name").evaluate_string(at) == "สม"


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        (timezone(timedelta(hours=7)), 20483 - 7 / 24),
        (ZoneInfo("America/Phoenix"), 20483 + 7 / 24),
        (UTC, 20483),
    ],
)
def test_midnight_is_where_the_form_is_filled_in(zone, day):
    at = context(datetime(2026, 1, 30, 23, 59, tzinfo=zone), x="2026-01-30")

    assert parse("today()").evaluate_number(at) == pytest.approx(day)
    assert parse(". = today()").evaluate(at) is True
    assert parse("string(today())").evaluate(at) == "2026-01-30"


def test_days_are_counted_across_a_change_of_clocks():
    at = context(datetime(2026, 4, 1, 12, tzinfo=ZoneInfo("Europe/Berlin")))

    assert parse("string(date('2026-03-28' + 1))").evaluate(at) == "2026-03-29"
    assert parse("round(date('2026-03-30') - date('2026-03-28'))").evaluate(at) == 2


@pytest.mark.parametrize(
    ("text", "code", "offset"),
    [
        ("", "expression.end", 0),
        ("1 +", "expression.end", 3),
        ("(1", "expression.end", 2),
        ("1 2", "expression.syntax", 2),
        ("1)", "expression.syntax", 1),
        ("'abc", "expression.quote", 0),
        ("a + 'b", "expression.quote", 4),
        ("1 # 2", "expression.syntax", 2),
        ("a && b", "expression.syntax", 2),
        ("1 == 1", "expression.syntax", 3),
        ("${a", "expression.syntax", 0),
        ("${}", "expression.reference", 0),
        ("1 + ${a b}", "expression.reference", 4),
        ("${a#b}", "expression.reference", 0),
        ("a/", "expression.end", 2),
        ("a[1", "expression.end", 3),
        ("a[]", "expression.syntax", 2),
        ("sideways::a", "expression.syntax", 0),
        ("a/concat('x')", "expression.syntax", 2),
        ("if(a, b)", "expression.arity", 0),
        ("if()", "expression.arity", 0),
        ("if(a, b, c, d)", "expression.arity", 0),
        ("1 + true(5)", "expression.arity", 4),
        ("round()", "expression.arity", 0),
        ("round(1, 2, 3)", "expression.arity", 0),
        ("join()", "expression.arity", 0),
        ("1 + nothing(2)", "expression.unknown_function", 4),
        ("Selected(a, 'b')", "expression.unknown_function", 0),
        ("count('a')", "expression.nodes", 0),
        ("sum(1)", "expression.nodes", 0),
        ("randomize(1, 2)", "expression.nodes", 0),
        ("'a'[1]", "expression.nodes", 0),
        ("1 | 2", "expression.nodes", 0),
        ("1 + regex(., '(')", "expression.regex", 4),
        ("1" * 100_001, "expression.too_long", 100_000),
        ("(" * 60 + "1" + ")" * 60, "expression.too_deep", 48),
    ],
)
def test_an_error_says_what_and_where(text, code, offset):
    with pytest.raises(ExpressionError) as caught:
        parse(text)

    assert (caught.value.code, caught.value.details["offset"]) == (code, offset)
    assert caught.value.message("th") != caught.value.message("en")
    assert caught.value.hint("en")


def test_long_ladders_and_sums_are_no_depth():
    ladder = "".join(f"if(${{province}} = {n}, 'p{n}', " for n in range(500))
    total = " + ".join(["${province}"] * 1000)
    at = context(province=433)

    assert parse(ladder + "'none'" + ")" * 500).evaluate(at) == "p433"
    assert parse(total).evaluate(at) == 433_000


def test_a_ladder_may_be_reckoned_with_on_the_way():
    at = context(a=3)

    assert parse("if(${a} = 1, 1, if(${a} = 2, 2, 3) + 1)").evaluate(at) == 4
    assert parse("if(${a} = 1, 1, if(${a} = 3, 2, 3))").evaluate(at) == 2
    assert parse("if(0, 1, if(1, ${a}, ${a})[. = 3]) = 3").evaluate(at) is True


@pytest.mark.parametrize(
    ("text", "names", "references"),
    [
        ("${a} + ${b} * ${a}", {"a", "b"}, {"a", "b"}),
        (". > 0", set(), set()),
        ("../a = /data/g/b", {"a", "data", "g", "b"}, set()),
        ("sum(/data/*)", {"data", "*"}, set()),
        ("//age", {"age", "*"}, set()),
        ("count(${m}[age > 3])", {"m", "age"}, {"m"}),
        ("jr:choice-name(${a}, '${a}')", {"a"}, {"a"}),
        ("jr:choice-name('x', '/data/g/b')", {"b"}, set()),
        ("instance('l')/root/item[name = ${a}]/label", {"a"}, {"a"}),
        ("instance('l')/root/item[x = current()/../b]/label", {"b"}, set()),
        ("pulldata('l', 'label', 'name', ${a})", {"a"}, {"a"}),
        ("${last-saved#a}", {"a"}, {"a"}),
    ],
)
def test_an_expression_tells_what_it_depends_on(text, names, references):
    expression = parse(text)

    assert expression.references == references
    assert expression.names == names


def test_an_expression_tells_which_functions_it_calls():
    expression = parse("if(selected(${a}, 'x'), today(), once(random()))")

    assert expression.functions == {"if", "selected", "today", "once", "random"}
