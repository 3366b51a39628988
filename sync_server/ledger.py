"""The ledger: what lies outside the data and its backups, and never goes back.

Five journals in one folder: the roster's entries, the incarnations of the log, the
invitations (their secrets locked), the published texts, and which batches each backup
holds. Several processes may read it; whoever adds holds the folder's lock, so that an
invitation can be given out while the server runs.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from fieldkit.codec import decode, encode
from fieldkit.crypto.hashes import DIGEST_BYTES
from fieldkit.crypto.secret import lock, unlock
from fieldkit.errors import CodecError, CryptoError, DamagedStoreError, NotFoundError
from fieldkit.sync.acts import Act
from fieldkit.sync.entries import read_entry
from fieldkit.sync.invitation import Issued, issued_from_wire, issued_to_wire
from fieldkit.sync.positions import Incarnations
from fieldkit.sync.roster import Roster, fold
from sync_server.journal import LINE_BYTES_MAX, FolderLock, Journal
from sync_server.keys import make_private_folder

_LABEL: Final = "fieldkit/ledger/1"
_EPOCH_BYTES: Final = 16
_BATCH_BYTES: Final = _EPOCH_BYTES + DIGEST_BYTES
Key = tuple[str, int]


class Generation(NamedTuple):
    """One backup that is kept.

    Attributes:
        number: of the backup, from 1, never used again.
        path: where it was written.
        digest: SHA-256 of the file, 32 bytes.
        made_at_ms: when.
        head: the last position it holds.
        incarnations: of the log at that time.
        batches: (epoch, hash) of every batch in it.
    """

    number: int
    path: str
    digest: bytes
    made_at_ms: int
    head: int
    incarnations: Incarnations
    batches: frozenset[tuple[bytes, bytes]]


class Ledger:
    """The folder, read; ``refresh`` takes in what other processes added."""

    def __init__(self, folder: Path, key: bytes) -> None:
        make_private_folder(folder)
        self._lock = FolderLock(folder / "lock")
        self._key = key
        self._journals = {
            name: Journal(folder / f"{name}.log")
            for name in ("roster", "incarnations", "invitations", "texts", "backups")
        }
        self._entries: list[bytes] = []
        self._incarnations: list[tuple[int, int]] = []
        self._logs: dict[int, Incarnations] = {}
        self._issued: dict[bytes, Issued] = {}
        self._used: dict[bytes, bytes] = {}
        self._texts: dict[bytes, bytes] = {}
        self._lists: dict[Key, bytes] = {}
        self._generations: dict[int, Generation] = {}
        self._last_generation = 0
        self.refresh()

    def refresh(self) -> bool:
        """Read what was added since; return whether anything was.

        Raises:
            DamagedStoreError: a file of it was altered.
        """
        found = False
        for name, journal in self._journals.items():
            for line in journal.news():
                found = True
                try:
                    self._take(name, line)
                except (CodecError, CryptoError, TypeError, ValueError) as error:
                    raise DamagedStoreError("ledger.damaged", file=name) from error
        return found

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the folder's lock, with everything read that was there before."""
        with self._lock.held():
            self.refresh()
            yield

    def _add(self, name: str, *values: object) -> None:
        with self.writing():
            self._add_here(name, *values)

    def _add_here(self, name: str, *values: object) -> None:
        # A roster entry is kept as the bytes that were signed, all others encoded.
        lines = [one if isinstance(one, bytes) else encode(one) for one in values]
        self._journals[name].add(lines)
        self.refresh()

    def _take(self, name: str, line: bytes) -> None:
        takers: Mapping[str, Callable[[Any], None]] = {
            "roster": self._take_entry,
            "incarnations": self._take_incarnation,
            "invitations": self._take_invitation,
            "texts": self._take_text,
            "backups": self._take_backup,
        }
        is_entry = name == "roster"
        takers[name](line if is_entry else decode(line, bytes_max=LINE_BYTES_MAX))

    # --- The roster ---

    def roster_entries(self, after: int = 0) -> list[bytes]:
        """Return the roster's entries beyond version ``after``, in order."""
        return self._entries[after:]

    def add_roster_entry(self, entry: bytes) -> None:
        """Add one entry; when this returns it is on disk."""
        with self.writing():
            version = read_entry(entry).version
            if version <= len(self._entries):
                fold(self.roster(), [entry])  # raises if it is another one
                return
            self._add_here("roster", entry)

    def roster(self) -> Roster:
        """Return the fold of every entry, each verified."""
        return fold(Roster.empty(), self._entries)

    # --- Incarnations of the log ---

    def incarnations(self) -> Incarnations:
        """Return every incarnation of the running log, the running one last."""
        return tuple(self._incarnations)

    def log_of(self, number: int) -> Incarnations:
        """Return the log that incarnation ``number`` belonged to, dead ones too.

        Nothing for a number that was never given.
        """
        return self._logs.get(number, ())

    def open_incarnation(self, kept: Incarnations, began_after: int) -> int:
        """Begin a new log behind position ``began_after`` of the log ``kept``.

        Its number is one that no log, dead ones included, ever had.
        """
        with self.writing():
            number = max(self._logs, default=0) + 1
            log = [*map(list, kept), [number, began_after]]
            self._add_here("incarnations", log)
        return number

    # --- Invitations ---

    def issued(self, invitation_id: bytes) -> Issued | None:
        """Return an invitation that was given out, with its secret."""
        return self._issued.get(invitation_id)

    def add_issued(self, issued: Issued) -> None:
        """Keep an invitation before it is given out."""
        sealed = lock(self._key, _LABEL, encode(issued_to_wire(issued)))
        self._add("invitations", ["issued", sealed])

    def used_by(self, invitation_id: bytes) -> bytes | None:
        """Return the epoch that was certified by an invitation, or None."""
        return self._used.get(invitation_id)

    def set_used(self, invitation_id: bytes, epoch: bytes) -> None:
        """Note that an invitation was used; the first use stays."""
        self._add("invitations", ["used", invitation_id, epoch])

    # --- Texts ---

    def form_texts(self) -> Mapping[bytes, bytes]:
        """Return the published form and list files by their hash in the roster."""
        return self._texts

    def list_texts(self) -> Mapping[Key, bytes]:
        """Return the published lists by name and version."""
        return self._lists

    def add_texts(self, texts: Iterable[tuple[str, str, int, bytes]]) -> None:
        """Keep files: (``form`` or ``list``, name, version, text) of each."""
        self._add("texts", *map(list, texts))

    # --- Backups ---

    def generations(self) -> tuple[Generation, ...]:
        """Return the backups that are kept, oldest first."""
        return tuple(self._generations.values())

    def next_generation(self) -> int:
        """Return the number of the next backup."""
        return self._last_generation + 1

    def add_generation(self, generation: Generation) -> None:
        """Note a backup that is wholly on disk, in place of one at the same path."""
        one = generation
        batches = b"".join(epoch + name for epoch, name in sorted(one.batches))
        self._add("backups", [
            "made", one.number, one.path, one.digest, one.made_at_ms, one.head,
            list(map(list, one.incarnations)), batches,
        ])  # fmt: skip

    def forget_generation(self, number: int) -> None:
        """Note that a backup is not kept any more.

        Raises:
            NotFoundError: no backup of that number is kept.
        """
        if number not in self._generations:
            raise NotFoundError("backup.unknown", number=number)
        self._add("backups", ["forgotten", number])

    def durable_batches(self, epochs: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
        """Return (epoch, hash) of the batches contained in every backup still kept."""
        kept = [one.batches for one in self._generations.values()]
        if not kept:
            return []
        wanted = set(epochs)
        return sorted(one for one in frozenset.intersection(*kept) if one[0] in wanted)

    # --- Taking lines ---

    def _take_entry(self, entry: bytes) -> None:
        if read_entry(entry).version != len(self._entries) + 1:
            raise CodecError("codec.shape", what="roster entry")
        self._entries.append(entry)

    def _take_incarnation(self, log: list[list[int]]) -> None:
        self._incarnations = [(number, began) for number, began in log]
        self._logs[log[-1][0]] = self.incarnations()

    def _take_invitation(self, value: list[Any]) -> None:
        match value:
            case ["issued", bytes() as sealed]:
                plain = unlock(self._key, _LABEL, sealed)
                issued = issued_from_wire(decode(plain, bytes_max=LINE_BYTES_MAX))
                self._issued[issued.invitation_id] = issued
            case ["used", bytes() as name, bytes() as epoch]:
                self._used.setdefault(name, epoch)

    def _take_text(self, value: list[Any]) -> None:
        kind, name, version, text = value
        self._texts[text_hash(text)] = text
        if kind == "list":
            self._lists[name, version] = text

    def _take_backup(self, value: list[Any]) -> None:
        match value:
            case ["made", number, path, digest, made_at, head, incarnations, raw]:
                same = [n for n, one in self._generations.items() if one.path == path]
                for known in same:
                    del self._generations[known]
                self._last_generation = number
                self._generations[number] = Generation(
                    number, path, digest, made_at, head,
                    tuple((a, b) for a, b in incarnations), _batches(raw),
                )  # fmt: skip
            case ["forgotten", number]:
                self._generations.pop(number, None)


def text_hash(text: bytes) -> bytes:
    """Return the 32 bytes by which the roster knows a form or list file."""
    return sha256(text).digest()


def text_act(kind: str, name: str, version: int, text: bytes) -> Act:
    """Return the roster's act that publishes a file."""
    return [kind, name, version, text_hash(text)]


def _batches(raw: bytes) -> frozenset[tuple[bytes, bytes]]:
    steps = range(0, len(raw), _BATCH_BYTES)
    return frozenset(
        (raw[at : at + _EPOCH_BYTES], raw[at + _EPOCH_BYTES : at + _BATCH_BYTES])
        for at in steps
    )
