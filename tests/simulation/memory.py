"""A replica in memory: what the simulator's laptops keep, in plain dictionaries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, fields, replace
from typing import Final

from fieldkit.causality import Dot
from fieldkit.errors import NotFoundError
from fieldkit.merge.merge import join, written
from fieldkit.records.change import settle
from fieldkit.records.layout import Layout, subject_place
from fieldkit.records.part import EMPTY, Entry, Part, cuts
from fieldkit.records.record import Mark, Record, open_record
from fieldkit.store.drafts import Draft
from fieldkit.store.facts import Facts, NoFacts, class_numbers
from fieldkit.store.log import Made
from fieldkit.sync.digest import part_digest, total
from fieldkit.sync.positions import Cursor
from fieldkit.sync.receipts import Judged, Verdict, each, supersedes
from fieldkit.sync.replica import Notice, Outgoing, SavedChange, Travel
from fieldkit.sync.states import PartKey, PartState

TRAVELS: Final[tuple[Travel, ...]] = ("local", "stored", "accepted", "durable")
TAKEN: Final = frozenset({"applied", "erased"})
Write = tuple[PartKey, Entry, tuple[Dot, ...], Layout]


@dataclass
class Kept:
    """All that a replica keeps; a transaction that fails puts the old one back."""

    log: list[SavedChange] = field(default_factory=list)
    writes: dict[int, tuple[Write, ...]] = field(default_factory=dict)
    by_key: dict[PartKey, tuple[int, ...]] = field(default_factory=dict)
    homes: dict[bytes, tuple[str, bytes | None]] = field(default_factory=dict)
    epochs: dict[bytes, int] = field(default_factory=dict)
    seeds: dict[tuple[bytes, int], bytes] = field(default_factory=dict)
    layouts: dict[bytes, Layout] = field(default_factory=dict)
    batches: dict[bytes, Outgoing] = field(default_factory=dict)
    cut: dict[bytes, int] = field(default_factory=dict)
    judged: dict[int, Judged] = field(default_factory=dict)
    absorbed: set[int] = field(default_factory=set)
    parts: dict[PartKey, PartState] = field(default_factory=dict)
    brought: dict[PartKey, int] = field(default_factory=dict)
    leaving: dict[PartKey, int] = field(default_factory=dict)
    drafts: dict[int, Draft] = field(default_factory=dict)
    told: dict[int, Notice] = field(default_factory=dict)
    entries: list[bytes] = field(default_factory=list)
    forms: dict[bytes, bytes] = field(default_factory=dict)
    pages: dict[int, bytes] = field(default_factory=dict)
    cursor: Cursor = field(default_factory=Cursor)
    doubt: bool = False

    def copy(self) -> "Kept":
        return Kept(**{one.name: copy(getattr(self, one.name)) for one in fields(self)})


class MemoryReplica:
    """Implements ``Replica``, and what a test needs to save and to look."""

    def __init__(self, facts: Facts | None = None) -> None:
        self.kept = Kept()
        self._facts = facts or NoFacts()
        self._depth = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        before = self.kept.copy() if self._depth == 0 else None
        self._depth += 1
        try:
            yield
        except BaseException:
            if before is not None:
                self.kept = before
            raise
        finally:
            self._depth -= 1

    # --- Saving and looking ---

    def begin_epoch(self, epoch: bytes, keys: bytes = b"") -> None:
        del keys
        self.kept.epochs[epoch] = 0

    def add_seed(self, epoch: bytes, index: int, seed: bytes) -> None:
        self.kept.seeds[epoch, index] = seed

    def save(self, made: Made, layouts: Iterable[Layout]) -> None:
        self.add_layouts(layouts)
        change, identity, data = made
        stamp, seq = change.stamp, len(self.kept.log) + 1
        saved = SavedChange(seq, stamp.epoch, stamp.counter, identity.hash, data)
        self.kept.log.append(saved)
        self.kept.epochs[stamp.epoch] = stamp.counter
        found = tuple(self._cut_writes(made))
        self.kept.writes[seq] = found
        for key in dict.fromkeys(key for key, *_ in found):
            self.kept.by_key[key] = (*self.kept.by_key.get(key, ()), seq)

    def _cut_writes(self, made: Made) -> Iterator[Write]:
        change, identity, _ = made
        stamp = change.stamp
        for ordinal, write in enumerate(change.writes):
            layout, record = self.kept.layouts[write.layout], identity.records[ordinal]
            values = settle(change, identity, ordinal, layout)
            place = subject_place(layout)
            subject = None if place is None else values[place]
            assert subject is None or isinstance(subject, bytes)
            if write.target is None:
                self.kept.homes[record] = (layout.form_id, subject)
            for cut in cuts(layout, class_numbers(self._facts, layout)):
                self.add_layouts([cut.layout])
                entry = Entry(
                    identity.dot(stamp, ordinal), stamp.person, stamp.role,
                    stamp.shown_at, stamp.roster, stamp.because, 0, cut.layout_id,
                    None, cut.pick(values),
                )  # fmt: skip
                yield (record, cut.class_number), entry, write.replaces, cut.layout

    def open_record(self, record: bytes) -> Record:
        keys = {
            key for key in (*self.kept.parts, *self.kept.by_key) if key[0] == record
        }
        marks: dict[Dot, Mark] = {}
        parts = [self._shown(key, marks) for key in sorted(keys)]
        if not any(part.entries for part in parts):
            raise NotFoundError("record.not_found", record=record.hex()[:8])
        form_id, subject = self.kept.homes.get(record, ("", None))
        blank = replace(Record.blank(form_id, subject), id=record)
        return open_record(blank, parts, self.kept.layouts, marks)

    def _shown(self, key: PartKey, marks: dict[Dot, Mark]) -> Part:
        """Return what a person sees of a part, and mark what is not plainly applied."""
        state = self.kept.parts.get(key)
        part = state.part if state else EMPTY
        for seq in self._pending(key):
            judged = self.kept.judged.get(seq)
            disposition = judged.disposition if judged else "local"
            for entry, replaces, layout in self._writes_to(key, seq):
                waits = disposition in {"review", "quarantined"}
                made = written(entry, () if waits else replaces, layout)
                part = join(part, made, self.kept.layouts)
                if disposition not in TAKEN:
                    marks[entry.dot] = disposition  # type: ignore[assignment]
        return part

    def _pending(self, key: PartKey) -> list[int]:
        found = self.kept.by_key.get(key, ())
        return [
            seq
            for seq in found
            if seq not in self.kept.absorbed and not self._is_spoken_of(key, seq)
        ]

    def _is_spoken_of(self, key: PartKey, seq: int) -> bool:
        """Return whether the part as it was brought holds all that came of a write."""
        judged, brought = self.kept.judged.get(seq), self.kept.brought.get(key)
        return (
            judged is not None
            and brought is not None
            and judged.disposition in TAKEN
            and brought >= judged.position
        )

    def _writes_to(
        self, key: PartKey, seq: int
    ) -> list[tuple[Entry, tuple[Dot, ...], Layout]]:
        return [(e, r, o) for k, e, r, o in self.kept.writes[seq] if k == key]

    def records(self) -> set[bytes]:
        """Return the ids of all records of which something lies here."""
        own = {key for key in self.kept.by_key if self._pending(key)}
        return {record for record, _ in (*self.kept.parts, *own)}

    def notices(self) -> dict[int, Notice]:
        return dict(self.kept.told)

    def keep_draft(self, draft: Draft) -> int:
        number = max(self.kept.drafts, default=0) + 1
        self.kept.drafts[number] = draft
        return number

    def drop_draft(self, number: int) -> None:
        del self.kept.drafts[number]
        leaving, self.kept.leaving = self.kept.leaving, {}
        for key, position in leaving.items():
            self.move_out([key], position)

    # --- Our own log ---

    def uncut(self, count_max: int) -> Sequence[SavedChange]:
        for epoch in self.kept.epochs:
            done = self.kept.cut.get(epoch, 0)
            found = [s for s in self.kept.log if s.epoch == epoch and s.counter > done]
            if found:
                return found[:count_max]
        return []

    def seeds(self, epoch: bytes) -> Mapping[int, bytes]:
        return {n: seed for (e, n), seed in self.kept.seeds.items() if e == epoch}

    def layouts(self) -> Mapping[bytes, Layout]:
        return self.kept.layouts

    def add_layouts(self, layouts: Iterable[Layout]) -> None:
        self.kept.layouts.update({layout.id: layout for layout in layouts})

    def add_batch(self, batch: Outgoing) -> None:
        self.kept.batches[batch.hash] = batch
        self.kept.cut[batch.epoch] = batch.first + batch.count - 1

    def outgoing(self, *, after: Travel | None = None) -> Sequence[Outgoing]:
        least = -1 if after is None else TRAVELS.index(after)
        span = range(least + 1, TRAVELS.index("accepted"))
        return [b for b in self.kept.batches.values() if TRAVELS.index(b.state) in span]

    def last_batch(self, epoch: bytes) -> bytes | None:
        found = [b for b in self.kept.batches.values() if b.epoch == epoch]
        return max(found, key=lambda b: b.first).hash if found else None

    def set_travel(self, batch_hash: bytes, travel: Travel) -> None:
        batch = self.kept.batches.get(batch_hash)
        if batch and TRAVELS.index(travel) > TRAVELS.index(batch.state):
            self.kept.batches[batch_hash] = replace(batch, state=travel)

    def take_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        for verdict in verdicts:
            batch = self.kept.batches.get(verdict.batch_hash)
            if batch is None:
                continue
            seqs = self._seqs(batch)
            for offset, judged in each(verdict):
                if offset < len(seqs):
                    self._judge(seqs[offset], judged)
            if all(seq in self.kept.judged for seq in seqs):
                self.set_travel(batch.hash, "accepted")

    def _judge(self, seq: int, judged: Judged) -> None:
        known = self.kept.judged.get(seq)
        if supersedes(judged.position, known.position if known else None):
            self.kept.judged[seq] = judged
            if judged.disposition not in TAKEN:
                self.kept.absorbed.discard(seq)

    def _seqs(self, batch: Outgoing) -> list[int]:
        last = batch.first + batch.count - 1
        span = range(batch.first, last + 1)
        log = self.kept.log
        return [s.seq for s in log if s.epoch == batch.epoch and s.counter in span]

    def forget_beyond(self, position: int) -> None:
        gone = {
            s for s, judged in self.kept.judged.items() if judged.position > position
        }
        for seq in gone:
            del self.kept.judged[seq]
        self.kept.absorbed -= gone
        for name, batch in self.kept.batches.items():
            if gone.intersection(self._seqs(batch)):
                self.kept.batches[name] = replace(batch, state="local")
        dead = [key for key, at in self.kept.brought.items() if at > position]
        self.kept.brought.update(dict.fromkeys(dead, 0))

    def set_durable(self, batch_hashes: Iterable[bytes]) -> None:
        for batch_hash in batch_hashes:
            self.set_travel(batch_hash, "durable")

    # --- What came down ---

    def cursor(self) -> Cursor:
        return self.kept.cursor

    def set_cursor(self, cursor: Cursor) -> None:
        self.kept.cursor = cursor

    def stage(self, to: int, page: bytes) -> None:
        self.kept.pages[to] = page

    def staged(self) -> Sequence[bytes]:
        return [self.kept.pages[to] for to in sorted(self.kept.pages)]

    def clear_staged(self) -> None:
        self.kept.pages.clear()

    def held(self, keys: Sequence[PartKey]) -> Mapping[PartKey, Part]:
        parts = self.kept.parts
        return {key: parts[key].part for key in keys if key in parts}

    def own_epochs(self) -> frozenset[bytes]:
        return frozenset(self.kept.epochs)

    def own_parts(self, keys: Sequence[PartKey]) -> Mapping[PartKey, Part]:
        found = {key: self._applied(key) for key in keys}
        ours = self.own_epochs()
        return {
            key: part
            for key, part in found.items()
            if any(entry.dot.epoch in ours for entry in part.entries)
        }

    def _applied(self, key: PartKey) -> Part:
        state = self.kept.parts.get(key)
        part = state.part if state else EMPTY
        for seq in self._pending(key):
            judged = self.kept.judged.get(seq)
            if judged is not None and judged.disposition in TAKEN:
                for entry, replaces, layout in self._writes_to(key, seq):
                    made = written(entry, replaces, layout)
                    part = join(part, made, self.kept.layouts)
        return part

    def put_parts(self, states: Iterable[PartState]) -> None:
        for state in states:
            self.kept.parts[state.key] = state
            self.kept.brought[state.key] = state.position
            self.kept.homes[state.record_id] = (state.form_id, state.subject)
            self.kept.leaving.pop(state.key, None)

    def move_out(self, keys: Iterable[PartKey], position: int) -> None:
        opened = {draft.opened.id for draft in self.kept.drafts.values()}
        for key in keys:
            if key[0] in opened:
                self.kept.leaving[key] = position
            else:
                self.kept.parts.pop(key, None)
                self.kept.brought[key] = position

    def absorb(self) -> None:
        for seq in list(self.kept.judged):
            if seq not in self.kept.absorbed and self.is_absorbed(seq):
                self.kept.absorbed.add(seq)

    def is_absorbed(self, seq: int) -> bool:
        """Return whether the province's parts speak of a write by now."""
        judged, brought = self.kept.judged[seq], self.kept.brought
        return judged.disposition in TAKEN and all(
            brought.get(key, 0) >= judged.position for key, *_ in self.kept.writes[seq]
        )

    def add_notices(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            if notice not in self.kept.told.values():
                self.kept.told[len(self.kept.told) + 1] = notice

    # --- What is known of the province ---

    def roster_entries(self, after: int = 0) -> Sequence[bytes]:
        return self.kept.entries[after:]

    def add_roster_entries(self, entries: Sequence[bytes]) -> None:
        self.kept.entries.extend(entries)

    def form_texts(self) -> Mapping[bytes, bytes]:
        return self.kept.forms

    def add_form(self, form_hash: bytes, text: bytes) -> None:
        self.kept.forms[form_hash] = text

    # --- Agreement ---

    def digest(self, area: str | None = None, class_number: int | None = None) -> bytes:
        return total(
            part_digest(*state.key, state.part, self.kept.layouts)
            for state in self.kept.parts.values()
            if class_number in {None, state.class_number} and self._lies_in(state, area)
        )

    def _lies_in(self, state: PartState, area: str | None) -> bool:
        if area is None:
            return True
        owner = state.subject or state.record_id
        path = self._facts.area_path(self.kept.homes.get(owner, ("", None))[0])
        held = [s.part for k, s in self.kept.parts.items() if k[0] == owner]
        shown = open_record(Record.blank(""), held, self.kept.layouts)
        found = shown.siblings(path) if path else ()
        return any(str(sibling.value).startswith(area) for sibling in found)

    def part_digests(self, first: bytes, last: bytes) -> Mapping[bytes, bytes]:
        sums: dict[bytes, list[int]] = {}
        for state in self.kept.parts.values():
            if first <= state.record_id <= last:
                one = part_digest(*state.key, state.part, self.kept.layouts)
                sums.setdefault(state.record_id, []).append(one)
        return {record: total(digests) for record, digests in sums.items()}

    def in_doubt(self) -> bool:
        return self.kept.doubt

    def set_in_doubt(self, in_doubt: bool) -> None:
        self.kept.doubt = in_doubt
