"""Drafts: each answer is kept, and what was on the screen stays what it was."""

import dataclasses

import pytest

from fieldkit.errors import NotFoundError
from fieldkit.records.record import Record
from fieldkit.store.drafts import Draft
from fieldkit.store.store import Store
from tests.store.desk import KEY, Desk, PersonFacts, state, theirs, write

NEW = Draft(
    form_id="person",
    version=3,
    opened=Record.blank("person", b"\x01" * 16),
    answers={"first": "สม", "tags": ["a"], "age": None},
    place="last",
    started_ms=1_700_000_000_000,
)


def test_a_draft_comes_back_as_it_was_kept(desk: Desk) -> None:
    number = desk.store.keep_draft(NEW)
    desk.store.close()

    with Store.open(desk.store._db.path, KEY, PersonFacts()) as store:
        assert store.drafts() == [dataclasses.replace(NEW, number=number)]
        assert store.draft(number).opened == NEW.opened


def test_each_answer_is_kept_in_the_same_draft(desk: Desk) -> None:
    draft = dataclasses.replace(NEW, number=desk.store.keep_draft(NEW))

    again = desk.store.keep_draft(
        dataclasses.replace(draft, answers={"first": "สมหญิง"}, place="phone")
    )

    assert again == draft.number
    (kept,) = desk.store.drafts()
    assert (kept.answers, kept.place) == ({"first": "สมหญิง"}, "phone")


def test_what_was_opened_stays_when_the_record_changes(desk: Desk) -> None:
    record = b"\x01" * 16
    desk.store.put_parts([state(desk.store, record, (theirs(1), {"first": "เก่า"}))])
    shown = desk.open(record)
    number = desk.open_form(record)

    later = state(desk.store, record, (theirs(2), {"first": "ใหม่"}), position=2)
    desk.store.put_parts([later])

    assert desk.store.draft(number).opened == shown
    assert desk.open(record) != shown


def test_a_save_ends_its_draft(desk: Desk) -> None:
    number = desk.store.keep_draft(NEW)
    made, layouts = desk.make(write("person", None, {"first": "สมหญิง"}))

    desk.store.save(made, layouts, draft=number)

    assert desk.store.drafts() == []
    with pytest.raises(NotFoundError, match="no open form"):
        desk.store.draft(number)


def test_a_save_that_fails_leaves_its_draft(desk: Desk) -> None:
    number = desk.store.keep_draft(NEW)
    desk.counter = 7
    made, layouts = desk.make(write("person", None, {"first": "สมหญิง"}))

    with pytest.raises(Exception, match="number 8, next is 1"):
        desk.store.save(made, layouts, draft=number)

    assert [draft.number for draft in desk.store.drafts()] == [number]


def test_a_record_that_is_leaving_says_so_until_its_form_is_closed(desk: Desk) -> None:
    record = b"\x01" * 16
    brought = state(desk.store, record, (theirs(1), {"first": "a"}))
    desk.store.put_parts([brought])
    first, second = desk.open_form(record), desk.open_form(record)
    assert not desk.store.is_leaving(record)

    desk.store.move_out([brought.key], 2)
    desk.close_form(first)
    assert desk.store.is_leaving(record)

    desk.close_form(second)
    assert not desk.store.is_leaving(record)
    assert desk.is_gone(record)
