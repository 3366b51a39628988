"""The scheduler: one seed is one run of a province, with everything going wrong.

It owns chance, time and every way that bytes travel. Laptops open forms, save, sync
over lines that break, hand envelopes to couriers who lose, repeat and mix them up;
people are granted and lose areas, persons move, laptops are copied, put back and
revoked. After each step the oracle looks; at the end everything is let through, and
all must agree. A core put back from a backup will join ``ACTIONS``.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from unittest.mock import patch

from fieldkit.errors import AccessError
from fieldkit.sync.envelope import peek
from tests.simulation.laptop import Laptop, Office, Saved
from tests.simulation.memory import Kept
from tests.simulation.oracle import BrokenLawError, Oracle
from tests.simulation.province import Town
from tests.simulation.rest import applied, check

VILLAGES: Final = ("90110101", "90110102", "90120101", "90130101")
ROUNDS_MAX: Final = 16
SECOND_DELIVERY: Final = 40
REVOKED: Final = "roster.revoked_device"
ENVELOPE: Final = b"\x84"
UNKNOWN: Final = "roster.unknown_device"

Disk = tuple[Kept, list[Any]]


@dataclass
class Run:
    """One run: a province, its laptops and couriers, and the oracle beside them."""

    seed: int
    steps: int = 120
    random: Random = field(init=False)
    town: Town = field(init=False)
    laptops: list[Laptop] = field(default_factory=list)
    oracle: Oracle = field(default_factory=Oracle)
    bags: list[bytes] = field(default_factory=list)
    archive: list[bytes] = field(default_factory=list)
    uncertified: list[list[object]] = field(default_factory=list)
    disks: list[tuple[Laptop, Disk]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    faults: float = 1.0
    done: int = 0
    _applied: tuple[int, set[bytes]] = field(default_factory=lambda: (-1, set()))
    trace: Any = field(default_factory=hashlib.sha256)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.town = Town(self.random)
        self.office = Office(self.town)
        for name, role, area, classes in (
            ("C", "coordinator", "90", [0, 1, 2, 3, 4]),
            ("D", "coordinator", "90", [0, 1, 2, 3, 4]),
            ("V", "volunteer", "9011", [0, 1, 2, 3, 4]),
            ("W", "volunteer", "90", [0]),
            ("X", "volunteer", "9012", [0, 2]),
        ):
            self._enrol(name, role, area, classes)

    def _enrol(self, name: str, role: str, area: str, classes: list[int]) -> None:
        person = self.random.randbytes(8)
        laptop = Laptop(name, self.town, person, role, self.random)
        act = laptop.begin_epoch()
        grant = ["grant", person, role, area, classes]
        self.town.issue(["person", person, name], act, grant)
        laptop.install(self.town.ledger.entries)
        self.laptops.append(laptop)

    # --- The run ---

    def run(self) -> str:
        """Run to the end and return the hash of the trace.

        Raises:
            BrokenLawError: something that must hold does not; it names the step.
        """
        with self._small_pages():
            try:
                while self.done < self.steps:
                    self.done += 1
                    self.step()
                self.come_to_rest()
            except BrokenLawError as error:
                raise BrokenLawError(
                    f"seed {self.seed}, step {self.done}: {error}"
                ) from error
        return str(self.trace.hexdigest())

    def _small_pages(self) -> AbstractContextManager[object]:
        size = self.random.choice([1, 2, 5, 10_000])
        module = "sync_server.core.paging.PARTS_MAX"
        return patch(module, size) if size < 10_000 else nullcontext()

    def step(self) -> None:
        names, weights = zip(*WEIGHTS[self.seed % len(WEIGHTS)].items(), strict=True)
        [name] = self.random.choices(names, weights)
        laptop = self.random.choice(self.laptops)
        self.counts[name] += 1
        getattr(self, name)(laptop)
        self._look(laptop)
        self.counts["moves out waiting"] += len(laptop.replica.kept.leaving)
        where = laptop.replica.cursor().position, self.town.storage.head()
        self.note(name, laptop.name, *where)

    def _look(self, laptop: Laptop) -> None:
        if laptop in self.laptops:
            head = self.town.storage.head()
            if self._applied[0] != head:
                self._applied = (head, applied(self.town))
            self.oracle.look(laptop, self._applied[1])

    def note(self, *what: object) -> None:
        self.trace.update(repr(what).encode())

    def happens(self, chance: float) -> bool:
        return self.random.random() < chance * self.faults

    # --- People and their forms ---

    def create(self, laptop: Laptop) -> None:
        own = [v for v in VILLAGES if self._covers(laptop, [v])]
        village = self.random.choice(
            own if own and self.random.random() < 0.9 else VILLAGES
        )
        self.saved(laptop.new_person(village=village, name=self.unique()))

    def visit(self, laptop: Laptop) -> None:
        persons = [r for r in self.records(laptop) if self._is_person(laptop, r)]
        if persons:
            subject = self.random.choice(persons)
            self.saved(laptop.new_visit(subject, finding=self.unique()))

    def open(self, laptop: Laptop) -> None:
        records = self.records(laptop)
        if records and len(laptop.replica.kept.drafts) < 3:
            laptop.open(self.random.choice(records))

    def save(self, laptop: Laptop) -> None:
        drafts = laptop.replica.kept.drafts
        if not drafts:
            self.open(laptop)
        if drafts:
            form = self.random.choice(sorted(drafts))
            self.saved(
                laptop.save_form(form, self._answers(drafts[form].opened.form_id))
            )

    def close(self, laptop: Laptop) -> None:
        for form in list(laptop.replica.kept.drafts):
            laptop.close(form)

    def _answers(self, form_id: str) -> dict[str, object]:
        if form_id == "visit":
            names = self.random.sample(["place", "finding"], self.random.choice([1, 2]))
            return {name: self.unique() for name in names}
        if self.random.random() < 0.15:
            return {"village": self.random.choice(VILLAGES)}
        names = self.random.sample(
            ["name", "phone", "illness"], self.random.choice([1, 1, 2])
        )
        return {name: self.unique() for name in names}

    def saved(self, saved: Saved | None) -> None:
        if saved is not None:
            self.counts["saves"] += 1
            self.oracle.note(saved)
            self.note(saved.identity.hash)

    def unique(self) -> str:
        return f"{self.random.getrandbits(48):012x}"

    def records(self, laptop: Laptop) -> list[bytes]:
        """Return the records that a laptop may write to: in the scope it knows.

        Now and then its program is careless, and the province must see to it.
        """
        found = []
        for record in sorted(laptop.replica.records()):
            opened = laptop.replica.open_record(record)
            owner = opened.subject or record
            leaving = any(key[0] == record for key in laptop.replica.kept.leaving)
            if opened.form_id in {"person", "visit"} and not leaving:
                areas = self._areas(laptop, owner)
                if areas and (self._covers(laptop, areas) or self.happens(0.1)):
                    found.append(record)
        return found

    def _is_person(self, laptop: Laptop, record: bytes) -> bool:
        return laptop.replica.open_record(record).form_id == "person"

    def _areas(self, laptop: Laptop, owner: bytes) -> list[str]:
        if owner not in laptop.replica.records():
            return []
        siblings = laptop.replica.open_record(owner).siblings("village")
        return [str(sibling.value) for sibling in siblings]

    def _covers(self, laptop: Laptop, areas: list[str]) -> bool:
        return laptop.roster.scope(laptop.person).covers_any(areas)

    # --- Lines ---

    def sync(self, laptop: Laptop) -> None:
        """Sync over a line that breaks before or after the other side has heard."""
        try:
            done = laptop.sync(self._line(laptop), self.random.choice([3, 10, 60]))
        except AccessError as error:
            if error.code not in {UNKNOWN, REVOKED}:
                raise
            done = False
        self.counts["syncs done" if done else "syncs cut"] += 1

    def _line(self, laptop: Laptop) -> Callable[[str, bytes], bytes | None]:
        def carry(what: str, data: bytes) -> bytes | None:
            if self.happens(0.05):
                return None
            if what == "envelope":
                answer = self._deliver(data)[0]
                if self.office.forked:
                    self.counts["forks told"] += 1
                    self._notice(laptop)
            else:
                answer = self.office.ask(data)
            return None if self.happens(0.1) else answer

        return carry

    def _deliver(self, envelope: bytes) -> list[bytes]:
        self.archive.append(envelope)
        return self.office.take(envelope)

    # --- Couriers ---

    def hand_out(self, laptop: Laptop) -> None:
        for envelope in laptop.hand_out():
            if self.happens(0.1):
                self.counts["dropped"] += 1
                continue
            copies = 2 if self.happens(0.15) else 1
            self.bags += [envelope] * copies

    def carry(self, _: Laptop) -> None:
        """Let couriers deliver some of what they have, in any order."""
        for _nth in range(min(len(self.bags), self.random.randint(1, 6))):
            envelope = self.bags.pop(self.random.randrange(len(self.bags)))
            self._drop_off(envelope)

    def _drop_off(self, envelope: bytes) -> None:
        key = peek(envelope).key_id
        readers = [one for one in self.laptops if key in one.device_keys().opening]
        if readers:
            self.archive.append(envelope)
            laptop = self.random.choice(readers)
            error = laptop.take_mail(envelope)
            self.counts[f"mail {error.code if error else 'taken'}"] += 1
            self._look(laptop)
        elif key in self.town.roster.sealing_ids:
            self._hand_in(envelope)
        else:
            self.counts["mail nobody can open"] += 1

    def _hand_in(self, envelope: bytes) -> None:
        try:
            answers = self._deliver(envelope)  # bare if nobody could be sealed to
            self.bags += [one for one in answers if one.startswith(ENVELOPE)]
        except AccessError as error:
            self.counts[f"refused {error.code}"] += 1

    def repeat(self, _: Laptop) -> None:
        """Deliver an old message once more."""
        if self.archive:
            self._drop_off(self.random.choice(self.archive))

    # --- Scopes, releases, revocations ---

    def grant(self, laptop: Laptop) -> None:
        area = self.random.choice(["9011", "9012", "9013", "90110101"])
        classes = self.random.choice([[0], [0, 2], [0, 1, 2, 3, 4]])
        if laptop.role == "volunteer":
            self.town.grant(laptop.person, area, classes=classes)

    def withdraw(self, laptop: Laptop) -> None:
        version = self.town.roster.version
        spans = self.town.roster.grants.get(laptop.person, ())
        held = [span for span in spans if span.holds_at(version)]
        if laptop.role == "volunteer" and held:
            self.town.withdraw(laptop.person, self.random.choice(held).area)

    def release(self, laptop: Laptop) -> None:
        parked = self.town.storage.parked()
        if laptop.role == "coordinator" and parked:
            self.saved(laptop.release(self.random.choice(parked).change_hash))

    def revoke(self, laptop: Laptop) -> None:
        if laptop.role == "coordinator" or self.happens(0.7):
            return
        epoch = laptop.device_keys().epoch
        logged = self.town.storage.overlapping(epoch, 1, 1 << 40)
        heads = [max(logged, key=lambda one: one.position).hash] if logged else []
        self.town.issue(["revoke_epoch", epoch, heads])
        for other in self.laptops:
            other.is_revoked |= other.device_keys().epoch == epoch

    # --- Copies ---

    def snapshot(self, laptop: Laptop) -> None:
        self.disks.append((laptop, laptop.snapshot()))

    def restore(self, _: Laptop) -> None:
        """Put an old disk back: what was saved since is gone from this laptop."""
        if not self.disks:
            return
        laptop, disk = self.random.choice(self.disks)
        before = {saved.hash for saved in laptop.replica.kept.log}
        laptop.restore(disk)
        after = {saved.hash for saved in laptop.replica.kept.log}
        self.oracle.may_be_lost |= before - after
        self.oracle.forget(laptop)
        if self.random.random() < 0.35:
            self._notice(laptop)

    def clone(self, laptop: Laptop) -> None:
        if len(self.laptops) >= 8:
            return
        copied = laptop.clone(f"{laptop.name}{len(self.laptops)}")
        copied.is_revoked = laptop.is_revoked
        self.laptops.append(copied)
        self.oracle.forget(copied)
        for one in (laptop, copied):
            if self.random.random() < 0.5:
                self.create(one)
        if self.random.random() < 0.35:
            self._notice(copied)

    def _notice(self, laptop: Laptop) -> None:
        """Begin a new epoch; the office certifies it now or later."""
        if laptop.is_revoked:
            return
        self.counts["new epochs"] += 1
        self.uncertified.append(laptop.begin_epoch())
        if self.random.random() < 0.5:
            self.certify(laptop)

    def certify(self, _: Laptop) -> None:
        for act in self.uncertified:
            self.town.issue(act)
        self.uncertified.clear()

    # --- Rest ---

    def come_to_rest(self) -> None:
        """Let everything through and check all; then the same after old messages."""
        self.faults = 0.0
        for laptop in self.laptops:
            self.close(laptop)
        self._settle()
        check(self.town, self.oracle, self.laptops)
        old = self.random.sample(self.archive, min(SECOND_DELIVERY, len(self.archive)))
        for envelope in old:
            self._drop_off(envelope)
        self._settle()
        check(self.town, self.oracle, self.laptops)

    def _settle(self) -> None:
        self.certify(self.laptops[0])
        for _round in range(ROUNDS_MAX):
            for _nth in range(len(self.bags)):
                self._drop_off(self.bags.pop(0))
            before = self._state()
            for laptop in self.laptops:
                self._sync_fully(laptop)
                self._look(laptop)
            self.certify(self.laptops[0])
            if self._state() == before:
                self.note("rest", _round)
                return
        raise BrokenLawError("the province does not come to rest")

    def _sync_fully(self, laptop: Laptop) -> None:
        try:
            laptop.sync(self._line(laptop), messages_max=3_000)
        except AccessError as error:
            if error.code != REVOKED:
                raise

    def _state(self) -> list[object]:
        return [
            self.town.storage.head(),
            *((len(o.replica.outgoing()), o.replica.cursor()) for o in self.laptops),
        ]


ACTIONS: Final = {
    "create": 8,
    "visit": 5,
    "open": 8,
    "save": 22,
    "close": 2,
    "sync": 26,
    "hand_out": 5,
    "carry": 10,
    "repeat": 4,
    "grant": 2,
    "withdraw": 2,
    "release": 2,
    "revoke": 1,
    "snapshot": 3,
    "restore": 1.5,
    "clone": 1.5,
    "certify": 1,
}
FORKS: Final = ACTIONS | {"clone": 6, "restore": 4, "hand_out": 10, "carry": 14}
SCOPES: Final = ACTIONS | {"grant": 8, "withdraw": 8, "repeat": 8}
WEIGHTS: Final = (ACTIONS, FORKS, ACTIONS, SCOPES)
"""How often each thing is done: all mixed, or one kind of trouble more than others."""
