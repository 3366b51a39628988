"""Columns: rows packed side by side come back as they were, whatever they hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.codec import encode
from fieldkit.errors import CodecError, FieldKitError
from fieldkit.sync.columns import pack_column, pack_rows, unpack_column, unpack_rows
from tests.strategies import answers, floats, scalars, texts

numbers = st.integers(-(2**63), 2**63)
dates = st.dates().map(str)
columns = st.one_of(
    st.lists(answers, min_size=1, max_size=20),
    st.lists(numbers, min_size=1, max_size=20),
    st.lists(floats, min_size=1, max_size=20),
    st.lists(dates, min_size=1, max_size=20),
    st.lists(st.sampled_from(["ก", "ข", ""]), min_size=1, max_size=40),
    st.lists(st.one_of(st.none(), dates), min_size=1, max_size=20),
    st.lists(st.lists(texts, max_size=3), min_size=1, max_size=20),
    st.lists(st.lists(floats, min_size=2, max_size=2), min_size=1, max_size=20),
    st.lists(st.binary(min_size=8, max_size=8), min_size=1, max_size=20),
)


def same(left: Any, right: Any) -> bool:
    """Return whether two values are equal, types included: 1 is not True."""
    return encode(left) == encode(right)


@given(columns)
def test_unpacking_undoes_packing_for_every_value(column: list[Any]) -> None:
    packed = pack_column(column)

    assert same(list(unpack_column(packed, len(column))), column)


@given(st.lists(st.tuples(answers, answers, scalars), min_size=1, max_size=12))
def test_unpacking_rows_undoes_packing_rows(rows: list[tuple[Any, ...]]) -> None:
    packed = pack_rows(rows)

    assert same(list(map(list, unpack_rows(packed, len(rows)))), list(map(list, rows)))


@given(st.lists(answers, max_size=4), st.integers(0, 12), st.integers(0, 9))
def test_whatever_arrives_as_a_column_gives_values_or_an_error_of_ours(
    rest: list[Any], kind: int, count: int
) -> None:
    try:
        found = unpack_column([kind, *rest], count)
    except FieldKitError:
        return
    assert len(found) == count
    encode(list(found))


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (["ก"] * 9, 0),
        (["ก", "ข"] * 9, 2),
        (["ก", "ข", "ค"], 3),
        ([b"12345678", b"87654321"], 4),
        ([1_700_000_000_000, 1_700_000_000_500], 5),
        ([1.5, 2.25], 6),
        ([[7.1, 100.2], [7.2, 100.3]], 7),
        ([["a"], ["a", "b"]], 8),
        ([None, "ก", "ข"], 9),
        (["2023-01-30", "1950-12-31"], 10),
        (["2023-W05-1", "1950-12-31"], 3),
        ([True, 1], 1),
    ],
)
def test_each_kind_of_column_is_taken_where_it_fits(
    column: list[Any], kind: int
) -> None:
    assert pack_column(column)[0] == kind


def test_a_column_of_another_length_is_refused() -> None:
    packed = pack_column(["ก", "ข", "ค"])

    with pytest.raises(CodecError):
        unpack_column(packed, 2)


def test_a_column_that_unfolds_without_end_is_refused() -> None:
    column: list[Any] = [1, ["ก"]]
    for _ in range(9):
        column = [8, column]

    with pytest.raises(CodecError):
        unpack_column(column, 1)
