"""Repair: what to do about parts of which the province's digest says otherwise."""

from typing import Final

from fieldkit.records.change import RECORD_ID_BYTES
from fieldkit.records.layout import CLASSES
from fieldkit.sync.messages import Digests
from fieldkit.sync.positions import Cursor
from fieldkit.sync.replica import Replica

FIRST_ID: Final = bytes(RECORD_ID_BYTES)
LAST_ID: Final = b"\xff" * RECORD_ID_BYTES


def repair(replica: Replica, digests: Digests, cursor: Cursor) -> None:
    """Move out what the province does not list; fetch all again if the rest differs.

    Fetching again is never a wipe: states take the place of states, part by part, and
    what was saved here stays.
    """
    theirs = dict(digests.records)
    ours = dict(replica.part_digests(FIRST_ID, LAST_ID))
    ghosts = sorted(ours.keys() - theirs.keys())
    if ghosts:
        keys = [(ghost, number) for ghost in ghosts for number in range(len(CLASSES))]
        replica.move_out(keys, cursor.position)
        replica.absorb()
    if any(ours.get(record) != digest for record, digest in theirs.items()):
        replica.clear_staged()
        replica.set_cursor(cursor._replace(position=0))
