"""The search: any part of a word, as it is spelled anywhere, as soon as it is saved."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldkit.errors import StoreError
from fieldkit.store import search
from fieldkit.store.store import Store
from fieldkit.thai.text import search_key
from tests.store.desk import KEY, Desk, PersonFacts, state, theirs, write


def ids(desk: Desk, text: str, limit: int = 50) -> set[bytes]:
    return {one.record_id for one in desk.store.find(text, limit)}


@pytest.fixture(params=["waiting", "indexed"])
def reached(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Search both what waits for the index and what is in it."""
    waiting = 1 if request.param == "indexed" else 1_000
    monkeypatch.setattr(search, "_WAITING_MAX", waiting)


@pytest.mark.usefixtures("reached")
@pytest.mark.parametrize(
    "text",
    ["สมหญิง", "หญิ", "หญ", "ญ", "สมหญิงใจ", "ใจดี สมหญิง", "๐๘๑", "081-999", "  ดี "],
)
def test_a_person_is_found_by_any_part_of_name_or_number(desk: Desk, text: str) -> None:
    wanted = desk.new(first="สมหญิง", last="ใจดี", phone="0819994444", note="ญาติ")
    desk.new(first="ประเสริฐ", last="ทองคำ", phone="0741111111")

    assert ids(desk, text) == {wanted}


@pytest.mark.usefixtures("reached")
@pytest.mark.parametrize("text", ["", " ", "-", "สมชายไม่มี", "%", '"', "ญาติ"])
def test_what_is_not_there_is_not_found(desk: Desk, text: str) -> None:
    desk.new(first="สมหญิง", note="ญาติ")

    assert ids(desk, text) == set()


@pytest.mark.usefixtures("reached")
def test_both_spellings_of_sara_am_are_one(desk: Desk) -> None:
    record = desk.new(first="ทองค\u0e4d\u0e32")

    assert ids(desk, "ทองค\u0e33") == {record}


@pytest.mark.usefixtures("reached")
def test_a_part_that_is_brought_is_found_and_its_old_text_is_not(desk: Desk) -> None:
    record = b"\x01" * 16
    desk.store.put_parts([state(desk.store, record, (theirs(1), {"first": "อับดุล"}))])
    assert ids(desk, "อับดุล") == {record}

    later = state(desk.store, record, (theirs(2), {"first": "ฮาลีม"}), position=2)
    desk.store.put_parts([later])

    assert ids(desk, "อับดุล") == set()
    assert ids(desk, "ฮาลีม") == {record}
    desk.store.move_out([later.key], 3)
    assert ids(desk, "ฮาลีม") == set()


@pytest.mark.usefixtures("reached")
def test_each_sibling_of_a_contested_name_is_found(desk: Desk) -> None:
    record = b"\x01" * 16
    both = state(
        desk.store,
        record,
        (theirs(1), {"first": "อารี"}),
        (theirs(2), {"first": "อารีย์"}),
    )
    desk.store.put_parts([both])
    desk.edit(record, first="อรี")

    assert ids(desk, "อารีย์") == ids(desk, "อรี") == ids(desk, "อารี") == {record}


def test_a_save_that_failed_is_not_found(desk: Desk) -> None:
    first, layouts = desk.make(write("person", None, {"first": "สมหญิง"}))

    with pytest.raises(StoreError):
        desk.store.save_many([first, first], layouts)

    assert ids(desk, "สมหญิง") == set()


def test_the_newest_come_first_and_no_more_than_asked(desk: Desk) -> None:
    made = [desk.new(first=f"สมชาย{n}") for n in range(9)]

    assert [one.record_id for one in desk.store.find("สมชาย", 3)] == made[:-4:-1]


NAMES = st.text("กขคงเแ่้ำ าabAB1๑ -", min_size=1, max_size=8)


@settings(max_examples=20)
@given(names=st.lists(NAMES, min_size=1, max_size=12), asked=NAMES, data=st.data())
def test_find_finds_exactly_the_texts_that_hold_every_word(
    tmp_path_factory: pytest.TempPathFactory,
    names: list[str],
    asked: str,
    data: st.DataObject,
) -> None:
    indexed = data.draw(st.integers(0, len(names)))
    desk = Desk.at(tmp_path_factory.mktemp("find") / "work.db")
    records: dict[bytes, str] = {}
    for place, name in enumerate(names):
        records[desk.new(first=name)] = name
        if place + 1 == indexed:
            _index_now(desk.store)

    words = [key for word in asked.split() if (key := search_key(word))]
    expected = {
        record
        for record, name in records.items()
        if words and all(word in search_key(name) for word in words)
    }
    assert ids(desk, asked) == expected
    desk.store.close()


def _index_now(store: Store) -> None:
    with pytest.MonkeyPatch.context() as patch, store.transaction():
        patch.setattr(search, "_WAITING_MAX", 0)
        store._waits = True
        store._fill_index()


def test_the_index_holds_what_the_texts_hold_after_opening_again(desk: Desk) -> None:
    record = desk.new(first="สมหญิง")
    _index_now(desk.store)
    desk.edit(record, [desk.dot()], first="สมศรี")
    desk.store.close()

    with Store.open(desk.store._db.path, KEY, PersonFacts()) as store:
        assert [one.record_id for one in store.find("สมศรี")] == [record]
        assert store._db.value("SELECT count(*) FROM unsearched") == 1
