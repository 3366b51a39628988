"""The encrypted store and the replica in memory tell the same story.

Absorbing follows each step: between a page and ``absorb`` the store already leaves out
a write of ours, part by part, as soon as the part speaks of it.
"""

from collections.abc import Callable
from typing import Any, Final, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldkit.records.record import Record
from fieldkit.store.store import Store
from fieldkit.sync.receipts import Disposition, Verdict
from tests.simulation.memory import MemoryReplica
from tests.store.desk import HEALTH, IDENTITY, Desk, PersonFacts, state, theirs

THEIRS: Final = [bytes([n]) * 16 for n in (1, 2)]
DISPOSITIONS: Final[list[Disposition]] = ["applied", "applied", "review", "quarantined"]
Step = tuple[str, int, int]
steps = st.lists(
    st.tuples(
        st.sampled_from(["new", "edit", "cut", "judge", "put", "out", "dead"]),
        st.integers(0, 7),
        st.integers(0, 12),
    ),
    max_size=25,
)


class Story:
    """What happens to one desk; the same numbers make the same story."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.records = list(THEIRS)
        self.batches: list[Any] = []
        self.time = 0

    def tell(self, step: Step) -> None:
        self.time += 1
        kind, which, position = step
        done: Callable[[int, int], None] = getattr(self, kind)
        done(which, position)
        self.desk.replica.absorb()

    def new(self, which: int, position: int) -> None:
        self.records.append(self.desk.new(first=f"{which}", score=position))

    def edit(self, which: int, _position: int) -> None:
        record = self.records[which % len(self.records)]
        opened = self.shown(record)
        dots = opened.shown(["first"]) if opened else ()
        self.desk.edit(record, dots, first=f"edit {self.time}")

    def cut(self, which: int, _position: int) -> None:
        if self.desk.replica.uncut(1):
            self.batches.append(self.desk.cut(which + 1))

    def judge(self, which: int, position: int) -> None:
        if self.batches:
            batch = self.batches[which % len(self.batches)]
            how = DISPOSITIONS[which % len(DISPOSITIONS)]
            verdict = Verdict(batch.hash, which % 2, batch.count, how, position + 1)
            self.desk.replica.take_verdicts([verdict])

    def put(self, which: int, position: int) -> None:
        record = self.records[which % len(self.records)]
        said: dict[int, dict[str, object]] = {
            IDENTITY: {"first": f"put {self.time}"},
            HEALTH: {"score": self.time},
        }
        states = [
            state(
                self.desk.replica, record, (theirs(self.time), answers),
                position=position, class_number=number,
            )
            for number, answers in said.items()
        ]  # fmt: skip
        self.desk.replica.put_parts(states)

    def out(self, which: int, position: int) -> None:
        record = self.records[which % len(self.records)]
        keys = [(record, IDENTITY), (record, HEALTH)]
        self.desk.replica.move_out(keys, position)

    def dead(self, _which: int, position: int) -> None:
        self.desk.replica.forget_beyond(position)

    def shown(self, record: bytes) -> Record | None:
        return None if self.desk.is_gone(record) else self.desk.open(record)

    def all_that_is_seen(self) -> object:
        replica = self.desk.replica
        keys = [(r, c) for r in self.records for c in (0, IDENTITY, HEALTH)]
        return (
            [found and found.registers for found in map(self.shown, self.records)],
            [(one.hash, one.state) for one in replica.outgoing()],
            [one.counter for one in replica.uncut(99)],
            dict(replica.held(keys)),
            {
                key: [(entry.dot, entry.live) for entry in part.entries]
                for key, part in replica.own_parts(keys).items()
            },
            replica.digest(),
        )


@settings(max_examples=25)
@given(steps=steps)
def test_every_story_reads_the_same_in_both(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    memory = Desk(cast("Store", MemoryReplica(PersonFacts())))
    memory.begin(memory.epoch)
    stored = Desk.at(tmp_path_factory.mktemp("story") / "work.db")
    tellers = [Story(stored), Story(memory)]

    for step in steps:
        seen = []
        for teller in tellers:
            teller.tell(step)
            seen.append(teller.all_that_is_seen())
        assert seen[0] == seen[1]
    stored.store.close()
