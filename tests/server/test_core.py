"""The core, driven directly: what becomes of a change, and when it is judged again."""

from random import Random

import pytest

from fieldkit.causality import Dot
from fieldkit.crypto.sign import sign
from fieldkit.errors import BadSignatureError, RemoteProtocolError
from fieldkit.records.edit import create
from fieldkit.records.record import Record
from fieldkit.sync.batch import (
    BATCH_LABEL,
    BatchHeader,
    cut,
    to_wire,
)
from fieldkit.sync.envelope import Kind, seal_envelope
from tests.server.core_desk import (
    APPLIED,
    HERE,
    THERE,
    as_born,
    receipt,
    record_with,
    send,
    values,
)
from tests.simulation.author import Author
from tests.simulation.province import (
    PERSON,
    PlainSeals,
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


# --- Applying -------------------------------------------------------------------------


def test_a_new_record_is_applied_with_all_its_classes(town, volunteer):
    saved = volunteer.new_person(HERE, "สมชาย")

    sent = send(volunteer)

    assert town.said(sent.hash) == [APPLIED]
    assert values(town.record(saved.record), "name") == {"สมชาย"}
    assert values(town.record(saved.record), "illness") == {"illness of สมชาย"}


def test_two_who_edit_the_same_answer_unseen_leave_both_standing(
    town, volunteer, coordinator
):
    person = volunteer.new_person()
    send(volunteer)
    shown = town.record(person.record)

    volunteer.edit(shown, {"name": "one"})
    coordinator.edit(shown, {"name": "two"})
    send(volunteer)
    send(coordinator)

    assert values(town.record(person.record), "name") == {"one", "two"}


def test_a_write_hides_only_what_it_names(town, volunteer):
    person = volunteer.new_person(name="old")
    send(volunteer)

    volunteer.edit(town.record(person.record), {"name": "new"})
    send(volunteer)

    record = town.record(person.record)
    assert values(record, "name") == {"new"}
    assert values(record, "village") == {"90110101"}


def test_a_replacement_waits_for_the_change_that_it_names(town, volunteer):
    clone = volunteer.copy()
    person = volunteer.new_person(name="first")
    send(volunteer)
    shown = town.record(person.record)
    middle = volunteer.edit(shown, {"name": "middle"})
    first_batch = volunteer.cut()
    seen = record_with(shown, "name", middle)
    volunteer.edit(seen, {"name": "last"})
    second_batch = volunteer.cut()

    town.take(second_batch.envelope)
    town.take(first_batch.envelope)

    assert values(town.record(person.record), "name") == {"last"}
    assert clone.counter == 0


def test_a_batch_sent_twice_changes_nothing_and_is_marked(town, volunteer):
    person = volunteer.new_person()
    sent = volunteer.cut()
    first = receipt(town, town.take(sent.envelope).receipt)
    head = town.storage.head()

    again = receipt(town, town.take(sent.envelope).receipt)

    assert (first.batches[0].duplicate, again.batches[0].duplicate) == (False, True)
    assert again.batches[0].verdicts == first.batches[0].verdicts
    assert town.storage.head() == head
    assert len(town.record(person.record).siblings("name")) == 1


def test_a_duplicate_of_a_quarantined_change_stays_quarantined(town, volunteer):
    volunteer.new_person(THERE)
    sent = send(volunteer)

    town.take(sent.envelope)

    assert town.said(sent.hash) == [("quarantined", "out_of_scope")]


# --- What is refused ------------------------------------------------------------------


def test_a_batch_that_another_key_signed_is_refused(town, volunteer):
    volunteer.new_person()
    volunteer.key = town.signing_key()

    with pytest.raises(BadSignatureError):
        town.take(volunteer.cut().envelope)

    assert list(town.storage.batches()) == []


def test_a_batch_of_another_province_is_refused(town, volunteer):
    saved = volunteer.new_person()
    header = BatchHeader(
        province=bytes(16), epoch=volunteer.epoch, first=1, count=1,
        previous=bytes(32), roster=1,
    )  # fmt: skip
    batch = cut(
        header, [saved.change], [saved.identity.hash], volunteer.layouts,
        volunteer.seeds,
    )  # fmt: skip
    data = to_wire(batch, sign(volunteer.key, BATCH_LABEL, batch.hash))
    envelope = seal_envelope(Kind.BATCH, data, town.sealing.recipient, PlainSeals())

    with pytest.raises(RemoteProtocolError) as caught:
        town.take(envelope)

    assert caught.value.code == "batch.other_province"


def test_a_change_in_the_name_of_another_person_waits_for_a_look(town, volunteer):
    volunteer.person = Author.drawn(town).person
    saved = volunteer.new_person()

    sent = send(volunteer)

    assert town.said(sent.hash) == [("review", "other_person")]
    assert town.storage.records([saved.record]) == {}


# --- Scope ----------------------------------------------------------------------------


def test_a_record_outside_the_scope_is_quarantined(town, volunteer):
    saved = volunteer.new_person(THERE)

    sent = send(volunteer)

    assert town.said(sent.hash) == [("quarantined", "out_of_scope")]
    assert town.storage.records([saved.record]) == {}


def test_one_record_out_of_scope_quarantines_the_whole_change(town, volunteer):
    form = read(PERSON)
    volunteer.save(create(form, {"village": HERE}), create(form, {"village": THERE}))

    sent = send(volunteer)

    assert town.said(sent.hash) == [("quarantined", "out_of_scope")]


def test_a_change_between_two_others_is_judged_alone(town, volunteer):
    volunteer.new_person(HERE)
    volunteer.new_person(THERE)
    volunteer.new_person(HERE)

    sent = send(volunteer)

    assert town.said(sent.hash) == [
        APPLIED,
        ("quarantined", "out_of_scope"),
        APPLIED,
    ]


def test_what_was_in_scope_when_the_form_was_opened_is_applied(town, volunteer):
    opened = town.roster.version
    town.withdraw(volunteer.person, "9011")
    volunteer.save(create(read(PERSON), {"village": HERE}), roster=opened)

    sent = send(volunteer)

    assert town.said(sent.hash) == [APPLIED]


def test_what_was_opened_after_the_grant_was_withdrawn_is_quarantined(town, volunteer):
    town.withdraw(volunteer.person, "9011")
    volunteer.new_person(HERE)

    sent = send(volunteer)

    assert town.said(sent.hash) == [("quarantined", "out_of_scope")]


def test_a_record_may_be_edited_by_who_had_any_of_its_areas(
    town, volunteer, coordinator
):
    person = volunteer.new_person(HERE)
    send(volunteer)
    shown = town.record(person.record)
    coordinator.edit(shown, {"village": THERE})
    send(coordinator)

    volunteer.edit(shown, {"phone": "081"})
    sent = send(volunteer)

    assert town.said(sent.hash) == [APPLIED]


def test_a_later_grant_brings_a_quarantined_change_in(town, volunteer):
    saved = volunteer.new_person(THERE)
    sent = send(volunteer)

    town.grant(volunteer.person, "9012")

    assert town.said(sent.hash) == [APPLIED]
    assert values(town.record(saved.record), "village") == {THERE}


def test_a_visit_is_in_the_area_of_its_subject(town, volunteer, coordinator):
    person = coordinator.new_person(THERE)
    send(coordinator)
    volunteer.visit(person.record)

    sent = send(volunteer)

    assert town.said(sent.hash) == [("quarantined", "out_of_scope")]


def test_a_move_into_the_scope_brings_a_quarantined_change_in(
    town, volunteer, coordinator
):
    person = coordinator.new_person(THERE)
    send(coordinator)
    visit = volunteer.visit(person.record)
    sent = send(volunteer)

    coordinator.edit(town.record(person.record), {"village": HERE})
    send(coordinator)

    assert town.said(sent.hash) == [APPLIED]
    assert values(town.record(visit.record), "finding") == {"well"}


# --- What has not arrived yet ---------------------------------------------------------


def test_an_edit_that_arrives_before_its_record_is_applied_when_it_arrives(
    town, volunteer
):
    person = volunteer.new_person(name="before")
    birth = volunteer.cut()
    shown = as_born(person)
    volunteer.edit(shown, {"name": "after"})
    edit = send(volunteer)
    assert town.said(edit.hash) == [("quarantined", "record_missing")]

    town.take(birth.envelope)

    assert town.said(edit.hash) == [APPLIED]
    assert values(town.record(person.record), "name") == {"after"}


def test_a_visit_that_arrives_before_its_person_waits_for_them(town, volunteer):
    person = volunteer.new_person()
    birth = volunteer.cut()
    visit = volunteer.visit(person.record)
    sent = send(volunteer)
    assert town.said(sent.hash) == [("quarantined", "subject_missing")]
    assert town.storage.records([visit.record]) == {}

    town.take(birth.envelope)

    assert town.said(sent.hash) == [APPLIED]


def test_a_chain_that_arrives_backwards_comes_in_whole(town, volunteer):
    person = volunteer.new_person()
    first = volunteer.cut()
    visit = volunteer.visit(person.record)
    second = volunteer.cut()
    finding = Record(id=visit.record, form_id="visit", subject=person.record)
    volunteer.edit(finding, {"finding": "worse"})
    third = volunteer.cut()

    for sent in (third, second, first):
        town.take(sent.envelope)

    said = [town.said(sent.hash) for sent in (first, second, third)]
    assert said == [[APPLIED]] * 3
    assert values(town.record(visit.record), "finding") == {"well", "worse"}


def test_a_form_that_is_published_later_brings_its_records_in():
    town = Town(Random(7), published=[])
    volunteer = Author.enrolled(town, "9011")
    saved = volunteer.new_person()
    sent = send(volunteer)
    assert town.said(sent.hash) == [("quarantined", "unknown_form")]

    town.publish(PERSON)

    assert town.said(sent.hash) == [APPLIED]
    assert values(town.record(saved.record), "name") == {"สมชาย"}


# --- Tags -----------------------------------------------------------------------------


def test_a_tag_that_does_not_fit_is_reviewed_and_hides_nothing(
    town, volunteer, coordinator
):
    person = volunteer.new_person(name="mine")
    send(volunteer)
    shown = town.record(person.record)
    coordinator.edit(with_tag(shown, b"guessed!"), {"name": "theirs"})

    sent = send(coordinator)

    assert town.said(sent.hash) == [("review", "tag_mismatch")]
    assert values(town.record(person.record), "name") == {"mine", "theirs"}


def with_tag(record: Record, tag: bytes) -> Record:
    registers = {
        name: tuple(one._replace(dot=one.dot._replace(tag=tag)) for one in siblings)
        for name, siblings in record.registers.items()
    }
    return Record(id=record.id, form_id=record.form_id, registers=registers)


def test_a_replacement_of_a_change_that_never_arrives_is_applied(
    town, volunteer, coordinator
):
    person = volunteer.new_person(name="mine")
    send(volunteer)
    unknown = Dot(Author.drawn(town).epoch, 1, b"unknown!")
    shown = town.record(person.record)
    [was] = shown.siblings("name")
    also = Record(
        id=shown.id, form_id="person",
        registers={"name": (was, was._replace(dot=unknown))},
    )  # fmt: skip
    coordinator.edit(also, {"name": "theirs"})

    sent = send(coordinator)

    assert town.said(sent.hash) == [APPLIED]
    assert values(town.record(person.record), "name") == {"theirs"}


def test_a_tag_of_the_other_branch_waits_until_that_branch_arrives(town, volunteer):
    person = volunteer.new_person(name="old")
    send(volunteer)
    shown = town.record(person.record)
    clone = volunteer.copy()
    mine = clone.edit(shown, {"name": "mine"})
    first = clone.cut()
    clone.edit(record_with(shown, "name", mine), {"name": "final"})
    second = clone.cut()
    volunteer.edit(shown, {"phone": "081"})
    send(volunteer)

    town.take(second.envelope)
    town.take(first.envelope)

    assert town.said(second.hash) == [APPLIED]
    assert values(town.record(person.record), "name") == {"final"}


def test_a_reviewed_tag_counts_once_its_change_has_arrived(
    town, volunteer, coordinator
):
    person = volunteer.new_person(name="old")
    send(volunteer)
    shown = town.record(person.record)
    clone = volunteer.copy()
    late = clone.edit(shown, {"name": "late"})
    volunteer.edit(shown, {"phone": "081"})
    send(volunteer)
    coordinator.edit(record_with(shown, "name", late), {"name": "decided"})
    decision = send(coordinator)
    assert town.said(decision.hash) == [("review", "tag_mismatch")]

    send(clone)

    assert town.said(decision.hash) == [APPLIED]
    assert values(town.record(person.record), "name") == {"decided"}
