"""Three persons: a volunteer, an officer and a coordinator, with the real commands."""

import os
import pty
import select
import signal
import subprocess
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.acceptance.world import Centre, Laptop, environment, program

VILLAGE = "90110203"
BECAUSE = "โทรถามเจ้าตัวแล้ว"


@pytest.fixture(scope="module")
def volunteer(centre: Centre) -> Laptop:
    """Enrolled from a file; nobody has synced yet."""
    return centre.laptop("สมหญิง", area="901102")


def clashes_of(office: Laptop, person: str) -> list[dict[str, Any]]:
    """Return the clashes of one record: other tests share the province."""
    return [one for one in office.told("conflict", "list") if one["record"] == person]


@pytest.mark.slow
def test_a_dispute_is_settled_and_everybody_agrees(  # noqa: PLR0915 - one story
    centre: Centre, volunteer: Laptop, tmp_path: Path
) -> None:
    far = centre.laptop("ฮาซัน", area="901102")
    officer = centre.laptop("วิไล", "officer", "9011")
    office = centre.laptop("นงเยาว์", "coordinator", "90")
    there, back = tmp_path / "there.fkb", tmp_path / "back.fkb"

    # The volunteer surveys; her work goes by HTTP, and on by stick to who is far.
    person = volunteer.add(first_name="ฟาติมะห์", village=VILLAGE)
    assert "ส่งแล้ว 1 ชุด" in volunteer.says("sync").out
    far.says("bundle", "out", there)
    assert "ถือต่อให้ผู้อื่น" in officer.says("bundle", "in", there).out
    officer.says("sync")
    officer.says("bundle", "out", back)
    far.says("bundle", "in", back)
    assert far.answers(person)["first_name"] == "ฟาติมะห์"

    # Both write a name over it; the volunteer fills in an answer that was empty, too.
    volunteer.says("record", "edit", person, "--set", "first_name=ฟาติมะ",
                   "--set", "income=4200")  # fmt: skip
    far.says("record", "edit", person, "--set", "first_name=ฟาตีมะห์",
             "--set", "caregiver=ป้าข้างบ้าน")  # fmt: skip
    volunteer.says("sync")
    far.says("bundle", "out", there)
    officer.says("bundle", "in", there)
    once = officer.told("sync")
    assert once["delivered"] >= 1
    assert "ฟาตีมะห์" in str(officer.answers(person)["first_name"])

    # The office sees one clash, under both names, and settles it.
    office.says("sync")
    (clash,) = clashes_of(office, person)
    assert set(clash["label"].split()[0].split("/")) == {"ฟาติมะ", "ฟาตีมะห์"}
    dots = {one["values"][0]: one["dot"] for one in clash["alternatives"]}
    assert clash["alternatives"][0]["at"].endswith("+07:00")
    office.says("conflict", "resolve", clash["id"], "--keep", dots["ฟาตีมะห์"],
                "--because", BECAUSE)  # fmt: skip
    office.says("sync")

    # Whose value was not kept is told: once by a sync, by status until it is put away.
    told = volunteer.says("sync").out
    assert "นงเยาว์ ไม่ได้เก็บค่าของท่านในข้อ ชื่อ (" in told
    assert BECAUSE in told
    assert BECAUSE not in volunteer.says("sync").out
    assert BECAUSE in volunteer.says("status").out
    (notice,) = volunteer.told("notice", "list")
    assert (notice["record"], notice["registers"]) == (person, ["who/first_name"])
    volunteer.says("notice", "seen", notice["number"])
    assert BECAUSE not in volunteer.says("status").out

    # The stick comes home once more; all agree, and everybody reads the history alike.
    far.says("bundle", "out", there)
    officer.says("bundle", "in", there)
    officer.says("sync")
    officer.says("bundle", "out", back)
    far.says("bundle", "in", back)
    assert far.told("notice", "list") == []
    digests = {one.status("901102")["digests"]["901102"] for one in
               (volunteer, far, officer, office)}  # fmt: skip
    assert len(digests) == 1
    assert office.answers(person)["caregiver"] == "ป้าข้างบ้าน"
    history = office.says("record", "show", person, "--history").out
    assert "None" not in history
    assert BECAUSE in history

    # She knows better, and brings her value back: it stands beside the decision again.
    volunteer.says("notice", "restore", notice["number"], "--because", "ดูบัตรแล้ว")
    volunteer.says("sync")
    office.says("sync")
    assert len(clashes_of(office, person)) == 1
    office.says("conflict", "resolve", person, "--value", "ฟาติมะ", "--because", "ดูบัตร")
    office.says("sync")


# --- At the terminal ---


class Terminal:
    """``fieldkit`` at a terminal of its own, typed at as a person does."""

    def __init__(self, laptop: Laptop, *arguments: str) -> None:
        near, far = pty.openpty()
        more = {"FIELDKIT_PASSPHRASE_FILE": str(laptop.words), "TERM": "dumb"}
        self.process = subprocess.Popen(
            [*program("fieldkit"), "-w", str(laptop.folder), *arguments],
            stdin=far, stdout=far, stderr=far, env=environment(**more),
            start_new_session=True,
        )  # fmt: skip
        os.close(far)
        self._near = near
        self.shown = ""

    def wait_for(self, text: str) -> str:
        """Return what was shown until ``text`` came."""
        end, start = monotonic() + 60, len(self.shown)
        raw = b""
        while text not in raw.decode("utf-8", "ignore"):
            ready, _, _ = select.select([self._near], [], [], end - monotonic())
            assert ready, (text, raw.decode("utf-8", "replace"))
            try:
                piece = os.read(self._near, 65_536)
            except OSError:
                piece = b""
            assert piece, (text, raw.decode("utf-8", "replace"))
            raw += piece
        self.shown += raw.decode("utf-8", "replace")
        return self.shown[start:]

    def type(self, text: str) -> None:
        os.write(self._near, text.encode() + b"\n")

    def close(self) -> int:
        code = self.process.wait(30)
        os.close(self._near)
        return code


def test_an_interview_survives_a_killed_process(  # noqa: PLR0915 - one interview
    volunteer: Laptop,
) -> None:
    person = volunteer.add(first_name="ยาย", village=VILLAGE)
    asking = ("record", "add", "screening_9q", "--subject", person)
    first = Terminal(volunteer, *asking)
    first.wait_for("[1/")
    first.type("")
    first.wait_for("[2/")
    first.type("7")  # no such choice: it is told, and asked again
    first.wait_for("[2/")
    first.type("3")
    first.wait_for("[3/")
    first.type("<")  # back, and another answer
    assert "[3]" in first.wait_for("> ") or "[" in first.shown
    first.type("2")
    first.wait_for("[3/")
    first.process.send_signal(signal.SIGKILL)
    first.close()

    assert volunteer.status()["drafts"] == 1
    second = Terminal(volunteer, *asking)
    second.wait_for("ทำต่อหรือไม่")
    second.type("ใช่")
    shown = second.wait_for("[3/")
    assert "[1/" not in shown
    for number in range(4, 11):
        second.type("0")
        second.wait_for(f"[{number}/")
    second.type("1")
    for number in (11, 12):  # what was done, and a note: left open
        second.wait_for(f"[{number}/")
        second.type("")
    told = second.wait_for("บันทึกแล้ว รหัส")

    assert second.close() == 0
    assert "คะแนนรวม 3" in told
    assert "ด่วน" in told
    assert "→ ส่งต่อ" in told
    assert volunteer.status()["drafts"] == 0
