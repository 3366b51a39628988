import shutil
from pathlib import Path

import pytest

from fieldkit.client.enrolment import DATABASE
from fieldkit.client.marker import Marker
from fieldkit.client.workspace import Workspace
from tests.client.office import PERSON, Office, reopened

NUMBER = b"n" * 16


@pytest.fixture
def marker(tmp_path: Path) -> Marker:
    (tmp_path / "a.db").write_bytes(b"")
    return Marker(tmp_path / "a.db")


def test_a_power_cut_before_or_after_a_commit_is_no_doubt(marker: Marker) -> None:
    marker.note(NUMBER, 7, 8)

    assert marker.fits(NUMBER, 7)
    assert marker.fits(NUMBER, 8)


def test_an_older_or_newer_database_is_a_doubt(marker: Marker) -> None:
    marker.note(NUMBER, 7, 8)

    assert not marker.fits(NUMBER, 6)
    assert not marker.fits(NUMBER, 9)
    assert not marker.fits(b"m" * 16, 8)


def test_a_torn_mark_leaves_the_one_before(marker: Marker, tmp_path: Path) -> None:
    marker.note(NUMBER, 6, 7)
    before = (tmp_path / "a.mark").read_bytes()
    marker.note(NUMBER, 7, 8)
    after = (tmp_path / "a.mark").read_bytes()

    for length in range(min(len(before), len(after))):
        (tmp_path / "a.mark").write_bytes(after[:length] + before[length:])
        assert marker.fits(NUMBER, 7)


def test_a_missing_mark_is_a_doubt(marker: Marker) -> None:
    assert not marker.fits(NUMBER, 0)


def epochs(ws: Workspace) -> list[bytes]:
    return [one.epoch for one in ws.store.epochs()]


def test_an_ordinary_laptop_keeps_its_epoch(office: Office, tmp_path: Path) -> None:
    with office.laptop(tmp_path / "a") as ws:
        ws.add("person", PERSON)
    for _ in range(3):
        with reopened(tmp_path / "a") as ws:
            ws.add("person", PERSON)
            assert len(epochs(ws)) == 1


def test_two_programs_on_one_workspace_keep_one_epoch(ws: Workspace) -> None:
    with reopened(ws.directory) as other:
        for _ in range(3):
            ws.add("person", PERSON)
            other.add("person", PERSON)

        assert len(epochs(ws)) == 1


def test_a_copied_workspace_begins_a_new_epoch(office: Office, tmp_path: Path) -> None:
    with office.laptop(tmp_path / "a") as ws:
        ws.add("person", PERSON)
    shutil.copytree(tmp_path / "a", tmp_path / "b")

    with reopened(tmp_path / "a") as ours, reopened(tmp_path / "b") as theirs:
        first = ours.add("person", PERSON)
        second = theirs.add("person", PERSON)

        assert len(epochs(ours)) == 1
        assert len(epochs(theirs)) == 2
        assert epochs(theirs)[0] == epochs(ours)[0]
        assert first != second
        assert theirs.installation.first_words(ours.roster) != (
            ours.installation.first_words(ours.roster)
        )


def test_a_restored_database_begins_a_new_epoch(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    with office.laptop(folder) as ws:
        ws.add("person", PERSON)
    copy = (folder / DATABASE).read_bytes()
    with reopened(folder) as ws:
        ws.add("person", PERSON)
        ws.add("person", PERSON)
    # Written over in place: the same file, an older content.
    (folder / DATABASE).write_bytes(copy)

    with reopened(folder) as ws:
        ws.add("person", PERSON)

        assert len(epochs(ws)) == 2
        assert ws.store.record_count("person") == 2


def test_what_was_saved_before_a_new_epoch_keeps_its_own(
    office: Office, tmp_path: Path
) -> None:
    folder = tmp_path / "a"
    with office.laptop(folder) as ws:
        old = ws.record(ws.add("person", PERSON))
    (folder / "fieldkit.mark").unlink()

    with reopened(folder) as ws:
        new = ws.record(ws.add("person", PERSON))

        dots = [r.siblings("who/first_name")[0].dot for r in (old, new)]
        assert [dot.epoch for dot in dots] == epochs(ws)
        assert [dot.counter for dot in dots] == [1, 1]
        assert len(ws.installation.keys()) == 2
