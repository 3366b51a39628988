"""Reading: records by id or prefix, walks over all, candidates, history."""

import pytest

from fieldkit.errors import NotFoundError
from fieldkit.records.record import Record
from fieldkit.sync.receipts import Verdict
from tests.store.desk import HEALTH, IDENTITY, Desk, hanging, state, theirs, write

RECORD = b"\x01" * 16


def values(record: Record, register: str) -> list[object]:
    return [s.value for s in record.siblings(register)]


def test_a_record_is_opened_by_the_beginning_of_its_id(desk: Desk) -> None:
    record = desk.new(first="a")

    for length in (4, 7, 32):
        assert desk.store.open_record(record.hex()[:length].upper()).id == record


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "record.ambiguous"),
        ("0101", "record.ambiguous"),
        ("abc", "record.ambiguous"),
        ("01010101", "record.unknown"),
        ("0" * 33, "record.unknown"),
        ("สมชาย", "record.unknown"),
        (b"?" * 16, "record.unknown"),
    ],
)
def test_a_name_of_none_or_of_several_opens_nothing(
    desk: Desk, name: str | bytes, code: str
) -> None:
    for last in (b"\x02", b"\x03"):
        record = b"\x01\x01" + last * 14
        desk.store.put_parts([state(desk.store, record, (theirs(1), {"first": "a"}))])

    with pytest.raises(NotFoundError) as caught:
        desk.store.open_record(name)

    assert caught.value.code == code


def test_parts_of_all_classes_make_one_record(desk: Desk) -> None:
    desk.store.put_parts(
        [
            state(desk.store, RECORD, (theirs(1), {"first": "a"})),
            state(desk.store, RECORD, (theirs(1), {"score": 4}), class_number=HEALTH),
        ]
    )

    opened = desk.open(RECORD)

    assert (values(opened, "first"), values(opened, "score")) == (["a"], [4])
    assert opened.form_id == "person"


def test_a_walk_meets_every_record_of_a_form_once(desk: Desk) -> None:
    saves = [desk.make(write("person", None, {"first": str(n)})) for n in range(1_100)]
    desk.store.save_many([made for made, _ in saves], saves[0][1])
    own = {made.identity.records[0] for made, _ in saves}
    screening = desk.save(hanging(min(own), q1=1))
    desk.store.put_parts([state(desk.store, RECORD, (theirs(1), {"first": "x"}))])

    persons = [record.id for record in desk.store.records("person")]

    assert len(persons) == len(set(persons)) == 1_101
    assert {*persons, screening} == {record.id for record in desk.store.records()}
    assert desk.store.record_count() == 1_102
    assert desk.store.record_count("screening") == 1
    assert list(desk.store.records("other")) == []


def test_a_record_that_moved_out_is_met_nowhere(desk: Desk) -> None:
    brought = state(desk.store, RECORD, (theirs(1), {"first": "x"}))
    desk.store.put_parts([brought])

    desk.store.move_out([brought.key], 2)
    desk.store.absorb()

    assert list(desk.store.records()) == []
    assert desk.store.record_count() == 0
    assert desk.store.find("x") == []


def test_a_subject_that_becomes_known_later_is_told(desk: Desk) -> None:
    subject = b"\x05" * 16
    screening = state(
        desk.store, RECORD, (theirs(2), {"q1": 2}), form_id="screening",
        subject=subject, class_number=0,
    )  # fmt: skip
    desk.store.put_parts([screening])
    with pytest.raises(NotFoundError):
        desk.open(subject)

    desk.store.put_parts([state(desk.store, subject, (theirs(1), {"first": "x"}))])

    assert values(desk.open(subject), "first") == ["x"]
    assert [one.record_id for one in desk.store.records_of(subject)] == [RECORD]
    assert desk.open(RECORD).subject == subject


def test_candidates_are_records_in_which_writes_meet(desk: Desk) -> None:
    quiet, several, apart = (bytes([n]) * 16 for n in (1, 2, 3))
    both = (theirs(1), {"first": "a"}), (theirs(2), {"first": "b"})
    beside = (theirs(1), {"first": "a"}), (theirs(2), {"last": "b"})
    desk.store.put_parts(
        [
            state(desk.store, quiet, (theirs(1), {"first": "a"})),
            state(desk.store, several, *both),
            state(desk.store, apart, *beside),
        ]
    )
    desk.new(first="only mine")

    assert desk.store.conflict_candidates() == [several, apart]
    assert desk.store.contested_count() == 1
    desk.edit(quiet, first="mine too")
    assert set(desk.store.conflict_candidates()) == {quiet, several, apart}


def test_the_reason_of_a_quarantine_is_told(desk: Desk) -> None:
    record = desk.new(first="a")
    batch = desk.cut()
    assert desk.store.reasons(record) == {}

    verdict = Verdict(batch.hash, 0, 1, "quarantined", 3, "out_of_scope")
    desk.store.take_verdicts([verdict])

    assert desk.store.reasons(record) == {desk.dot(): "out_of_scope"}


def test_history_tells_who_replaced_what(desk: Desk) -> None:
    record = desk.new(first="หนึ่ง", score=1)
    desk.edit(record, [desk.dot()], first="สอง")
    batch = desk.cut()
    desk.store.take_verdicts([Verdict(batch.hash, 0, 2, "applied", 1)])
    mine = state(desk.store, record, (desk.dot(), {"first": "สอง"}), position=2)
    desk.store.put_parts([mine])
    desk.store.absorb()
    later = state(desk.store, record, (theirs(99), {"first": "สาม"}), position=5)
    desk.store.put_parts([later])

    told = [
        (event.before, event.after)
        for event in desk.store.history(record)
        if event.register == "first"
    ]

    assert told == [((), "หนึ่ง"), (("หนึ่ง",), "สอง"), (("สอง",), "สาม")]


def test_history_of_others_outlives_our_log(desk: Desk) -> None:
    for position, name in enumerate(("ก", "ข", "ค"), 1):
        dot = theirs(position)
        one = state(desk.store, RECORD, (dot, {"first": name}), position=position)
        desk.store.put_parts([one])

    assert [event.after for event in desk.store.history(RECORD)] == ["ก", "ข", "ค"]
    desk.store.move_out([(RECORD, IDENTITY)], 9)
    assert desk.store.history(RECORD) == ()


def test_an_erased_record_is_met_nowhere(desk: Desk) -> None:
    record = desk.new(first="a")
    desk.edit(record, [desk.dot()], first="b")
    batch = desk.cut()

    desk.store.take_verdicts([Verdict(batch.hash, 0, 2, "erased", 3)])

    assert desk.is_gone(record)
    assert desk.store.conflict_candidates() == []
    assert desk.store.record_count() == 0
