"""The log book: which change is where, and what was said of it."""

from collections import OrderedDict
from typing import Final

from fieldkit.causality import TAG_BYTES, Dot
from fieldkit.codec import decode, encode
from fieldkit.records.layout import Layout, from_wire, to_wire
from fieldkit.sync.batch import OpenBatch, open_batch, read_batch
from sync_server.storage.contract import Storage, VerdictRow

_OPEN_MAX: Final = 4


class LogBook:
    """Reads the log; batches opened last are kept open."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._open: OrderedDict[bytes, OpenBatch] = OrderedDict()

    def open(self, batch_hash: bytes) -> OpenBatch:
        """Return a logged or held batch with its changes made again."""
        if batch_hash not in self._open:
            logged = self._storage.batch(batch_hash)
            assert logged is not None, "only hashes of logged batches are asked for"
            self.remember(open_batch(read_batch(logged.data)))
        self._open.move_to_end(batch_hash)
        return self._open[batch_hash]

    def remember(self, batch: OpenBatch) -> None:
        """Keep a batch open: it will probably be asked for again."""
        self._open[batch.hash] = batch
        while len(self._open) > _OPEN_MAX:
            self._open.popitem(last=False)

    def change_hashes(self, epoch: bytes, first: int, last: int) -> dict[bytes, bytes]:
        """Return the changes logged for these counters: change hash to batch hash."""
        found: dict[bytes, bytes] = {}
        for logged in self._storage.overlapping(epoch, first, last):
            for identity in self.open(logged.hash).identities:
                found.setdefault(identity.hash, logged.hash)
        return found

    def fits(self, dot: Dot) -> bool | None:
        """Return whether a logged change has this dot; None for an unknown counter."""
        known = False
        for logged in self._storage.overlapping(dot.epoch, dot.counter, dot.counter):
            batch = self.open(logged.hash)
            identity = batch.identities[dot.counter - logged.first]
            if any(leaf[:TAG_BYTES] == dot.tag for leaf in identity.leaves):
                return True
            known = True
        return False if known else None

    def is_applied(self, dot: Dot) -> bool:
        """Return whether the change that ``dot`` names has been applied.

        Also if it stands beside the others in review: its values are here.
        """
        for logged in self._storage.overlapping(dot.epoch, dot.counter, dot.counter):
            offset = dot.counter - logged.first
            identity = self.open(logged.hash).identities[offset]
            if any(leaf[:TAG_BYTES] == dot.tag for leaf in identity.leaves):
                said = self._said(logged.hash, offset)
                return bool(said) and (
                    said[-1].disposition == "applied"
                    or said[-1].reason == "tag_mismatch"
                )
        return False

    def places_of(self, batch: OpenBatch, counter: int) -> list[tuple[bytes, int]]:
        """Return every batch with this very change, a clone's too, and its place."""
        wanted = batch.identities[counter - batch.header.first].hash
        logged = self._storage.overlapping(batch.header.epoch, counter, counter)
        found = [(one.hash, counter - one.first) for one in logged]
        return [
            (name, place)
            for name, place in found
            if self.open(name).identities[place].hash == wanted
        ]

    def verdict_of(self, batch_hash: bytes, counter: int) -> VerdictRow:
        """Return what was said last of the change with that counter in a batch."""
        return self.verdict(batch_hash, counter - self.open(batch_hash).header.first)

    def verdict(self, batch_hash: bytes, offset: int) -> VerdictRow:
        """Return what was said last of one change."""
        return self._said(batch_hash, offset)[-1]

    def _said(self, batch_hash: bytes, offset: int) -> list[VerdictRow]:
        """Return what was said of one change; nothing while its batch is judged."""
        return [
            row
            for row in self._storage.verdicts_of(batch_hash)
            if row.offset <= offset < row.offset + row.size
        ]


class LayoutBook(dict[bytes, Layout]):
    """Every layout that a stored part names, read when first asked for."""

    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self._storage = storage

    def __missing__(self, layout_id: bytes) -> Layout:
        wire = self._storage.get(f"layout/{layout_id.hex()}")
        assert wire is not None, "a layout is kept before the first part that names it"
        layout = self[layout_id] = from_wire(decode(wire, bytes_max=1 << 20))
        return layout

    def keep(self, layouts: dict[bytes, Layout]) -> None:
        """Keep layouts in the storage before parts name them."""
        for layout_id, layout in layouts.items():
            if layout_id not in self:
                self._storage.put(f"layout/{layout_id.hex()}", encode(to_wire(layout)))
                self[layout_id] = layout
