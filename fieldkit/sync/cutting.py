"""Cutting: saves that lie in no batch become one, signed and sealed once for ever."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fieldkit.crypto.keys import SigningKey
from fieldkit.crypto.sign import sign
from fieldkit.ports import Sealer
from fieldkit.records.change import Change, reread_change
from fieldkit.records.layout import Layout
from fieldkit.sync.batch import (
    BATCH_BYTES_MAX,
    BATCH_LABEL,
    CHANGES_MAX,
    FIRST_PREVIOUS,
    BatchHeader,
    cut,
    to_wire,
)
from fieldkit.sync.envelope import Kind, envelope_id, seal_envelope
from fieldkit.sync.replica import Outgoing, Replica, SavedChange
from fieldkit.sync.roster import Roster

_BYTES_MAX: Final = BATCH_BYTES_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Whose saves are cut, with which keys, and what of the province is known."""

    replica: Replica
    signing: Mapping[bytes, SigningKey] = field(repr=False)
    roster: Roster
    sealer: Sealer


def cut_one(author: Author) -> Outgoing | None:
    """Cut the oldest saves into one batch, keep it, and return it; None if all are."""
    saved = author.replica.uncut(CHANGES_MAX)
    if not saved:
        return None
    wire, batch_hash = _pack(author, saved)
    while len(wire) > _BYTES_MAX and len(saved) > 1:
        saved = saved[: len(saved) // 2]
        wire, batch_hash = _pack(author, saved)
    roster = author.roster
    envelope = seal_envelope(Kind.BATCH, wire, roster.sealing, author.sealer)
    batch = Outgoing(
        hash=batch_hash,
        epoch=saved[0].epoch,
        first=saved[0].counter,
        count=len(saved),
        envelope_id=envelope_id(envelope),
        envelope=envelope,
    )
    author.replica.add_batch(batch)
    return batch


def _pack(author: Author, saved: Sequence[SavedChange]) -> tuple[bytes, bytes]:
    """Return a signed batch's bytes and its hash."""
    replica, epoch = author.replica, saved[0].epoch
    cursor = replica.cursor()
    changes = [reread_change(one.data) for one in saved]
    header = BatchHeader(
        province=author.roster.fingerprint,
        epoch=epoch,
        first=saved[0].counter,
        count=len(saved),
        previous=replica.last_batch(epoch) or FIRST_PREVIOUS,
        roster=author.roster.version,
        incarnation=cursor.incarnation,
        position=cursor.position,
    )
    hashes = [one.hash for one in saved]
    layouts = _named(changes, replica.layouts())
    batch = cut(header, changes, hashes, layouts, replica.seeds(epoch))
    signature = sign(author.signing[epoch], BATCH_LABEL, batch.hash)
    return to_wire(batch, signature), batch.hash


def _named(
    changes: list[Change], layouts: Mapping[bytes, Layout]
) -> dict[bytes, Layout]:
    names = {write.layout for change in changes for write in change.writes}
    return {name: layouts[name] for name in names}
