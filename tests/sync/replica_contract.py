"""What every replica must do: run on the encrypted database and on the one in memory.

A test module takes these in with ``from tests.sync.replica_contract import *``, and
``replica_contract_parts`` in the same way, and brings a fixture ``desk`` whose
``replica`` is new (see ``tests.store.desk``).
"""

import pytest

from fieldkit.sync.positions import Cursor
from fieldkit.sync.receipts import Disposition, Verdict
from fieldkit.sync.replica import Notice, Outgoing
from tests.store.desk import HEALTH, IDENTITY, Desk, name_of, state, theirs


def said(
    desk: Desk, record: bytes, register: str = "first"
) -> list[tuple[object, str]]:
    """Return value and mark of what a person sees, sorted."""
    siblings = desk.open(record).siblings(register)
    return sorted((str(s.value), s.mark) for s in siblings)


def judge(  # noqa: PLR0913, PLR0917
    desk: Desk, batch: Outgoing, position: int, disposition: Disposition = "applied",
    offset: int = 0, count: int | None = None, reason: str = "",
) -> None:  # fmt: skip
    many = batch.count - offset if count is None else count
    verdict = Verdict(batch.hash, offset, many, disposition, position, reason)
    desk.replica.take_verdicts([verdict])


# --- Transactions ---


def fail_half_way(desk: Desk) -> None:
    with desk.replica.transaction():
        desk.replica.stage(3, b"page")
        desk.replica.set_cursor(Cursor(((1, 0),), 3))
        with desk.replica.transaction():
            desk.replica.add_form(b"h" * 32, b"form")
        raise ZeroDivisionError


def test_what_failed_left_nothing(desk: Desk) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_half_way(desk)

    assert list(desk.replica.staged()) == []
    assert desk.replica.cursor() == Cursor()
    assert dict(desk.replica.form_texts()) == {}


# --- Batches ---


def test_a_cut_save_is_not_cut_again_and_its_bytes_stay(desk: Desk) -> None:
    desk.new(first="a")
    desk.new(first="b")

    batch = desk.cut(1)

    assert [one.counter for one in desk.replica.uncut(9)] == [2]
    assert list(desk.replica.outgoing()) == [batch]
    assert desk.replica.last_batch(desk.epoch) == batch.hash
    assert desk.replica.last_batch(b"?" * 16) is None


def test_a_batch_goes_forward_and_never_back(desk: Desk) -> None:
    desk.new(first="a")
    batch = desk.cut()
    assert list(desk.replica.outgoing(after="local")) == []

    desk.replica.set_travel(batch.hash, "stored")
    assert [one.state for one in desk.replica.outgoing(after="local")] == ["stored"]

    desk.replica.set_travel(batch.hash, "local")
    desk.replica.set_travel(name_of(99), "accepted")
    assert [one.state for one in desk.replica.outgoing()] == ["stored"]


def test_a_batch_is_accepted_when_each_of_its_saves_has_a_verdict(desk: Desk) -> None:
    for name in "abc":
        desk.new(first=name)
    batch = desk.cut()

    judge(desk, batch, 5, count=2)
    assert list(desk.replica.outgoing()) == [batch]

    judge(desk, batch, 9, "quarantined", offset=2)
    assert list(desk.replica.outgoing()) == []


def test_a_verdict_for_a_batch_that_is_not_ours_means_nothing(desk: Desk) -> None:
    desk.new(first="a")
    batch = desk.cut()

    desk.replica.take_verdicts([Verdict(name_of(4), 0, 1, "applied", 3)])

    assert list(desk.replica.outgoing()) == [batch]


def test_a_lower_position_never_overrides_a_higher_one(desk: Desk) -> None:
    record = desk.new(first="a")
    batch = desk.cut()

    judge(desk, batch, 9, "quarantined")
    judge(desk, batch, 4, "applied")
    assert said(desk, record) == [("a", "quarantined")]

    judge(desk, batch, 12, "review")
    assert said(desk, record) == [("a", "review")]


# --- What a person sees ---


def test_an_own_edit_hides_what_it_had_seen_and_nothing_else(desk: Desk) -> None:
    record = b"\x01" * 16
    seen, unseen = theirs(1), theirs(2)
    one = state(desk.replica, record, (seen, {"first": "old"}))
    desk.replica.put_parts([one])
    desk.edit(record, [seen], first="mine")
    both = state(
        desk.replica, record, (seen, {"first": "old"}), (unseen, {"first": "new"}),
        position=2,
    )  # fmt: skip

    desk.replica.put_parts([both])

    assert said(desk, record) == [("mine", "local"), ("new", "applied")]


@pytest.mark.parametrize("disposition", ["review", "quarantined"])
def test_a_value_that_waits_stands_beside_what_it_would_replace(
    desk: Desk, disposition: Disposition
) -> None:
    record = b"\x01" * 16
    desk.replica.put_parts([state(desk.replica, record, (theirs(1), {"first": "old"}))])
    desk.edit(record, [theirs(1)], first="mine")

    judge(desk, desk.cut(), 7, disposition, reason="out_of_scope")

    assert said(desk, record) == [("mine", disposition), ("old", "applied")]


def test_an_own_write_shows_once_when_the_province_says_it_too(desk: Desk) -> None:
    record = desk.new(first="a", score=1)
    judge(desk, desk.cut(), 3)

    mine = state(desk.replica, record, (desk.dot(), {"first": "a"}), position=3)
    desk.replica.put_parts([mine])

    assert said(desk, record) == [("a", "applied")]
    assert said(desk, record, "score") == [("1", "applied")]


# --- Absorbing ---


def test_a_receipt_alone_absorbs_nothing(desk: Desk) -> None:
    record = desk.new(first="a")
    judge(desk, desk.cut(), 3)

    desk.replica.absorb()

    assert said(desk, record) == [("a", "applied")]


def test_a_write_is_absorbed_when_each_of_its_parts_was_brought(desk: Desk) -> None:
    record = desk.new(first="a", score=1)
    judge(desk, desk.cut(), 3)
    mine = state(desk.replica, record, (desk.dot(), {"first": "a"}), position=3)
    desk.replica.put_parts([mine])
    desk.replica.absorb()
    assert said(desk, record, "score") == [("1", "applied")]

    theirs_now = state(
        desk.replica, record, (theirs(1), {"score": 9}),
        position=8, class_number=HEALTH,
    )  # fmt: skip
    desk.replica.put_parts([theirs_now])
    desk.replica.absorb()

    assert said(desk, record) == [("a", "applied")]
    assert said(desk, record, "score") == [("9", "applied")]


def test_an_older_state_of_a_part_absorbs_nothing(desk: Desk) -> None:
    record = b"\x01" * 16
    desk.edit(record, first="mine")
    judge(desk, desk.cut(), 8)

    old = state(desk.replica, record, (theirs(1), {"first": "old"}), position=7)
    desk.replica.put_parts([old])
    desk.replica.absorb()

    assert said(desk, record) == [("mine", "applied"), ("old", "applied")]


@pytest.mark.parametrize("disposition", ["review", "quarantined"])
def test_a_write_that_waits_is_never_absorbed(
    desk: Desk, disposition: Disposition
) -> None:
    record = desk.new(first="mine")
    judge(desk, desk.cut(), 3, disposition)

    brought = state(desk.replica, record, (theirs(1), {"first": "x"}), position=9)
    desk.replica.put_parts([brought])
    desk.replica.absorb()

    assert said(desk, record) == [("mine", disposition), ("x", "applied")]


def test_an_unaccepted_write_outlives_its_parts(desk: Desk) -> None:
    record = b"\x01" * 16
    desk.replica.put_parts([state(desk.replica, record, (theirs(1), {"first": "old"}))])
    desk.edit(record, [theirs(1)], first="mine")

    desk.replica.move_out([(record, IDENTITY)], 5)
    desk.replica.absorb()

    assert said(desk, record) == [("mine", "local")]
    assert [one.counter for one in desk.replica.uncut(9)] == [1]


def test_a_move_out_absorbs_what_was_accepted_before_it(desk: Desk) -> None:
    record = desk.new(first="mine")
    judge(desk, desk.cut(), 3)

    desk.replica.move_out([(record, IDENTITY)], 5)
    desk.replica.absorb()

    assert desk.is_gone(record)


# --- A new incarnation ---


def test_verdicts_beyond_a_dead_log_are_forgotten(desk: Desk) -> None:
    kept, lost = desk.new(first="kept"), desk.new(first="lost")
    first, second = desk.cut(1), desk.cut(1)
    judge(desk, first, 3)
    judge(desk, second, 8)
    desk.replica.set_durable([first.hash, second.hash])

    desk.replica.forget_beyond(5)

    assert [one.hash for one in desk.replica.outgoing()] == [second.hash]
    assert [one.envelope for one in desk.replica.outgoing()] == [second.envelope]
    assert said(desk, kept) == [("kept", "applied")]
    assert said(desk, lost) == [("lost", "local")]


def test_a_write_absorbed_beyond_a_dead_log_is_shown_again(desk: Desk) -> None:
    record = desk.new(first="mine")
    judge(desk, desk.cut(), 8)
    brought = state(desk.replica, record, (desk.dot(), {"first": "mine"}), position=8)
    desk.replica.put_parts([brought])
    desk.replica.absorb()

    desk.replica.forget_beyond(5)
    desk.replica.move_out([brought.key], 6)

    assert said(desk, record) == [("mine", "local")]


def test_a_part_brought_from_a_dead_log_absorbs_nothing_in_the_new_one(
    desk: Desk,
) -> None:
    record = desk.new(first="mine")
    batch = desk.cut()
    dead = state(desk.replica, record, (theirs(1), {"first": "x"}), position=20)
    desk.replica.put_parts([dead])

    desk.replica.forget_beyond(5)
    judge(desk, batch, 9)
    desk.replica.absorb()

    assert said(desk, record) == [("mine", "applied"), ("x", "applied")]


# --- Smaller things ---


def test_a_cursor_may_go_back(desk: Desk) -> None:
    desk.replica.set_cursor(Cursor(((1, 0),), 40))
    desk.replica.set_cursor(Cursor(((1, 0), (2, 30)), 30))

    assert desk.replica.cursor() == Cursor(((1, 0), (2, 30)), 30)


def test_staged_pages_come_in_the_order_of_their_ends(desk: Desk) -> None:
    for to in (20, 10, 30):
        desk.replica.stage(to, b"page %d" % to)
    assert list(desk.replica.staged()) == [b"page 10", b"page 20", b"page 30"]

    desk.replica.clear_staged()
    assert list(desk.replica.staged()) == []


def test_the_same_notice_twice_is_one(desk: Desk) -> None:
    notice = Notice(b"r" * 16, 1, ("first",), b"p" * 8, None, 17, theirs(3))
    other = notice._replace(because="เพราะ")

    desk.replica.add_notices([notice, other])
    desk.replica.add_notices([notice])

    assert desk.notices() == [notice, other]


def test_the_roster_is_read_on_from_a_version(desk: Desk) -> None:
    desk.replica.add_roster_entries([b"one", b"two"])
    desk.replica.add_roster_entries([b"three"])

    assert list(desk.replica.roster_entries()) == [b"one", b"two", b"three"]
    assert list(desk.replica.roster_entries(2)) == [b"three"]


def test_forms_are_kept_by_their_hash(desk: Desk) -> None:
    desk.replica.add_form(b"h" * 32, b"text")
    desk.replica.add_form(b"h" * 32, b"text")

    assert dict(desk.replica.form_texts()) == {b"h" * 32: b"text"}


def test_doubt_is_remembered(desk: Desk) -> None:
    assert not desk.replica.in_doubt()
    desk.replica.set_in_doubt(True)
    assert desk.replica.in_doubt()
    desk.replica.set_in_doubt(False)
    assert not desk.replica.in_doubt()
