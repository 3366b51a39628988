"""The shelf: roster, form files, lists, and the letters carried for others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fieldkit.store.tables import OnDemand, Tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An envelope for somebody else, which this laptop carries.

    Attributes:
        envelope_id: hash of its bytes.
        recipient: id of the key it is sealed to.
        kind: see ``sync.envelope``.
        envelope: the bytes.
        delivered: whether its recipient, or a relay, has taken it.
    """

    envelope_id: bytes
    recipient: bytes
    kind: int
    envelope: bytes
    delivered: bool = False


class Shelf(Tables):
    """What is known of the province, and what is only carried."""

    def roster_entries(self, after: int = 0) -> Sequence[bytes]:
        """Return the roster's entries beyond version ``after``, in order."""
        rows = self._db.rows(
            "SELECT entry FROM roster WHERE version > ? ORDER BY version", [after]
        )
        return [row[0] for row in rows]

    def add_roster_entries(self, entries: Sequence[bytes]) -> None:
        """Keep entries that were verified and continue those known."""
        self._db.many("INSERT INTO roster (entry) VALUES (?)", [(e,) for e in entries])

    def form_texts(self) -> Mapping[bytes, bytes]:
        """Return the hash of every form file known here, with its text on demand."""
        return OnDemand(
            lambda: [row[0] for row in self._db.rows("SELECT hash FROM forms")],
            lambda key: self._db.value("SELECT text FROM forms WHERE hash = ?", [key]),
        )

    def add_form(self, form_hash: bytes, text: bytes) -> None:
        """Keep a form file whose hash the roster names."""
        self._db.run("INSERT OR IGNORE INTO forms VALUES (?, ?)", [form_hash, text])

    def lists(self) -> dict[str, tuple[int, bytes]]:
        """Return the version and text of each list of choices, by its name."""
        rows = self._db.rows("SELECT name, version, text FROM lists ORDER BY name")
        return {name: (version, text) for name, version, text in rows}

    def put_list(self, name: str, version: int, text: bytes) -> None:
        """Keep a list; one that is newer here stays."""
        self._db.run(
            "INSERT INTO lists VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE"
            " SET version = excluded.version, text = excluded.text"
            " WHERE excluded.version >= version",
            [name, version, text],
        )

    def carry(self, letter: Letter) -> None:
        """Keep a letter for somebody else; one that is here already is no error."""
        self._db.run(
            "INSERT OR IGNORE INTO mail (envelope_id, recipient, kind, delivered,"
            " envelope) VALUES (?, ?, ?, ?, ?)",
            [
                letter.envelope_id, letter.recipient, letter.kind, letter.delivered,
                letter.envelope,
            ],
        )  # fmt: skip

    def letters(self, recipient: bytes | None = None) -> Iterator[Letter]:
        """Yield the letters not delivered yet, in the order they came."""
        where = "delivered = 0 AND (? IS NULL OR recipient = ?)"
        numbers = self._db.rows(
            f"SELECT number FROM mail WHERE {where} ORDER BY number",
            [recipient, recipient],
        )
        for (number,) in numbers:
            row = self._db.row(
                "SELECT envelope_id, recipient, kind, envelope"
                " FROM mail WHERE number = ?",
                [number],
            )
            if row is not None:
                yield Letter(
                    envelope_id=row[0], recipient=row[1], kind=row[2], envelope=row[3]
                )

    def note_delivered(self, envelope_id: bytes) -> None:
        """Note that a letter has arrived; its bytes go, that it was here stays."""
        self._db.run(
            "UPDATE mail SET delivered = 1, envelope = X'' WHERE envelope_id = ?",
            [envelope_id],
        )
