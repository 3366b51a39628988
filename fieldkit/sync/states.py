"""The part as it is stored and sent: which record's, and its state as one blob.

Almost every part is *ordinary*: one entry, all of it live, nothing replaced. A store
keeps and a page carries such a part without ever taking its blob apart.
"""

from typing import Final, NamedTuple

from fieldkit.causality import EPOCH_BYTES
from fieldkit.records.part import Part, decode_part, encode_part

PartKey = tuple[bytes, int]
"""A record's id and the number of a sensitivity class."""

CLASSES_MAX: Final = 8
"""A store's key of a part is its record's number times this, and the class."""

_ENTRY_AT: Final = 2
_EPOCH_AT: Final = 4
_LONG_ARRAY: Final = 0x98


def is_class(value: object) -> bool:
    """Return whether ``value`` may be the number of a sensitivity class."""
    return type(value) is int and 0 <= value < CLASSES_MAX


class PartState(NamedTuple):
    """One part at one position of the province's log.

    Attributes:
        record_id: 16 bytes.
        form_id: the form that the record was created with.
        subject: the record it hangs on, or None.
        class_number: its place in ``layout.CLASSES``.
        position: the last position at which the part changed.
        blob: ``part.encode_part`` of its state.
        ordinary: whether it is one entry, all live, with nothing replaced; of a state
            to be packed, whether it looks so from outside.
    """

    record_id: bytes
    form_id: str
    subject: bytes | None
    class_number: int
    position: int
    blob: bytes
    ordinary: bool

    @property
    def key(self) -> PartKey:
        """Return what names the part: its record's id and its class."""
        return self.record_id, self.class_number

    @property
    def part(self) -> Part:
        """Return the state, taken apart anew at each call.

        Raises:
            CodecError: the blob is not a part's.
        """
        return decode_part(self.blob)


class Home(NamedTuple):
    """Which record a part belongs to: all that a state says besides its part."""

    record_id: bytes
    form_id: str
    subject: bytes | None
    class_number: int

    @property
    def key(self) -> PartKey:
        """Return what names the part: its record's id and its class."""
        return self.record_id, self.class_number


def state_of(home: Home, position: int, part: Part) -> PartState:
    """Return ``part`` as the state of ``home`` at ``position``."""
    return PartState(*home, position, encode_part(part), is_ordinary(part))


def is_ordinary(part: Part) -> bool:
    """Return whether the part is one entry, all live, with nothing replaced."""
    return len(part.entries) == 1 and part.entries[0].live is None and not part.replaced


def ordinary_author(blob: bytes) -> bytes:
    """Return the epoch of an ordinary part's one entry, without taking it apart.

    The blob begins with an array of two, an array of one, the entry's array (whose
    length takes a second byte from 24 items on) and the epoch's head.
    """
    start = _EPOCH_AT + (blob[_ENTRY_AT] >= _LONG_ARRAY)
    return blob[start : start + EPOCH_BYTES]
