"""A layout's name, its wire form, and the registers it stands for."""

import pytest
from hypothesis import given

from fieldkit.errors import CodecError
from fieldkit.forms.question import CLASSES as FORM_CLASSES
from fieldkit.records.layout import (
    CLASSES,
    Layout,
    from_wire,
    instance_lists,
    registers,
    to_wire,
)
from tests.strategies import layouts

HOMES = Layout(
    "household", 1,
    (
        "village", "homes[]", "homes[1]/roof", "homes[0]/members[]",
        "homes[0]/members[0]/name",
    ),
)  # fmt: skip


@given(layouts)
def test_a_layout_is_read_from_its_own_wire_form(layout: Layout) -> None:
    assert from_wire(to_wire(layout)) == layout


def test_a_layout_with_repeats_is_read_from_its_own_wire_form() -> None:
    assert from_wire(to_wire(HOMES)) == HOMES


@given(layouts, layouts)
def test_different_layouts_have_different_names(one: Layout, two: Layout) -> None:
    assert (one.id == two.id) == (one == two)


@pytest.mark.parametrize(
    "wire",
    [
        None, ["person", 1], ["person", True, ["a"]], [1, 1, ["a"]],
        ["person", 1, [1]], ["person", 1, [""]], ["person", 1, ["a", "a"]],
        ["person", 1, ["a//b"]], ["person", 1, ["/a"]],
        ["person", 1, ["members[0]/name"]],
        ["person", 1, ["members[]", "members[00]/name"]],
        ["person", 1, ["members[]", "members[๐]/name"]],
        ["person", 1, ["members[]", "members[00ff]/name"]],
        ["person", 1, ["members[]", "members[-1]/name"]],
        ["person", 1, ["members[]", "members[0]/homes[0]/roof"]],
    ],
)  # fmt: skip
def test_a_layout_that_would_name_registers_twice_or_not_at_all_is_refused(
    wire: object,
) -> None:
    with pytest.raises(CodecError):
        from_wire(wire)


def test_a_plain_layouts_registers_are_its_paths() -> None:
    layout = Layout("person", 1, ("name", "home/village"))

    assert registers(layout, ("ก", None)) == layout.paths


def test_instances_stand_in_registers_by_their_id() -> None:
    one, two, three = (letter * 16 for letter in (b"\x01", b"\x02", b"\x03"))

    found = registers(HOMES, ("90", [one, two], "tin", [three], "ก"))

    assert found == (
        "village",
        None,
        f"homes[{two.hex()}]/roof",
        None,
        f"homes[{one.hex()}]/members[{three.hex()}]/name",
    )


def test_the_subject_is_no_register() -> None:
    layout = Layout("screening", 1, ("_subject", "q1"))

    assert registers(layout, (b"p" * 16, 1)) == (None, "q1")


def test_a_layout_knows_how_many_instances_it_needs() -> None:
    assert instance_lists(HOMES) == ((1, 2), (3, 1))


def test_a_forms_sensitivity_classes_are_the_parts_of_its_records() -> None:
    assert CLASSES == FORM_CLASSES
