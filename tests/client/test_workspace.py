from pathlib import Path

import pytest

from fieldkit.client.enrolment import Means
from fieldkit.client.syncing import device_keys
from fieldkit.client.workspace import Workspace
from fieldkit.crypto.escrow import FOR_TESTS
from fieldkit.errors import (
    AccessError,
    AnswerError,
    NotFoundError,
    StoreError,
    StoreLockedError,
)
from fieldkit.sync.receipts import Verdict
from fieldkit.sync.session import Session
from tests.client.office import NOW_MS, PASSPHRASE, PERSON, PIN, Hands, Office, reopened


def test_a_record_is_saved_and_found(ws: Workspace) -> None:
    person = ws.add("person", PERSON)

    (found,) = ws.find("บุญ")

    assert found.id == person
    assert "บุญมี" in found.label
    assert ws.said(ws.record(person)).answers["home/village"] == "90110103"


def test_a_record_is_found_by_the_beginning_of_its_id(ws: Workspace) -> None:
    person = ws.add("person", PERSON)

    assert ws.record(person.hex()[:8]).id == person


def test_what_was_saved_is_there_after_closing(office: Office, tmp_path: Path) -> None:
    with office.laptop(tmp_path / "a") as ws:
        person = ws.add("person", PERSON)

    with reopened(tmp_path / "a") as ws:
        assert ws.record(person).form_id == "person"


def test_all_that_does_not_fit_is_told_at_once(ws: Workspace) -> None:
    with pytest.raises(AnswerError) as told:
        ws.add("person", {"first_name": "", "income": -1})

    kinds = {one.path: one.kind for one in told.value.details["problems"]}  # type: ignore[attr-defined]
    assert kinds == {
        "who/first_name": "required",
        "home/village": "required",
        "identity/income": "constraint",
    }
    assert "กรุณาตอบ" in told.value.message("th")


def test_an_answer_of_the_wrong_type_is_told(ws: Workspace) -> None:
    with pytest.raises(AnswerError, match="wrong kind"):
        ws.add("person", PERSON | {"income": "many"})


def test_an_unknown_form_or_question_is_told(ws: Workspace) -> None:
    with pytest.raises(NotFoundError):
        ws.add("nonsense", {})
    with pytest.raises(NotFoundError):
        ws.add("person", PERSON | {"nonsense": 1})


def test_a_screening_hangs_on_its_person(ws: Workspace) -> None:
    person = ws.add("person", PERSON)
    answers = dict.fromkeys(_items(ws, "screening_2q"), "no")

    screening = ws.add("screening_2q", answers, subject=person.hex()[:10])

    assert ws.record(screening).subject == person
    assert [one.id for one in ws.records_of(person)] == [screening]


def test_a_screening_of_nobody_is_refused(ws: Workspace) -> None:
    person = ws.add("person", PERSON)
    visit = _visit(ws, person)

    with pytest.raises(AnswerError, match="whose it is"):
        ws.add("screening_2q", {})
    with pytest.raises(AnswerError, match="hangs on a person"):
        ws.add("screening_2q", {}, subject=visit)


def test_a_default_is_filled_in(ws: Workspace) -> None:
    person = ws.add("person", PERSON)
    answers = dict.fromkeys(_items(ws, "screening_2q"), "no")

    screening = ws.record(ws.add("screening_2q", answers, subject=person))

    assert ws.said(screening).answers["screened_on"] == "2026-11-22"


def test_an_edit_replaces_what_was_shown(ws: Workspace) -> None:
    person = ws.add("person", PERSON)

    assert ws.open_for_edit(person).save({"phone": "081-234-5678"})

    record = ws.record(person)
    assert len(record.siblings("identity/phone")) == 1
    assert ws.said(record).answers["who/first_name"] == "บุญมี"


def test_an_edit_that_says_nothing_new_saves_nothing(ws: Workspace) -> None:
    person = ws.add("person", PERSON)

    assert not ws.open_for_edit(person).save({"first_name": "บุญมี"})


def test_an_edit_that_does_not_fit_is_refused(ws: Workspace) -> None:
    person = ws.add("person", PERSON)

    with pytest.raises(AnswerError, match="0 to 10000000"):
        ws.open_for_edit(person).save({"income": -5})


def test_two_edits_of_one_opening_stand_side_by_side(ws: Workspace) -> None:
    person = ws.add("person", PERSON)
    ours, theirs = ws.open_for_edit(person), ws.open_for_edit(person)

    ours.save({"last_name": "ใจงาม"})
    theirs.save({"last_name": "ใจกล้า"})

    (conflict,) = ws.conflicts()
    assert conflict.registers == ("who/last_name",)
    assert ws.conflicts(person) == (conflict,)


def test_a_conflict_is_settled_with_a_reason_and_undone(ws: Workspace) -> None:
    person = _contested(ws)
    (conflict,) = ws.conflicts()
    with pytest.raises(AnswerError):
        ws.resolve(conflict.id.hex(), keep="1", because=" ")

    ws.resolve(conflict.id.hex(), keep="2", because="ถามเจ้าตัวแล้ว")

    assert ws.conflicts() == ()
    assert ws.record(person).siblings("who/last_name")[0].because == "ถามเจ้าตัวแล้ว"
    ws.undo(conflict.id.hex())
    assert [one.id for one in ws.conflicts()] == [conflict.id]


def test_a_conflict_is_settled_by_a_value(ws: Workspace) -> None:
    person = _contested(ws)

    ws.resolve(
        person.hex()[:12],
        register="last_name",
        values={"last_name": "ใจเย็น"},
        because="บัตร",
    )

    assert ws.said(ws.record(person)).answers["who/last_name"] == "ใจเย็น"


def test_a_decision_is_undone_by_its_records_id(ws: Workspace) -> None:
    person = _contested(ws)
    ws.resolve(person.hex(), keep="1", because="บัตร")

    ws.undo(person.hex()[:8], register="last_name")

    assert len(ws.conflicts()) == 1


def test_a_conflict_that_is_not_there_is_told(ws: Workspace) -> None:
    _contested(ws)

    with pytest.raises(NotFoundError):
        ws.conflict("ffffffffffffffff")
    with pytest.raises(NotFoundError):
        ws.undo("ffffffffffffffff")
    with pytest.raises(NotFoundError):
        ws.resolve(ws.conflicts()[0].id.hex(), keep="9", because="x")


def test_the_history_tells_who_wrote_what(ws: Workspace) -> None:
    person = ws.add("person", PERSON)
    ws.open_for_edit(person).save({"last_name": "ใจงาม"})

    events = [e for e in ws.history(person) if e.register == "who/last_name"]

    assert [e.after for e in events] == ["ใจดี", "ใจงาม"]
    assert ws.name_of(events[1].person) == "สมชาย"


# --- Enrolment ---


def test_a_wrong_pin_makes_no_workspace(office: Office, tmp_path: Path) -> None:
    means = Means(clock=Hands(), strength=FOR_TESTS)

    with pytest.raises(AccessError) as told:
        Workspace.enrol(tmp_path / "a", office.invite(), "000000", PASSPHRASE, means)

    assert told.value.code == "invitation.pin"
    assert not (tmp_path / "a").exists()


def test_an_expired_invitation_is_refused(office: Office, tmp_path: Path) -> None:
    means = Means(clock=Hands(), strength=FOR_TESTS)
    invitation = office.invite(expires_ms=NOW_MS - 1)

    with pytest.raises(AccessError) as told:
        Workspace.enrol(tmp_path / "a", invitation, PIN, PASSPHRASE, means)

    assert told.value.code == "invitation.expired"


def test_a_second_enrolment_touches_nothing(office: Office, tmp_path: Path) -> None:
    with office.laptop(tmp_path / "a") as ws:
        person = ws.add("person", PERSON)

    with pytest.raises(StoreError):
        office.laptop(tmp_path / "a")

    with reopened(tmp_path / "a") as ws:
        assert ws.record(person).id == person


def test_a_wrong_passphrase_opens_nothing(office: Office, tmp_path: Path) -> None:
    office.laptop(tmp_path / "a").close()

    with pytest.raises(StoreLockedError) as told:
        Workspace.open(tmp_path / "a", "wrong", means=Means(strength=FOR_TESTS))

    assert told.value.code == "store.passphrase"


def test_a_folder_without_a_workspace_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as told:
        Workspace.open(tmp_path, PASSPHRASE)

    assert told.value.code == "workspace.missing"


@pytest.mark.parametrize("year_ms", [0, 18_934_300_800_000])
def test_a_laptop_in_1970_or_2570_saves_all_the_same(
    office: Office, tmp_path: Path, year_ms: int
) -> None:
    with office.laptop(tmp_path / "a", Hands(NOW_MS)) as ws:
        first = ws.add("person", PERSON)
    with reopened(tmp_path / "a", Hands(year_ms)) as ws:
        second = ws.add("person", PERSON | {"birth_date": "2500-01-30"})

        shown = [
            ws.record(one).siblings("who/first_name")[0].shown_at
            for one in (first, second)
        ]

    assert shown[0] < shown[1] < NOW_MS + 1_000


def _items(ws: Workspace, form_id: str) -> list[str]:
    form = ws.form(form_id)
    return [q.path for q in form.questions if q.required and q.type == "select_one"]


def _visit(ws: Workspace, person: bytes) -> bytes:
    form = ws.form("home_visit")
    answers: dict[str, object] = {}
    for question in form.stored:
        if question.required is not None and question.default is None:
            answers[question.path] = (
                question.choices[0].name if question.choices else "1"
            )
    return ws.add("home_visit", answers, subject=person)


def _contested(ws: Workspace) -> bytes:
    person = ws.add("person", PERSON)
    ours, theirs = ws.open_for_edit(person), ws.open_for_edit(person)
    ours.save({"last_name": "ใจงาม"})
    theirs.save({"last_name": "ใจกล้า"})
    return person


def test_a_laptop_that_was_copied_goes_on_under_a_new_epoch(ws: Workspace) -> None:
    ws.add("person", PERSON)
    old = ws.store.epochs()[-1]
    Session(ws.store, device_keys(ws.installation), ws.roster).cut()
    (batch,) = ws.store.outgoing()

    ws.store.take_verdicts([Verdict(batch.hash, 0, 1, "applied", 1, "forked")])
    ws.add("person", PERSON)
    ws.add("person", PERSON)

    first, second = ws.store.epochs()
    assert (first.epoch, first.saved) == (old.epoch, 1)
    assert second.saved == 2
