"""Padding: lengths are rounded up, so that a size tells little of what is inside.

Padmé (Nikitin et al., PETS 2019) keeps the top bits of a length and adds at most
12 %; everything below 1 KiB becomes 1 KiB.
"""

from fieldkit.errors import CryptoError

PADDED_MIN = 1024
_END = b"\x80"


def padded_length(length: int) -> int:
    """Return the length that ``length`` bytes are padded to.

    >>> padded_length(9), padded_length(100_000)
    (1024, 100352)
    """
    if length <= PADDED_MIN:
        return PADDED_MIN
    exponent = length.bit_length() - 1
    free = (1 << (exponent - exponent.bit_length())) - 1
    return (length + free) & ~free


def pad(plain: bytes) -> bytes:
    """Return ``plain``, an end mark, and zeros up to the padded length."""
    marked = plain + _END
    return marked.ljust(padded_length(len(marked)), b"\0")


def unpad(padded: bytes) -> bytes:
    """Return what was padded.

    Raises:
        CryptoError: ``pad`` would not have written this.
    """
    marked = padded.rstrip(b"\0")
    if not marked.endswith(_END) or padded_length(len(marked)) != len(padded):
        raise CryptoError("crypto.padding")
    return marked[: -len(_END)]
