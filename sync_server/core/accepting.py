"""Accepting: verify, open, judge, merge, keep; then it is said to be so.

The first branch of a fork does not win: a batch with counters already logged brings in
whatever changes it has that are not in the log, told apart by their hash.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from fieldkit.causality import Dot, Stamp
from fieldkit.crypto.sign import verify
from fieldkit.errors import RemoteProtocolError
from fieldkit.records.change import Change, Identity, Write
from fieldkit.records.layout import RELEASE_FORM
from fieldkit.records.part import part_key
from fieldkit.sync.batch import BATCH_LABEL, OpenBatch, open_batch, read_batch
from fieldkit.sync.roster import DeviceCertificate
from sync_server.core.applying import Applier, Placed, layouts_of
from sync_server.core.judging import Judge, Judgement, mentioned
from sync_server.core.paging import keep_outside_writes
from sync_server.core.plans import Plan
from sync_server.core.province import Province
from sync_server.core.world import World
from sync_server.storage.contract import LoggedBatch, ParkedRow, VerdictRow

RELEASERS = frozenset({"coordinator", "data_manager"})
"""Roles whose signed release counts."""
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
        bench = Bench(self._province, batch)
        judged = [
            bench.judge(place, device, logged) for place in range(header.count)
        ]  # judged and applied in order: later changes rest on earlier ones
        bench.finish()
        verdicts = tuple(_runs(batch, position, judged))
        self._storage.add_verdicts(verdicts)
        self._storage.park(_parked(batch, judged))
        forked = (
            bool(logged) and not {one.hash for one in batch.identities} <= logged.keys()
        )
        self.judge_again(bench.touched | self._release_asked())
        said = tuple(self._storage.verdicts_of(batch.hash))
        return Accepted(batch, said, forked=forked)

    def judge_again(self, touched: set[bytes], *, roster_changed: bool = False) -> None:
        """Judge what waited for these records, until nothing more comes free."""
        waits: list[bytes | None] = [*touched]
        if roster_changed:
            waits.append(None)
        while waits:
            freed: set[bytes] = set()
            for row in self._storage.parked(None if roster_changed else waits):
                freed |= self._judge_parked(row)
            roster_changed = False
            waits = [*freed]

    def _judge_parked(self, row: ParkedRow) -> set[bytes]:
        """Judge one parked change again; return the records it touched if applied."""
        if row.reason == "tag_mismatch":
            return set()
        batch = self._log.open(row.batch_hash)
        device = self._province.roster.devices[batch.header.epoch]
        position = self._storage.head() + 1
        bench = Bench(self._province, batch, at=position - row.offset)
        judgement = bench.judge(row.offset, device, {})
        if judgement is not None and judgement.disposition == "quarantined":
            if judgement != Judgement(row.disposition, row.reason, row.waits_for):
                self._storage.park([_parked_row(batch, row.offset, judgement)])
            return set()
        bench.finish()
        self._storage.set_head(position)
        self._storage.unpark(row.change_hash)
        self._storage.add_verdicts(_runs_of_one(batch, row.offset, position, judgement))
        return bench.touched

    def _release_asked(self) -> set[bytes]:
        """Apply what changes just applied release, with what it rests on."""
        touched: set[bytes] = set()
        while self._province.to_release:
            change_hash = self._province.to_release.pop()
            self._province.keep_released(change_hash)
            for row in self._storage.parked():
                if row.change_hash == change_hash and row.disposition == "quarantined":
                    self._release_below(row)
                    touched |= self._judge_parked(row)
        return touched

    def _release_below(self, row: ParkedRow) -> None:
        """Release also the quarantined births of the records that a change names."""
        change = self._log.open(row.batch_hash).changes[row.offset]
        wanted = {write.target for write in change.writes} | {row.waits_for}
        for other in self._storage.parked():
            born = self._log.open(other.batch_hash).identities[other.offset].records
            if other.change_hash != row.change_hash and wanted & set(born):
                self._province.keep_released(other.change_hash)
                self._release_below(other)
                self._judge_parked(other)

    def take_held(self, epoch: bytes, now_ms: int) -> list[Accepted]:
        """Take in the batches that waited for their author to be certified."""
        taken = []
        for batch_hash, data in self._storage.held(epoch):
            self._storage.release(batch_hash)
            taken.append(self.accept(data, now_ms))
        return taken


class Bench:
    """Judges and applies the changes of one batch."""

    def __init__(
        self, province: Province, batch: OpenBatch, at: int | None = None
    ) -> None:
        self._province = province
        self._batch = batch
        self._at = (
            province.storage.head() - batch.header.count + 1 if at is None else at
        )
        self._world = World(province.storage)
        plans = {key: province.plan(layout) for key, layout in batch.layouts.items()}
        self._plans: Mapping[bytes, Plan] = plans
        province.layouts.keep(layouts_of(plans))
        self._judge = Judge(
            self._world, province.roster, plans, province.roster.area, province.log.fits
        )
        self._applier = Applier(
            self._world,
            plans,
            province.layouts,
            province.area_registers,
            province.roster.area,
            self._is_applied,
        )
        self._outside: list[tuple[int, bytes]] = []
        self._held: dict[tuple[tuple[str, ...], bytes], bool] = {}
        self._plain: dict[tuple[int, str | None, bytes], bool] = {}
        self._prefetch()

    @property
    def touched(self) -> set[bytes]:
        """Return the records that were born, edited or moved."""
        return self._world.touched

    def judge(
        self, place: int, device: DeviceCertificate, logged: Mapping[bytes, bytes]
    ) -> Judgement | None:
        """Judge one change and apply it if nothing speaks against it."""
        change, identity = self._batch.changes[place], self._batch.identities[place]
        if identity.hash in logged:
            return self._said_before(logged[identity.hash], change)
        if self._is_plain_birth(change, device):
            self._applier.bear(Placed(change, identity, self._at + place, sees=True))
            return None
        judgement = self._speaks_against(change, identity, device)
        if judgement is None or judgement.reason == "tag_mismatch":
            position = self._at + place
            sees = judgement is None
            self._applier.apply(Placed(change, identity, position, sees))
            self._note_outside(change, identity, position)
            self._release(change)
        return judgement

    def _is_plain_birth(self, change: Change, device: DeviceCertificate) -> bool:
        """Return whether a change is the ordinary case, settled by one look.

        One new record, by whom the epoch belongs to, whose area and classes its author
        may write and hold. Whatever is not that goes the long way and may be applied
        all the same.
        """
        stamp, writes = change
        if len(writes) != 1 or stamp.person != device.person or device.revoked:
            return False
        (write,) = writes
        plan = self._plans[write.layout]
        if write.target is not None or write.replaces or not plan.is_plain:
            return False
        area = self._area_of_birth(write, plan)
        key = (stamp.roster, area, write.layout)
        plain = self._plain.get(key)
        if plain is None:
            plain = area is not None and self._may_write_and_hold(stamp, area, write)
            self._plain[key] = plain
        return plain

    def _area_of_birth(self, write: Write, plan: Plan) -> str | None:
        """Return the one area of a new record; None if it is not that simple."""
        if plan.subject is None:
            area = None if plan.area is None else write.values[plan.area]
            return area if type(area) is str else self._province.roster.area
        row = self._world.records.get(write.values[plan.subject])  # type: ignore[call-overload]
        spans = () if row is None else self._world.areas.get(row.owner, ())
        return spans[0].area if len(spans) == 1 else None

    def _may_write_and_hold(self, stamp: Stamp, area: str, write: Write) -> bool:
        return self._judge.may_write(stamp.person, stamp.roster, area) and self._holds(
            stamp.person, (area,), write.layout
        )

    def _said_before(self, batch_hash: bytes, change: Change) -> Judgement | None:
        """Return the judgement of a change that an earlier batch brought in."""
        row = self._province.log.verdict_of(batch_hash, change.stamp.counter)
        if row.disposition == "applied":
            return None
        return Judgement(row.disposition, row.reason)

    def finish(self) -> None:
        """Write everything to the storage."""
        self._world.flush()
        if self._outside:
            epoch = self._batch.header.epoch
            keep_outside_writes(self._province.storage, epoch, self._outside)

    def _note_outside(self, change: Change, identity: Identity, position: int) -> None:
        """Note records that their author may write, but not hold: they move out."""
        for write, record_id in zip(change.writes, identity.records, strict=True):
            row = self._world.record(record_id)
            if row is None:
                continue
            spans = self._world.areas.get(row.owner, ())
            areas = tuple(span.area for span in spans if span.until is None)
            if not self._holds(change.stamp.person, areas, write.layout):
                self._outside.append((position, record_id))

    def _holds(self, person: bytes, areas: tuple[str, ...], layout: bytes) -> bool:
        key = (areas, layout)
        held = self._held.get(key)
        if held is None:
            scope = self._province.roster.scope(person)
            classes = [cut.class_number for cut in self._plans[layout].cuts]
            held = all(scope.covers_any(areas, number) for number in classes)
            self._held[key] = held
        return held

    def _speaks_against(
        self, change: Change, identity: Identity, device: DeviceCertificate
    ) -> Judgement | None:
        if identity.hash in self._province.released:
            return None
        if change.stamp.person != device.person:
            return Judgement("review", "other_person")
        if device.revoked is not None and not self._province.is_below_cut(
            self._batch.hash, device.revoked
        ):
            return Judgement("quarantined", "revoked")
        return self._judge.judge(change, identity)

    def _release(self, change: Change) -> None:
        if change.stamp.role not in RELEASERS:
            return
        for write in change.writes:
            if self._plans[write.layout].layout.form_id == RELEASE_FORM:
                for value in write.values:
                    if isinstance(value, bytes):
                        self._province.to_release.append(value)

    def _prefetch(self) -> None:
        targets, subjects = mentioned(self._batch.changes, self._plans)
        if not targets and not subjects:
            return
        self._world.look_up(targets | subjects)
        numbers = [row.number for one in targets if (row := self._world.record(one))]
        classes = {
            cut.class_number for plan in self._plans.values() for cut in plan.cuts
        }
        self._world.fetch_parts(
            [part_key(number, c) for number in numbers for c in classes]
        )

    def _is_applied(self, dot: Dot) -> bool:
        return dot in self._world.seen or self._province.log.is_applied(dot)


def _whole(batch: OpenBatch, position: int, judgement: Judgement) -> VerdictRow:
    header = batch.header
    return VerdictRow(
        position, header.epoch, batch.hash, 0, header.count,
        judgement.disposition, judgement.reason,
    )  # fmt: skip


def _runs(
    batch: OpenBatch, position: int, judged: Sequence[Judgement | None]
) -> Iterator[VerdictRow]:
    """Yield runs of changes judged alike."""
    start = 0
    for place in range(1, len(judged) + 1):
        if place == len(judged) or _said(judged[place]) != _said(judged[start]):
            disposition, reason = _said(judged[start])
            yield VerdictRow(
                position + start, batch.header.epoch, batch.hash, start, place - start,
                disposition, reason,
            )  # fmt: skip
            start = place


def _runs_of_one(
    batch: OpenBatch, offset: int, position: int, judgement: Judgement | None
) -> list[VerdictRow]:
    disposition, reason = _said(judgement)
    return [
        VerdictRow(
            position, batch.header.epoch, batch.hash, offset, 1, disposition, reason
        )
    ]


def _said(judgement: Judgement | None) -> tuple[str, str]:
    return (
        ("applied", "")
        if judgement is None
        else (judgement.disposition, judgement.reason)
    )


def _parked(
    batch: OpenBatch, judged: Sequence[Judgement | None]
) -> Iterator[ParkedRow]:
    for place, judgement in enumerate(judged):
        if judgement is not None:
            yield _parked_row(batch, place, judgement)


def _parked_row(batch: OpenBatch, place: int, judgement: Judgement) -> ParkedRow:
    return ParkedRow(batch.identities[place].hash, batch.hash, place, *judgement)
