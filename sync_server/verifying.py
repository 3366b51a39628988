"""Verifying: every batch opened again, and every record built anew from the log."""

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from fieldkit.causality import Dot
from fieldkit.crypto.sign import verify
from fieldkit.errors import FieldKitError
from fieldkit.records.layout import Layout
from fieldkit.records.part import decode_part
from fieldkit.sync.batch import BATCH_LABEL, OpenBatch, open_batch, read_batch
from fieldkit.sync.digest import part_digest
from fieldkit.sync.receipts import Verdict
from fieldkit.sync.roster import Roster
from sync_server.core.applying import Applier, Placed, Sees, layouts_of
from sync_server.core.core import current_verdicts
from sync_server.core.province import Province
from sync_server.core.world import World
from sync_server.issuing import FormReader
from sync_server.opening import Opened
from sync_server.storage.contract import LoggedBatch, Storage
from sync_server.storage.engines import open_storage

CLASS_SPAN = 8
FAULTS_MAX = 100

Words = tuple[str, str]


@dataclass(slots=True)
class Verified:
    """What was found.

    Attributes:
        batches: how many were opened.
        changes: how many are in them.
        records: how many records there are.
        faults: what does not fit, in Thai and English.
    """

    batches: int = 0
    changes: int = 0
    records: int = 0
    faults: list[Words] = field(default_factory=list)

    def summary(self) -> dict[str, object]:
        """Return the counts."""
        return {
            "batches": self.batches,
            "changes": self.changes,
            "records": self.records,
            "faults": len(self.faults),
        }

    def tell(self, thai: str, english: str) -> None:
        """Note a fault."""
        if len(self.faults) < FAULTS_MAX:
            self.faults.append((thai, english))


class Run(NamedTuple):
    """Changes of one batch that count, at their place in the log."""

    position: int
    batch_hash: bytes
    offset: int
    size: int
    sees: Sees


def verify_province(province: Opened) -> Verified:
    """Return whether log, signatures and records of a province fit together."""
    storage = province.open_storage()
    try:
        with tempfile.TemporaryDirectory(prefix="fieldkit-verify-") as folder:
            url = f"sqlite:///{Path(folder) / 'anew.db'}"
            anew = open_storage(url, province.keys.database)
            try:
                reader = FormReader(province.ledger)
                return verify_storage(storage, anew, province.ledger.roster(), reader)
            finally:
                anew.close()
    finally:
        storage.close()


def verify_storage(
    storage: Storage, anew: Storage, roster: Roster, reader: FormReader
) -> Verified:
    """Return the same, given an empty storage to build the records in."""
    result = Verified()
    runs: list[Run] = []
    for logged in storage.batches():
        result.batches += 1
        result.changes += logged.size
        try:
            _check_batch(logged, roster)
        except FieldKitError as error:
            mark = logged.hash.hex()[:16]
            result.tell(
                f"ชุดข้อมูล {mark}: {error.message('th')}",
                f"Batch {mark}: {error.message('en')}",
            )
            continue
        runs += _counting_runs(storage, logged)
    _Rebuilding(storage, anew, roster, reader).build(
        sorted(runs, key=lambda run: run.position)
    )
    _compare(storage, anew, result)
    return result


def _check_batch(logged: LoggedBatch, roster: Roster) -> None:
    """Refuse a batch that does not open, or was not signed by its author."""
    signed = read_batch(logged.data)
    batch = open_batch(signed)
    device = roster.devices.get(batch.header.epoch)
    if device is None or batch.hash != logged.hash:
        raise FieldKitError("verify.batch")
    verify(device.verify_key, BATCH_LABEL, batch.hash, signed.signature)


def _counting_runs(storage: Storage, logged: LoggedBatch) -> Iterator[Run]:
    said = storage.verdicts_of(logged.hash)
    for one in current_verdicts(logged.hash, logged.size, said):
        if _counts(one):
            sees = Sees.ALL if one.disposition == "applied" else Sees.NOTHING
            yield Run(one.position, logged.hash, one.offset, one.count, sees)


def _counts(verdict: Verdict) -> bool:
    return verdict.disposition == "applied" or verdict.reason == "tag_mismatch"


class _Rebuilding:
    """Builds the records of a log in an empty storage."""

    def __init__(
        self, storage: Storage, anew: Storage, roster: Roster, reader: FormReader
    ) -> None:
        texts = reader.texts
        forms = reader(texts[one] for one in roster.forms.values())
        self._log = Province(storage, roster, {}).log
        self._province = Province(anew, roster, {form.key: form for form in forms})
        self._applied: set[Dot] = set()
        self._done: set[bytes] = set()

    def build(self, runs: list[Run]) -> None:
        for run in runs:
            with self._province.storage.transaction():
                self._apply(run, self._log.open(run.batch_hash))

    def _apply(self, run: Run, batch: OpenBatch) -> None:
        province = self._province
        plans = {key: province.plan(layout) for key, layout in batch.layouts.items()}
        province.layouts.keep(layouts_of(plans))
        world = World(province.storage)
        applier = Applier(
            world,
            plans,
            province.layouts,
            province.area_registers,
            province.roster.area,
            self._applied.__contains__,
        )
        for step in range(run.size):
            place = run.offset + step
            change, identity = batch.changes[place], batch.identities[place]
            if identity.hash not in self._done:
                self._done.add(identity.hash)
                applier.apply(Placed(change, identity, run.position + step, run.sees))
                self._applied.update(
                    identity.dot(change.stamp, ordinal)
                    for ordinal in range(len(change.writes))
                )
        world.flush()


def _compare(storage: Storage, anew: Storage, result: Verified) -> None:
    """Tell of every record whose parts are not what the log gives."""
    kept, built = _digests(storage), _digests(anew)
    result.records = len(kept)
    for record_id in sorted(kept.keys() | built.keys()):
        if kept.get(record_id) != built.get(record_id):
            mark = record_id.hex()
            result.tell(
                f"รายการ {mark} ไม่ตรงกับบันทึก",
                f"Record {mark} is not what the log gives.",
            )


def _digests(storage: Storage) -> Mapping[bytes, int]:
    """Return the sum of the digests of each record's parts."""
    layouts: Mapping[bytes, Layout] = Province(storage, Roster.empty(), {}).layouts
    found: dict[bytes, int] = defaultdict(int)
    for table, rows in storage.dump():
        if table != "parts":
            continue
        parts = [(int(str(row[0])), row[2]) for row in rows]
        numbers = sorted({key // CLASS_SPAN for key, _ in parts})
        records = storage.records_by_number(numbers)
        for key, blob in parts:
            assert isinstance(blob, bytes)
            record_id = records[key // CLASS_SPAN].record_id
            part = decode_part(blob)
            found[record_id] += part_digest(record_id, key % CLASS_SPAN, part, layouts)
    return found
