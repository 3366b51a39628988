"""The digest: one number by which two places see that they hold the same.

Each part gives a hash of its record, its class and the live dots of its entries; the
digest of a set of parts is the sum of theirs modulo 2**256. So it can be kept up to
date part by part, in any order, and an area, a class or a range of ids has its own. It
finds accidents, not forgeries: pages are signed.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

from fieldkit.causality import Dot
from fieldkit.codec import encode_unchecked
from fieldkit.records.layout import Layout
from fieldkit.records.part import Entry, Part, live_places

DIGEST_BYTES: Final = 32

_MODULUS: Final = 1 << 8 * DIGEST_BYTES
_LABEL: Final = b"fieldkit/part-digest/1"


def part_digest(
    record_id: bytes, class_number: int, part: Part, layouts: Mapping[bytes, Layout]
) -> int:
    """Return the digest of one part; 0 if nothing of it is live."""
    entries = [
        [*entry.dot, _live(entry, layouts)]
        for entry in sorted(part.entries, key=_dot_of)
    ]
    if not entries:
        return 0
    said = encode_unchecked([record_id, class_number, entries])
    return int.from_bytes(sha256(_LABEL + said).digest())


def total(digests: Iterable[int]) -> bytes:
    """Return the digest of a set of parts, 32 bytes, of the digests of each."""
    return (sum(digests) % _MODULUS).to_bytes(DIGEST_BYTES)


def _dot_of(entry: Entry) -> Dot:
    return entry.dot


def _live(entry: Entry, layouts: Mapping[bytes, Layout]) -> list[int] | None:
    """Return the live places, or None for all, however the entry says it."""
    if entry.live is None:
        return None
    layout = layouts[entry.layout]
    live = [place for place, _ in live_places(entry, layout)]
    whole = live_places(entry._replace(live=None), layout)
    return None if len(live) == len(whole) else live
