"""A date is read however a Thai hand writes it, and shown in Buddhist years."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.errors import AnswerError
from fieldkit.thai.dates import (
    MONTHS,
    MONTHS_SHORT,
    ThaiDate,
    age_on,
    fiscal_quarter,
    fiscal_year_be,
    format_date,
    parse_date,
    year_be,
)
from fieldkit.thai.text import thai_digits

DAYS = st.dates(datetime.date(1860, 1, 1), datetime.date(2199, 12, 31))
TODAY = "2026-11-22"


@pytest.mark.parametrize(
    "text",
    [
        *("30 ม.ค. 2566", "๓๐ มกราคม ๒๕๖๖", "30/1/2566", "30/01/66", "2023-01-30"),
        *("30-01-2566", "30.1.2566", "30 1 2566", "2566-01-30", "2566/1/30"),
        *("30ม.ค.66", "30 มค 66", "30 ม.ค 66", "30 มกรา 2566", "30/ม.ค./2566"),
        *("วันที่ 30 มกราคม พ.ศ. 2566", "วันจันทร์ที่ 30 เดือนมกราคม พุทธศักราช 2566"),
        *("30 มกราคม พ.ศ.๒๕๖๖", "30/1/ค.ศ. 2023", "30 มกราคม ค.ศ. 2023", "30/1/2023"),
        *("30 January 2023", "30 Jan 2023", "January 30, 2023", "jan 30 2023"),
        *("20230130", "20230130160300", "25660130", "30012566", "30th Jan 2023"),
        *(
            "30 มกราคม 2566 เวลา 16:03 น.",
            "2023-01-30T16:03:00+07:00",
            "30/1/66 16.03 น.",
        ),
        *("จันทร์ 30 ม.ค. 2566", "30 มกราคม 2566 (วันจันทร์)", "30 ม.ค. ’66"),
        *("30\u200b ม.ค.\u00a02566", "พ.ศ. 2566-01-30", "30 January 2566 BE"),
    ],
)
def test_one_day_has_many_spellings(text: str):
    date = parse_date(text, TODAY)

    assert (date.iso, date.precision, date.raw) == ("2023-01-30", "day", text)


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_is_known_by_its_short_and_long_name(month: int):
    iso = f"2023-{month:02}-09"

    assert parse_date(f"9 {MONTHS[month - 1]} 2566").iso == iso
    assert parse_date(f"9 {MONTHS_SHORT[month - 1]} 2566").iso == iso
    assert (
        parse_date(f"9{MONTHS_SHORT[month - 1].replace('.', '')}66", TODAY).iso == iso
    )


@pytest.mark.parametrize(
    ("text", "iso", "precision", "era"),
    [
        ("2500", "1957-01-01", "year", "BE"),
        ("พ.ศ. ๒๕๐๐", "1957-01-01", "year", "BE"),
        ("ปี 2500", "1957-01-01", "year", "BE"),
        ("1957", "1957-01-01", "year", "CE"),
        ("มี.ค. 2500", "1957-03-01", "month", "BE"),
        ("มีนาคม 2500", "1957-03-01", "month", "BE"),
        ("3/2500", "1957-03-01", "month", "BE"),
        ("1957-03", "1957-03-01", "month", "CE"),
    ],
)
def test_a_date_may_be_known_in_part(text: str, iso: str, precision: str, era: str):
    date = parse_date(text)

    assert (date.iso, date.precision, date.era) == (iso, precision, era)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("15 ก.พ. 2480", "1938-02-15"),
        ("31 มี.ค. 2483", "1941-03-31"),
        ("1 เม.ย. 2483", "1940-04-01"),
        ("1 ม.ค. 2484", "1941-01-01"),
        ("15 เม.ย. 2480", "1937-04-15"),
        ("2480", "1937-04-01"),
        ("ค.ศ. 1938-02-15", "1938-02-15"),
    ],
)
def test_before_2484_the_year_began_in_april(text: str, iso: str):
    assert parse_date(text).iso == iso


@pytest.mark.parametrize(
    ("text", "today", "iso"),
    [
        ("1/5/69", TODAY, "2026-05-01"),
        ("1/5/74", TODAY, "2031-05-01"),
        ("1/5/75", TODAY, "1932-05-01"),
        ("1/5/90", TODAY, "1947-05-01"),
        ("1/5/90", None, "1947-05-01"),
        ("1/5/ค.ศ. 90", TODAY, "1990-05-01"),
    ],
)
def test_a_two_digit_year_is_the_latest_that_makes_sense(
    text: str, today: str | None, iso: str
):
    assert parse_date(text, today).iso == iso


@pytest.mark.parametrize("text", ["อายุประมาณ ๗๐ ปี", "70 ปี", "อายุ 70 กว่าปี", "70ปีเศษ"])
def test_an_age_gives_an_estimated_year(text: str):
    date = parse_date(text, TODAY)

    assert (date.iso, date.precision) == ("1956-01-01", "age_estimate")


def test_an_age_needs_to_know_today():
    with pytest.raises(AnswerError):
        parse_date("อายุ 70 ปี")


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("30 ม.ค. 2566 16:03 น.", "16:03"),
        ("30 ม.ค. 2566 เวลา ๑๖.๐๓ น.", "16:03"),
        ("2023-01-30 06:03:09", "06:03:09"),
        ("30.01.2566", None),
    ],
)
def test_a_time_is_kept_beside_the_date(text: str, time: str | None):
    assert parse_date(text).time == time


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", "ไม่ทราบ", "30 ม.ค.", "31/2/2566", "29/2/2566", "0/1/2566"),
        *("1/0/2566", "30/13/2566", "1/1/2350", "1/1/300", "พ.ศ. 2023", "ค.ศ. 2566"),
        *("30 มะม่วง 2566", "30 ม 2566", "16:03 น.", "1/1/2566 25:00", "วันนี้", "2566x"),
    ],
)
def test_what_is_no_date_is_refused_with_advice(text: str):
    with pytest.raises(AnswerError) as caught:
        parse_date(text, TODAY)

    assert caught.value.code == "answer.date"
    assert caught.value.hint("th")


@given(st.text(max_size=30))
def test_reading_any_text_gives_a_date_or_the_one_error(text: str):
    date: ThaiDate | AnswerError
    try:
        date = parse_date(text, TODAY)
    except AnswerError as error:
        date = error

    assert isinstance(date, ThaiDate) or date.details == {"value": text}


@given(DAYS, st.sampled_from(["short", "long", "numeric", "iso"]))
def test_parse_undoes_format(day: datetime.date, style):
    shown = format_date(day.isoformat(), style)

    assert parse_date(shown).iso == day.isoformat()
    assert parse_date(thai_digits(shown)).iso == day.isoformat()


@given(DAYS, st.sampled_from(["month", "year"]))
def test_parse_undoes_format_of_a_date_known_in_part(day: datetime.date, precision):
    shown = format_date(day.isoformat(), "short", precision)
    again = parse_date(shown)

    assert again.precision == precision
    assert format_date(again.iso, "short", precision) == shown


def test_dates_are_shown_in_buddhist_years():
    assert format_date("2023-01-30") == "30 ม.ค. 2566"
    assert format_date("2023-01-30", "long") == "30 มกราคม 2566"
    assert format_date("2023-01-30", "numeric") == "30/01/2566"
    assert format_date("2023-01-01", "short", "month") == "ม.ค. 2566"
    assert format_date("1956-01-01", "short", "age_estimate") == "ประมาณ 2499"
    assert year_be("1938-02-15") == 2480


def test_the_fiscal_year_turns_on_the_first_of_october():
    assert fiscal_year_be("2022-09-30") == 2565
    assert fiscal_year_be("2022-10-01") == 2566
    assert fiscal_year_be("2023-09-30") == 2566
    assert [fiscal_quarter(f"2023-{m:02}-01") for m in (10, 12, 1, 4, 9)] == [
        1,
        1,
        2,
        3,
        4,
    ]


def test_an_age_counts_full_years():
    assert age_on("1950-06-15", "2020-06-14") == 69
    assert age_on("1950-06-15", "2020-06-15") == 70
