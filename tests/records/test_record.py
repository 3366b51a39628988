"""The record on the screen: siblings, life, instances, and what was brought back."""

import pytest

from fieldkit.causality import Dot
from fieldkit.records.layout import Layout
from fieldkit.records.part import Entry, Part
from fieldkit.records.record import (
    Mark,
    Record,
    Sibling,
    brought_back,
    instances_above,
    life_of,
    open_record,
    shown_to,
    undone_value,
)

PERSON = Layout("person", 1, ("name", "phone"))
V, W = (letter * 16 for letter in (b"V", b"W"))


def dot(who: bytes = V, counter: int = 1) -> Dot:
    return Dot(who, counter, b"t" * 8)


def sibling(
    value: object, who: bytes = V, counter: int = 1, mark: Mark = "applied"
) -> Sibling:
    return Sibling(value, dot(who, counter), who, "volunteer", 0, 1, None, mark)


def record(**registers: list[Sibling]) -> Record:
    named = {name: tuple(siblings) for name, siblings in registers.items()}
    return Record(id=b"r" * 16, form_id="person", registers=named)


def entry(who: bytes, *values: object) -> Entry:
    return Entry(dot(who), who, "volunteer", 5, 1, "why", 0, PERSON.id, None, values)


def withdrawn(*shown: Dot) -> dict[str, object]:
    return {"life": "withdrawn", "shown": [list(one) for one in shown]}


def test_a_blank_record_says_nothing() -> None:
    blank = Record.blank("person", b"s" * 16)

    assert (blank.id, blank.subject, blank.shown(), blank.life) == (
        b"",
        b"s" * 16,
        (),
        "live",
    )


def test_opening_lays_siblings_side_by_side_in_the_order_of_dots() -> None:
    part = Part((entry(W, "ข", None), entry(V, "ก", "081")))

    opened = open_record(Record.blank("person"), [part], {PERSON.id: PERSON})

    assert [s.value for s in opened.siblings("name")] == ["ก", "ข"]
    assert opened.siblings("name")[0].because == "why"
    assert opened.siblings("never asked") == ()


def test_opening_marks_what_is_not_plainly_applied() -> None:
    part = Part((entry(V, "ก", "081"), entry(W, "ข", None)))

    opened = open_record(
        Record.blank("person"), [part], {PERSON.id: PERSON}, {dot(W): "quarantined"}
    )

    assert [(s.mark, s.counts) for s in opened.siblings("name")] == [
        ("applied", True),
        ("quarantined", False),
    ]


def test_the_dots_shown_are_those_of_the_registers_asked_for() -> None:
    shown = record(name=[sibling("ก")], phone=[sibling("081", W)])

    assert shown.shown(["name"]) == (dot(V),)
    assert shown.shown() == (dot(V), dot(W))


@pytest.mark.parametrize(
    ("said", "life"),
    [
        ([], "live"),
        (["live"], "live"),
        ([withdrawn(dot(V))], "withdrawn"),
        ([withdrawn()], "contested"),
        ([withdrawn(dot(V)), withdrawn(dot(V))], "withdrawn"),
        ([withdrawn(dot(V)), "live"], "contested"),
        (["merged"], "merged"),
        ([None], "live"),
    ],
)
def test_life_is_what_all_say_who_saw_everything(said: list[object], life: str) -> None:
    siblings = [sibling(value, W, n) for n, value in enumerate(said, 2)]

    assert record(name=[sibling("ก")], _life=siblings).life == life


def test_a_withdrawal_in_quarantine_withdraws_nothing() -> None:
    end = sibling(withdrawn(dot(V)), W, mark="quarantined")

    assert record(name=[sibling("ก")], _life=[end]).life == "live"


def test_a_cleared_answer_does_not_hold_a_record_against_its_withdrawal() -> None:
    assert (
        record(name=[sibling(None)], _life=[sibling(withdrawn(), W)]).life
        == "withdrawn"
    )


@pytest.mark.parametrize(
    "value", [{}, {"life": None}, {"shown": 5}, {"shown": [[1]]}, 5]
)
def test_a_life_that_nobody_can_read_breaks_nothing(value: object) -> None:
    whole = record(name=[sibling("ก")], _life=[sibling(value, W)])

    assert whole.life in {"live", "5"}
    assert life_of(value) in {"live", "5"}
    assert shown_to(value) == ()


ONE, TWO = (f"members[{letter * 32}]" for letter in "12")


def test_instances_come_by_their_newest_order_and_then_by_id() -> None:
    newer = sibling(1, W)._replace(shown_at=9)
    whole = record(
        **{
            f"{ONE}/name": [sibling("ก")],
            f"{ONE}/_order": [sibling(8), newer],
            f"{TWO}/name": [sibling("ข")],
            f"{TWO}/_order": [sibling("not a number")],
        }
    )

    assert whole.instances("members") == (TWO, ONE)


def test_an_instance_removed_by_someone_who_saw_all_of_it_is_gone() -> None:
    end = sibling(withdrawn(dot(V)), W)
    whole = record(
        **{
            "name": [sibling("ก", counter=7)],
            f"{ONE}/name": [sibling("ก")],
            f"{ONE}/_life": [end],
        }
    )

    assert whole.instances("members") == ()
    assert (whole.instance_life(ONE), whole.life) == ("withdrawn", "live")


def test_an_instance_that_someone_wrote_to_unseen_stays() -> None:
    whole = record(
        **{
            f"{ONE}/name": [sibling("ก", counter=2)],
            f"{ONE}/_life": [sibling(withdrawn(), W)],
        }
    )

    assert whole.instances("members") == (ONE,)
    assert whole.instance_life(ONE) == "contested"


def test_instances_inside_instances_belong_to_their_own_repeat() -> None:
    inner = f"{ONE}/homes[{'3' * 32}]"
    whole = record(**{f"{inner}/roof": [sibling("tin")]})

    assert instances_above(f"{inner}/roof") == (ONE, inner)
    assert whole.instances("members") == (ONE,)
    assert whole.instances(f"{ONE}/homes") == (inner,)


def test_an_undo_brings_siblings_back_under_its_own_dot_with_their_writers() -> None:
    former = (sibling("ก"), sibling("ข", W))
    part = Part((entry(b"C" * 16, undone_value(former), None),))

    opened = open_record(Record.blank("person"), [part], {PERSON.id: PERSON})

    found = opened.siblings("name")
    assert [(s.value, s.person, s.nth) for s in found] == [("ก", V, 0), ("ข", W, 1)]
    assert {s.dot for s in found} == {dot(b"C" * 16)}


@pytest.mark.parametrize(
    "value",
    [
        None, {"undone": 1}, {"undone": [1]}, {"undone": [["ก"]]},
        {"undone": [], "x": 1},
        {"undone": [["ก", "nobody", "volunteer", 0, 1, None]]},
    ],
)  # fmt: skip
def test_a_value_that_only_looks_like_an_undo_is_a_value(value: object) -> None:
    assert brought_back(value) is None
