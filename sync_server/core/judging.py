"""Judging: what becomes of a change. Nothing authentic is refused.

Each change has exactly one disposition. It is ``applied`` unless something speaks
against it; then it is kept, with the reason and with what would decide it:

==============  =============================================  ==================
reason          what it means                                  judged again when
==============  =============================================  ==================
revoked         beyond the cut of a revoked laptop             a person releases
unknown_form    the province has not published that form       the roster changes
record_missing  it edits a record that has not arrived         the record arrives
subject_missing it hangs on a record that has not arrived      the record arrives
out_of_scope    no area that the record ever had lies in its   area or roster
                author's scope, from the roster version that   changes
                the change names to now
tag_mismatch    it claims to have seen what was not sent: its  record changes
                values count, its ``replaces`` not
invalid_value   its values do not fit their layout             never
other_person    it speaks for somebody else                    a person releases
==============  =============================================  ==================
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from fieldkit.causality import Dot
from fieldkit.records.change import Change, Identity, Write
from fieldkit.records.layout import RELEASE_FORM
from fieldkit.records.part import part_key
from fieldkit.sync.roster import Roster
from fieldkit.sync.scope import Scope
from sync_server.core.plans import Plan
from sync_server.core.world import World


class Judgement(NamedTuple):
    """A disposition that is not plainly ``applied``.

    Attributes:
        disposition: ``review`` or ``quarantined``.
        reason: a code of the table above.
        waits_for: the record that would decide it, or None for the roster.
    """

    disposition: str
    reason: str
    waits_for: bytes | None = None

    @property
    def stands_beside(self) -> bool:
        """Return whether its values count all the same, beside the others."""
        return self.reason == "tag_mismatch"


class Fact(NamedTuple):
    """What is known of a record that a change touches."""

    form_id: str
    owner_id: bytes
    areas: frozenset[str]


@dataclass(slots=True)
class Judge:
    """Judges the changes of one transaction, in order.

    Attributes:
        world: what is stored and what is new.
        roster: the roster as of now.
        plans: a plan for each layout that the changes name.
        province_area: the area of what has none of its own.
        fits: whether a dot's tag fits the change it names: None if that is not here.
    """

    world: World
    roster: Roster
    plans: Mapping[bytes, Plan]
    province_area: str
    fits: Callable[[Dot], bool | None]
    _scopes: dict[tuple[bytes, int], Scope] = field(default_factory=dict)

    def judge(
        self, change: Change, identity: Identity, *, released: bool = False
    ) -> Judgement | None:
        """Return why ``change`` is not applied, or None if it is.

        One that a person released may lie outside its author's scope; it still waits
        for what it rests on.
        """
        born: dict[bytes, Fact] = {}
        for write, record_id in zip(change.writes, identity.records, strict=True):
            plan = self.plans[write.layout]
            if plan.layout.form_id == RELEASE_FORM:
                continue
            if not plan.is_known:
                return Judgement("quarantined", "unknown_form")
            fact = self._fact(write, record_id, plan, identity, born)
            if isinstance(fact, Judgement):
                return fact
            if not released and not self._in_scope(change, fact):
                return Judgement("quarantined", "out_of_scope", fact.owner_id)
            if write.replaces and self._claims_too_much(change, write, plan):
                return Judgement("review", "tag_mismatch", record_id)
        return None

    def _claims_too_much(self, change: Change, write: Write, plan: Plan) -> bool:
        """Return whether a write replaces what its author cannot have been sent.

        What its author wrote themselves nobody needed to send: the other branch of
        their own copied laptop may only be here sooner.
        """
        row = self.world.record(write.target) if write.target else None
        if row is not None:
            for cut in plan.cuts:
                self.world.part(part_key(row.number, cut.class_number))
        return any(
            self.fits(dot) is False
            for dot in write.replaces
            if dot not in self.world.seen and not self._is_own(dot, change)
        )

    def _is_own(self, dot: Dot, change: Change) -> bool:
        device = self.roster.devices.get(dot.epoch)
        return device is not None and device.person == change.stamp.person

    def _fact(
        self,
        write: Write,
        record_id: bytes,
        plan: Plan,
        identity: Identity,
        born: dict[bytes, Fact],
    ) -> Fact | Judgement:
        if write.target is not None:
            return self._known(record_id, born) or Judgement(
                "quarantined", "record_missing", record_id
            )
        fact = self._birth(write, record_id, plan, identity, born)
        if isinstance(fact, Fact):
            born[record_id] = fact
        return fact

    def _birth(
        self,
        write: Write,
        record_id: bytes,
        plan: Plan,
        identity: Identity,
        born: Mapping[bytes, Fact],
    ) -> Fact | Judgement:
        subject = None if plan.subject is None else write.values[plan.subject]
        if subject is None:
            return Fact(
                plan.layout.form_id, record_id, self._areas_of_birth(write, plan)
            )
        if type(subject) is int:
            subject = identity.records[subject]
        assert isinstance(subject, bytes)
        known = self._known(subject, born)
        if known is None:
            return Judgement("quarantined", "subject_missing", subject)
        return Fact(plan.layout.form_id, known.owner_id, known.areas)

    def _areas_of_birth(self, write: Write, plan: Plan) -> frozenset[str]:
        area = None if plan.area is None else write.values[plan.area]
        return frozenset([area if isinstance(area, str) else self.province_area])

    def _known(self, record_id: bytes, born: Mapping[bytes, Fact]) -> Fact | None:
        if record_id in born:
            return born[record_id]
        row = self.world.record(record_id)
        if row is None:
            return None
        ever = frozenset(span.area for span in self.world.areas.get(row.owner, ()))
        owner = row.subject if row.owner != row.number else None
        return Fact(
            row.form_id, owner or record_id, ever or frozenset([self.province_area])
        )

    def _in_scope(self, change: Change, fact: Fact) -> bool:
        person, since = change.stamp.person, change.stamp.roster
        return any(self.may_write(person, since, area) for area in fact.areas)

    def may_write(self, person: bytes, since: int, area: str) -> bool:
        """Return whether ``area`` was in a person's scope at any version since then."""
        scope = self._scopes.get((person, since))
        if scope is None:
            scope = self.roster.scope_ever(person, since, self.roster.version)
            self._scopes[person, since] = scope
        return scope.covers(area)


def mentioned(
    changes: Iterable[Change], plans: Mapping[bytes, Plan]
) -> tuple[set[bytes], set[bytes]]:
    """Return the records that ``changes`` target, and those that they hang on."""
    targets: set[bytes] = set()
    subjects: set[bytes] = set()
    for change in changes:
        for write in change.writes:
            if write.target is not None:
                targets.add(write.target)
            place = plans[write.layout].subject
            if place is not None and isinstance(subject := write.values[place], bytes):
                subjects.add(subject)
    return targets, subjects
