"""The replica: what sync asks of the place where a laptop keeps its work.

One is the encrypted database of ``store``, one lies in memory for the simulator, and
one contract test runs on both. Every method is called inside ``transaction``, and what
one transaction wrote is kept wholly or not at all, also over a power cut.

What a person sees of a record is ``join`` of the province's part and of the writes made
here that are not absorbed yet. A write with a verdict ``review`` or ``quarantined``
stands beside the others, marked, and what it replaces has no effect.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from fieldkit.causality import Dot
from fieldkit.records.layout import Layout
from fieldkit.records.part import Part
from fieldkit.sync.positions import Cursor
from fieldkit.sync.receipts import Verdict
from fieldkit.sync.states import PartKey, PartState

Travel = Literal["local", "stored", "accepted", "durable"]
"""How far a batch came: cut here, at a relay, with the province, in its backups."""


class SavedChange(NamedTuple):
    """One save made on this laptop.

    Attributes:
        seq: its place in this laptop's log, over all epochs.
        epoch: its author.
        counter: its number in the epoch.
        hash: the 32 bytes by which receipts name it.
        data: its bytes for ever.
    """

    seq: int
    epoch: bytes
    counter: int
    hash: bytes
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A batch cut on this laptop, in the sealed bytes that are sent every time.

    Attributes:
        hash: the batch's hash, 32 bytes.
        epoch: its author.
        first: counter of its first change.
        count: how many changes.
        envelope_id: hash of the sealed bytes.
        envelope: the sealed bytes, kept before the first send.
        state: how far it has come.
    """

    hash: bytes
    epoch: bytes
    first: int
    count: int
    envelope_id: bytes
    envelope: bytes
    state: Travel = "local"


class Notice(NamedTuple):
    """Tells an author that their value was not kept; they can bring it back.

    Attributes:
        record_id: whose record.
        class_number: in which part.
        registers: which values, sorted.
        person: who decided otherwise.
        because: the reason given, if any.
        at: when, by their hybrid clock (ms since 1970).
        dot: the name of the write that was not kept.
    """

    record_id: bytes
    class_number: int
    registers: tuple[str, ...]
    person: bytes
    because: str | None
    at: int
    dot: Dot


class Replica(Protocol):
    """A laptop's own log, its copy of the province's parts, and how far both came."""

    def transaction(self) -> AbstractContextManager[object]:
        """Return a context in which all is kept at its end, or nothing.

        It may be entered inside another one, and is then part of that.
        """
        ...

    # --- Our own log ---

    def uncut(self, count_max: int) -> Sequence[SavedChange]:
        """Return the oldest saves that lie in no batch, in the order of their counters.

        All are of one epoch and follow without a gap; at most ``count_max``.
        """
        ...

    def seeds(self, epoch: bytes) -> Mapping[int, bytes]:
        """Return the salt seeds of one of our epochs, by ``change.seed_index``."""
        ...

    def layouts(self) -> Mapping[bytes, Layout]:
        """Return every layout known here, by its id; it may read them on demand."""
        ...

    def add_layouts(self, layouts: Iterable[Layout]) -> None:
        """Keep layouts; one that is known already is no error."""
        ...

    def add_batch(self, batch: Outgoing) -> None:
        """Keep a batch; from now on its changes are cut."""
        ...

    def outgoing(self, *, after: Travel | None = None) -> Sequence[Outgoing]:
        """Return the batches that the province has not accepted, oldest first.

        Args:
            after: leave out those that came no further than this: with ``"local"``
                only the batches that lie with a relay.
        """
        ...

    def last_batch(self, epoch: bytes) -> bytes | None:
        """Return the hash of the epoch's newest batch, or None before its first."""
        ...

    def set_travel(self, batch_hash: bytes, travel: Travel) -> None:
        """Note how far a batch has come; never back, and unknown ones are no error."""
        ...

    def take_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        """Keep what the province says of our changes.

        A verdict counts only for a batch held here with that hash. A lower position
        never overrides a higher one. A batch of which every change has a verdict is
        accepted.
        """
        ...

    def forget_beyond(self, position: int) -> None:
        """Forget every verdict at a position beyond ``position``: that log is dead.

        Their batches are unaccepted again and will be sent again; no longer durable.
        Writes that were absorbed on such a verdict are ours to show again.
        """
        ...

    def set_durable(self, batch_hashes: Iterable[bytes]) -> None:
        """Note which batches lie in every backup; unknown ones are no error."""
        ...

    # --- What came down ---

    def cursor(self) -> Cursor:
        """Return the log and position whose pages were applied."""
        ...

    def set_cursor(self, cursor: Cursor) -> None:
        """Note how far pages were applied; it may go back, over a new incarnation."""
        ...

    def stage(self, to: int, page: bytes) -> None:
        """Keep a page's opened bytes until all pages up to one head are here."""
        ...

    def staged(self) -> Sequence[bytes]:
        """Return the staged pages, in the order of their ``to``."""
        ...

    def clear_staged(self) -> None:
        """Forget the staged pages."""
        ...

    def held(self, keys: Sequence[PartKey]) -> Mapping[PartKey, Part]:
        """Return those of the province's parts that lie here, our writes left out."""
        ...

    def own_parts(self, keys: Sequence[PartKey]) -> Mapping[PartKey, Part]:
        """Return the parts among ``keys`` in which a value written here is live.

        Each is ``join`` of the held part and of our writes that the province applied
        and that are not absorbed yet. Quick where nothing was ever written here.
        """
        ...

    def own_epochs(self) -> frozenset[bytes]:
        """Return every epoch that this laptop has written in."""
        ...

    def put_parts(self, states: Iterable[PartState]) -> None:
        """Put each state in place of the part held; their layouts are known already.

        Entries that are no longer live become history; the search follows in the same
        transaction. ``states`` may be a generator over tens of thousands.
        """
        ...

    def move_out(self, keys: Iterable[PartKey], position: int) -> None:
        """Remove parts that are no longer ours to hold, as of ``position``.

        A part whose form is open here waits until it is closed; writes not absorbed
        stay. Until it is carried out it is read-only and does not count for ``absorb``.
        """
        ...

    def absorb(self) -> None:
        """Drop the own writes of which the province's part now speaks.

        That is: each part that the write touches was brought, or its move out carried
        out, at a position at or beyond the write's verdict ``applied`` or ``erased``.
        """
        ...

    def add_notices(self, notices: Sequence[Notice]) -> None:
        """Keep what a person here must be told; the same notice twice is one."""
        ...

    # --- What is known of the province ---

    def roster_entries(self, after: int = 0) -> Sequence[bytes]:
        """Return the roster's entries beyond version ``after``, in order."""
        ...

    def add_roster_entries(self, entries: Sequence[bytes]) -> None:
        """Keep entries that were verified and continue those known."""
        ...

    def form_texts(self) -> Mapping[bytes, bytes]:
        """Return the hash of every form file known here, with its text on demand."""
        ...

    def add_form(self, form_hash: bytes, text: bytes) -> None:
        """Keep a form file whose hash the roster names."""
        ...

    # --- Agreement ---

    def digest(self, area: str | None = None, class_number: int | None = None) -> bytes:
        """Return the digest (see ``sync.digest``) of the province's parts held here.

        Args:
            area: only records of which an area begins so; None for all.
            class_number: only parts of one class; None for all.
        """
        ...

    def part_digests(self, first: bytes, last: bytes) -> Mapping[bytes, bytes]:
        """Return the digest of each record whose id lies in ``first`` … ``last``."""
        ...

    def in_doubt(self) -> bool:
        """Return whether digests must be compared: a new incarnation was met."""
        ...

    def set_in_doubt(self, in_doubt: bool) -> None:
        """Note whether digests must be compared before this copy is trusted."""
        ...
