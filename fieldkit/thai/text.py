"""Thai text: one stored spelling, one search key, one sound key, one sort key."""

import re
import unicodedata
from functools import lru_cache

_THAI_DIGITS = "๐๑๒๓๔๕๖๗๘๙"
_TO_ARABIC = str.maketrans(_THAI_DIGITS, "0123456789")
_TO_THAI = str.maketrans("0123456789", _THAI_DIGITS)

# Marks that stand over or under a consonant, in the order in which they are stored:
# vowel, taikhu, tone, then the marks that close a cluster.
_MARK_ORDER = "".join(map(chr, (0xE31, *range(0xE34, 0xE3B), *range(0xE47, 0xE4F))))
_MARK_RANK = {mark: rank for rank, mark in enumerate(_MARK_ORDER)}
_MARKS = f"[{_MARK_ORDER}]"
_TONES = "\u0e48-\u0e4b"

# Zero widths, soft hyphen, byte order mark: nobody sees them, so nobody means them.
_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_TO_STORED = {**_UNSEEN, **_TO_ARABIC}

# What nearly all text is: letters, each with at most a vowel mark and then a tone, and
# single spaces. One quick match lets it go through untouched.
_SYLLABLES = "(?:[{}]+[\u0e31\u0e34-\u0e3a\u0e47]?[\u0e48-\u0e4c]?\u0e33? ?)*+"
_CLEAN = re.compile(_SYLLABLES.format("!-~\u0e3fก-\u0e30าเ-ๆ"))
_PLAIN = re.compile(_SYLLABLES.format("0-9a-zก-ฮ\u0e30าเ-ๅ"))
_CLUSTER = re.compile(f"{_MARKS}{{2,}}")
_AM_THEN_MARKS = re.compile(f"\u0e33({_MARKS}+)")
_SPLIT_AM = re.compile(f"\u0e4d([{_TONES}]?)\u0e32")
_TONE_THEN_SPLIT_AM = re.compile(f"([{_TONES}])\u0e4d\u0e32")

_NOT_SEARCHED = re.compile(
    "[\\s!-/:-@\\[-`{-~ฯๆ\u0e5a\u0e5b\u2010-\u2014\u2018\u2019\u201c\u201d\u2026]+"
)


def arabic_digits(text: str) -> str:
    """Return ``text`` with ๐-๙ written as 0-9.

    >>> arabic_digits("๒๕๖๖")
    '2566'
    """
    return text if text.isascii() else text.translate(_TO_ARABIC)


def thai_digits(text: str) -> str:
    """Return ``text`` with 0-9 written as ๐-๙."""
    return text.translate(_TO_THAI)


def normalise(text: str) -> str:
    """Return the one spelling under which ``text`` is compared and searched.

    NFC, one SARA AM, แ for two เ, marks in order and once each, digits 0-9, nothing
    unseen, single spaces. Never NFKC: it takes SARA AM apart. Keep the raw text too.
    """
    clean = _CLEAN.fullmatch(text) and "เเ" not in text and text[-1:] != " "
    return text if clean else _normalise(text)


def _normalise(text: str) -> str:
    tidy = unicodedata.normalize("NFC", text).translate(_TO_STORED)
    tidy = " ".join(tidy.split())
    # Joining two เ, or ordering marks, can bring new neighbours together: go on
    # until nothing changes. Each round shortens or orders, so it ends.
    while (after := _tidy_once(tidy)) != tidy:
        tidy = after
    return tidy


def _tidy_once(text: str) -> str:
    tidy = text.replace("เเ", "แ")
    tidy = _SPLIT_AM.sub("\\1\u0e33", tidy)
    tidy = _TONE_THEN_SPLIT_AM.sub("\\1\u0e33", tidy)
    tidy = _AM_THEN_MARKS.sub("\\1\u0e33", tidy)
    tidy = _CLUSTER.sub(_in_order, tidy)
    return unicodedata.normalize("NFC", tidy)


def _in_order(cluster: re.Match[str]) -> str:
    return "".join(sorted(set(cluster[0]), key=_MARK_RANK.__getitem__))


def search_key(text: str) -> str:
    """Return what is kept in a search column: normalised, folded, no punctuation.

    Spaces go too, for Thai writes names with and without them.

    >>> search_key("นาย สม-ชาย  Jaidee")
    'นายสมชายjaidee'
    """
    if _PLAIN.fullmatch(text):
        key = text.replace(" ", "")
        if "เเ" not in key:
            return key
    return _search_key(text)


def _search_key(text: str) -> str:
    while (key := _NOT_SEARCHED.sub("", normalise(text.casefold()))) != text:
        text = key
    return key


def sort_key(text: str) -> str:
    """Return a key whose plain order is the order of a Thai dictionary.

    A vowel written before its consonant counts after it; tones and taikhu count only
    between words that are otherwise the same.
    """
    return _sort_key(normalise(text).casefold())


_LEADING = re.compile("([เแโใไ])([ก-ฮ])")
_LIGHT = str.maketrans(
    "", "", "\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4d\u0e4e\u0e46\u0e2f"
)


def _sort_key(text: str) -> str:
    spoken = _LEADING.sub(r"\2\1", text)
    return f"{spoken.translate(_LIGHT)}\x00{spoken}"


# Longest first, so that นางสาว is not read as นาง. Those in the second list are also
# parts of names and count only when a space or a full stop follows.
TITLES = (
    *("นางสาว", "เด็กชาย", "เด็กหญิง", "พระภิกษุ", "พระมหา", "พระครู", "สามเณร"),
    *("แม่ชี", "ฮัจยี", "หะยี", "นาย", "นาง", "พระ"),
    *("ด.ช.", "ด.ญ.", "น.ส.", "ม.ร.ว.", "ม.ล.", "ว่าที่ ร.ต.", "ว่าที่ร้อยตรี"),
    *("พล.ต.อ.", "พล.ต.ท.", "พล.ต.ต.", "พ.ต.อ.", "พ.ต.ท.", "พ.ต.ต.", "ร.ต.อ."),
    *("ร.ต.ท.", "ร.ต.ต.", "พล.อ.", "พล.ท.", "พล.ต.", "พ.อ.", "พ.ท.", "พ.ต."),
    *("ร.อ.", "ร.ท.", "ร.ต.", "จ.ส.อ.", "จ.ส.ท.", "จ.ส.ต.", "ส.อ.", "ส.ท.", "ส.ต."),
    *("ด.ต.", "จ.อ.", "ศ.ดร.", "รศ.ดร.", "ผศ.ดร.", "ศ.", "รศ.", "ผศ.", "ดร."),
    *("นพ.", "พญ.", "ทพ.", "ทญ."),
)
_SPACED_TITLES = (
    *("โต๊ะอิหม่าม", "โต๊ะ", "ฮัจญี", "อู", "ดอ", "มะ", "โก", "ดร", "ดช", "ดญ", "นส"),
    *("mr", "mrs", "ms", "miss", "dr", "u", "daw", "ma", "ko", "haji"),
)
_TITLE = re.compile(
    "(?:({})|({})(?:\\.\\s*|\\s+))".format(
        "|".join(map(re.escape, sorted(TITLES, key=len, reverse=True))),
        "|".join(sorted(_SPACED_TITLES, key=len, reverse=True)),
    ),
    re.IGNORECASE,
)
_STARTS_A_NAME = re.compile("[ก-ฮเแโใไA-Za-z]")


def split_title(text: str) -> tuple[str, str]:
    """Return the title before a name and the name without it.

    >>> split_title("นางสาวสมหญิง ใจดี")
    ('นางสาว', 'สมหญิง ใจดี')
    """
    name = normalise(text)
    found = _TITLE.match(name)
    if found is None:
        return "", name
    rest = name[found.end() :].lstrip(" .")
    # นายิกา is a name: what follows a title starts with a letter, not with a vowel.
    if not _STARTS_A_NAME.match(rest):
        return "", name
    return found[0].strip(), rest


def strip_title(text: str) -> str:
    """Return the name without the titles before it (ผศ.ดร. นาง… loses them all)."""
    title, name = split_title(text)
    while title:
        title, name = split_title(name)
    return name


# Consonants by their sound at the start of a syllable; ร and ล are one for most ears.
_INITIAL = {
    letter: sound
    for sound, letters in {
        "k": "ก",
        "q": "ขฃคฅฆ",
        "g": "ง",
        "j": "จ",
        "c": "ฉชฌ",
        "s": "ซศษส",
        "y": "ญย",
        "d": "ดฎ",
        "t": "ตฏ",
        "T": "ถฐทฑธฒ",
        "n": "นณ",
        "b": "บ",
        "p": "ป",
        "P": "ผพภ",
        "f": "ฝฟ",
        "m": "ม",
        "r": "รลฬ",
        "w": "ว",
        "h": "หฮ",
        "o": "อ",
    }.items()
    for letter in letters
}
_VOWELS = {
    letter: sound
    for sound, letters in {
        "a": "ะ\u0e31า",
        "i": "\u0e34\u0e35",
        "v": "\u0e36\u0e37",
        "u": "\u0e38\u0e39",
        "e": "เ",
        "x": "แ",
        "O": "โ",
    }.items()
    for letter in letters
}
_SOUNDS = str.maketrans({**_INITIAL, **_VOWELS})
# A consonant that ends a word keeps only its stop: บ ป พ, ด ต ท ส จ ช, ก ค, น ร ล ย.
_FINALS = str.maketrans("qjcsdTbPfr", "ktttttpppn")

_SPELLINGS = (
    (re.compile("[\u0e47-\u0e4b]"), ""),
    (re.compile("[ก-ฮ]?[ทตด]ร\u0e4c"), lambda found: found[0][:-3]),
    (re.compile("กษณ\u0e4c"), "ก"),
    (re.compile("[ก-ฮ][\u0e34\u0e38]?\u0e4c"), ""),
    (re.compile("รร(?=[ก-ฮ])"), "\u0e31"),
    (re.compile("รร"), "\u0e31น"),
    (re.compile("ฤ"), "ร\u0e34"),
    (re.compile("ทร"), "ส"),
    (re.compile("ห(?=[งญนมยรลว])"), ""),
    (re.compile("\u0e33"), "\u0e31ม"),
    (re.compile("[ใไ]([ก-ฮ])ย?"), "\\1\u0e31ย"),
    (re.compile("([เแโ])([ก-ฮ])"), r"\2\1"),
    (re.compile("[ๆฯ\u0e3a\u0e4d\u0e4e]"), ""),
)


@lru_cache(maxsize=65536)
def sound_key(text: str) -> str:
    """Return a short key that is the same for names that sound the same.

    Sound-alike letters, tones, silent letters, doubled consonants, ใ and ไ, ทร and ซ,
    ร and ล fall together. It proposes candidates; a person decides.

    >>> sound_key("ณัฐพงษ์") == sound_key("นัทพงศ์")
    True
    """
    words = normalise(text).casefold().split()
    return " ".join(filter(None, map(_word_sound, words)))


def _word_sound(word: str) -> str:
    for pattern, becomes in _SPELLINGS:
        word = pattern.sub(becomes, word)
    sound = re.sub(r"[^0-9A-Za-z]", "", word.translate(_SOUNDS))
    sound = re.sub(r"([A-Za-z])\1+", r"\1", sound)
    return sound[:-1] + sound[-1:].translate(_FINALS)
