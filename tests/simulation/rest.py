"""At rest: what must hold when everything has arrived and nobody writes."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from fieldkit.causality import Dot
from fieldkit.records.layout import RELEASE_FORM
from fieldkit.records.record import Record
from fieldkit.sync.batch import open_batch, read_batch
from fieldkit.sync.digest import DIGEST_BYTES
from sync_server.storage.contract import LoggedBatch, VerdictRow
from tests.simulation.laptop import Laptop
from tests.simulation.oracle import BrokenLawError, Live, Oracle
from tests.simulation.province import Town, class_number

WAITS = {"out_of_scope", "revoked", "record_missing", "subject_missing"}
FIRST_ID, LAST_ID = bytes(16), b"\xff" * 16
MODULUS = 1 << 8 * DIGEST_BYTES


class Judged(NamedTuple):
    """What the core says of one change."""

    disposition: str
    reason: str


def judged(town: Town) -> dict[bytes, Judged]:
    """Return what the core says of each change in its log, each once."""
    found: dict[bytes, set[Judged]] = {}
    for logged in town.storage.batches():
        rows = town.storage.verdicts_of(logged.hash)
        for place, name in enumerate(_changes_in(logged)):
            newest = _newest(rows, place)
            said = Judged(newest.disposition, newest.reason)
            found.setdefault(name, set()).add(said)
    for said_of in found.values():
        if len(said_of) != 1:
            raise BrokenLawError(f"a change has {len(said_of)} dispositions")
    return {name: said.pop() for name, said in found.items()}


@lru_cache(maxsize=4_096)
def _changes_in(logged: LoggedBatch) -> tuple[bytes, ...]:
    """Return the hash of each change in a batch."""
    return tuple(one.hash for one in open_batch(read_batch(logged.data)).identities)


def applied(town: Town) -> set[bytes]:
    """Return the changes that the core has applied."""
    return {name for name, one in judged(town).items() if one.disposition == "applied"}


def _newest(rows: Iterable[VerdictRow], place: int) -> VerdictRow:
    said = [row for row in rows if row.offset <= place < row.offset + row.size]
    if not said:
        raise BrokenLawError("a change has no disposition")
    return said[-1]


def check(town: Town, oracle: Oracle, laptops: Iterable[Laptop]) -> None:
    """Check everything that must hold at rest.

    Raises:
        BrokenLawError: something does not.
    """
    said = judged(town)
    _check_dispositions(town, oracle, said)
    live = oracle.live({n for n, one in said.items() if one.disposition == "applied"})
    _check_core(town, live)
    for laptop in laptops:
        if not laptop.is_revoked:  # a revoked one gets no pages any more
            _check_verdicts(laptop, said)
            _check_laptop(town, oracle, laptop, live)


# --- The core -------------------------------------------------------------------------


def _check_dispositions(town: Town, oracle: Oracle, said: dict[bytes, Judged]) -> None:
    lost = oracle.said.keys() - said.keys() - oracle.may_be_lost
    if lost:
        raise BrokenLawError(f"{len(lost)} changes are lost")
    if said.keys() - oracle.said.keys():
        raise BrokenLawError("the core has a change that nobody saved")
    for name, one in said.items():
        if one.disposition == "applied":
            continue
        if one.disposition != "quarantined" or one.reason not in WAITS:
            raise BrokenLawError(f"an honest change is {one.disposition}: {one.reason}")
        if one.reason == "out_of_scope" and _was_in_scope(town, oracle, said, name):
            raise BrokenLawError("a change in scope is quarantined")
        if one.reason.endswith("_missing") and not _rests_on_nothing(
            oracle, said, name
        ):
            raise BrokenLawError(f"{one.reason}, but it is there")


def _was_in_scope(
    town: Town, oracle: Oracle, said: dict[bytes, Judged], name: bytes
) -> bool:
    """Return whether the author could write to an area in which the record is now."""
    spoken = oracle.said[name]
    owner = oracle.owners.get(spoken.record, spoken.record)
    live = oracle.live({n for n, one in said.items() if one.disposition == "applied"})
    own = spoken.values.get("village")
    areas = set(areas_of(owner, live)) | ({own} if owner not in live and own else set())
    scopes = town.roster.scopes_between(
        spoken.person, spoken.roster, town.roster.version
    )
    return any(scope.covers_any(map(str, areas)) for scope in scopes)


def _rests_on_nothing(oracle: Oracle, said: dict[bytes, Judged], name: bytes) -> bool:
    """Return whether the record or its owner is not in the register."""
    spoken = oracle.said[name]
    owner = oracle.owners.get(spoken.record)
    done = {n for n, one in said.items() if one.disposition == "applied" and n != name}
    here = {oracle.said[one].record for one in done}
    return owner is None or owner not in here or spoken.record not in here


def areas_of(owner: bytes, live: Live) -> list[str]:
    """Return the areas that an owner is in: contested, in each of them."""
    places = live.get(owner, {})
    found = {str(v) for (_, name), v in places.items() if name == "village" and v}
    return sorted(found) or ["90"]


def _check_core(town: Town, live: Live) -> None:
    known = {row.record_id for row in town.storage.records_by_number(
        range(1, town.storage.record_count() + 1)
    ).values()}  # fmt: skip
    if known != live.keys():
        raise BrokenLawError("the core has other records than the oracle")
    for record_id in sorted(known):
        record = town.record(record_id)
        if _said(record) != live[record_id]:
            raise BrokenLawError(
                f"the core shows other values: {_differ(record, live)}"
            )
        _check_twins(record)


def _differ(record: Record, live: Live) -> str:
    here, there = _said(record), live[record.id]
    lost = {place[1] for place in there.keys() - here.keys()}
    more = {place[1] for place in here.keys() - there.keys()}
    return f"without {sorted(lost)}, with {sorted(more)}"


def _check_twins(record: Record) -> None:
    for name, siblings in record.registers.items():
        values = Counter(str(one.value) for one in siblings if one.value)
        if name != "village" and any(many > 1 for many in values.values()):
            raise BrokenLawError("one value stands beside itself")


# --- The laptops ----------------------------------------------------------------------


def _check_verdicts(laptop: Laptop, said: dict[bytes, Judged]) -> None:
    """Check that a laptop knows what became of each change in its log."""
    kept = laptop.replica.kept
    for saved in kept.log:
        known = kept.judged.get(saved.seq)
        truth = said.get(saved.hash)
        if known is None or truth is None:
            raise BrokenLawError(f"{laptop.name} waits for a verdict")
        if (known.disposition, known.reason) != truth:
            told, true = known.disposition, truth.disposition
            raise BrokenLawError(f"{laptop.name} was told {told}, but it is {true}")


def _check_laptop(town: Town, oracle: Oracle, laptop: Laptop, live: Live) -> None:
    scope = town.roster.scope(laptop.person)
    wanted: dict[bytes, dict[tuple[Dot, str], object]] = {}
    for record, places in live.items():
        areas = areas_of(oracle.owners[record], live)
        form_id = town.storage.records([record])[record].form_id
        found = {
            place: value
            for place, value in places.items()
            if scope.covers_any(areas, class_number(form_id, place[1]))
        }
        if found:
            wanted[record] = found
    held = dict(_shown(laptop, "applied"))
    for record in wanted.keys() | held.keys():
        here, there = held.get(record, {}), wanted.get(record, {})
        if here != there:
            more = sorted({n for _, n in here.keys() - there.keys()})
            less = sorted({n for _, n in there.keys() - here.keys()})
            raise BrokenLawError(f"{laptop.name} lacks {less}, and has {more} too many")
    _check_beside(laptop)
    _check_digest(town, laptop)


def _shown(
    laptop: Laptop, mark: str
) -> Iterator[tuple[bytes, dict[tuple[Dot, str], object]]]:
    """Yield what a laptop shows of each record with that mark."""
    for record in sorted(laptop.replica.records()):
        opened = laptop.replica.open_record(record)
        if opened.form_id == RELEASE_FORM:
            continue
        found = {
            (sibling.dot, name): sibling.value
            for name, siblings in opened.registers.items()
            for sibling in siblings
            if sibling.mark == mark
        }
        if found:
            yield record, found


def _check_beside(laptop: Laptop) -> None:
    """Check that what waits for a look is shown whole, and nothing else is marked."""
    kept = laptop.replica.kept
    waiting = {
        entry.dot
        for seq, one in kept.judged.items()
        if one.disposition == "quarantined"
        for _, entry, *_ in kept.writes[seq]
    }
    shown = {dot for _, places in _shown(laptop, "quarantined") for dot, _ in places}
    if waiting - _releases(laptop) != shown - _releases(laptop):
        raise BrokenLawError(f"{laptop.name} hides what waits for a look")
    if any(True for _ in _shown(laptop, "local")):
        raise BrokenLawError(f"{laptop.name} still shows something as unsent")


def _releases(laptop: Laptop) -> set[Dot]:
    kept = laptop.replica.kept
    return {
        entry.dot
        for writes in kept.writes.values()
        for _, entry, _, layout in writes
        if layout.form_id == RELEASE_FORM
    }


def _check_digest(town: Town, laptop: Laptop) -> None:
    epoch = laptop.device_keys().epoch
    theirs = town.core.record_digests(epoch, FIRST_ID, LAST_ID).values()
    whole = sum(map(int.from_bytes, theirs)) % MODULUS
    if whole.to_bytes(DIGEST_BYTES) != laptop.replica.digest():
        raise BrokenLawError(f"{laptop.name} has another digest")


def _said(record: Record) -> dict[tuple[Dot, str], object]:
    return {
        (sibling.dot, name): sibling.value
        for name, siblings in record.registers.items()
        for sibling in siblings
    }
