"""Positions: where a laptop stands in the province's log, and which log that is.

The province gives each change a position, dense from 1. A server restored from a
backup opens a new *incarnation* of its log, numbered by a ledger that never goes back,
and counts on from the last position of the backup. So the list of incarnations only
grows, and two lists say which positions two places share.
"""

from typing import Any, Final, NamedTuple

from fieldkit.errors import CodecError, RemoteProtocolError
from fieldkit.sync.shape import is_whole

Incarnations = tuple[tuple[int, int], ...]
"""``((number, position after which it began), …)``, in the order they were opened."""

INCARNATIONS_MAX: Final = 1_024


class Cursor(NamedTuple):
    """The last position whose page was applied, and the log that it lies in."""

    incarnations: Incarnations = ()
    position: int = 0

    @property
    def incarnation(self) -> int:
        """Return the number of the log last seen; 0 for none."""
        return self.incarnations[-1][0] if self.incarnations else 0


def shared_position(ours: Incarnations, theirs: Incarnations) -> int | None:
    """Return the last position that both logs share; None if they are one log.

    >>> shared_position(((1, 0),), ((1, 0), (2, 40)))
    40

    Raises:
        RemoteProtocolError: neither list continues the other: somebody forked the log.
    """
    common = min(len(ours), len(theirs))
    if ours[:common] != theirs[:common]:
        raise RemoteProtocolError("sync.forked_log")
    later = (*ours[common:], *theirs[common:])
    return min((began for _, began in later), default=None)


def is_dead(ours: Incarnations, theirs: Incarnations) -> bool:
    """Return whether ``theirs`` is a log that ``ours`` has left behind.

    Raises:
        RemoteProtocolError: neither list continues the other.
    """
    shared_position(ours, theirs)
    return len(theirs) < len(ours)


def read_incarnations(wire: object) -> Incarnations:
    """Return the list of its decoded encoding ``[[number, began], …]``.

    Raises:
        CodecError: not such a list, or a number was used twice.
    """
    if not isinstance(wire, list) or len(wire) > INCARNATIONS_MAX:
        raise CodecError("codec.shape", what="incarnations")
    found = tuple(map(_read_incarnation, wire))
    numbers = [number for number, _ in found]
    if numbers != sorted(set(numbers)):
        raise CodecError("codec.shape", what="incarnations")
    return found


def _read_incarnation(wire: Any) -> tuple[int, int]:
    match wire:
        case [number, began] if is_whole(number, began) and number > 0:
            return number, began
    raise CodecError("codec.shape", what="incarnations")
