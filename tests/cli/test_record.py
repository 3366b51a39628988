import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fieldkit.client.workspace import Means, Workspace
from fieldkit.crypto.escrow import FOR_TESTS
from tests.cli.conftest import Run
from tests.client.office import PASSPHRASE, PERSON, PIN, Office


@pytest.fixture(scope="module")
def invitation(office: Office, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("invitation") / "somchai.fki"
    file.write_bytes(office.invite(expires_ms=1 << 42))
    return file


@pytest.fixture
def home(
    run: Run, invitation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    folder = tmp_path / "work"
    run("-w", folder, "enrol", invitation, "--pin", PIN)
    monkeypatch.setenv("FIELDKIT_WORKSPACE", str(folder))
    return folder


def told(run: Run, *arguments: object, given: str | None = None, code: int = 0) -> Any:
    result = run(*arguments, "--json", given=given, code=code)
    return json.loads(result.stdout)


def add_person(run: Run, **more: object) -> str:
    found = told(run, "record", "add", "person", "--answers", "-",
                 given=json.dumps(PERSON | more))  # fmt: skip
    assert isinstance(found, dict)
    return str(found["id"])


def test_a_volunteers_day(run: Run, home: Path) -> None:
    assert home.exists()
    person = add_person(run)

    found = told(run, "record", "find", "บุญ")
    assert found == [{"id": person, "form_id": "person", "label": "บุญมี ใจดี"}]
    assert "Saved." in run("record", "edit", person[:8], "--set", "income=๕๐๐๐").stdout
    assert (
        "Nothing is new" in run("record", "edit", person, "--set", "income=5000").stdout
    )
    shown = run("record", "show", person[:6]).stdout
    assert "Mean monthly income (baht): 5000" in shown
    assert "not sent yet" in shown
    history = run("record", "show", person, "--history").stdout
    assert "→ 5000" in history
    status = told(run, "status")
    assert isinstance(status, dict)
    assert (status["records"], status["local"]) == (1, 2)
    assert "to send 2" in run("status").stdout


def test_mistakes_are_told_with_their_exit_code(
    run: Run, home: Path, tmp_path: Path
) -> None:
    assert home.exists()
    bad = json.dumps({"first_name": "", "income": -1})

    result = run("record", "add", "person", "--answers", "-", given=bad, code=4)
    assert "Please answer" in result.stderr
    assert "→ Correct these answers" in result.stderr
    assert "nope" in run("record", "add", "nope", code=10).stderr
    run("record", "show", "ffffffff", code=10)
    run("record", "show", "f", code=10)
    run("record", "edit", "ffffffff", "--set", "nothing", code=2)
    run("record", "add", "person", "--answers", "-", given="[]", code=2)
    run("record", "add", "person", "--answers", "-", given="{", code=2)
    (tmp_path / "rows.txt").write_text("x")
    run("record", "import", "person", tmp_path / "rows.txt", code=10)


def test_errors_are_told_in_thai(run: Run, home: Path) -> None:
    assert home.exists()

    result = run("--lang", "th", "record", "show", "ffffffff", code=10)

    assert "→" in result.stderr
    assert any("ก" <= letter <= "๙" for letter in result.stderr)


def test_a_wrong_passphrase_or_folder_is_told(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run("-w", tmp_path / "nowhere", "status", code=10)
    monkeypatch.delenv("FIELDKIT_WORKSPACE")
    run("status", code=2)
    monkeypatch.delenv("FIELDKIT_PASSPHRASE_FILE")
    result = run("-w", home, "status", given="wrong\n", code=7)
    assert "assphrase" in result.stderr


def test_a_wrong_pin_or_second_enrolment_is_told(
    run: Run, home: Path, invitation: Path, tmp_path: Path
) -> None:
    run("-w", tmp_path / "b", "enrol", invitation, "--pin", "000000", code=9)
    run("-w", tmp_path / "b", "enrol", invitation, "--pin", "12", code=5)
    run("-w", home, "enrol", invitation, "--pin", PIN, code=7)
    (tmp_path / "bad.fki").write_bytes(invitation.read_bytes()[:-7])
    run("-w", tmp_path / "b", "enrol", tmp_path / "bad.fki", "--pin", PIN, code=9)


def test_rows_come_in_and_go_out(run: Run, home: Path, tmp_path: Path) -> None:
    assert home.exists()
    rows = tmp_path / "rows.jsonl"
    lines = [json.dumps(PERSON), "nonsense", json.dumps({"first_name": "ก"})]
    rows.write_text("\n".join(lines), "utf-8")

    report = told(run, "record", "import", "person", rows, code=4)

    assert isinstance(report, dict)
    assert report["saved"] == 1
    assert [one["line"] for one in report["refused"]] == [2, 3]
    assert "line 2" in run("record", "import", "person", rows, code=4).stdout
    run("record", "export", "person", "-o", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig") as file:
        found = list(csv.DictReader(file))
    assert [row["who/first_name"] for row in found] == ["บุญมี", "บุญมี"]
    run("record", "import", "person", tmp_path / "out.csv")
    run("record", "export", "person", "-o", tmp_path / "out.jsonl")
    assert len((tmp_path / "out.jsonl").read_text("utf-8").splitlines()) == 4


# --- The interview ---


def test_an_interview_asks_skips_goes_back_and_scores(run: Run, home: Path) -> None:
    assert home.exists()
    person = add_person(run)
    # The date is kept; then nine items, with one step back to correct the second.
    typed = ["", "3", "3", "<", "2", *["0"] * 6, "1", "1", ""]

    result = run("record", "add", "screening_9q", "--subject", person,
                 given="\n".join(typed) + "\n")  # fmt: skip

    assert "Score 6" in result.stdout
    assert "Urgent: Thoughts of self-harm" in result.stdout
    assert "Refer to Hospital — Urgent" in result.stdout
    (screening,) = told(run, "record", "show", person)["records"]
    answers = told(run, "record", "show", screening["id"])["answers"]
    assert answers["symptoms/q9_2"] == "2"


def test_an_interview_tells_what_does_not_fit_and_asks_again(
    run: Run, home: Path
) -> None:
    assert home.exists()
    typed = ["", "", "นา", "", "", "", "1/1/2700", "", "", "90110103"]

    result = run("record", "add", "person", given="\n".join([*typed, "!"]) + "\n")

    assert "Please answer “First name”" in result.stdout
    assert "in the future" in result.stdout
    assert "The draft is kept" in result.stdout
    assert told(run, "status")["drafts"] == 1


def test_an_interview_that_was_left_goes_on_where_it_was(run: Run, home: Path) -> None:
    assert home.exists()
    person = add_person(run)
    left = run("record", "add", "screening_2q", "--subject", person, given="\n1\n!\n")
    assert "The draft is kept" in left.stdout

    done = run("record", "add", "screening_2q", "--subject", person,
               given="y\n" + "1\n" + "\n" * 5)  # fmt: skip

    assert "Saved as" in done.stdout
    assert told(run, "status")["drafts"] == 0


def test_a_repeat_is_asked_for_as_often_as_there_are_more(run: Run, home: Path) -> None:
    assert home.exists()
    form = told(run, "form", "show", "household")
    assert isinstance(form, dict)
    before = ["90110103", "12/1"]
    typed = {"village": "90110103", "house_number": "12/1"}
    given: list[str] = []
    for question in form["questions"]:
        name = question["path"]
        if name.startswith("members[]"):
            break
        given.append(typed.get(name, ""))
    assert [one for one in given if one] == before
    members = ["y", "", "แดง", "", "7", "y", "", "ดำ", "", "", "n"]

    result = run("record", "add", "household",
                 given="\n".join([*given, *members]) + "\n" * 30)  # fmt: skip

    assert "Saved as" in result.stdout
    (found,) = told(run, "record", "find", "12/1")
    answers = told(run, "record", "show", found["id"])["answers"]
    names = [v for name, v in answers.items() if name.endswith("]/name")]
    assert sorted(names) == ["ดำ", "แดง"]


# --- Conflicts ---


def test_a_conflict_is_listed_shown_settled_and_undone(run: Run, home: Path) -> None:
    person = add_person(run)
    with Workspace.open(home, PASSPHRASE, means=Means(strength=FOR_TESTS)) as ws:
        ours, theirs = ws.open_for_edit(person), ws.open_for_edit(person)
        ours.save({"last_name": "ก"})
        theirs.save({"last_name": "ข"})

    (conflict,) = told(run, "conflict", "list")
    assert "people differ" in run("conflict", "list").stdout
    shown = run("conflict", "show", person[:8]).stdout
    assert "Surname: ก" in shown
    dot = conflict["alternatives"][1]["dot"]
    run("conflict", "resolve", person, "--because", "x", code=2)
    run("conflict", "resolve", person, "--keep", "99", "--because", "x", code=10)
    run("conflict", "resolve", person, "--keep", "1", "--because", " ", code=4)
    run("conflict", "resolve", conflict["id"], "--field", "last_name",
        "--keep", dot, "--because", "card")  # fmt: skip
    assert told(run, "conflict", "list") == []
    run("conflict", "undo", conflict["id"])
    assert len(told(run, "conflict", "list")) == 1
    run("conflict", "resolve", person, "--value", "ค", "--because", "asked")
    assert "people differ" not in run("record", "show", person).stdout
    assert "Surname: ค" in run("record", "show", person).stdout


def test_a_bundle_goes_out_and_comes_in(run: Run, home: Path, tmp_path: Path) -> None:
    assert home.exists()
    add_person(run)

    out = told(run, "bundle", "out", tmp_path / "a.fkb")

    assert out == {"path": str(tmp_path / "a.fkb"), "envelopes": 3}
    run("bundle", "in", tmp_path / "passphrase", code=5)
    run("bundle", "in", tmp_path / "nothing", code=10)
    run("sync", code=8)
    run("sync", "--url", "http://127.0.0.1:9", code=8)


def test_an_answer_that_was_empty_is_shown_as_a_dash(run: Run, home: Path) -> None:
    assert home.exists()
    person = add_person(run)
    run("record", "edit", person, "--set", "sex=2")

    history = run("record", "show", person, "--history").stdout

    assert "— → Female" in history
    assert "None" not in history


def test_programs_read_times_as_iso_8601(run: Run, home: Path) -> None:
    assert home.exists()
    person = add_person(run)

    event = told(run, "record", "show", person, "--history")[0]
    status = told(run, "status")

    moments = [event["at"], status["oldest"], status["expires"]]
    assert all(datetime.fromisoformat(one).tzinfo for one in moments)


def test_one_is_not_told_as_many(run: Run, home: Path) -> None:
    assert home.exists()
    add_person(run)

    assert "1 record here" in run("status").stdout


def test_notices_are_listed_and_unknown_ones_are_told(run: Run, home: Path) -> None:
    assert home.exists()

    assert told(run, "notice", "list") == []
    assert "Nothing to tell" in run("notice", "list").stdout
    run("notice", "seen", "7", code=10)
    run("notice", "seen", code=2)
    run("notice", "restore", "7", code=10)
    assert "Put away: 0" in run("notice", "seen", "--all").stdout
