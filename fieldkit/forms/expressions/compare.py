"""Comparing values, as XPath 1.0 section 3.4 tells; node-sets by their members."""

from collections.abc import Callable, Iterable
from datetime import tzinfo

from fieldkit.forms.expressions.values import (
    EQUAL_WITHIN,
    NodeSet,
    Value,
    node_number,
    node_text,
    to_boolean,
    to_number,
    to_text,
)

Order = Callable[[float, float], bool]


def same_number(one: float, other: float) -> bool:
    """Tell whether two numbers are equal, but for the last bits of a calculation."""
    return one == other or abs(one - other) < EQUAL_WITHIN


def equal(one: Value, other: Value, zone: tzinfo) -> bool:
    """Tell whether ``one = other``."""
    return _matches(one, other, zone, same=True)


def unequal(one: Value, other: Value, zone: tzinfo) -> bool:
    """Tell whether ``one != other``: of node-sets, whether any two members differ."""
    return _matches(one, other, zone, same=False)


def _matches(one: Value, other: Value, zone: tzinfo, *, same: bool) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return (to_boolean(one) == to_boolean(other)) == same
    if isinstance(one, float) or isinstance(other, float):
        return any(
            same_number(a, b) == same
            for a in numbers_of(one, zone)
            for b in numbers_of(other, zone)
        )
    first, second = set(_texts_of(one)), set(_texts_of(other))
    if same:
        return not first.isdisjoint(second)
    return bool(first and second) and (len(first | second) > 1)


def _texts_of(value: Value) -> Iterable[str]:
    if isinstance(value, NodeSet):
        return [node_text(node) for node in value]
    return (to_text(value),)


def numbers_of(value: Value, zone: tzinfo) -> Iterable[float]:
    """Return the number of a value, or of each node of a node-set."""
    if isinstance(value, NodeSet):
        return [node_number(node, zone) for node in value]
    return (to_number(value, zone),)


def ordered(order: Order, one: Value, other: Value, zone: tzinfo) -> bool:
    """Tell whether ``one`` and ``other`` stand in that order, as numbers."""
    if isinstance(one, bool) and isinstance(other, NodeSet):
        other = to_boolean(other)
    elif isinstance(other, bool) and isinstance(one, NodeSet):
        one = to_boolean(one)
    return any(
        order(a, b) for a in numbers_of(one, zone) for b in numbers_of(other, zone)
    )
