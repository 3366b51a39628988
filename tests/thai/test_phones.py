"""A telephone number has one stored form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.errors import AnswerError
from fieldkit.thai.phones import mask, parse_phone, show_phone
from fieldkit.thai.text import thai_digits

MOBILES = st.from_regex(r"\A0[689][0-9]{8}\Z")


@pytest.mark.parametrize(
    ("text", "e164", "kind"),
    [
        ("081-234-5678", "+66812345678", "mobile"),
        ("๐๘๑ ๒๓๔ ๕๖๗๘", "+66812345678", "mobile"),
        ("+66 81 234 5678", "+66812345678", "mobile"),
        ("+66 (0)81 234 5678", "+66812345678", "mobile"),
        ("66812345678", "+66812345678", "mobile"),
        ("โทร. 0812345678", "+66812345678", "mobile"),
        ("02-123-4567", "+6621234567", "landline"),
        ("074-311-222", "+6674311222", "landline"),
        ("1669", "1669", "short"),
        ("191", "191", "short"),
        ("+60 12-345 6789", "+60123456789", "foreign"),
    ],
)
def test_a_number_is_read_in_every_spelling(text: str, e164: str, kind: str):
    phone = parse_phone(text)

    assert (phone.e164, phone.kind, phone.raw) == (e164, kind, text)


@pytest.mark.parametrize(
    "text", ["", "081-234-567", "081234567890", "0112345678", "ไม่มี", "08x2345678", "+"]
)
def test_a_number_that_no_telephone_has_is_refused(text: str):
    with pytest.raises(AnswerError) as caught:
        parse_phone(text)

    assert caught.value.code == "answer.phone"


@given(MOBILES)
def test_parse_undoes_show(number: str):
    phone = parse_phone(number)

    assert parse_phone(show_phone(phone.e164)).e164 == phone.e164
    assert parse_phone(phone.e164).e164 == phone.e164
    assert parse_phone(thai_digits(number)).e164 == phone.e164


def test_numbers_are_shown_in_groups():
    assert show_phone("+66812345678") == "081-234-5678"
    assert show_phone("+6621234567") == "02-123-4567"
    assert show_phone("+6674311222") == "074-311-222"
    assert show_phone("1669") == "1669"


@given(MOBILES)
def test_a_mask_shows_two_digits_and_no_more(number: str):
    assert mask(parse_phone(number).e164) == f"xxx-xxx-xx{number[-2:]}"
