"""The schedules of the sync model: where the obvious reading loses or hides something.

Each is the smallest run in which that reading fails; the numbers are the model's. Those
that need a province put back from a backup come with it.
"""

from random import Random

import pytest

from fieldkit.errors import AccessError
from fieldkit.records.edit import withdraw
from sync_server.core.paging import Window
from tests.simulation.laptop import Laptop, Office, Saved
from tests.simulation.province import PERSON, Town, read

HERE, THERE = "90110101", "90120101"
CLASSES = (0, 1, 2, 3, 4)


class Stage:
    """A province, its desk, and laptops that sync over a good line."""

    def __init__(self) -> None:
        self.random = Random(1)
        self.town = Town(self.random)
        self.office = Office(self.town)

    def laptop(
        self, name: str, area: str = "9011", role: str = "volunteer",
        classes: tuple[int, ...] = CLASSES,
    ) -> Laptop:  # fmt: skip
        person = self.random.randbytes(8)
        laptop = Laptop(name, self.town, person, role, self.random)
        certificate = laptop.begin_epoch()
        grant = ["grant", person, role, area, list(classes)]
        self.town.issue(["person", person, name], certificate, grant)
        laptop.install(self.town.ledger.entries)
        return laptop

    def line(self, what: str, data: bytes) -> bytes:
        if what == "envelope":
            return self.office.take(data)[0]
        return self.office.ask(data)

    def sync(self, *laptops: Laptop) -> None:
        for laptop in laptops:
            assert laptop.sync(self.line, 1_000)

    def upload(self, laptop: Laptop) -> list[bytes]:
        """Bring a laptop's batches in by a courier; return what is for its author."""
        *batches, _question = laptop.hand_out()
        return [answer for one in batches for answer in self.office.take(one)]

    def ask(self, laptop: Laptop) -> list[bytes]:
        """Let a courier ask for a laptop; return the answer and its pages."""
        return self.office.take(laptop.hand_out()[-1])

    def said(self, laptop: Laptop) -> list[str]:
        return [one.disposition for one in laptop.replica.kept.judged.values()]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def record_of(saved: Saved | None) -> bytes:
    assert saved is not None
    return saved.identity.records[0]


def shows(laptop: Laptop, record: bytes, register: str = "name") -> set[object]:
    if record not in laptop.replica.records():
        return set()
    opened = laptop.replica.open_record(record)
    return {one.value for one in opened.siblings(register)}


def marks(laptop: Laptop, record: bytes, register: str = "name") -> set[str]:
    opened = laptop.replica.open_record(record)
    return {one.mark for one in opened.siblings(register)}


def edit(laptop: Laptop, record: bytes, **answers: object) -> Saved | None:
    return laptop.edit(laptop.replica.open_record(record), answers)


def test_a1_one_page_covers_all_areas_of_a_scope(stage: Stage) -> None:
    volunteer = stage.laptop("V")
    coordinator = stage.laptop("C", "90", "coordinator")
    other = stage.laptop("X", "9012")
    here = record_of(volunteer.new_person(village=HERE, name="here"))
    there = record_of(other.new_person(village=THERE, name="there"))

    stage.sync(volunteer, other, coordinator)

    assert shows(coordinator, here) == {"here"}
    assert shows(coordinator, there) == {"there"}


def test_a2_a_clones_receipt_says_nothing_of_another_branch(stage: Stage) -> None:
    volunteer = stage.laptop("V")
    clone = volunteer.clone("V2")
    theirs = record_of(clone.new_person(village=HERE, name="a"))
    ours = record_of(volunteer.new_person(village=HERE, name="b"))
    volunteer.hand_out()

    for answer in stage.upload(clone):
        assert volunteer.take_mail(answer) is None

    assert stage.said(volunteer) == []
    assert len(volunteer.replica.outgoing()) == 1
    stage.sync(volunteer, clone)
    assert shows(volunteer, ours) == shows(clone, ours) == {"b"}
    assert shows(volunteer, theirs) == {"a"}


@pytest.mark.parametrize("first", ["V", "V2"])
def test_a3_two_branches_of_one_counter_both_stand(stage: Stage, first: str) -> None:
    volunteer = stage.laptop("V")
    reader = stage.laptop("W")
    record = record_of(volunteer.new_person(village=HERE, name="old"))
    stage.sync(volunteer, reader)
    clone = volunteer.clone("V2")
    edit(volunteer, record, name="ours")
    edit(clone, record, name="theirs")

    stage.sync(volunteer if first == "V" else clone, reader)
    seen = shows(reader, record)
    edit(reader, record, name="decided")
    stage.sync(volunteer, clone, reader, volunteer)

    unseen = {"ours", "theirs"} - seen
    assert shows(volunteer, record) == shows(reader, record) == {"decided"} | unseen


def test_a4_a_tag_that_fits_nothing_hides_nothing(stage: Stage) -> None:
    volunteer = stage.laptop("V")
    other = stage.laptop("W")
    record = record_of(volunteer.new_person(village=HERE, name="mine"))
    stage.sync(volunteer, other)
    shown = other.replica.open_record(record)
    [sibling] = shown.siblings("name")
    guessed = sibling._replace(dot=sibling.dot._replace(tag=b"guessed!"))
    registers = {**shown.registers, "name": (guessed,)}
    forged = type(shown)(id=shown.id, form_id=shown.form_id, registers=registers)

    other.edit(forged, {"name": "theirs"})
    stage.sync(other, volunteer)

    assert stage.said(other) == ["review"]
    assert shows(volunteer, record) == {"mine", "theirs"}
    assert shows(other, record) == {"mine", "theirs"}
    assert marks(other, record) == {"applied", "review"}


def test_a5_what_was_saved_before_a_new_epoch_goes_up_as_it_is(stage: Stage) -> None:
    volunteer = stage.laptop("V")
    saved = volunteer.new_person(village=HERE, name="x")
    clone = volunteer.clone("V2")
    for laptop in (volunteer, clone):
        stage.town.issue(laptop.begin_epoch())

    stage.sync(volunteer, clone, volunteer)

    record = stage.town.record(record_of(saved))
    assert [one.value for one in record.siblings("name")] == ["x"]
    assert stage.town.storage.record_count() == 1
    assert stage.said(volunteer) == stage.said(clone) == ["applied"]


def test_a11_another_branch_below_the_cut_of_a_revoked_laptop_waits(
    stage: Stage,
) -> None:
    volunteer = stage.laptop("V")
    disk = volunteer.snapshot()
    honest = record_of(volunteer.new_person(village=HERE, name="honest"))
    stage.sync(volunteer)
    thief = volunteer.clone("thief")
    thief.restore(disk)
    [head] = [one.hash for one in stage.town.storage.batches()]
    stage.town.issue(["revoke_epoch", volunteer.epoch, [head]])

    stolen = record_of(thief.new_person(village=HERE, name="stolen"))
    stage.upload(thief)

    assert stage.town.record(honest).siblings("name")
    assert stage.town.storage.records([stolen]) == {}


def test_a11_a_revoked_laptop_gets_no_page(stage: Stage) -> None:
    volunteer = stage.laptop("V")
    stage.town.issue(["revoke_epoch", volunteer.epoch, []])

    with pytest.raises(AccessError) as caught:
        volunteer.sync(stage.line)

    assert caught.value.code == "roster.revoked_device"


def test_a12_a_form_opened_before_the_scope_changed_is_applied(stage: Stage) -> None:
    volunteer = stage.laptop("V")
    coordinator = stage.laptop("C", "90", "coordinator")
    record = record_of(volunteer.new_person(village=HERE, name="old"))
    stage.sync(volunteer)
    form = volunteer.open(record)

    stage.town.withdraw(volunteer.person, "9011")
    stage.sync(volunteer)
    volunteer.save_form(form, {"name": "new"})
    stage.sync(volunteer, coordinator)

    assert stage.said(volunteer) == ["applied", "applied"]
    assert shows(coordinator, record) == {"new"}
    assert shows(volunteer, record) == set()


def test_a12_a_person_who_moved_may_still_be_edited_by_who_had_them(
    stage: Stage,
) -> None:
    volunteer = stage.laptop("V")
    coordinator = stage.laptop("C", "90", "coordinator")
    record = record_of(volunteer.new_person(village=HERE, name="old"))
    stage.sync(volunteer, coordinator)
    edit(volunteer, record, name="new")
    edit(coordinator, record, village=THERE)

    stage.sync(coordinator, volunteer, coordinator)

    assert stage.said(volunteer) == ["applied", "applied"]
    assert shows(coordinator, record) == {"new"}
    assert shows(volunteer, record) == set()


def test_a13_an_edit_that_comes_before_its_record_needs_nobody(stage: Stage) -> None:
    volunteer = stage.laptop("V")
    record = record_of(volunteer.new_person(village=HERE, name="old"))
    first = volunteer.hand_out()[0]
    edit(volunteer, record, name="new")
    visit = record_of(volunteer.new_visit(record, finding="well"))
    second = volunteer.hand_out()[1]

    stage.office.take(second)
    stage.office.take(first)
    stage.sync(volunteer)

    assert stage.said(volunteer) == ["applied"] * 3
    assert shows(volunteer, record) == {"new"}
    assert shows(volunteer, visit, "finding") == {"well"}


def test_a14_a_release_is_a_change_and_releases_what_it_rests_on(stage: Stage) -> None:
    volunteer = stage.laptop("V")
    coordinator = stage.laptop("C", "90", "coordinator")
    record = record_of(volunteer.new_person(village=THERE, name="old"))
    edited = edit(volunteer, record, name="new")
    stage.sync(volunteer)
    assert edited is not None

    coordinator.release(edited.identity.hash)
    stage.sync(coordinator, volunteer)

    assert stage.said(volunteer) == ["applied", "applied"]
    assert shows(coordinator, record) == {"new"}


def test_a15_the_duplicate_of_a_quarantined_change_is_quarantined(
    stage: Stage,
) -> None:
    volunteer = stage.laptop("V")
    record = record_of(volunteer.new_person(village=THERE, name="x"))
    stage.upload(volunteer)

    for answer in stage.upload(volunteer):
        assert volunteer.take_mail(answer) is None
    stage.sync(volunteer)

    assert stage.said(volunteer) == ["quarantined"]
    assert shows(volunteer, record) == {"x"}
    assert marks(volunteer, record) == {"quarantined"}


def test_a16_a_later_disposition_comes_with_a_page(stage: Stage) -> None:
    volunteer = stage.laptop("V")
    record = record_of(volunteer.new_person(village=THERE, name="x"))
    stage.sync(volunteer)
    assert stage.said(volunteer) == ["quarantined"]

    stage.town.grant(volunteer.person, "9012")
    stage.sync(volunteer)

    assert stage.said(volunteer) == ["applied"]
    assert marks(volunteer, record) == {"applied"}


def test_a16_an_older_receipt_does_not_override(stage: Stage) -> None:
    volunteer = stage.laptop("V")
    volunteer.new_person(village=THERE, name="x")
    late = stage.upload(volunteer)
    stage.town.grant(volunteer.person, "9012")
    stage.sync(volunteer)

    for answer in late:
        assert volunteer.take_mail(answer) is None

    assert stage.said(volunteer) == ["applied"]


def test_a17_a_write_stays_until_its_part_has_come(stage: Stage) -> None:
    volunteer = stage.laptop("V")
    record = record_of(volunteer.new_person(village=HERE, name="x"))

    for answer in stage.upload(volunteer):
        assert volunteer.take_mail(answer) is None

    assert stage.said(volunteer) == ["applied"]
    assert volunteer.replica.kept.parts == {}
    assert shows(volunteer, record) == {"x"}
    stage.sync(volunteer)
    assert shows(volunteer, record) == {"x"}


def test_a17_a_move_out_in_waiting_does_not_count_as_a_page(stage: Stage) -> None:
    volunteer = stage.laptop("V")
    record = record_of(volunteer.new_person(village=HERE, name="old"))
    stage.sync(volunteer)
    form = volunteer.open(record)
    edit(volunteer, record, name="new")
    stage.town.withdraw(volunteer.person, "9011")

    stage.sync(volunteer)

    assert shows(volunteer, record) == {"new"}
    volunteer.close(form)
    assert shows(volunteer, record) == set()


def test_a18_a_page_from_before_moves_out_what_came_meanwhile(stage: Stage) -> None:
    stage.laptop("W")
    volunteer = stage.laptop("V")
    coordinator = stage.laptop("C", "90", "coordinator")
    record = record_of(coordinator.new_person(village=HERE, name="x", illness="y"))
    early = volunteer.replica.cursor().position
    stage.sync(coordinator, volunteer)
    assert shows(volunteer, record, "illness") == {"y"}

    stage.town.grant(volunteer.person, "9011", classes=[0])
    late = page_from(stage, volunteer, early)
    assert volunteer.take_mail(late) is None

    assert shows(volunteer, record, "illness") == set()
    assert shows(volunteer, record) == {"x"}


def page_from(stage: Stage, laptop: Laptop, cursor: int) -> bytes:
    sent = stage.town.core.page(laptop.epoch, Window(cursor, cursor, 0))
    assert sent is not None
    return sent


def test_a18_what_was_taken_and_given_back_inside_a_page_is_whole(
    stage: Stage,
) -> None:
    volunteer = stage.laptop("V")
    record = record_of(volunteer.new_person(village=HERE, name="x"))
    stage.sync(volunteer)
    cursor = volunteer.replica.cursor().position
    stage.town.withdraw(volunteer.person, "9011")
    gone = page_from(stage, volunteer, cursor)
    stage.town.grant(volunteer.person, "9011")
    back = page_from(stage, volunteer, cursor)

    assert volunteer.take_mail(gone) is None
    assert shows(volunteer, record) == set()
    assert volunteer.take_mail(back) is None

    assert shows(volunteer, record) == {"x"}


def test_a21_a_quarantined_write_hides_nothing_on_its_authors_laptop(
    stage: Stage,
) -> None:
    volunteer = stage.laptop("V")
    coordinator = stage.laptop("C", "90", "coordinator")
    record = record_of(coordinator.new_person(village=HERE, name="theirs"))
    stage.sync(coordinator, volunteer)
    stage.town.withdraw(volunteer.person, "9011")
    stage.town.grant(volunteer.person, "9012")
    news = stage.town.ledger.entries[volunteer.roster.version :]
    volunteer.replica.add_roster_entries(news)

    edit(volunteer, record, name="mine")
    for answer in stage.upload(volunteer):
        assert volunteer.take_mail(answer) is None

    assert stage.said(volunteer) == ["quarantined"]
    assert shows(volunteer, record) == {"mine", "theirs"}
    assert marks(volunteer, record) == {"applied", "quarantined"}
    stage.sync(coordinator)
    assert shows(coordinator, record) == {"theirs"}


def test_a22_a_withdrawal_contests_an_edit_that_it_had_not_seen(stage: Stage) -> None:
    volunteer = stage.laptop("V")
    coordinator = stage.laptop("C", "90", "coordinator")
    record = record_of(volunteer.new_person(village=HERE, name="x"))
    stage.sync(volunteer, coordinator)
    shown = coordinator.replica.open_record(record)
    edit(volunteer, record, phone="081")

    coordinator.write(withdraw(shown, read(PERSON)), shown)
    stage.sync(volunteer, coordinator, volunteer)

    for laptop in (volunteer, coordinator):
        opened = laptop.replica.open_record(record)
        assert opened.life == "contested"
        assert opened.unseen_by_withdrawal() == ("phone",)


def test_a22_a_withdrawal_that_has_seen_all_is_no_conflict(stage: Stage) -> None:
    volunteer = stage.laptop("V")
    record = record_of(volunteer.new_person(village=HERE, name="x"))
    stage.sync(volunteer)
    shown = volunteer.replica.open_record(record)

    volunteer.write(withdraw(shown, read(PERSON)), shown)
    stage.sync(volunteer)

    assert volunteer.replica.open_record(record).life == "withdrawn"


def test_a25_a_part_of_a_lost_area_stays_only_for_its_open_form(stage: Stage) -> None:
    volunteer = stage.laptop("V")
    record = record_of(volunteer.new_person(village=HERE, name="x"))
    stage.sync(volunteer)
    form = volunteer.open(record)
    stage.town.withdraw(volunteer.person, "9011")

    stage.sync(volunteer)

    assert {key[0] for key in volunteer.replica.kept.leaving} == {record}
    assert shows(volunteer, record) == {"x"}
    volunteer.save_form(form, {"name": "y"})
    stage.sync(volunteer)
    assert stage.said(volunteer) == ["applied", "applied"]
    assert shows(volunteer, record) == set()


def test_a_page_taken_twice_is_taken_once(stage: Stage) -> None:
    volunteer = stage.laptop("V")
    coordinator = stage.laptop("C", "90", "coordinator")
    record = record_of(coordinator.new_person(village=HERE, name="x"))
    stage.sync(coordinator)
    mail = stage.ask(volunteer)

    for envelope in (*reversed(mail), *mail, *mail):
        assert volunteer.take_mail(envelope) is None

    assert shows(volunteer, record) == {"x"}
    assert volunteer.replica.cursor().position == stage.town.storage.head()


def test_pages_of_one_run_become_visible_together(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync_server.core.paging.PARTS_MAX", 1)
    volunteer = stage.laptop("V")
    coordinator = stage.laptop("C", "90", "coordinator")
    for name in "xyz":
        coordinator.new_person(village=HERE, name=name)
    stage.sync(coordinator)
    _answer, *pages = stage.ask(volunteer)
    assert len(pages) > 2

    for page in pages[:-1]:
        assert volunteer.take_mail(page) is None
        assert volunteer.replica.records() == set()
    assert volunteer.take_mail(pages[-1]) is None

    assert len(volunteer.replica.records()) == 3
