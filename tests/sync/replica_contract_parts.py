"""What every replica must do with the parts that are brought and moved out.

The second half of ``replica_contract``; it is taken in the same way.
"""

from fieldkit.causality import Dot
from fieldkit.records.part import Part
from fieldkit.sync.digest import part_digest, total
from tests.store.desk import HEALTH, IDENTITY, Desk, state, theirs
from tests.sync.replica_contract import judge, said


def live(part: Part) -> set[Dot]:
    return {entry.dot for entry in part.entries}


# --- Parts ---


def test_held_parts_come_back_as_they_were_brought(desk: Desk) -> None:
    record = b"\x01" * 16
    brought = state(desk.replica, record, (theirs(1), {"first": "a"}), position=4)

    desk.replica.put_parts([brought])

    assert dict(desk.replica.held([brought.key, (record, HEALTH)])) == {
        brought.key: brought.part
    }


def test_of_a_part_that_comes_twice_the_later_state_counts(desk: Desk) -> None:
    record = b"\x01" * 16
    one = state(desk.replica, record, (theirs(1), {"first": "a"}), position=1)
    two = state(desk.replica, record, (theirs(2), {"first": "b"}), position=2)

    desk.replica.put_parts(iter([one, two]))

    assert live(desk.replica.held([one.key])[one.key]) == {theirs(2)}


def test_own_parts_are_those_in_which_a_value_of_ours_is_live(desk: Desk) -> None:
    mine = desk.new(first="a")
    other = b"\x01" * 16
    desk.replica.put_parts([state(desk.replica, other, (theirs(1), {"first": "x"}))])
    keys = [(mine, IDENTITY), (other, IDENTITY)]
    assert dict(desk.replica.own_parts(keys)) == {}

    judge(desk, desk.cut(), 3)
    assert {key: live(p) for key, p in desk.replica.own_parts(keys).items()} == {
        (mine, IDENTITY): {desk.dot()}
    }

    gone = state(desk.replica, mine, (theirs(2), {"first": "b"}), position=4)
    desk.replica.put_parts([gone])
    desk.replica.absorb()
    assert dict(desk.replica.own_parts(keys)) == {}


def test_a_move_out_removes_only_that_part(desk: Desk) -> None:
    record = b"\x01" * 16
    desk.replica.put_parts(
        [
            state(desk.replica, record, (theirs(1), {"first": "a"})),
            state(desk.replica, record, (theirs(1), {"score": 2}), class_number=HEALTH),
        ]
    )

    desk.replica.move_out([(record, HEALTH)], 3)

    keys = [(record, IDENTITY), (record, HEALTH)]
    assert list(desk.replica.held(keys)) == [(record, IDENTITY)]


def test_a_part_that_moved_out_can_come_back(desk: Desk) -> None:
    record = b"\x01" * 16
    brought = state(desk.replica, record, (theirs(1), {"first": "a"}))
    desk.replica.put_parts([brought])
    desk.replica.move_out([brought.key], 2)

    desk.replica.put_parts([brought._replace(position=3)])

    assert said(desk, record) == [("a", "applied")]


def test_a_move_out_waits_for_an_open_form(desk: Desk) -> None:
    record = b"\x01" * 16
    brought = state(desk.replica, record, (theirs(1), {"first": "a"}))
    desk.replica.put_parts([brought])
    form = desk.open_form(record)

    desk.replica.move_out([brought.key], 2)
    desk.replica.absorb()
    assert said(desk, record) == [("a", "applied")]

    desk.close_form(form)
    assert desk.is_gone(record)


def test_a_waiting_move_out_absorbs_nothing(desk: Desk) -> None:
    record = desk.new(first="a")
    form = desk.open_form(record)
    judge(desk, desk.cut(), 3)

    desk.replica.move_out([(record, IDENTITY)], 5)
    desk.replica.absorb()
    assert said(desk, record) == [("a", "applied")]

    desk.close_form(form)
    desk.replica.absorb()
    assert desk.is_gone(record)


def test_a_part_that_is_brought_again_no_longer_waits_to_go(desk: Desk) -> None:
    record = b"\x01" * 16
    brought = state(desk.replica, record, (theirs(1), {"first": "a"}))
    desk.replica.put_parts([brought])
    form = desk.open_form(record)
    desk.replica.move_out([brought.key], 2)

    desk.replica.put_parts([brought._replace(position=3)])
    desk.close_form(form)

    assert said(desk, record) == [("a", "applied")]


# --- Agreement ---


def test_an_empty_replica_agrees_with_every_other(desk: Desk) -> None:
    assert desk.replica.digest() == total([])
    assert dict(desk.replica.part_digests(b"", b"\xff" * 16)) == {}


def test_the_digest_is_the_sum_of_the_parts_held(desk: Desk) -> None:
    brought = [
        state(desk.replica, b"\x01" * 16, (theirs(1), {"first": "a"})),
        state(
            desk.replica, b"\x01" * 16, (theirs(1), {"score": 2}), class_number=HEALTH
        ),
        state(
            desk.replica, b"\x02" * 16,
            (theirs(2), {"first": "b"}), (theirs(3), {"first": "c"}),
        ),
    ]  # fmt: skip
    each = [part_digest(*s.key, s.part, desk.replica.layouts()) for s in brought]

    desk.replica.put_parts(reversed(brought))
    desk.new(first="not the province's yet")

    assert desk.replica.digest() == total(each)
    assert desk.replica.digest(class_number=HEALTH) == total(each[1:2])
    ids = (b"\x01" * 16, b"\x01" * 15 + b"\x02")
    assert dict(desk.replica.part_digests(*ids)) == {b"\x01" * 16: total(each[:2])}
    desk.replica.move_out([brought[2].key], 4)
    assert desk.replica.digest() == total(each[:2])
