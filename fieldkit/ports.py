"""The seams of FieldKit: what the simulator puts its own in place of.

Everything that is not a pure function comes through one of these: the time,
chance, seals, the network, the disk. The core is handed what it needs.
"""

from collections.abc import Iterable
from typing import Protocol


class Clock(Protocol):
    """The time, as this machine believes it."""

    def now_ms(self) -> int:
        """Return the milliseconds since 1970, UTC; a wrong clock is allowed."""
        ...


class Random(Protocol):
    """Chance: the system's in life, a seed's in the simulator."""

    def bytes(self, count: int) -> bytes:
        """Return ``count`` bytes that nobody can foretell."""
        ...


class Sealer(Protocol):
    """Seals by raw keys, so that the simulator may leave the sealing out."""

    def seal(self, plain: bytes, recipient: bytes, info: bytes) -> bytes:
        """Return ``plain`` so that only ``recipient`` reads it."""
        ...

    def unseal(self, sealed: bytes, identity: bytes, info: bytes) -> bytes:
        """Return what was sealed to ``identity`` with the same ``info``."""
        ...


class Link(Protocol):
    """One way to the other side: HTTP, a hub, a folder on a stick."""

    def exchange(self, request: bytes) -> bytes:
        """Return the other side's answer.

        Raises:
            TransportError: it was not reached, or the link broke half-way.
        """
        ...


class Disk(Protocol):
    """Named bytes that outlive a power cut, once ``write`` has returned."""

    def read(self, name: str) -> bytes | None:
        """Return what was written under ``name``, or None."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Keep ``data`` under ``name``: wholly, or not at all."""
        ...

    def remove(self, name: str) -> None:
        """Forget ``name``; one that is not there is no error."""
        ...

    def names(self) -> Iterable[str]:
        """Return every name that is kept, sorted."""
        ...
