"""The demo: the whole story with real processes, and what stops it told plainly."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fieldkit.cli.demo.cast import CAST
from fieldkit.cli.demo.invention import GROUPS, Invention
from fieldkit.cli.demo.stage import Stage, StoryError

PEOPLE = 150


def demo(folder: Path, *, alone: bool = False) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "fieldkit", "demo", "--dir", str(folder)]
    environment = os.environ | {"PYTHONUTF8": "1", "FIELDKIT_LANG": "en"}
    return subprocess.Popen(
        [*command, "--persons", str(PEOPLE)], start_new_session=alone,
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, encoding="utf-8",
    )  # fmt: skip


def test_the_full_story_is_of_two_thousand_persons_and_five_thousand_screenings():
    invention = Invention(2_000)

    assert len(invention.people) == 2_000
    assert invention.screenings_count() >= 5_000
    assert len(invention.groups) == GROUPS


def test_rare_groups_come_in_even_among_few_persons():
    invention = Invention(PEOPLE)

    assert len(invention.people) == PEOPLE
    assert len(invention.groups) == GROUPS


def test_every_person_is_surveyed_by_exactly_one_volunteer():
    invention = Invention(PEOPLE)

    surveyed = [one for member in CAST for one in invention.people_of(member)]

    assert len(surveyed) == PEOPLE
    assert all(invention.people_of(member) for member in CAST if member.surveys)


def test_what_does_not_hold_stops_the_story():
    with pytest.raises(StoryError, match="is right: 3"):
        Stage(1).hold("ถูก", "is right", that=False, found=3)


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    kept = tmp_path / "thesis.txt"
    kept.write_text("years of work", "utf-8")

    process = demo(tmp_path)
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 2, said
    assert kept.read_text("utf-8") == "years of work"
    assert list(tmp_path.iterdir()) == [kept]


@pytest.mark.slow
def test_the_whole_story_holds_and_leaves_its_workspaces(tmp_path):
    process = demo(tmp_path / "demo")

    said, _ = process.communicate(timeout=600)

    assert process.returncode == 0, said
    assert "steps held" in said.splitlines()[-1]
    for member in CAST:
        assert (tmp_path / "demo" / member.key / "fieldkit.db").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_ctrl_c_stops_the_server_and_names_the_step(tmp_path):
    process = demo(tmp_path / "demo", alone=True)
    port_file = tmp_path / "demo" / "port"
    end = time.monotonic() + 120
    while not port_file.exists() and time.monotonic() < end:
        time.sleep(0.1)

    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 130, said
    assert said.splitlines()[-1].startswith("✗")
    check = [sys.executable, "-m", "sync_server", "-d", str(tmp_path / "demo/province")]
    # A second server could not start beside a first one that was left running.
    serving = subprocess.Popen(
        [*check, "serve", "--port", "0", "--port-file", str(tmp_path / "port")],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    end = time.monotonic() + 60
    while not (tmp_path / "port").exists() and serving.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert serving.poll() is None
    serving.terminate()
    serving.communicate(timeout=30)
