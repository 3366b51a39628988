"""The core, driven directly: clones, releases, revoked laptops, enrolments."""

from random import Random

import pytest

from fieldkit.records.record import Record
from fieldkit.sync.enrolment import make_enrolment, make_renewal
from fieldkit.sync.envelope import Kind, seal_envelope
from fieldkit.sync.invitation import Issued
from tests.server.core_desk import (
    APPLIED,
    HERE,
    THERE,
    as_born,
    receipt,
    send,
    values,
    verdicts_of,
)
from tests.simulation.author import Author
from tests.simulation.province import (
    ALL_CLASSES,
    FAR_AWAY_MS,
    PERSON,
    PlainSeals,
    Town,
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


# --- Forks ----------------------------------------------------------------------------


def test_both_branches_of_a_fork_are_applied_whichever_comes_first(town, volunteer):
    person = volunteer.new_person(name="old")
    send(volunteer)
    shown = town.record(person.record)
    clone = volunteer.copy()
    one = volunteer.edit(shown, {"name": "one"})
    two = clone.edit(shown, {"name": "two"})
    assert one.change.stamp.counter == two.change.stamp.counter

    first = town.take(volunteer.cut().envelope)
    branch = clone.cut()
    second = town.take(branch.envelope)

    assert (first.forked, second.forked) == (False, True)
    (told,) = town.storage.verdicts_of(branch.hash)
    assert (told.disposition, told.reason) == ("applied", "forked")
    assert values(town.record(person.record), "name") == {"one", "two"}


def test_what_both_clones_sent_is_applied_once(town, volunteer):
    person = volunteer.new_person(name="both")
    clone = volunteer.copy()
    clone.edit(as_born(person), {"phone": "081"})
    short, long = volunteer.cut(), clone.cut()

    town.take(short.envelope)
    town.take(long.envelope)

    assert town.said(long.hash) == [APPLIED, APPLIED]
    assert len(town.record(person.record).siblings("name")) == 1


def test_a_change_in_two_batches_keeps_its_one_disposition_and_position(
    town, volunteer
):
    volunteer.new_person(THERE)
    clone = volunteer.copy()
    clone.new_person(HERE)
    short, long = send(volunteer), send(clone)
    assert town.said(long.hash) == [("quarantined", "out_of_scope"), APPLIED]

    town.grant(volunteer.person, "9012")

    assert town.said(short.hash) == [APPLIED]
    assert town.said(long.hash) == [APPLIED, APPLIED]
    positions = {verdicts_of(town, sent)[0].position for sent in (short, long)}
    assert len(positions) == 1


def test_what_a_clone_sends_again_still_waits_for_its_record(town, volunteer):
    person = volunteer.new_person()
    birth = volunteer.cut()
    volunteer.visit(person.record)
    clone = volunteer.copy()
    clone.new_person()
    short, long = send(volunteer), send(clone)

    town.take(birth.envelope)

    assert town.said(short.hash) == [APPLIED]
    assert town.said(long.hash) == [APPLIED, APPLIED]


# --- Release --------------------------------------------------------------------------


def test_a_release_brings_a_quarantined_change_in(town, volunteer, coordinator):
    saved = volunteer.new_person(THERE)
    sent = send(volunteer)

    coordinator.release(saved.identity.hash)
    send(coordinator)

    assert town.said(sent.hash) == [APPLIED]
    assert values(town.record(saved.record), "village") == {THERE}


def test_a_release_by_a_volunteer_releases_nothing(town, volunteer):
    saved = volunteer.new_person(THERE)
    volunteer.release(saved.identity.hash)

    sent = send(volunteer)

    assert town.said(sent.hash) == [("quarantined", "out_of_scope"), APPLIED]


def test_a_release_may_come_before_what_it_releases(town, volunteer, coordinator):
    saved = volunteer.new_person(THERE)
    sent = volunteer.cut()
    coordinator.release(saved.identity.hash)
    send(coordinator)

    town.take(sent.envelope)

    assert town.said(sent.hash) == [APPLIED]


@pytest.mark.parametrize("late", [False, True])
def test_a_release_releases_what_the_change_rests_on(
    town, volunteer, coordinator, late
):
    person = volunteer.new_person(THERE)
    visit = volunteer.visit(person.record)
    shown = Record(id=visit.record, form_id="visit", subject=person.record)
    edit = volunteer.edit(shown, {"place": "market"})
    sent = volunteer.cut()
    coordinator.release(edit.identity.hash)
    releasing = coordinator.cut()

    for one in (releasing, sent) if late else (sent, releasing):
        town.take(one.envelope)

    assert town.said(sent.hash) == [APPLIED, APPLIED, APPLIED]
    assert values(town.record(visit.record), "place") == {None, "market"}


def test_two_edits_of_one_missing_record_are_released_without_it(
    town, volunteer, coordinator
):
    person = volunteer.new_person(HERE)
    birth = volunteer.cut()
    one = volunteer.edit(as_born(person), {"name": "one"})
    volunteer.edit(as_born(person), {"name": "two"})
    sent = send(volunteer)

    coordinator.release(one.identity.hash)
    send(coordinator)
    assert town.said(sent.hash) == [("quarantined", "record_missing")] * 2
    town.take(birth.envelope)

    assert town.said(sent.hash) == [APPLIED, APPLIED]
    assert values(town.record(person.record), "name") == {"one", "two"}


def test_a_released_change_of_an_unknown_form_waits_for_its_form():
    stranger = Town(Random(7), published=[])
    coordinator = Author.enrolled(stranger, "90", "coordinator")
    saved = coordinator.new_person()
    coordinator.release(saved.identity.hash)
    sent = send(coordinator)
    assert stranger.said(sent.hash) == [("quarantined", "unknown_form"), APPLIED]

    stranger.publish(PERSON)

    assert stranger.said(sent.hash) == [APPLIED, APPLIED]
    assert values(stranger.record(saved.record), "name") == {"สมชาย"}


# --- Revocation -----------------------------------------------------------------------


def test_what_lies_beyond_the_cut_of_a_revoked_laptop_is_quarantined(town, volunteer):
    volunteer.new_person()
    before = send(volunteer)
    town.issue(["revoke_epoch", volunteer.epoch, [before.hash]])
    volunteer.new_person()

    after = send(volunteer)

    assert town.said(before.hash) == [APPLIED]
    assert town.said(after.hash) == [("quarantined", "revoked")]


def test_what_leads_to_the_cut_is_applied_although_it_comes_later(town, volunteer):
    volunteer.new_person()
    first = volunteer.cut()
    volunteer.new_person()
    second = send(volunteer)
    town.issue(["revoke_epoch", volunteer.epoch, [second.hash]])

    town.take(first.envelope)

    assert town.said(first.hash) == [APPLIED]


def test_another_branch_below_the_cut_is_quarantined(town, volunteer):
    thief = volunteer.copy()
    volunteer.new_person()
    before = send(volunteer)
    town.issue(["revoke_epoch", volunteer.epoch, [before.hash]])
    thief.new_person()

    stolen = send(thief)

    assert town.said(stolen.hash) == [("quarantined", "revoked")]


def test_a_laptop_revoked_before_it_sent_anything_gets_no_record_in(town, volunteer):
    volunteer.new_person()
    sent = volunteer.cut()
    town.core.issue([["revoke_epoch", volunteer.epoch, []]], 9)

    town.take(sent.envelope)

    (told,) = town.storage.verdicts_of(sent.hash)
    assert (told.disposition, told.reason) == ("quarantined", "revoked")
    assert town.storage.record_count() == 0


def test_a_person_may_release_what_a_revoked_laptop_sent(town, volunteer, coordinator):
    town.issue(["revoke_epoch", volunteer.epoch, []])
    saved = volunteer.new_person()
    sent = send(volunteer)

    coordinator.release(saved.identity.hash)
    send(coordinator)

    assert town.said(sent.hash) == [APPLIED]


def test_a_cut_moved_forward_brings_in_what_lies_below_it(town, volunteer):
    town.issue(["revoke_epoch", volunteer.epoch, []])
    volunteer.new_person()
    sent = send(volunteer)

    town.issue(["revoke_epoch", volunteer.epoch, [sent.hash]])

    assert town.said(sent.hash) == [APPLIED]


# --- Enrolment ------------------------------------------------------------------------


def invited(town: Town) -> tuple[Author, Issued]:
    author = Author.drawn(town)
    issued = Issued(
        invitation_id=b"i" * 16, secret=b"s" * 32, person=author.person, name="สมศรี",
        role="volunteer", area="9011", classes=ALL_CLASSES, expires_ms=FAR_AWAY_MS,
    )  # fmt: skip
    town.ledger.invitations[issued.invitation_id] = issued
    return author, issued


def enrol(author: Author, issued: Issued) -> str:
    plain = make_enrolment(issued, author.epoch, author.key, author.seal_key.recipient)
    sealing = author.town.sealing.recipient
    return author.town.take(
        seal_envelope(Kind.ENROL, plain, sealing, PlainSeals())
    ).waits


def test_batches_that_came_before_the_enrolment_are_taken_in_with_it(town):
    author, issued = invited(town)
    saved = author.new_person()
    sent = author.cut()
    said = receipt(town, town.take(sent.envelope).receipt).batches[0].verdicts
    assert [(one.disposition, one.reason) for one in said] == [
        ("review", "not_enrolled")
    ]

    assert enrol(author, issued) == ""

    assert town.said(sent.hash) == [APPLIED]
    assert values(town.record(saved.record), "name") == {"สมชาย"}


def renew(author: Author, issued: Issued, before: Author) -> str:
    """Enrol under a new epoch, for which the key of ``before`` vouches."""
    plain = make_enrolment(issued, author.epoch, author.key, author.seal_key.recipient)
    word = make_renewal(plain, before.epoch, before.key)
    sealing = author.town.sealing.recipient
    return author.town.take(
        seal_envelope(Kind.ENROL, word, sealing, PlainSeals())
    ).waits


def test_an_epoch_that_the_one_before_vouches_for_is_certified_at_once(town):
    first, issued = invited(town)
    enrol(first, issued)
    renewed = Author.drawn(town, person=first.person)
    saved = renewed.new_person()
    sent = send(renewed)

    assert renew(renewed, issued, before=first) == ""

    assert town.said(sent.hash) == [APPLIED]
    assert values(town.record(saved.record), "name") == {"สมชาย"}


@pytest.mark.parametrize("fault", ["stranger", "other person", "revoked", "forged"])
def test_an_epoch_that_nobody_rightly_vouches_for_waits(town, volunteer, fault):
    first, issued = invited(town)
    enrol(first, issued)
    renewed = Author.drawn(town, person=first.person)
    before = {"stranger": Author.drawn(town), "other person": volunteer}.get(
        fault, first
    )
    if fault == "revoked":
        town.core.issue([["revoke_epoch", first.epoch, []]], 9)
    if fault == "forged":
        before = Author.drawn(town, person=first.person)
        before.epoch = first.epoch

    assert renew(renewed, issued, before) == "invitation.used"


def test_a_second_use_of_an_invitation_waits_until_a_person_certifies_it(town):
    first, issued = invited(town)
    enrol(first, issued)
    second = Author.drawn(town, person=first.person)
    second.new_person()
    sent = send(second)

    assert enrol(second, issued) == "invitation.used"
    assert town.said(sent.hash) == []
    town.issue(second.certificate)

    assert town.said(sent.hash) == [APPLIED]


def test_a_forged_batch_that_waited_does_not_stand_in_the_way(town):
    author, issued = invited(town)
    forger = author.copy()
    forger.key = town.signing_key()
    forger.new_person()
    forged = send(forger)
    author.new_person()
    sent = send(author)

    enrol(author, issued)

    assert town.said(sent.hash) == [APPLIED]
    assert town.said(forged.hash) == []


def test_enrolling_twice_is_enrolling_once(town):
    author, issued = invited(town)
    enrol(author, issued)
    version = town.roster.version

    assert enrol(author, issued) == ""
    assert town.roster.version == version
