"""How far our saves have come: batches, verdicts, backups, and pages coming down."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from fieldkit.causality import Dot
from fieldkit.codec import decode, encode
from fieldkit.records.change import read_change
from fieldkit.store.log import APPLIED, DISPOSITIONS, ERASED, WRITE_SPAN
from fieldkit.store.parts import Parts
from fieldkit.sync.positions import Cursor, read_incarnations
from fieldkit.sync.receipts import FORKED
from fieldkit.sync.replica import Notice, Outgoing, SavedChange, Travel

if TYPE_CHECKING:
    from fieldkit.sync.receipts import Verdict

_TRAVELS: Final[tuple[Travel, ...]] = ("local", "stored", "accepted", "durable")
_STORED, _ACCEPTED, _DURABLE = 1, 2, 3
_CURSOR, _DOUBT = "cursor", "in doubt"
_SMALL: Final = 1 << 20
_RANGE: Final = (
    "SELECT b.number, e.base + b.first, e.base + b.first + b.count - 1"
    " FROM batches b JOIN epochs e ON e.number = b.epoch"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many saves stand where; each save counts once.

    Attributes:
        local: only here.
        travelling: a relay or a hub has the bytes.
        accepted: the province has them.
        durable: every backup has them.
        waiting: somebody must look at them: in review or in quarantine.
        oldest_ms: device time of the oldest save that the province has not judged.
    """

    local: int
    travelling: int
    accepted: int
    durable: int
    waiting: int
    oldest_ms: int | None


class _Range(NamedTuple):
    """A batch's row, and its place in the log, both ends included."""

    number: int
    first: int
    last: int

    @property
    def leaves(self) -> tuple[int, int]:
        return _leaves(self.first, self.last)


def _leaves(first: int, last: int) -> tuple[int, int]:
    """Return the first and last row of the writes of these saves."""
    return first * WRITE_SPAN, last * WRITE_SPAN + WRITE_SPAN - 1


class TravelLog(Parts):
    """Batches and what the province says of them; the cursor and the staged pages."""

    # --- Batches ---

    def uncut(self, count_max: int) -> Sequence[SavedChange]:
        """Return the oldest saves that lie in no batch: one epoch's, without a gap."""
        row = self._db.row(
            "SELECT epoch, base, cut, saved FROM epochs WHERE cut < saved"
            " ORDER BY number LIMIT 1"
        )
        if row is None:
            return []
        epoch, base, cut, saved = row
        last = min(saved, cut + count_max)
        return self._saved(base + cut + 1, base + last, base, epoch)

    def add_batch(self, batch: Outgoing) -> None:
        """Keep a batch; from now on its changes are cut.

        The same batch sealed anew takes the place of the old envelope.
        """
        with self.transaction():
            number = self._db.value(
                "SELECT number FROM epochs WHERE epoch = ?", [batch.epoch]
            )
            self._db.run(
                "INSERT INTO batches (hash, epoch, first, count, travel, envelope_id,"
                " envelope) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO UPDATE"
                " SET envelope_id = excluded.envelope_id, envelope = excluded.envelope",
                [
                    batch.hash, number, batch.first, batch.count,
                    _TRAVELS.index(batch.state), batch.envelope_id, batch.envelope,
                ],
            )  # fmt: skip
            self._db.run(
                "UPDATE epochs SET cut = max(cut, ?) WHERE number = ?",
                [batch.first + batch.count - 1, number],
            )

    def outgoing(self, *, after: Travel | None = None) -> Sequence[Outgoing]:
        """Return the batches that the province has not accepted, oldest first."""
        least = -1 if after is None else _TRAVELS.index(after)
        rows = self._db.rows(
            "SELECT b.hash, e.epoch, b.first, b.count, b.envelope_id, b.envelope,"
            " b.travel FROM batches b JOIN epochs e ON e.number = b.epoch"
            f" WHERE b.travel < {_ACCEPTED} AND b.travel > ? ORDER BY b.number",
            [least],
        )
        return [
            Outgoing(
                hash=row[0], epoch=row[1], first=row[2], count=row[3],
                envelope_id=row[4], envelope=row[5], state=_TRAVELS[row[6]],
            )
            for row in rows
        ]  # fmt: skip

    def last_batch(self, epoch: bytes) -> bytes | None:
        """Return the hash of the epoch's newest batch, or None before its first."""
        found: bytes | None = self._db.value(
            "SELECT b.hash FROM batches b JOIN epochs e ON e.number = b.epoch"
            " WHERE e.epoch = ? ORDER BY b.first DESC LIMIT 1",
            [epoch],
        )
        return found

    def set_travel(self, batch_hash: bytes, travel: Travel) -> None:
        """Note how far a batch has come; never back, and unknown ones are no error."""
        self._db.run(
            "UPDATE batches SET travel = max(travel, ?) WHERE hash = ?",
            [_TRAVELS.index(travel), batch_hash],
        )

    def set_durable(self, batch_hashes: Iterable[bytes]) -> None:
        """Note which batches lie in every backup; unknown ones are no error."""
        for batch_hash in batch_hashes:
            self.set_travel(batch_hash, "durable")

    # --- Verdicts ---

    def take_verdicts(self, verdicts: "Sequence[Verdict]") -> None:
        """Keep what the province says of our changes; higher positions override."""
        with self.transaction():
            batches: dict[bytes, _Range] = {}
            for verdict in verdicts:
                batch = self._range_of(verdict.batch_hash)
                if batch is not None:
                    batches[verdict.batch_hash] = batch
                    self._take(verdict, batch)
                    if verdict.reason == FORKED:
                        self.set_setting(FORKED, self._epoch_of(verdict.batch_hash))
            for batch_hash, batch in batches.items():
                if not self._undecided(batch):
                    self.set_travel(batch_hash, "accepted")

    def _epoch_of(self, batch_hash: bytes) -> bytes:
        epoch: bytes = self._db.value(
            "SELECT e.epoch FROM batches b JOIN epochs e ON e.number = b.epoch"
            " WHERE b.hash = ?",
            [batch_hash],
        )
        return epoch

    def _range_of(self, batch_hash: bytes) -> _Range | None:
        row = self._db.row(
            f"{_RANGE} WHERE b.hash = ?",
            [batch_hash],
        )
        return None if row is None else _Range(*row)

    def _take(self, verdict: "Verdict", batch: _Range) -> None:
        first = batch.first + max(verdict.offset, 0)
        last = min(batch.first + verdict.offset + verdict.count - 1, batch.last)
        disposition = DISPOSITIONS.index(verdict.disposition)
        judged = f"? + leaf / {WRITE_SPAN} - {first}"
        settled = disposition in {APPLIED, ERASED}
        where = f"leaf BETWEEN ? AND ? AND position <= {judged}"
        leaves = _leaves(first, last)
        back = [] if settled else self._db.rows(
            f"SELECT record FROM writes WHERE {where} AND absorbed = 1",
            [*leaves, verdict.position],
        )  # fmt: skip
        self._db.run(
            f"UPDATE writes SET disposition = ?, position = {judged}, reason = ?,"
            f" absorbed = absorbed AND ? WHERE {where}",
            [
                disposition, verdict.position, verdict.reason or None, settled,
                *leaves, verdict.position,
            ],
        )  # fmt: skip
        # A write taken back after it was absorbed stands beside the others again.
        self._rebuild_own_texts(row[0] for row in back)

    def _undecided(self, batch: _Range) -> int:
        """Return how many saves of the batch have no verdict."""
        return self._count(batch, "= 0")

    def _count(self, batch: _Range, disposition: str) -> int:
        return cast("int", self._db.value(
            f"SELECT count(*) FROM writes WHERE leaf % {WRITE_SPAN} = 0"
            f" AND leaf BETWEEN ? AND ? AND disposition {disposition}",
            batch.leaves,
        ))  # fmt: skip

    def forget_beyond(self, position: int) -> None:
        """Forget every verdict at a position beyond ``position``: that log is dead."""
        with self.transaction():
            lost = self._db.rows(
                "SELECT record FROM writes WHERE position > ? AND absorbed = 1",
                [position],
            )
            self._db.run(
                "UPDATE writes SET disposition = 0, position = 0, reason = NULL,"
                " absorbed = 0 WHERE position > ?",
                [position],
            )
            # What was brought beyond says nothing of positions in the new log.
            self._db.run(
                "UPDATE parts SET position = ? WHERE position > ?", [position, position]
            )
            self._rebuild_own_texts(row[0] for row in lost)
            judged = self._db.rows(
                f"SELECT hash FROM batches WHERE travel >= {_ACCEPTED}"
            )
            for (batch_hash,) in judged:
                batch = self._range_of(batch_hash)
                if batch is not None and self._undecided(batch):
                    self._db.run(
                        "UPDATE batches SET travel = 0 WHERE hash = ?", [batch_hash]
                    )

    def counts(self) -> Counts:
        """Return how many saves stand where."""
        saves = dict(self._db.rows(
            f"SELECT disposition, count(*) FROM writes WHERE leaf % {WRITE_SPAN} = 0"
            " GROUP BY disposition"
        ))  # fmt: skip
        travelling = sum(map(self._undecided, self._ranges(f"= {_STORED}")))
        kept = f"IN ({APPLIED}, {ERASED})"
        durable = sum(self._count(b, kept) for b in self._ranges(f"= {_DURABLE}"))
        judged = saves.get(APPLIED, 0) + saves.get(ERASED, 0)
        return Counts(
            local=saves.get(0, 0) - travelling,
            travelling=travelling,
            accepted=judged - durable,
            durable=durable,
            waiting=saves.get(2, 0) + saves.get(3, 0),
            oldest_ms=self._oldest_ms(),
        )

    def _ranges(self, travel: str) -> list[_Range]:
        rows = self._db.rows(f"{_RANGE} WHERE b.travel {travel}")
        return [_Range(*row) for row in rows]

    def _oldest_ms(self) -> int | None:
        data = self._db.value(
            "SELECT data FROM changes WHERE seq ="
            f" (SELECT min(leaf) / {WRITE_SPAN} FROM writes WHERE disposition = 0)"
        )
        return None if data is None else read_change(data).stamp.time

    def prune(self) -> int:
        """Forget the bytes of saves that lie in every backup and are absorbed.

        Nothing else is ever pruned. What became of each stays, and the batch's hash.
        Returns how many saves were forgotten.
        """
        with self.transaction():
            return sum(map(self._prune, self._ranges(f"= {_DURABLE}")))

    def _prune(self, batch: _Range) -> int:
        waits = self._db.value(
            "SELECT 1 FROM writes WHERE leaf BETWEEN ? AND ? AND absorbed = 0 LIMIT 1",
            batch.leaves,
        )
        if waits is not None:
            return 0
        self._db.run(
            "UPDATE batches SET envelope = X'' WHERE number = ?", [batch.number]
        )
        return self._db.run(
            "DELETE FROM changes WHERE seq BETWEEN ? AND ?", [batch.first, batch.last]
        )

    # --- What came down ---

    def cursor(self) -> Cursor:
        """Return the log and position whose pages were applied."""
        kept = self.setting(_CURSOR)
        if kept is None:
            return Cursor()
        incarnations, position = decode(kept, bytes_max=_SMALL)
        return Cursor(read_incarnations(incarnations), position)

    def set_cursor(self, cursor: Cursor) -> None:
        """Note how far pages were applied; it may go back, over a new incarnation."""
        self.set_setting(_CURSOR, encode([list(cursor.incarnations), cursor.position]))

    def stage(self, to: int, page: bytes) -> None:
        """Keep a page's opened bytes until all pages up to one head are here."""
        self._db.run("INSERT OR REPLACE INTO staged VALUES (?, ?)", [to, page])

    def staged(self) -> Sequence[bytes]:
        """Return the staged pages, in the order of their ``to``."""
        return [
            row[0] for row in self._db.rows("SELECT page FROM staged ORDER BY upto")
        ]

    def clear_staged(self) -> None:
        """Forget the staged pages."""
        self._db.run("DELETE FROM staged")

    def in_doubt(self) -> bool:
        """Return whether digests must be compared: a new incarnation was met."""
        return self.setting(_DOUBT) == b"1"

    def set_in_doubt(self, in_doubt: bool) -> None:
        """Note whether digests must be compared before this copy is trusted."""
        self.set_setting(_DOUBT, b"1" if in_doubt else b"0")

    # --- Notices ---

    def add_notices(self, notices: Sequence[Notice]) -> None:
        """Keep what a person here must be told; the same notice twice is one."""
        rows = [
            [encode([*n[:2], list(n.registers), *n[3:6], list(n.dot)])] for n in notices
        ]
        self._db.many("INSERT OR IGNORE INTO notices (data) VALUES (?)", rows)

    def notices(self, *, seen: bool = False) -> Mapping[int, Notice]:
        """Return the notices by their number, oldest first: those not seen, or all."""
        rows = self._db.rows(
            "SELECT number, data FROM notices WHERE seen <= ? ORDER BY number", [seen]
        )
        return {number: _read_notice(data) for number, data in rows}

    def see_notice(self, number: int) -> None:
        """Note that a person has seen the notice."""
        self._db.run("UPDATE notices SET seen = 1 WHERE number = ?", [number])


def _read_notice(data: bytes) -> Notice:
    record_id, class_number, registers, person, because, at, dot = decode(
        data, bytes_max=_SMALL
    )
    return Notice(
        record_id, class_number, tuple(registers), person, because, at, Dot(*dot)
    )
