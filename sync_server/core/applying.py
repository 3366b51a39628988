"""Applying: a judged change becomes records, areas and parts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from fieldkit.causality import TAG_BYTES, Dot
from fieldkit.merge.merge import forget, join, written
from fieldkit.records.change import Change, Identity, settle
from fieldkit.records.layout import Layout
from fieldkit.records.part import Cut, Entry, Part, encode_part_of_one, part_key
from sync_server.core.plans import Plan
from sync_server.core.world import World
from sync_server.storage.contract import RecordRow

_ALL_LIVE = None


class Sees(Enum):
    """Whether a change's ``replaces`` counts: not while it is in review."""

    ALL = "all"
    NOTHING = "nothing"
    NOW = "now"
    """It counts from now on; its values were applied before."""


class Placed(NamedTuple):
    """A change at its position in the log."""

    change: Change
    identity: Identity
    position: int
    sees: Sees


@dataclass(slots=True)
class Applier:
    """Applies changes to the world.

    Attributes:
        world: what is stored and what is new.
        plans: a plan for each layout that the changes name.
        layouts: every layout that a part may name, those of the cuts included.
        area_of: the register that holds an owner's area, by form id.
        province_area: the area of what has none of its own.
        is_applied: whether the change that a dot names has been applied.
    """

    world: World
    plans: Mapping[bytes, Plan]
    layouts: Mapping[bytes, Layout]
    area_of: Mapping[str, tuple[str, int]]
    province_area: str
    is_applied: Callable[[Dot], bool]

    def apply(self, placed: Placed) -> None:
        """Apply every write of a change; all are known to be in scope."""
        for ordinal, write in enumerate(placed.change.writes):
            plan = self.plans[write.layout]
            if not plan.cuts:
                continue
            values = settle(placed.change, placed.identity, ordinal, plan.layout)
            record_id = placed.identity.records[ordinal]
            if write.target is None and not write.replaces:
                self._bear(placed, ordinal, plan, values)
            else:
                row = self.world.record(record_id)
                assert row is not None, "judged: the record is known"
                self._edit(placed, ordinal, row, values)

    def bear(self, placed: Placed) -> None:
        """Apply a change that is one new record, its values plain."""
        (write,) = placed.change.writes
        self._bear(placed, 0, self.plans[write.layout], write.values)

    def _bear(
        self, placed: Placed, ordinal: int, plan: Plan, values: Sequence[object]
    ) -> None:
        """Make a new record; its parts are one entry each, written without a join."""
        record_id = placed.identity.records[ordinal]
        row = self._birth_row(record_id, plan, values, placed.position)
        stamp = placed.change.stamp
        head = [
            stamp.epoch, stamp.counter, placed.identity.leaves[ordinal][:TAG_BYTES],
            stamp.person, stamp.role, stamp.shown_at, stamp.roster, stamp.because,
            placed.position,
        ]  # fmt: skip
        for cut in plan.cuts:
            entry = [*head, cut.layout_id, _ALL_LIVE, *cut.pick(values)]
            blob = encode_part_of_one(entry)
            key = part_key(row.number, cut.class_number)
            self.world.put_blob(key, placed.position, blob)

    def _birth_row(
        self, record_id: bytes, plan: Plan, values: Sequence[object], position: int
    ) -> RecordRow:
        subject = None if plan.subject is None else values[plan.subject]
        form_id = plan.layout.form_id
        if isinstance(subject, bytes):
            above = self.world.record(subject)
            assert above is not None, "judged: the subject is known"
            return self.world.bear(record_id, form_id, subject, above.owner)
        row = self.world.bear(record_id, form_id, None, None)
        area = None if plan.area is None else values[plan.area]
        self.world.settle(row.number, [self._area_named(area)], position)
        return row

    def _edit(
        self, placed: Placed, ordinal: int, row: RecordRow, values: Sequence[object]
    ) -> None:
        write = placed.change.writes[ordinal]
        plan = self.plans[write.layout]
        for cut in plan.cuts:
            key = part_key(row.number, cut.class_number)
            entry = self._entry(placed, ordinal, cut, values)
            replaces = () if placed.sees is Sees.NOTHING else write.replaces
            alone = written(entry, replaces, cut.layout)
            if placed.sees is Sees.NOW:  # what replaced it meanwhile stays in force
                alone = Part((), alone.replaced)
            after = join(self.world.part(key), alone, self.layouts)
            after = forget(after, self.is_applied)
            self.world.put_part(key, placed.position, after)
            self._follow_area(row, cut, after, placed.position)
        self.world.touched.add(row.record_id)

    def _entry(
        self, placed: Placed, ordinal: int, cut: Cut, values: Sequence[object]
    ) -> Entry:
        stamp = placed.change.stamp
        return Entry(
            placed.identity.dot(stamp, ordinal),
            stamp.person,
            stamp.role,
            stamp.shown_at,
            stamp.roster,
            stamp.because,
            placed.position,
            cut.layout_id,
            _ALL_LIVE,
            cut.pick(values),
        )

    def _area_named(self, value: object) -> str:
        """Return the area that a value names; what is no area is the province's."""
        return value if isinstance(value, str) else self.province_area

    def _follow_area(self, row: RecordRow, cut: Cut, part: Part, position: int) -> None:
        """Move an owner with its area register; contested, it is in each of them."""
        register, class_number = self.area_of.get(row.form_id, ("", -1))
        if class_number != cut.class_number or row.owner != row.number:
            return
        said = [value for value in live_values(part, register, self.layouts) if value]
        named = {self._area_named(value) for value in said or [None]}
        self.world.move(row, sorted(named), position)


def live_values(
    part: Part, register: str, layouts: Mapping[bytes, Layout]
) -> list[object]:
    """Return the live values of one plain register of a part."""
    found: list[object] = []
    for entry in part.entries:
        paths = layouts[entry.layout].paths
        if register in paths:
            place = paths.index(register)
            if entry.live is None or place in entry.live:
                found.append(entry.values[place])
    return found


def layouts_of(plans: Mapping[bytes, Plan]) -> dict[bytes, Layout]:
    """Return the layouts that parts of these plans name: those of the cuts."""
    return {cut.layout_id: cut.layout for plan in plans.values() for cut in plan.cuts}
