"""What the core is given: its keys, and the ledger that never goes back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from fieldkit.crypto.keys import Identity, SigningKey
from fieldkit.sync.invitation import Issued
from fieldkit.sync.positions import Incarnations


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreKeys:
    """The secret keys that the core works with every day; the roots lie elsewhere.

    Attributes:
        sealing: every sealing key there ever was, by key id: old ones still open.
        receipt: signs receipts, pages and answers.
        issuer: signs everyday roster entries.
    """

    sealing: Mapping[bytes, Identity] = field(repr=False)
    receipt: SigningKey = field(repr=False)
    issuer: SigningKey = field(repr=False)


class Ledger(Protocol):
    """What lies outside the data and its backups, and only grows."""

    def roster_entries(self, after: int = 0) -> list[bytes]:
        """Return the roster's entries beyond version ``after``, in order."""

    def add_roster_entry(self, entry: bytes) -> None:
        """Add one entry; when this returns it is on disk."""

    def incarnations(self) -> Incarnations:
        """Return every incarnation of the log, the running one last."""

    def issued(self, invitation_id: bytes) -> Issued | None:
        """Return an invitation that was given out, with its secret."""

    def used_by(self, invitation_id: bytes) -> bytes | None:
        """Return the epoch that was certified by an invitation, or None."""

    def set_used(self, invitation_id: bytes, epoch: bytes) -> None:
        """Note that an invitation was used."""

    def durable_batches(self, epochs: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
        """Return (epoch, hash) of the batches contained in every backup still kept.

        None if there is no backup at all. Decided by containment, dead logs included.
        """

    def form_texts(self) -> Mapping[bytes, bytes]:
        """Return the published form and list files by their hash in the roster."""
