"""Draws that a seed alone decides: the same on every machine and in every version.

A hash is unrolled instead of using the ``random`` module, whose choices may change
between Python versions. Nothing here is secret; keys are drawn in ``crypto``.
"""

import hashlib
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

Item = TypeVar("Item")

_BLOCK = struct.Struct("<96I")
_SPAN_BITS = 32


def _numbers(seed: bytes) -> Iterator[int]:
    block = 0
    while True:
        name = seed + block.to_bytes(4, "big")
        yield from _BLOCK.unpack(hashlib.shake_128(name).digest(_BLOCK.size))
        block += 1


class Draws:
    """A stream of draws; another seed, another stream."""

    __slots__ = ("_next",)

    def __init__(self, *seed: str | int) -> None:
        self._next = _numbers("\x00".join(map(str, seed)).encode()).__next__

    def below(self, bound: int) -> int:
        """Return a number from 0 to ``bound - 1``."""
        return self._next() * bound >> _SPAN_BITS

    def between(self, low: int, high: int) -> int:
        """Return a number from ``low`` to ``high``, both included."""
        return low + (self._next() * (high - low + 1) >> _SPAN_BITS)

    def chance(self, percent: float) -> bool:
        """Return True in so many of a hundred draws."""
        return self._next() * 100 < percent * 4294967296

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of ``items``."""
        return items[self._next() * len(items) >> _SPAN_BITS]


def spread(weights: Mapping[Item, float]) -> tuple[Item, ...]:
    """Return a sequence in which ``pick`` meets each item by its weight.

    Weights count in hundredths of their sum's unit: {"a": 2.5, "b": 97.5} is exact
    to a tenth.
    """
    return tuple(
        item for item, weight in weights.items() for _ in range(round(weight * 10))
    )
