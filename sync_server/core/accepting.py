"""Accepting: verify, open, judge, merge, keep; then it is said to be so.

The first branch of a fork does not win: a batch with counters already logged brings in
whatever changes it has that are not in the log, told apart by their hash.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from fieldkit.crypto.sign import verify
from fieldkit.errors import FieldKitError, RemoteProtocolError
from fieldkit.sync.batch import BATCH_LABEL, OpenBatch, open_batch, read_batch
from fieldkit.sync.receipts import FORKED
from fieldkit.sync.roster import DeviceCertificate
from sync_server.core.bench import Bench
from sync_server.core.judging import Judgement
from sync_server.core.province import Province
from sync_server.storage.contract import LoggedBatch, ParkedRow, VerdictRow

NOT_ENROLLED = Judgement("review", "not_enrolled")


class Accepted(NamedTuple):
    """What became of one batch.

    Attributes:
        batch: the batch, its changes made again.
        verdicts: runs that together cover it, oldest first.
        duplicate: whether the log had it already.
        forked: whether other changes of these counters were logged before: the author
            was copied or restored, and is told to begin a new epoch.
    """

    batch: OpenBatch
    verdicts: tuple[VerdictRow, ...]
    duplicate: bool = False
    forked: bool = False


class Said(NamedTuple):
    """What is said of one change, and at which position."""

    disposition: str
    position: int
    reason: str


class Desk:
    """Where batches are taken in. One at a time, inside one transaction each."""

    def __init__(self, province: Province) -> None:
        self._province = province
        self._storage = province.storage
        self._log = province.log

    def accept(self, data: bytes, now_ms: int) -> Accepted:
        """Take in a signed batch; it is kept when the transaction around this ends.

        Raises:
            CodecError: not a batch.
            BadSignatureError: not signed by whom it names.
            RemoteProtocolError: for another province.
        """
        signed = read_batch(data)
        batch = open_batch(signed)
        roster = self._province.roster
        if batch.header.province != roster.fingerprint:
            raise RemoteProtocolError("batch.other_province")
        device = roster.devices.get(batch.header.epoch)
        if device is None:
            self._storage.hold(batch.header.epoch, batch.hash, data)
            return Accepted(batch, (_whole(batch, 0, NOT_ENROLLED),))
        verify(device.verify_key, BATCH_LABEL, batch.hash, signed.signature)
        if self._storage.batch(batch.hash) is not None:
            said = tuple(self._storage.verdicts_of(batch.hash))
            return Accepted(batch, said, duplicate=True)
        return self._take(batch, data, device, now_ms)

    def _take(
        self, batch: OpenBatch, data: bytes, device: DeviceCertificate, now_ms: int
    ) -> Accepted:
        header = batch.header
        last = header.first + header.count - 1
        logged = self._log.change_hashes(header.epoch, header.first, last)
        position = self._storage.head() + 1
        self._storage.set_head(position + header.count - 1)
        self._storage.append(
            LoggedBatch(
                position, header.epoch, header.first, header.count,
                batch.hash, header.previous, data, now_ms,
            )
        )  # fmt: skip
        self._log.remember(batch)
        touched = self._judge(batch, device, position, logged)
        forked = any(self._forks(batch, logged))
        self.judge_again(touched)
        said = tuple(self._storage.verdicts_of(batch.hash))
        return Accepted(batch, said, forked=forked)

    def _judge(
        self,
        batch: OpenBatch,
        device: DeviceCertificate,
        position: int,
        logged: Mapping[bytes, bytes],
    ) -> set[bytes]:
        """Judge and apply a batch in order, for later changes rest on earlier ones.

        Returns the records it touched. What another batch brought in before keeps its
        own disposition and position.
        """
        bench = Bench(self._province, batch)
        forks = self._forks(batch, logged)
        said: list[Said] = []
        parked: list[ParkedRow] = []
        for place, identity in enumerate(batch.identities):
            if identity.hash in logged:
                said.append(self._said_before(logged[identity.hash], batch, place))
                continue
            judgement = bench.judge(place, device)
            said.append(_said(judgement, position + place, forked=forks[place]))
            if judgement is not None:
                parked.append(_parked_row(batch, place, judgement))
                self._ask_again(identity.hash)
        bench.finish()
        self._storage.add_verdicts(_runs(batch, said))
        self._storage.park(parked)
        return bench.touched

    def _forks(self, batch: OpenBatch, logged: Mapping[bytes, bytes]) -> list[bool]:
        """Return of each change whether another one has its counter in the log.

        Its author was copied, or restored from a copy, and is told so by the reason of
        an applied change: a new epoch begins with the next save.
        """
        if not logged:
            return [False] * len(batch.changes)
        header = batch.header
        taken = {
            change.stamp.counter
            for one in {*logged.values()}
            for change in self._log.open(one).changes
        }
        return [
            identity.hash not in logged and header.first + place in taken
            for place, identity in enumerate(batch.identities)
        ]

    def _said_before(self, batch_hash: bytes, batch: OpenBatch, place: int) -> "Said":
        """Return what was said of a change that an earlier batch brought in."""
        counter = batch.header.first + place
        row = self._log.verdict_of(batch_hash, counter)
        offset = counter - self._log.open(batch_hash).header.first
        return Said(row.disposition, row.position + offset - row.offset, row.reason)

    def _ask_again(self, change_hash: bytes) -> None:
        """Let a release that came before its change find what that rests on."""
        if change_hash in self._province.released:
            self._province.to_release.append(change_hash)

    # --- Judging again ---

    def judge_again(self, touched: set[bytes], *, roster_changed: bool = False) -> None:
        """Judge what waited for these records, until nothing more comes free."""
        rows = self._storage.parked(None if roster_changed else sorted(touched))
        while True:
            freed: set[bytes] = set()
            for row in rows:
                freed |= self._judge_parked(row)
            freed |= self._release_asked()
            if not freed:
                return
            rows = self._storage.parked(sorted(freed))

    def _judge_parked(self, row: ParkedRow) -> set[bytes]:
        """Judge one parked change again; return the records it touched if applied."""
        if self._log.verdict(row.batch_hash, row.offset).disposition == "applied":
            return set()
        batch = self._log.open(row.batch_hash)
        device = self._province.roster.devices[batch.header.epoch]
        position = self._storage.head() + 1
        bench = Bench(self._province, batch, at=position - row.offset)
        judgement = bench.look(row.offset, device)
        if judgement == Judgement(row.disposition, row.reason, row.waits_for):
            return set()
        if row.reason == "tag_mismatch":
            bench.let_see(row.offset)
        else:
            bench.apply(row.offset, judgement)
        bench.finish()
        self._keep_judgement(row, batch, position, judgement)
        return bench.touched

    def _keep_judgement(
        self,
        row: ParkedRow,
        batch: OpenBatch,
        position: int,
        judgement: Judgement | None,
    ) -> None:
        if judgement is None:
            self._storage.unpark(row.change_hash)
        else:
            self._storage.park([_parked_row(batch, row.offset, judgement)])
        said = _said(judgement, position)
        if said[::2] != (row.disposition, row.reason):
            self._storage.set_head(position)
            counter = batch.header.first + row.offset
            self._storage.add_verdicts(
                VerdictRow(
                    position, batch.header.epoch, name, place, 1,
                    said.disposition, said.reason,
                )
                for name, place in self._log.places_of(batch, counter)
            )  # fmt: skip

    # --- Releasing ---

    def _release_asked(self) -> set[bytes]:
        """Judge again what changes just applied release, with what it rests on."""
        touched: set[bytes] = set()
        while self._province.to_release:
            asked = self._province.to_release.pop()
            for change_hash in (asked, *self._rests_on(asked)):
                self._province.keep_released(change_hash)
            rows = {row.change_hash: row for row in self._storage.parked()}
            for change_hash in (*reversed(self._rests_on(asked)), asked):
                if change_hash in rows:
                    touched |= self._judge_parked(rows[change_hash])
        return touched

    def _rests_on(self, change_hash: bytes) -> list[bytes]:
        """Return the parked changes that bear what one speaks of, nearest first."""
        rows = {row.change_hash: row for row in self._storage.parked()}
        bearers = {
            record_id: row.change_hash
            for row in rows.values()
            for record_id in self._records(row, born=True)
        }
        found = {change_hash: None}
        waiting = [change_hash]
        while waiting:
            row = rows.get(waiting.pop())
            for record_id in self._records(row, born=False) if row else ():
                bearer = bearers.get(record_id)
                if bearer is not None and bearer not in found:
                    found[bearer] = None
                    waiting.append(bearer)
        return [*found][1:]

    def _records(self, row: ParkedRow, *, born: bool) -> Iterable[bytes]:
        """Return the records that a parked change bears, or those it needs."""
        batch = self._log.open(row.batch_hash)
        change, identity = batch.changes[row.offset], batch.identities[row.offset]
        pairs = zip(change.writes, identity.records, strict=True)
        found = {name for write, name in pairs if (write.target is None) is born}
        return found if born or row.waits_for is None else found | {row.waits_for}

    # --- Who was not certified yet ---

    def take_held(self, epoch: bytes, now_ms: int) -> list[Accepted]:
        """Take in the batches that waited for their author to be certified.

        Anyone may have left a batch in another's name: it is found out now.
        """
        taken = []
        for batch_hash, data in self._storage.held(epoch):
            self._storage.release(batch_hash)
            with suppress(FieldKitError):
                taken.append(self.accept(data, now_ms))
        return taken


def _whole(batch: OpenBatch, position: int, judgement: Judgement) -> VerdictRow:
    header = batch.header
    return VerdictRow(
        position, header.epoch, batch.hash, 0, header.count,
        judgement.disposition, judgement.reason,
    )  # fmt: skip


def _said(judgement: Judgement | None, position: int, *, forked: bool = False) -> Said:
    if judgement is None:
        return Said("applied", position, FORKED if forked else "")
    return Said(judgement.disposition, position, judgement.reason)


def _runs(batch: OpenBatch, said: Sequence[Said]) -> Iterator[VerdictRow]:
    """Yield runs of changes judged alike at consecutive positions."""
    start = 0
    for place in range(1, len(said) + 1):
        first = said[start]
        if place < len(said) and said[place] == first._replace(
            position=first.position + place - start
        ):
            continue
        yield VerdictRow(
            first.position, batch.header.epoch, batch.hash, start, place - start,
            first.disposition, first.reason,
        )  # fmt: skip
        start = place


def _parked_row(batch: OpenBatch, place: int, judgement: Judgement) -> ParkedRow:
    return ParkedRow(batch.identities[place].hash, batch.hash, place, *judgement)
