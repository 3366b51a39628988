"""Planted bugs: each wrong reading of the design, which the simulation must catch."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Final
from unittest.mock import patch

from fieldkit.errors import NotFoundError
from fieldkit.merge.merge import join, written
from fieldkit.records.part import Part
from fieldkit.records.record import Record
from fieldkit.sync.pages import PageHeader
from fieldkit.sync.receipts import Receipt, Verdict
from fieldkit.sync.replica import Outgoing
from fieldkit.sync.session import Session
from fieldkit.sync.states import PartKey
from sync_server.core.accepting import Accepted, Desk, _whole
from sync_server.core.core import Core
from sync_server.core.judging import Judge, Judgement
from tests.simulation import memory
from tests.simulation.laptop import Laptop, Saved
from tests.simulation.memory import TAKEN, MemoryReplica

Planted = AbstractContextManager[object]


def replaces_taken_at_save() -> Planted:
    """What arrived while the form was open is replaced too."""

    def save_form(self: Laptop, form: int, answers: Mapping[str, object]) -> Any:
        draft = self.close(form)
        try:
            now: Record = self.replica.open_record(draft.opened.id)
        except NotFoundError:
            now = draft.opened
        saved = self.edit(now, answers, roster=draft.version)
        return saved and Saved(saved.change, saved.identity, saved.layout, draft.opened)

    return patch.object(Laptop, "save_form", save_form)


def first_branch_wins() -> Planted:
    """Whoever comes second with a counter is told that it is there already."""
    right = Desk._take

    def take(self: Desk, batch: Any, data: bytes, device: Any, now_ms: int) -> Accepted:
        first = batch.header.first
        last = first + batch.header.count - 1
        if not self._log.change_hashes(batch.header.epoch, first, last):
            return right(self, batch, data, device, now_ms)
        head = self._storage.head()
        said = _whole(batch, head, Judgement("applied", ""))
        return Accepted(batch, (said,), duplicate=True)

    return patch.object(Desk, "_take", take)


def pruning_at_accepted() -> Planted:
    """What has any verdict is dropped from the laptop's log."""
    right = MemoryReplica.take_verdicts

    def take_verdicts(self: MemoryReplica, verdicts: Sequence[Verdict]) -> None:
        right(self, verdicts)
        for batch in self.kept.batches.values():
            if batch.state == "accepted":
                self.kept.absorbed.update(self._seqs(batch))

    return patch.object(MemoryReplica, "take_verdicts", take_verdicts)


def page_applied_regardless_of_its_range() -> Planted:
    """Any page is applied, whatever the laptop has reached."""

    def continues(self: Session, header: PageHeader) -> bool:
        del self, header
        return True

    return patch.object(Session, "continues", continues)


def local_write_dropped_at_receipt() -> Planted:
    """A write is dropped as soon as it is applied, not when its part has come."""

    def is_absorbed(self: MemoryReplica, seq: int) -> bool:
        return self.kept.judged[seq].disposition in TAKEN

    right = MemoryReplica.take_verdicts

    def take_verdicts(self: MemoryReplica, verdicts: Sequence[Verdict]) -> None:
        right(self, verdicts)
        self.absorb()

    return patch.multiple(
        MemoryReplica, is_absorbed=is_absorbed, take_verdicts=take_verdicts
    )


def move_out_drops_local_writes() -> Planted:
    """A part that moves out takes along what its author has not sent yet."""
    right = MemoryReplica.move_out

    def move_out(self: MemoryReplica, keys: Sequence[PartKey], position: int) -> None:
        right(self, keys, position)
        for key in keys:
            self.kept.absorbed.update(self.kept.by_key.get(key, ()))

    return patch.object(MemoryReplica, "move_out", move_out)


def receipt_by_counter() -> Planted:
    """A receipt counts for whatever batch has those counters."""
    right = Receipt.verdicts
    held: list[Outgoing] = []
    taking = Session._take_receipt

    def take_receipt(self: Session, data: bytes, roster: Any) -> None:
        held[:] = self._replica.outgoing()
        taking(self, data, roster)

    def verdicts(self: Receipt, names: Any) -> tuple[Verdict, ...]:
        found = list(right(self, names))
        for batch in self.batches:
            for ours in held:
                same = (ours.epoch, ours.first) == (batch.epoch, batch.first)
                if same and ours.hash != batch.hash:
                    many = min(ours.count, batch.count)
                    found += [
                        one._replace(batch_hash=ours.hash)
                        for one in batch.verdicts
                        if one.offset + one.count <= many
                    ]
        return tuple(found)

    return _both(
        patch.object(Session, "_take_receipt", take_receipt),
        patch.object(Receipt, "verdicts", verdicts),
    )


def duplicate_as_a_disposition() -> Planted:
    """What came before is said to be applied, whatever became of it."""
    right = Core._batch_receipt

    def batch_receipt(self: Core, accepted: Accepted) -> Any:
        receipt = right(self, accepted)
        if not accepted.duplicate:
            return receipt
        said = tuple(
            one._replace(disposition="applied", reason="") for one in receipt.verdicts
        )
        return replace(receipt, verdicts=said)

    return patch.object(Core, "_batch_receipt", batch_receipt)


def what_waits_still_replaces() -> Planted:
    """A quarantined write hides on its author's laptop what it would replace."""
    right = MemoryReplica._shown

    def shown(self: MemoryReplica, key: PartKey, marks: Any) -> Any:
        part = right(self, key, marks)
        for seq in self._pending(key):
            for entry, replaces, layout in self._writes_to(key, seq):
                seen = written(entry, replaces, layout).replaced
                part = join(part, Part((), seen), self.kept.layouts)
        return part

    return patch.object(MemoryReplica, "_shown", shown)


def lower_position_overrides() -> Planted:
    """The verdict that comes last counts, whenever it was given."""
    return patch.object(memory, "supersedes", lambda _position, _known: True)


def quarantine_waits_for_a_person() -> Planted:
    """What has not all arrived is never judged again by itself."""

    def judge_again(
        self: Desk, touched: set[bytes], *, roster_changed: bool = False
    ) -> None:
        del touched, roster_changed
        self._release_asked()

    return patch.object(Desk, "judge_again", judge_again)


def scope_as_of_today() -> Planted:
    """A change is judged by the scope of the day on which it arrives."""

    def may_write(self: Judge, person: bytes, since: int, area: str) -> bool:
        del since
        return self.roster.scope(person).covers(area)

    return patch.object(Judge, "may_write", may_write)


class _both:  # noqa: N801 - reads like the function it is
    """Two patches as one."""

    def __init__(self, *patches: Any) -> None:
        self._patches = patches

    def __enter__(self) -> None:
        for one in self._patches:
            one.start()

    def __exit__(self, *_: object) -> None:
        for one in self._patches:
            one.stop()


Plant = Callable[[], Planted]

PLANTED: Final[tuple[Plant, ...]] = (
    replaces_taken_at_save,
    first_branch_wins,
    pruning_at_accepted,
    page_applied_regardless_of_its_range,
    local_write_dropped_at_receipt,
    move_out_drops_local_writes,
    receipt_by_counter,
    duplicate_as_a_disposition,
    what_waits_still_replaces,
    lower_position_overrides,
    quarantine_waits_for_a_person,
    scope_as_of_today,
)
