"""Births in bulk are the changes that one save after another would make."""

from hypothesis import given
from hypothesis import strategies as st

from fieldkit.records.change import (
    Births,
    Change,
    Write,
    change_bytes,
    identify,
    read_change,
)
from tests.strategies import answers, layouts, seeds, stamps


@given(stamps, layouts, seeds, st.data(), st.integers(1, 1 << 40))
def test_a_birth_in_bulk_is_the_change_that_a_save_would_make(
    stamp, layout, seed, data, counter
) -> None:
    width = len(layout.paths)
    values = tuple(data.draw(st.lists(answers, min_size=width, max_size=width)))
    change = Change(
        stamp._replace(counter=counter), (Write(layout.id, None, (), values),)
    )

    own, identity, made = Births(stamp, layout.id, width).make(counter, values, seed)

    assert own == change.stamp
    assert identity == identify(change, seed)
    assert made == change_bytes(change)
    assert change_bytes(read_change(made)) == made
