"""Restoring: a backup takes the place of the database, as a new log."""

from pathlib import Path
from typing import Final, NamedTuple

from fieldkit.crypto.keys import Identity
from fieldkit.errors import StoreError
from sync_server.backup import Checked, check_for_restore, load_backup
from sync_server.opening import Opened
from sync_server.serving import alone
from sync_server.storage.engines import open_storage

_HELPERS: Final = ("", "-wal", "-shm")


class Restored(NamedTuple):
    """What a restore gave.

    Attributes:
        head: the last position of the backup.
        number: of the log that was opened.
        kept_aside: where the SQLite file that was there lies now.
    """

    head: int
    number: int
    kept_aside: Path | None


class Source(NamedTuple):
    """A backup that was read to its end, and what opens it."""

    path: Path
    keys: dict[bytes, Identity]
    checked: Checked


def restore_province(
    province: Opened, path: Path, keys: dict[bytes, Identity], now_ms: int
) -> Restored:
    """Restore a backup into a new log; the whole file is read before anything is done.

    Raises:
        DamagedStoreError, AccessError: see ``check_for_restore``; nothing was touched.
        StoreLockedError: the server is running.
        StoreError: the database is not a file of ours, and not empty.
    """
    with alone(province):
        checked = check_for_restore(path, province.ledger, keys)
        source = Source(path, keys, checked)
        file = province.settings.database_file
        if file is None:
            return _into_database(province, source)
        aside = file.with_name(f"{file.stem}.before-{now_ms}{file.suffix}")
        return _into_file(province, source, file, aside)


def _into_database(province: Opened, source: Source) -> Restored:
    storage = province.open_storage()
    try:
        load_backup(source.path, storage, source.keys)
    finally:
        storage.close()
    number = _open_log(province, source.checked)
    return Restored(source.checked.head, number, None)


def _into_file(province: Opened, source: Source, file: Path, aside: Path) -> Restored:
    beside = file.with_name(f"{file.stem}.restoring{file.suffix}")
    _remove(beside)
    storage = open_storage(f"sqlite:///{beside}", province.keys.database)
    try:
        load_backup(source.path, storage, source.keys)
    finally:
        storage.close()
    # First the number: a log that goes on under a new one harms nobody, a log that
    # shrinks under the old one is an alarm on every laptop.
    number = _open_log(province, source.checked)
    try:
        kept = _move(file, aside)
        _move(beside, file)
    except OSError as error:
        raise StoreError("storage.gone") from error
    return Restored(source.checked.head, number, aside if kept else None)


def _open_log(province: Opened, checked: Checked) -> int:
    log = checked.header.incarnations
    return province.ledger.open_incarnation(log, checked.head)


def _move(file: Path, to: Path) -> bool:
    """Move a database and its helpers; return whether it was there."""
    for helper in reversed(_HELPERS):  # the file itself last: it names the helpers
        source = file.with_name(file.name + helper)
        if source.exists():
            source.replace(to.with_name(to.name + helper))
    return to.exists()


def _remove(file: Path) -> None:
    for helper in _HELPERS:
        file.with_name(file.name + helper).unlink(missing_ok=True)
