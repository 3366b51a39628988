"""Frames: bounded compression, the only way that packed bytes are made small and read.

zstd, level 9. A frame names its size; one that lies, is too large, or wants a larger
window than 8 MiB is refused before memory is spent on it.
"""

from typing import Final

import zstandard

from fieldkit.errors import CodecError

FRAME_BYTES_MAX: Final = 64 << 20
LEVEL: Final = 9
WINDOW_BYTES_MAX: Final = 8 << 20


def compress(data: bytes) -> bytes:
    """Return ``data`` as one zstd frame."""
    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=False).compress(data)


def decompress(frame: bytes, *, bytes_max: int = FRAME_BYTES_MAX) -> bytes:
    """Return the bytes of one zstd frame.

    Raises:
        CodecError: not a frame, or larger than ``bytes_max``.
    """
    try:
        size = zstandard.get_frame_parameters(frame).content_size
        if size > bytes_max:
            raise CodecError("codec.limit", bytes=size, bytes_max=bytes_max)
        reader = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX)
        return reader.decompress(
            frame, max_output_size=max(size, 1), allow_extra_data=False
        )
    except zstandard.ZstdError as error:
        raise CodecError("codec.malformed") from error
