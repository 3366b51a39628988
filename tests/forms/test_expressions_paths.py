"""Paths, predicates, repeats and lists, and what ``${name}`` means where."""

from datetime import UTC, datetime

import pytest

from fieldkit.forms.expressions import (
    AnswerNode,
    Context,
    NodeSet,
    list_instance,
    parse,
    to_text,
)

NOW = datetime(2026, 1, 30, tzinfo=UTC)
ITEMS = [
    {"name": "9001", "label": "เมืองสงขลา", "province": "90"},
    {"name": "9011", "label": "หาดใหญ่", "province": "90"},
    {"name": "9101", "label": "เมืองสตูล", "province": "91"},
]


def household() -> AnswerNode:
    """Return a document: a house, two members, each with visits of their own."""
    document = AnswerNode.document()
    data = document.add("data")
    data.set_attribute("id", "household")
    data.add("province", "90")
    house = data.add("house")
    house.add("number", "12/3")
    for name, age, visits in (("สม", 70, (120, 130)), ("ศรี", 8, (90,))):
        member = data.add("members", repeat=True)
        member.add("name", name)
        member.add("age", age)
        for systolic in visits:
            visit = member.add("visits", repeat=True)
            visit.add("systolic", systolic)
            visit.add("high")
    data.add("note", "จบ")
    return document


def at(path: str, document: AnswerNode | None = None) -> Context:
    """Return a context at the node that an absolute path finds."""
    root = document or household()
    lists = {"districts": list_instance(ITEMS)}
    start = Context(node=root, root=root, now=NOW, instance=lists.get)
    found = parse(path).evaluate(start)
    assert isinstance(found, NodeSet)
    start.node = found[0]
    return start


def texts(text: str, context: Context) -> list[str]:
    value = parse(text).evaluate(context)
    assert isinstance(value, NodeSet)
    return [to_text(NodeSet((node,))) for node in value]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/data/members/name", ["สม", "ศรี"]),
        ("/data/members[2]/name", ["ศรี"]),
        ("/data/members[age > 60]/name", ["สม"]),
        ("/data/members[last()]/name", ["ศรี"]),
        ("/data/members[position() = 1]/name", ["สม"]),
        ("/data/members[count(visits) = 2]/name", ["สม"]),
        ("/data/members[visits/systolic > 125]/name", ["สม"]),
        ("/data/members[age > 5][2]/name", ["ศรี"]),
        ("/data/members/visits[1]/systolic", ["120", "90"]),
        ("(/data/members/visits)[1]/systolic", ["120"]),
        ("//systolic", ["120", "130", "90"]),
        ("//systolic[1]", ["120", "130", "90"]),
        ("/data//name", ["สม", "ศรี"]),
        ("/data/*/number", ["12/3"]),
        ("/data/house/number | /data/note | /data/province", ["90", "12/3", "จบ"]),
        ("/data/@id", ["household"]),
        ("/data[@id = 'household']/note", ["จบ"]),
        ("/data[@id = 'other']/note", []),
        ("//visits/..//name", ["สม", "ศรี"]),
        ("//visits/parent::members/name", ["สม", "ศรี"]),
        ("//name[. = 'ศรี']/following-sibling::age", ["8"]),
        ("//age[. = 8]/preceding-sibling::*", ["ศรี"]),
        ("/data/note/preceding::number", ["12/3"]),
        ("/data/house/following::note", ["จบ"]),
        ("//systolic[. = 90]/ancestor::members/name", ["ศรี"]),
        ("//name/self::name[1]", ["สม", "ศรี"]),
        ("//systolic/ancestor-or-self::systolic", ["120", "130", "90"]),
        ("/data/descendant::number", ["12/3"]),
        ("/data/child::node()[1]", ["90"]),
        ("/data/nothing", []),
        ("//comment()", []),
        ("id('household')/note", ["จบ"]),
    ],
)
def test_a_path_finds_its_nodes_in_document_order(text, expected):
    assert texts(text, at("/data")) == expected


def test_reverse_axes_count_backwards_and_give_document_order():
    here = at("/data/note")

    assert texts("preceding-sibling::members[1]/name", here) == ["ศรี"]
    assert texts("preceding-sibling::members/name", here) == ["สม", "ศรี"]
    assert texts("../house/number", here) == ["12/3"]
    assert parse("name(ancestor::*[1])").evaluate(here) == "data"


def test_a_name_means_the_node_of_the_same_instance():
    here = at("/data/members[2]/visits[1]/high")

    assert texts("${systolic}", here) == ["90"]
    assert texts("${name}", here) == ["ศรี"]
    assert texts("${province}", here) == ["90"]
    assert texts("${house/number}", here) == ["12/3"]
    assert texts("${other/number}", here) == []
    assert parse("count(${visits})").evaluate(here) == 1
    assert parse("count(${members})").evaluate(here) == 2
    assert parse("${systolic} < 100 and ${age} < 15").evaluate_boolean(here)


def test_a_name_outside_means_the_nodes_of_all_instances():
    here = at("/data/note")

    assert texts("${name}", here) == ["สม", "ศรี"]
    assert parse("sum(${systolic})").evaluate(here) == 340
    assert parse("max(${age})").evaluate(here) == 70
    assert parse("${age} > 60").evaluate(here) is True
    assert parse("${age} < 10").evaluate(here) is True
    assert parse("${age} = 9").evaluate(here) is False
    assert parse("${name} != 'สม'").evaluate(here) is True
    assert parse("${name} = /data/members/name").evaluate(here) is True


def test_a_name_in_one_member_speaks_of_its_own_visits():
    here = at("/data/members[1]/age")

    assert texts("${systolic}", here) == ["120", "130"]
    assert parse("count(${visits})").evaluate(here) == 2
    assert parse("position(..)").evaluate(here) == 1
    assert parse("index()").evaluate(here) == 1


def test_a_member_without_visits_has_not_those_of_another():
    document = household()
    third = document.children[0].add("members", repeat=True)
    third.add("name", "แดง")
    here = at("/data/members[3]/name", document)

    assert texts("${systolic}", here) == []
    assert parse("count(${visits})").evaluate(here) == 0


def test_a_name_within_a_predicate_means_what_it_means_outside():
    here = at("/data/members[2]/age")

    assert texts("/data/members[age > ${age}]/name", here) == ["สม"]
    assert texts("/data/members[age > current()]/name", here) == ["สม"]
    assert texts("/data/members[name = current()/../name]/age", here) == ["8"]
    assert here.origin is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("indexed-repeat(${name}, ${members}, 2)", ["ศรี"]),
        ("indexed-repeat(/data/members/name, /data/members, 1)", ["สม"]),
        ("indexed-repeat(${systolic}, ${members}, 1, ${visits}, 2)", ["130"]),
        ("indexed-repeat(${systolic}, ${visits}, 2, ${members}, 1)", ["130"]),
        ("indexed-repeat(${systolic}, ${members}, 1)", ["120", "130"]),
        ("indexed-repeat(${name}, ${members}, 3)", []),
        ("indexed-repeat(${name}, ${members}, 0)", []),
        ("indexed-repeat(${name}, ${members}, '')", []),
    ],
)
def test_indexed_repeat_finds_its_instance(text, expected):
    assert texts(text, at("/data/note")) == expected


def test_indexed_repeat_looks_at_the_instance_before():
    here = at("/data/members[2]/age")

    assert texts("indexed-repeat(${name}, ${members}, position(..) - 1)", here) == [
        "สม"
    ]


def test_lists_are_looked_up():
    here = at("/data/note")

    row = "instance('districts')/root/item"
    assert texts(f"{row}[name = '9011']/label", here) == ["หาดใหญ่"]
    assert texts(f"{row}[province = ${{province}}]/name", here) == ["9001", "9011"]
    assert parse(f"count({row})").evaluate(here) == 3
    assert texts("instance('nothing')/root/item", here) == []
    pull = "pulldata('districts', 'label', 'name', '9101')"
    assert parse(pull).evaluate(here) == "เมืองสตูล"
    assert parse("pulldata('districts', 'label', 'name', 'x')").evaluate(here) == ""


def test_a_choice_filter_runs_at_the_choice_and_asks_the_question():
    here = at("/data/province")
    choices = list_instance(ITEMS).children[0].children
    here.origin = here.node
    kept = []
    for choice in choices:
        here.node = choice
        if parse("province = ${province}").evaluate_boolean(here):
            kept.append(choice.children[0].value)

    assert kept == ["9001", "9011"]


def test_a_group_reads_as_the_text_of_all_below_it():
    assert parse("string(/data/members[2])").evaluate(at("/data")) == "ศรี890"


def test_an_instance_taken_out_is_found_no_more():
    document = household()
    data = document.children[0]
    data.remove(data.children[2])
    here = at("/data/note", document)

    assert texts("${name}", here) == ["ศรี"]
    assert parse("sum(${systolic})").evaluate(here) == 90
    assert texts("${number}", here) == ["12/3"]


def test_a_name_that_stands_twice_means_both():
    document = AnswerNode.document()
    for group, value in (("a", 1), ("b", 2)):
        document.add(group).add("x", value)
    here = at("/a", document)

    assert texts("${x}", here) == ["1", "2"]
    assert texts("${b/x}", here) == ["2"]


def test_namespaces_are_told_apart():
    document = AnswerNode.document()
    body = document.add("h:body", namespace="urn:h")
    body.add("h:div", "x", namespace="urn:h")
    body.add("div", "y")
    body.add("text", kind="text", value="z")
    here = at("/h:body", document)

    assert texts("/h:body/h:div", here) == ["x"]
    here.namespaces = {"other": "urn:h", "h": "urn:else"}
    assert texts("/other:body/other:div", here) == ["x"]
    assert texts("/h:body/*", here) == []
    assert texts("/*/div", here) == ["y"]
    assert texts("/body", here) == []
    assert texts("/*/other:*", here) == ["x"]
    assert texts("/*/text()", here) == ["z"]
    assert parse("local-name(/*)").evaluate(here) == "body"
    assert parse("namespace-uri(/*)").evaluate(here) == "urn:h"
    assert parse("name(/*)").evaluate(here) == "h:body"


def test_the_language_of_a_node_is_that_around_it():
    document = AnswerNode.document()
    data = document.add("data")
    data.set_attribute("xml:lang", "th-TH")
    data.add("x")
    here = at("/data/x", document)

    assert parse("lang('th')").evaluate(here) is True
    assert parse("lang('TH-th')").evaluate(here) is True
    assert parse("lang('en')").evaluate(here) is False
