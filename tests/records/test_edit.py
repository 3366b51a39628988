"""Editing: what is typed becomes a write that replaces what was on the screen."""

import pytest

from fieldkit.causality import Dot
from fieldkit.errors import AnswerError
from fieldkit.records.edit import add, create, edit, settled, withdraw
from fieldkit.records.record import Record
from tests.merge.fleet import AForm
from tests.records.test_record import V, W, dot, record, sibling, withdrawn

FORM = AForm(
    ("name", "systolic", "diastolic"),
    groups=(("systolic", "diastolic"),),
    form_id="person",
)
MEMBER = b"\xab" * 16


def written(record: Record, **answers: object) -> dict[str, object]:
    one = edit(record, FORM, answers)
    assert one is not None
    layout, write = one
    return dict(zip(layout.paths, write.values, strict=True))


def test_a_new_record_writes_every_question_so_that_all_share_a_layout() -> None:
    layout, write = create(FORM, {"systolic": 120})

    assert layout.paths == FORM.paths
    assert write.values == (None, 120, None)
    assert (write.target, write.replaces, write.layout) == (None, (), layout.id)


@pytest.mark.parametrize("subject", [b"p" * 16, 0])
def test_a_new_record_names_its_subject_first(subject: bytes | int) -> None:
    layout, write = create(FORM, {}, subject)

    assert (layout.paths[0], write.values[0]) == ("_subject", subject)


def test_an_edit_writes_only_what_changed_and_replaces_only_what_was_shown_of_it() -> (
    None
):
    shown = record(
        name=[sibling("ก")], systolic=[sibling(1, W)], diastolic=[sibling(2, W)]
    )

    one = edit(shown, FORM, {"name": "ข", "systolic": 1})

    assert one is not None
    layout, write = one
    assert layout.paths == ("name",)
    assert write.replaces == (dot(V),)
    assert write.target == shown.id


def test_an_edit_that_says_the_same_writes_nothing() -> None:
    shown = record(name=[sibling("ก")])

    assert edit(shown, FORM, {"name": "ก", "systolic": None}) is None


def test_typing_one_of_two_contested_values_is_a_decision() -> None:
    shown = record(name=[sibling("ก"), sibling("ข", W)])

    one = edit(shown, FORM, {"name": "ก"})

    assert one is not None
    assert one[1].replaces == (dot(V), dot(W))


def test_a_merge_group_is_written_whole() -> None:
    shown = record(systolic=[sibling(120)], diastolic=[sibling(80)])

    assert written(shown, systolic=130) == {"systolic": 130, "diastolic": 80}


def test_half_of_a_contested_group_is_refused() -> None:
    shown = record(
        systolic=[sibling(120), sibling(130, W)],
        diastolic=[sibling(80), sibling(85, W)],
    )

    with pytest.raises(AnswerError) as error:
        edit(shown, FORM, {"systolic": 125})

    assert error.value.code == "answer.group"
    assert error.value.details == {"path": "diastolic"}


def test_an_addition_replaces_nothing() -> None:
    _, write = add(record(name=[sibling("ก")]), FORM, {"name": "ข"})

    assert write.replaces == ()


def test_new_instances_have_no_id_yet_and_old_ones_keep_theirs() -> None:
    answers = {
        "members[+1]/name": "ก",
        f"members[{MEMBER.hex()}]/name": "ข",
        "members[+1]/_order": 1,
    }
    shown = record(**{f"members[{MEMBER.hex()}]/name": [sibling("old")]})

    assert written(shown, **answers) == {
        "members[]": [None, MEMBER],
        "members[0]/name": "ก",
        "members[1]/name": "ข",
        "members[0]/_order": 1,
    }


def test_instances_inside_new_instances_are_numbered_within_them() -> None:
    answers = {"homes[+1]/rooms[+1]/size": 1, "homes[+1]/rooms[+2]/size": 2}

    assert written(record(), **answers) == {
        "homes[]": [None],
        "homes[0]/rooms[]": [None, None],
        "homes[0]/rooms[0]/size": 1,
        "homes[0]/rooms[1]/size": 2,
    }


def test_an_instance_that_has_the_length_of_an_id_and_is_none_is_refused() -> None:
    with pytest.raises(AnswerError) as error:
        written(record(), **{f"members[{'z' * 32}]/name": "ก"})

    assert error.value.code == "answer.instance"


def test_a_withdrawal_names_all_that_was_shown() -> None:
    shown = record(name=[sibling("ก")], systolic=[sibling(1, W)])

    layout, write = withdraw(shown, FORM)

    assert layout.paths == ("_life",)
    assert write.values == (withdrawn(dot(V), dot(W)),)
    assert write.replaces == ()


def test_a_second_withdrawal_replaces_the_first() -> None:
    first = sibling(withdrawn(dot(V)), W)

    _, write = withdraw(record(name=[sibling("ก")], _life=[first]), FORM)

    assert write.replaces == (dot(W),)


def test_removing_an_instance_names_what_was_shown_of_it_alone() -> None:
    path = f"members[{MEMBER.hex()}]"
    shown = record(**{"name": [sibling("ก")], f"{path}/name": [sibling("ข", W)]})

    layout, write = withdraw(shown, FORM, path)

    assert layout.paths == ("members[]", "members[0]/_life")
    assert write.values == ([MEMBER], withdrawn(dot(W)))


def test_a_register_is_settled_if_all_say_the_same() -> None:
    same = record(name=[sibling("ก"), sibling("ก", W)])
    other = record(name=[sibling("ก"), sibling("ข", W)])

    assert (settled(same, "name"), settled(other, "name")) == ("ก", None)


def test_a_dot_is_typed_and_read_by_people_in_short() -> None:
    assert str(Dot(b"\x1f\x2e" * 8, 17, b"\xa0\xb1" * 4)) == "1f2e1f2e.17.a0b1a0b1"
