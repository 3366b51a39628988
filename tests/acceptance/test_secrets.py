"""Secrets: what is planted in a record can be read in no file; files are private."""

import stat
from pathlib import Path
from random import Random

import pytest
import requests
from typer.testing import CliRunner

from fieldkit.cli.application import app
from tests.acceptance.world import PASSPHRASE, PIN, Centre, Laptop

pytestmark = pytest.mark.slow

NAME, CITIZEN_ID = "ความลับของยายสำลี", "1909800123454"
VILLAGE = "90110103"
NEEDLES = (
    NAME.encode(), NAME.encode("utf-16-le"), CITIZEN_ID.encode(),
    CITIZEN_ID.encode("utf-16-le"), "สำลี".encode(), PASSPHRASE.encode(),
)  # fmt: skip
ROUTES = (
    "POST sync", "POST pages", "POST envelopes", "POST envelopes?carried=true",
    "PUT envelopes/{hex}?offset=0&total=9", "PUT envelopes/{hex}?offset=-1&total=99",
    "GET envelopes/{hex}", "GET mail/{short}", "GET mail/{hex}?after=-9",
    "GET mail/zz?after=x", "GET pages/{hex}", "DELETE sync", "GET nothing",
)  # fmt: skip


def leaks(folder: Path) -> list[str]:
    """Return the files below a folder in which something planted can be read."""
    return [
        f"{path.name}: {needle!r}"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".txt"  # the passphrase that was given
        for data in [path.read_bytes()]
        for needle in NEEDLES
        if needle in data
    ]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secrets")


@pytest.fixture(scope="module")
def story(home: Path) -> Path:
    """A small story in one folder: saved, drafted, sent, carried, backed up."""
    centre = Centre(home)
    volunteer, officer = Laptop(home, "a"), Laptop(home, "b")
    with centre.serving():
        for one, role in ((volunteer, "volunteer"), (officer, "officer")):
            one.enrol(centre.invite(one.name, role))
        person = volunteer.add(
            first_name=NAME, citizen_id=CITIZEN_ID, village=VILLAGE, note=NAME * 40
        )
        volunteer.says("record", "add", "person", given=f"\n{NAME}\n!\n")
        volunteer.says("bundle", "out", home / "stick.fkb")
        officer.says("bundle", "in", home / "stick.fkb")
        officer.says("sync")
        volunteer.says("sync")
        volunteer.says("record", "edit", person, "--set", f"last_name={NAME}")
        volunteer.says("sync")
        centre.says("backup", home / "backup.fkbak")
        assert NAME in officer.says("record", "show", person).out
        assert leaks(home) == []  # while the server runs, its journals beside it
    return home


def test_what_is_planted_can_be_read_in_no_file(story: Path) -> None:
    assert leaks(story) == []
    assert any(path.suffix == ".db" for path in story.rglob("*"))


def test_files_are_for_their_owner_alone(story: Path) -> None:
    shared = {".fkb", ".txt", ".log"}  # sealed for a courier; ours; the test's own
    for folder in (story / "a", story / "b", story / "province"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    open_to_others = [
        path.relative_to(story).as_posix()
        for path in story.rglob("*")
        if path.is_file() and path.suffix not in shared | {""}
        and path.name != "server.log" and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]  # fmt: skip
    assert open_to_others == []


def spoilt(data: bytes, seed: int) -> bytes:
    """Return bytes that were changed, cut, doubled or drawn."""
    random = Random(seed)
    kind = seed % 5
    if kind == 0:
        return random.randbytes(random.randrange(3_000))
    at = random.randrange(len(data))
    if kind == 1:
        return data[:at]
    if kind == 2:
        return data[:at] + random.randbytes(8) + data[at:]
    if kind == 3:
        return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]
    return data[at:] + data[:at]


def test_no_trace_reaches_a_user_of_files_that_were_spoilt(
    story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = tmp_path / "words"
    words.write_text(PASSPHRASE, "utf-8")
    monkeypatch.setenv("FIELDKIT_PASSPHRASE_FILE", str(words))
    bundle, invitation = (story / "stick.fkb"), (story / "a.fki")
    for seed in range(60):
        file = tmp_path / "spoilt.fkb"
        file.write_bytes(spoilt(bundle.read_bytes(), seed))
        check(["-w", str(story / "b"), "bundle", "in", str(file)])
        file.write_bytes(spoilt(invitation.read_bytes(), seed))
        check(["-w", str(tmp_path / "c"), "enrol", str(file), "--pin", PIN])


def check(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code in {0, 5, 6, 7, 9}, (done.output, done.exception)
    assert isinstance(done.exception, SystemExit | None)
    assert "program.fault" not in done.output
    assert "โปรแกรมผิดพลาด" not in done.output


def test_no_route_stumbles_over_what_it_is_sent(centre: Centre, story: Path) -> None:
    from fieldkit.sync.bundle import read_bundle

    envelopes = list(read_bundle((story / "stick.fkb").read_bytes()))
    seen = set()
    for seed in range(200):
        method, path = ROUTES[seed % len(ROUTES)].split()
        name = Random(seed).randbytes(32).hex()
        url = f"{centre.url}/v1/{path.format(hex=name, short=name[:16])}"
        kind = ("application/cbor", "text/plain", "application/json")[seed % 3]
        said = requests.request(
            method, url, data=spoilt(envelopes[seed % len(envelopes)], seed),
            headers={"Content-Type": kind}, timeout=30,
        )  # fmt: skip
        assert said.status_code < 500, (method, path, seed, said.text)
        assert "Traceback" not in said.text
        seen.add(said.status_code)
    assert len(seen) > 2
    assert "Traceback" not in (centre.home / "server.log").read_text("utf-8")
