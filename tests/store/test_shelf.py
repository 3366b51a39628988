"""The shelf: lists, and letters carried for others."""

from fieldkit.store.shelf import Letter
from tests.store.desk import Desk, name_of


def letter(number: int, recipient: bytes = b"p" * 8) -> Letter:
    return Letter(
        envelope_id=name_of(number),
        recipient=recipient,
        kind=1,
        envelope=b"sealed %d" % number,
    )


def test_letters_are_carried_in_the_order_they_came_and_each_once(desk: Desk) -> None:
    letters = [letter(1), letter(2, b"q" * 8), letter(3)]
    for one in (*letters, letters[0]):
        desk.store.carry(one)

    assert list(desk.store.letters()) == letters
    assert list(desk.store.letters(b"q" * 8)) == [letters[1]]


def test_a_delivered_letter_leaves_and_does_not_come_back(desk: Desk) -> None:
    desk.store.carry(letter(1))

    desk.store.note_delivered(name_of(1))
    desk.store.carry(letter(1))

    assert list(desk.store.letters()) == []


def test_a_newer_list_takes_the_place_of_an_older_one(desk: Desk) -> None:
    desk.store.put_list("villages", 2, b"two")
    desk.store.put_list("villages", 1, b"one")
    assert desk.store.lists() == {"villages": (2, b"two")}

    desk.store.put_list("villages", 3, b"three")
    assert desk.store.lists() == {"villages": (3, b"three")}


def test_forms_are_counted_without_reading_them(desk: Desk) -> None:
    desk.store.add_form(b"a" * 32, b"text")

    forms = desk.store.form_texts()

    assert (len(forms), b"b" * 32 in forms) == (1, False)
