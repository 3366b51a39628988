"""What SQLite and PostgreSQL do differently: bulk writes, long lists, snapshots.

Statements are written once, with ``?`` for a value, and go to the driver's own cursor:
objects between a row and its tuple would cost more than the row itself.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final, Protocol, TypeAlias, cast

import psycopg
from sqlalchemy import BigInteger, LargeBinary, Table
from sqlalchemy.pool import PoolProxiedConnection

Row: TypeAlias = tuple[Any, ...]

VALUES_MAX: Final = 5_000  # variables in one statement of SQLite
_COPY_ROWS_MIN: Final = 40  # below this, plain inserts are as quick as a COPY
WRITER: Final = 0x6669656C646B6974  # "fieldkit": one writer in a PostgreSQL database


class Driver(Protocol):
    """One kind of database."""

    def begin(self, connection: PoolProxiedConnection) -> None:
        """Begin the write transaction, or wait for its turn."""

    def fetch(
        self, connection: PoolProxiedConnection, sql: str, values: Sequence[object] = ()
    ) -> list[Row]:
        """Return all rows of a query."""

    def run(
        self, connection: PoolProxiedConnection, sql: str, values: Sequence[object]
    ) -> None:
        """Run one statement that gives no rows."""

    def add(
        self, connection: PoolProxiedConnection, table: Table, rows: Sequence[Row]
    ) -> None:
        """Insert rows."""

    def put(
        self, connection: PoolProxiedConnection, table: Table, rows: Sequence[Row]
    ) -> None:
        """Insert rows; one with a known primary key replaces that row."""

    def among(self, values: Sequence[object]) -> Iterator[tuple[str, list[object]]]:
        """Yield (condition, its values) for what follows a column's name."""

    def snapshot(
        self, connection: PoolProxiedConnection, tables: Sequence[Table]
    ) -> Iterator[tuple[str, list[Row]]]:
        """Yield the rows of each table, some at a time, all as of one moment."""


def rows_at_once(table: Table) -> int:
    """Return how many rows of a table may be in memory: few where one is big."""
    return 2_000 if table.name not in {"log", "envelopes", "held", "mail"} else 16


@cache
def _insert(table: Table) -> str:
    names = ", ".join(table.columns.keys())
    return f"INSERT INTO {table.name} ({names})"


@cache
def _insert_values(table: Table) -> str:
    marks = ", ".join("?" * len(table.columns))
    return f"{_insert(table)} VALUES ({marks})"


@cache
def _replace(table: Table) -> str:
    key = ", ".join(column.name for column in table.primary_key)
    others = (column.name for column in table.columns if not column.primary_key)
    sets = ", ".join(f"{name} = excluded.{name}" for name in others)
    return f" ON CONFLICT ({key}) DO UPDATE SET {sets}"


@cache
def _select(table: Table) -> str:
    order = [column.name for column in table.primary_key] or table.columns.keys()
    names = ", ".join(table.columns.keys())
    return f"SELECT {names} FROM {table.name} ORDER BY {', '.join(order)}"  # noqa: S608


class SqliteDriver:
    """SQLite, opened by SQLCipher; a connection begins transactions only when told."""

    def begin(self, connection: PoolProxiedConnection) -> None:
        """Begin the write transaction, or wait for its turn."""
        connection.cursor().execute("BEGIN IMMEDIATE")

    def fetch(
        self, connection: PoolProxiedConnection, sql: str, values: Sequence[object] = ()
    ) -> list[Row]:
        """Return all rows of a query."""
        cursor = connection.cursor()
        cursor.execute(sql, values)
        return cast("list[Row]", cursor.fetchall())

    def run(
        self, connection: PoolProxiedConnection, sql: str, values: Sequence[object]
    ) -> None:
        """Run one statement that gives no rows."""
        connection.cursor().execute(sql, values)

    def add(
        self, connection: PoolProxiedConnection, table: Table, rows: Sequence[Row]
    ) -> None:
        """Insert rows."""
        connection.cursor().executemany(_insert_values(table), rows)

    def put(
        self, connection: PoolProxiedConnection, table: Table, rows: Sequence[Row]
    ) -> None:
        """Insert rows; one with a known primary key replaces that row."""
        sql = _insert_values(table) + _replace(table)
        connection.cursor().executemany(sql, rows)

    def among(self, values: Sequence[object]) -> Iterator[tuple[str, list[object]]]:
        """Yield (condition, its values), a few thousand values each."""
        for start in range(0, len(values), VALUES_MAX):
            some = list(values[start : start + VALUES_MAX])
            yield f"IN ({', '.join('?' * len(some))})", some

    def snapshot(
        self, connection: PoolProxiedConnection, tables: Sequence[Table]
    ) -> Iterator[tuple[str, list[Row]]]:
        """Yield the rows of each table, some at a time, as of one moment."""
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        for table in tables:
            cursor.execute(_select(table))
            while rows := cursor.fetchmany(rows_at_once(table)):
                yield table.name, list(rows)


class PostgresDriver:
    """PostgreSQL through psycopg 3: binary results, COPY for many rows."""

    def begin(self, connection: PoolProxiedConnection) -> None:
        """Begin the write transaction, or wait for its turn."""
        self.run(connection, "BEGIN", ())
        self.run(connection, "SELECT pg_advisory_xact_lock(?)", [WRITER])

    def fetch(
        self, connection: PoolProxiedConnection, sql: str, values: Sequence[object] = ()
    ) -> list[Row]:
        """Return all rows of a query."""
        with _psycopg(connection).cursor(binary=True) as cursor:
            return cursor.execute(_marked(sql), values).fetchall()

    def run(
        self, connection: PoolProxiedConnection, sql: str, values: Sequence[object]
    ) -> None:
        """Run one statement that gives no rows."""
        _psycopg(connection).execute(_marked(sql), values)

    def add(
        self, connection: PoolProxiedConnection, table: Table, rows: Sequence[Row]
    ) -> None:
        """Insert rows."""
        if len(rows) < _COPY_ROWS_MIN:
            self._insert(connection, _insert_values(table), rows)
        else:
            self._copy(connection, table.name, table, rows)

    def put(
        self, connection: PoolProxiedConnection, table: Table, rows: Sequence[Row]
    ) -> None:
        """Insert rows; one with a known primary key replaces that row."""
        if len(rows) < _COPY_ROWS_MIN:
            self._insert(connection, _insert_values(table) + _replace(table), rows)
            return
        new = f"new_{table.name}"
        move = f"{_insert(table)} SELECT * FROM {new}{_replace(table)}"  # noqa: S608
        create = f"CREATE TEMP TABLE IF NOT EXISTS {new} (LIKE {table.name})"
        self.run(connection, create, ())
        self.run(connection, f"TRUNCATE {new}", ())
        self._copy(connection, new, table, _last_of_each(table, rows))
        self.run(connection, move, ())

    def among(self, values: Sequence[object]) -> Iterator[tuple[str, list[object]]]:
        """Yield (condition, its values), a few thousand values each."""
        if values:
            kind = "bytea" if isinstance(values[0], bytes) else "bigint"
            yield f"= ANY(?::{kind}[])", [list(values)]

    def snapshot(
        self, connection: PoolProxiedConnection, tables: Sequence[Table]
    ) -> Iterator[tuple[str, list[Row]]]:
        """Yield the rows of each table, some at a time, as of one moment."""
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        self.run(connection, begin, ())
        for table in tables:
            # Named: the rows stay at the server until they are asked for.
            with _psycopg(connection).cursor(name="dump", binary=True) as cursor:
                cursor.execute(_marked(_select(table)))
                while rows := cursor.fetchmany(rows_at_once(table)):
                    yield table.name, rows

    def _insert(
        self, connection: PoolProxiedConnection, sql: str, rows: Sequence[Row]
    ) -> None:
        with _psycopg(connection).cursor() as cursor:
            cursor.executemany(_marked(sql), rows)

    def _copy(
        self,
        connection: PoolProxiedConnection,
        name: str,
        table: Table,
        rows: Sequence[Row],
    ) -> None:
        names = ", ".join(table.columns.keys())
        sql = f"COPY {name} ({names}) FROM STDIN (FORMAT BINARY)"
        with (
            _psycopg(connection).cursor() as cursor,
            cursor.copy(_marked(sql)) as copy,
        ):
            copy.set_types(_copy_types(table))
            for row in rows:
                copy.write_row(row)


@cache
def _copy_types(table: Table) -> tuple[str, ...]:
    return tuple(
        "int8"
        if isinstance(column.type, BigInteger)
        else "bytea"
        if isinstance(column.type, LargeBinary)
        else "text"
        for column in table.columns
    )


def _last_of_each(table: Table, rows: Sequence[Row]) -> Sequence[Row]:
    """Return one row a key: PostgreSQL will not update a row twice in one statement."""
    (place,) = (
        place for place, column in enumerate(table.columns) if column.primary_key
    )
    return list({row[place]: row for row in rows}.values())


def _psycopg(connection: PoolProxiedConnection) -> psycopg.Connection[Row]:
    return cast("psycopg.Connection[Row]", connection.driver_connection)


@cache
def _marked(sql: str) -> bytes:
    return sql.replace("?", "%s").encode()
