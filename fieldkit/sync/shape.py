"""Shape: tells decoded items apart where Python does not (``True == 1 == 1.0``)."""


def is_whole(*values: object) -> bool:
    """Return whether each value is an integer from 0 on, and no truth value.

    >>> is_whole(0, 7), is_whole(True), is_whole(1.0), is_whole(-1)
    (True, False, False, False)
    """
    return all(type(value) is int and value >= 0 for value in values)


def is_version(value: object, version: int = 1) -> bool:
    """Return whether ``value`` is the number of the one version that is read."""
    return type(value) is int and value == version
