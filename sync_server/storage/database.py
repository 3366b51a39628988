"""Connections: one thread writes at a time, every other reads the last commit."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Engine, Table
from sqlalchemy.pool import PoolProxiedConnection

from sync_server.storage.drivers import Driver, Row
from sync_server.storage.failures import busy, told_plainly


class _Mine(threading.local):
    """The connection of this thread's write transaction."""

    connection: PoolProxiedConnection | None = None


class Database:
    """An engine and its driver.

    The thread that holds the write transaction reads what it wrote; every other read
    takes a connection of its own.
    """

    def __init__(self, engine: Engine, driver: Driver, *, timeout_s: float) -> None:
        self._engine = engine
        self._driver = driver
        self._timeout_s = timeout_s
        self._turn = threading.Lock()
        self._mine = _Mine()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Begin the one write transaction; commit at the end, roll back on any error.

        Raises:
            StoreLockedError: another writer did not end in time.
        """
        assert self._mine.connection is None, "one write transaction at a time"
        if not self._turn.acquire(timeout=self._timeout_s):
            raise busy()
        try:
            with told_plainly(), self._connected() as connection:
                self._driver.begin(connection)
                self._mine.connection = connection
                yield
                connection.commit()
        finally:
            self._mine.connection = None
            self._turn.release()

    def close(self) -> None:
        """Give every connection back."""
        with told_plainly():
            self._engine.dispose()

    def rows(self, sql: str, *values: object) -> list[Row]:
        """Return all rows of a query."""
        with self._reading() as connection:
            return self._driver.fetch(connection, sql, values)

    def value(self, sql: str, *values: object) -> object:
        """Return the first value of the first row, or None."""
        rows = self.rows(sql, *values)
        return rows[0][0] if rows else None

    def rows_among(self, sql: str, wanted: Iterable[object]) -> list[Row]:
        """Return the rows for any number of values of the column that ends ``sql``."""
        rows: list[Row] = []
        with self._reading() as connection:
            for condition, values in self._driver.among(list(wanted)):
                rows += self._driver.fetch(connection, f"{sql} {condition}", values)
        return rows

    def run(self, sql: str, *values: object) -> None:
        """Run a statement that gives no rows."""
        with self._writing() as connection:
            self._driver.run(connection, sql, values)

    def add(self, table: Table, rows: Sequence[Row]) -> None:
        """Insert rows, in bulk."""
        with self._writing() as connection:
            self._driver.add(connection, table, rows)

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """Insert rows, in bulk; one with a known primary key replaces that row."""
        with self._writing() as connection:
            self._driver.put(connection, table, rows)

    def snapshot(self, tables: Sequence[Table]) -> Iterator[tuple[str, list[Row]]]:
        """Yield the rows of each table, some at a time, all as of one moment."""
        with told_plainly(), self._connected() as connection:
            yield from self._driver.snapshot(connection, tables)

    @contextmanager
    def _connected(self) -> Iterator[PoolProxiedConnection]:
        connection = self._engine.raw_connection()
        try:
            yield connection
        finally:
            connection.close()  # rolls back what was not committed

    @contextmanager
    def _reading(self) -> Iterator[PoolProxiedConnection]:
        with told_plainly():
            if self._mine.connection is not None:
                yield self._mine.connection
            else:
                with self._connected() as connection:
                    yield connection

    @contextmanager
    def _writing(self) -> Iterator[PoolProxiedConnection]:
        assert self._mine.connection, "every write happens inside a transaction"
        with told_plainly():
            yield self._mine.connection
