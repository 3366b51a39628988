"""The storage contract as tests: one class, run on every database we have."""

import pytest

from sync_server.storage.contract import PartRow, Storage
from tests.server.storage_rows import (
    ALL,
    ANNE,
    BEN,
    batch,
    contents,
    digest,
    fill,
    keys,
    parked,
    person,
    verdict,
)
from tests.server.storage_state_contract import StateContract


class StorageContract(StateContract):
    """Give it two fixtures, ``storage`` and ``empty``: both empty."""

    # --- transactions and facts ---

    def test_a_fact_is_kept_and_replaced(self, storage: Storage) -> None:
        with storage.transaction():
            storage.put("schema", b"1")
            storage.put("schema", b"2")

        assert storage.get("schema") == b"2"
        assert storage.get("absent") is None

    def test_facts_are_found_by_the_beginning_of_their_names(
        self, storage: Storage
    ) -> None:
        with storage.transaction():
            for name in ("a/1", "a/2", "b/1", "a"):
                storage.put(name, name.encode())

        assert storage.facts("a/") == {"a/1": b"a/1", "a/2": b"a/2"}
        assert storage.facts("c") == {}

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
