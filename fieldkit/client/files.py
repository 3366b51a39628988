"""Files on this machine: written wholly or not at all, read with a limit."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from fieldkit.errors import CodecError, StoreError

PRIVATE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700
_SHARED: Final = 0o666


def write_whole(path: Path, pieces: Iterable[bytes], *, private: bool = True) -> None:
    """Keep ``pieces`` as the file ``path``: wholly on the disk, or not at all.

    Written beside it under another name, flushed, then renamed: a stick pulled out
    half-way leaves what was there before.

    Args:
        path: where.
        pieces: what.
        private: only its owner may read it; a bundle is sealed, and the officer who
            takes the stick home is another person on another machine.

    Raises:
        StoreError: the disk is full, or cannot be written.
    """
    beside = path.with_name(path.stem[:6] + ".tmp")  # a name that FAT can hold
    with told():
        try:
            beside.unlink(missing_ok=True)  # one that broke off has its own rights
            mode = PRIVATE if private else _SHARED
            handle = os.open(beside, _NEW, mode)
            with open(handle, "wb") as file:  # noqa: PTH123 - a handle has no path
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Make a new name outlive a power cut, where the system lets a folder be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_whole(path: Path, *, bytes_max: int) -> bytes:
    """Return the bytes of a file.

    Raises:
        StoreError: it cannot be read.
        CodecError: it is larger than ``bytes_max``.
    """
    with told():
        size = path.stat().st_size
        if size > bytes_max:
            raise CodecError("codec.limit", bytes=size, bytes_max=bytes_max)
        return path.read_bytes()


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn what the operating system raises inside into an error of ours.

    Raises:
        StoreError: the disk is full, or a file cannot be read or written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StoreError("store.disk_full") from error
        reason = error.strerror or str(error)
        raise StoreError("store.disk", reason=reason) from error


_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
_FULL: Final = frozenset({27, 28, 122})  # file too large, no space, over the quota
