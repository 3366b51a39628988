"""The storage contract on records, parts and areas, as tests for every database."""

import pytest

from sync_server.storage.contract import AreaSpan, PartRow, Storage
from tests.server.storage_rows import ALL, fill, keys, person, screening


class StateContract:
    """Give it a fixture ``storage``: an empty one."""

    # --- records and parts ---

    @pytest.mark.parametrize("count", [3, 100])
    def test_records_are_found_by_id_and_number(
        self, storage: Storage, count: int
    ) -> None:
        rows = [person(number) for number in range(1, count)]
        rows.append(screening(count, 1))
        with storage.transaction():
            storage.add_records(rows)

        assert storage.record_count() == count
        assert storage.records([rows[1].record_id, bytes(16)]) == {
            rows[1].record_id: rows[1]
        }
        assert storage.records_by_number([count, count + 1]) == {count: rows[-1]}
        assert storage.records([]) == {}

    def test_any_number_is_looked_up_at_once(self, storage: Storage) -> None:
        rows = [person(number) for number in range(1, 12_001)]
        with storage.transaction():
            storage.add_records(rows)
            storage.put_parts([PartRow(row.number * 8, 1, b"") for row in rows])

        assert storage.records([row.record_id for row in rows]) == {
            row.record_id: row for row in rows
        }
        assert len(storage.records_by_number(range(1, 20_000))) == 12_000
        assert len(storage.parts(range(8, 200_000))) == 12_000

    @pytest.mark.parametrize("count", [2, 500])
    def test_a_part_is_replaced(self, storage: Storage, count: int) -> None:
        old = [PartRow(key, key, b"old") for key in range(1, count)]
        new = [PartRow(key, 2000 + key, b"new") for key in range(2, count + 1)]
        with storage.transaction():
            storage.put_parts(old)
            storage.put_parts([*old[1:], *new])

        expected = {row.key: row for row in [*old, *new]}
        assert storage.parts(range(count + 2)) == expected

    def test_changed_parts_lie_in_the_range_and_in_order(
        self, storage: Storage
    ) -> None:
        fill(storage)

        assert keys(storage.changed_parts(0, 9, ["90"], ALL, 99)) == [8, 10, 24, 16]
        assert keys(storage.changed_parts(1, 9, ["90"], ALL, 99)) == [24, 16]
        assert keys(storage.changed_parts(0, 3, ["90"], ALL, 99)) == [8, 10, 24]
        assert keys(storage.changed_parts(4, 9, ["90"], ALL, 99)) == []

    def test_changed_parts_are_those_of_the_scope(self, storage: Storage) -> None:
        fill(storage)

        assert keys(storage.changed_parts(0, 9, ["9001"], ALL, 99)) == [8, 10, 24]
        assert keys(storage.changed_parts(0, 9, ["9002", "91"], ALL, 99)) == [16]
        assert keys(storage.changed_parts(0, 9, ["90"], [2], 99)) == [10]
        assert keys(storage.changed_parts(0, 9, [""], ALL, 99)) == [8, 10, 24, 16]
        assert storage.changed_parts(0, 9, [], ALL, 99) == []
        assert storage.changed_parts(0, 9, ["90"], [], 99) == []
        assert storage.changed_parts(0, 9, ["900"[:2] + "_"], ALL, 99) == []

    def test_parts_of_one_position_are_never_torn_apart(self, storage: Storage) -> None:
        fill(storage)

        assert keys(storage.changed_parts(0, 9, ["90"], ALL, 1)) == [8, 10]
        assert keys(storage.changed_parts(0, 9, ["90"], ALL, 2)) == [8, 10]
        assert keys(storage.changed_parts(0, 9, ["90"], ALL, 3)) == [8, 10, 24]

    def test_an_owner_in_two_areas_gives_its_parts_once(self, storage: Storage) -> None:
        fill(storage)
        with storage.transaction():
            storage.set_areas(1, ["90010101", "90010102", "90020101"], 6)

        found = storage.changed_parts(0, 9, ["9001", "90010101", "9002"], ALL, 99)

        assert keys(found) == [8, 10, 24, 16]
        assert storage.owners_in(["9001", "9002"]) == [1, 2]

    def test_parts_of_owners_are_those_of_all_their_records(
        self, storage: Storage
    ) -> None:
        fill(storage)

        assert keys(storage.parts_of_owners([1], ALL)) == [8, 10, 24]
        assert keys(storage.parts_of_owners([2, 1, 9], [0])) == [8, 16, 24]
        assert storage.parts_of_owners([], ALL) == []

    # --- areas ---

    def test_a_move_ends_one_span_and_begins_another(self, storage: Storage) -> None:
        fill(storage)
        with storage.transaction():
            storage.set_areas(1, ["90020101"], 7)

        assert storage.areas_of([1, 2, 9]) == {
            1: [AreaSpan(1, "90010101", 1, 7), AreaSpan(1, "90020101", 7, None)],
            2: [AreaSpan(2, "90020101", 4, None)],
        }
        assert storage.owners_in(["9002"]) == [1, 2]
        assert storage.owners_in(["9001"]) == []
        assert storage.owners_in([]) == []
        assert keys(storage.changed_parts(0, 9, ["9001"], ALL, 99)) == []

    def test_a_span_that_never_held_is_not_kept(self, storage: Storage) -> None:
        with storage.transaction():
            storage.set_areas(1, ["90010101"], 3)
            storage.set_areas(1, ["90020101"], 3)
            storage.set_areas(1, ["90030101"], 8)
            storage.set_areas(1, ["90020101"], 8)

        assert storage.areas_of([1]) == {1: [AreaSpan(1, "90020101", 3, None)]}

    def test_an_owner_may_come_back(self, storage: Storage) -> None:
        with storage.transaction():
            storage.add_areas([AreaSpan(1, "90010101", 1, None)])
            storage.set_areas(1, [], 4)
            storage.set_areas(1, ["90010101"], 6)

        assert storage.areas_of([1]) == {
            1: [AreaSpan(1, "90010101", 1, 4), AreaSpan(1, "90010101", 6, None)]
        }

    def test_moves_are_told_and_births_are_not(self, storage: Storage) -> None:
        fill(storage)
        with storage.transaction():
            storage.set_areas(1, ["90020101"], 7)
            storage.set_areas(2, ["90020101", "90020102"], 9)

        left, came = AreaSpan(1, "90010101", 1, 7), AreaSpan(1, "90020101", 7, None)
        added = AreaSpan(2, "90020102", 9, None)
        assert storage.moved_owners(4, 99) == [left, came, added]
        assert storage.moved_owners(0, 99) == [left, came, added]
        assert storage.moved_owners(7, 99) == [added]
        assert storage.moved_owners(4, 7) == [left, came]
        assert storage.moved_owners(0, 6) == []
