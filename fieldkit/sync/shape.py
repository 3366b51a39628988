"""Shape: tells decoded items apart where Python does not (``True == 1 == 1.0``)."""

from collections.abc import Iterable, Sequence
from typing import Any


def is_whole(*values: object) -> bool:
    """Return whether each value is an integer from 0 on, and no truth value.

    >>> is_whole(0, 7), is_whole(True), is_whole(1.0), is_whole(-1)
    (True, False, False, False)
    """
    return all(type(value) is int and value >= 0 for value in values)


def are_whole(values: Sequence[Any]) -> bool:
    """Return whether each of many values is what ``is_whole`` looks for; quicker."""
    return are(int, values) and min(values, default=0) >= 0


def are(kind: type, values: Iterable[object]) -> bool:
    """Return whether each value is of just this type."""
    return {*map(type, values)} <= {kind}


def is_bytes(value: object, width: int) -> bool:
    """Return whether ``value`` is bytes of this width."""
    return type(value) is bytes and len(value) == width


def is_version(value: object, version: int = 1) -> bool:
    """Return whether ``value`` is the number of the one version that is read."""
    return type(value) is int and value == version
