"""The storage contract: what the core and the relay ask of a database.

One contract, run on memory, SQLite (SQLCipher) and PostgreSQL by the same tests.
Positions are given by the core: dense integers from 1, one for each change of a batch,
each roster entry and each later judgement. Numbers of records are dense from 1 and
never leave this database.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol


class LoggedBatch(NamedTuple):
    """One accepted batch as it is kept for ever.

    Attributes:
        position: of its first change; the others follow.
        epoch: the author, 16 bytes.
        first: counter of its first change.
        size: how many changes.
        hash: the batch hash, 32 bytes.
        previous: the hash of the author's batch before.
        data: the signed batch, packed as it came, out of its envelope.
        received_at: server clock, ms since 1970.
    """

    position: int
    epoch: bytes
    first: int
    size: int
    hash: bytes
    previous: bytes
    data: bytes
    received_at: int


class RecordRow(NamedTuple):
    """One record's fixed facts.

    Attributes:
        number: its small integer here.
        record_id: 16 bytes.
        form_id: the form it was created with.
        subject: the record it hangs on, or None.
        owner: the number of the record whose area counts: its subject's, or its own.
    """

    number: int
    record_id: bytes
    form_id: str
    subject: bytes | None
    owner: int


class PartRow(NamedTuple):
    """One part's state: ``key`` is record number × 8 + class."""

    key: int
    position: int
    blob: bytes


class AreaSpan(NamedTuple):
    """An owner was in ``area`` from a position on, until another (None: still)."""

    owner: int
    area: str
    since: int
    until: int | None


class VerdictRow(NamedTuple):
    """A run of changes judged alike at ``position`` (of the first; the rest follow)."""

    position: int
    epoch: bytes
    batch_hash: bytes
    offset: int
    size: int
    disposition: str
    reason: str


class ParkedRow(NamedTuple):
    """A change that is kept but not applied, and what it waits for.

    Attributes:
        change_hash: 32 bytes.
        batch_hash: where its bytes lie.
        offset: its place in that batch.
        disposition: ``review`` or ``quarantined``.
        reason: the code of the reason.
        waits_for: the record whose arrival or area decides, or None: the roster.
    """

    change_hash: bytes
    batch_hash: bytes
    offset: int
    disposition: str
    reason: str
    waits_for: bytes | None


class MailRow(NamedTuple):
    """An envelope waiting at the relay for the holder of a key."""

    number: int
    key_id: bytes
    envelope: bytes


class Storage(Protocol):
    """A database of the province. Every write happens inside ``transaction``.

    When ``transaction`` ends without an error its writes are on disk (fsync), and
    visible all at once. There is one writer at a time; readers see the last commit.
    """

    def transaction(self) -> AbstractContextManager[None]:
        """Begin the one write transaction; roll back on any error."""

    def close(self) -> None:
        """Give every connection back."""

    # --- small facts ---
    def get(self, key: str) -> bytes | None:
        """Return a small fact (head position, schema, cursors of devices)."""

    def put(self, key: str, value: bytes) -> None:
        """Keep a small fact."""

    def facts(self, beginning: str) -> dict[str, bytes]:
        """Return the small facts whose names begin so, by name."""

    # --- the log ---
    def head(self) -> int:
        """Return the highest position given; 0 for an empty log."""

    def set_head(self, position: int) -> None:
        """Set the highest position given."""

    def append(self, batch: LoggedBatch) -> None:
        """Add a batch to the log."""

    def batch(self, batch_hash: bytes) -> LoggedBatch | None:
        """Return a batch by its hash."""

    def overlapping(self, epoch: bytes, first: int, last: int) -> list[LoggedBatch]:
        """Return the batches of ``epoch`` with a counter in ``first``..``last``."""

    def batches(self, after: int = 0) -> Iterator[LoggedBatch]:
        """Yield the batches beyond a position, in order."""

    # --- verdicts ---
    def add_verdicts(self, rows: Iterable[VerdictRow]) -> None:
        """Add runs of verdicts; a later position counts over an earlier one."""

    def verdicts_of(self, batch_hash: bytes) -> list[VerdictRow]:
        """Return all runs said of a batch, oldest first."""

    def verdicts_since(
        self, epochs: Sequence[bytes], after: int, to: int
    ) -> list[VerdictRow]:
        """Return runs of these authors with a position in ``(after, to]``, in order.

        A run that began at or before ``after`` and reaches beyond it is among them.
        """

    def park(self, rows: Iterable[ParkedRow]) -> None:
        """Keep changes that are not applied; one row a change hash (replaces)."""

    def unpark(self, change_hash: bytes) -> None:
        """Forget that a change is parked."""

    def parked(
        self, waits_for: Sequence[bytes | None] | None = None
    ) -> list[ParkedRow]:
        """Return what waits for one of these records (None: the roster), or all."""

    # --- records and parts ---
    def records(self, record_ids: Sequence[bytes]) -> dict[bytes, RecordRow]:
        """Return those of the records that are known, by id; any number at once."""

    def records_by_number(self, numbers: Sequence[int]) -> dict[int, RecordRow]:
        """Return records by their number here; any number at once."""

    def record_count(self) -> int:
        """Return the highest record number given; 0 for none."""

    def add_records(self, rows: Sequence[RecordRow]) -> None:
        """Add records, in bulk."""

    def parts(self, keys: Sequence[int]) -> dict[int, PartRow]:
        """Return those of the parts that exist, by key; any number at once."""

    def put_parts(self, rows: Sequence[PartRow]) -> None:
        """Write parts, in bulk; a key that exists is replaced."""

    def changed_parts(
        self,
        after: int,
        to: int,
        areas: Sequence[str],
        classes: Sequence[int],
        count_max: int,
    ) -> list[PartRow]:
        """Return parts with a position in ``(after, to]``, ordered by (position, key).

        Args:
            after: positions up to this one are left out.
            to: positions beyond this one are left out.
            areas: prefixes; only parts whose owner is now in an area beginning so.
            classes: class numbers (``key % 8``).
            count_max: how many at the most, except that parts of one position are
                never torn apart.
        """

    def parts_of_owners(
        self, owners: Sequence[int], classes: Sequence[int]
    ) -> list[PartRow]:
        """Return all parts of all records of these owners, ordered by key."""

    # --- areas ---
    def areas_of(self, owners: Sequence[int]) -> dict[int, list[AreaSpan]]:
        """Return every span of these owners, past ones too."""

    def set_areas(self, owner: int, areas: Sequence[str], position: int) -> None:
        """Say that from ``position`` on the owner is in just these areas."""

    def add_areas(self, spans: Sequence[AreaSpan]) -> None:
        """Add first spans of new owners, in bulk."""

    def moved_owners(self, after: int, to: int) -> list[AreaSpan]:
        """Return spans that began or ended in ``(after, to]`` of older owners.

        Spans with which an owner's first span began are left out: its parts are new
        themselves.
        """

    def owners_in(self, areas: Sequence[str]) -> list[int]:
        """Return owners now in an area that begins with one of these."""

    # --- unverified and travelling bytes ---
    def keep_envelope(
        self, envelope_id: bytes, envelope: bytes, received: int, total: int
    ) -> None:
        """Keep an envelope, or what has come of it so far."""

    def envelope(self, envelope_id: bytes) -> tuple[bytes, int] | None:
        """Return what has come of an envelope, and its whole size."""

    def drop_envelope(self, envelope_id: bytes) -> None:
        """Forget an envelope that the core has taken."""

    def envelopes(self, count_max: int) -> list[tuple[bytes, bytes]]:
        """Return whole envelopes that wait for the core: (id, bytes), oldest first."""

    def hold(self, epoch: bytes, batch_hash: bytes, data: bytes) -> None:
        """Keep a batch whose author nobody has certified yet."""

    def held(self, epoch: bytes) -> list[tuple[bytes, bytes]]:
        """Return batches kept for an author: (batch hash, data), oldest first."""

    def release(self, batch_hash: bytes) -> None:
        """Forget a held batch: it is in the log now."""

    def post(self, key_id: bytes, envelope: bytes) -> None:
        """Leave an envelope in a mailbox."""

    def mail(self, key_id: bytes, after: int = 0) -> list[MailRow]:
        """Return the envelopes of a mailbox beyond a number, oldest first."""

    def drop_mail(self, key_id: bytes, upto: int) -> None:
        """Forget the envelopes of a mailbox up to a number."""

    # --- backup ---
    def dump(self) -> Iterator[tuple[str, list[Sequence[object]]]]:
        """Yield every table as (name, some of its rows), from one snapshot."""

    def load(self, table: str, rows: Sequence[Sequence[object]]) -> None:
        """Add rows that ``dump`` gave, to an empty database."""
