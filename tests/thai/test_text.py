"""Thai text reads the same however it was typed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.thai.text import (
    arabic_digits,
    normalise,
    search_key,
    sort_key,
    sound_key,
    split_title,
    strip_title,
    thai_digits,
)

THAI = st.text(
    st.sampled_from([chr(c) for c in (*range(0xE01, 0xE3B), *range(0xE3F, 0xE5C))])
)
MIXED = st.one_of(
    THAI,
    st.text(max_size=30),
    st.text(
        st.sampled_from(
            "กเแนา\u0e33\u0e4d\u0e48\u0e49\u0e34\u0e38\u0e47\u0e4c \u200b.A"
        )
    ),
)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("น\u0e4d\u0e49า", "น้ำ"),
        ("น\u0e49\u0e4dา", "น้ำ"),
        ("น\u0e33\u0e49", "น้ำ"),
        ("ก\u0e4dา", "กำ"),
        ("เเก้ว", "แก้ว"),
        ("ก\u0e48\u0e35", "กี่"),
        ("ท\u0e35\u0e35\u0e48\u0e48", "ที่"),
        ("๑๒/๓๔", "12/34"),
        ("สม\u200bชาย\ufeff", "สมชาย"),
        ("  สมชาย\u00a0  ใจดี ", "สมชาย ใจดี"),
        ("รุ\u0e49ง", "รุ้ง"),
    ],
)
def test_the_spellings_of_one_word_are_stored_as_one(typed: str, stored: str):
    assert normalise(typed) == stored


def test_sara_am_is_never_taken_apart():
    assert "\u0e33" in normalise("คำ")
    assert normalise("คำ") != unicodedata.normalize("NFKC", "คำ")


@given(MIXED)
def test_normalise_is_idempotent(text: str):
    assert normalise(normalise(text)) == normalise(text)


@given(MIXED)
def test_normalised_text_is_nfc(text: str):
    assert unicodedata.is_normalized("NFC", normalise(text))


@given(MIXED)
def test_the_order_of_canonically_equal_marks_does_not_matter(text: str):
    assert normalise(unicodedata.normalize("NFD", text)) == normalise(text)


@given(MIXED)
def test_search_key_is_idempotent(text: str):
    assert search_key(search_key(text)) == search_key(text)


@given(MIXED)
def test_search_key_forgets_normalisation(text: str):
    assert search_key(normalise(text)) == search_key(text)


def test_a_search_key_has_no_case_space_or_punctuation():
    assert search_key("น.ส. Mary-Ann  ขาวๆ") == "นสmaryannขาว"
    assert search_key("ขาวๆ") == search_key("ขาว ")


@given(st.text(st.sampled_from("0123456789 กข")))
def test_thai_digits_are_undone_by_arabic_digits(text: str):
    assert arabic_digits(thai_digits(text)) == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ณัฐพงษ์", "นัทพงศ์"),
        ("วรรณา", "วันนา"),
        ("ทราย", "ซาย"),
        ("จันทร์", "จัน"),
        ("ศักดิ์", "สัก"),
        ("ใจ", "ไจ"),
        ("หนูเล็ก", "หนูเร็ก"),
        ("สุภาพร", "สุพาภร"),
        ("อับดุลเลาะ", "อับดุลเลาะห์"),
        ("ภัทรวดี", "พัทรวดี"),
    ],
)
def test_names_that_sound_alike_share_a_sound_key(one: str, other: str):
    assert sound_key(one) == sound_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("สมชาย", "สมหญิง"), ("มานี", "มานะ"), ("ก้อง", "กิ่ง")]
)
def test_names_that_sound_different_have_different_sound_keys(one: str, other: str):
    assert sound_key(one) != sound_key(other)


@given(MIXED)
def test_sound_key_is_total_and_ascii(text: str):
    assert sound_key(text).isascii()


def test_a_dictionary_counts_the_leading_vowel_after_its_consonant():
    words = ["ไก่", "ขา", "เกม", "กา", "แกะ", "โก้", "ก่อ", "เขา"]

    assert sorted(words, key=sort_key) == [
        *("ก่อ", "กา", "เกม", "แกะ", "โก้", "ไก่", "ขา", "เขา"),
    ]


def test_tones_decide_only_between_words_that_are_otherwise_the_same():
    assert sorted(["ป้า", "ปาน", "ป่า", "ปา"], key=sort_key) == ["ปา", "ป่า", "ป้า", "ปาน"]


@pytest.mark.parametrize(
    ("typed", "title", "name"),
    [
        ("นายสมชาย ใจดี", "นาย", "สมชาย ใจดี"),
        ("นางสาว มารีย๊ะ", "นางสาว", "มารีย๊ะ"),
        ("น.ส.สายใจ", "น.ส.", "สายใจ"),
        ("ร.ต.อ. เฉลิม", "ร.ต.อ.", "เฉลิม"),
        ("Mr. John", "Mr.", "John"),
        ("Daw Khin", "Daw", "Khin"),
        ("นายิกา", "", "นายิกา"),
        ("ดรุณี", "", "ดรุณี"),
        ("มะลิ", "", "มะลิ"),
        ("Maria", "", "Maria"),
        ("นาง", "", "นาง"),
    ],
)
def test_a_title_is_taken_off_but_never_a_part_of_a_name(
    typed: str, title: str, name: str
):
    assert split_title(typed) == (title, name)


def test_several_titles_are_taken_off_together():
    assert strip_title("ผศ.ดร. นางสมศรี") == "สมศรี"
