"""The contract on SQLite under SQLCipher, and what only a file can suffer."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from fieldkit.errors import (
    DamagedStoreError,
    NewerStoreError,
    StoreError,
    StoreLockedError,
)
from sync_server.storage import tables
from sync_server.storage.contract import PartRow
from sync_server.storage.engines import open_engine, open_storage
from sync_server.storage.schema import bring_up_to_date, revisions, upgrade
from sync_server.storage.sql import SqlStorage
from tests.server.storage_contract import StorageContract
from tests.server.storage_rows import contents, fill
from tests.simulation.memory_storage import MemoryStorage

KEY = bytes(range(32))

Open = Callable[..., SqlStorage]


@pytest.fixture
def open_file(tmp_path: Path) -> Iterator[Open]:
    opened: list[SqlStorage] = []

    def open_it(name: str = "core.db", key: bytes = KEY, **more: Any) -> SqlStorage:
        opened.append(open_storage(f"sqlite:///{tmp_path / name}", key, **more))
        return opened[-1]

    yield open_it
    for one in opened:
        one.close()


@pytest.fixture
def storage(open_file: Open) -> SqlStorage:
    return open_file()


@pytest.fixture
def empty(open_file: Open) -> SqlStorage:
    return open_file("empty.db")


class TestSqliteStorage(StorageContract):
    pass


def raw(path: Path) -> Any:
    connection = sqlcipher.connect(str(path), isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    connection.execute("PRAGMA cipher_page_size = 8192")
    return connection


# --- what a reader sees, and what is on disk ---


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


def test_what_was_committed_is_there_after_reopening(open_file: Open) -> None:
    first = open_file()
    fill(first)
    before = contents(first)
    first.close()

    assert contents(open_file()) == before


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


def test_nothing_lies_on_the_disk_in_the_clear(
    storage: SqlStorage, tmp_path: Path
) -> None:
    secret = b"a name that nobody may read" * 20
    with storage.transaction():
        storage.put("secret", secret)
        storage.put_parts([PartRow(8, 1, secret)])

    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    assert set(files) >= {"core.db", "core.db-wal"}
    assert [name for name, data in files.items() if secret[:16] in data] == []
    assert not files["core.db"].startswith(b"SQLite format 3")


def test_the_files_are_their_owners_alone(storage: SqlStorage, tmp_path: Path) -> None:
    with storage.transaction():
        storage.put("fact", b"value")

    rights = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}

    assert set(rights.values()) == {0}


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("cipher_page_size", "8192"),
        ("journal_mode", "wal"),
        ("synchronous", "2"),
        ("secure_delete", "1"),
    ],
)
def test_the_file_is_opened_with_care(
    storage: SqlStorage, pragma: str, value: str
) -> None:
    assert str(storage._db.value(f"PRAGMA {pragma}")) == value


# --- versions ---


def test_the_migrations_make_the_tables_that_the_code_names(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    engine, _ = open_engine(f"sqlite:///{tmp_path / 'core.db'}", KEY)
    bring_up_to_date(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, tables.METADATA)
    engine.dispose()

    assert differences == []


@pytest.mark.parametrize("version", revisions())
def test_a_database_of_an_old_version_is_brought_up_to_date(
    open_file: Open, tmp_path: Path, version: str
) -> None:
    engine, _ = open_engine(f"sqlite:///{tmp_path / 'core.db'}", KEY)
    with engine.begin() as connection:
        upgrade(connection, version)
        connection.exec_driver_sql("INSERT INTO facts VALUES ('kept', x'01')")
    engine.dispose()

    storage = open_file()

    assert storage.get("kept") == b"\1"
    with storage.transaction():
        storage.put_parts([PartRow(8, 1, b"state")])
    assert revisions()[0] == "0001"


def test_a_newer_database_is_refused_and_not_touched(
    open_file: Open, tmp_path: Path
) -> None:
    open_file().close()
    connection = raw(tmp_path / "core.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = (tmp_path / "core.db").read_bytes()

    with pytest.raises(NewerStoreError) as caught:
        open_file()

    assert caught.value.code == "storage.newer"
    assert "9999" in caught.value.message("th")
    assert (tmp_path / "core.db").read_bytes() == before


# --- a driver's errors become ours ---


@pytest.mark.parametrize("key", [bytes(32), b"short", None])
def test_a_wrong_key_is_told_and_nothing_is_touched(
    open_file: Open, tmp_path: Path, key: bytes
) -> None:
    open_file().close()
    before = (tmp_path / "core.db").read_bytes()

    with pytest.raises(StoreLockedError) as caught:
        open_file(key=key)

    assert caught.value.code == "storage.key"
    assert (tmp_path / "core.db").read_bytes() == before


def test_a_damaged_page_is_told(open_file: Open, tmp_path: Path) -> None:
    storage = open_file()
    with storage.transaction():
        storage.put_parts([PartRow(key, key, bytes(500)) for key in range(8, 4000)])
    storage.close()
    path = tmp_path / "core.db"
    data = bytearray(path.read_bytes())
    for at in range(data.__len__() // 2, len(data), 8192):
        data[at] ^= 1
    path.write_bytes(data)

    damaged = open_file()
    with pytest.raises(DamagedStoreError) as caught:
        damaged.parts(range(4000))

    assert caught.value.code == "storage.damaged"


def test_a_full_disk_is_told_and_loses_nothing(storage: SqlStorage) -> None:
    fill(storage)
    before = contents(storage)
    many = [PartRow(key, key, bytes(500)) for key in range(8, 4000)]

    with pytest.raises(StoreError) as caught, storage.transaction():  # noqa: PT012
        storage._db.rows("PRAGMA max_page_count = 40")
        storage.put_parts(many)

    assert caught.value.code == "storage.full"
    assert contents(storage) == before


def test_a_second_writer_waits_and_then_is_told(open_file: Open) -> None:
    first, second = open_file(), open_file(timeout_s=0.05)

    with first.transaction():
        first.put("fact", b"first")
        with pytest.raises(StoreLockedError) as caught, second.transaction():
            pass

    assert caught.value.code == "storage.busy"
    with second.transaction():
        second.put("fact", b"second")
    assert first.get("fact") == b"second"


def test_threads_of_one_server_take_turns(open_file: Open) -> None:
    storage = open_file(timeout_s=0.05)
    caught: list[str] = []

    def write() -> None:
        try:
            with storage.transaction():
                pass
        except StoreError as error:
            caught.append(error.code)

    with storage.transaction():
        other = threading.Thread(target=write)
        other.start()
        other.join()
    write()

    assert caught == ["storage.busy"]


def test_many_threads_add_up(storage: SqlStorage) -> None:
    def write() -> None:
        for _ in range(10):
            with storage.transaction():
                storage.set_head(storage.head() + 1)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert storage.head() == 40


def test_a_missing_folder_is_told(open_file: Open) -> None:
    with pytest.raises(StoreError) as caught:
        open_file("no/such/folder/core.db")

    assert caught.value.code == "storage.gone"


@pytest.mark.parametrize("url", ["mysql://host/db", "nonsense", "sqlite://"])
def test_an_unknown_address_is_told(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_storage(url, KEY)

    assert caught.value.code == "storage.url"
