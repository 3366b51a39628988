import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldkit.client.enrolment import Means
from fieldkit.client.transport_folder import write_bundle
from fieldkit.client.transport_http import HttpLink
from fieldkit.client.workspace import Workspace
from fieldkit.crypto.escrow import NORMAL
from fieldkit.errors import AccessError, CodecError, NotFoundError, TransportError
from fieldkit.sync.asking import Send
from fieldkit.sync.states import Home, state_of
from tests.client.office import PASSPHRASE, PERSON, Office
from tests.client.province import PIN, RealProvince

MEANS = Means(strength=NORMAL)


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealProvince]:
    real = RealProvince(tmp_path_factory.mktemp("province"))
    yield real
    real.stop()


@pytest.fixture(scope="module")
def url(province: RealProvince) -> str:
    return province.start()


def laptop(province: RealProvince, folder: Path, role: str = "volunteer") -> Workspace:
    area = "90" if role == "coordinator" else "9011"
    invitation = province.invite(folder.name, role, area)
    Workspace.enrol(folder, invitation, PIN, PASSPHRASE, MEANS)
    return Workspace.open(folder, PASSPHRASE, means=MEANS)


def test_a_record_travels_and_two_edits_meet(
    province: RealProvince, url: str, tmp_path: Path
) -> None:
    with laptop(province, tmp_path / "a1") as a, laptop(province, tmp_path / "b1") as b:
        person = a.add("person", PERSON)
        assert not a.status().certified
        assert a.sync(url).sent == 1
        b.sync(url)
        assert b.said(b.record(person)).answers["who/first_name"] == "บุญมี"

        a.open_for_edit(person).save({"last_name": "ก", "phone": "0812345678"})
        b.open_for_edit(person).save({"last_name": "ข", "income": 5})
        for ws in (a, b, a):
            ws.sync(url)

        assert a.status().accepted == 2
        assert a.said(a.record(person)).answers["identity/income"] == 5
        (conflict,) = a.conflicts()
        assert [c.id for c in b.conflicts()] == [conflict.id]
        assert a.digests(["90"]) == b.digests(["90"])


def test_who_was_not_kept_is_told_and_brings_it_back(
    province: RealProvince, url: str, tmp_path: Path
) -> None:
    with (
        laptop(province, tmp_path / "a2") as a,
        laptop(province, tmp_path / "b2") as b,
        laptop(province, tmp_path / "c2", "coordinator") as c,
    ):
        person = a.add("person", PERSON)
        a.sync(url)
        b.sync(url)
        a.open_for_edit(person).save({"last_name": "ก"})
        b.open_for_edit(person).save({"last_name": "ข"})
        a.sync(url)
        b.sync(url)
        c.sync(url)
        alternatives = c.conflict(person.hex()).alternatives
        kept = next(n for n, one in enumerate(alternatives, 1) if one.values == ("ข",))
        c.resolve(person.hex(), keep=str(kept), because="ถามเจ้าตัวแล้ว")
        c.sync(url)
        b.sync(url)
        a.sync(url)

        (number,) = a.notices()
        assert a.notices()[number].because == "ถามเจ้าตัวแล้ว"
        assert b.notices() == {}
        a.bring_back(number)
        a.sync(url)
        c.sync(url)
        values = {one.values for one in c.conflict(person.hex()).alternatives}
        assert values == {("ก",), ("ข",)}
        assert a.notices() == {}


@pytest.mark.slow
def test_a_sync_with_nothing_to_do_changes_nothing(
    province: RealProvince, url: str, tmp_path: Path
) -> None:
    with laptop(province, tmp_path / "a3") as a:
        a.add("person", PERSON)
        a.sync(url)
        before = a.status()

        report = a.sync(url)

        assert (report.sent, report.received) == (0, 0)
        assert a.status() == before


def test_work_travels_on_a_stick_and_the_answer_comes_back(
    province: RealProvince, url: str, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    with (
        laptop(province, tmp_path / "far") as far,
        laptop(province, tmp_path / "officer", "officer") as officer,
    ):
        person = far.add("person", PERSON | {"first_name": "ห่างไกล"})
        far.bundle_out(stick)
        brought = officer.bundle_in(stick)
        assert (brought.ours, brought.faults) == (0, [])
        assert brought.carried == 3

        report = officer.sync(url)
        assert report.delivered == 3
        assert report.refused == []
        officer.sync(url)
        assert (
            officer.said(officer.record(person)).answers["who/first_name"] == "ห่างไกล"
        )
        shutil.rmtree(stick)
        stick.mkdir()
        officer.bundle_out(stick)
        far.bundle_in(stick)

        status = far.status()
        assert status.certified
        assert (status.local, status.accepted) == (0, 1)


def test_a_server_that_is_away_loses_nothing(
    province: RealProvince, url: str, tmp_path: Path
) -> None:
    with laptop(province, tmp_path / "a4") as a:
        a.add("person", PERSON)

        with pytest.raises(TransportError) as told:
            a.sync("http://127.0.0.1:9")

        assert told.value.code == "transport.unreachable"
        assert a.status().local == 1
        assert a.sync(url).sent == 1


def test_a_laptop_without_an_address_is_told(ws: Workspace) -> None:
    with pytest.raises(TransportError) as told:
        ws.sync()

    assert told.value.code == "transport.no_url"


@pytest.mark.slow
def test_one_invitation_on_two_laptops_lets_both_work_and_loses_nothing(
    province: RealProvince, url: str, tmp_path: Path
) -> None:
    invitation = province.invite("twice")
    for name in ("first", "second"):
        Workspace.enrol(tmp_path / name, invitation, PIN, PASSPHRASE, MEANS)
    with Workspace.open(tmp_path / "first", PASSPHRASE) as first:
        first.add("person", PERSON)
        assert first.sync(url).certified
    with Workspace.open(tmp_path / "second", PASSPHRASE) as second:
        second.add("person", PERSON)

        report = second.sync(url)

        assert not report.certified
        assert second.store.record_count() == 1


@pytest.mark.slow
def test_a_relay_keeps_what_the_core_judges_later(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    province = RealProvince(home)
    try:
        with laptop(province, tmp_path / "a") as a:
            a.add("person", PERSON)
            relay = province.start("--relay-only")

            report = a.sync(relay)

            assert (report.sent, report.stored) == (0, 1)
            assert a.status().travelling == 1
            province.stop()
            assert a.sync(province.start()).certified
            assert (a.status().travelling, a.status().accepted) == (0, 1)
    finally:
        province.stop()


def test_a_copied_laptop_goes_on_with_nobody_doing_anything(
    province: RealProvince, url: str, tmp_path: Path
) -> None:
    with laptop(province, tmp_path / "one") as ours:
        ours.add("person", PERSON)
        ours.sync(url)
    shutil.copytree(tmp_path / "one", tmp_path / "copy")
    with (
        Workspace.open(tmp_path / "one", PASSPHRASE, means=MEANS) as ours,
        Workspace.open(tmp_path / "copy", PASSPHRASE, means=MEANS) as theirs,
    ):
        ours.add("person", PERSON)
        person = theirs.add("person", PERSON)
        assert ours.sync(url).certified

        assert theirs.sync(url).certified
        ours.sync(url)

        assert theirs.status().waiting == 0
        assert ours.record(person).id == person


def test_a_record_outside_the_scope_is_read_only_but_for_an_open_form(
    province: RealProvince, url: str, tmp_path: Path
) -> None:
    near = PERSON | {"village": "90110301"}
    with (
        laptop(province, tmp_path / "near") as ours,
        laptop(province, tmp_path / "far", "coordinator") as coordinator,
    ):
        person = ours.add("person", near)
        ours.sync(url)
        coordinator.sync(url)
        opened = ours.open_for_edit(person)
        coordinator.open_for_edit(person).save({"village": "90020101"})
        coordinator.sync(url)
        # What the province says of the move is here; the record has not left yet.
        state = coordinator.store.held([(person, 0)])[person, 0]
        layouts = coordinator.store.layouts()
        ours.store.add_layouts(layouts[one.layout] for one in state.entries)
        ours.store.put_parts([state_of(Home(person, "person", None, 0), 999, state)])

        with pytest.raises(AccessError) as told:
            ours.open_for_edit(person)

        assert told.value.code == "record.out_of_scope"
        assert opened.save({"nickname": "นี"})


# --- Runs of many pages ---


@pytest.fixture(scope="module")
def small_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealProvince]:
    real = RealProvince(tmp_path_factory.mktemp("small"))
    real.start(page_parts_max=4)
    yield real
    real.stop()


def filled(province: RealProvince, folder: Path, count: int) -> None:
    """Bring ``count`` persons into the province."""
    with laptop(province, folder) as author:
        for number in range(count):
            author.add("person", PERSON | {"first_name": f"คนที่ {number}"})
        assert author.sync(province.url).sent == 1


def test_pages_of_a_quick_line_are_applied_as_they_come_and_seen_together(
    small_pages: RealProvince, tmp_path: Path
) -> None:
    filled(small_pages, tmp_path / "author", 12)
    seen: list[int] = []

    with laptop(small_pages, tmp_path / "reader") as reader:
        watcher = reader.store.record_count
        report = reader.sync(small_pages.url, lambda *_: seen.append(watcher()))

        assert report.received == 24
        assert len(seen) > 3
        assert reader.store.record_count() == 12
        assert reader.sync(small_pages.url).received == 0
        assert len(reader.find("คนที่")) == 12


@pytest.mark.parametrize("after", [1, 2, 4])
def test_a_line_that_breaks_within_a_run_is_gone_on_with_page_by_page(
    small_pages: RealProvince,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
) -> None:
    filled(small_pages, tmp_path / "author", 12)
    whole = HttpLink.exchange
    pages: list[Send] = []

    def broken(link: HttpLink, message: Send) -> bytes:
        if message.what == "page":
            pages.append(message)
            if len(pages) == 1 + after:
                raise TransportError("transport.broken")
        return whole(link, message)

    monkeypatch.setattr(HttpLink, "exchange", broken)
    with laptop(small_pages, tmp_path / "reader") as reader:
        report = reader.sync(small_pages.url)

        assert report.received >= 24
        assert reader.store.staged() == []
        assert len(reader.find("คนที่", limit=500)) == reader.store.record_count()


# --- Bundles that cannot be used ---


def test_a_bundle_that_was_cut_short_gives_what_is_whole(
    office: Office, tmp_path: Path
) -> None:
    with office.laptop(tmp_path / "a") as a, office.laptop(tmp_path / "b") as b:
        a.add("person", PERSON)
        path, count = a.bundle_out(tmp_path / "whole.fkb")
        data = path.read_bytes()
        (tmp_path / "cut.fkb").write_bytes(data[: len(data) - 200])

        brought = b.bundle_in(tmp_path / "cut.fkb")

        assert brought.carried == count - 1
        assert [one.code for one in brought.faults] == ["bundle.truncated"]


def test_another_provinces_bundle_is_told(office: Office, tmp_path: Path) -> None:
    with Office().laptop(tmp_path / "a") as a, office.laptop(tmp_path / "b") as b:
        a.add("person", PERSON)
        path, _ = a.bundle_out(tmp_path / "theirs.fkb")

        with pytest.raises(AccessError) as told:
            b.bundle_in(path)

        assert told.value.code == "bundle.other_province"
        assert list(b.store.letters()) == []


def test_a_file_that_is_no_bundle_is_told(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff" * 100)

    with pytest.raises(CodecError):
        ws.bundle_in(tmp_path / "photo.jpg")
    with pytest.raises(NotFoundError):
        ws.bundle_in(tmp_path / "nothing.fkb")


def test_an_empty_stick_is_told(ws: Workspace, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        ws.bundle_in(tmp_path / "somchai" / "..")


def test_a_bundle_taken_in_twice_is_carried_once(
    office: Office, tmp_path: Path
) -> None:
    with office.laptop(tmp_path / "a") as a, office.laptop(tmp_path / "b") as b:
        a.add("person", PERSON)
        path, count = a.bundle_out(tmp_path)
        b.bundle_in(path)
        b.bundle_in(path)

        assert len(list(b.store.letters())) == count


def test_a_stick_gets_a_name_that_every_system_can_hold(tmp_path: Path) -> None:
    path = write_bundle(tmp_path, [b"x"], bytes(16))

    assert len(path.stem) <= 8
    assert path.suffix == ".fkb"
    assert list(tmp_path.iterdir()) == [path]
