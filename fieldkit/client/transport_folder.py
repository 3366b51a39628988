"""A folder, mostly on a stick: bundles written whole, and found again by name."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from fieldkit.client.files import read_whole, told, write_whole
from fieldkit.errors import NotFoundError
from fieldkit.sync.bundle import bundle_pieces

SUFFIX: Final = ".fkb"
BUNDLE_BYTES_MAX: Final = 1 << 30


def write_bundle(target: Path, envelopes: Iterable[bytes], name: bytes) -> Path:
    """Keep a bundle as ``target`` and return its path.

    Args:
        target: a file; or a folder, which gets a file of a name that FAT can hold.
        envelopes: what it carries.
        name: bytes that tell this laptop's bundles from those of others.

    Raises:
        StoreError: the disk is full, or cannot be written.
    """
    if target.is_dir():
        target /= f"fk{name[:3].hex()}{SUFFIX}"
    write_whole(target, bundle_pieces(envelopes), private=False)
    return target


def read_bundles(source: Path) -> list[tuple[Path, bytes]]:
    """Return the bytes of a bundle, or of every bundle in a folder.

    Raises:
        NotFoundError: there is none.
        StoreError: it cannot be read.
        CodecError: it is too large to be one.
    """
    with told():
        paths = [source]
        if source.is_dir():
            paths = sorted(p for p in source.iterdir() if p.suffix.lower() == SUFFIX)
    if not paths or not paths[0].exists():
        raise NotFoundError("bundle.missing", path=str(source))
    return [(path, read_whole(path, bytes_max=BUNDLE_BYTES_MAX)) for path in paths]
