"""The connection: one keyed SQLCipher database, its transactions, and its errors.

Everything that the driver may raise becomes an error of ours here and nowhere else.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, cast

from sqlcipher3 import dbapi2 as sqlcipher
from sqlite_utils import Database

from fieldkit.errors import (
    DamagedStoreError,
    FieldKitError,
    NotFoundError,
    StoreError,
    StoreLockedError,
)

PAGE_BYTES: Final = 8_192
BUSY_MS: Final = 5_000
_KEY_BYTES: Final = 32
# The low byte of a code names its family, which is all that we tell apart.
_BUSY, _LOCKED, _READ_ONLY, _IO, _CORRUPT, _FULL = 5, 6, 8, 10, 11, 13
_CANNOT_OPEN, _NOT_A_DATABASE = 14, 26

# The pragmas of every connection, after its key. A save must outlive a power cut, so
# ``synchronous`` is FULL; nothing plain may reach the disk, so temporary tables stay in
# memory and what is deleted is overwritten. The WAL is folded back at 64 MiB, and cut
# to 16 MiB then, so that one big sync does not cost the disk its size for ever.
_PRAGMAS: Final = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "wal_autocheckpoint = 8000",
    "journal_size_limit = 16777216",
    "secure_delete = ON",
    "temp_store = MEMORY",
    "cache_size = -6144",
    f"busy_timeout = {BUSY_MS}",
)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn what a driver raises inside into an error of ours.

    Raises:
        StoreLockedError: another program is writing.
        DamagedStoreError: the file is not ours, or damaged.
        StoreError: the disk is full, or cannot be read or written.
    """
    try:
        yield
    except (sqlcipher.Error, sqlite3.Error) as error:
        raise _ours(error) from error
    except OSError as error:
        raise StoreError("store.disk", reason=error.strerror or str(error)) from error


def _ours(error: Exception) -> StoreError:
    family = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if family in {_BUSY, _LOCKED}:
        return StoreLockedError("store.busy")
    if family in {_CORRUPT, _NOT_A_DATABASE}:
        return DamagedStoreError("store.damaged")
    if family == _FULL:
        return StoreError("store.disk_full")
    if family in {_READ_ONLY, _IO, _CANNOT_OPEN}:
        return StoreError("store.disk", reason=str(error))
    return StoreError("store.unexpected", reason=str(error))


def make_private(path: Path) -> None:
    """Make an empty file that only its owner may read, if there is none.

    What SQLite writes beside it takes over its rights.
    """
    with translated():
        path.touch(mode=0o600)


class Connection:
    """A keyed database: rows, statements and transactions in our own words.

    One thread at a time: a transaction holds the lock until its end, so another
    thread of this process waits for it.
    """

    def __init__(self, path: Path, key: bytes, *, must_exist: bool = True) -> None:
        assert len(key) == _KEY_BYTES, "a raw key has 32 bytes"
        self.path = path
        self._depth = 0
        self._lock = threading.RLock()
        self.before_commit: list[Callable[[], None]] = []
        self.after_rollback: list[Callable[[], None]] = []
        if must_exist and not path.exists():
            raise NotFoundError("store.missing", path=str(path))
        with translated():
            self._raw: Any = sqlcipher.connect(
                str(path), isolation_level=None, check_same_thread=False
            )
            self._unlock(key)

    def _unlock(self, key: bytes) -> None:
        # Without this the library complains on standard error of every wrong key.
        self._raw.execute("PRAGMA cipher_log_level = NONE")
        self._raw.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        self._raw.execute(f"PRAGMA cipher_page_size = {PAGE_BYTES}")
        try:
            self._raw.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlcipher.Error:
            self._raw.close()
            raise

    def prepare(self) -> None:
        """Set what every connection needs; the first call turns the WAL on."""
        for pragma in _PRAGMAS:
            self.rows(f"PRAGMA {pragma}")

    @contextlib.contextmanager
    def steps(self) -> Iterator[Database]:
        """Give the same keyed connection as sqlite-utils knows it."""
        with self._lock, translated():
            raw = cast("sqlite3.Connection", self._raw)
            yield Database(raw, execute_plugins=False)

    def close(self) -> None:
        """Close the database; the last one out folds the WAL back into it."""
        with translated():
            self._raw.close()

    # --- Statements ---

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Return every row that ``sql`` gives."""
        with self._lock, translated(), self._doubted():
            return cast("list[Any]", self._raw.execute(sql, values).fetchall())

    def row(self, sql: str, values: Sequence[object] = ()) -> Any | None:
        """Return the first row, or None."""
        with self._lock, translated(), self._doubted():
            return self._raw.execute(sql, values).fetchone()

    @contextlib.contextmanager
    def _doubted(self) -> Iterator[None]:
        """Let no damaged page pass as data.

        SQLCipher gives a page whose check fails as zeros, and the error only to who
        reads the next page: of the last page of a statement nobody would be told.
        """
        yield
        if self._raw.execute("PRAGMA cipher_status").fetchone() != ("1",):
            raise DamagedStoreError("store.damaged")

    def value(self, sql: str, values: Sequence[object] = ()) -> Any:
        """Return the first value of the first row, or None."""
        found = self.row(sql, values)
        return None if found is None else found[0]

    def run(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run one statement and return how many rows it changed."""
        with self._lock, translated():
            return cast("int", self._raw.execute(sql, values).rowcount)

    def insert(self, sql: str, values: Sequence[object]) -> int:
        """Run one insert and return the number of the new row."""
        with self._lock, translated():
            return cast("int", self._raw.execute(sql, values).lastrowid)

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for each of ``rows``."""
        with self._lock, translated():
            self._raw.executemany(sql, rows)

    def pick(self, sql: str, keys: Sequence[object]) -> list[Any]:
        """Return the rows for ``keys``, which stand in ``sql`` as ``{keys}``."""
        found: list[Any] = []
        for start in range(0, len(keys), 1_000):
            some = keys[start : start + 1_000]
            # Only question marks are put into the text, never a value.
            marks = ",".join("?" * len(some))
            found += self.rows(sql.format(keys=marks), some)
        return found

    # --- Transactions ---

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all that happens inside, or nothing; inside another, be part of it.

        Raises:
            StoreLockedError: another program has been writing for long.
        """
        with self._lock:
            if self._depth:
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1
                return
            self.run("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
                for last in self.before_commit:
                    last()
                self.run("COMMIT")
            except BaseException:
                self._roll_back()
                raise
            finally:
                self._depth = 0

    def _roll_back(self) -> None:
        # A full disk may have rolled back by itself: then there is nothing to do.
        if self._raw.in_transaction:
            with contextlib.suppress(FieldKitError):
                self.run("ROLLBACK")
        for forget in self.after_rollback:
            forget()


class OnlyOne:
    """A lock between programs, which ends with the process that holds it.

    It is an empty SQLite database held in an exclusive transaction: the one kind of
    lock that every system's SQLite takes the same way. It holds no data.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: sqlite3.Connection | None = None

    def __enter__(self) -> "OnlyOne":
        make_private(self._path)
        with translated():
            lock = sqlite3.connect(self._path, isolation_level=None, timeout=0)
            try:
                lock.execute("PRAGMA journal_mode = MEMORY")
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.Error:
                lock.close()
                raise
        self._held = lock
        return self

    def __exit__(self, *_: object) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None
