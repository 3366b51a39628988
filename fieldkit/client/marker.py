"""The marker: a file beside the database that notices a copied or restored one.

Two laptops that write under one epoch give two saves one name. So the database holds a
drawn number and its count of saves, and so does the marker; the marker also knows which
file the database is and on which machine. A copied folder, a database put back from a
copy, a disk moved to another machine: something no longer fits, and the next save
begins a new epoch.

Before a save is committed the marker says from which count to which it goes; whether a
power cut comes before or after the commit, one of the two fits. It has two slots,
written in turn: a torn one leaves the other.
"""

import os
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from fieldkit.client.files import told
from fieldkit.codec import decode, encode
from fieldkit.errors import CodecError

NUMBER_BYTES: Final = 16
_SLOT_BYTES: Final = 128
_SUM_BYTES: Final = 8
_MACHINE_ID: Final = Path("/etc/machine-id")


class _Slot(NamedTuple):
    """What one slot says."""

    turn: int
    number: bytes
    before: int
    after: int
    place: bytes


class Marker:
    """The marker of the database in ``database``."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._path = database.with_suffix(".mark")

    def fits(self, number: bytes | None, saved: int) -> bool:
        """Return whether the database with this number and count is the one marked."""
        slot = self._newest()
        return (
            slot is not None
            and slot.number == number
            and saved in {slot.before, slot.after}
            and slot.place == self._place()
        )

    def note(self, number: bytes, before: int, after: int) -> None:
        """Note that the count goes from ``before`` to ``after``; on disk at return.

        Raises:
            StoreError: the disk is full, or cannot be written.
        """
        last = self._newest()
        turn = 1 if last is None else last.turn + 1
        body = encode([turn, number, before, after, self._place()])
        framed = bytes((len(body),)) + body + sha256(body).digest()[:_SUM_BYTES]
        with told():
            self._path.touch(mode=0o600)
            with self._path.open("r+b", buffering=0) as file:
                file.seek(turn % 2 * _SLOT_BYTES)
                file.write(framed.ljust(_SLOT_BYTES, b"\0"))
                os.fsync(file.fileno())

    def _newest(self) -> _Slot | None:
        try:
            data = self._path.read_bytes()
        except OSError:
            return None
        slots = [_read(data[:_SLOT_BYTES]), _read(data[_SLOT_BYTES:])]
        return max((slot for slot in slots if slot is not None), default=None)

    def _place(self) -> bytes:
        """Return what names this very file on this very machine."""
        file = self._database.stat().st_ino
        try:
            machine = _MACHINE_ID.read_bytes()
        except OSError:
            machine = b""
        return sha256(encode([file, machine])).digest()[:16]


def _read(data: bytes) -> _Slot | None:
    if not data:
        return None
    body = data[1 : 1 + data[0]]
    if sha256(body).digest()[:_SUM_BYTES] != data[1 + data[0] :][:_SUM_BYTES]:
        return None
    try:
        match decode(body, bytes_max=_SLOT_BYTES):
            case [int(turn), bytes() as number, int(before), int(after), bytes() as at]:
                return _Slot(turn, number, before, after, at)
    except CodecError:
        pass
    return None
