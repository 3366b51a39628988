"""The command line, and a server as a process: started, killed, started again."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner, Result

from fieldkit.crypto.escrow import NORMAL
from fieldkit.sync.invitation import open_invitation
from sync_server.cli.application import app
from sync_server.opening import Opened, open_province
from tests.server.premises import Volunteer, new_province, now_ms

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 60


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["--lang", "en", *map(str, arguments)])


@pytest.fixture
def province(tmp_path: Path) -> Opened:
    return new_province(tmp_path)


@contextmanager
def serving(province: Opened) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Give a server's process and its address; it is killed at the end."""
    command = [
        sys.executable, "-m", "sync_server", "--lang", "en",
        "-d", str(province.settings.dir), "serve",
        "--port-file", str(province.settings.dir / "port"),
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


# --- Commands ---


def test_a_province_is_founded_and_people_are_invited(tmp_path: Path) -> None:
    folder, root = tmp_path / "p", tmp_path / "safe" / "root.key"
    villages = tmp_path / "villages.csv"
    villages.write_text("code,th,en\n90110150,บ้านใหม่,Ban Mai\n", "utf-8-sig")
    invitation = tmp_path / "somsri.fki"

    founded = run(
        "init", folder, "--province", "90", "--name", "ศูนย์สงขลา", "--root-key", root
    )
    imported = run("area", "import", villages, "-d", folder)
    invited = run(
        "invite", "--role", "volunteer", "--area", "901101", "--name", "สมศรี",
        "-o", invitation, "--url", "http://10.0.0.1", "-d", folder,
    )  # fmt: skip

    assert [founded.exit_code, imported.exit_code, invited.exit_code] == [0, 0, 0]
    assert root.exists()
    pin = invited.stdout.strip()
    welcome = open_invitation(invitation.read_bytes(), pin, now_ms(), strength=NORMAL)
    assert welcome.invitation.issued.name == "สมศรี"
    assert welcome.invitation.server_urls == ("http://10.0.0.1",)
    assert welcome.roster.areas["90110150"] == ("บ้านใหม่", "Ban Mai")
    assert len(welcome.invitation.forms) == len(welcome.roster.forms) > 10
    listed = run("area", "list", "--json", "-d", folder)
    assert json.loads(listed.stdout)[0]["en"] == "Ban Mai"
    shown = json.loads(run("roster", "--json", "-d", folder).stdout)
    assert (shown["name"], shown["invitations"]) == ("ศูนย์สงขลา", 1)


def test_an_error_is_told_with_what_to_do_and_its_exit_code(tmp_path: Path) -> None:
    inside = tmp_path / "p" / "root.key"

    refused = run(
        "init", tmp_path / "p", "--province", "90", "--name", "x", "--root-key", inside
    )
    nowhere = run("roster", "-d", tmp_path / "p")
    unknown = run(
        "init", tmp_path / "p", "--province", "99", "--name", "x",
        "--root-key", tmp_path / "k",
    )  # fmt: skip

    assert (refused.exit_code, nowhere.exit_code, unknown.exit_code) == (9, 9, 10)
    assert "must not lie" in refused.stderr
    assert "→" in nowhere.stderr


def test_thai_is_spoken_first(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["roster", "-d", str(tmp_path)])

    assert "ไม่พบจังหวัด" in said.stderr


def test_forms_are_published_once(province: Opened, tmp_path: Path) -> None:
    library = ROOT / "schemas" / "forms" / "home_visit" / "1.yaml"
    text = library.read_text("utf-8").replace("form_id: home_visit", "form_id: shelter")
    file = tmp_path / "shelter.yaml"
    file.write_text(text, "utf-8")
    place = province.settings.dir

    first = run("publish", file, "-d", place)
    again = run("publish", file, "-d", place)
    file.write_text(text + "\n", "utf-8")
    altered = run("publish", file, "-d", place)
    file.write_text("nothing: here\n", "utf-8")

    assert "Published form shelter 1" in first.stdout
    assert "before" in again.stdout
    assert altered.exit_code == 3
    assert run("publish", file, "-d", place).exit_code == 3


def test_a_village_file_without_its_columns_is_refused(
    province: Opened, tmp_path: Path
) -> None:
    file = tmp_path / "v.csv"
    file.write_text("name\nx\n")

    assert run("area", "import", file, "-d", province.settings.dir).exit_code == 2


def test_backup_restore_verify_and_doctor(province: Opened, tmp_path: Path) -> None:
    place, file = province.settings.dir, tmp_path / "one.fkv"

    assert run("doctor", "-d", place).exit_code == 1
    assert run("backup", file, "--keep", "1", "-d", place).exit_code == 0
    assert (
        run("backup", tmp_path / "two.fkv", "--keep", "1", "-d", place).exit_code == 0
    )
    listed = json.loads(run("backups", "--json", "-d", place).stdout)
    assert [one["number"] for one in listed] == [2]
    assert run("restore", file, "-d", place).exit_code == 9
    restored = run(
        "restore", tmp_path / "two.fkv", "-d", place,
        "--recovery-key", tmp_path / "keys" / "root.key.recovery",
    )  # fmt: skip
    assert "log number 2" in restored.stdout
    verified = run("verify", "--json", "-d", place)
    assert json.loads(verified.stdout)[0]["faults"] == 0
    examined = run("doctor", "--json", "-d", place)
    assert examined.exit_code == 0, examined.output
    assert {one["ok"] for one in json.loads(examined.stdout)} == {True}
    assert run("backups", "--forget", "7", "-d", place).exit_code == 10


# --- Processes ---


def test_a_server_says_its_address_and_stops_when_told(province: Opened) -> None:
    with serving(province) as (process, address):
        port = (province.settings.dir / "port").read_text().strip()
        health = requests.get(f"{address}/v1/health", timeout=TIMEOUT_S)
        second = run("serve", "-d", province.settings.dir)
        process.send_signal(signal.SIGTERM)
        process.wait(TIMEOUT_S)

    assert address == f"http://127.0.0.1:{port}"
    assert health.json()["core"] is True
    assert health.headers.keys() == {"content-type", "content-length"}
    assert (second.exit_code, "already" in second.stderr) == (7, True)
    assert process.returncode in {0, -signal.SIGTERM}


def test_what_was_answered_is_there_after_a_kill(province: Opened) -> None:
    volunteer = Volunteer.invited(province)
    envelopes = [volunteer.enrolment(), *(volunteer.batch(f"คน {n}") for n in range(3))]
    heads = []

    for envelope in envelopes:
        with serving(province) as (process, address):
            said = requests.post(
                f"{address}/v1/envelopes", data=envelope, timeout=TIMEOUT_S
            )
            process.kill()
            heads.append(volunteer.answer(said.content).head)

    with serving(province) as (_, address):
        question = requests.post(
            f"{address}/v1/sync", data=volunteer.question(), timeout=TIMEOUT_S
        )
    assert volunteer.answer(question.content).head == heads[-1] > heads[0]


def test_a_port_that_is_taken_is_told(province: Opened) -> None:
    with serving(province) as (_, address):
        other = open_province(province.settings).settings.dir.parent / "second"
        second = new_province(other)
        taken = address.rpartition(":")[2]

        said = run("serve", "--port", taken, "-d", second.settings.dir)

    assert said.exit_code == 8
    assert taken in said.stderr
