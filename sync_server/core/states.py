"""A stored part as it is sent."""

from fieldkit.codec import decode_packed
from fieldkit.records.part import PART_BYTES_MAX
from fieldkit.sync.states import PartState
from sync_server.storage.contract import PartRow, RecordRow

CLASS_SPAN = 8
_LIVE = 10  # place of ``live`` in an entry's flat list


def state_of_row(row: PartRow, record: RecordRow) -> PartState:
    """Return the part of a row and of the record that it belongs to."""
    return PartState(
        record.record_id,
        record.form_id,
        record.subject,
        row.key % CLASS_SPAN,
        row.position,
        row.blob,
        _is_ordinary(row.blob),
    )


def _is_ordinary(blob: bytes) -> bool:
    """Return whether a blob is one entry, all live, with nothing replaced.

    The first bytes and the last rule out almost all others without decoding.
    """
    if not (blob.startswith(b"\x82\x81") and blob.endswith(b"\x80")):
        return False
    entries, marks = decode_packed(blob, bytes_max=PART_BYTES_MAX)
    return entries[0][_LIVE] is None and not marks
