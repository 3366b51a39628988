"""The ledger and its journals: they only grow, also when the power is cut."""

import os
from pathlib import Path

import pytest

from fieldkit.crypto.keys import SigningKey
from fieldkit.errors import (
    AccessError,
    CodecError,
    DamagedStoreError,
    FieldKitError,
    FormError,
    NotFoundError,
)
from fieldkit.sync.entries import read_entry
from fieldkit.sync.roster import make_entry
from sync_server.founding import Foundation, found
from sync_server.issuing import Offer, Office, new_pin
from sync_server.journal import Journal
from sync_server.keys import read_key, read_keys, recovery_path, write_key
from sync_server.ledger import Generation, Ledger
from sync_server.opening import Opened, open_province
from sync_server.settings import Settings
from tests.server.premises import PIN, Volunteer, new_province, now_ms

KEY = bytes(32)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "one.log")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger", KEY)


@pytest.fixture
def province(tmp_path: Path) -> Opened:
    return new_province(tmp_path)


def generation(number: int, path: str, *batches: bytes) -> Generation:
    named = frozenset((bytes(16), one * 32) for one in batches)
    return Generation(number, path, bytes(32), 1, 2, ((1, 0),), named)


# --- Journals ---


def test_lines_are_read_in_order_by_whoever_opens_the_file(
    journal: Journal, tmp_path: Path
) -> None:
    journal.add([b"one", b"two"])
    journal.news()
    journal.add([b"three"])

    assert Journal(tmp_path / "one.log").news() == [b"one", b"two", b"three"]


@pytest.mark.parametrize("cut", range(1, 16))
def test_a_torn_last_line_is_passed_over_and_put_aside(
    tmp_path: Path, cut: int
) -> None:
    path = tmp_path / "one.log"
    Journal(path).add([b"one", b"half"])
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    journal = Journal(path)
    assert journal.news() == [b"one"]

    journal.add([b"two"])

    assert Journal(path).news() == [b"one", b"two"]
    if cut < 16:
        assert path.with_suffix(".torn").read_bytes() == whole[15:-cut]


def test_zeros_at_the_end_after_a_power_cut_are_passed_over(
    journal: Journal, tmp_path: Path
) -> None:
    journal.add([b"one"])
    with (tmp_path / "one.log").open("ab") as file:
        file.write(bytes(50))

    assert Journal(tmp_path / "one.log").news() == [b"one"]


def test_an_altered_line_is_an_alarm(journal: Journal, tmp_path: Path) -> None:
    journal.add([b"one", b"two"])
    path = tmp_path / "one.log"
    path.write_bytes(path.read_bytes().replace(b"one", b"own"))

    with pytest.raises(DamagedStoreError) as caught:
        Journal(path).news()
    assert caught.value.code == "ledger.damaged"


# --- The ledger ---


def test_incarnations_are_never_given_twice(ledger: Ledger) -> None:
    first = ledger.open_incarnation((), 0)
    second = ledger.open_incarnation(((1, 0),), 40)
    third = ledger.open_incarnation(((1, 0),), 20)

    assert (first, second, third) == (1, 2, 3)
    assert ledger.incarnations() == ((1, 0), (3, 20))
    assert ledger.log_of(2) == ((1, 0), (2, 40))
    assert ledger.log_of(9) == ()


def test_only_batches_in_every_kept_backup_are_durable(ledger: Ledger) -> None:
    assert ledger.durable_batches([bytes(16)]) == []
    ledger.add_generation(generation(1, "/a", b"a", b"b"))
    ledger.add_generation(generation(2, "/b", b"b", b"c"))

    assert ledger.durable_batches([bytes(16)]) == [(bytes(16), b"b" * 32)]
    assert ledger.durable_batches([b"x" * 16]) == []

    ledger.forget_generation(1)
    assert len(ledger.durable_batches([bytes(16)])) == 2
    with pytest.raises(NotFoundError, match="backup"):
        ledger.forget_generation(1)


def test_a_backup_written_over_another_takes_its_place(ledger: Ledger) -> None:
    ledger.add_generation(generation(1, "/a", b"a"))
    ledger.add_generation(generation(2, "/a", b"b"))

    assert [one.number for one in ledger.generations()] == [2]
    assert ledger.next_generation() == 3


def test_everything_is_there_after_opening_again(province: Opened) -> None:
    volunteer = Volunteer.invited(province)
    name = volunteer.issued.invitation_id
    province.ledger.set_used(name, volunteer.epoch)
    province.ledger.set_used(name, bytes(16))

    again = open_province(province.settings).ledger

    assert again.issued(name) == volunteer.issued
    assert again.used_by(name) == volunteer.epoch
    assert again.roster_entries() == province.ledger.roster_entries()
    assert again.form_texts() == province.ledger.form_texts()
    assert again.roster().name == "ศูนย์สงขลา"


def test_the_secrets_of_invitations_do_not_lie_open(province: Opened) -> None:
    volunteer = Volunteer.invited(province)

    files = province.settings.ledger_folder.glob("*.log")

    assert all(volunteer.issued.secret not in file.read_bytes() for file in files)


def test_with_another_key_the_ledger_does_not_open(province: Opened) -> None:
    Volunteer.invited(province)

    with pytest.raises(DamagedStoreError):
        Ledger(province.settings.ledger_folder, bytes(32))


def test_an_entry_known_already_changes_nothing_and_another_is_refused(
    province: Opened,
) -> None:
    ledger = province.ledger
    last = ledger.roster_entries()[-1]
    ledger.add_roster_entry(last)
    entry = read_entry(last)
    other = make_entry(
        ledger.roster(), [["area", "90110150", "ก", ""]], 1, [province.keys.issuer]
    )
    ledger.add_roster_entry(other)
    forged = Office(Ledger(province.settings.ledger_folder, province.keys.ledger),
                    SigningKey(bytes(32)))  # fmt: skip

    assert ledger.roster().version == entry.version + 1
    with pytest.raises(AccessError, match="not signed"):
        forged.issue([["area", "90110151", "ข", ""]], 1)
    with pytest.raises(CodecError):
        ledger.add_roster_entry(b"nothing")


# --- Founding, keys ---


def test_a_root_key_inside_the_servers_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    foundation = Foundation(area="90", name="x", root_paths=[folder / "root.key"])

    with pytest.raises(AccessError) as caught:
        found(Settings(dir=folder), foundation, now_ms())

    assert caught.value.code == "keys.root_inside"
    assert not folder.exists()


def test_a_province_is_founded_once(province: Opened, tmp_path: Path) -> None:
    foundation = Foundation(area="90", name="x", root_paths=[tmp_path / "other.key"])

    with pytest.raises(AccessError) as caught:
        found(province.settings, foundation, now_ms())

    assert caught.value.code == "province.exists"


def test_several_roots_sign_the_first_entry_together(tmp_path: Path) -> None:
    roots = [tmp_path / name for name in ("a.key", "b.key", "c.key")]
    foundation = Foundation(area="90", name="x", root_paths=roots, threshold=2)

    roster = found(Settings(dir=tmp_path / "new"), foundation, now_ms())

    assert (roster.threshold, len(roster.roots)) == (2, 3)
    assert {SigningKey(read_key(one, "root")).verify_key for one in roots} == {
        *roster.roots.values()
    }
    assert read_key(recovery_path(roots[0]), "recovery")


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights by the folder")
@pytest.mark.parametrize("name", ["", "issuer.key", "database.key"])
def test_keys_that_others_may_read_are_refused(province: Opened, name: str) -> None:
    path = province.settings.keys_folder / name
    path.chmod(0o750)

    with pytest.raises(AccessError) as caught:
        open_province(province.settings)

    assert caught.value.code == "keys.open"


def test_key_files_that_are_missing_damaged_or_there_already(
    province: Opened, tmp_path: Path
) -> None:
    folder = province.settings.keys_folder
    receipt = folder / "receipt.key"
    with pytest.raises(AccessError, match="already"):
        write_key(receipt, "receipt", KEY)
    assert read_keys(folder).receipt == province.keys.receipt

    receipt.write_text(receipt.read_text().replace("receipt", "issuer"))
    with pytest.raises(AccessError, match="damaged"):
        read_keys(folder)
    receipt.unlink()
    with pytest.raises(AccessError, match="no key file"):
        read_keys(folder)
    with pytest.raises(AccessError, match="no province"):
        open_province(Settings(dir=tmp_path / "nowhere"))


def test_key_files_and_folders_are_made_for_their_owner_alone(
    province: Opened,
) -> None:
    places = [province.settings.keys_folder, *province.settings.keys_folder.iterdir()]

    assert all(os.name == "nt" or not one.stat().st_mode & 0o077 for one in places)
    assert "bytes" not in repr(province.keys)
    assert province.keys.database.hex() not in repr(province)


# --- Issuing ---


def test_an_invitation_for_another_province_or_role_is_refused(
    province: Opened,
) -> None:
    def refused(**given: object) -> str:
        offer = Offer(**{"role": "officer", "area": "90", "name": "x", **given})  # type: ignore[arg-type]
        with pytest.raises(AccessError) as caught:
            province.office.invite(offer, PIN, now_ms())
        return caught.value.code

    assert refused(area="91") == "invitation.area"
    assert refused(role="king") == "invitation.role"
    assert refused(classes=("secret",)) == "invitation.class"


def test_a_pin_has_six_digits() -> None:
    assert {len(new_pin()) for _ in range(200)} == {6}


def test_a_published_version_never_changes(province: Opened) -> None:
    (name, version), text = next(iter(province.ledger.list_texts().items()))
    same = ("list", name, version, text)

    assert province.office.publish([same], now_ms()) == []
    with pytest.raises(FormError) as caught:
        province.office.publish([("list", name, version, text + b"\n")], now_ms())
    assert caught.value.code == "form.published"


def test_a_file_under_another_name_is_not_published(province: Opened) -> None:
    ledger = province.ledger
    key = ledger.roster().forms["person", 1]

    with pytest.raises(FormError):
        province.office.publish(
            [("form", "people", 1, ledger.form_texts()[key])], now_ms()
        )
    assert ("people", 1) not in ledger.roster().forms


def test_villages_are_added_once(province: Opened) -> None:
    rows = [{"code": "90110150", "th": "บ้านใหม่", "en": "Ban Mai"}]

    assert province.office.add_villages(rows, now_ms()) == 1
    assert province.office.add_villages(rows, now_ms()) == 0
    assert province.ledger.roster().areas["90110150"] == ("บ้านใหม่", "Ban Mai")
    with pytest.raises(FieldKitError) as caught:
        province.office.add_villages([{"code": "123", "th": "x"}], now_ms())
    assert caught.value.code == "area.village_code"
