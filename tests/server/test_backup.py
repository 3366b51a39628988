"""Backups: sealed, read back, and restored as a new log that laptops can follow."""

from pathlib import Path

import pytest

from fieldkit.errors import (
    AccessError,
    DamagedStoreError,
    FieldKitError,
    NotARecipientError,
    StoreError,
    StoreLockedError,
)
from fieldkit.sync.envelope import keys_by_id
from fieldkit.sync.receipts import open_receipt
from sync_server.backup import check_backup, load_backup, write_backup
from sync_server.doctor import examine
from sync_server.keys import read_recovery, recovery_path
from sync_server.ledger import Generation
from sync_server.opening import Opened
from sync_server.restoring import restore_province
from sync_server.verifying import verify_province
from tests.server.premises import Volunteer, new_province, now_ms, served


@pytest.fixture
def province(tmp_path: Path) -> Opened:
    return new_province(tmp_path)


@pytest.fixture
def somsri(province: Opened) -> Volunteer:
    """Return a volunteer who handed in two persons."""
    volunteer = Volunteer.invited(province)
    hand_in(province, volunteer.enrolment())
    hand_in(province, volunteer.batch("สมหมาย", "สมปอง"))
    return volunteer


def hand_in(province: Opened, envelope: bytes) -> bytes:
    with served(province) as web:
        said = web.ask("POST", "/v1/envelopes", envelope)
    assert said.status == 200
    return said.body


def back_up(province: Opened, path: Path) -> Generation:
    storage = province.open_storage()
    try:
        return write_backup(
            path, storage, province.ledger, province.keys.sealing, now_ms()
        )
    finally:
        storage.close()


def restore(province: Opened, path: Path) -> int:
    return restore_province(
        province, path, dict(province.keys.sealing), now_ms()
    ).number


def test_a_restored_province_goes_on_as_a_new_log(
    province: Opened, somsri: Volunteer, tmp_path: Path
) -> None:
    made = back_up(province, tmp_path / "one.fkv")
    lost = somsri.batch("มาทีหลัง")
    hand_in(province, lost)

    restored = restore_province(
        province, tmp_path / "one.fkv", dict(province.keys.sealing), now_ms()
    )

    assert restored.number == 2
    assert province.ledger.incarnations() == ((1, 0), (2, made.head))
    assert restored.kept_aside is not None
    assert restored.kept_aside.exists()
    answer = somsri.answer(hand_in(province, lost))
    assert answer.incarnations == ((1, 0), (2, made.head))
    assert answer.head == made.head + 1
    result = verify_province(province)
    assert (result.batches, result.records, result.faults) == (2, 3, [])


def test_only_what_lies_in_every_backup_is_durable(
    province: Opened, somsri: Volunteer, tmp_path: Path
) -> None:
    back_up(province, tmp_path / "one.fkv")
    in_it = somsri.previous

    answer = somsri.answer(hand_in(province, somsri.batch("มาทีหลัง")))

    assert answer.receipt is not None
    receipt = open_receipt(
        answer.receipt, somsri.roster.fingerprint, somsri.roster.receipt_keys
    )
    assert receipt.durable == ((somsri.epoch, in_it),)


def test_a_backup_is_opened_with_the_recovery_key_too(
    province: Opened, somsri: Volunteer, tmp_path: Path
) -> None:
    made = back_up(province, tmp_path / "one.fkv")
    secret = read_recovery(recovery_path(tmp_path / "keys" / "root.key"))

    checked = check_backup(tmp_path / "one.fkv", keys_by_id(secret))

    assert checked.digest == made.digest
    assert (somsri.epoch, somsri.previous) in checked.batches


def test_a_backup_shows_nothing_of_what_is_in_it(
    province: Opened, somsri: Volunteer, tmp_path: Path
) -> None:
    back_up(province, tmp_path / "one.fkv")

    data = (tmp_path / "one.fkv").read_bytes()

    assert somsri.epoch not in data
    assert "สมหมาย".encode() not in data


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.999])
def test_a_damaged_or_cut_backup_is_refused_and_nothing_touched(
    province: Opened, somsri: Volunteer, tmp_path: Path, share: float
) -> None:
    path = tmp_path / "one.fkv"
    back_up(province, path)
    data = path.read_bytes()
    place = int(len(data) * share)
    altered = data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :]
    before = province.ledger.incarnations()

    for bad in (altered, data[:place], data + b"x"):
        path.write_bytes(bad)
        with pytest.raises((DamagedStoreError, NotARecipientError)) as caught:
            restore(province, path)
        assert caught.value.code in {"backup.damaged", "backup.key"}

    assert province.ledger.incarnations() == before
    assert somsri.answer(hand_in(province, somsri.batch("มาทีหลัง"))).head


def test_a_backup_that_is_not_counted_any_more_is_refused(
    province: Opened, somsri: Volunteer, tmp_path: Path
) -> None:
    made = back_up(province, tmp_path / "one.fkv")
    province.ledger.forget_generation(made.number)

    with pytest.raises(AccessError) as caught:
        restore(province, tmp_path / "one.fkv")

    assert caught.value.code == "backup.forgotten"
    assert somsri.counter == 2


def test_a_backup_of_another_province_is_refused(
    province: Opened, tmp_path: Path
) -> None:
    from sync_server.founding import Foundation, found
    from sync_server.opening import open_province
    from sync_server.settings import Settings

    settings = Settings(dir=tmp_path / "other")
    foundation = Foundation(area="91", name="x", root_paths=[tmp_path / "o.key"])
    found(settings, foundation, now_ms())
    other = open_province(settings)
    back_up(other, tmp_path / "one.fkv")
    keys = {**province.keys.sealing, **other.keys.sealing}

    with pytest.raises(AccessError) as caught:
        restore_province(province, tmp_path / "one.fkv", keys, now_ms())
    assert caught.value.code == "backup.other_province"
    with pytest.raises(NotARecipientError) as closed:
        restore(province, tmp_path / "one.fkv")
    assert closed.value.code == "backup.key"


def test_nothing_is_restored_while_the_server_runs(
    province: Opened, tmp_path: Path
) -> None:
    back_up(province, tmp_path / "one.fkv")

    with served(province), pytest.raises(StoreLockedError) as caught:
        restore(province, tmp_path / "one.fkv")

    assert caught.value.code == "serving.busy"


def test_a_backup_is_loaded_into_an_empty_database_only(
    province: Opened, somsri: Volunteer, tmp_path: Path
) -> None:
    back_up(province, tmp_path / "one.fkv")
    storage = province.open_storage()

    with pytest.raises(StoreError) as caught:
        load_backup(tmp_path / "one.fkv", storage, province.keys.sealing)

    storage.close()
    assert caught.value.code == "backup.not_empty"
    assert somsri.counter == 2


def test_a_backup_into_a_folder_that_is_not_there_is_told(
    province: Opened, tmp_path: Path
) -> None:
    with pytest.raises(FieldKitError) as caught:
        back_up(province, tmp_path / "nowhere" / "one.fkv")

    assert caught.value.code == "backup.disk"
    assert province.ledger.generations() == ()


# --- Looking after it ---


def test_verify_finds_a_record_that_is_not_what_the_log_gives(
    province: Opened, somsri: Volunteer
) -> None:
    storage = province.open_storage()
    with storage.transaction():
        number = max(storage.records_by_number([1, 2]))
        key = next(iter(storage.parts_of_owners([number], range(8)))).key
        other = storage.parts_of_owners([1], range(8))[0]
        storage.put_parts([other._replace(key=key)])
    storage.close()

    result = verify_province(province)

    assert len(result.faults) == 1
    assert somsri.counter == 2


def test_verify_finds_a_batch_that_its_author_did_not_sign(
    province: Opened, somsri: Volunteer
) -> None:
    storage = province.open_storage()
    (logged,) = storage.batches()
    with storage.transaction():
        storage.append(logged._replace(position=99, hash=bytes(32)))
    storage.close()

    result = verify_province(province)

    assert any("hash" in english for _, english in result.faults)
    assert somsri.counter == 2


def findings(province: Opened, **later: int) -> dict[str, bool]:
    found = examine(province.settings, now_ms() + later.get("ms", 0))
    return {one.what: one.is_well for one in found}


def test_the_doctor_finds_a_well_kept_province_well(
    province: Opened, tmp_path: Path
) -> None:
    back_up(province, tmp_path / "one.fkv")

    assert all(findings(province).values())


def test_the_doctor_says_what_to_do(province: Opened, tmp_path: Path) -> None:
    assert not findings(province)["backups"]
    back_up(province, tmp_path / "one.fkv")
    (tmp_path / "one.fkv").unlink()
    (province.settings.dir / "root.key").write_text("fieldkit-key 1 root 00 00")

    years_later = findings(province, ms=2 * 365 * 86_400_000)
    long_ago = findings(province, ms=-86_400_000)

    assert not years_later["roster"]
    assert not years_later["backups"]
    assert not years_later["root_key"]
    assert not long_ago["clock"]
    for one in examine(province.settings, now_ms()):
        assert one.thai
        assert one.english


def test_the_doctor_sees_a_database_that_was_copied_back(
    province: Opened, somsri: Volunteer, tmp_path: Path
) -> None:
    back_up(province, tmp_path / "one.fkv")
    restore(province, tmp_path / "one.fkv")
    file = province.settings.database_file
    assert file is not None
    file.unlink()

    assert not findings(province)["agreement"]
    assert somsri.counter == 2


def test_the_doctor_tells_of_keys_that_do_not_open(province: Opened) -> None:
    (province.settings.keys_folder / "issuer.key").unlink()

    assert not findings(province)["open"]
