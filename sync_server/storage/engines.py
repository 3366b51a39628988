"""Opening a database: SQLite encrypted by SQLCipher, or PostgreSQL."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool
from sqlcipher3 import dbapi2 as sqlcipher

from fieldkit.errors import StoreError, StoreLockedError
from sync_server.storage.database import Database
from sync_server.storage.drivers import Driver, PostgresDriver, SqliteDriver
from sync_server.storage.failures import told_plainly
from sync_server.storage.schema import bring_up_to_date
from sync_server.storage.sql import SqlStorage

KEY_BYTES: Final = 32
TIMEOUT_S: Final = 10.0


def open_storage(
    url: str, key: bytes | None = None, *, timeout_s: float = TIMEOUT_S
) -> SqlStorage:
    """Return the storage at ``url``, created or brought up to date if need be.

    Args:
        url: ``sqlite:///path`` or ``postgresql+psycopg://…``.
        key: 32 bytes that open a SQLite file; PostgreSQL encrypts its own disk.
        timeout_s: how long a writer waits for another.

    Raises:
        NewerStoreError: a newer program wrote it; nothing was touched.
        StoreLockedError: the key does not open it, or another program holds it.
        DamagedStoreError: its pages are damaged.
        StoreError: it cannot be reached, or there is no room.
    """
    with told_plainly():
        engine, driver = open_engine(url, key, timeout_s=timeout_s)
        try:
            bring_up_to_date(engine)
        except BaseException:
            engine.dispose()
            raise
        return SqlStorage(Database(engine, driver, timeout_s=timeout_s))


def open_engine(
    url: str, key: bytes | None = None, *, timeout_s: float = TIMEOUT_S
) -> tuple[Engine, Driver]:
    """Return an engine and its driver; nothing is created in the database yet."""
    address = _address(url)
    match address.get_backend_name():
        case "sqlite" if address.database:
            return _sqlite_engine(
                Path(address.database), key, timeout_s
            ), SqliteDriver()
        case "postgresql":
            return _postgres_engine(address, timeout_s), PostgresDriver()
    raise StoreError("storage.url")


def _address(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError:
        raise StoreError("storage.url") from None


def _sqlite_engine(path: Path, key: bytes | None, timeout_s: float) -> Engine:
    if key is None or len(key) != KEY_BYTES:
        raise StoreLockedError("storage.key")
    engine = create_engine(
        "sqlite://",
        module=sqlcipher,
        creator=_sqlite_creator(path, key, timeout_s),
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=16,
        pool_use_lifo=True,  # the connection used last has the pages at hand
        pool_timeout=timeout_s,
    )
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    """Begin for a migration: neither driver begins by itself."""
    connection.exec_driver_sql("BEGIN")


def _sqlite_creator(path: Path, key: bytes, timeout_s: float) -> Callable[[], Any]:
    pragmas = (
        "cipher_log_level = NONE",
        f"key = \"x'{key.hex()}'\"",
        "cipher_page_size = 8192",
        f"busy_timeout = {int(timeout_s * 1000)}",
        "cache_size = -65536",
        "synchronous = FULL",
        "secure_delete = ON",
        "wal_autocheckpoint = 8000",
    )

    def connect() -> Any:
        _make_private(path)
        connection = sqlcipher.connect(
            str(path), isolation_level=None, check_same_thread=False
        )
        try:
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}")
            # Fails here if the key is wrong; a file that has it already is not written.
            connection.execute("PRAGMA journal_mode = WAL")
        except BaseException:
            connection.close()
            raise
        return connection

    return connect


def _make_private(path: Path) -> None:
    """Create the file for its owner alone; SQLite gives its helpers the same rights."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError("storage.gone") from error


def _postgres_engine(address: URL, timeout_s: float) -> Engine:
    engine = create_engine(
        address.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        pool_size=4,
        max_overflow=16,
        pool_use_lifo=True,  # the connection used last has the pages at hand
        pool_timeout=timeout_s,
    )
    settings = (
        f"SET lock_timeout = {int(timeout_s * 1000)}; SET synchronous_commit = on;"
        # Every query of ours is a look at an index, whatever the statistics say.
        " SET jit = off; SET enable_seqscan = off; SET enable_bitmapscan = off"
    )

    def prepare(connection: Any, _record: object) -> None:
        connection.autocommit = True
        connection.execute(settings)

    event.listen(engine, "begin", _begin)
    event.listen(engine, "connect", prepare)
    return engine
