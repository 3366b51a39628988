"""Bad input: each kind is told in one clear sentence, and loses nothing."""

import json
import resource
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.world import PASSPHRASE, PIN, Centre, Laptop

VILLAGE = "90110103"


@pytest.fixture(scope="module")
def somsri(centre: Centre) -> Laptop:
    """A volunteer's laptop that the province knows, with one person on it."""
    one = centre.laptop("สมศรี")
    one.add(first_name="บุญมี", village=VILLAGE)
    one.says("sync")
    return one


@pytest.fixture(scope="module")
def office(centre: Centre) -> Laptop:
    return centre.laptop("ผู้ประสาน", "coordinator", "90")


def arrives(laptop: Laptop, office: Laptop, name: str) -> bool:
    """Return whether what lies on a laptop comes to the office by one more sync."""
    laptop.says("sync")
    office.says("sync")
    return [one["label"] for one in office.told("record", "find", name)] == [name]


def copied(laptop: Laptop, name: str) -> Laptop:
    """Return a copy of a laptop whose files may be spoilt."""
    copy = Laptop(laptop.home, name)
    shutil.copytree(laptop.folder, copy.folder)
    return copy


# --- Passphrase and PIN ---


def test_a_wrong_passphrase_is_told_and_the_right_one_finds_everything(
    somsri: Laptop,
) -> None:
    somsri.words.write_text("ข้าวเจ้า\n", "utf-8")
    try:
        told = somsri.refused("record", "find", "บุญมี", code=7)
    finally:
        somsri.words.write_text(PASSPHRASE + "\n", "utf-8")

    assert "รหัสผ่าน" in told.err
    assert len(somsri.told("record", "find", "บุญมี")) == 1


@pytest.mark.slow
def test_a_wrong_pin_is_told_and_the_right_one_still_opens(centre: Centre) -> None:
    file = centre.invite("มานี")
    manee = Laptop(centre.home, "มานี")

    told = manee.refused("enrol", file, "--pin", "000000", code=9)

    assert "PIN" in told.err
    assert not (manee.folder / "fieldkit.db").exists()
    manee.refused("enrol", file, "--pin", "12", code=5)
    assert "พร้อมทำงาน" in manee.says("enrol", file, "--pin", PIN).out
    again = manee.refused("enrol", file, "--pin", PIN, code=7)
    assert "มี" in again.err


# --- One invitation, two laptops ---


@pytest.mark.slow
def test_one_invitation_on_two_laptops_waits_for_a_person_who_can_certify_it(
    centre: Centre, office: Laptop
) -> None:
    file = centre.invite("สองเครื่อง")
    first = Laptop(centre.home, "เครื่องแรก").enrol(file)
    second = Laptop(centre.home, "เครื่องหลัง").enrol(file)
    first.says("sync")
    second.add(first_name="รอตรวจ", village=VILLAGE)

    said = second.says("sync")

    assert "แจ้งผู้ประสานงาน" in said.err
    assert "Tell your coordinator" in second.says("sync", lang="en").err
    (waiting,) = centre.told("roster", "waiting")
    assert (waiting["name"], waiting["batches"]) == ("สองเครื่อง", 1)
    assert waiting["reason"] == "invitation.used"
    assert office.told("record", "find", "รอตรวจ") == []
    centre.says("roster", "certify", "zz", code=10)
    centre.says("roster", "certify", waiting["device"][:6])
    assert centre.told("roster", "waiting") == []
    assert arrives(second, office, "รอตรวจ")
    status = second.status()
    assert (status["certified"], status["accepted"], status["waiting"]) == (True, 1, 0)


# --- A damaged database ---


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x40]))


def flip_start(folder: Path) -> None:
    flip(folder / "fieldkit.db", 5)


def flip_page(folder: Path) -> None:
    flip(folder / "fieldkit.db", 3_000)


def truncate(folder: Path) -> None:
    data = (folder / "fieldkit.db").read_bytes()
    (folder / "fieldkit.db").write_bytes(data[: len(data) // 2 + 100])


def empty(folder: Path) -> None:
    (folder / "fieldkit.db").write_bytes(b"")


def other_file(folder: Path) -> None:
    (folder / "fieldkit.db").write_bytes(b"%PDF-1.7\n" + bytes(20_000))


def plain_database(folder: Path) -> None:
    (folder / "fieldkit.db").unlink()
    with sqlite3.connect(folder / "fieldkit.db") as db:
        db.execute("CREATE TABLE photos (name)")
    db.close()


def key_gone_bad(folder: Path) -> None:
    flip(folder / "fieldkit.key", 40)


def key_cut(folder: Path) -> None:
    (folder / "fieldkit.key").write_bytes((folder / "fieldkit.key").read_bytes()[:50])


def key_missing(folder: Path) -> None:
    (folder / "fieldkit.key").unlink()


def database_missing(folder: Path) -> None:
    (folder / "fieldkit.db").unlink()


QUICK = (flip_page,)
MORE = (truncate, flip_start, empty, other_file, plain_database, key_gone_bad, key_cut)
MORE_CODES = ((key_missing, 10), (database_missing, 10))
DAMAGES = [
    *((one, 7) for one in QUICK),
    *(pytest.param(one, 7, marks=pytest.mark.slow) for one in MORE),
    *(pytest.param(*one, marks=pytest.mark.slow) for one in MORE_CODES),
]


@pytest.mark.parametrize(("damage", "code"), DAMAGES)
def test_a_damaged_database_is_told_and_left_as_it_is(
    somsri: Laptop, damage: Callable[[Path], None], code: int
) -> None:
    copy = copied(somsri, f"damaged-{damage.__name__}")
    damage(copy.folder)
    before = {one.name: one.read_bytes() for one in copy.folder.iterdir()}

    copy.refused("status", code=code)

    after = {one.name: one.read_bytes() for one in copy.folder.iterdir()}
    assert {name: after[name] for name in before} == before


@pytest.mark.slow
@pytest.mark.parametrize("part", range(1, 9))
def test_a_byte_that_was_flipped_anywhere_is_found_or_harms_nothing(
    somsri: Laptop, part: int
) -> None:
    copy = copied(somsri, f"flipped-{part}")
    database = copy.folder / "fieldkit.db"
    flip(database, database.stat().st_size * part // 9)

    for words in (["status"], ["record", "find", "บุญมี"], ["record", "list"]):
        done = code_of(copy, words)
        assert done in {0, 2, 7}


def code_of(copy: Laptop, words: list[str]) -> int:
    for code in (0, 2, 7):
        try:
            copy.says(*words, code=code)
        except AssertionError as error:
            assert "Traceback" not in str(error)  # noqa: PT017
        else:
            return code
    return -1


# --- Bundles ---


@pytest.fixture(scope="module")
def stick(centre: Centre, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of a volunteer far away."""
    far = centre.laptop("ไกล")
    far.add(first_name="ห่างไกล", village=VILLAGE)
    target = tmp_path_factory.mktemp("stick") / "whole.fkb"
    far.says("bundle", "out", target)
    return target


@pytest.mark.slow
def test_a_bundle_cut_short_gives_what_is_whole_and_is_told(
    office: Laptop, stick: Path
) -> None:
    cut = stick.with_name("cut.fkb")
    cut.write_bytes(stick.read_bytes()[:-200])

    told = office.refused("bundle", "in", cut, code=5)

    assert "ถือต่อให้ผู้อื่น 2 ซอง" in told.out


@pytest.mark.slow
def test_an_altered_bundle_gives_what_is_whole_and_is_told(
    office: Laptop, stick: Path
) -> None:
    altered = stick.with_name("altered.fkb")
    data = bytearray(stick.read_bytes())
    data[len(data) // 2] ^= 1
    altered.write_bytes(data)

    told = office.says("bundle", "in", altered, code=5)

    assert "→" in told.err


@pytest.mark.slow
def test_a_file_that_is_no_bundle_is_told(office: Laptop, stick: Path) -> None:
    photo = stick.with_name("photo.fkb")
    photo.write_bytes(b"\xff\xd8\xff\xe0" * 3_000)

    office.refused("bundle", "in", photo, code=5)
    office.refused("bundle", "in", stick.with_name("nothing.fkb"), code=10)


@pytest.mark.slow
def test_a_bundle_of_another_province_is_told_and_not_carried(
    office: Laptop, tmp_path: Path
) -> None:
    other = Centre(tmp_path, "95")
    stranger = other.laptop("คนอื่น", area="9501")
    stranger.says("bundle", "out", tmp_path / "theirs.fkb")

    told = office.refused("bundle", "in", tmp_path / "theirs.fkb", code=9)

    assert "จังหวัดอื่น" in told.err


@pytest.mark.slow
def test_the_same_envelopes_again_and_again_count_once(
    centre: Centre, office: Laptop, stick: Path
) -> None:
    """Replayed by stick twice, and handed in straight by somebody who copied it."""
    import requests

    from fieldkit.sync.bundle import read_bundle

    for _ in range(2):
        office.says("bundle", "in", stick)
        office.says("sync")
    for envelope in [*read_bundle(stick.read_bytes())] * 2:
        sent = requests.post(
            f"{centre.url}/v1/envelopes", data=envelope, timeout=30,
            headers={"Content-Type": "application/cbor"},
        )  # fmt: skip
        assert sent.status_code < 300

    assert len(office.told("record", "find", "ห่างไกล")) == 1
    (row,) = centre.told("verify")
    assert row["faults"] == 0


# --- Forms and values ---


@pytest.mark.slow
def test_an_unknown_form_or_question_is_told(somsri: Laptop) -> None:
    somsri.refused("record", "add", "nope", "--answers", "-", code=10, given="{}")
    bad = json.dumps({"nose": 1})
    somsri.refused("record", "add", "person", "--answers", "-", code=10, given=bad)


@pytest.mark.slow
def test_values_that_do_not_fit_are_told_all_at_once_and_kept_out(
    somsri: Laptop,
) -> None:
    before = somsri.status()["records"]
    bad = {
        "first_name": "",
        "village": VILLAGE,
        "income": "abc",
        "birth_date": "99/99/9",
    }

    told = somsri.says("record", "add", "person", "--answers", "-", code=4,
                       given=json.dumps(bad))  # fmt: skip

    assert "income" in told.err or "รายได้" in told.err
    assert "→" in told.err
    assert somsri.status()["records"] == before


@pytest.mark.slow
def test_rows_that_do_not_fit_are_told_by_line_and_the_others_are_kept(
    somsri: Laptop, tmp_path: Path
) -> None:
    rows = [
        {"first_name": "แถวดี", "village": VILLAGE},
        {"first_name": "แถวเสีย", "village": VILLAGE, "income": "มาก"},
        {"first_name": "แถวเสีย", "village": "บ้านเหนือ"},
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)) + "\n{\n", "utf-8")

    told = somsri.says("record", "import", "person", file, code=4)

    assert [f"บรรทัด {line}" in told.out for line in (1, 2, 3, 4)] == [
        False, True, True, True,
    ]  # fmt: skip
    assert len(somsri.told("record", "find", "แถวดี")) == 1
    assert somsri.told("record", "find", "แถวเสีย") == []


@pytest.mark.slow
def test_files_that_cannot_be_read_are_told(somsri: Laptop, tmp_path: Path) -> None:
    latin = tmp_path / "latin.json"
    latin.write_bytes('{"first_name": "บุญ"}'.encode("tis-620"))
    table = tmp_path / "rows.csv"
    table.write_bytes("first_name,village\nบุญ,90110103\n".encode("tis-620"))

    somsri.refused("record", "add", "person", "--answers", latin, code=5)
    missing = tmp_path / "none.json"
    somsri.refused("record", "add", "person", "--answers", missing, code=7)
    told = somsri.says("record", "import", "person", table, code=4)
    assert "CSV UTF-8" in told.out


# --- A full disk ---


@pytest.mark.slow
def test_a_full_disk_is_told_and_what_was_saved_stays(
    somsri: Laptop, tmp_path: Path
) -> None:
    rows = tmp_path / "many.jsonl"
    one = json.dumps({"first_name": "เต็ม", "village": VILLAGE, "note": "ย" * 500})
    rows.write_text((one + "\n") * 3_000, "utf-8")
    size = (somsri.folder / "fieldkit.db").stat().st_size
    before = somsri.status()["records"]

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    told = somsri.says("record", "import", "person", rows, code=7, before=no_room)
    english = somsri.says(
        "record", "import", "person", rows, code=7, before=no_room, lang="en"
    )

    assert "→" in told.err
    assert "disk" in english.err
    assert somsri.status()["records"] == before
    somsri.says("record", "import", "person", rows)
    assert somsri.status()["records"] == before + 3_000
    somsri.says(
        "bundle",
        "out",
        tmp_path / "a.fkb",
        code=7,
        before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (99, 99)),
    )
    assert not list(tmp_path.glob("*.fkb"))
