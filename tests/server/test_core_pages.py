"""The core, driven directly: what a page holds, and a start from what is stored."""

from random import Random

import pytest

from fieldkit.errors import AccessError, RemoteProtocolError
from fieldkit.records.edit import create
from sync_server.core.paging import Window
from tests.server.core_desk import (
    APPLIED,
    HERE,
    THERE,
    brought,
    page,
    send,
    values,
)
from tests.simulation.author import Author
from tests.simulation.province import (
    PERSON,
    Town,
    read,
)


@pytest.fixture
def town() -> Town:
    return Town(Random(7))


@pytest.fixture
def volunteer(town: Town) -> Author:
    return Author.enrolled(town, "9011")


@pytest.fixture
def coordinator(town: Town) -> Author:
    return Author.enrolled(town, "90", "coordinator")


# --- Pages ----------------------------------------------------------------------------


def test_a_page_holds_what_is_in_scope_and_nothing_else(volunteer, coordinator):
    here = coordinator.new_person(HERE)
    coordinator.new_person(THERE)
    send(coordinator)

    assert brought(volunteer) == {(here.record, 0), (here.record, 2)}


def test_a_class_that_was_not_granted_stays_away(town, coordinator):
    modest = Author.enrolled(town, "9011", classes=[0])
    here = coordinator.new_person(HERE)
    send(coordinator)

    assert brought(modest) == {(here.record, 0)}


def test_a_person_who_moves_away_moves_out_with_all_their_records(
    town, volunteer, coordinator
):
    person = volunteer.new_person(HERE)
    visit = volunteer.visit(person.record)
    send(volunteer)
    cursor = town.storage.head()

    coordinator.edit(town.record(person.record), {"village": THERE})
    send(coordinator)

    found = page(volunteer, cursor)
    assert set(found.move_outs) == {
        (record, number)
        for record in (person.record, visit.record)
        for number in (0, 2)
    }
    assert found.count == 0


def test_a_person_who_moves_in_comes_whole_with_all_their_records(
    town, volunteer, coordinator
):
    person = coordinator.new_person(THERE)
    visit = coordinator.visit(person.record)
    send(coordinator)
    cursor = town.storage.head()

    coordinator.edit(town.record(person.record), {"village": HERE})
    send(coordinator)

    found = page(volunteer, cursor)
    assert brought(volunteer, cursor) == {
        (record, number)
        for record in (person.record, visit.record)
        for number in (0, 2)
    }
    assert found.missing({}) == ()


def test_what_was_written_while_out_of_scope_comes_whole(town, volunteer, coordinator):
    person = volunteer.new_person(HERE)
    send(volunteer)
    cursor = town.storage.head()
    for answers in ({"village": THERE}, {"village": HERE}, {"phone": "081"}):
        coordinator.edit(town.record(person.record), answers)
        send(coordinator)

    found = page(volunteer, cursor)

    assert found.missing({}) == ()
    assert {key for key, _ in found.move_outs} == set()


def test_a_contested_area_counts_as_each_of_its_siblings(town, volunteer, coordinator):
    there = Author.enrolled(town, "9012")
    person = coordinator.new_person("90130101")
    send(coordinator)
    shown = town.record(person.record)
    second = coordinator.copy()
    coordinator.edit(shown, {"village": HERE})
    send(coordinator)
    second.edit(shown, {"village": THERE})
    send(second)

    assert (person.record, 0) in brought(volunteer)
    assert (person.record, 0) in brought(there)


def test_a_new_grant_brings_what_lay_there_before(town, volunteer, coordinator):
    there = coordinator.new_person(THERE)
    send(coordinator)
    cursor = town.storage.head()

    town.grant(volunteer.person, "9012")

    assert (there.record, 0) in brought(volunteer, cursor)


def test_a_withdrawn_grant_moves_out_what_lay_there(town, volunteer):
    here = volunteer.new_person(HERE)
    send(volunteer)
    cursor = town.storage.head()

    town.withdraw(volunteer.person, "9011")

    assert set(page(volunteer, cursor).move_outs) == {
        (here.record, 0),
        (here.record, 2),
    }


def test_what_was_withdrawn_and_granted_again_between_comes_again(town, volunteer):
    here = volunteer.new_person(HERE)
    send(volunteer)
    cursor = town.storage.head()

    town.withdraw(volunteer.person, "9011")
    town.grant(volunteer.person, "9011")

    assert (here.record, 0) in brought(volunteer, cursor)


def test_what_was_granted_and_withdrawn_between_moves_out(town, coordinator):
    guest = Author.enrolled(town, "9012")
    here = coordinator.new_person(HERE)
    send(coordinator)
    cursor = town.storage.head()

    town.grant(guest.person, "9011")
    town.withdraw(guest.person, "9011")

    assert set(page(guest, cursor).move_outs) == {(here.record, 0), (here.record, 2)}


def test_what_an_author_wrote_out_of_scope_moves_out(town, volunteer):
    opened = town.roster.version
    town.withdraw(volunteer.person, "9011")
    cursor = town.storage.head()
    saved = volunteer.save(create(read(PERSON), {"village": HERE}), roster=opened)
    send(volunteer)

    found = page(volunteer, cursor)

    assert set(found.move_outs) == {(saved.record, 0), (saved.record, 2)}
    assert found.count == 0


def test_a_page_tells_an_author_what_became_of_their_changes(town, volunteer):
    volunteer.new_person(THERE)
    sent = send(volunteer)
    cursor = town.storage.head()

    town.grant(volunteer.person, "9012")

    [verdict] = page(volunteer, cursor).verdicts
    assert (verdict.batch_hash, verdict.disposition) == (sent.hash, "applied")


def test_nobody_uncertified_gets_a_page(town):
    with pytest.raises(AccessError) as caught:
        town.core.page(Author.drawn(town).epoch, Window(0, 0, 0))

    assert caught.value.code == "roster.unknown_device"


def test_positions_beyond_the_log_are_refused(town, volunteer):
    head = town.storage.head()

    with pytest.raises(RemoteProtocolError) as caught:
        town.core.page(volunteer.epoch, Window(head + 1, head + 1, 0))

    assert caught.value.code == "page.window"


# --- A start from what is stored ------------------------------------------------------


def test_a_core_that_starts_again_goes_on_where_it_was(town, volunteer):
    person = volunteer.new_person(HERE, "old")
    volunteer.new_person(THERE)
    sent = send(volunteer)
    head = town.storage.head()

    town.core = town.open_core()
    town.grant(volunteer.person, "9012")

    assert town.said(sent.hash) == [APPLIED, APPLIED]
    assert town.storage.head() == head + 2
    assert values(town.record(person.record), "name") == {"old"}


def test_what_was_released_stays_released_over_a_start(town, volunteer, coordinator):
    saved = volunteer.new_person(THERE)
    sent = volunteer.cut()
    coordinator.release(saved.identity.hash)
    send(coordinator)

    town.core = town.open_core()
    town.take(sent.envelope)

    assert town.said(sent.hash) == [APPLIED]


def test_a_late_page_from_the_beginning_still_says_what_has_gone(
    town, volunteer, coordinator
):
    here = coordinator.new_person(HERE)
    send(coordinator)
    assert (here.record, 0) in brought(volunteer)

    coordinator.edit(town.record(here.record), {"village": THERE})
    send(coordinator)

    assert (here.record, 0) in page(volunteer, 0).move_outs
