"""Dots: the name of one save's writes to one record, and what replaces what.

Theory of operation (dotted version vectors, Preguiça et al. 2010, without the
vectors). Every save names the dots that were on the screen when its form was opened;
it *replaces* exactly those. A value is live while no applied write replaces it. So a
record is two sets that only grow, writes and replacements, and any order, repetition
or path of delivery gives the same live values. Cost depends on the number of live
siblings, never on the number of laptops.

A dot is (epoch, counter, tag). The epoch is one installation's author id and the
counter its save number. Neither suffices: a laptop restored from a copy counts on
from an old number, so two different saves may share both. The tag, the first 8 bytes
of the salted hash of the writes, keeps them apart; nothing is ever renamed. As the
hash is salted, whoever can name a tag was sent the value.
"""

from typing import Final, NamedTuple

EPOCH_BYTES: Final = 16
TAG_BYTES: Final = 8


class Dot(NamedTuple):
    """One save's writes to one record: ``(epoch, counter, tag)``."""

    epoch: bytes
    counter: int
    tag: bytes

    def __str__(self) -> str:
        """Return the dot as people type it: ``1f2e3d4c.17.a0b1c2d3``."""
        return f"{self.epoch[:4].hex()}.{self.counter}.{self.tag[:4].hex()}"


class Stamp(NamedTuple):
    """Who saves, from where and when: all that a change needs from outside the core.

    ``time`` is the device's clock in milliseconds since 1970 (UTC), taken as it is;
    ``lead`` is how far the hybrid clock is ahead of it (ms), for display order only.
    ``roster`` is the roster version known when the form was opened.
    """

    epoch: bytes
    counter: int
    person: bytes
    role: str
    roster: int
    time: int
    lead: int = 0
    because: str | None = None

    @property
    def shown_at(self) -> int:
        """Return the hybrid time in milliseconds, which orders siblings on a screen."""
        return self.time + self.lead
