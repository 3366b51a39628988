"""The word lists of an invented province: names, faiths, tongues, notes."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from fieldkit.thai.draws import spread

Texts = tuple[str, ...]


class People(NamedTuple):
    """A kind of household: its names, faith, tongue and papers."""

    kind: str
    male: Texts
    female: Texts
    last: Texts
    religions: Texts
    languages: Texts
    nationalities: Texts


class Words(NamedTuple):
    """All lists, ready to be drawn from."""

    peoples: tuple[People, ...]
    nicknames: Texts
    village_first: Texts
    village_second: Texts
    notes: Mapping[str, Texts]


# Each kind of household: its share of a hundred, its first names and its surnames.
_KINDS = {
    "thai": (58, "thai", "thai"),
    "muslim": (27, "muslim", "muslim"),
    "chinese": (7, "thai", "chinese_thai"),
    "migrant": (4, "migrant", ""),
    "ethnic": (1.5, "thai", "thai"),
    "street": (1, "thai", "thai"),
    "prison": (1.5, "thai", "thai"),
}
_RELIGIONS = {
    "thai": spread({"พุทธ": 98.5, "คริสต์": 1, "ไม่ระบุ": 0.5}),
    "muslim": ("อิสลาม",),
    "migrant": spread({"พุทธ": 85, "อิสลาม": 11, "คริสต์": 4}),
    "ethnic": spread({"พุทธ": 50, "อิสลาม": 30, "คริสต์": 10, "ความเชื่อบรรพบุรุษ": 10}),
}
_LANGUAGES = {
    "thai": spread({"ไทยถิ่นใต้": 82, "ไทย": 16, "ไทยถิ่นอีสาน": 2}),
    "muslim": spread({"ไทยถิ่นใต้": 62, "มลายู": 32, "ไทย": 6}),
    "chinese": spread({"ไทยถิ่นใต้": 60, "ไทย": 32, "จีนฮกเกี้ยน": 5, "จีนแต้จิ๋ว": 3}),
    "migrant": spread({"เมียนมา": 70, "เขมร": 16, "ลาว": 12, "มอญ": 2}),
    "ethnic": spread({"อูรักลาโวยจ": 40, "มอแกลน": 25, "มานิ": 20, "กะเหรี่ยง": 15}),
}
_NATIONALITIES = {
    "thai": spread({"ไทย": 99.7, "ไม่มีสัญชาติ": 0.3}),
    "migrant": spread({"เมียนมา": 70, "กัมพูชา": 17, "ลาว": 12, "ไม่มีสัญชาติ": 1}),
    "ethnic": spread({"ไทย": 78, "ไม่มีสัญชาติ": 22}),
}


@cache
def words() -> Words:
    """Return the word lists of the package, read once."""
    names, notes = _toml("names.toml"), _toml("notes.toml")
    shares = spread({kind: share for kind, (share, _, _) in _KINDS.items()})
    by_kind = {kind: _people(names, kind) for kind in _KINDS}
    return Words(
        peoples=tuple(by_kind[kind] for kind in shares),
        nicknames=_split(names["nickname"]["all"]),
        village_first=_split(names["village"]["first"]),
        village_second=_split(names["village"]["second"]),
        notes={part: tuple(texts) for part, texts in notes.items()},
    )


def _toml(name: str) -> dict[str, Any]:
    file = resources.files("fieldkit.thai").joinpath("data", name)
    return tomllib.loads(file.read_text("utf-8"))


def _people(names: dict[str, Any], kind: str) -> People:
    _, first, last = _KINDS[kind]
    return People(
        kind=kind,
        male=_split(names["first"][first]["male"]),
        female=_split(names["first"][first]["female"]),
        last=_split(names["last"].get(last, "")),
        religions=_RELIGIONS.get(kind, _RELIGIONS["thai"]),
        languages=_LANGUAGES.get(kind, _LANGUAGES["thai"]),
        nationalities=_NATIONALITIES.get(kind, _NATIONALITIES["thai"]),
    )


def _split(text: str) -> Texts:
    return tuple(text.split())
