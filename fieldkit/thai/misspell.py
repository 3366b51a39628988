"""Names as a hurried or half-sure hand writes them, to try duplicate detection on."""

from fieldkit.thai.draws import Draws

# What is written for what: letters of one sound, marks that look alike or are left
# out, spellings of one syllable.
_SWAPS: tuple[tuple[str, str], ...] = (
    *(
        ("ศ", "ส"),
        ("ษ", "ส"),
        ("ส", "ศ"),
        ("ณ", "น"),
        ("น", "ณ"),
        ("ฎ", "ด"),
        ("ฏ", "ต"),
    ),
    *(
        ("ฐ", "ถ"),
        ("ธ", "ท"),
        ("ท", "ธ"),
        ("ภ", "พ"),
        ("พ", "ภ"),
        ("ญ", "ย"),
        ("ฬ", "ล"),
    ),
    *(
        ("ร", "ล"),
        ("ล", "ร"),
        ("ฆ", "ค"),
        ("ฒ", "ท"),
        ("ฑ", "ท"),
        ("ซ", "ส"),
        ("ฌ", "ช"),
    ),
    *(("ใ", "ไ"), ("ไ", "ใ"), ("แ", "เเ"), ("ำ", "ํา"), ("\u0e34", "\u0e35")),
    *(
        ("\u0e35", "\u0e34"),
        ("\u0e38", "\u0e39"),
        ("\u0e39", "\u0e38"),
        ("\u0e37", "\u0e36"),
    ),
    *(
        ("\u0e48", ""),
        ("\u0e49", ""),
        ("\u0e4a", ""),
        ("\u0e4a", "\u0e49"),
        ("\u0e47", ""),
    ),
    *(("์", ""), ("รร", "ั"), ("ทร", "ซ"), ("ห์", ""), ("ร์", ""), ("ย์", ""), ("ฤ", "ริ")),
    *(
        ("ะ", ""),
        ("าร", "าน"),
        ("ัย", "าย"),
        ("ักดิ์", "ัก"),
        ("พงษ์", "พงศ์"),
        ("พงศ์", "พงษ์"),
    ),
    *(("ดุลเลาะ", "ดุลเลาะห์"), ("หมัด", "หะหมัด"), ("มูฮัม", "มูฮำ"), ("มูฮัม", "มะ")),
)
_MARKS_AND_VOWELS = frozenset("ะัาำิีึืฺุูเแโใไ็่้๊๋์ํ๎ ")


def typo(name: str, seed: str | int = 0) -> str:
    """Return ``name`` with one likely spelling error; always another text.

    Three in four are spellings of the same sound, the others slips of the finger: a
    letter twice, left out, or changed with its neighbour.
    """
    draws = Draws("typo", seed, name)
    fitting = [swap for swap in _SWAPS if swap[0] in name]
    if fitting and draws.chance(75):
        return _swap(name, *draws.pick(fitting), draws)
    return _slip(name, draws)


def _swap(name: str, old: str, new: str, draws: Draws) -> str:
    places = [place for place in range(len(name)) if name.startswith(old, place)]
    place = draws.pick(places)
    return name[:place] + new + name[place + len(old) :]


def _slip(name: str, draws: Draws) -> str:
    letters = [
        place for place, letter in enumerate(name) if letter not in _MARKS_AND_VOWELS
    ]
    if not letters:
        return name + "ๆ"
    place = draws.pick(letters)
    kind = draws.below(3)
    if kind == 1 and len(letters) > 1:
        return name[:place] + name[place + 1 :]
    neighbour = name[place + 1 : place + 2]
    if kind and neighbour and neighbour not in _MARKS_AND_VOWELS | {name[place]}:
        return name[:place] + neighbour + name[place] + name[place + 2 :]
    return name[: place + 1] + name[place:]
