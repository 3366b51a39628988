"""A stored part as it is sent."""

from fieldkit.sync.states import PartState
from sync_server.storage.contract import PartRow, RecordRow

CLASS_SPAN = 8
# How an ordinary part's blob begins and ends; whoever packs it looks closer.
_ONE_ENTRY, _NO_MARKS = b"\x82\x81", b"\x80"


def state_of_row(row: PartRow, record: RecordRow) -> PartState:
    """Return the part of a row and of the record that it belongs to."""
    return PartState(
        record.record_id,
        record.form_id,
        record.subject,
        row.key % CLASS_SPAN,
        row.position,
        row.blob,
        row.blob.startswith(_ONE_ENTRY) and row.blob.endswith(_NO_MARKS),
    )
