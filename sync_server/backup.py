"""Backups: one file with every table, from one moment, sealed; and the way back.

File. ``FKV1``, then frames of a length (4 bytes) and that many bytes. The first is
``[1, province, number, made_at_ms, incarnations, [[key id, sealed content key], …]]``:
the content key is sealed to the province's sealing key and to its recovery key, so a
burnt server can be replaced. Every other frame is locked with the content key; its
label names the first frame and counts, so that none can be lost, moved or altered:
``["rows", table, rows]``, compressed, and at last ``["end", head, rows in all]``.

A restore is a new incarnation of the log, under a number that the ledger never gave
before. It reads the whole file before it touches anything, and keeps what was there.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import zstandard

from fieldkit.codec import decode, encode
from fieldkit.crypto.keys import Identity, Recipient, Suite
from fieldkit.crypto.randomness import random_bytes
from fieldkit.crypto.seal import seal, unseal
from fieldkit.crypto.secret import KEY_BYTES, lock, unlock
from fieldkit.errors import (
    AccessError,
    CodecError,
    DamagedStoreError,
    FieldKitError,
    NotARecipientError,
    StoreError,
)
from fieldkit.sync.envelope import key_id
from fieldkit.sync.positions import Incarnations, read_incarnations
from fieldkit.sync.roster import Roster
from sync_server.journal import sync_folder
from sync_server.ledger import Generation, Ledger
from sync_server.storage.contract import LoggedBatch, Storage

FRAME_BYTES_MAX: Final = 256 << 20
LEVEL: Final = 9

_MAGIC: Final = b"FKV1"
_VERSION: Final = 1
_LENGTH_BYTES: Final = 4
_INFO: Final = b"fieldkit/backup/1"
_HEAD_FACT: Final = "storage.head"

Rows = list[Sequence[object]]


class Header(NamedTuple):
    """What stands outside: nothing about anybody."""

    province: bytes
    number: int
    made_at_ms: int
    incarnations: Incarnations
    slots: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A backup that was read to its end.

    Attributes:
        header: of the file.
        digest: SHA-256 of the file.
        head: the last position in it.
        batches: (epoch, hash) of every batch in it.
        row_count: how many rows of all tables.
    """

    header: Header
    digest: bytes
    head: int
    batches: frozenset[tuple[bytes, bytes]]
    row_count: int


# --- Writing --------------------------------------------------------------------------


def write_backup(
    path: Path, storage: Storage, ledger: Ledger, keys: Mapping[bytes, Identity],
    now_ms: int,
) -> Generation:  # fmt: skip
    """Write every table to ``path``, read it back, and note it in the ledger.

    A file that was there is replaced once the new one is wholly on disk.

    Raises:
        StoreError: the disk is full or refuses; nothing was replaced.
    """
    roster, number, log = (
        ledger.roster(),
        ledger.next_generation(),
        ledger.incarnations(),
    )
    content_key = random_bytes(KEY_BYTES)
    slots = [[key_id(one), seal(content_key, one, _INFO)] for one in _openers(roster)]
    head = [_VERSION, roster.fingerprint, number, now_ms, list(map(list, log)), slots]
    beside = path.with_name(f".{path.name}.part")
    try:
        _write_file(beside, encode(head), content_key, storage)
        checked = check_backup(beside, keys)
        beside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError("backup.disk", path=str(path)) from error
    finally:
        beside.unlink(missing_ok=True)
    generation = Generation(
        number, str(path.resolve()), checked.digest, now_ms, checked.head, log,
        checked.batches,
    )  # fmt: skip
    ledger.add_generation(generation)
    return generation


def _openers(roster: Roster) -> list[Recipient]:
    """Return the keys that open a backup: for decades, if the province has such."""
    return [
        one.get(Suite.HYBRID) or one[Suite.X25519]
        for one in (roster.sealing, roster.recovery)
    ]


def _write_file(
    path: Path, header: bytes, content_key: bytes, storage: Storage
) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    compressor, mark = zstandard.ZstdCompressor(level=LEVEL), _mark(header)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_MAGIC)
        _write_frame(file, header)
        row_count = head = index = 0
        for table, rows in storage.dump():
            row_count += len(rows)
            head = max(head, _head_in(table, rows))
            plain = encode(["rows", str(table), [list(row) for row in rows]])
            _write_locked(
                file, content_key, _label(mark, index), compressor.compress(plain)
            )
            index += 1
        end = compressor.compress(encode(["end", head, row_count]))
        _write_locked(file, content_key, _label(mark, index), end)
        file.flush()
        os.fsync(file.fileno())


def _write_locked(file: BinaryIO, key: bytes, label: str, data: bytes) -> None:
    _write_frame(file, lock(key, label, data))


def _write_frame(file: BinaryIO, data: bytes) -> None:
    file.write(len(data).to_bytes(_LENGTH_BYTES) + data)


def _head_in(table: str, rows: Rows) -> int:
    """Return the log's last position if it stands among these rows, else 0."""
    if table != "facts":
        return 0
    heads = (value for name, value in rows if name == _HEAD_FACT)
    value = next(heads, b"")
    assert isinstance(value, bytes)
    return int.from_bytes(value)


# --- Reading --------------------------------------------------------------------------


def check_backup(path: Path, keys: Mapping[bytes, Identity]) -> Checked:
    """Return what a backup holds, after reading it to its end.

    Raises:
        DamagedStoreError: altered, cut short, or no backup.
        NotARecipientError: sealed to other keys.
    """
    batches: set[tuple[bytes, bytes]] = set()

    def note(table: str, rows: Rows) -> None:
        if table == "log":
            logged = (LoggedBatch._make(row) for row in rows)
            batches.update((one.epoch, one.hash) for one in logged)

    try:
        header, head, row_count = _read_file(path, keys, note)
    except OSError as error:
        raise StoreError("backup.disk", path=str(path)) from error
    with path.open("rb") as file:
        digest = _digest(file)
    return Checked(
        header=header,
        digest=digest,
        head=head,
        batches=frozenset(batches),
        row_count=row_count,
    )


def _read_file(
    path: Path, keys: Mapping[bytes, Identity], take: Callable[[str, Rows], None]
) -> tuple[Header, int, int]:
    """Give every table's rows to ``take``; return header, head and row count."""
    with path.open("rb") as file:
        try:
            return _read_frames(file, keys, take)
        except (FieldKitError, zstandard.ZstdError) as error:
            if isinstance(error, FieldKitError) and error.code == "backup.key":
                raise
            raise DamagedStoreError("backup.damaged", path=str(path)) from error


def _read_frames(
    file: BinaryIO, keys: Mapping[bytes, Identity], take: Callable[[str, Rows], None]
) -> tuple[Header, int, int]:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise CodecError("codec.shape", what="backup")
    outside = _read_frame(file)
    header = _read_header(outside)
    count = 0
    for value in _values(file, _content_key(header, keys), _mark(outside)):
        match value:
            case ["rows", str(table), [*rows]]:
                count += len(rows)
                take(table, rows)
            case ["end", int(head), int(total)] if total == count and not file.read(1):
                return header, head, count
    raise CodecError("codec.shape", what="backup")


def _values(file: BinaryIO, content_key: bytes, mark: str) -> Iterator[Any]:
    decompressor = zstandard.ZstdDecompressor()
    index = 0
    while frame := _read_frame(file):
        data = unlock(content_key, _label(mark, index), frame)
        plain = decompressor.decompress(data, max_output_size=FRAME_BYTES_MAX)
        yield decode(plain, bytes_max=FRAME_BYTES_MAX)
        index += 1


def _read_frame(file: BinaryIO) -> bytes:
    """Return the next frame; nothing at the end, or where the file was cut short."""
    length = int.from_bytes(file.read(_LENGTH_BYTES))
    if length > FRAME_BYTES_MAX:
        return b""
    frame = file.read(length)
    return frame if len(frame) == length else b""


def _read_header(frame: bytes) -> Header:
    match decode(frame, bytes_max=FRAME_BYTES_MAX):
        case [1, bytes(province), int(number), int(made_at), log, [*slots]]:
            pairs = tuple((name, sealed) for name, sealed in slots)
            return Header(province, number, made_at, read_incarnations(log), pairs)
    raise CodecError("codec.shape", what="backup")


def _content_key(header: Header, keys: Mapping[bytes, Identity]) -> bytes:
    for name, sealed in header.slots:
        if name in keys:
            return unseal(sealed, keys[name], _INFO)
    raise NotARecipientError("backup.key")


def _label(mark: str, index: int) -> str:
    return f"fieldkit/backup/1/{mark}/{index}"


def _mark(header: bytes) -> str:
    """Return what binds every frame to the header, which nothing else protects."""
    return sha256(header).hexdigest()


def _digest(file: BinaryIO) -> bytes:
    hashed = sha256()
    while piece := file.read(1 << 20):
        hashed.update(piece)
    return hashed.digest()


# --- The way back ---------------------------------------------------------------------


def check_for_restore(
    path: Path, ledger: Ledger, keys: Mapping[bytes, Identity]
) -> Checked:
    """Return a backup that may be restored; nothing was touched.

    Raises:
        DamagedStoreError: altered or cut short.
        AccessError: of another province, or not counted as kept any more: laptops may
            have let go of work that it does not hold.
    """
    checked = check_backup(path, keys)
    if checked.header.province != ledger.roster().fingerprint:
        raise AccessError("backup.other_province")
    if checked.digest not in {one.digest for one in ledger.generations()}:
        raise AccessError("backup.forgotten", number=checked.header.number)
    return checked


def load_backup(path: Path, storage: Storage, keys: Mapping[bytes, Identity]) -> None:
    """Put every row of a checked backup into an empty database, at once.

    Raises:
        StoreError: the database is not empty.
    """
    if storage.head() or storage.record_count():
        raise StoreError("backup.not_empty")
    with storage.transaction():
        _read_file(path, keys, storage.load)
