"""The migrations: a store of each version so far opens; a newer one is not touched."""

from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from fieldkit.errors import NewerStoreError
from fieldkit.store.connection import PAGE_BYTES
from fieldkit.store.migrations import VERSION, migrations
from fieldkit.store.store import Store
from tests.store.desk import KEY, Desk, PersonFacts
from tests.store.make_version_dump import HERE, PERSON, dump


def raw(path: Path) -> sqlcipher.Connection:
    connection = sqlcipher.connect(str(path), isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    connection.execute(f"PRAGMA cipher_page_size = {PAGE_BYTES}")
    return connection


def of_version(version: int, path: Path) -> None:
    """Make a database as a program of that version left it."""
    connection = raw(path)
    connection.executescript((HERE / f"version_{version}.sql.txt").read_text("utf-8"))
    connection.close()


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_a_store_of_each_version_opens_with_all_its_work(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "work.db"
    of_version(version, path)

    with Store.open(path, KEY, PersonFacts()) as store:
        store.verify()
        (own,) = [r for r in store.records("person") if r.id != PERSON]
        (draft,) = store.drafts()
        desk = Desk(store, counter=3)
        later = desk.new(first="คนใหม่")

        assert [s.value for s in own.siblings("first")] == ["สมศรี"]
        assert draft.opened == own
        assert [one.counter for one in store.uncut(9)] == [3, 4]
        assert store.open_record(PERSON).siblings("first")[0].value == "ฮาลิม"
        past = [e.after for e in store.history(PERSON) if e.register == "first"]
        assert past == ["อับดุล", "ฮาลิม"]
        assert [one.record_id for one in store.find("คนใหม่")] == [later]
        assert store._db.value("PRAGMA user_version") == VERSION


def test_a_newer_store_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "work.db"
    Desk.at(path).store.close()
    connection = raw(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.execute("CREATE TABLE something_new (a)")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(NewerStoreError) as caught:
        Store.open(path, KEY, PersonFacts())

    assert caught.value.details == {"version": VERSION + 1, "known": VERSION}
    assert path.read_bytes() == before


def test_the_version_is_the_number_of_the_last_step(desk: Desk) -> None:
    with desk.store._db.steps() as db:
        names = [one.name for one in migrations.applied(db)]

    assert len(names) == VERSION
    assert names == sorted(names)


def test_the_newest_version_was_written_down() -> None:
    kept = (HERE / f"version_{VERSION}.sql.txt").read_text("utf-8")

    def schema(text: str) -> list[str]:
        return [part for part in text.split(";\n") if part.startswith("CREATE")]

    assert schema(kept) == schema(dump())
