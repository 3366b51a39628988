"""Draws that a seed alone decides: the same on every machine and in every version.

A hash is unrolled instead of using the ``random`` module, whose choices may change
between Python versions. Nothing here is secret; keys are drawn in ``crypto``.
"""

import hashlib
import struct
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, count
from typing import TypeVar

Item = TypeVar("Item")

_BLOCK = struct.Struct("<96I")
_ONE_PERCENT = 2**32 / 100


def _numbers(seed: bytes) -> Iterator[int]:
    return chain.from_iterable(_block(seed, number) for number in count())


def _block(seed: bytes, number: int) -> tuple[int, ...]:
    name = seed + number.to_bytes(4, "big")
    return _BLOCK.unpack(hashlib.shake_128(name).digest(_BLOCK.size))


class Draws:
    """A stream of draws; another seed, another stream."""

    __slots__ = ("_next",)

    def __init__(self, *seed: str | int) -> None:
        self._next = _numbers("\x00".join(map(str, seed)).encode()).__next__

    def below(self, bound: int) -> int:
        """Return a number from 0 to ``bound - 1``."""
        return self._next() * bound >> 32

    def between(self, low: int, high: int) -> int:
        """Return a number from ``low`` to ``high``, both included."""
        return low + (self._next() * (high - low + 1) >> 32)

    def chance(self, percent: float) -> bool:
        """Return True in so many of a hundred draws."""
        return self._next() < percent * _ONE_PERCENT

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of ``items``."""
        return items[self._next() * len(items) >> 32]


def spread(weights: Mapping[Item, float]) -> tuple[Item, ...]:
    """Return a sequence in which ``pick`` meets each item by its weight.

    Weights count in hundredths of their sum's unit: {"a": 2.5, "b": 97.5} is exact
    to a tenth.
    """
    return tuple(
        item for item, weight in weights.items() for _ in range(round(weight * 10))
    )
