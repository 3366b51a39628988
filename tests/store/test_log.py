"""The own log: saves, epochs, and what of them lies in no batch."""

from pathlib import Path

import pytest

from fieldkit.errors import StoreError
from fieldkit.records.change import read_change
from fieldkit.store.log import Made
from fieldkit.store.store import Store
from tests.store.desk import KEY, Desk, PersonFacts, hanging, write


def reopened(desk: Desk) -> Store:
    desk.store.close()
    return Store.open(desk.store._db.path, KEY, PersonFacts())


def test_a_save_is_there_after_closing_and_opening(desk: Desk) -> None:
    record = desk.new(first="สมชาย", score=3)

    with reopened(desk) as store:
        opened = store.open_record(record)

    assert [s.value for s in opened.siblings("first")] == ["สมชาย"]
    assert [s.value for s in opened.siblings("score")] == [3]
    assert {s.mark for name in opened.registers for s in opened.siblings(name)} == {
        "local"
    }


def test_the_bytes_of_a_save_never_change(desk: Desk) -> None:
    desk.new(first="ก")

    (saved,) = desk.store.uncut(10)

    assert saved.data == desk.made[0].data
    assert saved.hash == desk.made[0].identity.hash
    assert read_change(saved.data) == desk.made[0].change


def test_uncut_saves_come_oldest_first_and_at_most_as_many_as_asked(desk: Desk) -> None:
    for n in range(5):
        desk.new(first=str(n))

    assert [one.counter for one in desk.store.uncut(3)] == [1, 2, 3]
    desk.cut(3)
    assert [one.counter for one in desk.store.uncut(9)] == [4, 5]


def test_a_new_epoch_counts_from_one_and_the_old_one_is_cut_first(desk: Desk) -> None:
    desk.new(first="a")
    desk.begin(b"\xbb" * 16)
    second = desk.new(first="b")

    assert [(one.epoch[:1], one.counter) for one in desk.store.uncut(9)] == [
        (b"\xaa", 1)
    ]
    desk.cut()
    assert [(one.epoch[:1], one.counter) for one in desk.store.uncut(9)] == [
        (b"\xbb", 1)
    ]
    assert desk.store.open_record(second).siblings("first")[0].value == "b"
    assert [epoch.saved for epoch in desk.store.epochs()] == [1, 1]
    assert desk.store.own_epochs() == {b"\xaa" * 16, b"\xbb" * 16}


@pytest.mark.parametrize("skip", [-1, 1])
def test_a_counter_that_does_not_follow_is_not_saved(desk: Desk, skip: int) -> None:
    desk.new(first="a")
    desk.counter += skip
    made, layouts = desk.make(write("person", None, {"first": "b"}))

    with pytest.raises(StoreError) as caught:
        desk.store.save(made, layouts)

    assert caught.value.code == "store.counter"
    assert len(desk.store.uncut(9)) == 1
    assert desk.store.record_count() == 1


def test_a_save_under_a_foreign_epoch_is_refused(desk: Desk) -> None:
    desk.epoch = b"\xcc" * 16
    made, layouts = desk.make(write("person", None, {"first": "b"}))

    with pytest.raises(StoreError, match="Another window"):
        desk.store.save(made, layouts)


def test_a_change_of_two_records_keeps_both_with_their_subject(desk: Desk) -> None:
    desk.save(write("person", None, {"first": "แม่"}), hanging(0, q1=2))
    person, screening = desk.made[-1].identity.records

    assert desk.store.open_record(screening).subject == person
    assert [one.record_id for one in desk.store.records_of(person)] == [screening]
    assert [record.id for record in desk.store.records("screening")] == [screening]


def test_a_record_may_hang_on_one_that_is_not_here(desk: Desk) -> None:
    absent = b"\x77" * 16

    screening = desk.save(hanging(absent, q1=2))

    assert desk.store.open_record(screening).subject == absent
    assert desk.store.record_count() == 1
    assert [record.id for record in desk.store.records()] == [screening]


def test_saving_many_gives_what_saving_each_gives(desk: Desk, tmp_path: Path) -> None:
    twin = Desk.at(tmp_path / "twin.db")
    person = desk.new(first="นภา")
    desk.edit(person, [desk.dot()], first="นภาพร")
    desk.save(hanging(person, q1=1))
    desk.save(write("person", None, {"first": "x"}), hanging(0, q1=3))
    layouts = list(desk.store.layouts().values())

    twin.store.save_many(desk.made, layouts)

    assert sorted(twin.store.records(), key=lambda r: r.id) == sorted(
        desk.store.records(), key=lambda r: r.id
    )
    assert twin.store.uncut(9) == desk.store.uncut(9)
    assert twin.store.find("พร") == desk.store.find("พร")
    twin.store.close()


def test_of_saves_that_fail_together_none_is_kept(desk: Desk) -> None:
    made, layouts = desk.make(write("person", None, {"first": "a"}))
    twice = Made(made.change, made.identity, made.data)

    with pytest.raises(StoreError):
        desk.store.save_many([made, twice], layouts)

    assert desk.store.uncut(9) == []
    assert list(desk.store.layouts()) == []


def test_seeds_are_kept_as_they_were_first_given(desk: Desk) -> None:
    desk.store.add_seed(desk.epoch, 1, b"\x01" * 32)
    desk.store.add_seed(desk.epoch, 1, b"\x02" * 32)

    assert desk.store.seeds(desk.epoch) == {0: bytes(32), 1: b"\x01" * 32}
    assert desk.store.seeds(b"?" * 16) == {}


def test_a_later_form_changes_no_class_of_what_was_saved(desk: Desk) -> None:
    record = desk.new(first="a", score=1)

    class Later(PersonFacts):
        def class_of(self, *_: object) -> str:
            return "sealed"

    desk.store.close()
    with Store.open(desk.store._db.path, KEY, Later()) as store:
        (own,) = store._own_writes([store.find_record(record).number])

    assert [number for number, _ in own.entries] == [1, 2]
