"""The journal: a file that only grows, one line of bytes after another.

A line is its length (4 bytes), the first 8 bytes of its SHA-256, and the line. Only the
last line can be torn, by a power cut while it was written: it was never said to be on
disk, so it is passed over, and put aside before the next one is added.
"""

import errno
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

from fieldkit.errors import DamagedStoreError, StoreError

LINE_BYTES_MAX: Final = 64 << 20
FILE_MODE: Final = 0o600

_LENGTH_BYTES: Final = 4
_CHECK_BYTES: Final = 8
_HEAD_BYTES: Final = _LENGTH_BYTES + _CHECK_BYTES


class Journal:
    """One file of lines. Who adds holds the lock of the folder around it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._end = 0

    def news(self) -> list[bytes]:
        """Return the lines that were added since the last call.

        Raises:
            DamagedStoreError: a line that is not the last one was altered.
        """
        try:
            size = self._path.stat().st_size
        except FileNotFoundError:
            return []
        if size == self._end:
            return []
        if size < self._end:
            raise DamagedStoreError("ledger.damaged", file=self._path.name)
        with self._path.open("rb") as file:
            file.seek(self._end)
            data = file.read()
        lines = list(self._whole(data))
        self._end += sum(_HEAD_BYTES + len(line) for line in lines)
        return lines

    def add(self, lines: Sequence[bytes]) -> None:
        """Add lines; when this returns they are on disk. Read ``news`` before."""
        is_new = not self._path.exists()
        with open_private(self._path) as descriptor:
            self._put_torn_aside(descriptor)
            os.lseek(descriptor, self._end, os.SEEK_SET)
            write_down(descriptor, b"".join(map(_framed, lines)))
        if is_new:
            sync_folder(self._path.parent)

    def _put_torn_aside(self, descriptor: int) -> None:
        """Cut off what follows the last whole line; its bytes are kept beside."""
        torn = os.fstat(descriptor).st_size - self._end
        if torn <= 0:
            return
        os.lseek(descriptor, self._end, os.SEEK_SET)
        with open_private(self._path.with_suffix(".torn")) as beside:
            os.lseek(beside, 0, os.SEEK_END)
            write_down(beside, os.read(descriptor, torn))
        os.ftruncate(descriptor, self._end)

    def _whole(self, data: bytes) -> Iterator[bytes]:
        at = 0
        while at + _HEAD_BYTES <= len(data):
            length = int.from_bytes(data[at : at + _LENGTH_BYTES])
            begin = at + _HEAD_BYTES
            line = data[begin : begin + length]
            if not length or len(line) < length or length > LINE_BYTES_MAX:
                break
            if _framed(line)[:_HEAD_BYTES] != data[at:begin]:
                if begin + length < len(data):
                    raise DamagedStoreError("ledger.damaged", file=self._path.name)
                break
            yield line
            at = begin + length


@contextmanager
def open_private(path: Path) -> Iterator[int]:
    """Give a descriptor to write to ``path``, which only its owner may read.

    Raises:
        StoreError: the disk is full, or refuses.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
    with _told():
        descriptor = os.open(path, flags, FILE_MODE)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def write_down(descriptor: int, data: bytes) -> None:
    """Write ``data``; when this returns it is on disk.

    Raises:
        StoreError: the disk is full, or refuses.
    """
    view = memoryview(data)
    with _told():
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, getattr(errno, "EDQUOT", None)}
        raise StoreError("storage.full" if full else "storage.gone") from error


def sync_folder(folder: Path) -> None:
    """Return when the names in ``folder`` are on disk; Windows keeps them itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class FolderLock:
    """A lock on a file that no other process holds meanwhile; may be taken again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.RLock()
        self._depth = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it."""
        with self._turn:
            self._depth += 1
            try:
                if self._depth > 1:
                    yield
                else:
                    with open_private(self._path) as descriptor:
                        _lock(descriptor)  # closing the file gives it back
                        yield
            finally:
                self._depth -= 1


@contextmanager
def try_lock(path: Path) -> Iterator[bool]:
    """Give whether the lock could be taken at once; if so, it is held meanwhile."""
    with open_private(path) as descriptor:
        try:
            _lock(descriptor, wait=False)
        except OSError:
            yield False
            return
        yield True


def _lock(descriptor: int, *, wait: bool = True) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - only there on Windows

        mode = msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK
        msvcrt.locking(descriptor, mode, 1)
    else:
        import fcntl  # noqa: PLC0415 - only there elsewhere

        fcntl.flock(
            descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
        )


def _framed(line: bytes) -> bytes:
    return (
        len(line).to_bytes(_LENGTH_BYTES) + sha256(line).digest()[:_CHECK_BYTES] + line
    )
