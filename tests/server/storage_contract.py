"""The storage contract as tests: one class, run on every database we have."""

from collections.abc import Iterable
from hashlib import sha256

import pytest

from sync_server.storage.contract import (
    AreaSpan,
    LoggedBatch,
    ParkedRow,
    PartRow,
    RecordRow,
    Storage,
    VerdictRow,
)

ALL = tuple(range(8))
ANNE, BEN = b"a" * 16, b"b" * 16


def digest(name: object) -> bytes:
    return sha256(str(name).encode()).digest()


def batch(position: int, *, epoch: bytes = ANNE, first: int = 1, size: int = 1):
    return LoggedBatch(
        position=position,
        epoch=epoch,
        first=first,
        size=size,
        hash=digest(("batch", position)),
        previous=bytes(32),
        data=b"packed %d" % position,
        received_at=1_790_000_000_000 + position,
    )


def person(number: int) -> RecordRow:
    return RecordRow(number, digest(number)[:16], "person", None, number)


def screening(number: int, of: int) -> RecordRow:
    return RecordRow(number, digest(number)[:16], "2q", digest(of)[:16], of)


def verdict(position: int, place: int, size: int, *, epoch: bytes = ANNE) -> VerdictRow:
    return VerdictRow(position, epoch, digest("one"), place, size, "applied", "")


def parked(name: str, place: int, waits_for: bytes | None) -> ParkedRow:
    return ParkedRow(
        digest(name), digest("one"), place, "quarantined", "out_of_scope", waits_for
    )


def fill(storage: Storage) -> None:
    """Add two persons in two villages, a screening, and a row of every kind."""
    with storage.transaction():
        storage.put("device", b"cursor")
        storage.append(batch(1, size=3))
        storage.append(batch(4, epoch=BEN, size=2))
        storage.set_head(5)
        storage.add_verdicts([verdict(1, 0, 3)])
        storage.park([parked("late", 1, None)])
        storage.add_records([person(1), person(2), screening(3, 1)])
        storage.add_areas(
            [AreaSpan(1, "90010101", 1, None), AreaSpan(2, "90020101", 4, None)]
        )
        storage.put_parts(
            [
                PartRow(8, 1, b"one"),
                PartRow(10, 1, b"one private"),
                PartRow(16, 4, b"two"),
                PartRow(24, 2, b"screening"),
            ]
        )
        storage.keep_envelope(digest("envelope"), b"sealed", 6, 6)
        storage.hold(BEN, digest("held"), b"a batch")
        storage.post(b"key", b"a page")


def contents(storage: Storage) -> dict[str, list[tuple[object, ...]]]:
    found: dict[str, list[tuple[object, ...]]] = {}
    for name, rows in storage.dump():
        found.setdefault(name, []).extend(map(tuple, rows))
    return {name: sorted(rows) for name, rows in found.items()}


def keys(rows: Iterable[PartRow]) -> list[int]:
    return [row.key for row in rows]


class StorageContract:
    """Give it a fixture ``storage``: an empty one."""

    # --- transactions and facts ---

    def test_a_fact_is_kept_and_replaced(self, storage: Storage) -> None:
        with storage.transaction():
            storage.put("schema", b"1")
            storage.put("schema", b"2")

        assert storage.get("schema") == b"2"
        assert storage.get("absent") is None

    def test_a_transaction_reads_what_it_wrote(self, storage: Storage) -> None:
        with storage.transaction():
            storage.add_records([person(1)])
            storage.put_parts([PartRow(8, 1, b"state")])

            assert storage.record_count() == 1
            assert storage.parts([8]) == {8: PartRow(8, 1, b"state")}

    def test_an_error_leaves_everything_as_it_was(self, storage: Storage) -> None:
        fill(storage)
        before = contents(storage)

        with pytest.raises(RuntimeError), storage.transaction():  # noqa: PT012
            storage.put("device", b"later")
            storage.set_head(9)
            storage.append(batch(6))
            storage.add_verdicts([verdict(6, 0, 1)])
            storage.park([parked("late", 2, ANNE)])
            storage.unpark(digest("late"))
            storage.add_records([person(4)])
            storage.put_parts([PartRow(8, 6, b"changed"), PartRow(32, 6, b"new")])
            storage.set_areas(1, ["90030101"], 6)
            storage.drop_envelope(digest("envelope"))
            storage.release(digest("held"))
            storage.drop_mail(b"key", 1)
            storage.post(b"key", b"another")
            raise RuntimeError

        assert contents(storage) == before
        assert storage.head() == 5

    def test_a_write_outside_a_transaction_is_a_fault(self, storage: Storage) -> None:
        with pytest.raises(AssertionError, match="inside a transaction"):
            storage.put("schema", b"1")

    def test_transactions_do_not_nest(self, storage: Storage) -> None:
        with (
            storage.transaction(),
            pytest.raises(AssertionError, match="one write transaction"),
            storage.transaction(),
        ):
            pass

    # --- the log ---

    def test_an_empty_log_begins_at_nothing(self, storage: Storage) -> None:
        assert storage.head() == 0
        assert storage.record_count() == 0
        assert list(storage.batches()) == []
        assert storage.batch(digest("none")) is None

    def test_positions_use_eight_bytes(self, storage: Storage) -> None:
        far = 2**62
        with storage.transaction():
            storage.set_head(far)
            storage.append(batch(far))
            storage.put_parts([PartRow(far, far, b"")])

        assert storage.head() == far
        assert storage.batch(batch(far).hash) == batch(far)
        assert storage.parts([far])[far].position == far

    def test_batches_come_in_order_from_a_position(self, storage: Storage) -> None:
        with storage.transaction():
            for position in range(1, 41):
                storage.append(batch(position, first=position))

        assert [one.position for one in storage.batches()] == list(range(1, 41))
        assert list(storage.batches(38)) == [
            batch(39, first=39),
            batch(40, first=40),
        ]

    def test_overlapping_finds_every_branch_of_a_fork(self, storage: Storage) -> None:
        branches = [
            batch(1, first=1, size=10),
            batch(11, first=11, size=5),
            batch(16, first=11, size=9),
            batch(25, first=20, size=1),
        ]
        with storage.transaction():
            for one in branches:
                storage.append(one)
            storage.append(batch(26, epoch=BEN, first=11, size=5))

        assert storage.overlapping(ANNE, 15, 15) == [branches[1], branches[2]]
        assert storage.overlapping(ANNE, 10, 11) == branches[:3]
        assert storage.overlapping(ANNE, 16, 20) == branches[2:]
        assert storage.overlapping(ANNE, 21, 99) == []

    # --- verdicts ---

    def test_verdicts_of_a_batch_come_oldest_first(self, storage: Storage) -> None:
        later = verdict(9, 1, 1)._replace(disposition="quarantined", reason="revoked")
        with storage.transaction():
            storage.add_verdicts([later, verdict(3, 2, 1), verdict(1, 0, 2)])

        expected = [verdict(1, 0, 2), verdict(3, 2, 1), later]
        assert storage.verdicts_of(digest("one")) == expected
        assert storage.verdicts_of(digest("two")) == []

    def test_verdicts_since_reach_into_the_range(self, storage: Storage) -> None:
        runs = [verdict(1, 0, 4), verdict(5, 4, 2), verdict(7, 6, 1)]
        bens = verdict(8, 0, 3, epoch=BEN)._replace(batch_hash=digest("two"))
        with storage.transaction():
            storage.add_verdicts([*runs, bens])

        assert storage.verdicts_since([ANNE], 3, 4) == [runs[0]]
        assert storage.verdicts_since([ANNE], 4, 6) == [runs[1]]
        assert storage.verdicts_since([ANNE, ANNE], 0, 99) == runs
        assert storage.verdicts_since([ANNE, BEN], 6, 8) == [runs[2], bens]
        assert storage.verdicts_since([], 0, 99) == []

    def test_parked_changes_are_found_by_what_they_wait_for(
        self, storage: Storage
    ) -> None:
        of_roster = parked("roster", 2, None)
        of_anne, of_ben = parked("anne", 1, ANNE), parked("ben", 0, BEN)
        with storage.transaction():
            storage.append(batch(1)._replace(hash=digest("one")))
            storage.park([of_roster, of_anne, of_ben])

        assert storage.parked() == [of_ben, of_anne, of_roster]
        assert storage.parked([ANNE]) == [of_anne]
        assert storage.parked([None, BEN]) == [of_ben, of_roster]
        assert storage.parked([]) == []

    def test_parked_changes_come_in_the_order_of_the_log(
        self, storage: Storage
    ) -> None:
        hashes = sorted(digest(n) for n in range(5))[::-1]
        rows = [parked(f"of {n}", 0, None)._replace(batch_hash=h)
                for n, h in enumerate(hashes)]  # fmt: skip
        with storage.transaction():
            for position, one in enumerate(hashes, 1):
                storage.append(batch(position)._replace(hash=one))
            storage.park(reversed(rows))

        assert storage.parked() == rows

    def test_a_change_is_parked_once(self, storage: Storage) -> None:
        with storage.transaction():
            storage.park([parked("late", 1, ANNE)])
            storage.park([parked("late", 1, BEN)])
            storage.unpark(digest("never parked"))

        assert storage.parked() == [parked("late", 1, BEN)]

        with storage.transaction():
            storage.unpark(digest("late"))

        assert storage.parked() == []

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

    # --- unverified and travelling bytes ---

    def test_an_envelope_grows_until_it_is_whole(self, storage: Storage) -> None:
        first, second = digest("first"), digest("second")
        with storage.transaction():
            storage.keep_envelope(first, b"half", 4, 8)
            storage.keep_envelope(second, b"all", 3, 3)

        assert storage.envelope(first) == (b"half", 8)
        assert storage.envelopes(9) == [(second, b"all")]

        with storage.transaction():
            storage.keep_envelope(first, b"half&all", 8, 8)

        assert storage.envelopes(9) == [(first, b"half&all"), (second, b"all")]
        assert storage.envelopes(1) == [(first, b"half&all")]

        with storage.transaction():
            storage.drop_envelope(first)

        assert storage.envelope(first) is None

    def test_batches_of_an_unknown_author_are_held(self, storage: Storage) -> None:
        with storage.transaction():
            for name in ("z", "a", "z"):
                storage.hold(ANNE, digest(name), name.encode())
            storage.hold(BEN, digest("b"), b"b")

        assert storage.held(ANNE) == [(digest("z"), b"z"), (digest("a"), b"a")]

        with storage.transaction():
            storage.release(digest("z"))

        assert storage.held(ANNE) == [(digest("a"), b"a")]

    def test_mail_waits_in_its_own_box(self, storage: Storage) -> None:
        with storage.transaction():
            storage.post(b"anne", b"first")
            storage.post(b"ben", b"other")
            storage.post(b"anne", b"second")

        first, second = storage.mail(b"anne")
        assert (first.envelope, second.envelope) == (b"first", b"second")
        assert storage.mail(b"anne", first.number) == [second]

    def test_a_mail_number_is_never_given_twice(self, storage: Storage) -> None:
        with storage.transaction():
            storage.post(b"anne", b"first")
        (first,) = storage.mail(b"anne")

        with storage.transaction():
            storage.drop_mail(b"anne", first.number)
            storage.post(b"anne", b"second")

        assert [row.envelope for row in storage.mail(b"anne", first.number)] == [
            b"second"
        ]

    # --- backup ---

    def test_a_dump_holds_every_table(self, storage: Storage) -> None:
        fill(storage)

        assert {name: len(rows) for name, rows in contents(storage).items()} == {
            "facts": 3,
            "log": 2,
            "verdicts": 1,
            "parked": 1,
            "records": 3,
            "parts": 4,
            "areas": 2,
            "envelopes": 1,
            "held": 1,
            "mail": 1,
        }

    def test_a_dump_makes_the_same_database_again(
        self, storage: Storage, empty: Storage
    ) -> None:
        fill(storage)
        with storage.transaction():
            storage.set_areas(1, ["90020101"], 7)

        with empty.transaction():
            for name, rows in storage.dump():
                empty.load(name, rows)

        assert contents(empty) == contents(storage)
        assert empty.moved_owners(0, 9) == storage.moved_owners(0, 9)
        assert empty.head() == 5
        assert keys(empty.changed_parts(0, 9, ["9002"], ALL, 99)) == [8, 10, 24, 16]
