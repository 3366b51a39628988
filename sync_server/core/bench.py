"""The bench: one batch under judgement, its changes judged and applied in order."""

from collections.abc import Mapping

from fieldkit.causality import TAG_BYTES, Dot, Stamp
from fieldkit.errors import CodecError
from fieldkit.records.change import Change, Identity, Write, settle
from fieldkit.records.layout import RELEASE_FORM, is_plain
from fieldkit.records.part import part_key
from fieldkit.sync.batch import OpenBatch
from fieldkit.sync.roster import DeviceCertificate
from fieldkit.sync.scope import Scope
from sync_server.core.applying import Applier, Placed, Sees, layouts_of
from sync_server.core.judging import Judge, Judgement, mentioned
from sync_server.core.paging import keep_outside_writes
from sync_server.core.plans import Plan
from sync_server.core.province import Province
from sync_server.core.world import World

RELEASERS = frozenset({"coordinator", "data_manager"})
"""Roles whose signed release counts."""


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
        self._applied: set[int] = set()
        self._outside: list[tuple[int, bytes]] = []
        self._scopes: dict[bytes, Scope] = {}
        self._held: dict[tuple[tuple[str, ...], bytes], bool] = {}
        self._plain: dict[tuple[int, str | None, bytes], bool] = {}
        self._prefetch()

    @property
    def touched(self) -> set[bytes]:
        """Return the records that were born, edited or moved."""
        return self._world.touched

    def judge(self, place: int, device: DeviceCertificate) -> Judgement | None:
        """Judge one change and apply it if nothing speaks against it."""
        change, identity = self._batch.changes[place], self._batch.identities[place]
        if self._is_plain_birth(change, device):
            position = self._at + place
            self._applier.bear(Placed(change, identity, position, Sees.ALL))
            return None
        judgement = self.look(place, device)
        self.apply(place, judgement)
        return judgement

    def look(self, place: int, device: DeviceCertificate) -> Judgement | None:
        """Return what speaks against a change; nothing is applied."""
        change, identity = self._batch.changes[place], self._batch.identities[place]
        if not self._is_sound(change, identity):
            return Judgement("quarantined", "invalid_value")
        released = identity.hash in self._province.released
        if not released and change.stamp.person != device.person:
            return Judgement("review", "other_person")
        if not released and self._is_revoked(device):
            return Judgement("quarantined", "revoked")
        return self._judge.judge(change, identity, released=released)

    def apply(self, place: int, judgement: Judgement | None) -> None:
        """Apply a change that was judged so, if that lets it count at all."""
        if judgement is not None and not judgement.stands_beside:
            return
        sees = Sees.ALL if judgement is None else Sees.NOTHING
        self._apply(place, sees)

    def let_see(self, place: int) -> None:
        """Let a change that was applied without them replace what it names."""
        self._apply(place, Sees.NOW)

    def _apply(self, place: int, sees: Sees) -> None:
        change, identity = self._batch.changes[place], self._batch.identities[place]
        position = self._at + place
        self._applied.add(place)
        self._applier.apply(Placed(change, identity, position, sees))
        self._note_outside(change, identity, position)
        self._release(change)

    def _is_revoked(self, device: DeviceCertificate) -> bool:
        return device.revoked is not None and not self._province.is_below_cut(
            self._batch.hash, device.revoked
        )

    def _is_sound(self, change: Change, identity: Identity) -> bool:
        """Return whether the values fit their layouts: signed nonsense harms nobody."""
        try:
            for ordinal, write in enumerate(change.writes):
                layout = self._batch.layouts[write.layout]
                if not is_plain(layout):
                    settle(change, identity, ordinal, layout)
        except CodecError:
            return False
        return True

    def _is_plain_birth(self, change: Change, device: DeviceCertificate) -> bool:
        """Return whether a change is the ordinary case, settled by one look.

        One new record, by whom the epoch belongs to, whose area and classes its author
        may write and hold. Whatever is not that goes the long way and may be applied
        all the same.
        """
        stamp, writes = change
        if len(writes) != 1 or stamp.person != device.person:
            return False
        if device.revoked is not None:  # also with no head below the cut at all
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
        subject = write.values[plan.subject]
        row = self._world.records.get(subject) if type(subject) is bytes else None
        spans = () if row is None else self._world.areas.get(row.owner, ())
        return spans[0].area if len(spans) == 1 else None

    def _may_write_and_hold(self, stamp: Stamp, area: str, write: Write) -> bool:
        return self._judge.may_write(stamp.person, stamp.roster, area) and self._holds(
            stamp.person, (area,), write.layout
        )

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
            scope = self._scope_of(person)
            classes = [cut.class_number for cut in self._plans[layout].cuts]
            held = all(scope.covers_any(areas, number) for number in classes)
            self._held[key] = held
        return held

    def _scope_of(self, person: bytes) -> Scope:
        scope = self._scopes.get(person)
        if scope is None:
            scope = self._scopes[person] = self._province.roster.scope(person)
        return scope

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
        return (
            dot in self._world.seen
            or self._is_applied_here(dot)
            or self._province.log.is_applied(dot)
        )

    def _is_applied_here(self, dot: Dot) -> bool:
        """Return whether ``dot`` names a change that this bench has applied."""
        header = self._batch.header
        place = dot.counter - header.first
        if dot.epoch != header.epoch or place not in self._applied:
            return False
        leaves = self._batch.identities[place].leaves
        return any(leaf[:TAG_BYTES] == dot.tag for leaf in leaves)
