"""The store: all of a laptop's work in one encrypted database."""

from pathlib import Path
from types import TracebackType
from typing import Final

from fieldkit.errors import DamagedStoreError, StoreError
from fieldkit.store.agreement import Agreement
from fieldkit.store.connection import (
    PAGE_BYTES,
    Connection,
    OnlyOne,
    make_private,
)
from fieldkit.store.facts import Facts, NoFacts
from fieldkit.store.migrations import check_ours, migrate
from fieldkit.store.shelf import Shelf

_BESIDE: Final = ("-wal", "-shm")


class Store(Agreement, Shelf):
    """One laptop's database; it is what sync calls a ``Replica``.

    Made by ``create`` or ``open``; as a context manager it closes at the end. Several
    may be open on one file, in one process or in many: one writes at a time, readers
    go on. What must not run twice at once, such as a sync, takes ``only_one`` too.
    """

    @classmethod
    def create(cls, path: Path, key: bytes, facts: Facts | None = None) -> "Store":
        """Return a new, empty store.

        Raises:
            StoreError: there is a file already; it was not touched.
        """
        if path.exists():
            raise StoreError("store.exists", path=str(path))
        # It gets its name when it is whole: a power cut leaves no half a store.
        unborn = path.with_name(path.name + ".new")
        for beside in ("", *_BESIDE):
            unborn.with_name(unborn.name + beside).unlink(missing_ok=True)
        make_private(unborn)
        connection = Connection(unborn, key, must_exist=False)
        try:
            connection.prepare()
            migrate(connection)
        finally:
            connection.close()
        unborn.replace(path)
        return cls.open(path, key, facts)

    @classmethod
    def open(cls, path: Path, key: bytes, facts: Facts | None = None) -> "Store":
        """Return the store in ``path``; one of an earlier version is brought up.

        Raises:
            NotFoundError: there is no such file.
            NewerStoreError: a newer program wrote it; nothing was touched.
            DamagedStoreError: it is not ours, damaged, or cut short.
        """
        connection = Connection(path, key)
        try:
            check_ours(connection)
            _check_length(connection)
            connection.prepare()
            migrate(connection)
        except BaseException:
            connection.close()
            raise
        return cls(connection, facts or NoFacts())

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the store; what was saved is safe without it, too."""
        self._db.close()

    def only_one(self) -> OnlyOne:
        """Return a context that only one holder at a time may enter, on this machine.

        It ends with the process that holds it, also if that is killed.

        Raises:
            StoreLockedError: on entering, if another one is inside.
        """
        path = self._db.path
        return OnlyOne(path.with_name(path.name + ".lock"))

    def verify(self) -> None:
        """Return if every page of the file is as it was written, and fits the others.

        Raises:
            DamagedStoreError: something does not.
        """
        if self._db.rows("PRAGMA cipher_integrity_check"):
            raise DamagedStoreError("store.damaged")
        if self._db.value("PRAGMA quick_check") != "ok":
            raise DamagedStoreError("store.damaged")


def _check_length(connection: Connection) -> None:
    """Refuse a file that was cut short, before a reader stumbles over the end.

    With changes waiting in the WAL the file may rightly be shorter.
    """
    path = connection.path
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        return
    if path.stat().st_size < connection.value("PRAGMA page_count") * PAGE_BYTES:
        raise DamagedStoreError("store.damaged")
