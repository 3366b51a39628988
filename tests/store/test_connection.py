"""The connection: files that are not ours, full disks, two programs, no plain text."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from fieldkit.errors import (
    DamagedStoreError,
    NotFoundError,
    StoreError,
    StoreLockedError,
)
from fieldkit.store import connection
from fieldkit.store.connection import PAGE_BYTES
from fieldkit.store.store import Store
from tests.house.source import ROOT
from tests.store.desk import KEY, Desk, PersonFacts, state, theirs, write

CANARY = "ความลับของยาย0819994444"


def filled(path: Path, count: int = 200) -> None:
    desk = Desk.at(path)
    made = [
        desk.make(write("person", None, {"first": f"{n}" * 20})) for n in range(count)
    ]
    desk.store.save_many([one for one, _ in made], made[0][1])
    desk.store.close()


def refused(path: Path, key: bytes = KEY) -> StoreError:
    """Return the error with which the store refuses to be read to its end."""
    with pytest.raises(StoreError) as caught, Store.open(path, key, PersonFacts()) as s:
        s.verify()
    return caught.value


@pytest.mark.parametrize("page", [0, 1, 5, -1])
@pytest.mark.parametrize("place", [0, 30, 4_000, PAGE_BYTES - 1])
def test_a_flipped_bit_is_noticed(tmp_path: Path, page: int, place: int) -> None:
    path = tmp_path / "work.db"
    filled(path)
    data = bytearray(path.read_bytes())
    data[page * PAGE_BYTES % len(data) + place] ^= 4
    path.write_bytes(data)

    error = refused(path)

    assert isinstance(error, DamagedStoreError)
    assert "coordinator" in error.hint("en")
    assert path.read_bytes() == data


@pytest.mark.parametrize("kept", [0, 100, PAGE_BYTES, 3 * PAGE_BYTES, -PAGE_BYTES, -1])
def test_a_file_cut_short_is_noticed_on_opening(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "work.db"
    filled(path)
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(DamagedStoreError):
        Store.open(path, KEY, PersonFacts())


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 20_000, b"SQLite format 3\0" + b"\0" * 9_000, b"PDF" * 9_000]
)
def test_a_file_of_another_program_is_not_taken_for_ours(
    tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "work.db"
    path.write_bytes(data)

    assert isinstance(refused(path), DamagedStoreError)
    assert path.read_bytes() == data


def test_another_database_under_our_key_is_not_taken_for_ours(tmp_path: Path) -> None:
    path = tmp_path / "work.db"
    other = sqlcipher.connect(str(path))
    other.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    other.execute(f"PRAGMA cipher_page_size = {PAGE_BYTES}")
    other.execute("CREATE TABLE notes (text)")
    other.close()

    assert isinstance(refused(path), DamagedStoreError)


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    path = tmp_path / "work.db"
    filled(path, 1)

    assert isinstance(refused(path, bytes(32)), DamagedStoreError)


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no data file"):
        Store.open(tmp_path / "work.db", KEY)

    assert list(tmp_path.iterdir()) == []


def test_a_store_is_not_made_over_another(tmp_path: Path) -> None:
    path = tmp_path / "work.db"
    path.write_bytes(b"something")

    with pytest.raises(StoreError, match="already"):
        Store.create(path, KEY)

    assert path.read_bytes() == b"something"


def test_a_place_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        Store.create(tmp_path / "absent" / "work.db", KEY)

    assert caught.value.code == "store.disk"


def test_what_the_driver_finds_wrong_with_us_is_said_as_ours(desk: Desk) -> None:
    with pytest.raises(StoreError) as caught:
        desk.store._db.run("SELECT * FROM no_such_table")

    assert caught.value.code == "store.unexpected"


# --- A full disk ---


def test_a_full_disk_leaves_what_was_saved(desk: Desk) -> None:
    kept = desk.new(first="ก่อน")
    pages = desk.store._db.value("PRAGMA page_count")
    desk.store._db.run(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StoreError) as caught:
        desk.new(first="ข" * 100_000)

    assert caught.value.code == "store.disk_full"
    desk.counter -= 1
    assert desk.store.open_record(kept).siblings("first")[0].value == "ก่อน"
    desk.store._db.run("PRAGMA max_page_count = 1000000")
    later = desk.new(first="หลัง")
    assert {r.id for r in desk.store.records()} == {kept, later}


FILLER = """
import resource, sys
from pathlib import Path
from fieldkit.errors import StoreError
from tests.store.desk import Desk

desk = Desk.at(Path(sys.argv[1]))
desk.new(first="first")
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
try:
    while True:
        desk.new(first="x" * 20_000)
        print("saved", flush=True)
except StoreError as error:
    print(error.code, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of this kind")
def test_a_file_that_may_not_grow_loses_no_save(tmp_path: Path) -> None:
    path = tmp_path / "work.db"
    run = subprocess.run(
        [sys.executable, "-c", FILLER, str(path)],
        capture_output=True, check=True, cwd=ROOT, text=True,
    )  # fmt: skip

    *saved, last = run.stdout.split()

    assert last == "store.disk"
    with Store.open(path, KEY, PersonFacts()) as store:
        store.verify()
        assert len(store.uncut(10_000)) == 1 + len(saved)


# --- Several at once ---


def test_a_second_writer_is_told_that_the_first_is_busy(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_PRAGMAS", ("busy_timeout = 50",))
    with Store.open(desk.store._db.path, KEY) as other, desk.store.transaction():
        with pytest.raises(StoreLockedError) as caught:
            other.set_setting("a", b"b")

        assert caught.value.code == "store.busy"


def test_readers_go_on_while_one_writes(desk: Desk) -> None:
    record = desk.new(first="ก่อน")
    with Store.open(desk.store._db.path, KEY, PersonFacts()) as reader:
        with desk.store.transaction():
            desk.edit(record, [desk.dot()], first="หลัง")
            during = reader.open_record(record)
        after = reader.open_record(record)

    assert during.siblings("first")[0].value == "ก่อน"
    assert after.siblings("first")[0].value == "หลัง"


def test_threads_of_one_store_wait_for_each_other(desk: Desk) -> None:
    saved = desk.store.setting("turn")
    entered = threading.Event()

    def write_too() -> None:
        entered.set()
        desk.store.set_setting("turn", b"second")

    with desk.store.transaction():
        thread = threading.Thread(target=write_too)
        thread.start()
        entered.wait()
        desk.store.set_setting("turn", b"first")
        inside = desk.store.setting("turn")
    thread.join()

    assert (saved, inside, desk.store.setting("turn")) == (None, b"first", b"second")


def test_only_one_may_sync(desk: Desk) -> None:
    with (
        Store.open(desk.store._db.path, KEY) as other,
        desk.store.only_one(),
        pytest.raises(StoreLockedError) as caught,
        other.only_one(),
    ):
        raise AssertionError

    assert caught.value.code == "store.busy"
    with other.only_one():
        desk.new(first="saving goes on")


HOLDER = """
import sys, time
from pathlib import Path
from fieldkit.store.connection import OnlyOne

with OnlyOne(Path(sys.argv[1])):
    print("in", flush=True)
    time.sleep(60)
"""


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "work.lock"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(StoreLockedError), connection.OnlyOne(path):
            raise AssertionError
        holder.kill()

    with connection.OnlyOne(path) as held:
        assert held is not None


# --- Nothing plain ---


def test_no_plain_text_lies_in_any_file(desk: Desk, tmp_path: Path) -> None:
    record = desk.new(first=CANARY, note=CANARY)
    form = desk.open_form(record)
    desk.cut()
    one = state(desk.store, b"\x01" * 16, (theirs(1), {"first": CANARY}))
    desk.store.put_parts([one])
    desk.store.stage(1, CANARY.encode())
    assert len(desk.store.find(CANARY)) == 2
    open_files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    desk.close_form(form)
    desk.store.close()
    closed_files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    assert set(open_files) == {"work.db", "work.db-wal", "work.db-shm"}
    for files in (open_files, closed_files):
        whole = b"".join(files.values())
        assert all(word not in whole for word in (CANARY.encode(), b"9994444", KEY))
        assert b"SQLite format" not in whole
        assert b"person" not in whole


def test_a_flipped_byte_is_never_read_as_data(tmp_path: Path) -> None:
    """Long texts fill pages of their own, and the last of them may be the damaged."""
    path, texts = tmp_path / "a.db", {bytes([n]) * 32: b"x" * 30_000 for n in range(4)}
    with Store.create(path, KEY) as store:
        for name, text in texts.items():
            store.add_form(name, text)
    whole = path.read_bytes()
    found = 0
    for start in range(PAGE_BYTES, len(whole), PAGE_BYTES):
        data = bytearray(whole)
        data[start + 4_000] ^= 1
        path.write_bytes(data)
        try:
            with Store.open(path, KEY) as store:
                assert {n: store.form_texts()[n] for n in texts} == texts
        except DamagedStoreError:
            found += 1

    assert found >= 12
